//! What the last run that mirrored groups came to.

use super::{Meter, PassOutcome};
use crate::mirror::{MirrorRun, NotPlanned};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What the last run that mirrored groups came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorSeen {
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub outcome: PassOutcome,
    /// When a run last ended with everything done that there was to do.
    pub settled: Option<Timestamp>,
    /// Since when no run did, if the last one did not.
    pub unsettled_since: Option<Timestamp>,
    /// What the guard or the check said against its plan.
    pub refused: Vec<String>,
    /// What failed in it, or kept it from planning.
    pub failed: Vec<String>,
    /// How much of the source is not mirrored, by reason code; `None`: it could not be told.
    pub not_mirrored: Option<BTreeMap<&'static str, u64>>,
}

impl Meter {
    /// A run that mirrored groups ended.
    pub(crate) fn mirrored(&self, at: Timestamp, run: &Result<MirrorRun, NotPlanned>) {
        let (outcome, refused, failed, not_mirrored) = match run {
            Ok(run) => {
                let refused = run.violations.iter().map(|found| found.message.clone()).collect();
                let failed = run.report.failed.iter().map(|(_, error)| error.to_string());
                let mut kept: BTreeMap<&'static str, u64> = BTreeMap::new();
                for reason in run.kept.iter().map(|kept| kept.reason.as_str()) {
                    *kept.entry(reason).or_default() += 1;
                }
                (run.outcome(), refused, failed.collect(), Some(kept))
            }
            Err(NotPlanned::Unread(error)) => {
                (PassOutcome::Failed, Vec::new(), vec![error.to_string()], None)
            }
            Err(NotPlanned::Stopped(stopped)) => (stopped.outcome(), Vec::new(), Vec::new(), None),
        };
        self.count(|counts| {
            let before = counts.mirror.take();
            let is_settled = outcome == PassOutcome::Settled;
            let since = before.as_ref().and_then(|before| before.unsettled_since).unwrap_or(at);
            counts.mirror = Some(MirrorSeen {
                at,
                outcome,
                settled: is_settled.then_some(at).or(before.and_then(|before| before.settled)),
                unsettled_since: (!is_settled).then_some(since),
                refused,
                failed,
                not_mirrored,
            });
        });
    }
}

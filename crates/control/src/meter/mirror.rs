//! What the last run that mirrored groups came to.

use super::{Meter, PassOutcome};
use crate::mirror::{MirrorRun, NotPlanned, VIOLATIONS_KEPT};
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the last run that mirrored groups came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorSeen {
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub outcome: PassOutcome,
    /// When a run last ended with everything done that there was to do.
    pub settled: Option<Timestamp>,
    /// Since when no run did, if the last one did not.
    pub unsettled_since: Option<Timestamp>,
    /// What the guard or the check said against its plan: the first of it.
    pub refused: Vec<String>,
    /// What failed in it first, or kept it from planning.
    pub failed: Option<String>,
    /// How much failed besides.
    pub failed_besides: u64,
    /// How much of the source is not mirrored, by reason code; `None`: it could not be told.
    pub not_mirrored: Option<BTreeMap<ReasonCode, u64>>,
}

impl MirrorSeen {
    /// What came of a run that ended at `at`, after what came of the one before.
    pub fn of(
        run: &Result<MirrorRun, NotPlanned>,
        at: Timestamp,
        before: Option<&MirrorSeen>,
    ) -> Self {
        let outcome = match run {
            Ok(run) => run.outcome(),
            Err(NotPlanned::Unread(_)) => PassOutcome::Failed,
            Err(NotPlanned::Stopped(stopped)) => stopped.outcome(),
        };
        let is_settled = outcome == PassOutcome::Settled;
        let since = before.and_then(|before| before.unsettled_since).unwrap_or(at);
        let seen = Self {
            at,
            outcome,
            settled: is_settled.then_some(at).or(before.and_then(|before| before.settled)),
            unsettled_since: (!is_settled).then_some(since),
            refused: Vec::new(),
            failed: None,
            failed_besides: 0,
            not_mirrored: None,
        };
        match run {
            Ok(run) => {
                let failed = &run.report.failed;
                let mut kept = BTreeMap::new();
                for reason in run.kept.iter().map(|kept| kept.reason) {
                    *kept.entry(reason).or_default() += 1;
                }
                let refused = run.violations.iter().take(VIOLATIONS_KEPT);
                Self {
                    refused: refused.map(|found| found.message.clone()).collect(),
                    failed: failed.first().map(|(_, error)| error.to_string()),
                    failed_besides: u64::try_from(failed.len().saturating_sub(1))
                        .unwrap_or(u64::MAX),
                    not_mirrored: Some(kept),
                    ..seen
                }
            }
            Err(NotPlanned::Unread(error)) => Self { failed: Some(error.to_string()), ..seen },
            Err(NotPlanned::Stopped(_)) => seen,
        }
    }
}

impl Meter {
    /// A run that mirrored groups ended.
    pub(crate) fn mirrored(&self, seen: MirrorSeen) {
        self.count(|counts| counts.mirror = Some(seen));
    }
}

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
    /// Since when no run did, if the last one did not. One that was kept from changing anything neither begins
    /// nor ends it.
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
        let since = before.and_then(|before| before.unsettled_since);
        let seen = Self {
            at,
            outcome,
            settled: (outcome == PassOutcome::Settled)
                .then_some(at)
                .or(before.and_then(|before| before.settled)),
            unsettled_since: match outcome {
                PassOutcome::Settled => None,
                PassOutcome::Halted => since,
                _ => since.or(Some(at)),
            },
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

    /// Since when no run mirrored everything, unless that is meant: nothing is changed during a freeze, nor by a
    /// process that only observes.
    pub fn failing_since(&self) -> Option<Timestamp> {
        self.unsettled_since.filter(|_| self.outcome != PassOutcome::Halted)
    }
}

impl Meter {
    /// A run that mirrored groups ended.
    pub(crate) fn mirrored(&self, seen: MirrorSeen) {
        self.count(|counts| counts.mirror = Some(seen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::Stopped;
    use crate::pass::Halt;

    #[test]
    fn a_run_that_may_change_nothing_neither_begins_nor_ends_that_none_mirrors_everything() {
        let at = |hour: i64| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hour);
        let ended = |stopped, hour, before: Option<&MirrorSeen>| {
            MirrorSeen::of(&Err(NotPlanned::Stopped(stopped)), at(hour), before)
        };
        let told = |seen: &MirrorSeen| (seen.outcome, seen.unsettled_since, seen.failing_since());
        let observed = ended(Stopped::Halted(Halt::ObserveOnly), 0, None);
        assert_eq!(told(&observed), (PassOutcome::Halted, None, None));
        let late = ended(Stopped::Overtaken, 1, Some(&observed));
        assert_eq!(told(&late), (PassOutcome::Unfinished, Some(at(1)), Some(at(1))));
        let halted = ended(Stopped::Halted(Halt::ObserveOnly), 2, Some(&late));
        assert_eq!(told(&halted), (PassOutcome::Halted, Some(at(1)), None));
        let late = ended(Stopped::Overtaken, 3, Some(&halted));
        assert_eq!(told(&late), (PassOutcome::Unfinished, Some(at(1)), Some(at(1))));
    }
}

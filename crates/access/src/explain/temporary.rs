//! The ways to a team that are a person's own: temporary grants.

use super::grants::Way;
use super::{Facts, Rung, Since, Stage, Verdict};
use crate::ids::{PersonId, TeamKey};
use crate::reason::ReasonCode;
use crate::temporary::TemporaryGrant;

impl Facts<'_> {
    /// The temporary grants of the person to the team: those in force or to begin, or else the one
    /// that ended last.
    pub(super) fn temporary_ways(&self, person: &PersonId, team: &TeamKey) -> Vec<Way> {
        let of_pair = || self.snapshot.temporary_of(person, team);
        let ways: Vec<Way> =
            of_pair().filter(|grant| !grant.is_over(self.now)).map(|one| self.own(one)).collect();
        if !ways.is_empty() {
            return ways;
        }
        of_pair().max_by_key(|grant| grant.end()).map(|one| self.own(one)).into_iter().collect()
    }

    fn own(&self, grant: &TemporaryGrant) -> Way {
        let by = match &grant.approved_by {
            Some(approver) => format!("{}, agreed to by {approver}", grant.by),
            None => grant.by.clone(),
        };
        let what = match () {
            () if grant.is_in_force(self.now) => {
                (0, Verdict::Holds, ReasonCode::TemporaryInForce, "ends by itself at", grant.end())
            }
            () if grant.is_over(self.now) => {
                (2, Verdict::Breaks, ReasonCode::TemporaryEnded, "ended at", grant.end())
            }
            () => (1, Verdict::Breaks, ReasonCode::TemporaryToBegin, "begins at", grant.from),
        };
        let (distance, verdict, reason, says, at) = what;
        let text = format!("access for a time by {by} ({}) {says} {at}", grant.reason);
        let since = match reason {
            ReasonCode::TemporaryInForce => Since::Exactly(grant.from),
            ReasonCode::TemporaryEnded => Since::Exactly(grant.end()),
            _ => Since::Exactly(grant.made),
        };
        let rung = Rung::new(Stage::Grant, verdict, reason, text).at(&grant.place()).since(since);
        let code = if verdict == Verdict::Holds { ReasonCode::Entitled } else { reason };
        let is_member = !grant.is_over(self.now);
        Way { is_member, distance, code, rungs: vec![rung] }
    }
}

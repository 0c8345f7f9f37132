//! A domain in IAM mode: one profile for each person and team.

use super::{Case, Planner};
use crate::ids::{DomainKey, PersonId, TeamKey};
use crate::naming::{hashed_profile_name, profile_name};
use crate::owned::{Owned, OwnedProfile};
use crate::reason::ReasonCode;

impl<'a> Planner<'a> {
    /// `cases` are by person and team.
    pub(super) fn iam_domain(&mut self, key: &DomainKey, cases: &[Case<'a>], owned: &Owned<'a>) {
        let key_of = |found: &[OwnedProfile<'a>]| found.first().map(OwnedProfile::pair);
        let mut found = owned.pairs().peekable();
        for case in cases {
            let wanted = Some(case.entitlement.pair());
            while let Some(unused) = found.next_if(|found| key_of(found) < wanted) {
                self.unused(key, owned, unused);
            }
            if let Some([used, others @ ..]) = found.next_if(|found| key_of(found) == wanted) {
                self.existing(case, used.profile);
                self.duplicates(key, &used.profile.name, others);
            } else {
                let team = case.entitlement.team;
                let names =
                    (profile_name(case.person(), team), hashed_profile_name(case.person(), team));
                self.missing(case, &names);
            }
        }
        for unused in found {
            self.unused(key, owned, unused);
        }
    }

    /// Takes profiles away that nobody uses here, unless their person has a right to their team,
    /// which could be in this domain and is in another.
    pub(super) fn unused(
        &mut self,
        key: &DomainKey,
        owned: &Owned<'_>,
        unused: &[OwnedProfile<'_>],
    ) {
        for found in unused {
            if self.is_entitled_in(key, found.pair()) {
                let detail = Some("the one in use is in another domain".to_owned());
                self.keep_profile(key, found.profile, ReasonCode::Duplicate, detail);
            } else {
                self.take_away(key, owned, found);
            }
        }
    }

    /// Whether the person has a right to the team, which can be in this domain.
    fn is_entitled_in(&self, key: &DomainKey, (person, team): (&PersonId, &TeamKey)) -> bool {
        self.map.teams.get(team).is_some_and(|team| team.placement(key).is_some())
            && self.entitled.get(person, team).is_some()
    }
}

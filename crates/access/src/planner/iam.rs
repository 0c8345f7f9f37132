//! A domain in IAM mode: one profile for each person and team.

use super::{Case, Planner};
use crate::ids::{DomainKey, PersonId, TeamKey};
use crate::naming::{hashed_profile_name, profile_name};
use crate::owned::{Owned, OwnedProfile};
use crate::reason::ReasonCode;

impl<'a> Planner<'a> {
    /// `cases` are by person and team.
    pub(super) fn iam_domain(&mut self, key: &DomainKey, cases: &[Case<'a>], owned: &Owned<'a>) {
        for case in cases {
            if let [used, others @ ..] = owned.of_pair(case.entitlement.pair()) {
                self.existing(case, used.profile);
                self.duplicates(key, &used.profile.name, others);
            } else {
                let team = &case.entitlement.team;
                let names =
                    (profile_name(case.person, team), hashed_profile_name(case.person, team));
                self.missing(case, &names);
            }
        }
        for profiles in owned.pairs() {
            let Some(pair) = profiles.first().map(OwnedProfile::pair) else { continue };
            if cases.binary_search_by(|case| case.entitlement.pair().cmp(&pair)).is_ok() {
                continue;
            }
            for found in profiles {
                self.take_away_unless_entitled(key, owned, found);
            }
        }
    }

    /// Takes a profile away that nobody uses here, unless its person has a right to its team, which
    /// could be in this domain and is in another.
    pub(super) fn take_away_unless_entitled(
        &mut self,
        key: &DomainKey,
        owned: &Owned<'_>,
        found: &OwnedProfile<'_>,
    ) {
        if self.is_entitled_in(key, found.pair()) {
            let detail = Some("the one in use is in another domain".to_owned());
            self.keep_profile(key, found.profile, ReasonCode::Duplicate, detail);
        } else {
            self.take_away(key, owned, found);
        }
    }

    /// Whether the person has a right to the team, which can be in this domain.
    fn is_entitled_in(&self, key: &DomainKey, (person, team): (&PersonId, &TeamKey)) -> bool {
        self.map.teams.get(team).is_some_and(|team| team.placement(key).is_some())
            && self.entitled.get(person, team).is_some()
    }
}

//! A domain in IAM mode: one profile for each person and team.

use super::{Case, Owned, Planner};
use crate::ids::{DomainKey, PersonId, TeamKey};
use crate::naming::{hashed_profile_name, profile_name};
use crate::reason::ReasonCode;
use std::collections::BTreeSet;

impl<'a> Planner<'a> {
    pub(super) fn iam_domain(&mut self, key: &DomainKey, cases: &[Case<'a>], owned: &Owned<'a>) {
        let mut wanted: BTreeSet<(&PersonId, &TeamKey)> = BTreeSet::new();
        for case in cases {
            let pair = (&case.entitlement.person, &case.entitlement.team);
            wanted.insert(pair);
            let profiles = owned.get(&(pair.0.clone(), pair.1.clone()));
            if let Some([profile, others @ ..]) = profiles.map(Vec::as_slice) {
                self.existing(case, profile);
                self.duplicates(key, &profile.name, others);
            } else {
                let team = &case.entitlement.team;
                let names =
                    (profile_name(case.person, team), hashed_profile_name(case.person, team));
                self.missing(case, &names);
            }
        }
        for (pair, profiles) in owned {
            if wanted.contains(&(&pair.0, &pair.1)) {
                continue;
            }
            for profile in profiles {
                if self.is_entitled_in(key, pair) {
                    let detail = Some("the one in use is in another domain".to_owned());
                    self.keep_profile(key, profile, ReasonCode::Duplicate, detail);
                } else {
                    self.take_away(key, &pair.0, &pair.1, profile);
                }
            }
        }
    }

    /// Whether the person has a right to the team, which can be in this domain.
    fn is_entitled_in(&self, key: &DomainKey, pair: &(PersonId, TeamKey)) -> bool {
        self.map.teams.get(&pair.1).is_some_and(|team| team.placement(key).is_some())
            && self.entitled.of.contains_key(pair)
    }
}

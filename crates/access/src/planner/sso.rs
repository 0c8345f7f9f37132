//! A domain in SSO mode: one profile for each person, whatever the number of teams, and an Identity
//! Center application to which the person's group has to be assigned.

use super::{Case, Planner};
use crate::ids::{DomainKey, GroupId};
use crate::naming::{hashed_sso_profile_name, sso_profile_name};
use crate::observed::{ObservedApplication, ObservedDomain};
use crate::owned::{Owned, OwnedProfile};
use crate::plan::{Assignment, Kept};
use crate::reason::ReasonCode;
use crate::snapshot::{Coverage, Person};
use arcstr::ArcStr;
use std::collections::BTreeSet;

impl<'a> Planner<'a> {
    pub(super) fn sso_domain(
        &mut self,
        key: &DomainKey,
        domain: &'a ObservedDomain,
        cases: &[Case<'a>],
        owned: &Owned<'a>,
    ) {
        let mut needed: BTreeSet<&GroupId> = BTreeSet::new();
        let mut unassigned: BTreeSet<&ArcStr> = BTreeSet::new();
        let mut elsewhere: BTreeSet<&ArcStr> = BTreeSet::new();
        let mut unenforced: BTreeSet<&ArcStr> = BTreeSet::new();
        let mut alone: BTreeSet<&str> = BTreeSet::new();
        let person_of = |case: &Case<'a>| &case.person().id;
        let key_of = |found: &[OwnedProfile<'a>]| found.first().map(|owned| owned.person);
        let mut found = owned.people().peekable();
        for cases in cases.chunk_by(|a, b| person_of(a) == person_of(b)) {
            let Some(winner) = first_of(cases) else { continue };
            self.outranked(winner, cases);
            let because = winner.entitlement.because();
            needed.extend(&because.group);
            match (&domain.application, &because.group) {
                (application, None) => {
                    let is_in = |app| self.is_let_in(winner.person(), app);
                    if !application.as_ref().is_some_and(is_in) {
                        alone.insert(&winner.person().user_name);
                    }
                }
                (Some(application), Some(group)) => {
                    if lacks_assignment(winner, group, application) {
                        if !self.map.directories.is_in_identity_center(group) {
                            elsewhere.insert(&because.group_name);
                        } else if self.map.rollout.enforces(winner.entitlement.team) {
                            self.assign(winner, group, application);
                        } else {
                            unenforced.insert(&because.group_name);
                        }
                    }
                }
                (None, Some(_)) => {
                    unassigned.insert(&because.group_name);
                }
            }
            let wanted = Some(person_of(winner));
            while let Some(unused) = found.next_if(|found| key_of(found) < wanted) {
                self.unused(key, owned, unused);
            }
            if let Some([used, others @ ..]) = found.next_if(|found| key_of(found) == wanted) {
                self.existing(winner, used.profile);
                self.duplicates(key, &used.profile.name, others);
            } else {
                let person = winner.person();
                let names = (sso_profile_name(person), hashed_sso_profile_name(person));
                self.missing(winner, &names);
            }
        }
        for group in unassigned {
            let detail = Some(group.to_string());
            let kept = kept_group(key, ReasonCode::AssignmentManual, detail);
            self.kept.push(kept);
        }
        for group in elsewhere {
            let detail = Some(group.to_string());
            self.kept.push(kept_group(key, ReasonCode::GroupElsewhere, detail));
        }
        for user in alone {
            let detail = Some(format!("{user}, by a temporary grant"));
            self.kept.push(kept_group(key, ReasonCode::AssignmentManual, detail));
        }
        for group in unenforced {
            let detail = Some(format!("group `{group}` would be assigned"));
            self.kept.push(kept_group(key, ReasonCode::NotEnforced, detail));
        }
        for unused in found {
            self.unused(key, owned, unused);
        }
        self.extra_assignments(key, domain, &needed);
    }

    /// Says of the teams that come after the person's first one that they wait.
    fn outranked(&mut self, winner: &Case<'_>, cases: &[Case<'_>]) {
        for case in cases {
            if case.entitlement.team != winner.entitlement.team {
                let first = &winner.entitlement;
                let detail = format!(
                    "{} comes first, by priority {} at {}",
                    first.team,
                    first.priority(),
                    first.because().grant
                );
                self.keep(case, None, ReasonCode::Outranked, Some(detail));
            }
        }
    }

    /// Plans the assignment of the group by which the person gets the team.
    fn assign(&mut self, case: &Case<'_>, group: &GroupId, application: &ObservedApplication) {
        self.assignments.insert(Assignment {
            domain: case.key().clone(),
            application: application.arn.clone(),
            group: group.clone(),
            group_name: case.entitlement.because().group_name.to_string(),
        });
    }

    /// Whether the application lets the person in already, by themselves or by a group. A temporary
    /// grant assigns nobody: an assignment shows nobody who made it, and so would never end.
    fn is_let_in(&self, person: &Person, application: &ObservedApplication) -> bool {
        let is_member = |group: &GroupId| {
            let known = self.snapshot.groups.get(group);
            known.is_some_and(|group| group.members.contains(&person.id))
        };
        application.people.contains(&person.id) || application.groups.iter().any(is_member)
    }

    /// Reports groups that are assigned although no grant gives them anything here.
    fn extra_assignments(
        &mut self,
        key: &DomainKey,
        domain: &ObservedDomain,
        needed: &BTreeSet<&GroupId>,
    ) {
        let Some(application) = &domain.application else { return };
        if self.snapshot.coverage != Coverage::Complete {
            return;
        }
        for group in application.groups.iter().filter(|group| !needed.contains(group)) {
            if self.gives_something_here(key, group) {
                continue;
            }
            let name = self.snapshot.groups.get(group).map(|known| known.display_name.clone());
            let detail = Some(name.unwrap_or_else(|| group.to_string()));
            let kept = kept_group(key, ReasonCode::AssignmentExtra, detail);
            self.kept.push(kept);
        }
    }

    /// Whether some grant in force gives the group a team of the domain, even if it has no member
    /// now or its members get a better one.
    fn gives_something_here(&self, key: &DomainKey, group: &GroupId) -> bool {
        let Some(known) = self.snapshot.groups.get(group) else { return false };
        crate::entitlement::teams_of_group(self.map, known, self.now)
            .filter_map(|team| self.map.teams.get(team))
            .any(|team| team.placement(key).is_some())
    }
}

/// Whether neither the group by which the person gets the team is assigned, nor the person.
fn lacks_assignment(case: &Case<'_>, group: &GroupId, application: &ObservedApplication) -> bool {
    !application.groups.contains(group) && !application.people.contains(&case.person().id)
}

fn kept_group(key: &DomainKey, reason: ReasonCode, detail: Option<String>) -> Kept {
    Kept {
        domain: key.clone(),
        profile: None,
        person: None,
        person_name: None,
        team: None,
        reason,
        detail,
    }
}

/// The case that comes first by priority, then by the order of the map.
fn first_of<'c, 'a>(cases: &'c [Case<'a>]) -> Option<&'c Case<'a>> {
    cases.iter().reduce(
        |first, case| {
            if case.entitlement.outranks(first.entitlement) { case } else { first }
        },
    )
}

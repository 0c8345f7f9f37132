//! A domain in SSO mode: one profile for each person, whatever the number of teams, and an Identity
//! Center application to which the person's group has to be assigned.

use super::{Case, Planner, shown_name};
use crate::assignment::Lacking;
use crate::ids::{DomainKey, GroupId, PersonId};
use crate::naming::{hashed_sso_profile_name, sso_profile_name};
use crate::observed::{ObservedApplication, ObservedDomain};
use crate::owned::{Owned, OwnedProfile};
use crate::plan::{Assignment, Kept};
use crate::reason::ReasonCode;
use crate::snapshot::Coverage;
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
        let mut lacking: BTreeSet<Lacking<'_>> = BTreeSet::new();
        let person_of = |case: &Case<'a>| &case.person().id;
        let key_of = |found: &[OwnedProfile<'a>]| found.first().map(|owned| owned.person);
        let mut found = owned.people().peekable();
        for cases in cases.chunk_by(|a, b| person_of(a) == person_of(b)) {
            let Some(winner) = first_of(cases) else { continue };
            self.outranked(winner, cases);
            needed.extend(&winner.entitlement.because().group);
            lacking.extend(Lacking::of(self.map, self.snapshot, domain, winner.entitlement));
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
        for lacking in lacking {
            self.lacking(key, lacking);
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

    /// Plans the assignment of a group, or says who else has to see to it.
    fn lacking(&mut self, key: &DomainKey, lacking: Lacking<'_>) {
        let (reason, detail) = match lacking {
            Lacking::Assignment { application, group, group_name } => {
                self.assignments.insert(Assignment {
                    domain: key.clone(),
                    application: application.to_owned(),
                    group: group.clone(),
                    group_name: group_name.to_owned(),
                });
                return;
            }
            Lacking::Enforcement { group_name } => {
                (ReasonCode::NotEnforced, format!("group `{group_name}` would be assigned"))
            }
            Lacking::ByHand { group_name } => (ReasonCode::AssignmentManual, group_name.to_owned()),
            Lacking::Elsewhere { group_name } => {
                (ReasonCode::GroupElsewhere, group_name.to_owned())
            }
            Lacking::Alone { user_name } => {
                (ReasonCode::AssignmentManual, format!("{user_name}, by a temporary grant"))
            }
        };
        self.kept.push(kept_assignment(key, reason, Some(detail)));
    }

    /// Reports groups and people that are assigned although no grant gives them anything here.
    fn extra_assignments(
        &mut self,
        key: &DomainKey,
        domain: &ObservedDomain,
        needed: &BTreeSet<&GroupId>,
    ) {
        let Some(application) = &domain.application else { return };
        // Of other directories nobody is known by the id that an assignment has.
        if self.map.directories.identity_center().is_none() {
            return;
        }
        self.extra_people(key, application);
        if self.snapshot.coverage != Coverage::Complete {
            return;
        }
        for group in application.groups.iter().filter(|group| !needed.contains(group)) {
            if self.gives_something_here(key, group) {
                continue;
            }
            let name = self.snapshot.groups.get(group).map(|known| known.display_name.clone());
            let detail = Some(name.unwrap_or_else(|| group.to_string()));
            let kept = kept_assignment(key, ReasonCode::AssignmentExtra, detail);
            self.kept.push(kept);
        }
    }

    /// Reports people who are assigned by themselves although nothing gives them anything here: they sign
    /// in whatever becomes of their groups.
    fn extra_people(&mut self, key: &DomainKey, application: &ObservedApplication) {
        for person in &application.people {
            if !self.snapshot.speaks_for(person) || self.has_something_here(key, person) {
                continue;
            }
            let kept = kept_assignment(key, ReasonCode::AssignmentExtra, None);
            self.kept.push(match self.snapshot.people.get(person) {
                Some(known) => Kept {
                    person: Some(person.clone()),
                    person_name: Some(shown_name(known)),
                    ..kept
                },
                None => Kept { detail: Some(format!("person {person}")), ..kept },
            });
        }
    }

    /// Whether the person has a right to a team of the domain, also if their profile is in another one.
    fn has_something_here(&self, key: &DomainKey, person: &PersonId) -> bool {
        let mut teams = self.entitled.teams_of(person).iter().map(|right| right.team);
        teams.any(|team| self.map.teams.get(team).is_some_and(|team| team.placement(key).is_some()))
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

fn kept_assignment(key: &DomainKey, reason: ReasonCode, detail: Option<String>) -> Kept {
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

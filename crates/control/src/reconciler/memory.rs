//! What the loop remembers from pass to pass. Losing it costs no correctness.

use super::Lane;
use super::found::LastFull;
use access::check::Violation;
use access::ids::PersonId;
use access::plan::{Action, Assignment, Plan};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The memory of all passes of a process.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Objections to plans that are in the audit log already.
    refused: Vec<Violation>,
    /// What was last done for people who are not settled.
    actions: BTreeMap<PersonId, Vec<Action>>,
    /// What the last full pass wanted.
    pub(super) full: LastFull,
    /// Objections to the mirror's plans that are in the audit log already.
    mirror_refused: Vec<Violation>,
    /// When it was last forgotten what is over for long.
    pub(super) forgotten: Option<Timestamp>,
    /// The groups that were last assigned.
    assignments: Vec<Assignment>,
}

/// What of a plan is not what the last one for the same people was.
#[derive(Debug, Default)]
pub(super) struct News {
    people: BTreeSet<PersonId>,
    assignments: bool,
}

impl News {
    pub(super) fn is_of(&self, person: Option<&PersonId>) -> bool {
        person.map_or(self.assignments, |person| self.people.contains(person))
    }

    pub(super) fn is_any(&self) -> bool {
        self.assignments || !self.people.is_empty()
    }
}

impl Memory {
    /// Remembers what is about to be done, of these people or of everybody, and says what is new.
    pub(super) fn news(&mut self, plan: &Plan, of: Option<&BTreeSet<PersonId>>) -> News {
        let mut now: BTreeMap<PersonId, Vec<Action>> = BTreeMap::new();
        for action in &plan.actions {
            now.entry(action.person.clone()).or_default().push(action.clone());
        }
        let is_new = |(person, actions): &(&PersonId, &Vec<Action>)| {
            self.actions.get(*person) != Some(*actions)
        };
        let people = now.iter().filter(is_new).map(|(person, _)| person.clone()).collect();
        let assignments = !plan.assignments.is_empty() && plan.assignments != self.assignments;
        match of {
            None => self.actions = now,
            Some(people) => {
                self.actions.retain(|person, _| !people.contains(person));
                self.actions.extend(now);
            }
        }
        if assignments {
            self.assignments.clone_from(&plan.assignments);
        }
        News { people, assignments }
    }

    /// Those of the objections to the mirror's plan that the last run did not have.
    pub(super) fn mirror_unheard(&mut self, violations: &[Violation]) -> Vec<Violation> {
        let is_new = |violation: &&Violation| !self.mirror_refused.contains(violation);
        let new = violations.iter().filter(is_new).cloned().collect();
        self.mirror_refused = violations.to_vec();
        new
    }

    /// Those of the objections that are not in the audit log yet: once is enough, not every quarter
    /// of an hour until somebody comes.
    pub(super) fn unheard(&mut self, lane: Lane, violations: &[Violation]) -> Vec<Violation> {
        let is_new = |violation: &&Violation| !self.refused.contains(violation);
        let new: Vec<Violation> = violations.iter().filter(is_new).cloned().collect();
        match lane {
            // It has seen everybody: what it does not object to is over.
            Lane::Everything => self.refused = violations.to_vec(),
            Lane::People => self.refused.extend(new.clone()),
        }
        new
    }
}

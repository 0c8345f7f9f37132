//! What the loop remembers from pass to pass. Losing it costs no correctness.

use super::Lane;
use super::found::LastFull;
use super::left;
use access::check::Violation;
use access::ids::{DomainKey, PersonId, ProfileName};
use access::plan::{Action, Assignment, Kept, Plan, Step};
use access::reason::ReasonCode;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// More than the different things that can be done for one person in a row.
const REMEMBERED: usize = 32;

/// The memory of all passes of a process.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Objections to plans that are in the audit log already.
    refused: Vec<Violation>,
    /// What was done for people since they were last settled, at most [`REMEMBERED`] for each.
    actions: BTreeMap<PersonId, Vec<Action>>,
    /// What the last full pass wanted.
    pub(super) full: LastFull,
    /// Objections to the mirror's plans that are in the audit log already.
    mirror_refused: Vec<Violation>,
    /// When it was last forgotten what is over for long.
    pub(super) forgotten: Option<Timestamp>,
    /// The groups that were last assigned.
    assignments: Vec<Assignment>,
    /// What would be done, did the map enforce the teams, and was told of.
    unenforced: BTreeMap<Unenforced, PersonId>,
}

/// A profile of a team that the map does not enforce, and what would be done with it.
type Unenforced = (DomainKey, ProfileName, String);

/// What of a plan was not done before, since its people were settled.
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
    /// Remembers what is about to be done, of these people or of everybody, and says what is new: not what was
    /// done for somebody before, with or without something else between. What AWS accepts and then fails at is
    /// planned again and again, and in turns with what removes it.
    pub(super) fn news(&mut self, plan: &Plan, of: Option<&BTreeSet<PersonId>>) -> News {
        let waited_for = left::of_plan(plan).people;
        let acted_on = plan.actions.iter().map(|action| &action.person);
        let unsettled: BTreeSet<&PersonId> = waited_for.keys().chain(acted_on).collect();
        self.actions.retain(|person, _| {
            unsettled.contains(person) || of.is_some_and(|people| !people.contains(person))
        });
        let mut people = BTreeSet::new();
        for action in &plan.actions {
            let done = self.actions.entry(action.person.clone()).or_default();
            let action = remembered(action);
            if done.contains(&action) {
                continue;
            }
            people.insert(action.person.clone());
            if done.len() == REMEMBERED {
                done.remove(0);
            }
            done.push(action);
        }
        let assignments = !plan.assignments.is_empty() && plan.assignments != self.assignments;
        if assignments {
            self.assignments.clone_from(&plan.assignments);
        }
        News { people, assignments }
    }

    /// What the plan, of these people or of everybody, would do with profiles of teams that the map does not
    /// enforce, and was not told of before.
    pub(super) fn new_unenforced<'p>(
        &mut self,
        plan: &'p Plan,
        of: Option<&BTreeSet<PersonId>>,
    ) -> Vec<&'p Kept> {
        let key = |kept: &Kept| {
            let (profile, detail) = (kept.profile.clone()?, kept.detail.clone()?);
            Some(((kept.domain.clone(), profile, detail), kept.person.clone()?))
        };
        let unenforced = plan.kept.iter().filter(|kept| kept.reason == ReasonCode::NotEnforced);
        let all: Vec<(&Kept, (Unenforced, PersonId))> =
            unenforced.filter_map(|kept| Some((kept, key(kept)?))).collect();
        let is_told = |key: &Unenforced| self.unenforced.contains_key(key);
        let new = all.iter().filter(|(_, (key, _))| !is_told(key)).map(|(kept, _)| *kept).collect();
        // Of whom the plan says nothing nothing is known to have changed.
        let unread = [ReasonCode::DomainUnreadable, ReasonCode::DomainNotInService];
        let unread = plan.kept.iter().filter(|kept| unread.contains(&kept.reason));
        let unread: BTreeSet<&DomainKey> = unread.map(|kept| &kept.domain).collect();
        self.unenforced.retain(|(domain, ..), person| {
            unread.contains(domain) || of.is_some_and(|people| !people.contains(person))
        });
        self.unenforced.extend(all.into_iter().map(|(_, entry)| entry));
        new
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

/// The action without what each profile of the name has anew, however often it is made.
fn remembered(action: &Action) -> Action {
    let mut action = action.clone();
    if let Step::Hold { stake, .. } | Step::Remove { stake, .. } = &mut action.step {
        stake.home_efs_uid = None;
    }
    action
}

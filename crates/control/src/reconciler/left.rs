//! What a pass left to do, of each person and in all.

use crate::pass::{PassReport, Progress};
use access::ids::PersonId;
use access::plan::Plan;
use access::reason::ReasonCode;
use access::snapshot::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// What is left to do. Of several the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Left {
    /// AWS agrees, as far as Stagedoor can make it.
    #[default]
    Nothing,
    /// Something failed, could not be read, or does not last.
    Stuck,
    /// AWS is at it.
    Waiting,
    /// The next step can be asked for soon.
    Moving,
}

impl Left {
    pub(super) fn is_nothing(self) -> bool {
        self == Self::Nothing
    }
}

/// What is left of each person who is not settled, and of what concerns nobody in particular.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Leftover {
    pub(super) whole: Left,
    pub(super) people: BTreeMap<PersonId, Left>,
}

impl Leftover {
    pub(super) fn is_nothing(&self) -> bool {
        self.whole.is_nothing() && self.people.is_empty()
    }

    pub(super) fn of_person(&self, person: &PersonId) -> Left {
        self.people.get(person).copied().unwrap_or_default().max(self.whole)
    }

    /// And those of these people whom the directory did not let be read: they are looked at again
    /// later, while the others are done. Also whether there are any.
    pub(super) fn and_unread(
        mut self,
        people: Option<&BTreeSet<PersonId>>,
        snapshot: &Snapshot,
    ) -> (Self, bool) {
        let unread = people.into_iter().flatten().filter(|person| !snapshot.speaks_for(person));
        let unread: Vec<&PersonId> = unread.collect();
        for person in &unread {
            self.add(Some(person), Left::Stuck);
        }
        (self, !unread.is_empty())
    }

    fn add(&mut self, person: Option<&PersonId>, left: Left) {
        let known = match person {
            Some(person) if !left.is_nothing() => self.people.entry(person.clone()).or_default(),
            Some(_) => return,
            None => &mut self.whole,
        };
        *known = left.max(*known);
    }
}

/// What a plan leaves that it does not act on: AWS is at it, or somebody could not be seen.
pub(super) fn of_plan(plan: &Plan) -> Leftover {
    let mut leftover = Leftover::default();
    for kept in &plan.kept {
        leftover.add(kept.person.as_ref(), of_kept(kept.reason));
    }
    leftover
}

/// What is left of something that a plan leaves alone for this reason.
fn of_kept(reason: ReasonCode) -> Left {
    match reason {
        ReasonCode::Busy => Left::Waiting,
        ReasonCode::DomainUnreadable | ReasonCode::RoleUnreadable | ReasonCode::PartialDomain => {
            Left::Stuck
        }
        _ => Left::Nothing,
    }
}

/// Whether the plan was made of all there is: nothing could not be read.
pub(super) fn is_all_read(plan: &Plan) -> bool {
    plan.kept.iter().all(|kept| of_kept(kept.reason) != Left::Stuck)
}

/// What is left of a plan that was broken off. Nobody knows how far it came, so AWS may be at all of
/// it; whatever breaks passes off again and again is looked at less often.
pub(super) fn cut_off(plan: &Plan, report: &PassReport) -> Leftover {
    let mut leftover = after(plan, report, |_| false);
    leftover.people.clear();
    for action in &plan.actions {
        leftover.add(Some(&action.person), Left::Waiting);
    }
    leftover
}

/// What is left after the plan was carried out. What comes back as it was (`is_news`) has changed
/// nothing that lasts.
pub(super) fn after(
    plan: &Plan,
    report: &PassReport,
    is_news: impl Fn(Option<&PersonId>) -> bool,
) -> Leftover {
    let mut leftover = of_plan(plan);
    if !report.unassigned.is_empty() {
        leftover.add(None, Left::Stuck);
    } else if !plan.assignments.is_empty() {
        leftover.add(None, if is_news(None) { Left::Moving } else { Left::Stuck });
    }
    for (person, progress) in &report.people {
        let left = match progress {
            Progress { changed: true, .. } if is_news(Some(person)) => Left::Moving,
            Progress { waiting: true, .. } => Left::Waiting,
            _ => Left::Stuck,
        };
        leftover.add(Some(person), left);
    }
    for person in &report.yielded {
        leftover.add(Some(person), Left::Moving);
    }
    leftover
}

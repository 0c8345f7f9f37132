//! How much may be taken away without anybody agreeing to it.

use super::profiles::Counted;
use super::{Facts, Removals, Violation, as_count};
use crate::ids::DomainKey;
use crate::map::{AccessMap, Guard};
use crate::observed::Observed;
use crate::plan::{Action, Plan};
use crate::reason::ReasonCode;
use crate::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::fmt::Display;

/// The most profiles that one plan may take away under the map's guard.
pub fn guard_limit(map: &AccessMap, owned: usize) -> usize {
    limit(map.guard, owned)
}

fn limit(guard: Guard, owned: usize) -> usize {
    let count = as_count(guard.max_removals);
    let percent = as_count(guard.max_removals_percent);
    let share = if percent == 0 { 0 } else { (owned.saturating_mul(percent) / 100).max(1) };
    count.min(share)
}

/// What the guard counts of a plan, over all domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardCount {
    /// Profiles that the plan is the first to take away, or to take a team from.
    pub taken: usize,
    /// Those of the last 24 hours to which nobody agreed.
    pub before: usize,
    /// Profiles of this installation.
    pub owned: usize,
    /// The most that the plan may take away.
    pub limit: usize,
}

/// Counts what the guard counts of this plan, without judging it. `gone` are those of the last 24
/// hours whose profiles are gone by now ([`Removals::GuardedAfter`]). A single domain may have less
/// left than this says; [`check`](super::check) knows.
pub fn guard_count(
    plan: &Plan,
    map: &AccessMap,
    snapshot: &Snapshot,
    observed: &Observed,
    gone: u32,
) -> GuardCount {
    let facts = Facts::new(map, snapshot, observed, plan, true);
    let counts: Vec<Counts> = facts.by_domain(plan).into_values().collect();
    let before = counts.iter().map(|counts| counts.before).sum::<usize>();
    let before = before.saturating_add(as_count(gone));
    let owned = counts.iter().map(|counts| counts.owned).sum();
    let left = as_count(map.guard.max_removals).saturating_sub(before);
    let limit = limit(map.guard, owned).min(left);
    GuardCount { taken: plan.new_removals(), before, owned, limit }
}

impl Facts<'_> {
    /// Whether the plan takes away too much: of all profiles, or of those of one domain. What
    /// earlier plans began counts too, or the loop could take everybody away, a few in each pass.
    pub(super) fn guard(&self, plan: &Plan, removals: Removals) -> Option<Violation> {
        let taken = plan.new_removals();
        let gone = match removals {
            Removals::Allowed(number) if taken <= as_count(number) => return None,
            Removals::Guarded | Removals::Allowed(_) => 0,
            Removals::GuardedAfter(gone) => as_count(gone),
        };
        if taken == 0 {
            return None;
        }
        let domains = self.by_domain(plan);
        let owned = domains.values().map(|counts| counts.owned).sum();
        let before = domains.values().map(|counts| counts.before).sum::<usize>();
        let moves = domains.values().any(|counts| counts.moves);
        let all = Counts { taken, moves, owned, before: before.saturating_add(gone) };
        if let Removals::Allowed(number) = removals {
            return Some(all.tripped("", 0, number));
        }
        all.exceed(self.map.guard, "").or_else(|| {
            domains.iter().find_map(|(key, counts)| {
                let own = self.map.domains.get(*key).and_then(|domain| domain.guard);
                counts.exceed(own.unwrap_or(self.map.guard), &format!(" in {key}"))
            })
        })
    }

    /// What there is to count, in each domain that can be planned for.
    fn by_domain<'a>(&'a self, plan: &Plan) -> BTreeMap<&'a DomainKey, Counts> {
        let counted = self.profiles.counted.iter();
        counted.map(|(key, counted)| (*key, self.counts(plan, key, counted))).collect()
    }

    fn counts(&self, plan: &Plan, key: &DomainKey, counted: &Counted<'_>) -> Counts {
        let removals: Vec<&Action> =
            plan.actions.iter().filter(|a| &a.domain == key && a.is_counted()).collect();
        let came_back = |person: &_, team: &_| self.holds(person, team, key);
        let leaving = counted.leaving.iter().filter(|(person, team)| !came_back(person, team));
        Counts {
            taken: removals.len(),
            moves: removals.iter().any(|action| action.step.loses().is_some()),
            owned: counted.owned,
            before: counted.unread + leaving.count(),
        }
    }
}

/// What the guard counts. The plan says what is owned too, but a guard does not take the word of what
/// it guards against.
#[derive(Debug)]
struct Counts {
    /// Profiles that the plan is the first to take away, or to take a team from.
    taken: usize,
    /// Whether some of them go on for another team.
    moves: bool,
    /// Profiles of this installation.
    owned: usize,
    /// Profiles of which that was begun in the last 24 hours, nobody having agreed to it, and which are still
    /// there. Whoever came back is not counted.
    before: usize,
}

impl Counts {
    /// Whether this is more than a guard allows.
    fn exceed(&self, guard: Guard, place: &str) -> Option<Violation> {
        let Self { taken, owned, before, .. } = *self;
        let at_once = limit(guard, owned);
        if taken > at_once {
            return Some(self.tripped(place, 0, at_once));
        }
        (taken > 0 && taken.saturating_add(before) > as_count(guard.max_removals))
            .then(|| self.tripped(place, before, guard.max_removals))
    }

    fn tripped(&self, place: &str, before: usize, limit: impl Display) -> Violation {
        let Self { taken, owned, .. } = self;
        let takes = if self.moves {
            format!("takes {taken} of {owned} profiles from their teams")
        } else {
            format!("takes away {taken} of {owned} profiles")
        };
        let after = match before {
            0 => String::new(),
            before => format!(", after {before} in the last 24 hours"),
        };
        Violation {
            code: ReasonCode::GuardTripped,
            message: format!("the plan {takes}{place}{after}; at most {limit} are allowed"),
        }
    }
}

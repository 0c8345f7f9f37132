//! How much may be taken away without anybody agreeing to it.

use super::{Facts, Removals, Violation, as_count};
use crate::ids::DomainKey;
use crate::map::{AccessMap, Guard};
use crate::observed::{Observed, ObservedDomain, ObservedProfile, Ownership, TAG_AGREED};
use crate::plan::Plan;
use crate::reason::ReasonCode;
use std::fmt::Display;

/// How far back the guard remembers removals that were begun: a day, in which somebody looks.
const GUARD_MEMORY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

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

impl Facts<'_> {
    /// Whether the plan takes away too much: of all profiles, or of those of one domain. What
    /// earlier plans began counts too, or the loop could take everybody away, a few in each pass.
    pub(super) fn guard(&self, plan: &Plan, removals: Removals) -> Option<Violation> {
        let (taken, owned) = (plan.new_removals(), owned(self.map, self.observed));
        let gone = match removals {
            Removals::Guarded => 0,
            Removals::GuardedAfter(gone) => as_count(gone),
            Removals::Allowed(number) => {
                return (taken > as_count(number)).then(|| tripped(taken, owned, "", 0, number));
            }
        };
        if taken == 0 {
            return None;
        }
        let begun = plannable(self.observed).map(|(key, domain)| self.begun_lately(key, domain));
        let before = begun.sum::<usize>().saturating_add(gone);
        exceeded(self.map.guard, (taken, owned, before), "")
            .or_else(|| plannable(self.observed).find_map(|(key, d)| self.of_domain(plan, key, d)))
    }

    fn of_domain(
        &self,
        plan: &Plan,
        key: &DomainKey,
        domain: &ObservedDomain,
    ) -> Option<Violation> {
        let removals = plan.actions.iter().filter(|a| &a.domain == key && a.is_new_removal());
        let taken = removals.count();
        let own = self.map.domains.get(key).and_then(|domain| domain.guard);
        let guard = own.unwrap_or(self.map.guard);
        let counts = (taken, owned_in(self.map, domain), self.begun_lately(key, domain));
        exceeded(guard, counts, &format!(" in {key}"))
    }

    /// How many profiles of the domain were put on their way out in the last 24 hours, nobody having
    /// agreed to it, and are still there. Whoever came back is not counted.
    fn begun_lately(&self, key: &DomainKey, domain: &ObservedDomain) -> usize {
        let is_lately = |since: jiff::Timestamp| self.now.duration_since(since) < GUARD_MEMORY;
        let read = domain
            .profiles
            .values()
            .filter(|profile| !profile.tags.contains_key(TAG_AGREED))
            .filter(|profile| profile.leaving_since().is_some_and(is_lately))
            .filter(|profile| match profile.ownership(&self.map.instance) {
                Ownership::Ours { person, team } => {
                    !(self.is_placed(team, key) && self.rights.get(person, team).is_some())
                }
                _ => false,
            })
            .count();
        let unread = domain.unread.leaving_since.iter().filter(|since| is_lately(**since)).count();
        read + unread
    }
}

/// Whether so many removals, of so many profiles and after so many in the last 24 hours, are more
/// than a guard allows.
fn exceeded(
    guard: Guard,
    (taken, owned, before): (usize, usize, usize),
    place: &str,
) -> Option<Violation> {
    let at_once = limit(guard, owned);
    if taken > at_once {
        return Some(tripped(taken, owned, place, 0, at_once));
    }
    (taken > 0 && taken.saturating_add(before) > as_count(guard.max_removals))
        .then(|| tripped(taken, owned, place, before, guard.max_removals))
}

/// How many profiles this installation has in the domains that can be planned for. The plan says
/// so too, but a guard does not take the word of what it guards against.
fn owned(map: &AccessMap, observed: &Observed) -> usize {
    plannable(observed).map(|(_, domain)| owned_in(map, domain)).sum()
}

fn owned_in(map: &AccessMap, domain: &ObservedDomain) -> usize {
    let is_ours = |profile: &&ObservedProfile| {
        matches!(profile.ownership(&map.instance), Ownership::Ours { .. })
    };
    domain.profiles.values().filter(is_ours).count() + domain.unread.owned
}

fn plannable(observed: &Observed) -> impl Iterator<Item = (&DomainKey, &ObservedDomain)> {
    observed.domains.iter().filter(|(_, domain)| domain.in_service)
}

fn tripped(
    taken: usize,
    owned: usize,
    place: &str,
    before: usize,
    limit: impl Display,
) -> Violation {
    let after = match before {
        0 => String::new(),
        before => format!(", after {before} in the last 24 hours"),
    };
    Violation {
        code: ReasonCode::GuardTripped,
        message: format!(
            "the plan takes away {taken} of {owned} profiles{place}{after}; at most {limit} are \
             allowed"
        ),
    }
}

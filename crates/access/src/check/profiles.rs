//! What a check needs to know of all profiles, read in one go: there can be a million of them.

use crate::ids::{DomainKey, PersonId, TeamKey};
use crate::map::AccessMap;
use crate::observed::{DomainState, Observed, ObservedDomain, Ownership};
use crate::people::People;
use crate::plan::{Plan, Step};
use std::collections::BTreeMap;

/// How far back the guard remembers removals that were begun: a day, in which somebody looks.
pub const GUARD_MEMORY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// This installation's profiles, as far as a plan is concerned with them.
#[derive(Debug)]
pub(super) struct Profiles<'a> {
    /// The teams for which those who get a profile have one already, by domain.
    held: BTreeMap<(&'a DomainKey, &'a PersonId), Vec<&'a TeamKey>>,
    /// Of each domain that can be planned for.
    pub(super) counted: BTreeMap<&'a DomainKey, Counted<'a>>,
}

/// The profiles of one domain, as the guard counts them.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    /// How many there are.
    pub(super) owned: usize,
    /// How many of those that were not read were put on their way out lately.
    pub(super) unread: usize,
    /// From whom what team was taken lately, nobody having agreed to it.
    pub(super) leaving: Vec<(&'a PersonId, TeamKey)>,
}

impl<'a> Profiles<'a> {
    /// Nothing is read if nobody is counted and nobody gets a profile.
    pub(super) fn of(
        map: &AccessMap,
        observed: &'a Observed,
        plan: &'a Plan,
        counts: bool,
    ) -> Self {
        let is_new = |step: &Step| matches!(step, Step::Create { .. } | Step::Adopt { .. });
        let newcomers = plan.actions.iter().filter(|action| is_new(&action.step));
        let mut newcomers = newcomers.map(|action| &action.person).peekable();
        let mut all = Self { held: BTreeMap::new(), counted: BTreeMap::new() };
        if !counts && newcomers.peek().is_none() {
            return all;
        }
        let newcomers: People<'a> = newcomers.collect();
        for (key, domain) in &observed.domains {
            let counted = all.read(&map.instance, &newcomers, plan.now, (key, domain));
            if domain.state != DomainState::Ending {
                all.counted.insert(key, counted);
            }
        }
        all
    }

    fn read(
        &mut self,
        instance: &str,
        newcomers: &People<'_>,
        now: jiff::Timestamp,
        (key, domain): (&'a DomainKey, &'a ObservedDomain),
    ) -> Counted<'a> {
        // A time far ahead is nobody's clock: whoever may tag could hold the guard shut with it.
        let is_lately = |since: jiff::Timestamp| now.duration_since(since).abs() < GUARD_MEMORY;
        let unread = &domain.unread;
        let mut counted = Counted {
            owned: unread.owned,
            unread: unread.leaving_since.iter().filter(|since| is_lately(**since)).count(),
            leaving: Vec::new(),
        };
        for profile in domain.profiles.values() {
            let Ownership::Ours { person, team } = profile.ownership(instance) else { continue };
            counted.owned += 1;
            if newcomers.contains(person) {
                self.held.entry((key, person)).or_default().push(team);
            }
            if let Some(taken) = profile.taken()
                && is_lately(taken.at)
                && !taken.agreed
            {
                counted.leaving.push((person, taken.team));
            }
        }
        counted
    }

    /// The teams for which somebody who gets a profile has one already in the domain.
    pub(super) fn held<'s>(
        &'s self,
        domain: &'s DomainKey,
        person: &'s PersonId,
    ) -> &'s [&'s TeamKey] {
        self.held.get(&(domain, person)).map_or(&[], Vec::as_slice)
    }

    /// Whoever's profile the guard may have to count.
    pub(super) fn leavers(&self) -> impl Iterator<Item = &'a PersonId> {
        self.counted.values().flat_map(|counted| &counted.leaving).map(|(person, _)| *person)
    }
}

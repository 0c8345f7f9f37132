//! What is true of the organisation, and since when.

use crate::world::{Directory, Map};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Map and directory as they are, and how long everybody has had, or not had, their rights.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) map: Map,
    pub(crate) directory: Directory,
    /// By person, team and domain: whether there is a right, and since when that is so.
    standing: BTreeMap<(String, String, String), (bool, Timestamp)>,
    /// Person and team of every grant, whether another outranks it or not, and when it last held.
    granted: BTreeMap<(String, String), Timestamp>,
    begun: Timestamp,
    /// When a group was last changed.
    pub(crate) groups_changed: Timestamp,
    /// When the map was last changed.
    pub(crate) map_changed: Timestamp,
}

impl Truth {
    pub(crate) fn new(map: Map, directory: Directory, now: Timestamp) -> Self {
        let mut truth = Self {
            map,
            directory,
            standing: BTreeMap::new(),
            granted: BTreeMap::new(),
            begun: now,
            groups_changed: now,
            map_changed: now,
        };
        truth.observe(now);
        // Whoever had a right at the start had it for long.
        truth.begun = now - SignedDuration::from_hours(24);
        truth.map_changed = truth.begun;
        for (_, since) in truth.standing.values_mut() {
            *since = truth.begun;
        }
        truth
    }

    /// Takes note of what has changed; after every change and at every boundary of a grant.
    pub(crate) fn observe(&mut self, now: Timestamp) {
        for at in self.granted.values_mut() {
            *at = now.min(*at);
        }
        let granted = self.map.granted(&self.directory, now).into_keys();
        self.granted.extend(granted.map(|of| (of, Timestamp::MAX)));
        let rights = self.map.rights(&self.directory, now);
        for ((person, team), domain) in &rights {
            let key = (person.clone(), team.clone(), domain.clone());
            let known = self.standing.entry(key).or_insert((false, now));
            if !known.0 {
                *known = (true, now);
            }
        }
        for ((person, team, domain), known) in &mut self.standing {
            let still = rights.get(&(person.clone(), team.clone())) == Some(domain);
            if known.0 && !still {
                *known = (false, now);
            }
        }
    }

    /// Whether the person has had the right all the time for so long.
    pub(crate) fn entitled_for(
        &self,
        right: &Right<'_>,
        long: SignedDuration,
        now: Timestamp,
    ) -> bool {
        matches!(self.standing(right), (true, since) if now.duration_since(since) >= long)
    }

    /// Whether the person has had no right all the time for so long.
    pub(crate) fn without_for(
        &self,
        right: &Right<'_>,
        long: SignedDuration,
        now: Timestamp,
    ) -> bool {
        matches!(self.standing(right), (false, since) if now.duration_since(since) >= long)
    }

    /// Whether a grant gave the person this team at any time since then. Lists of members are read one
    /// after the other, so that a pass may see one group before a change and another one after it: of
    /// somebody's teams the one that is outranked by another that is read as lost already.
    pub(crate) fn granted_within(
        &self,
        right: &Right<'_>,
        long: SignedDuration,
        now: Timestamp,
    ) -> bool {
        let of = (right.person.to_owned(), right.team.to_owned());
        self.granted.get(&of).is_some_and(|at| now.duration_since(*at) < long)
    }

    fn standing(&self, right: &Right<'_>) -> (bool, Timestamp) {
        let key = (right.person.to_owned(), right.team.to_owned(), right.domain.to_owned());
        self.standing.get(&key).copied().unwrap_or((false, self.begun))
    }
}

/// A person, a team and a domain, by id and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Right<'a> {
    pub(crate) person: &'a str,
    pub(crate) team: &'a str,
    pub(crate) domain: &'a str,
}

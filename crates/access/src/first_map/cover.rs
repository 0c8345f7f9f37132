//! Which groups explain who has the profiles of a team.

use super::keys::words;
use crate::ids::{PersonId, TeamKey};
use crate::snapshot::Snapshot;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Groups by name, with the members who may sign in.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    by_name: BTreeMap<&'a str, BTreeSet<&'a PersonId>>,
}

/// The groups that explain a team.
#[derive(Debug, Default)]
pub(super) struct Choice<'a> {
    /// In the order in which they were chosen: the one that explains most comes first.
    pub(super) groups: Vec<Chosen<'a>>,
    /// Everybody in them.
    pub(super) members: BTreeSet<&'a PersonId>,
}

/// A group that explains a team, and how well.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    pub(super) name: &'a str,
    /// How many members it has who may sign in.
    pub(super) size: usize,
    /// How many of them have a profile of the team.
    pub(super) explained: usize,
    /// Whether its members are exactly the people who have one.
    pub(super) exact: bool,
}

impl<'a> Groups<'a> {
    /// Braces in a name would make a pattern of it, so no grant can name such a group.
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let mut by_name: BTreeMap<&str, BTreeSet<&PersonId>> = BTreeMap::new();
        for group in snapshot.groups.values() {
            let name = group.display_name.as_str();
            if name.is_empty() || name.contains(['{', '}']) {
                continue;
            }
            let members = group.members.iter().filter(|member| snapshot.admits(member));
            by_name.entry(name).or_default().extend(members);
        }
        Self { by_name }
    }

    /// The names of the groups that somebody is in.
    pub(super) fn of_person(&self, person: &PersonId) -> Vec<&'a str> {
        let theirs = self.by_name.iter().filter(|(_, members)| members.contains(person));
        theirs.map(|(name, _)| *name).collect()
    }

    /// The groups that explain these people: one of exactly them, or the few that explain most and
    /// bring in the fewest others.
    pub(super) fn cover(&self, people: &BTreeSet<&'a PersonId>, team: &TeamKey) -> Choice<'a> {
        if people.is_empty() {
            return Choice::default();
        }
        let exact = self.by_name.iter().filter(|(_, members)| *members == people);
        let exact =
            exact.map(|(name, _)| *name).min_by_key(|name| (Reverse(sounds(name, team)), *name));
        let names = match exact {
            Some(name) => vec![name],
            None => self.few(people, team),
        };
        self.chosen(&names, people)
    }

    fn few(&self, people: &BTreeSet<&'a PersonId>, team: &TeamKey) -> Vec<&'a str> {
        let mut left = people.clone();
        let mut chosen: Vec<&str> = Vec::new();
        while !left.is_empty() {
            let next = self
                .by_name
                .iter()
                .filter_map(|(name, members)| {
                    let new = members.intersection(&left).count();
                    let others = members.difference(people).count();
                    let sounds = sounds(name, team);
                    // A group of which most have no profile explains nothing, unless it is called
                    // like the team; one member of many is chance.
                    let explains = new > 0 && (sounds || (new > 1 && others <= new));
                    let gain = i64::try_from(new).ok()? - i64::try_from(others).ok()?;
                    explains.then_some((gain, sounds, Reverse(*name)))
                })
                .max();
            let Some((_, _, Reverse(name))) = next else { break };
            left = left.difference(self.members(name)).copied().collect();
            chosen.push(name);
        }
        self.without_idle(chosen, people)
    }

    /// Leaves out what the others explain without it.
    fn without_idle(
        &self,
        mut chosen: Vec<&'a str>,
        people: &BTreeSet<&'a PersonId>,
    ) -> Vec<&'a str> {
        let explained = |names: &[&str]| -> BTreeSet<&PersonId> {
            let members = names.iter().flat_map(|name| self.members(name)).copied();
            members.filter(|member| people.contains(member)).collect()
        };
        for at in (0..chosen.len()).rev() {
            let mut others = chosen.clone();
            others.remove(at);
            if explained(&others) == explained(&chosen) {
                chosen = others;
            }
        }
        chosen
    }

    fn members(&self, name: &str) -> &BTreeSet<&'a PersonId> {
        static NOBODY: BTreeSet<&PersonId> = BTreeSet::new();
        self.by_name.get(name).unwrap_or(&NOBODY)
    }

    fn chosen(&self, names: &[&'a str], people: &BTreeSet<&'a PersonId>) -> Choice<'a> {
        let groups = names.iter().map(|name| {
            let members = self.members(name);
            Chosen {
                name,
                size: members.len(),
                explained: members.intersection(people).count(),
                exact: members == people,
            }
        });
        let members = names.iter().flat_map(|name| self.members(name)).copied().collect();
        Choice { groups: groups.collect(), members }
    }
}

/// Whether the group is called like the team: every word of the team's key is in its name.
fn sounds(group: &str, team: &TeamKey) -> bool {
    let group = words(group);
    words(team.as_str()).iter().all(|word| group.contains(word))
}

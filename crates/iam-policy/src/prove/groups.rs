//! Which keys have to be looked at together.

use super::bits::Bits;
use super::choices::{Key, Names};
use super::rules::{Rule, Test, variables};
use super::variables::Patterns;
use super::world::{Traits, World};
use crate::condition::Kind;
use crate::pattern::Pattern;
use std::collections::{BTreeMap, BTreeSet};

/// The keys that matter for some statements, by the name they are looked at under.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    by_name: BTreeMap<String, KeyTests<'a>>,
    canonical: BTreeMap<String, String>,
    /// Patterns of resources, of the statements.
    resources: Vec<&'a Pattern>,
    /// Keys that stand in variables of patterns of resources.
    in_resources: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct KeyTests<'a> {
    names: Names,
    tests: Vec<(usize, &'a Test)>,
    is_variable: bool,
    /// What is known beforehand; such a key is here only if it is compared with variables.
    fixed: Option<Vec<String>>,
}

/// Keys that cannot be looked at one by one.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) keys: BTreeSet<String>,
    variables: BTreeSet<String>,
}

impl Group {
    /// Its keys that stand in variables.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(String::as_str)
    }

    /// Its other keys.
    pub(super) fn plain(&self) -> impl Iterator<Item = &str> {
        self.keys.difference(&self.variables).map(String::as_str)
    }

    /// Whether a key, by any of its names, is one of its variables.
    pub(super) fn is_variable(&self, keys: &Keys<'_>, name: &str) -> bool {
        keys.canonical.get(name).is_some_and(|key| self.variables.contains(key))
    }
}

impl<'a> Keys<'a> {
    /// The keys of these rules. Of those that are constant, only what is compared with variables that
    /// are not; `constant` has their values.
    pub(super) fn new(
        all: &'a [Rule],
        rules: &Bits,
        traits: &Traits,
        constant: impl Fn(&str) -> Option<Vec<String>>,
    ) -> Self {
        let varies = |test: &Test| test.variables().into_iter().any(|key| constant(key).is_none());
        let compared: BTreeSet<&str> = all
            .iter()
            .enumerate()
            .filter(|(at, _)| rules.contains(*at))
            .flat_map(|(_, rule)| rule.tests.iter().filter(|test| varies(test)))
            .map(|test| test.key.as_str())
            .collect();
        let mut this = Self {
            by_name: BTreeMap::new(),
            canonical: BTreeMap::new(),
            resources: Vec::new(),
            in_resources: BTreeSet::new(),
        };
        for (at, rule) in all.iter().enumerate().filter(|(at, _)| rules.contains(*at)) {
            this.resources.extend(&rule.resources.patterns);
            for key in variables(&rule.resources.patterns) {
                if constant(key).is_none() {
                    let key = this.add(key, traits, true);
                    this.in_resources.insert(key);
                }
            }
            for test in &rule.tests {
                for key in test.variables().into_iter().filter(|key| constant(key).is_none()) {
                    this.add(key, traits, true);
                }
                let known = constant(&test.key);
                if known.is_none() || compared.contains(test.key.as_str()) {
                    let key = this.add(&test.key, traits, false);
                    if let Some(found) = this.by_name.get_mut(&key) {
                        found.tests.push((at, test));
                        found.fixed = known;
                    }
                }
            }
        }
        this
    }

    fn add(&mut self, name: &str, traits: &Traits, is_variable: bool) -> String {
        let canonical = traits.canonical(name);
        let key = self.by_name.entry(canonical.clone()).or_default();
        key.names.insert(name.to_owned());
        key.is_variable |= is_variable;
        self.canonical.insert(name.to_owned(), canonical.clone());
        canonical
    }

    /// Whether this is one of the keys, by any of its names.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.canonical.contains_key(name)
    }

    /// A key with its tests in these rules.
    pub(super) fn key(&self, key: &str, rules: &Bits) -> Option<Key<'_>> {
        let KeyTests { names, tests, fixed, .. } = self.by_name.get(key)?;
        let tests = tests.iter().filter(|(rule, _)| rules.contains(*rule)).copied().collect();
        Some(Key { names, tests, fixed: fixed.as_deref() })
    }

    /// A key with all its tests.
    pub(super) fn key_of_all(&self, key: &str) -> Option<Key<'_>> {
        let KeyTests { names, tests, fixed, .. } = self.by_name.get(key)?;
        Some(Key { names, tests: tests.clone(), fixed: fixed.as_deref() })
    }

    /// The names of the keys of a group.
    pub(super) fn names_of(&self, group: &Group) -> BTreeSet<String> {
        let keys = group.keys.iter().filter_map(|key| self.by_name.get(key));
        keys.flat_map(|key| key.names.iter().cloned()).collect()
    }

    /// The values of a group that are known beforehand.
    pub(super) fn known_values(&self, group: &Group) -> BTreeSet<&str> {
        let keys = group.keys.iter().filter_map(|key| self.by_name.get(key));
        keys.filter_map(|key| key.fixed.as_deref()).flatten().map(String::as_str).collect()
    }

    /// The patterns that the keys of a group are held against, and the resource if it is one of them.
    pub(super) fn patterns(&self, group: &Group) -> Vec<Patterns<'_>> {
        let mut all = Vec::new();
        for (key, found) in self.by_name.iter().filter(|(key, _)| group.keys.contains(*key)) {
            for (_, test) in &found.tests {
                let kind = test.operator.base.kind;
                let text =
                    matches!(kind, Kind::Text | Kind::Pattern | Kind::FoldedText | Kind::Arn);
                if text || kind == Kind::Bool {
                    let list = test.patterns.iter().collect();
                    all.push(Patterns { of: Some(key), kind, list });
                }
            }
        }
        if self.in_resources.iter().any(|key| group.keys.contains(key)) {
            let list = self.resources.clone();
            all.push(Patterns { of: None, kind: Kind::Pattern, list });
        }
        all
    }

    /// The group that the resource belongs to, and all others.
    pub(super) fn groups(&self, world: World) -> (Group, Vec<Group>) {
        let mut left: BTreeSet<&String> = self.by_name.keys().collect();
        let with_resource = self.group(self.in_resources.clone(), &mut left, world);
        let mut others = Vec::new();
        while let Some(key) = left.first().map(|key| (*key).clone()) {
            others.push(self.group(BTreeSet::from([key]), &mut left, world));
        }
        (with_resource, others)
    }

    /// Everything connected with these keys, taken out of what is left.
    fn group(&self, seeds: BTreeSet<String>, left: &mut BTreeSet<&String>, world: World) -> Group {
        let mut group = Group { keys: BTreeSet::new(), variables: BTreeSet::new() };
        let mut next: Vec<String> = seeds.into_iter().collect();
        while let Some(key) = next.pop() {
            if !left.remove(&key) {
                continue;
            }
            next.extend(
                left.iter().filter(|other| self.tied(&key, other, world)).map(|k| (*k).clone()),
            );
            if self.by_name.get(&key).is_some_and(|found| found.is_variable) {
                group.variables.insert(key.clone());
            }
            group.keys.insert(key);
        }
        group
    }

    /// Whether one key's tests use the other in a variable, or the world ties them together.
    fn tied(&self, one: &str, other: &str, world: World) -> bool {
        let uses = |key: &str, used: &str| {
            self.by_name.get(key).is_some_and(|found| {
                found.tests.iter().any(|(_, test)| {
                    test.variables().iter().any(|name| {
                        self.canonical.get(*name).is_some_and(|canonical| canonical == used)
                    })
                })
            })
        };
        let both_used = || {
            self.by_name.values().any(|found| {
                found.tests.iter().any(|(_, test)| {
                    let names = test.variables();
                    let stands = |key: &str| {
                        names.iter().any(|n| self.canonical.get(*n).is_some_and(|c| c == key))
                    };
                    stands(one) && stands(other)
                })
            })
        };
        let names = |key: &str| self.by_name.get(key).map(|found| &found.names);
        let coupled = || {
            names(one).into_iter().flatten().any(|one| {
                names(other).into_iter().flatten().any(|other| world.coupled(one, other))
            })
        };
        uses(one, other) || uses(other, one) || both_used() || coupled()
    }
}

//! The company's directory, of yesterday and of today.

use crate::map::{self, GROUPS};
use access::ids::{GroupId, PersonId};
use access::snapshot::{Coverage, Group, Person, Snapshot};
use anyhow::Result;
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};

const GIVEN: &[&str] = &["Ana", "Bilal", "Chidi", "Dörte", "Emeka", "Farah", "Goran", "Hana"];
const FAMILY: &[&str] = &["Almeida", "Bauer", "Chen", "Diallo", "Eriksen", "Fischer", "García"];

/// What the directory says today of somebody whom it knew yesterday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Nothing,
    Gone,
    Disabled,
    /// In no group any more.
    Removed,
    /// In another group than yesterday.
    Moved,
}

impl News {
    /// Four people in a thousand: the rest is as it was.
    fn draw(rng: &mut Rng) -> Self {
        match rng.u32(0..1000) {
            0 => Self::Gone,
            1 => Self::Disabled,
            2 => Self::Removed,
            3 => Self::Moved,
            _ => Self::Nothing,
        }
    }
}

/// Some people, as they were yesterday.
#[derive(Debug)]
pub(crate) struct Cohort {
    members: Vec<(Person, BTreeSet<usize>)>,
}

impl Cohort {
    /// `first` is the number of the first of them; numbers make user names unique.
    pub(crate) fn draw(rng: &mut Rng, first: usize, count: usize) -> Result<Self> {
        let members = (first..first + count)
            .map(|number| Ok((person(rng, number)?, memberships(rng))))
            .collect::<Result<_>>()?;
        Ok(Self { members })
    }

    /// The directory of yesterday, read for these people.
    pub(crate) fn yesterday(&self, groups: &[Group]) -> Snapshot {
        let mut groups = groups.to_vec();
        for (person, numbers) in &self.members {
            join(&mut groups, &person.id, numbers);
        }
        let people: BTreeMap<_, _> =
            self.members.iter().map(|(person, _)| (person.id.clone(), person.clone())).collect();
        Snapshot {
            coverage: Coverage::People(people.keys().cloned().collect()),
            people,
            groups: by_id(groups.into_iter().filter(|group| !group.members.is_empty())),
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        }
    }

    /// Adds the people to the directory of today.
    pub(crate) fn arrive(
        self,
        rng: &mut Rng,
        people: &mut BTreeMap<PersonId, Person>,
        groups: &mut [Group],
    ) {
        for (mut person, numbers) in self.members {
            match News::draw(rng) {
                News::Gone => continue,
                News::Disabled => {
                    person.enabled = false;
                    join(groups, &person.id, &numbers);
                }
                News::Removed => {}
                News::Moved => join(groups, &person.id, &memberships(rng)),
                News::Nothing => join(groups, &person.id, &numbers),
            }
            people.insert(person.id.clone(), person);
        }
    }
}

/// The company's groups, without anybody in them.
pub(crate) fn empty_groups(rng: &mut Rng) -> Result<Vec<Group>> {
    map::groups()
        .map(|display_name| {
            Ok(Group { id: GroupId::parse(uuid(rng))?, display_name, members: BTreeSet::new() })
        })
        .collect()
}

pub(crate) fn by_id(groups: impl IntoIterator<Item = Group>) -> BTreeMap<GroupId, Group> {
    groups.into_iter().map(|group| (group.id.clone(), group)).collect()
}

fn join(groups: &mut [Group], person: &PersonId, numbers: &BTreeSet<usize>) {
    for number in numbers {
        if let Some(group) = groups.get_mut(*number) {
            group.members.insert(person.clone());
        }
    }
}

fn person(rng: &mut Rng, number: usize) -> Result<Person> {
    let given = rng.choice(GIVEN).copied().unwrap_or_default();
    let family = rng.choice(FAMILY).copied().unwrap_or_default();
    let user_name = if rng.u32(0..5) == 0 {
        format!("u{number}")
    } else {
        format!("{given}.{family}.{number}@example.com").to_lowercase()
    };
    Ok(Person {
        id: PersonId::parse(uuid(rng))?,
        user_name,
        display_name: format!("{given} {family}"),
        enabled: true,
    })
}

/// Numbers of groups. Nine people in ten are in one or two.
fn memberships(rng: &mut Rng) -> BTreeSet<usize> {
    let count = match rng.u32(0..100) {
        0..5 => 0,
        5..80 => 1,
        80..95 => 2,
        _ => 3,
    };
    (0..count)
        .map(|_| {
            // The square makes the first groups large and the last ones small.
            let place = rng.usize(0..GROUPS) * rng.usize(0..GROUPS);
            place / GROUPS
        })
        .collect()
}

fn uuid(rng: &mut Rng) -> String {
    let (first, last) = (rng.u32(..), rng.u64(..) >> 16);
    let middle = [rng.u16(..), rng.u16(..), rng.u16(..)].map(|part| format!("{part:04x}"));
    format!("{first:08x}-{}-{last:012x}", middle.join("-"))
}

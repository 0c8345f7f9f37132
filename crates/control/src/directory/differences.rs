//! What is different between two readings of a directory. Pure.

use access::ids::{GroupId, PersonId};
use access::snapshot::{Group, Person, Snapshot};
use serde::Serialize;
use std::collections::BTreeSet;

/// What is different between two readings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Differences {
    /// People, in the order of their ids.
    pub people: Vec<PersonChange>,
    /// Groups, in the order of their ids.
    pub groups: Vec<GroupChange>,
}

/// What is different about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonChange {
    /// The person.
    pub id: PersonId,
    /// The user name, as it is now if there is one.
    pub user_name: String,
    /// What.
    pub what: PersonDifference,
}

/// A difference between a person as they were and as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonDifference {
    /// Was not there before.
    Added,
    /// Is not there any more.
    Removed,
    /// May sign in again.
    Enabled,
    /// May not sign in any more.
    Disabled,
    /// Had this user name.
    Renamed(String),
}

/// What is different about a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupChange {
    /// The group.
    pub id: GroupId,
    /// Its display name, as it is now if there is one.
    pub name: String,
    /// Whether it was there before, and is there now.
    #[serde(flatten)]
    pub presence: Presence,
    /// The display name it had, if it has another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed: Option<String>,
    /// Who came.
    pub joined: BTreeSet<PersonId>,
    /// Who went.
    pub left: BTreeSet<PersonId>,
}

/// Whether a group was there before, and is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Presence {
    /// Before.
    pub before: bool,
    /// Now.
    pub now: bool,
}

impl Differences {
    /// What is different between an earlier reading and a later one.
    pub fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let everybody: BTreeSet<&PersonId> =
            before.people.keys().chain(after.people.keys()).collect();
        let people = everybody.into_iter().flat_map(|id| {
            let (was, is) = (before.people.get(id), after.people.get(id));
            of_person(was, is).into_iter().filter_map(move |what| {
                let user_name = is.or(was)?.user_name.clone();
                Some(PersonChange { id: id.clone(), user_name, what })
            })
        });
        let all: BTreeSet<&GroupId> = before.groups.keys().chain(after.groups.keys()).collect();
        let groups =
            all.into_iter().filter_map(|id| of_group(before.groups.get(id), after.groups.get(id)));
        Self { people: people.collect(), groups: groups.collect() }
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty()
    }
}

fn of_person(was: Option<&Person>, is: Option<&Person>) -> Vec<PersonDifference> {
    let (was, is) = match (was, is) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => return vec![PersonDifference::Added],
        (Some(_), None) => return vec![PersonDifference::Removed],
        (Some(was), Some(is)) => (was, is),
    };
    let mut found = Vec::new();
    if was.user_name != is.user_name {
        found.push(PersonDifference::Renamed(was.user_name.clone()));
    }
    match (was.enabled, is.enabled) {
        (true, false) => found.push(PersonDifference::Disabled),
        (false, true) => found.push(PersonDifference::Enabled),
        _ => {}
    }
    found
}

fn of_group(was: Option<&Group>, is: Option<&Group>) -> Option<GroupChange> {
    let nobody = BTreeSet::new();
    let before = was.map_or(&nobody, |group| &group.members);
    let now = is.map_or(&nobody, |group| &group.members);
    let known = is.or(was)?;
    let renamed = was.filter(|was| was.display_name != known.display_name);
    let change = GroupChange {
        id: known.id.clone(),
        name: known.display_name.clone(),
        presence: Presence { before: was.is_some(), now: is.is_some() },
        renamed: renamed.map(|was| was.display_name.clone()),
        joined: now.difference(before).cloned().collect(),
        left: before.difference(now).cloned().collect(),
    };
    let is_same = change.presence == Presence { before: true, now: true }
        && change.renamed.is_none()
        && change.joined.is_empty()
        && change.left.is_empty();
    (!is_same).then_some(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::snapshot::Coverage;
    use std::collections::BTreeMap;

    fn snapshot(people: &[(&str, &str, bool)], groups: &[(&str, &str, &[&str])]) -> Snapshot {
        let person = |(id, name, enabled): &(&str, &str, bool)| {
            let id = PersonId::parse(id).unwrap();
            let (user_name, display_name) = ((*name).to_owned(), String::new());
            (id.clone(), Person { id, user_name, display_name, enabled: *enabled })
        };
        let group = |(id, name, members): &(&str, &str, &[&str])| {
            let id = GroupId::parse(id).unwrap();
            let members = members.iter().map(|id| PersonId::parse(id).unwrap()).collect();
            (id.clone(), Group { id, display_name: (*name).to_owned(), members })
        };
        Snapshot {
            people: people.iter().map(person).collect(),
            groups: groups.iter().map(group).collect(),
            coverage: Coverage::Complete,
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        }
    }

    #[test]
    fn every_difference_of_people_and_groups_is_told() {
        let before = snapshot(
            &[("1", "ana", true), ("2", "bo", true), ("3", "cy", false), ("4", "di", true)],
            &[("g", "ml", &["1", "2"]), ("h", "old", &["1"]), ("i", "same", &["1"])],
        );
        let after = snapshot(
            &[("1", "ana", true), ("2", "bob", false), ("3", "cy", true), ("5", "ed", true)],
            &[("g", "ml2", &["1", "3"]), ("i", "same", &["1"]), ("j", "new", &[])],
        );
        let changes = Differences::between(&before, &after);
        let people: Vec<_> =
            changes.people.iter().map(|c| (c.user_name.as_str(), c.what.clone())).collect();
        assert_eq!(
            people,
            [
                ("bob", PersonDifference::Renamed("bo".into())),
                ("bob", PersonDifference::Disabled),
                ("cy", PersonDifference::Enabled),
                ("di", PersonDifference::Removed),
                ("ed", PersonDifference::Added),
            ]
        );
        let groups: Vec<_> = changes
            .groups
            .iter()
            .map(|c| {
                let ids = |ids: &BTreeSet<PersonId>| {
                    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
                };
                let presence = (c.presence.before, c.presence.now);
                (c.name.as_str(), presence, c.renamed.as_deref(), ids(&c.joined), ids(&c.left))
            })
            .collect();
        assert_eq!(
            groups,
            [
                ("ml2", (true, true), Some("ml"), "3".into(), "2".into()),
                ("old", (true, false), None, String::new(), "1".into()),
                ("new", (false, true), None, String::new(), String::new()),
            ]
        );
        assert!(Differences::between(&before, &before).is_empty());
        assert!(!changes.is_empty());
    }
}

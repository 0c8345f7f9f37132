//! A reading of the directory.

use crate::ids::{GroupId, PersonId, TeamKey};
use crate::temporary::TemporaryGrant;
use crate::user_name;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A directory user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The directory's stable id.
    pub id: PersonId,
    /// The name a person signs in with. Unique in the directory, any Unicode, may change.
    pub user_name: String,
    /// The name to show.
    pub display_name: String,
    /// Whether the directory lets the person sign in.
    pub enabled: bool,
}

impl Person {
    /// The name to show; the user name of somebody who has no other.
    pub fn name(&self) -> &str {
        match self.display_name.trim() {
            "" => &self.user_name,
            name => name,
        }
    }

    /// Whether this is the person's user name, in any case.
    pub fn is_called(&self, user_name: &str) -> bool {
        user_name::same(&self.user_name, user_name)
    }
}

/// A directory group and the people in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The directory's stable id.
    pub id: GroupId,
    /// The name grants match. Data, not a key: it may change.
    pub display_name: String,
    /// Members, nested groups already flattened.
    pub members: BTreeSet<PersonId>,
}

/// How much of the directory a snapshot saw. Only what was seen can be taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// Everybody, and every group that a grant names.
    Complete,
    /// These people, each with all of their memberships in the groups that grants name. A person
    /// listed here and not among the people does not exist in the directory.
    People(BTreeSet<PersonId>),
}

/// A reading of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// People by id.
    pub people: BTreeMap<PersonId, Person>,
    /// Groups by id: those that grants name, and perhaps others.
    pub groups: BTreeMap<GroupId, Group>,
    /// What was seen.
    pub coverage: Coverage,
    /// People whom an admin offboarded by command. They have no right to anything, whatever their
    /// groups say.
    #[serde(default)]
    pub offboarded: BTreeMap<PersonId, Hold>,
    /// Teams from which an admin offboarded a person by command, whatever their groups say.
    #[serde(default)]
    pub barred: BTreeMap<PersonId, BTreeMap<TeamKey, Hold>>,
    /// Temporary grants: those in force, those that are still to begin, and those that ended lately.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub temporary: BTreeMap<PersonId, Vec<TemporaryGrant>>,
}

/// How long the profiles of somebody who was offboarded by command are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// As long as the map says.
    AsMapped,
    /// Not at all.
    Skipped,
}

impl Snapshot {
    /// Whether the person is in the directory, may sign in there, and was not offboarded by command.
    pub fn admits(&self, person: &PersonId) -> bool {
        self.people.get(person).is_some_and(|known| known.enabled)
            && !self.offboarded.contains_key(person)
    }

    /// Whether the person may have this team, if a group gives it.
    pub fn admits_to(&self, person: &PersonId, team: &TeamKey) -> bool {
        self.admits(person) && self.offboarded_from(person, team).is_none()
    }

    /// Whether an admin offboarded the person by command, from this team or from all, and how long
    /// the profile is then kept: the shorter of both.
    pub fn offboarded_from(&self, person: &PersonId, team: &TeamKey) -> Option<Hold> {
        let team = self.barred.get(person).and_then(|teams| teams.get(team));
        self.offboarded.get(person).into_iter().chain(team).max().copied()
    }

    /// Whether the snapshot can say that this person has *no* right to something.
    pub fn speaks_for(&self, person: &PersonId) -> bool {
        match &self.coverage {
            Coverage::Complete => true,
            Coverage::People(people) => people.contains(person),
        }
    }
}

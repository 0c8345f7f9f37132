//! What identity providers pushed by SCIM: people, groups, and who is in which group.

use super::{AuditEntry, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// A person.
    User,
    /// A group.
    Group,
}

impl RecordKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// Its name in a store; never changed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::User => Self::Group,
            Self::Group => Self::User,
        }
    }

    /// The kind of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// By what records are found besides their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKey {
    /// The user name of a person.
    UserName,
    /// The name to show, of either.
    DisplayName,
    /// The id that the identity provider gives, of either.
    ExternalId,
    /// An e-mail address of a person; there may be several.
    Email,
}

impl RecordKey {
    /// Its name in a store; never changed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserName => "user-name",
            Self::DisplayName => "display-name",
            Self::ExternalId => "external-id",
            Self::Email => "email",
        }
    }

    /// Whether two records of a kind may not share a value: people's user names and, since grants
    /// name them, the names of groups.
    pub const fn is_unique(self, kind: RecordKind) -> bool {
        matches!(
            (kind, self),
            (RecordKind::User, Self::UserName) | (RecordKind::Group, Self::DisplayName)
        )
    }
}

/// A person or a group as it was pushed. Members of groups are kept apart, so that a record costs the
/// same whatever the size of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimRecord {
    /// What it is of.
    pub kind: RecordKind,
    /// Its id, given here and never used again. No two records of a directory share one.
    pub id: String,
    /// From 1; raised by each change, also one of the members alone.
    pub version: u64,
    /// When it was made, kept to the microsecond.
    pub created: Timestamp,
    /// When it last changed, kept to the microsecond.
    pub changed: Timestamp,
    /// By what it is found, folded as it is to be compared.
    pub keys: BTreeSet<(RecordKey, String)>,
    /// All that was pushed, as a JSON object without id, members and meta.
    pub body: String,
}

/// A record that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRecord {
    /// The record.
    pub record: ScimRecord,
    /// In which groups it is itself, read at the same moment. `None`: the store would have to look once
    /// more to tell, as [`ScimRecords::scim_groups_of`] does.
    pub groups: Option<BTreeSet<String>>,
}

impl From<ScimRecord> for FoundRecord {
    fn from(record: ScimRecord) -> Self {
        Self { record, groups: None }
    }
}

/// A person or a group in a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordMember {
    /// The id of its record.
    pub id: String,
    /// What it is.
    pub kind: RecordKind,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordChange {
    /// Makes a record, with these members.
    Create {
        /// What is made; its version is 1.
        record: ScimRecord,
        /// Who is in it, if it is of a group. Whoever has no record by then is left out.
        members: BTreeSet<RecordMember>,
    },
    /// Writes a record in the place of one, and changes its members.
    Update {
        /// What it is from now on.
        record: ScimRecord,
        /// The version that it must have now.
        over: u64,
        /// Who comes. Whoever is in it already stays, and whoever has no record by then is left out.
        added: BTreeSet<RecordMember>,
        /// Who goes. Whoever is not in it does not matter.
        removed: BTreeSet<String>,
    },
    /// Takes a record away, with all memberships in it and of it. The groups that it was in are raised
    /// to their next version.
    Delete {
        /// What it is of.
        kind: RecordKind,
        /// Its id.
        id: String,
        /// The version that it must have now.
        over: u64,
        /// When.
        at: Timestamp,
    },
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordWritten {
    /// It is on disk.
    Done,
    /// Nothing changed: another record of the kind has this value of a unique key.
    Taken(RecordKey),
    /// Nothing changed: the record has another version, or is gone.
    Stale,
}

/// From where a page is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordStart {
    /// Behind so many records. Costs more the more there are.
    Skip(u64),
    /// Behind this id, whether there is such a record or not.
    After(String),
}

/// As many members as there are.
pub const ALL_MEMBERS: u32 = u32::MAX;

/// How much was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordCounts {
    /// People.
    pub users: u64,
    /// Groups.
    pub groups: u64,
    /// When anything last changed; `None`: nothing was ever pushed.
    pub changed: Option<Timestamp>,
}

impl RecordCounts {
    /// How many of a kind.
    pub const fn of(&self, kind: RecordKind) -> u64 {
        match kind {
            RecordKind::User => self.users,
            RecordKind::Group => self.groups,
        }
    }
}

/// People, groups and memberships by directory: the name of a SCIM source of the map. Directories
/// share nothing.
///
/// What refers to a record that is not there (a membership of somebody who was just deleted) means
/// nothing, and may be given for a while.
#[async_trait]
pub trait ScimRecords: Send + Sync + fmt::Debug {
    /// Those of these records that are there, by id.
    async fn scim_records(
        &self,
        directory: &str,
        kind: RecordKind,
        ids: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, ScimRecord>, StoreError>;

    /// The records with this key, in the order of their ids, at most so many. The value is folded as
    /// the records' keys are.
    async fn scim_find(
        &self,
        directory: &str,
        kind: RecordKind,
        key: RecordKey,
        value: &str,
        most: u32,
    ) -> Result<Vec<FoundRecord>, StoreError>;

    /// A page of records, in the order of their ids.
    async fn scim_page(
        &self,
        directory: &str,
        kind: RecordKind,
        start: &RecordStart,
        most: u32,
    ) -> Result<Vec<ScimRecord>, StoreError>;

    /// Who is in a group itself, groups within it not opened: the first of them in the order of their
    /// ids, at most so many. [`ALL_MEMBERS`]: all.
    async fn scim_members(
        &self,
        directory: &str,
        group: &str,
        most: u32,
    ) -> Result<BTreeSet<RecordMember>, StoreError>;

    /// In which groups a person or a group itself is.
    async fn scim_groups_of(
        &self,
        directory: &str,
        member: &str,
    ) -> Result<BTreeSet<String>, StoreError>;

    /// Makes a change and writes the entry into the audit log, which is not shortened by it, in one
    /// atomic step: nothing is changed that is not written down, and nothing is written down that is
    /// not changed. What it costs hangs on the change, not on the size of the group. Where more than
    /// 40 members come and go, a process that dies may leave some undone, and whoever asks again has
    /// them done; nobody else changes the group meanwhile. The memberships of what is deleted may stay
    /// for a while too: to delete what is gone is stale, and removes what is left of them, unless the id
    /// is that of a record of the other kind.
    async fn scim_write(
        &self,
        directory: &str,
        change: &RecordChange,
        entry: &AuditEntry,
    ) -> Result<RecordWritten, StoreError>;

    /// How much was pushed.
    async fn scim_counts(&self, directory: &str) -> Result<RecordCounts, StoreError>;
}

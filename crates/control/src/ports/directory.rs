//! Where people and groups come from.

use super::{CallError, Memberships};
use access::entitlement::WantedGroups;
use access::ids::{GroupId, MembershipId, PersonId};
use access::snapshot::Snapshot;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How an assertion names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonLookup {
    /// By the directory's stable id.
    Id(PersonId),
    /// By user name, compared as the directory compares it.
    UserName(String),
}

/// A reading of the directory, and what it is worth remembering of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryReading {
    /// What was read: all that planning needs.
    pub snapshot: Snapshot,
    /// The memberships behind it, which only events need.
    pub memberships: Memberships,
}

/// A directory of people and groups.
#[async_trait]
pub trait Directory: Send + Sync + fmt::Debug {
    /// Reads everybody, and every group that is one of `groups`.
    ///
    /// The answer's coverage is complete, or the call fails: a reading that broke off half-way is
    /// an error, never a smaller snapshot.
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError>;

    /// Reads these people, each with all memberships in those of `groups`.
    /// A person whom the directory does not know is covered and absent.
    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError>;

    /// The id of the person so named, or `None` if there is nobody.
    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError>;

    /// The id of the group with exactly this display name, or `None` if there is none.
    async fn find_group(&self, display_name: &str) -> Result<Option<GroupId>, CallError>;

    /// The display name of a group; `None` if there is no such group.
    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError>;

    /// The memberships of a group; `None` if there is no such group.
    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError>;
}

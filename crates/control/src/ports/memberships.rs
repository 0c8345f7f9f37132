//! Who was in which group when the directory was last read.

use super::StoreError;
use crate::event::Membership;
use access::ids::{GroupId, MembershipId, PersonId};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The memberships behind a reading of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memberships {
    /// Of a complete reading: every group of the directory.
    Complete(BTreeMap<GroupId, GroupReading>),
    /// Of a reading of some people: theirs, in the groups that were asked for.
    Some(Vec<Membership>),
}

/// A group as a complete reading found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupReading {
    /// Its display name.
    pub display_name: String,
    /// All its memberships; `None` if they were not asked for.
    pub members: Option<BTreeMap<MembershipId, PersonId>>,
}

/// A group as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerGroup {
    /// Its display name at the last complete reading.
    pub display_name: String,
    /// Whether its memberships were read then.
    pub was_read: bool,
    /// Everybody who was found in it by any reading, or told to join it by an event, and has not
    /// been missing from it for [`KEPT_DAYS`].
    pub members: BTreeSet<PersonId>,
    /// Those of them who have not been missing since: as the group is, as far as is known.
    pub present: BTreeSet<PersonId>,
}

/// How long a membership is remembered after a complete reading found it gone, in days. An event
/// that tells of its end may come after the reading that saw it.
pub const KEPT_DAYS: i64 = 7;

/// Remembers memberships, because events of their end, and of the end of groups and people, do not
/// say whom they concern. An index that was lost costs wider readings, never correctness.
#[async_trait]
pub trait MembershipIndex: Send + Sync + fmt::Debug {
    /// Takes over what a reading found. A complete one replaces what was known of each group, and
    /// leaves out nobody meanwhile whom either knew; one of some people only adds. `now` is when it was made.
    async fn take_over(
        &self,
        memberships: &Memberships,
        now: jiff::Timestamp,
    ) -> Result<(), StoreError>;

    /// Remembers a membership that an event tells of. What a reading found stays as it is.
    async fn learn(&self, membership: &Membership) -> Result<(), StoreError>;

    /// The membership with this id, if it is known.
    async fn membership(&self, id: &MembershipId) -> Result<Option<Membership>, StoreError>;

    /// The group, if a complete reading found it.
    async fn group(&self, id: &GroupId) -> Result<Option<FormerGroup>, StoreError>;
}

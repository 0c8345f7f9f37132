//! What the loop saw over the days, kept for people to look at: nothing is decided by it.

use super::StoreError;
use crate::event::{Family, Outcome};
pub use access::forecast::ProfileCounts;
use access::ids::{DomainId, DomainKey, PersonId, TeamKey};
use access::reason::ReasonCode;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// So many notes are kept; the oldest go first.
pub const NOTES_KEPT: u32 = 500;

/// So many days the number of profiles of a day is kept.
pub const COUNTED_DAYS: i32 = 90;

/// Something to remember of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was noted.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub noted: Noted,
}

/// What there is to remember.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "noted", rename_all = "kebab-case")]
pub enum Noted {
    /// An event arrived.
    Heard(Heard),
    /// A full pass found a change that no event had told of since the full pass before.
    Found(Found),
}

/// An event that arrived. Holds ids and names of calls, nothing else of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Who told it.
    pub family: Family,
    /// `CloudTrail`'s `eventName`, or the notification's `detail-type`, if there is one.
    pub name: Option<String>,
    /// `CloudTrail`'s `eventID`, or the id of the notification, if there is one.
    pub event_id: Option<String>,
    /// When it happened, if it says so legibly.
    pub happened: Option<Timestamp>,
    /// What came of it.
    pub outcome: Outcome,
    /// Who was read again; absent: everybody.
    pub people: Option<BTreeSet<PersonId>>,
}

impl Heard {
    /// Whether this person was read again on its account.
    pub fn reaches(&self, person: &PersonId) -> bool {
        self.people.as_ref().is_none_or(|people| people.contains(person))
    }
}

/// A change that no event had told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Whose.
    pub person: PersonId,
    /// Of which team.
    pub team: TeamKey,
    /// Where.
    pub domain: DomainKey,
    /// Whether it gives the person something, or takes it away.
    pub gives: bool,
    /// Why the plan changes it.
    pub reason: ReasonCode,
}

/// The record of the days. Losing it costs nobody a right.
#[async_trait]
pub trait Chronicle: Send + Sync + fmt::Debug {
    /// Keeps notes, and may forget those beyond the newest [`NOTES_KEPT`].
    async fn remember(&self, notes: &[Note]) -> Result<(), StoreError>;

    /// The newest notes, newest first; never more than [`NOTES_KEPT`].
    async fn notes(&self, limit: u32) -> Result<Vec<Note>, StoreError>;

    /// Remembers how many profiles these domains have on this day (UTC), in the place of what was
    /// said of them on that day before, and forgets what is older than [`COUNTED_DAYS`].
    async fn count_profiles(
        &self,
        day: Date,
        profiles: &BTreeMap<DomainId, u64>,
    ) -> Result<(), StoreError>;

    /// How many there were, from this day on.
    async fn profile_counts(&self, since: Date) -> Result<ProfileCounts, StoreError>;
}

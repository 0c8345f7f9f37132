//! Grants to people with an end, and requests for them.

use super::StoreError;
use access::ids::{PersonId, TeamKey, TemporaryId};
use access::temporary::{AfterNote, Ending, TemporaryGrant};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A grant that ended, or a request that was decided, longer ago than this is forgotten: the audit
/// log remembers it. Break-glass of which nobody told what was done is kept.
pub const TEMPORARY_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most requests and grants of one person together that are kept: who asks for more is refused.
/// A store may keep all of a person in one item of 400 KiB.
pub const MOST_TEMPORARY: usize = 80;

/// Grants to people with an end. A store that cannot be read is an error, never an empty answer:
/// whoever asks then gives nothing and takes nothing away.
#[async_trait]
pub trait TemporaryGrants: Send + Sync + fmt::Debug {
    /// Writes a grant down; `false`: one of this id is there, and stays as it is. Forgets what is
    /// older than [`TEMPORARY_KEPT`].
    async fn give(&self, grant: &TemporaryGrant) -> Result<bool, StoreError>;

    /// The grants of these people, or everybody's, also those that ended: by person, beginning and
    /// id.
    async fn temporary_grants(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<TemporaryGrant>, StoreError>;

    /// Revokes a grant and answers with it as it is then: the first revocation stays. `None`: there
    /// is none of this id.
    async fn revoke(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        ending: &Ending,
    ) -> Result<Option<TemporaryGrant>, StoreError>;

    /// Writes down what was done under a grant and answers with it as it is then: the first note
    /// stays. `None`: there is none of this id.
    async fn note(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        note: &AfterNote,
    ) -> Result<Option<TemporaryGrant>, StoreError>;

    /// Forgets of everybody what is older than [`TEMPORARY_KEPT`], requests included, and says of
    /// how many people there was any.
    async fn forget_temporary(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// Somebody asks for a team for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRequest {
    /// Its id; the grant that comes of it has the same.
    pub id: TemporaryId,
    /// Who asks.
    pub person: PersonId,
    /// The person's user name at that time.
    pub user_name: String,
    /// For what.
    pub team: TeamKey,
    /// For how long from the approval on, in seconds.
    pub seconds: u64,
    /// Why, in the person's words.
    pub reason: String,
    /// The number of a ticket, if one was given.
    #[serde(default)]
    pub ticket: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When it lapses undecided.
    pub lapses: Timestamp,
    /// Whether it is break-glass that waits for a second person.
    #[serde(default)]
    pub break_glass: bool,
    /// What was decided; absent: nothing yet.
    #[serde(default)]
    pub decision: Option<Decision>,
}

impl AccessRequest {
    /// Whether somebody may still decide on it.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.decision.is_none() && now < self.lapses
    }
}

/// What somebody decided on a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What.
    pub verdict: RequestVerdict,
    /// When.
    pub at: Timestamp,
    /// Who, as the audit log names them.
    pub by: String,
    /// Why, in that person's words.
    #[serde(default)]
    pub why: Option<String>,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestVerdict {
    /// The person gets what was asked for.
    Approved,
    /// The person does not.
    Refused,
    /// The person does not want it any more.
    Withdrawn,
}

/// Requests for access. Each is decided once.
#[async_trait]
pub trait AccessRequests: Send + Sync + fmt::Debug {
    /// Writes a request down; `false`: one of this id is there, and stays as it is. Forgets what
    /// is older than [`TEMPORARY_KEPT`].
    async fn ask(&self, request: &AccessRequest) -> Result<bool, StoreError>;

    /// The requests of these people, or everybody's, also those that were decided: by person, time
    /// and id.
    async fn requests(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<AccessRequest>, StoreError>;

    /// Decides on a request and gives the grant that comes of it, in one atomic step; answers with
    /// the request as it is then, and whether this decided it. If it was decided before, that stays,
    /// and nothing is given. `None`: there is none of this id.
    async fn decide(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        decision: &Decision,
        grant: Option<&TemporaryGrant>,
    ) -> Result<Option<(AccessRequest, bool)>, StoreError>;
}

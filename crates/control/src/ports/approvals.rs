//! What somebody agreed to that the guard had refused.

use super::{AuditEntry, AuditEvent, StoreError};
use access::reason::ReasonCode;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Somebody agreed to these removals, by their number, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Digest of what is removed ([`access::plan::Plan::removals_digest`]): of other removals, were
    /// it one more, it says nothing.
    pub removals: String,
    /// How many there are.
    pub number: u32,
    /// Who agreed.
    pub by: String,
    /// Why, in that person's words.
    pub why: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Until when it can be honoured.
    pub until: Timestamp,
}

impl Approval {
    /// What is written down when it is honoured.
    pub(crate) fn honoured(&self, at: Timestamp) -> AuditEntry {
        let code = ReasonCode::Approved.as_str();
        AuditEntry::new(at, AuditEvent::ApprovalHonoured, code)
            .with("by", &self.by)
            .with("number", self.number)
            .with("removals", &self.removals)
    }
}

/// Approvals that wait for the loop.
#[async_trait]
pub trait Approvals: Send + Sync + fmt::Debug {
    /// Keeps an approval, in the place of one of the same removals. One that was taken stays taken,
    /// however often it is kept again: only another one, of another time, is honoured anew. May forget
    /// some that lapsed before it was made.
    async fn approve(&self, approval: &Approval) -> Result<(), StoreError>;

    /// Those that have not lapsed, by their digest.
    async fn approvals(&self, now: Timestamp) -> Result<Vec<Approval>, StoreError>;

    /// Takes the approval of these removals away, in one atomic step, if it is there and has not
    /// lapsed. A second taker gets nothing.
    async fn take_approval(
        &self,
        removals: &str,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError>;
}

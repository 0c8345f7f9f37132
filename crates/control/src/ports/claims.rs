//! Who is at whom: two passes never work on one person.

use super::{ChangeId, StoreError};
use access::ids::PersonId;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::fmt;

/// When a pass began to read. What others did to a person afterwards is not in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// How many things had happened in the store by then.
    pub number: u64,
    /// What time it was.
    pub at: Timestamp,
}

/// Whom a pass has claimed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claimed {
    /// These.
    pub people: BTreeSet<PersonId>,
    /// How many things had happened in the store when they were claimed.
    pub number: u64,
    /// Those of them whom nobody has had before, as far as that is remembered: for a day at least.
    pub first: BTreeSet<PersonId>,
}

/// Claims of passes on people. Shared by all replicas.
#[async_trait]
pub trait Claims: Send + Sync + fmt::Debug {
    /// A ticket for a pass that begins to read now.
    async fn ticket(&self, now: Timestamp) -> Result<Ticket, StoreError>;

    /// Claims these people for the pass `owner`, as far as possible, in one atomic step for each, and
    /// says whom. If it fails, some may be claimed until they are released. Refused are those whom another pass has claimed, and those whom another pass let go
    /// after `ticket` was drawn: what was planned for them may be stale.
    ///
    /// A claim ends by itself after `hold_for`. Whoever held it may have acted until then: a pass
    /// that began to read before that end does not get it either. So that a clock set back leaves
    /// nobody claimed for ever, a claim met here lasts no longer than `hold_for` from now.
    async fn claim(
        &self,
        owner: &ChangeId,
        people: &BTreeSet<PersonId>,
        ticket: &Ticket,
        now: Timestamp,
        hold_for: SignedDuration,
    ) -> Result<Claimed, StoreError>;

    /// Lets the claims of this pass last until `until`, and says how many it has.
    async fn renew(&self, owner: &ChangeId, until: Timestamp) -> Result<u64, StoreError>;

    /// Lets go of everybody whom this pass has claimed.
    async fn release(&self, owner: &ChangeId, now: Timestamp) -> Result<(), StoreError>;
}

//! Memberships for a dry run.

use access::ids::{GroupId, MembershipId};
use async_trait::async_trait;
use control::event::Membership;
use control::ports::{FormerGroup, MembershipIndex, Memberships, StoreError};
use jiff::Timestamp;
use store::SqliteStore;

/// What the store remembers of memberships, and on top of it what this run learnt, which nobody
/// keeps.
#[derive(Debug)]
pub(super) struct ReadOnly {
    pub(super) kept: SqliteStore,
    pub(super) learnt: SqliteStore,
}

#[async_trait]
impl MembershipIndex for ReadOnly {
    async fn take_over(&self, _: &Memberships, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn learn(&self, membership: &Membership) -> Result<(), StoreError> {
        self.learnt.learn(membership).await
    }

    async fn membership(&self, id: &MembershipId) -> Result<Option<Membership>, StoreError> {
        match MembershipIndex::membership(&self.kept, id).await? {
            Some(known) => Ok(Some(known)),
            None => MembershipIndex::membership(&self.learnt, id).await,
        }
    }

    async fn group(&self, id: &GroupId) -> Result<Option<FormerGroup>, StoreError> {
        self.kept.group(id).await
    }
}

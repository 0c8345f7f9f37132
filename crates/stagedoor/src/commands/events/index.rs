//! Memberships for a dry run.

use access::ids::{GroupId, MembershipId};
use async_trait::async_trait;
use control::event::Membership;
use control::ports::{FormerGroup, MembershipIndex, Memberships, StoreError};
use jiff::Timestamp;
use std::sync::Arc;

/// What the store remembers of memberships, and on top of it what this run learnt, which nobody
/// keeps.
#[derive(Debug)]
pub(super) struct ReadOnly {
    pub(super) kept: Arc<dyn MembershipIndex>,
    pub(super) learnt: Arc<dyn MembershipIndex>,
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
        match self.kept.membership(id).await? {
            Some(known) => Ok(Some(known)),
            None => self.learnt.membership(id).await,
        }
    }

    async fn group(&self, id: &GroupId) -> Result<Option<FormerGroup>, StoreError> {
        self.kept.group(id).await
    }
}

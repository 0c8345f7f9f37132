//! What somebody agreed to that the guard had refused: one partition, which is nearly always empty.

use super::DynamoStore;
use super::failure::damaged;
use super::item::{Item, floor};
use super::keys::{Key, lapse};
use super::wire::{Over, Query};
use async_trait::async_trait;
use control::ports::{Approval, Approvals, StoreError};
use jiff::{SignedDuration, Timestamp};

const PARTITION: &str = "approvals";

/// How long one that lapsed may still be kept.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

#[async_trait]
impl Approvals for DynamoStore {
    async fn approve(&self, approval: &Approval) -> Result<(), StoreError> {
        let item = Item::at(&Key::new(PARTITION, &approval.removals))
            .with_text("record", serde_json::json!(approval).to_string())
            .with_ttl(lapse(approval.until, KEPT));
        self.put("remember an approval", item, Over::Anything).await.map(drop)
    }

    async fn approvals(&self, now: Timestamp) -> Result<Vec<Approval>, StoreError> {
        const OPERATION: &str = "read the approvals";
        let items = self.query(OPERATION, Query::all(PARTITION)).await?;
        let all: Result<Vec<Approval>, StoreError> =
            items.iter().map(|item| self.approval_of(OPERATION, item)).collect();
        Ok(all?.into_iter().filter(|approval| floor(approval.until) > floor(now)).collect())
    }

    async fn take_approval(
        &self,
        removals: &str,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError> {
        const OPERATION: &str = "take an approval";
        let key = Key::new(PARTITION, removals);
        // One that lapsed goes too. Where the answer of a first try was lost, the second finds
        // nothing, and somebody agrees anew: better than that it is honoured twice.
        let Some(item) = self.remove(OPERATION, &key).await? else { return Ok(None) };
        let approval = self.approval_of(OPERATION, &item)?;
        Ok(Some(approval).filter(|approval| floor(approval.until) > floor(now)))
    }
}

impl DynamoStore {
    fn approval_of(&self, operation: &'static str, item: &Item) -> Result<Approval, StoreError> {
        item.parsed("record", |text| serde_json::from_str(&text))
            .map_err(|damage| damaged(self.table(), operation, Key::of(item).as_ref(), &damage))
    }
}

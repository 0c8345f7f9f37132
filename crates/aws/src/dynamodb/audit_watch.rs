//! What the last look at the audit log came to: one item.

use super::DynamoStore;
use super::failure::{damaged, unusable};
use super::item::Item;
use super::keys::Key;
use super::wire::Over;
use async_trait::async_trait;
use control::audit::AuditWatched;
use control::ports::{AuditWatch, StoreError};

fn key() -> Key {
    Key::new("audit-watch", "watched")
}

#[async_trait]
impl AuditWatch for DynamoStore {
    async fn keep_audit_watched(&self, watched: &AuditWatched) -> Result<(), StoreError> {
        const OPERATION: &str = "keep how the audit log is looked after";
        let record = serde_json::to_string(watched)
            .map_err(|error| unusable(OPERATION, error.to_string()))?;
        let item = Item::at(&key()).with_text("record", record);
        self.put(OPERATION, item, Over::Anything).await.map(drop)
    }

    async fn audit_watched(&self) -> Result<Option<AuditWatched>, StoreError> {
        const OPERATION: &str = "read how the audit log is looked after";
        let Some(item) = self.get(OPERATION, &key()).await? else { return Ok(None) };
        let record = item.parsed("record", |text| serde_json::from_str(&text));
        let damage = |damage| damaged(self.table(), OPERATION, Some(&key()), &damage);
        record.map(Some).map_err(damage)
    }
}

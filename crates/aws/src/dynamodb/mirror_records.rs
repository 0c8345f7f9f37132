//! What the last run that mirrored groups planned and came to: an item each.

use super::DynamoStore;
use super::failure::{damaged, unusable};
use super::item::Item;
use super::keys::Key;
use super::wire::Over;
use async_trait::async_trait;
use control::meter::MirrorSeen;
use control::mirror::MirrorReading;
use control::ports::{MirrorRecords, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[async_trait]
impl MirrorRecords for DynamoStore {
    async fn keep_mirror_reading(&self, reading: &MirrorReading) -> Result<(), StoreError> {
        self.keep_part("keep what is mirrored", "reading", reading).await
    }

    async fn mirror_reading(&self) -> Result<Option<MirrorReading>, StoreError> {
        self.part("read what is mirrored", "reading").await
    }

    async fn keep_mirror_seen(&self, seen: &MirrorSeen) -> Result<(), StoreError> {
        self.keep_part("keep what came of mirroring", "seen", seen).await
    }

    async fn mirror_seen(&self) -> Result<Option<MirrorSeen>, StoreError> {
        self.part("read what came of mirroring", "seen").await
    }
}

fn key(part: &str) -> Key {
    Key::new("mirror", part)
}

impl DynamoStore {
    async fn keep_part(
        &self,
        operation: &'static str,
        part: &str,
        record: &(impl Serialize + Sync),
    ) -> Result<(), StoreError> {
        let record = serde_json::to_string(record)
            .map_err(|error| unusable(operation, error.to_string()))?;
        let item = Item::at(&key(part)).with_text("record", record);
        self.put(operation, item, Over::Anything).await.map(drop)
    }

    async fn part<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        part: &str,
    ) -> Result<Option<T>, StoreError> {
        let Some(item) = self.get(operation, &key(part)).await? else { return Ok(None) };
        let record = item.parsed("record", |text| serde_json::from_str(&text));
        let damage = |damage| damaged(self.table(), operation, Some(&key(part)), &damage);
        record.map(Some).map_err(damage)
    }
}

//! What the last run that mirrored groups planned and came to.

use crate::sqlite::{SqliteStore, parsed};
use async_trait::async_trait;
use control::meter::MirrorSeen;
use control::mirror::MirrorReading;
use control::ports::{MirrorRecords, StoreError};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[async_trait]
impl MirrorRecords for SqliteStore {
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

impl SqliteStore {
    async fn keep_part(
        &self,
        operation: &'static str,
        part: &'static str,
        record: &(impl Serialize + Sync),
    ) -> Result<(), StoreError> {
        let record = serde_json::to_string(record)
            .map_err(|error| StoreError { operation, message: error.to_string() })?;
        self.write(operation, move |transaction| {
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO mirror_record (part, record) VALUES (?1, ?2)",
                )?
                .execute(params![part, record])?;
            Ok(())
        })
        .await
    }

    async fn part<T: DeserializeOwned + Send + 'static>(
        &self,
        operation: &'static str,
        part: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.read(operation, move |connection| {
            connection
                .prepare_cached("SELECT record FROM mirror_record WHERE part = ?1")?
                .query_row([part], |row| parsed(0, serde_json::from_str(&row.get::<_, String>(0)?)))
                .optional()
        })
        .await
    }
}

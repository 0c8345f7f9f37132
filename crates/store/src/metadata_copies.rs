//! Copies of identity providers' metadata.

use crate::sqlite::SqliteStore;
use async_trait::async_trait;
use control::ports::{MetadataCopies, StoreError};
use rusqlite::{OptionalExtension, params};

#[async_trait]
impl MetadataCopies for SqliteStore {
    async fn metadata_copy(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let name = name.to_owned();
        self.read("read a copy of metadata", move |connection| {
            connection
                .prepare_cached("SELECT bytes FROM metadata_copy WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()
        })
        .await
    }

    async fn keep_metadata(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (name, bytes) = (name.to_owned(), bytes.to_owned());
        self.write("keep a copy of metadata", move |transaction| {
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO metadata_copy (name, bytes) VALUES (?1, ?2)",
                )?
                .execute(params![name, bytes])?;
            Ok(())
        })
        .await
    }
}

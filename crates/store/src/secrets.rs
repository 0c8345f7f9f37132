//! Secrets drawn here. The file is readable by its owner alone, and no other code selects the table.

use crate::sqlite::SqliteStore;
use async_trait::async_trait;
use control::ports::{Secrets, StoreError};
use rusqlite::{OptionalExtension as _, params};

#[async_trait]
impl Secrets for SqliteStore {
    async fn get_or_create(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let name = name.to_owned();
        self.write("read or keep a secret", move |transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO secret (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
                )?
                .execute(params![name, fresh])?;
            transaction
                .prepare_cached("SELECT value FROM secret WHERE name = ?1")?
                .query_row([&name], |row| row.get(0))
        })
        .await
    }

    async fn kept(&self, name: &str) -> Result<Option<[u8; 32]>, StoreError> {
        let name = name.to_owned();
        self.read("read a secret", move |connection| {
            connection
                .prepare_cached("SELECT value FROM secret WHERE name = ?1")?
                .query_row([&name], |row| row.get(0))
                .optional()
        })
        .await
    }
}

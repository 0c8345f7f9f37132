//! What the last look at the audit log came to.

use crate::sqlite::{SqliteStore, parsed};
use async_trait::async_trait;
use control::audit::AuditWatched;
use control::ports::{AuditWatch, StoreError};
use rusqlite::OptionalExtension;

#[async_trait]
impl AuditWatch for SqliteStore {
    async fn keep_audit_watched(&self, watched: &AuditWatched) -> Result<(), StoreError> {
        const OPERATION: &str = "keep how the audit log is looked after";
        let record = serde_json::to_string(watched)
            .map_err(|error| StoreError { operation: OPERATION, message: error.to_string() })?;
        self.write(OPERATION, move |transaction| {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO audit_watch (id, record) VALUES (1, ?1)")?
                .execute([&record])?;
            Ok(())
        })
        .await
    }

    async fn audit_watched(&self) -> Result<Option<AuditWatched>, StoreError> {
        self.read("read how the audit log is looked after", |connection| {
            connection
                .prepare_cached("SELECT record FROM audit_watch")?
                .query_row([], |row| parsed(0, serde_json::from_str(&row.get::<_, String>(0)?)))
                .optional()
        })
        .await
    }
}

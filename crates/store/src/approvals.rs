//! What somebody agreed to that the guard had refused.

use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use async_trait::async_trait;
use control::ports::{Approval, Approvals, StoreError};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

#[async_trait]
impl Approvals for SqliteStore {
    async fn approve(&self, approval: &Approval) -> Result<(), StoreError> {
        let (removals, record) =
            (approval.removals.clone(), serde_json::json!(approval).to_string());
        let (at, until) = (microseconds::floor(approval.at), microseconds::floor(approval.until));
        self.write("remember an approval", move |transaction| {
            transaction.prepare_cached("DELETE FROM approval WHERE until <= ?1")?.execute([at])?;
            transaction
                .prepare_cached(
                    "INSERT INTO approval (removals, until, record) VALUES (?1, ?2, ?3)
                     ON CONFLICT (removals) DO UPDATE SET
                         until = excluded.until, record = excluded.record, taken = 0
                     WHERE record <> excluded.record",
                )?
                .execute(params![removals, until, record])?;
            Ok(())
        })
        .await
    }

    async fn approvals(&self, now: Timestamp) -> Result<Vec<Approval>, StoreError> {
        let now = microseconds::floor(now);
        self.read("read the approvals", move |connection| {
            connection
                .prepare_cached(
                    "SELECT record FROM approval WHERE until > ?1 AND taken = 0 ORDER BY removals",
                )?
                .query_map([now], read)?
                .collect()
        })
        .await
    }

    async fn take_approval(
        &self,
        removals: &str,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError> {
        let (removals, now) = (removals.to_owned(), microseconds::floor(now));
        self.write("take an approval", move |transaction| {
            transaction
                .prepare_cached(
                    "UPDATE approval SET taken = 1
                     WHERE removals = ?1 AND until > ?2 AND taken = 0 RETURNING record",
                )?
                .query_row(params![removals, now], read)
                .optional()
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Approval> {
    parsed(0, serde_json::from_str(&row.get::<_, String>(0)?))
}

//! The switch that stops every change.

use crate::microseconds;
use crate::sqlite::SqliteStore;
use async_trait::async_trait;
use control::ports::{Freeze, StoreError, Switch};
use rusqlite::{Connection, OptionalExtension, Row, params};

#[async_trait]
impl Switch for SqliteStore {
    async fn freeze(&self, freeze: &Freeze) -> Result<Option<Freeze>, StoreError> {
        let freeze = freeze.clone();
        self.write("freeze", move |transaction| {
            let before = frozen(transaction)?;
            transaction
                .prepare_cached(
                    "INSERT INTO freeze (id, by, reason, at) VALUES (1, ?1, ?2, ?3)
                     ON CONFLICT (id) DO NOTHING",
                )?
                .execute(params![freeze.by, freeze.reason, microseconds::floor(freeze.at)])?;
            Ok(before)
        })
        .await
    }

    async fn thaw(&self, freeze: &Freeze) -> Result<bool, StoreError> {
        let freeze = freeze.clone();
        self.write("thaw", move |transaction| {
            let ended = transaction
                .prepare_cached("DELETE FROM freeze WHERE by = ?1 AND reason = ?2 AND at = ?3")?
                .execute(params![freeze.by, freeze.reason, microseconds::floor(freeze.at)])?;
            Ok(ended > 0)
        })
        .await
    }

    async fn frozen(&self) -> Result<Option<Freeze>, StoreError> {
        self.read("see whether it is frozen", frozen).await
    }
}

fn frozen(connection: &Connection) -> rusqlite::Result<Option<Freeze>> {
    connection.prepare_cached("SELECT by, reason, at FROM freeze")?.query_row([], freeze).optional()
}

fn freeze(row: &Row<'_>) -> rusqlite::Result<Freeze> {
    Ok(Freeze { by: row.get(0)?, reason: row.get(1)?, at: microseconds::read(2, row.get(2)?)? })
}

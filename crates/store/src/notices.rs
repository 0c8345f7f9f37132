//! What somebody was told of already.

use crate::sqlite::SqliteStore;
use async_trait::async_trait;
use control::ports::{Notice, Notices, StoreError};
use rusqlite::types::Type;
use rusqlite::{Error, params};
use std::collections::BTreeMap;

#[async_trait]
impl Notices for SqliteStore {
    async fn notices(&self) -> Result<BTreeMap<String, Notice>, StoreError> {
        self.read("read notices", |connection| {
            connection
                .prepare_cached("SELECT key, state FROM notice")?
                .query_map([], |row| {
                    let state: String = row.get(1)?;
                    let notice = serde_json::from_str(&state).map_err(|error| {
                        Error::FromSqlConversionFailure(1, Type::Text, Box::new(error))
                    })?;
                    Ok((row.get(0)?, notice))
                })?
                .collect()
        })
        .await
    }

    async fn replace_notice(
        &self,
        key: &str,
        old: Option<&Notice>,
        new: Option<&Notice>,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "keep a notice";
        let text = |notice: Option<&Notice>| {
            notice
                .map(serde_json::to_string)
                .transpose()
                .map_err(|error| StoreError { operation: OPERATION, message: error.to_string() })
        };
        let (key, old, new) = (key.to_owned(), text(old)?, text(new)?);
        self.write(OPERATION, move |transaction| {
            let changed = match (&old, &new) {
                (None, Some(new)) => transaction
                    .prepare_cached(
                        "INSERT INTO notice (key, state) VALUES (?1, ?2)
                         ON CONFLICT (key) DO NOTHING",
                    )?
                    .execute(params![key, new])?,
                (Some(old), Some(new)) => transaction
                    .prepare_cached("UPDATE notice SET state = ?3 WHERE key = ?1 AND state = ?2")?
                    .execute(params![key, old, new])?,
                (Some(old), None) => transaction
                    .prepare_cached("DELETE FROM notice WHERE key = ?1 AND state = ?2")?
                    .execute(params![key, old])?,
                (None, None) => 0,
            };
            Ok(changed == 1)
        })
        .await
    }
}

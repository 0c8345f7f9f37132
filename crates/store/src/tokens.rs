//! Tokens of the API.

use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use async_trait::async_trait;
use control::ports::{ApiToken, StoreError, Tokens};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

#[async_trait]
impl Tokens for SqliteStore {
    async fn keep_token(&self, token: &ApiToken) -> Result<bool, StoreError> {
        let (digest, name) = (token.digest.clone(), token.name.clone());
        let (until, record) =
            (microseconds::floor(token.until), serde_json::json!(token).to_string());
        self.write("keep a token", move |transaction| {
            let made = transaction
                .prepare_cached(
                    "INSERT INTO api_token (digest, name, until, record) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (name) DO NOTHING",
                )?
                .execute(params![digest, name, until, record])?;
            Ok(made == 1)
        })
        .await
    }

    async fn token(&self, digest: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
        self.glance("look up a token", |connection| {
            connection
                .prepare_cached("SELECT record FROM api_token WHERE digest = ?1 AND until > ?2")?
                .query_row(params![digest, microseconds::floor(now)], read)
                .optional()
        })
    }

    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        self.read("read the tokens", |connection| {
            connection
                .prepare_cached("SELECT record FROM api_token ORDER BY name")?
                .query_map([], read)?
                .collect()
        })
        .await
    }

    async fn revoke_token(&self, name: &str) -> Result<Option<ApiToken>, StoreError> {
        let name = name.to_owned();
        self.write("revoke a token", move |transaction| {
            transaction
                .prepare_cached("DELETE FROM api_token WHERE name = ?1 RETURNING record")?
                .query_row([&name], read)
                .optional()
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ApiToken> {
    parsed(0, serde_json::from_str(&row.get::<_, String>(0)?))
}

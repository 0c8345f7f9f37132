//! Tokens of the API: each by its name in one partition, and once more by the digest of its secret,
//! which every request looks up.

use super::DynamoStore;
use super::failure::damaged;
use super::item::{Item, floor};
use super::keys::Key;
use super::wire::{Over, Query, Step, Written};
use crate::backoff::backoff;
use async_trait::async_trait;
use control::ports::{ApiToken, StoreError, Tokens};
use jiff::Timestamp;

const PARTITION: &str = "tokens";

/// How often a transaction is tried that met another one.
const TRIES: u32 = 8;

fn by_name(name: &str) -> Key {
    Key::new(PARTITION, name)
}

fn by_digest(digest: &str) -> Key {
    Key::new(format!("token#{digest}"), "token")
}

#[async_trait]
impl Tokens for DynamoStore {
    async fn keep_token(&self, token: &ApiToken) -> Result<bool, StoreError> {
        const OPERATION: &str = "keep a token";
        let record = serde_json::json!(token).to_string();
        let item = |key: &Key| Item::at(key).with_text("record", &record);
        let steps = [
            Step::Put(item(&by_name(&token.name)), Over::Nothing),
            Step::Put(item(&by_digest(&token.digest)), Over::Nothing),
        ];
        for tried in 0..TRIES {
            if self.transact(OPERATION, &steps).await? == Written::Done {
                return Ok(true);
            }
            if self.get(OPERATION, &by_name(&token.name)).await?.is_some() {
                return Ok(false);
            }
            backoff(tried).await;
        }
        Err(super::failure::contended(self.table(), OPERATION, "the token"))
    }

    async fn token(&self, digest: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
        const OPERATION: &str = "look up a token";
        let Some(item) = self.get(OPERATION, &by_digest(digest)).await? else { return Ok(None) };
        let token = self.token_of(OPERATION, &item)?;
        Ok(Some(token).filter(|token| floor(token.until) > floor(now)))
    }

    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        const OPERATION: &str = "read the tokens";
        let items = self.query(OPERATION, Query::all(PARTITION)).await?;
        items.iter().map(|item| self.token_of(OPERATION, item)).collect()
    }

    async fn revoke_token(&self, name: &str) -> Result<Option<ApiToken>, StoreError> {
        const OPERATION: &str = "revoke a token";
        let Some(item) = self.get(OPERATION, &by_name(name)).await? else { return Ok(None) };
        let token = self.token_of(OPERATION, &item)?;
        // First what lets somebody in: should this process die between, the token is listed and
        // opens nothing.
        self.remove(OPERATION, &by_digest(&token.digest)).await?;
        let gone = self.remove(OPERATION, &by_name(name)).await?;
        Ok(gone.map(|_| token))
    }
}

impl DynamoStore {
    fn token_of(&self, operation: &'static str, item: &Item) -> Result<ApiToken, StoreError> {
        item.parsed("record", |text| serde_json::from_str(&text))
            .map_err(|damage| damaged(self.table(), operation, Key::of(item).as_ref(), &damage))
    }
}

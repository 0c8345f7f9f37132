//! Secrets drawn here, the same for all replicas. The table's KMS key guards them at rest, and no
//! other code reads them.

use super::DynamoStore;
use super::failure::{contended, damaged};
use super::item::{Damaged, Item};
use super::keys::Key;
use super::wire::{Over, Written};
use async_trait::async_trait;
use control::ports::{Secrets, StoreError};

const OPERATION: &str = "read or keep a secret";

#[async_trait]
impl Secrets for DynamoStore {
    async fn get_or_create(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        // Read first: after the first start it is always there.
        for _ in 0..2 {
            if let Some(kept) = self.kept_secret(name).await? {
                return Ok(kept);
            }
            let item = Item::at(&key_of(name)).with_bytes("value", &fresh);
            if self.put(OPERATION, item, Over::Nothing).await? == Written::Done {
                return Ok(fresh);
            }
        }
        Err(contended(self.table(), OPERATION, "the secret"))
    }

    async fn kept(&self, name: &str) -> Result<Option<[u8; 32]>, StoreError> {
        self.kept_secret(name).await
    }
}

impl DynamoStore {
    /// The secret of this name, if there is one.
    pub(super) async fn kept_secret(&self, name: &str) -> Result<Option<[u8; 32]>, StoreError> {
        let key = key_of(name);
        let Some(item) = self.get(OPERATION, &key).await? else { return Ok(None) };
        let value = item.bytes("value").and_then(|bytes| {
            <[u8; 32]>::try_from(bytes).map_err(|_| Damaged { attribute: "value" })
        });
        value.map(Some).map_err(|damage| damaged(self.table(), OPERATION, Some(&key), &damage))
    }
}

fn key_of(name: &str) -> Key {
    Key::new(format!("secret#{name}"), "secret")
}

//! The switch that stops every change: one item, which is there while it is frozen.

use super::DynamoStore;
use super::failure::{contended, damaged};
use super::item::{Damaged, Item, floor};
use super::keys::Key;
use super::wire::{Over, Written, backoff};
use async_trait::async_trait;
use control::ports::{Freeze, StoreError, Switch};

/// How often it is looked at anew while others turn it.
const ROUNDS: u32 = 16;

fn key() -> Key {
    Key::new("switch", "freeze")
}

#[async_trait]
impl Switch for DynamoStore {
    async fn freeze(&self, freeze: &Freeze) -> Result<Option<Freeze>, StoreError> {
        const OPERATION: &str = "freeze";
        let item = Item::at(&key())
            .with_text("by", &freeze.by)
            .with_text("reason", &freeze.reason)
            .with_number("since", floor(freeze.at));
        for round in 0..ROUNDS {
            if self.put(OPERATION, item.clone(), Over::Nothing).await? == Written::Done {
                return Ok(None);
            }
            if let Some(before) = self.get(OPERATION, &key()).await? {
                return self.freeze_of(OPERATION, &before).map(Some);
            }
            backoff(round).await;
        }
        Err(contended(self.table(), OPERATION, "the switch"))
    }

    async fn thaw(&self) -> Result<Option<Freeze>, StoreError> {
        const OPERATION: &str = "thaw";
        let before = self.remove(OPERATION, &key()).await?;
        before.map(|item| self.freeze_of(OPERATION, &item)).transpose()
    }

    async fn frozen(&self) -> Result<Option<Freeze>, StoreError> {
        const OPERATION: &str = "see whether it is frozen";
        let found = self.get(OPERATION, &key()).await?;
        found.map(|item| self.freeze_of(OPERATION, &item)).transpose()
    }
}

impl DynamoStore {
    fn freeze_of(&self, operation: &'static str, item: &Item) -> Result<Freeze, StoreError> {
        read(item).map_err(|damage| damaged(self.table(), operation, Some(&key()), &damage))
    }
}

fn read(item: &Item) -> Result<Freeze, Damaged> {
    Ok(Freeze {
        by: item.text("by")?.to_owned(),
        reason: item.text("reason")?.to_owned(),
        at: item.time("since")?,
    })
}

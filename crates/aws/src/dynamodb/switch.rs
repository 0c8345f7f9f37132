//! The switch that stops every change: one item, which is there while it is frozen. When the
//! last freeze that ended had begun is kept beside it.

use super::DynamoStore;
use super::failure::{contended, damaged};
use super::item::{Damaged, Item, floor};
use super::keys::Key;
use super::wire::{Over, Step, Written};
use crate::backoff::backoff;
use async_trait::async_trait;
use control::audit::trimmed;
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

    async fn thaw(&self, freeze: &Freeze) -> Result<bool, StoreError> {
        const OPERATION: &str = "thaw";
        let seen = Freeze { at: trimmed(freeze.at), ..freeze.clone() };
        for round in 0..ROUNDS {
            let Some(item) = self.get(OPERATION, &key()).await? else { return Ok(false) };
            if self.freeze_of(OPERATION, &item)? != seen {
                return Ok(false);
            }
            // In a transaction: one that is sent again is answered as it was the first time.
            let ended =
                Item::at(&Key::new("switch", "thawed")).with_number("since", floor(seen.at));
            let steps = [Step::Delete(key(), Over::of(&item)), Step::Put(ended, Over::Anything)];
            if self.transact(OPERATION, &steps).await? == Written::Done {
                return Ok(true);
            }
            backoff(round).await;
        }
        Err(contended(self.table(), OPERATION, "the switch"))
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

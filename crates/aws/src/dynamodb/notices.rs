//! What somebody was told of already: one partition, since there is little of it.

use super::DynamoStore;
use super::failure::{damaged, unusable};
use super::item::{Damaged, Item};
use super::keys::Key;
use super::wire::{Over, Query, Written};
use async_trait::async_trait;
use control::ports::{Notice, Notices, StoreError};
use std::collections::BTreeMap;

const PARTITION: &str = "notices";

fn key_of(key: &str) -> Key {
    Key::new(PARTITION, key)
}

#[async_trait]
impl Notices for DynamoStore {
    async fn notices(&self) -> Result<BTreeMap<String, Notice>, StoreError> {
        const OPERATION: &str = "read notices";
        let items = self.query(OPERATION, Query::all(PARTITION)).await?;
        items
            .iter()
            .map(|item| {
                let read = || -> Result<(String, Notice), Damaged> {
                    let key = item.text("key")?.to_owned();
                    Ok((key, item.parsed("state", |text| serde_json::from_str(&text))?))
                };
                read().map_err(|damage| damaged(self.table(), OPERATION, None, &damage))
            })
            .collect()
    }

    async fn replace_notice(
        &self,
        key: &str,
        old: Option<&Notice>,
        new: Option<&Notice>,
    ) -> Result<bool, StoreError> {
        const OPERATION: &str = "keep a notice";
        let text = |notice: &Notice| {
            serde_json::to_string(notice).map_err(|error| unusable(OPERATION, error.to_string()))
        };
        let place = key_of(key);
        let over = match old {
            None => Over::Nothing,
            Some(old) => match self.get(OPERATION, &place).await? {
                Some(item) if item.opt_text("state") == Some(text(old)?.as_str()) => {
                    Over::of(&item)
                }
                Some(_) | None => return Ok(false),
            },
        };
        let written = match new {
            Some(new) => {
                let item = Item::at(&place).with_text("key", key).with_text("state", text(new)?);
                self.put(OPERATION, item, over).await?
            }
            None if old.is_none() => return Ok(false),
            None => self.delete(OPERATION, &place, over).await?,
        };
        Ok(written == Written::Done)
    }
}

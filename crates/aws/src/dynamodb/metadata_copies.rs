//! Copies of identity providers' metadata. An item holds 400 KB, so a copy is in parts, which are
//! written in one transaction and carry the digest of the whole.

use super::DynamoStore;
use super::failure::{contended, unusable};
use super::item::Item;
use super::keys::Key;
use super::wire::{Over, Query, Step, Written};
use crate::backoff::backoff;
use async_trait::async_trait;
use control::ports::{MAX_COPY, MetadataCopies, StoreError};
use sha2::{Digest, Sha256};

/// Bytes of a part.
const PART: usize = 300 * 1024;

/// The most parts.
const PARTS: usize = MAX_COPY.div_ceil(PART);

/// How often a copy is tried that another replica is at.
const ROUNDS: u32 = 8;

fn partition(name: &str) -> String {
    format!("metadata#{name}")
}

#[async_trait]
impl MetadataCopies for DynamoStore {
    async fn metadata_copy(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        const OPERATION: &str = "read a copy of metadata";
        let items = self.query(OPERATION, Query::all(partition(name))).await?;
        let parts: Option<Vec<&[u8]>> = items.iter().map(|item| item.bytes("bytes").ok()).collect();
        let Some(first) = items.first() else { return Ok(None) };
        let whole = parts.unwrap_or_default().concat();
        // One that was read while it was written is as good as none.
        let is_whole = first.opt_text("digest") == Some(digest(&whole).as_str());
        Ok(is_whole.then_some(whole))
    }

    async fn keep_metadata(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        const OPERATION: &str = "keep a copy of metadata";
        if bytes.len() > MAX_COPY {
            let message = format!("{} bytes are more than the {MAX_COPY} of a copy", bytes.len());
            return Err(unusable(OPERATION, message));
        }
        let key = |number: usize| Key::new(partition(name), format!("part#{number}"));
        let digest = digest(bytes);
        let mut steps: Vec<Step> = bytes
            .chunks(PART)
            .enumerate()
            .map(|(number, part)| {
                let item = Item::at(&key(number)).with_bytes("bytes", part);
                Step::Put(item.with_text("digest", &digest), Over::Anything)
            })
            .collect();
        steps.extend((steps.len()..PARTS).map(|number| Step::Delete(key(number), Over::Anything)));
        for round in 0..ROUNDS {
            if self.transact(OPERATION, &steps).await? == Written::Done {
                return Ok(());
            }
            backoff(round).await;
        }
        Err(contended(self.table(), OPERATION, "the copy"))
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

//! Used assertions. A partition for each.

use super::DynamoStore;
use super::failure::{contended, damaged};
use super::item::{Item, ceil, floor};
use super::keys::{Key, lapse};
use super::wire::{Over, Written};
use crate::backoff::backoff;
use async_trait::async_trait;
use control::ports::{ReplayCache, StoreError};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

const OPERATION: &str = "claim an assertion";

/// How much longer than it holds a claim is kept: the clock by which `DynamoDB` forgets is another.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How often it is looked at anew, where another claim lapses at the very time.
const ROUNDS: u32 = 8;

#[async_trait]
impl ReplayCache for DynamoStore {
    async fn claim(
        &self,
        issuer: &str,
        assertion_id: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = used(issuer, assertion_id);
        let mut over = Over::Nothing;
        for round in 0..ROUNDS {
            let item =
                Item::at(&key).with_number("until", ceil(until)).with_ttl(lapse(until, KEPT));
            // Nearly always there is nothing yet, and this is the only call.
            if self.put(OPERATION, item, over).await? == Written::Done {
                return Ok(true);
            }
            over = match self.get(OPERATION, &key).await? {
                None => Over::Nothing,
                Some(item) if self.holds(&item, &key, now)? => return Ok(false),
                Some(item) => Over::of(&item),
            };
            backoff(round).await;
        }
        Err(contended(self.table(), OPERATION, "the assertion"))
    }

    async fn is_claimed(
        &self,
        issuer: &str,
        assertion_id: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = used(issuer, assertion_id);
        let item = self.get("look for a used assertion", &key).await?;
        item.map_or(Ok(false), |item| self.holds(&item, &key, now))
    }
}

impl DynamoStore {
    /// Whether a claim has not lapsed yet.
    fn holds(&self, claim: &Item, key: &Key, now: Timestamp) -> Result<bool, StoreError> {
        let held = claim.time("until");
        let held = held.map_err(|damage| damaged(self.table(), OPERATION, Some(key), &damage))?;
        Ok(ceil(held) > floor(now))
    }
}

fn used(issuer: &str, assertion_id: &str) -> Key {
    Key::new(format!("used#{}", digest(issuer, assertion_id)), "used")
}

/// One value for issuer and assertion id. The length in front keeps `a` + `bc` from `ab` + `c`.
fn digest(issuer: &str, assertion_id: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((issuer.len() as u64).to_be_bytes());
    hash.update(issuer);
    hash.update(assertion_id);
    hex::encode(hash.finalize())
}

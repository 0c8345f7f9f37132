//! The last answers of identity providers.
//!
//! Anybody can make attempts, so they are spread over partitions, and lapse after a month; of those
//! that are there, no more than [`ATTEMPTS_KEPT`] are ever given.

use super::DynamoStore;
use super::failure::damaged;
use super::item::{Damaged, Item, floor};
use super::keys::{Key, SK, lapse, shard};
use super::wire::{AT_ONCE, Over, Query};
use access::ids::{IdpKey, PersonId};
use async_trait::async_trait;
use control::ports::{ATTEMPTS_KEPT, Attempt, Attempts, StoreError};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;

/// How many partitions. Each takes about 500 attempts a second.
const SHARDS: u32 = 8;

/// How long an attempt is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

fn partition(number: u32) -> String {
    format!("attempts#{number}")
}

#[async_trait]
impl Attempts for DynamoStore {
    async fn record(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let stamp = self.stamps.next(attempt.at);
        let key = Key::new(partition(shard(&stamp.text, SHARDS)), stamp.text);
        let item = Item::at(&key)
            .with_number("time", floor(attempt.at))
            .with_text("reference", &attempt.reference)
            .with_opt_text("idp", attempt.idp.as_ref().map(IdpKey::as_str))
            .with_opt_text("person", attempt.person.as_ref().map(PersonId::as_str))
            .with_flag("accepted", attempt.accepted)
            .with_text("code", &attempt.code)
            .with_text("rows", serde_json::json!(attempt.rows).to_string())
            .with_ttl(lapse(attempt.at, KEPT));
        self.put("keep an attempt to sign in", item, Over::Anything).await.map(drop)
    }

    async fn newest_attempts(&self, limit: u32) -> Result<Vec<Attempt>, StoreError> {
        const OPERATION: &str = "read the attempts to sign in";
        let limit = limit.min(ATTEMPTS_KEPT);
        let newest = |number| {
            let query = Query::all(partition(number));
            Query { backwards: true, most: Some(limit), ..query }
        };
        let found: Vec<Vec<Item>> = stream::iter((0..SHARDS).map(newest))
            .map(|query| self.query(OPERATION, query))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let mut found: Vec<Item> = found.into_iter().flatten().collect();
        found.sort_by(|a, b| b.opt_text(SK).cmp(&a.opt_text(SK)));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let read = |item| {
            read(item).map_err(|d| damaged(self.table(), OPERATION, Key::of(item).as_ref(), &d))
        };
        found.iter().map(read).collect()
    }
}

fn read(item: &Item) -> Result<Attempt, Damaged> {
    let idp = item.opt_text("idp").map(|_| item.parsed("idp", IdpKey::parse)).transpose()?;
    let person = item.opt_text("person").map(|_| item.parsed("person", PersonId::parse));
    Ok(Attempt {
        at: item.time("time")?,
        reference: item.text("reference")?.to_owned(),
        idp,
        person: person.transpose()?,
        accepted: item.flag("accepted"),
        code: item.text("code")?.to_owned(),
        rows: item.parsed("rows", |text| serde_json::from_str(&text))?,
    })
}

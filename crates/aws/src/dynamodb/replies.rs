//! Requests with idempotency keys: a partition for each.

use super::DynamoStore;
use super::change::{Change, Record, Turn};
use super::item::{Damaged, Item, floor};
use super::keys::{Key, lapse};
use async_trait::async_trait;
use control::ports::{Begun, Replies, Reply, StoreError};
use jiff::{SignedDuration, Timestamp};

/// How long one that lapsed may still be kept.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// A request that was begun.
#[derive(Debug, Clone)]
struct Entry {
    key: String,
    request: String,
    until: Timestamp,
    reply: Option<Reply>,
}

fn item_key(key: &str) -> Key {
    Key::new(format!("reply#{key}"), "reply")
}

impl Record for Entry {
    fn read(item: &Item) -> Result<Self, Damaged> {
        let reply = match item.opt_text("reply") {
            Some(_) => Some(item.parsed("reply", |text| serde_json::from_str(&text))?),
            None => None,
        };
        Ok(Self {
            key: item.text("key")?.to_owned(),
            request: item.text("request")?.to_owned(),
            until: item.time("until")?,
            reply,
        })
    }

    fn write(&self) -> Item {
        let reply = self.reply.as_ref().map(|reply| serde_json::json!(reply).to_string());
        Item::at(&item_key(&self.key))
            .with_text("key", &self.key)
            .with_text("request", &self.request)
            .with_number("until", floor(self.until))
            .with_opt_text("reply", reply.as_deref())
            .with_ttl(lapse(self.until, KEPT))
    }
}

#[async_trait]
impl Replies for DynamoStore {
    async fn begin_request(
        &self,
        key: &str,
        request: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Begun, StoreError> {
        let new = Entry { key: key.into(), request: request.into(), until, reply: None };
        self.change_one("begin a request", item_key(key), |known: Option<Entry>| {
            let known = known.filter(|known| floor(known.until) > floor(now));
            let begun = match known {
                None => return Turn::alone(Change::Put(new.clone()), Begun::New),
                Some(known) if known.request != request => Begun::OtherRequest,
                Some(Entry { reply: Some(reply), .. }) => Begun::Answered(reply),
                Some(_) => Begun::UnderWay,
            };
            Turn::alone(Change::Keep, begun)
        })
        .await
    }

    async fn end_request(
        &self,
        key: &str,
        begun: Timestamp,
        reply: Option<&Reply>,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.change_one("end a request", item_key(key), |known: Option<Entry>| {
            let is_own =
                |known: &Entry| known.reply.is_none() && floor(known.until) == floor(begun);
            let change = match (known.filter(is_own), reply) {
                (None, _) => Change::Keep,
                (Some(_), None) => Change::Delete,
                (Some(known), Some(reply)) => {
                    Change::Put(Entry { until, reply: Some(reply.clone()), ..known })
                }
            };
            Turn::alone(change, ())
        })
        .await
    }
}

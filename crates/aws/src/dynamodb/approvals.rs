//! What somebody agreed to that the guard had refused: one partition, which is nearly always empty.
//!
//! One that was taken stays where it was, up to its end, as one that was taken: a write that arrives once
//! more finds it there, and brings nothing to life again.

use super::DynamoStore;
use super::change::{Change, Record, Turn};
use super::failure::damaged;
use super::item::{Damaged, Item, floor};
use super::keys::{Key, lapse};
use super::wire::Query;
use async_trait::async_trait;
use control::ports::{Approval, Approvals, StoreError};
use jiff::{SignedDuration, Timestamp};

const PARTITION: &str = "approvals";

/// How long one that lapsed may still be kept.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// An approval, and whether it waits for the loop.
#[derive(Debug, Clone)]
struct Entry {
    approval: Approval,
    taken: bool,
}

impl Record for Entry {
    fn read(item: &Item) -> Result<Self, Damaged> {
        let name = if item.opt_text("taken").is_some() { "taken" } else { "record" };
        let approval = item.parsed(name, |text| serde_json::from_str(&text))?;
        Ok(Self { approval, taken: name == "taken" })
    }

    fn write(&self) -> Item {
        let Self { approval, taken } = self;
        let json = |approval: &Approval| serde_json::json!(approval).to_string();
        let item = Item::at(&Key::new(PARTITION, &approval.removals))
            .with_ttl(lapse(approval.until, KEPT));
        if !taken {
            return item.with_text("record", json(approval));
        }
        // A version that knows of none that was taken takes it for one that lapsed.
        let lapsed = Approval { until: Timestamp::UNIX_EPOCH, ..approval.clone() };
        item.with_text("record", json(&lapsed)).with_text("taken", json(approval))
    }
}

impl Entry {
    /// The approval, if it can be honoured.
    fn honoured(self, now: Timestamp) -> Option<Approval> {
        let waits = !self.taken && floor(self.approval.until) > floor(now);
        waits.then_some(self.approval)
    }
}

#[async_trait]
impl Approvals for DynamoStore {
    async fn approve(&self, approval: &Approval) -> Result<(), StoreError> {
        let key = Key::new(PARTITION, &approval.removals);
        self.change_one("remember an approval", key, |known: Option<Entry>| {
            let is_known = known.is_some_and(|known| known.approval == *approval);
            let new = Entry { approval: approval.clone(), taken: false };
            Turn::alone(if is_known { Change::Keep } else { Change::Put(new) }, ())
        })
        .await
    }

    async fn approvals(&self, now: Timestamp) -> Result<Vec<Approval>, StoreError> {
        const OPERATION: &str = "read the approvals";
        let items = self.query(OPERATION, Query::all(PARTITION)).await?;
        let read = |item: &Item| {
            let entry = Entry::read(item);
            entry.map_err(|d| damaged(self.table(), OPERATION, Key::of(item).as_ref(), &d))
        };
        let all: Vec<Entry> = items.iter().map(read).collect::<Result<_, _>>()?;
        Ok(all.into_iter().filter_map(|entry| entry.honoured(now)).collect())
    }

    async fn take_approval(
        &self,
        removals: &str,
        now: Timestamp,
    ) -> Result<Option<Approval>, StoreError> {
        let key = Key::new(PARTITION, removals);
        self.change_one("take an approval", key, |known: Option<Entry>| {
            let Some(approval) = known.and_then(|known| known.honoured(now)) else {
                return Turn::alone(Change::Keep, None);
            };
            let taken = Entry { approval: approval.clone(), taken: true };
            Turn::alone(Change::Put(taken), Some(approval))
        })
        .await
    }
}

//! The audit log: by day, each day over some partitions, and once more by person.
//!
//! An entry about a person is written twice, in one transaction, so that the history of a person is
//! read from one partition. Both items are only ever made, never changed: a put that is repeated
//! because its answer was lost finds its own item and is done.

use super::DynamoStore;
use super::failure::{contended, damaged};
use super::item::{Damaged, Item, floor};
use super::keys::{Key, SK, shard};
use super::stamp::Stamp;
use super::wire::{AT_ONCE, Over, Query, Step, Written, backoff};
use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{
    Actor, AuditEntry, AuditFilter, AuditLog, AuditPage, ChainId, Seal, SealedEntry, StoreError,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::BTreeMap;

/// How many partitions a day has. Each takes about a thousand entries a second.
const SHARDS: u32 = 4;

/// How often an entry is tried.
const TRIES: u32 = 8;

/// How many entries a page is picked from.
const LOOKED_THROUGH: u32 = 10_000;

const APPEND: &str = "append to the audit log";

/// The partition of a day's entries.
fn partition(day: &str, number: u32) -> String {
    format!("audit#{day}#{number}")
}

/// The days that have entries.
fn days() -> &'static str {
    "audit-days"
}

fn history(person: &str) -> String {
    format!("history#{person}")
}

#[async_trait]
impl AuditLog for DynamoStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let Stamp { day, text } = self.stamps.next(entry.at);
        self.note_day(&day).await?;
        let key = Key::new(partition(&day, shard(&text, SHARDS)), &text);
        let mut steps = vec![Step::Put(item(&key, entry), Over::Nothing)];
        if let Some(person) = &entry.person {
            steps.push(Step::Put(item(&Key::new(history(person), text), entry), Over::Nothing));
        }
        for tried in 0..TRIES {
            if self.transact(APPEND, &steps).await? == Written::Done {
                return Ok(());
            }
            // Nobody else has this stamp: what is there is this very entry.
            if self.get(APPEND, &key).await?.is_some() {
                return Ok(());
            }
            backoff(tried).await;
        }
        Err(contended(self.table(), APPEND, "the entry"))
    }

    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        const OPERATION: &str = "read the audit log";
        let mut entries = Vec::new();
        let days = Query { backwards: true, ..Query::all(days()) };
        for day in self.query(OPERATION, days).await? {
            let had = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            let left = limit.saturating_sub(had);
            let Some(day) = day.opt_text(SK).filter(|_| left > 0) else { break };
            for item in self.newest_of_day(OPERATION, day, left).await? {
                entries.push(self.entry(OPERATION, &item)?);
            }
        }
        Ok(entries)
    }

    async fn of_person(
        &self,
        person: &PersonId,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        const OPERATION: &str = "read the audit log of a person";
        let query = Query::all(history(person.as_str()));
        let query = Query { backwards: true, most: Some(limit), ..query };
        let mut newest_first = self.query(OPERATION, query).await?;
        newest_first.reverse();
        newest_first.iter().map(|item| self.entry(OPERATION, item)).collect()
    }

    async fn page(
        &self,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AuditPage, StoreError> {
        let skipped = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        let newest = self.newest(LOOKED_THROUGH).await?;
        let admitted = newest.into_iter().filter(|entry| filter.admits(entry)).skip(skipped);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut items: Vec<SealedEntry> =
            admitted.take(limit.saturating_add(1)).map(unsealed).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = more.then(|| (skipped + limit).to_string());
        Ok(AuditPage { items, next })
    }
}

impl DynamoStore {
    /// Writes down that the day has entries, before it has one.
    async fn note_day(&self, day: &str) -> Result<(), StoreError> {
        if self.stamps.knows(day) {
            return Ok(());
        }
        let item = Item::at(&Key::new(days(), day));
        // That somebody else noted it is as good.
        self.put(APPEND, item, Over::Nothing).await?;
        self.stamps.note(day);
        Ok(())
    }

    async fn newest_of_day(
        &self,
        operation: &'static str,
        day: &str,
        limit: u32,
    ) -> Result<Vec<Item>, StoreError> {
        let newest = |number| {
            let query = Query::all(partition(day, number));
            Query { backwards: true, most: Some(limit), ..query }
        };
        let queries: Vec<Query> = (0..SHARDS).map(newest).collect();
        let found: Vec<Vec<Item>> = stream::iter(queries)
            .map(|query| self.query(operation, query))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let mut found: Vec<Item> = found.into_iter().flatten().collect();
        found.sort_by(|a, b| b.opt_text(SK).cmp(&a.opt_text(SK)));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    fn entry(&self, operation: &'static str, item: &Item) -> Result<AuditEntry, StoreError> {
        read(item)
            .map_err(|damage| damaged(self.table(), operation, Key::of(item).as_ref(), &damage))
    }
}

fn unsealed(entry: AuditEntry) -> SealedEntry {
    let nothing = String::new;
    let chain = ChainId("0".to_owned());
    let seal =
        Seal { chain, seq: 0, prev: nothing(), hash: nothing(), key: nothing(), mac: nothing() };
    SealedEntry { entry, seal }
}

fn item(key: &Key, entry: &AuditEntry) -> Item {
    Item::at(key)
        .with_number("time", floor(entry.at))
        .with_text("event", &entry.event)
        .with_text("code", &entry.code)
        .with_text("actor", entry.actor.to_string())
        .with_opt_text("person", entry.person.as_deref())
        .with_opt_text("team", entry.team.as_deref())
        .with_opt_text("change", entry.change.as_deref())
        .with_opt_text("before", texts(&entry.before).as_deref())
        .with_opt_text("after", texts(&entry.after).as_deref())
        .with_text("details", serde_json::json!(entry.details).to_string())
}

fn read(item: &Item) -> Result<AuditEntry, Damaged> {
    Ok(AuditEntry {
        at: item.time("time")?,
        event: item.text("event")?.to_owned(),
        code: item.text("code")?.to_owned(),
        actor: match item.opt_text("actor") {
            Some(actor) => actor.parse().map_err(|_| Damaged { attribute: "actor" })?,
            // An entry of an older version.
            None => Actor::System,
        },
        person: item.opt_text("person").map(str::to_owned),
        team: item.opt_text("team").map(str::to_owned),
        change: item.opt_text("change").map(str::to_owned),
        before: read_texts(item, "before")?,
        after: read_texts(item, "after")?,
        details: read_texts(item, "details")?,
    })
}

/// A JSON object; none for nothing.
fn texts(texts: &BTreeMap<String, String>) -> Option<String> {
    (!texts.is_empty()).then(|| serde_json::json!(texts).to_string())
}

fn read_texts(item: &Item, name: &'static str) -> Result<BTreeMap<String, String>, Damaged> {
    match item.opt_text(name) {
        None => Ok(BTreeMap::new()),
        Some(text) => serde_json::from_str(text).map_err(|_| Damaged { attribute: name }),
    }
}

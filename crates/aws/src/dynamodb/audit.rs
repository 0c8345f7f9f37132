//! The audit log: eight chains, so that replicas need not wait for each other, and once more by
//! person.
//!
//! A process appends to one chain and knows its end, so that an entry is one conditional transaction.
//! Where another process was faster, it looks for the end of another chain: replicas soon have one
//! each. What waits while a transaction is under way goes into the next one together ([`Appends`]).
//!
//! An entry about a person is written twice, in one transaction, so that the history of a person is
//! read from one partition. The chain is the record; a copy that is not what was sealed, or stands elsewhere
//! than was sealed, is passed over ([`copies`]).

mod append;
mod copies;
mod older;
mod page;
mod row;

pub(super) use append::Appends;
pub(super) use older::seal_older;

use super::DynamoStore;
use super::keys::{Key, SK};
use super::wire::{AT_ONCE, Query, Sort};
use access::ids::PersonId;
use async_trait::async_trait;
use control::audit::{Head, KeyRing};
use control::ports::{
    AuditEntry, AuditFilter, AuditLog, AuditPage, ChainHead, ChainId, ChainRow, SealedEntry,
    StoreError, Stray,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use row::{is_placed, read, read_row};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How many chains replicas spread over. Each takes about a thousand entries a second.
const CHAINS: u32 = 8;

/// The chain of what a version left that did not seal.
const OLDER: &str = "older";

const READ: &str = "read the audit log";

/// The partition of a chain.
fn partition(chain: &ChainId) -> String {
    format!("audit-chain#{chain}")
}

/// The place of an entry in its chain: sorts as numbers do.
fn place(seq: u64) -> String {
    format!("{seq:020}")
}

fn history(person: &str) -> String {
    format!("history#{person}")
}

fn numbered(number: u32) -> ChainId {
    ChainId(number.to_string())
}

/// Every chain that there can be.
fn all_chains() -> Vec<ChainId> {
    (0..CHAINS).map(numbered).chain([ChainId(OLDER.to_owned())]).collect()
}

#[async_trait]
impl AuditLog for DynamoStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.append_sealed(entry).await
    }

    async fn foreign_key(&self) -> Result<Option<String>, StoreError> {
        self.key_of_others().await
    }

    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let ends = |chain| async move {
            let query =
                Query { backwards: true, most: Some(limit), ..Query::all(partition(&chain)) };
            let items = self.query(READ, query).await?;
            let placed = items.iter().filter(|item| is_placed(item));
            placed.map(|item| self.sealed(READ, item)).collect::<Result<VecDeque<_>, _>>()
        };
        let chains: Vec<VecDeque<SealedEntry>> =
            stream::iter(all_chains()).map(ends).buffered(AT_ONCE).try_collect().await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(merged(chains).take(limit).map(|sealed| sealed.entry).collect())
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
        let copies = self.copies(OPERATION, person.as_str(), &newest_first).await?;
        Ok(copies.into_iter().flatten().map(|copy| copy.entry).collect())
    }

    async fn page(
        &self,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AuditPage, StoreError> {
        match &filter.person {
            Some(person) => self.page_of_person(person, filter, cursor, limit).await,
            None => self.page_of_chains(filter, cursor, limit).await,
        }
    }

    async fn chains(&self) -> Result<Vec<ChainHead>, StoreError> {
        const OPERATION: &str = "see how far the audit log goes";
        let end = |chain: ChainId| async move {
            let head = self.end_of(OPERATION, &chain).await?.map(|(head, _)| head);
            Ok(head.map(|Head { seq, hash }| ChainHead { chain, seq, hash }))
        };
        let ends: Vec<Option<ChainHead>> =
            stream::iter(all_chains()).map(end).buffered(AT_ONCE).try_collect().await?;
        Ok(ends.into_iter().flatten().collect())
    }

    async fn chain(
        &self,
        chain: &ChainId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ChainRow>, StoreError> {
        let query = Query {
            // From the very beginning: also what stands where no entry of ours is, so that it is found.
            sort: if after == 0 { Sort::All } else { Sort::Above(place(after)) },
            most: Some(limit),
            ..Query::all(partition(chain))
        };
        Ok(self.query(READ, query).await?.iter().map(read_row).collect())
    }

    async fn strays(&self, people: &BTreeSet<String>) -> Result<Vec<Stray>, StoreError> {
        let strays: Vec<Vec<Stray>> = stream::iter(people.iter().cloned())
            .map(|person| async move { self.strays_of(&person).await })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(strays.concat())
    }

    async fn forget(&self, chain: &ChainId, through: u64) -> Result<u64, StoreError> {
        const OPERATION: &str = "shorten the audit log";
        let Some((head, _)) = self.end_of(OPERATION, chain).await? else { return Ok(0) };
        // The last entry stays: the next is linked to it.
        let below = through.saturating_add(1).min(head.seq);
        let mut forgotten = 0;
        loop {
            let query = Query {
                sort: Sort::Below(place(below)),
                most: Some(FORGOTTEN_AT_ONCE),
                ..Query::all(partition(chain))
            };
            let items = self.query(OPERATION, query).await?;
            let Some(last) = items.last().and_then(Key::of) else { return Ok(forgotten) };
            let mut keys: Vec<Key> = items.iter().filter_map(Key::of).collect();
            keys.retain(|key| *key != last);
            let copies = items.iter().filter_map(|item| {
                Some(Key::new(history(item.opt_text("person")?), item.opt_text("stamp")?))
            });
            // The copies first: of what breaks off here the entries are left, by which they are found.
            self.write_all(OPERATION, Vec::new(), copies.collect()).await?;
            // From the front: what breaks off here leaves a beginning that is gone.
            self.write_all(OPERATION, Vec::new(), keys).await?;
            self.write_all(OPERATION, Vec::new(), vec![last]).await?;
            forgotten += u64::try_from(items.len()).unwrap_or(0);
        }
    }
}

/// Entries that are removed at a time.
const FORGOTTEN_AT_ONCE: u32 = 500;

impl DynamoStore {
    /// The same store, whose audit log is sealed with this key and not with one that the table keeps.
    #[must_use]
    pub fn sealed_by(mut self, keys: KeyRing) -> Self {
        self.appends = Arc::new(Appends::with_keys(keys));
        self
    }

    /// The end of a chain, and the key that its last entry was sealed with.
    async fn end_of(
        &self,
        operation: &'static str,
        chain: &ChainId,
    ) -> Result<Option<(Head, String)>, StoreError> {
        // Above all numbers stands no entry of ours.
        let sort = Sort::Below(place(u64::MAX));
        let query = Query { sort, backwards: true, most: Some(1), ..Query::all(partition(chain)) };
        let items = self.query(operation, query).await?;
        let Some(item) = items.first() else { return Ok(None) };
        let whole = || {
            let seq = item.opt_text(SK)?.parse().ok()?;
            Some((Head { seq, hash: item.opt_text("hash")?.to_owned() }, item.opt_text("key")?))
        };
        match whole() {
            Some((head, key)) => Ok(Some((head, key.to_owned()))),
            None => {
                Err(self.unreadable(operation, item, &super::item::Damaged { attribute: "hash" }))
            }
        }
    }

    fn sealed(
        &self,
        operation: &'static str,
        item: &super::item::Item,
    ) -> Result<SealedEntry, StoreError> {
        read(item).map_err(|damage| self.unreadable(operation, item, &damage))
    }

    fn unreadable(
        &self,
        operation: &'static str,
        item: &super::item::Item,
        damage: &super::item::Damaged,
    ) -> StoreError {
        super::failure::damaged(self.table(), operation, Key::of(item).as_ref(), damage)
    }
}

/// Several chains, each newest first, as one.
fn merged(mut chains: Vec<VecDeque<SealedEntry>>) -> impl Iterator<Item = SealedEntry> {
    std::iter::from_fn(move || {
        let newest = chains.iter_mut().max_by_key(|chain| chain.front().map(|one| one.entry.at))?;
        newest.pop_front()
    })
}

//! No more than so many people wait each by themselves.

use super::waiting::{SHARDS, Waiting, key_of, waiting_in};
use crate::backoff::backoff;
use crate::dynamodb::DynamoStore;
use crate::dynamodb::change::Record as _;
use crate::dynamodb::failure::contended;
use crate::dynamodb::keys::Key;
use crate::dynamodb::wire::{Over, Query, Sort, Step, TRANSACTION, Written};
use control::ports::{MOST_PEOPLE_WAITING, StoreError, WorkKey};
use futures::future;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};

/// Counting costs what reading costs. A process counts when it has pushed a sixteenth of what was
/// free by the last count: up to sixteen replicas that push at once do not overshoot.
const REPLICAS: i64 = 16;

/// How often some items are looked at anew.
const ROUNDS: u32 = 24;

/// How many new people this process may push before it counts again.
#[derive(Debug, Default)]
pub(in crate::dynamodb) struct Backlog(AtomicI64);

impl DynamoStore {
    /// Makes everything of the people who wait, if there are too many after `new` ones came.
    pub(super) async fn bound(
        &self,
        operation: &'static str,
        new: usize,
    ) -> Result<(), StoreError> {
        let new = i64::try_from(new).unwrap_or(i64::MAX);
        if new == 0 || self.backlog.0.fetch_sub(new, Ordering::Relaxed) >= new {
            return Ok(());
        }
        let shards: Vec<Query> =
            (0..SHARDS).map(|shard| Query::index(waiting_in(shard), Sort::Index)).collect();
        let counts = shards.iter().map(|query| self.count(operation, query));
        let waiting: u64 = future::try_join_all(counts).await?.into_iter().sum();
        let most = i64::from(MOST_PEOPLE_WAITING);
        let free = most - i64::try_from(waiting).unwrap_or(i64::MAX);
        self.backlog.0.store((free / REPLICAS).max(0), Ordering::Relaxed);
        if free >= 0 {
            return Ok(());
        }
        let people =
            self.of_shards(operation, |shard| vec![Query::index(waiting_in(shard), Sort::Index)]);
        let people = people.await?;
        let mut first = i64::MAX;
        for item in &people {
            first = first.min(self.waiting(operation, item)?.due);
        }
        let keys: Vec<Key> = people.iter().filter_map(Key::of).collect();
        // One step is for everything itself.
        for chunk in keys.chunks(TRANSACTION - 1) {
            self.make_everything_of(operation, chunk, first).await?;
        }
        Ok(())
    }

    /// Removes these people, on condition that everything waits: then whoever pushed one of them,
    /// and found that nothing had to be written, is seen to as well.
    async fn make_everything_of(
        &self,
        operation: &'static str,
        people: &[Key],
        due: i64,
    ) -> Result<(), StoreError> {
        let everything = key_of(&WorkKey::Everything);
        let mut keys: BTreeSet<Key> = people.iter().cloned().collect();
        keys.insert(everything.clone());
        for round in 0..ROUNDS {
            let found = self.get_all(operation, &keys).await?;
            let mut steps = Vec::with_capacity(keys.len());
            for (key, item) in found.iter().filter(|(key, _)| **key != everything) {
                if self.waiting(operation, item)?.lease.is_none() {
                    steps.push(Step::Delete(key.clone(), Over::of(item)));
                }
            }
            if steps.is_empty() {
                return Ok(());
            }
            let item = found.get(&everything);
            let old = item.map(|item| self.waiting(operation, item)).transpose()?;
            let over = item.map_or(Over::Nothing, Over::of);
            steps.push(match Waiting::pushed(old, Some(&WorkKey::Everything), due) {
                Some(waiting) => Step::Put(waiting.write(), over),
                None => Step::Check(everything.clone(), over),
            });
            if self.transact(operation, &steps).await? == Written::Done {
                return Ok(());
            }
            backoff(round).await;
        }
        Err(contended(&self.table, operation, "everything is pushed and taken all the time"))
    }
}

//! What is to be read again.
//!
//! An item for each person who waits, in a partition of their own, and one for everything. The index
//! has the people by when they can be taken: those who wait under `work#SHARD`, those whom somebody
//! is at under `leased#SHARD`. The index only proposes: an item is taken by a write on condition that
//! nobody else wrote it meanwhile.

mod bound;
mod leased;
mod waiting;

use super::DynamoStore;
use super::change::{Change, Manner, Record as _, Turn};
use super::failure::damaged;
use super::item::{Item, floor};
use super::keys::Key;
use super::wire::{AT_ONCE, Over, Query, Sort, Step, TRANSACTION, Written};
use crate::backoff::backoff;
use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{
    Lease, MOST_TAKEN_BY_NAME, QueueStatus, Retry, StoreError, Work, WorkKey, WorkQueue,
};
use futures::{StreamExt as _, TryStreamExt as _, future, stream};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use waiting::{Held, SHARDS, Waiting, key_of, leased_in, waiting_in};

pub(super) use bound::Backlog;
pub(super) use leased::Leased;

const TAKE: &str = "take work";
const COUNT: &str = "count work";

/// How often it is looked again where others took all that was seen.
const LOOKS: u32 = 4;

#[async_trait]
impl WorkQueue for DynamoStore {
    async fn push(&self, keys: &BTreeSet<WorkKey>, due: Timestamp) -> Result<(), StoreError> {
        const PUSH: &str = "queue what is to be read again";
        let due = floor(due);
        let by_key: BTreeMap<Key, &WorkKey> = keys.iter().map(|key| (key_of(key), key)).collect();
        if let (Some((_, key)), 1) = (by_key.first_key_value(), by_key.len())
            && self.push_new(PUSH, key, due).await?
        {
            return self.bound(PUSH, usize::from(matches!(key, WorkKey::Person(_)))).await;
        }
        let manner = if by_key.len() > 1 { Manner::Together } else { Manner::Each };
        let turn = |key: &Key, old: Option<Waiting>| {
            let is_new = old.is_none();
            match (Waiting::pushed(old, by_key.get(key).copied(), due), is_new) {
                (Some(waiting), is_new) => Turn::alone(Change::Put(waiting), is_new),
                (None, _) => Turn::alone(Change::Keep, false),
            }
        };
        let pushed = self.change(PUSH, by_key.keys().cloned().collect(), manner, turn).await?;
        let new = pushed
            .into_iter()
            .filter(|(key, is_new)| *is_new && matches!(by_key.get(key), Some(WorkKey::Person(_))));
        self.bound(PUSH, new.count()).await
    }

    async fn take(
        &self,
        owner: &str,
        now: Timestamp,
        lease_for: SignedDuration,
        most: u32,
    ) -> Result<Vec<Work>, StoreError> {
        let until = floor(now.checked_add(lease_for).unwrap_or(Timestamp::MAX));
        let taker = Taker { store: self, owner, now: floor(now), until };
        let wanted = usize::try_from(most).unwrap_or(usize::MAX);
        for tried in 0..LOOKS {
            let (everything, people) = future::try_join(
                self.get(TAKE, &key_of(&WorkKey::Everything)),
                taker.candidates(most),
            )
            .await?;
            if let Some(item) = everything
                && let Some(work) = taker.everything(&item).await?
            {
                return Ok(vec![work]);
            }
            if people.is_empty() {
                return Ok(Vec::new());
            }
            let works = taker.people(people, wanted).await?;
            if !works.is_empty() {
                return Ok(works);
            }
            backoff(tried).await;
        }
        Ok(Vec::new())
    }

    async fn take_people(
        &self,
        people: &BTreeSet<PersonId>,
        owner: &str,
        now: Timestamp,
        lease_for: SignedDuration,
    ) -> Result<Vec<Work>, StoreError> {
        let until = floor(now.checked_add(lease_for).unwrap_or(Timestamp::MAX));
        let taker = Taker { store: self, owner, now: floor(now), until };
        let people = people.iter().take(MOST_TAKEN_BY_NAME).cloned();
        let keys = people.map(|person| key_of(&WorkKey::Person(person))).collect();
        let found = self.get_all(TAKE, &keys).await?;
        let people = taker.free(found.values()).await?;
        if people.is_empty() { Ok(Vec::new()) } else { taker.people(people, usize::MAX).await }
    }

    async fn renew(&self, leases: &[Lease], until: Timestamp) -> Result<(), StoreError> {
        let until = floor(until);
        self.of_leases("go on with work", leases, |waiting| {
            let lease = waiting.lease.map(|held| Held { until, ..held });
            Change::Put(Waiting { lease, ..waiting })
        })
        .await
    }

    async fn done(&self, leases: &[Lease]) -> Result<(), StoreError> {
        self.of_leases("end work", leases, |waiting| match waiting.again {
            Some(again) => Change::Put(Waiting {
                since: again.since,
                due: again.due,
                tries: 0,
                lease: None,
                again: None,
                ..waiting
            }),
            None => Change::Delete,
        })
        .await
    }

    async fn again(&self, items: &[(Lease, Retry)]) -> Result<(), StoreError> {
        let leases: Vec<Lease> = items.iter().map(|(lease, _)| lease.clone()).collect();
        let retries: BTreeMap<&WorkKey, &Retry> =
            items.iter().map(|(lease, retry)| (&lease.key, retry)).collect();
        self.of_leases("put work back", &leases, |waiting| {
            let Some(retry) = retries.get(&waiting.key) else { return Change::Keep };
            let due = floor(retry.due);
            let due = waiting.again.map_or(due, |again| again.due.min(due));
            Change::Put(Waiting { due, tries: retry.tries, lease: None, again: None, ..waiting })
        })
        .await
    }

    async fn passed(&self, at: Timestamp) -> Result<(), StoreError> {
        let item = Item::at(&last_full()).with_number("passed", floor(at));
        self.put("remember a full pass", item, Over::Anything).await.map(drop)
    }

    async fn status(&self, now: Timestamp) -> Result<QueueStatus, StoreError> {
        let now = floor(now);
        let everything = key_of(&WorkKey::Everything);
        let (people, everything, last_full) = future::try_join3(
            self.of_shards(COUNT, |shard| {
                vec![
                    Query::index(waiting_in(shard), Sort::Index),
                    Query::index(leased_in(shard), Sort::Index),
                ]
            }),
            self.get(COUNT, &everything),
            self.get(COUNT, &last_full()),
        )
        .await?;
        let mut status = QueueStatus::default();
        let mut oldest: Option<i64> = None;
        for item in people.iter().chain(&everything) {
            let waiting = self.waiting(COUNT, item)?;
            if waiting.lease.as_ref().is_some_and(|held| held.until > now) {
                status.leased += 1;
            } else if waiting.due <= now {
                status.due += 1;
            } else {
                status.later += 1;
            }
            if waiting.since <= now {
                oldest = Some(oldest.map_or(waiting.since, |oldest| oldest.min(waiting.since)));
            }
        }
        status.oldest = oldest.and_then(|oldest| Timestamp::from_microsecond(oldest).ok());
        status.last_full = last_full
            .map(|item| item.time("passed"))
            .transpose()
            .map_err(|damage| damaged(&self.table, COUNT, None, &damage))?;
        Ok(status)
    }
}

fn last_full() -> Key {
    Key::new("tally", "last-full")
}

/// Somebody who takes work.
struct Taker<'a> {
    store: &'a DynamoStore,
    owner: &'a str,
    now: i64,
    until: i64,
}

impl Taker<'_> {
    /// People who can be taken, those who wait longest first, as the index knows them.
    async fn candidates(&self, most: u32) -> Result<Vec<(Waiting, Over)>, StoreError> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let items = self
            .store
            .of_shards(TAKE, |shard| {
                let due = Query::index(waiting_in(shard), Sort::UpTo(self.now));
                vec![Query { most: Some(most), ..due }, Query::index(leased_in(shard), Sort::Index)]
            })
            .await?;
        self.free(&items).await
    }

    /// Those of these items that can be taken, those who wait longest first.
    async fn free(
        &self,
        items: impl IntoIterator<Item = &Item> + Send,
    ) -> Result<Vec<(Waiting, Over)>, StoreError> {
        let mut found = Vec::new();
        for item in items {
            let waiting = self.store.waiting(TAKE, item)?;
            if let Some(capped) = waiting.capped(self.until) {
                self.store.put(TAKE, capped.write(), Over::of(item)).await?;
            } else if waiting.is_free(self.now) {
                found.push((waiting, Over::of(item)));
            }
        }
        found.sort_by(|(a, _), (b, _)| (a.due, &a.key).cmp(&(b.due, &b.key)));
        Ok(found)
    }

    async fn everything(&self, item: &Item) -> Result<Option<Work>, StoreError> {
        let waiting = self.store.waiting(TAKE, item)?;
        if let Some(capped) = waiting.capped(self.until) {
            self.store.put(TAKE, capped.write(), Over::of(item)).await?;
            return Ok(None);
        }
        if !waiting.is_free(self.now) {
            return Ok(None);
        }
        self.one(waiting, Over::of(item), lease_number()).await
    }

    /// Takes as many of these as it can, up to `wanted`.
    async fn people(
        &self,
        candidates: Vec<(Waiting, Over)>,
        wanted: usize,
    ) -> Result<Vec<Work>, StoreError> {
        let number = lease_number();
        let (mut taken, mut left) = (Vec::new(), candidates.into_iter());
        loop {
            let batch: Vec<_> = left.by_ref().take(wanted - taken.len()).collect();
            if batch.is_empty() {
                break;
            }
            if let Some(all) = self.together(&batch, number).await? {
                taken.extend(all);
                continue;
            }
            let got: Vec<Option<Work>> = stream::iter(batch)
                .map(|(waiting, over)| self.one(waiting, over, number))
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await?;
            taken.extend(got.into_iter().flatten());
        }
        taken.sort_by(|a, b| a.lease.cmp(&b.lease));
        Ok(taken)
    }

    /// Takes all of these in one call; `None`: somebody changed one of them, and none is taken.
    async fn together(
        &self,
        batch: &[(Waiting, Over)],
        number: u64,
    ) -> Result<Option<Vec<Work>>, StoreError> {
        if batch.len() == 1 || batch.len() > TRANSACTION {
            return Ok(None);
        }
        let taken: Vec<(Work, Item)> =
            batch.iter().map(|(waiting, _)| self.lease(waiting.clone(), number)).collect();
        let steps = taken.iter().zip(batch);
        let steps = steps.map(|((_, item), (_, over))| Step::PutAs(item.clone(), *over));
        match self.store.transact(TAKE, &steps.collect::<Vec<_>>()).await? {
            Written::Done => {
                Ok(Some(taken.into_iter().map(|(work, item)| self.has(work, item)).collect()))
            }
            Written::Lost => Ok(None),
        }
    }

    /// Takes it, unless somebody changed it.
    async fn one(
        &self,
        waiting: Waiting,
        over: Over,
        number: u64,
    ) -> Result<Option<Work>, StoreError> {
        let (work, item) = self.lease(waiting, number);
        let written = self.store.transact(TAKE, &[Step::PutAs(item.clone(), over)]).await?;
        Ok((written == Written::Done).then(|| self.has(work, item)))
    }

    /// What it is once it is taken.
    fn lease(&self, waiting: Waiting, number: u64) -> (Work, Item) {
        let work = Work {
            lease: Lease { key: waiting.key.clone(), number },
            since: Timestamp::from_microsecond(waiting.since).unwrap_or(Timestamp::MIN),
            tries: waiting.tries,
        };
        let lease = Held { number, owner: self.owner.to_owned(), until: self.until };
        // What was pushed while a lease stood that ran out is read now, as everything is.
        let taken = Waiting { lease: Some(lease), again: None, ..waiting };
        (work, taken.write().with_new_version())
    }

    fn has(&self, work: Work, item: Item) -> Work {
        self.store.leased.remember(&work.lease, item);
        work
    }
}

/// A number that no other lease has.
fn lease_number() -> u64 {
    fastrand::u64(..)
}

impl DynamoStore {
    /// Queues what is not in the queue yet, as is mostly so where one person is pushed, without
    /// looking first; whether it was not.
    async fn push_new(
        &self,
        operation: &'static str,
        key: &WorkKey,
        due: i64,
    ) -> Result<bool, StoreError> {
        let Some(waiting) = Waiting::pushed(None, Some(key), due) else { return Ok(false) };
        Ok(self.put(operation, waiting.write(), Over::Nothing).await? == Written::Done)
    }

    /// Changes the items that are still under these leases.
    async fn of_leases(
        &self,
        operation: &'static str,
        leases: &[Lease],
        change: impl Fn(Waiting) -> Change<Waiting>,
    ) -> Result<(), StoreError> {
        let numbers: BTreeMap<Key, u64> =
            leases.iter().map(|lease| (key_of(&lease.key), lease.number)).collect();
        let turn = |key: &Key, old: Option<Waiting>| {
            let held = old.filter(|waiting| {
                let number = waiting.lease.as_ref().map(|held| held.number);
                number.is_some() && number == numbers.get(key).copied()
            });
            Turn::alone(held.map_or(Change::Keep, &change), ())
        };
        let mut found = self.leased.forget(&numbers);
        let keys: BTreeSet<Key> = numbers.keys().cloned().collect();
        let unknown = keys.iter().filter(|key| !found.contains_key(*key)).cloned().collect();
        found.extend(self.get_all(operation, &unknown).await?);
        self.change_found(operation, (keys, found), Manner::Together, turn).await?;
        Ok(())
    }

    /// What these queries find in each shard.
    async fn of_shards(
        &self,
        operation: &'static str,
        queries: impl Fn(u32) -> Vec<Query>,
    ) -> Result<Vec<Item>, StoreError> {
        let queries = (0..SHARDS).flat_map(queries).map(|query| self.query(operation, query));
        Ok(future::try_join_all(queries).await?.into_iter().flatten().collect())
    }

    fn waiting(&self, operation: &'static str, item: &Item) -> Result<Waiting, StoreError> {
        super::change::Record::read(item)
            .map_err(|damage| damaged(&self.table, operation, Key::of(item).as_ref(), &damage))
    }
}

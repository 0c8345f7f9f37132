//! Appending: what waits goes together, in one transaction that is made on condition.

use super::super::DynamoStore;
use super::super::failure::{contended, unusable};
use super::super::keys::{Key, shard};
use super::super::wire::{Over, Step, Written};
use super::row::items;
use super::{AT_ONCE, CHAINS, all_chains, numbered, partition, place};
use crate::backoff::backoff;
use control::audit::{
    ChainKey, Head, KeyRing, STORE_KEY, fresh_key, not_given, seal_placed, trimmed,
};
use control::ports::{AuditEntry, ChainId, SealedEntry, Secrets as _, StoreError};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::oneshot;

/// The most entries of one transaction: each is one item or two, and a transaction takes a hundred.
const MOST: usize = 45;

/// How often a transaction is tried, each time on another chain.
const TRIES: u32 = 10;

/// How often the end of a chain is read again that could not be.
const READ_AGAIN: u32 = 4;

const APPEND: &str = "append to the audit log";

/// What waits to be appended, and where.
#[derive(Debug, Default)]
pub(crate) struct Appends {
    keys: OnceLock<Arc<KeyRing>>,
    waiting: Mutex<VecDeque<Waiting>>,
    tail: tokio::sync::Mutex<Option<Tail>>,
}

#[derive(Debug)]
struct Waiting {
    entry: AuditEntry,
    tell: oneshot::Sender<Result<(), StoreError>>,
}

/// The chain that this process appends to, and its end, as far as it is known.
#[derive(Debug)]
struct Tail {
    chain: ChainId,
    head: Option<Head>,
}

impl Appends {
    pub(super) fn with_keys(keys: KeyRing) -> Self {
        let appends = Self::default();
        let _first = appends.keys.set(Arc::new(keys));
        appends
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DynamoStore {
    /// The keys of the log: those that were given, or the one that the table keeps.
    pub(super) async fn audit_keys(&self) -> Result<Arc<KeyRing>, StoreError> {
        // Not drawn before it is needed: the first randomness of a process costs it tens of
        // milliseconds.
        if let Some(keys) = self.known_keys().await? {
            return Ok(keys);
        }
        // Beside a log that others began with a key of theirs, one of the table's own would be to no use.
        let Some(key) = self.any_key(APPEND).await? else {
            let fresh = fresh_key().ok_or_else(|| {
                unusable(APPEND, "the machine has no randomness to draw a key from".to_owned())
            })?;
            return Ok(self.keep_keys(&self.get_or_create(STORE_KEY, fresh).await?));
        };
        // Unless another process has just drawn that very one.
        self.known_keys().await?.ok_or_else(|| unusable(APPEND, not_given(&key)))
    }

    /// The keys of the log, if there are any yet.
    async fn known_keys(&self) -> Result<Option<Arc<KeyRing>>, StoreError> {
        if let Some(keys) = self.appends.keys.get() {
            return Ok(Some(Arc::clone(keys)));
        }
        Ok(self.kept_secret(STORE_KEY).await?.map(|kept| self.keep_keys(&kept)))
    }

    fn keep_keys(&self, kept: &[u8; 32]) -> Arc<KeyRing> {
        let keys = || Arc::new(KeyRing::new(ChainKey::new(kept)));
        Arc::clone(self.appends.keys.get_or_init(keys))
    }

    /// [`AuditLog::foreign_key`](control::ports::AuditLog::foreign_key): a key of the chain that this process is at, where
    /// it can go on with no other; where it would begin that chain, a key of the others, if none of them is ours. No key
    /// is drawn: whoever only asks leaves none behind.
    pub(super) async fn key_of_others(&self) -> Result<Option<String>, StoreError> {
        const OPERATION: &str = "see which key the audit log is sealed with";
        let Some(keys) = self.known_keys().await? else {
            let Some(key) = self.any_key(OPERATION).await? else { return Ok(None) };
            // Another process may have drawn one meanwhile.
            return Ok(self.known_keys().await?.is_none().then_some(key));
        };
        let mut tail = self.appends.tail.lock().await;
        let tail = self.tail_in(&mut tail);
        if tail.head.is_some() {
            return Ok(None);
        }
        let is_ours = |key: &str| keys.get(key).is_some();
        let own = self.end_of(OPERATION, &tail.chain).await?;
        if own.as_ref().is_some_and(|(_, key)| is_ours(key)) {
            return Ok(None);
        }
        let ends = self.ends(OPERATION, (0..CHAINS).map(numbered).collect()).await?;
        match ends.iter().find(|(_, key)| is_ours(key)) {
            None => return Ok(ends.into_iter().next().map(|(_, key)| key)),
            Some((chain, _)) if own.is_some() => tail.chain = chain.clone(),
            Some(_) => {}
        }
        Ok(None)
    }

    /// A key that the end of any chain was sealed with.
    async fn any_key(&self, operation: &'static str) -> Result<Option<String>, StoreError> {
        let ends = self.ends(operation, all_chains()).await?;
        Ok(ends.into_iter().next().map(|(_, key)| key))
    }

    /// Those of these chains that were begun, and the keys that their ends were sealed with.
    async fn ends(
        &self,
        operation: &'static str,
        chains: Vec<ChainId>,
    ) -> Result<Vec<(ChainId, String)>, StoreError> {
        // Where the table is busy, not one of so many calls must fail: they would all be made anew.
        let end = |chain: ChainId| async move {
            let mut end = self.end_of(operation, &chain).await;
            for tried in 0..READ_AGAIN {
                if end.is_ok() {
                    break;
                }
                backoff(tried).await;
                end = self.end_of(operation, &chain).await;
            }
            end.map(|end| end.map(|(_, key)| (chain, key)))
        };
        let ends: Vec<_> = stream::iter(chains).map(end).buffered(AT_ONCE).try_collect().await?;
        Ok(ends.into_iter().flatten().collect())
    }

    /// Appends an entry. Whoever asked may go away: what others handed in must not break off with it.
    pub(super) async fn append_sealed(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let (tell, told) = oneshot::channel();
        let entry = AuditEntry { at: trimmed(entry.at), ..entry.clone() };
        self.appends.waiting().push_back(Waiting { entry, tell });
        let store = self.clone();
        tokio::spawn(async move { store.work_off().await });
        told.await.unwrap_or_else(|_| Err(unusable(APPEND, "the call was not finished".to_owned())))
    }

    /// Asks for what the next entry is sealed with and for the end that it follows, where they are not
    /// known: a process that has just started need not wait for them when it has something to append.
    pub(in super::super) async fn ready_to_append(&self) {
        // Whoever is at it asks for them.
        let Ok(mut tail) = self.appends.tail.try_lock() else { return };
        let tail = self.tail_in(&mut tail);
        if tail.head.is_some() {
            return;
        }
        // What fails here fails again when something is appended, and is told then.
        let Ok(keys) = self.audit_keys().await else { return };
        tail.head = self.head_of(&tail.chain, &keys).await.ok();
    }

    /// Appends an entry in one transaction with other steps: all is written or nothing. `Lost`: one of
    /// the steps, or the end of the chain, was something else by then; the next try is on another chain.
    /// An entry takes two steps of a transaction.
    pub(in super::super) async fn append_with(
        &self,
        entry: &AuditEntry,
        steps: &[Step],
    ) -> Result<Written, StoreError> {
        let entry = AuditEntry { at: trimmed(entry.at), ..entry.clone() };
        let keys = self.audit_keys().await?;
        let stamp = self.stamps.next(entry.at).text;
        let mut tail = self.appends.tail.lock().await;
        let tail = self.tail_in(&mut tail);
        let mut head = match tail.head.take() {
            Some(head) => head,
            None => self.head_of(&tail.chain, &keys).await?,
        };
        let place = entry.person.is_some().then_some(&*stamp);
        let seal = seal_placed(&entry, &tail.chain, &mut head, keys.current(), place);
        let first = Some((seal.seq, seal.mac.clone()));
        let made = items(&SealedEntry { entry, seal }, &stamp).into_iter();
        let mut all: Vec<Step> = made.map(|item| Step::Put(item, Over::Nothing)).collect();
        all.extend(steps.iter().cloned());
        if self.transact(APPEND, &all).await? == Written::Done
            || self.is_there(&tail.chain, first).await?
        {
            tail.head = Some(head);
            return Ok(Written::Done);
        }
        tail.chain = numbered(fastrand::u32(0..CHAINS));
        Ok(Written::Lost)
    }

    /// The chain of this process; one that its name chooses, before it has appended anything.
    fn tail_in<'t>(&self, tail: &'t mut Option<Tail>) -> &'t mut Tail {
        tail.get_or_insert_with(|| {
            let number = shard(&self.stamps.writer(), CHAINS);
            Tail { chain: numbered(number), head: None }
        })
    }

    async fn work_off(&self) {
        let mut tail = self.appends.tail.lock().await;
        loop {
            let batch: Vec<Waiting> = {
                let mut waiting = self.appends.waiting();
                let count = waiting.len().min(MOST);
                waiting.drain(..count).collect()
            };
            if batch.is_empty() {
                return;
            }
            let (entries, tells): (Vec<AuditEntry>, Vec<_>) =
                batch.into_iter().map(|Waiting { entry, tell }| (entry, tell)).unzip();
            let tail = self.tail_in(&mut tail);
            let done = self.append_all(tail, &entries).await;
            for tell in tells {
                // Whoever asked may have gone away; what was done stays done.
                let _nobody_waits = tell.send(done.clone());
            }
        }
    }

    async fn append_all(&self, tail: &mut Tail, entries: &[AuditEntry]) -> Result<(), StoreError> {
        let keys = self.audit_keys().await?;
        let stamps: Vec<String> =
            entries.iter().map(|entry| self.stamps.next(entry.at).text).collect();
        for tried in 0..TRIES {
            // What fails here may have been written or not: the end has to be read anew.
            let mut head = match tail.head.take() {
                Some(head) => head,
                None => self.head_of(&tail.chain, &keys).await?,
            };
            let mut steps = Vec::new();
            let mut first = None;
            for (entry, stamp) in entries.iter().zip(&stamps) {
                let place = entry.person.is_some().then_some(&**stamp);
                let seal = seal_placed(entry, &tail.chain, &mut head, keys.current(), place);
                let _ = first.get_or_insert_with(|| (seal.seq, seal.mac.clone()));
                let sealed = SealedEntry { entry: entry.clone(), seal };
                let made = items(&sealed, stamp).into_iter();
                steps.extend(made.map(|item| Step::Put(item, Over::Nothing)));
            }
            if self.transact(APPEND, &steps).await? == Written::Done
                || self.is_there(&tail.chain, first).await?
            {
                tail.head = Some(head);
                return Ok(());
            }
            // Somebody else appends here.
            let other = fastrand::u32(0..CHAINS);
            tail.chain = numbered(other);
            if tried > 1 {
                backoff(tried).await;
            }
        }
        Err(contended(self.table(), APPEND, "the end of every chain"))
    }

    /// Whether it was this very entry that took the place: the answer to a first try was lost.
    async fn is_there(
        &self,
        chain: &ChainId,
        first: Option<(u64, String)>,
    ) -> Result<bool, StoreError> {
        let Some((seq, mac)) = first else { return Ok(false) };
        let found = self.get(APPEND, &Key::new(partition(chain), place(seq))).await?;
        Ok(found.is_some_and(|item| item.opt_text("mac") == Some(&mac)))
    }

    async fn head_of(&self, chain: &ChainId, keys: &KeyRing) -> Result<Head, StoreError> {
        match self.end_of(APPEND, chain).await? {
            None => Ok(Head::empty()),
            Some((_, key)) if keys.get(&key).is_none() => Err(unusable(APPEND, not_given(&key))),
            Some((head, _)) => Ok(head),
        }
    }
}

//! Reading by keys: what is asked for at the same time goes together, in one call.
//!
//! Whoever needs several things that do not hang on each other asks for them side by side; ports need
//! not know of each other for that. A read is sent after it was asked for, never before, and is
//! strongly consistent: going together changes nothing of what it may find.

use super::DynamoStore;
use super::failure::{contended, of_call, unbuildable, unusable};
use super::item::Item;
use super::keys::Key;
use super::wire::AT_ONCE;
use crate::backoff::backoff;
use crate::failure::call_error;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use control::ports::{FailureKind, StoreError};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tracing::Instrument as _;

/// The most keys that one `BatchGetItem` takes.
const BATCH: usize = 100;

/// Whoever asks for more goes alone: others would wait for the last part of it.
const FEW: usize = 50;

/// How often what a batch left undone is asked for again.
const TRIES: u32 = 12;

/// Items by their keys.
type Found = BTreeMap<Key, Item>;

/// What waits to be read.
#[derive(Debug, Default)]
pub(crate) struct Reads(Mutex<Vec<Asked>>);

#[derive(Debug)]
struct Asked {
    operation: &'static str,
    keys: BTreeSet<Key>,
    tell: oneshot::Sender<Result<Found, StoreError>>,
}

/// Why nothing was read.
struct Unread {
    error: StoreError,
    /// Whether the service took exception to what was asked for: that fails however often it is asked.
    is_refused: bool,
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        Self { error, is_refused: false }
    }
}

impl Unread {
    fn of<E>(
        table: &str,
        operation: &'static str,
        action: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let call = call_error("dynamodb", action, error);
        let is_refused = call.kind == FailureKind::Rejected;
        Self { error: of_call(table, operation, &call), is_refused }
    }
}

impl Reads {
    fn waiting(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DynamoStore {
    /// The item, strongly consistent.
    pub(crate) async fn get(
        &self,
        operation: &'static str,
        key: &Key,
    ) -> Result<Option<Item>, StoreError> {
        let keys = BTreeSet::from([key.clone()]);
        Ok(self.get_all(operation, &keys).await?.remove(key))
    }

    /// The items of these keys that are there, strongly consistent.
    pub(crate) async fn get_all(
        &self,
        operation: &'static str,
        keys: &BTreeSet<Key>,
    ) -> Result<Found, StoreError> {
        if keys.is_empty() {
            return Ok(Found::new());
        }
        if keys.len() > FEW {
            return self.read(operation, keys).await.map_err(|unread| unread.error);
        }
        let (tell, told) = oneshot::channel();
        let is_first = {
            let mut waiting = self.reads.waiting();
            waiting.push(Asked { operation, keys: keys.clone(), tell });
            waiting.len() == 1
        };
        if is_first {
            // It begins when whoever asked waits, and everybody beside them has asked. They may go
            // away: what others asked for must not break off with it.
            let store = self.clone();
            tokio::spawn(async move { store.read_waiting().await }.in_current_span());
        }
        told.await
            .unwrap_or_else(|_| Err(unusable(operation, "the call was not finished".to_owned())))
    }

    async fn read_waiting(&self) {
        let asked = std::mem::take(&mut *self.reads.waiting());
        let Some(operation) = asked.first().map(|first| first.operation) else { return };
        let all = asked.iter().flat_map(|asked| &asked.keys).cloned().collect();
        let read = match self.read(operation, &all).await {
            // What one of them asked for may be no key. Of that the others must not hear.
            Err(Unread { is_refused: true, .. }) if asked.len() > 1 => {
                return self.read_apart(asked).await;
            }
            read => read.map_err(|unread| unread.error),
        };
        for Asked { operation, keys, tell } in asked {
            let own = |found: &Found| {
                let own = keys.iter().filter_map(|key| found.get_key_value(key));
                own.map(|(key, item)| (key.clone(), item.clone())).collect()
            };
            let answer = match &read {
                Ok(found) => Ok(own(found)),
                Err(error) => Err(StoreError { operation, ..error.clone() }),
            };
            // Whoever asked may have gone away.
            let _nobody_waits = tell.send(answer);
        }
    }

    /// Reads for each who waits what they asked for, and nothing else.
    async fn read_apart(&self, asked: Vec<Asked>) {
        let each = stream::iter(asked).for_each_concurrent(AT_ONCE, |asked| async move {
            let Asked { operation, keys, tell } = asked;
            let read = self.read(operation, &keys).await;
            // Whoever asked may have gone away.
            let _nobody_waits = tell.send(read.map_err(|unread| unread.error));
        });
        each.await;
    }

    async fn read(&self, operation: &'static str, keys: &BTreeSet<Key>) -> Result<Found, Unread> {
        if let (Some(key), 1) = (keys.first(), keys.len()) {
            let found = self.read_one(operation, key).await?;
            return Ok(found.map(|item| (key.clone(), item)).into_iter().collect());
        }
        let keys: Vec<Key> = keys.iter().cloned().collect();
        let chunks: Vec<Vec<Key>> = keys.chunks(BATCH).map(<[Key]>::to_vec).collect();
        let found: Vec<Vec<Item>> = stream::iter(chunks)
            .map(|chunk| self.read_chunk(operation, chunk))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().filter_map(|item| Some((Key::of(&item)?, item))).collect())
    }

    async fn read_one(&self, operation: &'static str, key: &Key) -> Result<Option<Item>, Unread> {
        let answer = self
            .client
            .get_item()
            .table_name(&*self.table)
            .consistent_read(true)
            .set_key(Some(key.attributes().into()))
            .send()
            .await
            .map_err(|error| Unread::of(&self.table, operation, "GetItem", &error))?;
        Ok(answer.item.map(Item::from_wire))
    }

    async fn read_chunk(
        &self,
        operation: &'static str,
        chunk: Vec<Key>,
    ) -> Result<Vec<Item>, Unread> {
        let asked = chunk.iter().map(|key| key.attributes().into()).collect();
        let asked = KeysAndAttributes::builder().set_keys(Some(asked)).consistent_read(true);
        let mut left = asked.build().map_err(|error| unbuildable(operation, &error))?;
        let mut found = Vec::new();
        for tried in 0..TRIES {
            let answer = self
                .client
                .batch_get_item()
                .request_items(&*self.table, left)
                .send()
                .await
                .map_err(|error| Unread::of(&self.table, operation, "BatchGetItem", &error))?;
            let mut responses = answer.responses.unwrap_or_default();
            let items = responses.remove(&*self.table).unwrap_or_default();
            found.extend(items.into_iter().map(Item::from_wire));
            let mut unprocessed = answer.unprocessed_keys.unwrap_or_default();
            match unprocessed.remove(&*self.table) {
                Some(keys) if !keys.keys().is_empty() => left = keys,
                _ => return Ok(found),
            }
            backoff(tried).await;
        }
        Err(contended(&self.table, operation, "it is throttled").into())
    }
}

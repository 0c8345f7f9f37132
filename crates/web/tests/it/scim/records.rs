//! Where what is pushed is kept, which may fail or never answer.

use async_trait::async_trait;
use control::ports::{
    AuditEntry, FoundRecord, RecordChange, RecordCounts, RecordKey, RecordKind, RecordMember,
    RecordStart, RecordWritten, ScimRecord, ScimRecords, StoreError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// The records of a house.
#[derive(Debug)]
pub(crate) struct Records {
    store: Arc<store::SqliteStore>,
    /// Whether a change is made, and its success told as a failure.
    pub(crate) fails_after_writing: AtomicBool,
    /// Whether changes wait until it is told to go on.
    pub(crate) waits_to_write: AtomicBool,
    /// So many did.
    pub(crate) waiting: AtomicUsize,
    /// Tells it.
    pub(crate) go_on: Notify,
    /// Whether pages are read for ever.
    pub(crate) reads_for_ever: AtomicBool,
    /// So many pages are being read.
    pub(crate) reading: AtomicUsize,
    /// Whenever a page begins to be read for ever.
    pub(crate) began: Notify,
}

/// A page that is read, until it is given up.
struct Read<'r>(&'r AtomicUsize);

impl Drop for Read<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Records {
    pub(crate) fn of(store: Arc<store::SqliteStore>) -> Self {
        Self {
            store,
            fails_after_writing: AtomicBool::default(),
            waits_to_write: AtomicBool::default(),
            waiting: AtomicUsize::default(),
            go_on: Notify::default(),
            reads_for_ever: AtomicBool::default(),
            reading: AtomicUsize::default(),
            began: Notify::default(),
        }
    }
}

#[async_trait]
impl ScimRecords for Records {
    async fn scim_records(
        &self,
        directory: &str,
        kind: RecordKind,
        ids: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, ScimRecord>, StoreError> {
        let good = |id: &String| (1..=512).contains(&id.len());
        assert!(ids.iter().all(good), "DynamoDB refuses such a key: {ids:?}");
        self.store.scim_records(directory, kind, ids).await
    }

    async fn scim_find(
        &self,
        directory: &str,
        kind: RecordKind,
        key: RecordKey,
        value: &str,
        most: u32,
    ) -> Result<Vec<FoundRecord>, StoreError> {
        self.store.scim_find(directory, kind, key, value, most).await
    }

    async fn scim_page(
        &self,
        directory: &str,
        kind: RecordKind,
        start: &RecordStart,
        most: u32,
    ) -> Result<Vec<ScimRecord>, StoreError> {
        if let RecordStart::After(id) = start {
            assert!((1..=512).contains(&id.len()), "DynamoDB refuses such a key: {id}");
        }
        if self.reads_for_ever.load(Ordering::SeqCst) {
            self.reading.fetch_add(1, Ordering::SeqCst);
            let _read = Read(&self.reading);
            self.began.notify_one();
            std::future::pending::<()>().await;
        }
        self.store.scim_page(directory, kind, start, most).await
    }

    async fn scim_members(
        &self,
        directory: &str,
        group: &str,
        most: u32,
    ) -> Result<BTreeSet<RecordMember>, StoreError> {
        assert!((1..=512).contains(&group.len()), "DynamoDB refuses such a key: {group}");
        self.store.scim_members(directory, group, most).await
    }

    async fn scim_groups_of(
        &self,
        directory: &str,
        member: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        assert!((1..=512).contains(&member.len()), "DynamoDB refuses such a key: {member}");
        self.store.scim_groups_of(directory, member).await
    }

    async fn scim_write(
        &self,
        directory: &str,
        change: &RecordChange,
        entry: &AuditEntry,
    ) -> Result<RecordWritten, StoreError> {
        if self.waits_to_write.load(Ordering::SeqCst) {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            self.go_on.notified().await;
        }
        let written = self.store.scim_write(directory, change, entry).await?;
        if self.fails_after_writing.load(Ordering::SeqCst) {
            let message = "the answer was lost".to_owned();
            return Err(StoreError { operation: "write what was pushed", message });
        }
        Ok(written)
    }

    async fn scim_counts(&self, directory: &str) -> Result<RecordCounts, StoreError> {
        self.store.scim_counts(directory).await
    }
}

//! Sealing what a version left that did not: its entries stood by day, each day over some partitions.
//!
//! Entry by entry they move into a chain of their own, each in one transaction. Whoever is killed, or
//! meets another process that does the same, goes on from what is left.

use super::super::DynamoStore;
use super::super::failure::contended;
use super::super::item::Item;
use super::super::keys::{Key, SK};
use super::super::wire::{Over, Query, Step, Written};
use super::OLDER;
use super::row::{items, read_entry};
use crate::backoff::backoff;
use access::reason::ReasonCode;
use control::audit::{Head, seal_placed};
use control::ports::{AuditEntry, AuditEvent, ChainId, SealedEntry, StoreError};
use futures::future::BoxFuture;

const OPERATION: &str = "seal the audit log";

/// How many partitions a day had.
const SHARDS: u32 = 4;

/// Entries of one transaction: each is three items.
const MOST: usize = 30;

/// How often a transaction is tried.
const TRIES: u32 = 20;

/// The days that had entries.
fn days() -> &'static str {
    "audit-days"
}

/// The step of the schema.
pub(in super::super) fn seal_older(store: &DynamoStore) -> BoxFuture<'_, Result<(), StoreError>> {
    Box::pin(store.seal_all_older())
}

impl DynamoStore {
    async fn seal_all_older(&self) -> Result<(), StoreError> {
        let mut last = None;
        for day in self.query(OPERATION, Query::all(days())).await? {
            let Some(name) = day.opt_text(SK).map(str::to_owned) else { continue };
            last = self.seal_day(&name).await?.or(last);
            self.write_all(OPERATION, Vec::new(), vec![Key::new(days(), name)]).await?;
        }
        let Some(at) = last else { return Ok(()) };
        let told = AuditEntry::new(at, AuditEvent::AuditSealed, ReasonCode::AuditSealed.as_str())
            .with("chain", OLDER);
        self.append_sealed(&told).await
    }

    /// Seals the entries of a day, and says when the last of them was.
    async fn seal_day(&self, day: &str) -> Result<Option<jiff::Timestamp>, StoreError> {
        let mut last = None;
        for tried in 0..TRIES {
            let mut old = Vec::new();
            for number in 0..SHARDS {
                let query = Query::all(format!("audit#{day}#{number}"));
                old.extend(self.query(OPERATION, query).await?);
            }
            old.sort_by(|a, b| a.opt_text(SK).cmp(&b.opt_text(SK)));
            let mut interrupted = false;
            for chunk in old.chunks(MOST) {
                let (written, at) = self.seal_some(chunk).await?;
                if written == Written::Lost {
                    interrupted = true;
                    break;
                }
                last = at.or(last);
            }
            if !interrupted {
                return Ok(last);
            }
            // Another process is at it.
            backoff(tried).await;
        }
        Err(contended(self.table(), OPERATION, "the entries of a day"))
    }

    async fn seal_some(
        &self,
        old: &[Item],
    ) -> Result<(Written, Option<jiff::Timestamp>), StoreError> {
        let (keys, chain) = (self.audit_keys().await?, ChainId(OLDER.to_owned()));
        let mut head = match self.end_of(OPERATION, &chain).await? {
            Some((head, _)) => head,
            None => Head::empty(),
        };
        let (mut steps, mut last) = (Vec::new(), None);
        for item in old {
            let entry = read_entry(item).map_err(|d| self.unreadable(OPERATION, item, &d))?;
            last = Some(entry.at);
            let stamp = item.opt_text(SK).unwrap_or_default();
            let place = entry.person.is_some().then_some(stamp);
            let seal = seal_placed(&entry, &chain, &mut head, keys.current(), place);
            let sealed = SealedEntry { entry, seal };
            for (place, made) in items(&sealed, stamp).into_iter().enumerate() {
                // The copy among what happened to the person is there already.
                let over = if place == 0 { Over::Nothing } else { Over::Anything };
                steps.push(Step::Put(made, over));
            }
            if let Some(key) = Key::of(item) {
                // Such items have no version. One that is gone was sealed by another process.
                steps.push(Step::Delete(key, Over::Something));
            }
        }
        Ok((self.transact(OPERATION, &steps).await?, last))
    }
}

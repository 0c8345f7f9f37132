//! The store's queue, with a message for whoever has to look: no loop does.

use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{
    Clock, Lease, QueueStatus, Reminders, Retry, StoreError, Work, WorkKey, WorkQueue,
};
use control::reconciler::MOST_PEOPLE;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is due by then may be asked for before it is in the queue, if the message goes beside it.
const SOON: SignedDuration = SignedDuration::from_secs(2);

/// A queue that sends a message for everybody who is put into it.
///
/// The queue is the truth, and what is due is taken by a timer too. So a message that is not sent,
/// or comes when there is nothing to do any more, costs time and nothing else.
#[derive(Debug)]
pub struct RemindingQueue {
    queue: Arc<dyn WorkQueue>,
    reminders: Arc<dyn Reminders>,
    clock: Arc<dyn Clock>,
}

impl RemindingQueue {
    /// Sends `reminders` for what is put into `queue`.
    pub fn new(
        queue: Arc<dyn WorkQueue>,
        reminders: Arc<dyn Reminders>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { queue, reminders, clock }
    }

    async fn remind(&self, people: &BTreeSet<PersonId>, due: Timestamp) {
        // Of more people everything is read soon anyway.
        if people.is_empty() || people.len() > MOST_PEOPLE {
            return;
        }
        if let Err(error) = self.reminders.remind(people, due, self.clock.now()).await {
            tracing::warn!(people = people.len(), %error, "no message was sent; the timer looks");
        }
    }
}

#[async_trait]
impl WorkQueue for RemindingQueue {
    async fn push(&self, keys: &BTreeSet<WorkKey>, due: Timestamp) -> Result<(), StoreError> {
        self.queue.push(keys, due).await?;
        let people = keys.iter().filter_map(|key| match key {
            WorkKey::Person(person) => Some(person.clone()),
            WorkKey::Everything => None,
        });
        self.remind(&people.collect(), due).await;
        Ok(())
    }

    async fn take(
        &self,
        owner: &str,
        now: Timestamp,
        lease_for: SignedDuration,
        most: u32,
    ) -> Result<Vec<Work>, StoreError> {
        self.queue.take(owner, now, lease_for, most).await
    }

    async fn take_people(
        &self,
        people: &BTreeSet<PersonId>,
        owner: &str,
        now: Timestamp,
        lease_for: SignedDuration,
    ) -> Result<Vec<Work>, StoreError> {
        self.queue.take_people(people, owner, now, lease_for).await
    }

    async fn renew(&self, leases: &[Lease], until: Timestamp) -> Result<(), StoreError> {
        self.queue.renew(leases, until).await
    }

    async fn done(&self, leases: &[Lease]) -> Result<(), StoreError> {
        self.queue.done(leases).await
    }

    async fn again(&self, items: &[(Lease, Retry)]) -> Result<(), StoreError> {
        let mut by_due: BTreeMap<Timestamp, BTreeSet<PersonId>> = BTreeMap::new();
        for (lease, retry) in items {
            if let WorkKey::Person(person) = &lease.key {
                by_due.entry(retry.due).or_default().insert(person.clone());
            }
        }
        let remind = async {
            for (due, people) in &by_due {
                self.remind(people, *due).await;
            }
        };
        // A message that waits does not come before the item is there.
        let soon = self.clock.now().checked_add(SOON).unwrap_or(Timestamp::MAX);
        if by_due.keys().all(|due| *due > soon) {
            return futures::join!(self.queue.again(items), remind).0;
        }
        self.queue.again(items).await?;
        remind.await;
        Ok(())
    }

    async fn passed(&self, at: Timestamp) -> Result<(), StoreError> {
        self.queue.passed(at).await
    }

    async fn status(&self, now: Timestamp) -> Result<QueueStatus, StoreError> {
        self.queue.status(now).await
    }
}

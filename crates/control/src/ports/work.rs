//! Work that waits: what is to be read again, and planned.

use super::StoreError;
use access::ids::PersonId;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::fmt;

/// What is to be read again. Wake-ups of one key are one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkKey {
    /// Everybody and every domain.
    Everything,
    /// One person.
    Person(PersonId),
}

/// The right to work on an item until it is done, put back, or the lease has run out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease {
    /// On what.
    pub key: WorkKey,
    /// Tells this lease from every other one, of this item and of all.
    pub number: u64,
}

/// An item that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The right to it.
    pub lease: Lease,
    /// Since when it waits to be settled.
    pub since: Timestamp,
    /// How often it was put back with nothing achieved.
    pub tries: u32,
}

impl Work {
    /// Whether somebody asked for it, and it was not put back: that is looked at again because AWS is
    /// at it, not because of a change.
    pub fn is_new(&self) -> bool {
        self.tries == 0
    }
}

/// When an item is due again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Not before.
    pub due: Timestamp,
    /// How often it was put back with nothing achieved, this time included.
    pub tries: u32,
}

/// What the queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueStatus {
    /// Items that are due and wait for somebody.
    pub due: u64,
    /// Items that are due later.
    pub later: u64,
    /// Items that somebody is at.
    pub leased: u64,
    /// Since when the oldest unsettled item waits, of those that were wanted by now.
    pub oldest: Option<Timestamp>,
    /// When everything was last read in full and planned, whatever could be carried out of it.
    pub last_full: Option<Timestamp>,
}

impl QueueStatus {
    /// When everything was last read; where it never was, since when something has been waiting for it.
    /// A new installation whose first pass does not succeed is as late as an old one.
    pub fn read_or_waiting_since(&self) -> Option<Timestamp> {
        self.last_full.or(self.oldest)
    }
}

/// More people than these do not wait each by themselves: everything is read instead. Whoever floods
/// the events with made-up people fills no store.
pub const MOST_PEOPLE_WAITING: u32 = 10_000;

/// The most people whom [`WorkQueue::take_people`] looks at: those of one batch of messages.
pub const MOST_TAKEN_BY_NAME: usize = 50;

/// What is to be read again. Survives the process, and is shared by all replicas.
#[async_trait]
pub trait WorkQueue: Send + Sync + fmt::Debug {
    /// Asks for these to be read again, not before `due`; what waits already is due at the earlier
    /// of both times, and what somebody is at comes once more. All are on disk when this returns; if it
    /// fails, none of up to a hundred is, and of more any may be: that costs a reading. Of more than
    /// [`MOST_PEOPLE_WAITING`] people everything is made; a store of several machines may be late in
    /// counting them.
    async fn push(&self, keys: &BTreeSet<WorkKey>, due: Timestamp) -> Result<(), StoreError>;

    /// Leases what is due, in one atomic step: everything if that is due, by itself; else up to
    /// `most` people, those who wait longest first. A lease that ran out is as good as none, and so
    /// that a clock set back leaves nothing behind, none lasts longer than `lease_for` from now.
    async fn take(
        &self,
        owner: &str,
        now: Timestamp,
        lease_for: SignedDuration,
        most: u32,
    ) -> Result<Vec<Work>, StoreError>;

    /// Leases those of these people who are due and at whom nobody is, in one atomic step for each;
    /// whoever is not in the queue, not due or leased is left out. Leases are as those of
    /// [`Self::take`]. Of more than [`MOST_TAKEN_BY_NAME`] people only so many are looked at.
    async fn take_people(
        &self,
        people: &BTreeSet<PersonId>,
        owner: &str,
        now: Timestamp,
        lease_for: SignedDuration,
    ) -> Result<Vec<Work>, StoreError>;

    /// Lets the leases that still stand last until `until`.
    async fn renew(&self, leases: &[Lease], until: Timestamp) -> Result<(), StoreError>;

    /// Removes the items, apart from those pushed again meanwhile, which wait as they were asked to.
    /// A lease that somebody else has taken over by now is left alone.
    async fn done(&self, leases: &[Lease]) -> Result<(), StoreError>;

    /// Puts the items back for later; those pushed again meanwhile for when they were asked to. A
    /// lease that somebody else has taken over by now is left alone.
    async fn again(&self, items: &[(Lease, Retry)]) -> Result<(), StoreError>;

    /// Remembers that everything was read in full and planned.
    async fn passed(&self, at: Timestamp) -> Result<(), StoreError>;

    /// What the queue holds.
    async fn status(&self, now: Timestamp) -> Result<QueueStatus, StoreError>;
}

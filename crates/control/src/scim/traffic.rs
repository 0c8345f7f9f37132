//! What requests that come at the same time do to each other.

use super::answer::Failed;
use crate::limits::TooMany;
use ::scim::bounds::MAX_BODY_BYTES;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError};
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit, Semaphore};

/// So many records are changed at a time. Two that fall together wait for each other without need.
const LANES: usize = 64;

/// So many requests look through all records at a time: one takes a core for as long as a second.
const SCANS: usize = 1;

/// So many requests of one directory look through all records or wait for it. More would be given up
/// before their turn comes.
const WAITING: usize = 8;

/// When whoever finds so many waiting may come again, in seconds.
const COME_AGAIN: u32 = 5;

/// So much of the changes of one directory is held at a time, in units of [`HELD_UNIT`]: four of the longest.
/// What is sent is held until the change is carried through, which may be long after its client hung up.
const HELD: usize = 4 * MAX_BODY_BYTES / HELD_UNIT;

/// What the shortest change counts for, in bytes: it waits for its turn all the same.
const HELD_UNIT: usize = 16 * 1024;

/// What the requests of a process share. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Traffic(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    lanes: [Mutex<()>; LANES],
    scans: Arc<Semaphore>,
    /// Those of each directory that is pushed: there are as many as the map has.
    directories: std::sync::Mutex<BTreeMap<String, Line>>,
    hashing: RandomState,
}

/// Those of one directory who look through all its records.
#[derive(Debug, Clone)]
struct Line {
    room: Arc<Semaphore>,
    /// Whose turn it is to wait beside other directories: so each has one place there.
    head: Arc<Semaphore>,
    /// Where changes are held.
    held: Arc<Semaphore>,
}

/// Room for a change. It is free again when this is dropped.
#[derive(Debug)]
pub struct Room(OwnedSemaphorePermit);

impl Room {
    /// Gives back what a change of so many bytes does not need, once it is known how long it is.
    pub fn shrink_to(&mut self, bytes: usize) {
        let over = self.0.num_permits().saturating_sub(units(bytes));
        drop(self.0.split(over));
    }
}

/// How much room so many bytes take.
fn units(bytes: usize) -> usize {
    bytes.div_ceil(HELD_UNIT).max(1)
}

/// A turn to look through all records. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Scan {
    _turns: [OwnedSemaphorePermit; 3],
}

impl Default for Line {
    fn default() -> Self {
        let of = |places| Arc::new(Semaphore::new(places));
        Self { room: of(WAITING), head: of(1), held: of(HELD) }
    }
}

impl Default for Traffic {
    fn default() -> Self {
        let lanes = std::array::from_fn(|_| Mutex::default());
        let (scans, hashing) = (Arc::new(Semaphore::new(SCANS)), RandomState::new());
        let directories = std::sync::Mutex::default();
        Self(Arc::new(Shared { lanes, scans, directories, hashing }))
    }
}

impl Traffic {
    /// Waits until nobody else of this process changes the record, in the order of asking. Whoever
    /// changes it then changes what it read; other processes are told by the version.
    pub(crate) async fn turn(&self, directory: &str, id: &str) -> MutexGuard<'_, ()> {
        let [first, ..] = &self.0.lanes;
        let hash = self.0.hashing.hash_one((directory, id));
        let lane = usize::try_from(hash).unwrap_or(usize::MAX) % LANES;
        self.0.lanes.get(lane).unwrap_or(first).lock().await
    }

    /// Waits until nobody else of this process looks through all records, in the order of asking and
    /// with directories by turns.
    pub(super) async fn scan(&self, directory: &str) -> Result<Scan, Failed> {
        let Line { room, head, .. } = self.line(directory);
        let crowded = || Failed::Crowded(TooMany { retry_after_seconds: COME_AGAIN });
        let room = room.try_acquire_owned().map_err(|_| crowded())?;
        // Nobody closes them.
        let head = head.acquire_owned().await.map_err(|_| crowded())?;
        let scan = Arc::clone(&self.0.scans).acquire_owned().await.map_err(|_| crowded())?;
        Ok(Scan { _turns: [scan, head, room] })
    }

    /// Takes room for a change of so many bytes; without waiting, for nothing of it may be read before.
    pub(super) fn room(&self, directory: &str, bytes: usize) -> Result<Room, Failed> {
        let units = u32::try_from(units(bytes)).unwrap_or(u32::MAX);
        let held = self.line(directory).held.try_acquire_many_owned(units);
        let full = |_| Failed::Full(TooMany { retry_after_seconds: COME_AGAIN });
        held.map(Room).map_err(full)
    }

    fn line(&self, directory: &str) -> Line {
        let mut all = self.0.directories.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(directory.to_owned()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use std::pin::Pin;

    #[test]
    fn a_record_is_changed_by_one_at_a_time_and_others_meanwhile() {
        let traffic = Traffic::default();
        let first = traffic.turn("corp", "g1").now_or_never().unwrap();
        assert!(traffic.clone().turn("corp", "g1").now_or_never().is_none());
        let others =
            (0..200).filter(|n| traffic.turn("corp", &n.to_string()).now_or_never().is_some());
        assert!(others.count() > 100);
        drop(first);
        assert!(traffic.turn("corp", "g1").now_or_never().is_some());
    }

    #[test]
    fn changes_are_held_up_to_a_bound_of_bytes_and_others_are_sent_away() {
        let traffic = Traffic::default();
        let room = |bytes| traffic.room("corp", bytes);
        let mut long: Vec<Room> = (0..4).map(|_| room(MAX_BODY_BYTES).unwrap()).collect();
        let full = Failed::Full(TooMany { retry_after_seconds: 5 });
        assert_eq!(room(0).unwrap_err(), full);
        assert!(traffic.room("partners", MAX_BODY_BYTES).is_ok(), "it has room of its own");
        drop(long.pop());
        // The shortest count for something.
        let short: Vec<Room> = (0..MAX_BODY_BYTES / HELD_UNIT).map(|_| room(1).unwrap()).collect();
        assert_eq!(room(1).unwrap_err(), full);
        drop(short);
        // Whoever did not say how much comes has no more than came.
        let mut unsaid = room(MAX_BODY_BYTES).unwrap();
        assert_eq!(room(1).unwrap_err(), full);
        unsaid.shrink_to(MAX_BODY_BYTES / 2);
        assert!(room(MAX_BODY_BYTES / 2).is_ok());
    }

    #[test]
    fn all_records_are_looked_through_by_one_at_a_time() {
        let traffic = Traffic::default();
        let first = traffic.scan("corp").now_or_never().unwrap().unwrap();
        assert!(traffic.clone().scan("corp").now_or_never().is_none());
        assert!(traffic.clone().scan("partners").now_or_never().is_none());
        drop(first);
        assert!(traffic.scan("corp").now_or_never().unwrap().is_ok());
    }

    /// Whether it is ready now.
    fn poll<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> Option<T> {
        future.as_mut().now_or_never()
    }

    #[test]
    fn few_wait_to_look_through_all_records_and_more_are_sent_away() {
        let traffic = Traffic::default();
        let first = traffic.scan("corp").now_or_never().unwrap().unwrap();
        let mut waiting: Vec<_> = (1..WAITING).map(|_| Box::pin(traffic.scan("corp"))).collect();
        assert!(waiting.iter_mut().all(|one| poll(one).is_none()));
        let refused = traffic.scan("corp").now_or_never().unwrap().unwrap_err();
        assert_eq!(refused, Failed::Crowded(TooMany { retry_after_seconds: 5 }));
        // Another directory has a line of its own, and whoever goes away makes room.
        assert!(traffic.scan("partners").now_or_never().is_none());
        drop(waiting.pop());
        assert!(traffic.scan("corp").now_or_never().is_none());
        drop(first);
    }

    #[test]
    fn directories_look_through_all_records_by_turns() {
        let traffic = Traffic::default();
        let first = traffic.scan("corp").now_or_never().unwrap().unwrap();
        let (mut second, mut third) =
            (Box::pin(traffic.scan("corp")), Box::pin(traffic.scan("corp")));
        assert!(poll(&mut second).is_none() && poll(&mut third).is_none());
        let mut other = Box::pin(traffic.scan("partners"));
        assert!(poll(&mut other).is_none());
        drop(first);
        assert!(poll(&mut second).is_none() && poll(&mut third).is_none());
        let other = poll(&mut other).unwrap().unwrap();
        assert!(poll(&mut second).is_none());
        drop(other);
        assert!(poll(&mut third).is_none());
        assert!(poll(&mut second).unwrap().is_ok());
    }
}

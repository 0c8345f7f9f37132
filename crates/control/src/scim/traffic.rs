//! What requests that come at the same time do to each other.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};

/// So many records are changed at a time. Two that fall together wait for each other without need.
const LANES: usize = 64;

/// So many requests look through all records at a time: one takes a core for as long as a second.
const SCANS: usize = 1;

/// What the requests of a process share. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Traffic(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    lanes: [Mutex<()>; LANES],
    scans: Semaphore,
    hashing: RandomState,
}

impl Default for Traffic {
    fn default() -> Self {
        let lanes = std::array::from_fn(|_| Mutex::default());
        let (scans, hashing) = (Semaphore::new(SCANS), RandomState::new());
        Self(Arc::new(Shared { lanes, scans, hashing }))
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

    /// Waits until nobody else of this process looks through all records.
    pub(crate) async fn scan(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.0.scans.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

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
    fn all_records_are_looked_through_by_one_at_a_time() {
        let traffic = Traffic::default();
        let first = traffic.scan().now_or_never().unwrap();
        assert!(first.is_some());
        assert!(traffic.clone().scan().now_or_never().is_none());
        drop(first);
        assert!(traffic.scan().now_or_never().unwrap().is_some());
    }
}

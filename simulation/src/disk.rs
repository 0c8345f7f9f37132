//! The disk under the store.

use fastrand::Rng;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A disk that fails every now and then.
#[derive(Debug)]
pub(crate) struct FaultyDisk {
    /// Chance in a hundred that it serves a call not.
    chance: AtomicU8,
    random: Mutex<Rng>,
    failures: AtomicU64,
}

impl FaultyDisk {
    pub(crate) fn new(seed: u64) -> Self {
        let random = Mutex::new(Rng::with_seed(seed));
        Self { chance: AtomicU8::new(0), random, failures: AtomicU64::new(0) }
    }

    /// Sets the chance; returns what it was.
    pub(crate) fn set(&self, chance: u8) -> u8 {
        self.chance.swap(chance, Ordering::Relaxed)
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

impl store::Disk for FaultyDisk {
    fn serves(&self, _: &'static str) -> bool {
        let chance = self.chance.load(Ordering::Relaxed);
        if chance == 0 {
            return true;
        }
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let serves = random.u8(..100) >= chance;
        if !serves {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        serves
    }
}

//! Virtual time: tokio's paused clock as a time of day.

use crate::world::START;
use control::ports::{Clock, Entropy};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// The true time. It moves only while everybody waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrueTime {
    start: Timestamp,
    begun: Instant,
}

impl TrueTime {
    /// Begins now, at [`START`].
    pub(crate) fn begin() -> Self {
        let start = START.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        Self { start, begun: Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.begun.elapsed()).unwrap_or_default();
        self.start.checked_add(elapsed).unwrap_or(self.start)
    }
}

/// The clock of one machine, which can be wrong.
#[derive(Debug)]
pub(crate) struct MachineClock {
    truth: TrueTime,
    error: Mutex<SignedDuration>,
}

impl MachineClock {
    pub(crate) fn new(truth: TrueTime) -> Self {
        Self { truth, error: Mutex::default() }
    }

    /// Sets how far it is ahead of the true time.
    pub(crate) fn set_error(&self, error: SignedDuration) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let error = *self.error.lock().unwrap_or_else(PoisonError::into_inner);
        self.truth.now().saturating_add(error).unwrap_or(Timestamp::MAX)
    }
}

/// Bytes that a seed decides.
#[derive(Debug)]
pub(crate) struct DrawnBytes(Mutex<fastrand::Rng>);

impl DrawnBytes {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }
}

impl Entropy for DrawnBytes {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes);
        bytes
    }
}

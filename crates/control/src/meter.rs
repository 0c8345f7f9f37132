//! What the loop did since the start, as plain numbers for metrics and health.

use crate::plane::Plane;
use crate::ports::{Freeze, QueueStatus, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How a pass ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PassOutcome {
    /// AWS agrees, as far as Stagedoor can make it.
    Settled,
    /// Something changed or is under way; the loop looks again.
    Unfinished,
    /// Something could not be read, written or changed.
    Failed,
    /// The plan, or a part of it, was refused.
    Refused,
    /// Nothing may be changed now: it is frozen, or the process only observes.
    Halted,
    /// A defect ended it.
    Panicked,
}

impl PassOutcome {
    /// Its name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Unfinished => "unfinished",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Halted => "halted",
            Self::Panicked => "panicked",
        }
    }
}

/// Passes by what they read (`everything`, `people`) and how they ended.
pub type PassCounts = BTreeMap<(&'static str, PassOutcome), u64>;

/// Counts passes. Clones are the same counter.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<PassCounts>>);

impl Meter {
    pub(crate) fn count(&self, scope: &'static str, outcome: PassOutcome) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((scope, outcome)).or_default() += 1;
    }

    fn read(&self) -> PassCounts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How the loop is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopStatus {
    /// What waits, for all replicas.
    pub queue: QueueStatus,
    /// Why nothing may be changed, if so.
    pub frozen: Option<Freeze>,
    /// Whether this process changes nothing on principle.
    pub observe_only: bool,
    /// Passes of this process.
    pub passes: PassCounts,
}

impl Plane {
    /// How the loop is now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn loop_status(&self) -> Result<LoopStatus, StoreError> {
        Ok(LoopStatus {
            queue: self.queue.status(self.clock.now()).await?,
            frozen: self.switch.frozen().await?,
            observe_only: self.observe_only,
            passes: self.meter.read(),
        })
    }
}

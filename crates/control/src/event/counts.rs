//! What came of events since the start, as plain numbers for metrics.

use super::Family;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What came of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Some people are read again.
    Person,
    /// The people of a group are read again.
    Group,
    /// Everything is read again, for the event does not say whom it concerns, or nobody knows.
    Everything,
    /// It changes nobody's rights.
    Ignored,
    /// The call it tells of failed.
    FailedCall,
    /// Its shape is not known: everything is read again.
    Unknown,
    /// It is no event: everything is read again.
    Malformed,
}

impl Outcome {
    /// Its name, in metrics and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Group => "group",
            Self::Everything => "everything",
            Self::Ignored => "ignored",
            Self::FailedCall => "failed-call",
            Self::Unknown => "unknown",
            Self::Malformed => "malformed",
        }
    }
}

/// How many events had which outcome, by family.
pub type EventCounts = BTreeMap<(Family, Outcome), u64>;

/// The counts as they grow.
#[derive(Debug, Default)]
pub struct EventCounter(Mutex<EventCounts>);

impl EventCounter {
    /// The counts so far.
    pub fn read(&self) -> EventCounts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts one event.
    pub fn count(&self, family: Family, outcome: Outcome) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((family, outcome)).or_default() += 1;
    }
}

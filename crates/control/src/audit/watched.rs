//! What is remembered of looking after the log, beyond the life of the process that looked.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What the last look at the audit log came to. Nothing is believed of the log for it: it says what failed, and
/// keeps one process after the other from reading everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditWatched {
    /// When it ended.
    pub at: Timestamp,
    /// Since when no look could verify the log, if the last one could not.
    pub unverified_since: Option<Timestamp>,
    /// Since when no checkpoint could be read or made, if the last look could not.
    pub unanchored_since: Option<Timestamp>,
    /// What failed in it.
    pub failed: Option<String>,
    /// When a process last set out to read all of the log because its checkpoints could not be read.
    pub read_whole: Option<Timestamp>,
}

impl AuditWatched {
    /// Of a log that nobody looked at yet.
    pub(super) const fn begun(at: Timestamp) -> Self {
        Self { at, unverified_since: None, unanchored_since: None, failed: None, read_whole: None }
    }

    /// The log could not be read.
    pub(super) fn unverified(&mut self, now: Timestamp) {
        self.unverified_since = Some(earlier(self.unverified_since, now));
    }

    /// Whether nothing is in the way of checkpoints.
    pub(super) fn anchored(&mut self, is_well: bool, now: Timestamp) {
        let since = self.unanchored_since;
        self.unanchored_since = (!is_well).then(|| earlier(since, now));
    }

    /// Whether somebody set out to read all of it within this time. What is said to come yet was not written by
    /// our clock, and nobody rests on it.
    pub(super) fn was_read_within(&self, time: SignedDuration, now: Timestamp) -> bool {
        let ago = self.read_whole.map(|at| now.duration_since(at));
        ago.is_some_and(|ago| SignedDuration::ZERO <= ago && ago < time)
    }
}

fn earlier(since: Option<Timestamp>, now: Timestamp) -> Timestamp {
    since.map_or(now, |since| since.min(now))
}

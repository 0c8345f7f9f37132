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
    /// Since when no checkpoint could be read or made, if the last look of a process that makes any could not.
    pub unanchored_since: Option<Timestamp>,
    /// When a process that makes checkpoints last looked.
    pub anchored_at: Option<Timestamp>,
    /// What failed in it.
    pub failed: Option<String>,
    /// When a process last set out to read all of the log because its checkpoints could not be read.
    pub read_whole: Option<Timestamp>,
}

impl AuditWatched {
    /// Of a log that nobody looked at yet.
    pub(super) const fn begun(at: Timestamp) -> Self {
        Self {
            at,
            unverified_since: None,
            unanchored_since: None,
            anchored_at: None,
            failed: None,
            read_whole: None,
        }
    }

    /// The log could not be read.
    pub(super) fn unverified(&mut self, now: Timestamp) {
        self.unverified_since = Some(earlier(self.unverified_since, now));
    }

    /// What a look of a process that makes checkpoints failed of.
    pub(super) fn anchored(&mut self, failed: Option<String>, now: Timestamp) {
        let since = self.unanchored_since;
        self.unanchored_since = failed.is_some().then(|| earlier(since, now));
        self.anchored_at = Some(now);
        self.failed = failed;
    }

    /// What a look of a process that makes none failed of. It knows nothing of the checkpoints of others, unless
    /// nobody has looked after any for so long.
    pub(super) fn unanchored(
        &mut self,
        failed: Option<String>,
        patience: SignedDuration,
        now: Timestamp,
    ) {
        if !is_within(self.anchored_at, patience, now) {
            self.unanchored_since = None;
        }
        if failed.is_some() || self.unanchored_since.is_none() {
            self.failed = failed;
        }
    }

    /// Whether somebody set out to read all of it within this time.
    pub(super) fn was_read_within(&self, time: SignedDuration, now: Timestamp) -> bool {
        is_within(self.read_whole, time, now)
    }

    /// Both times as this process has to tell them that told `before`: where its own looks go on to fail, it does not
    /// matter to it that another's did not.
    pub(super) fn after(&self, before: Option<&Self>) -> Self {
        let go_on = |since: Option<Timestamp>, own: fn(&Self) -> Option<Timestamp>| {
            since.map(|since| earlier(before.and_then(own), since))
        };
        Self {
            unverified_since: go_on(self.unverified_since, |own| own.unverified_since),
            unanchored_since: go_on(self.unanchored_since, |own| own.unanchored_since),
            ..self.clone()
        }
    }
}

/// Whether it was within this time. What is said to come yet was not written by our clock, and nobody rests on it.
fn is_within(at: Option<Timestamp>, time: SignedDuration, now: Timestamp) -> bool {
    let ago = at.map(|at| now.duration_since(at));
    ago.is_some_and(|ago| SignedDuration::ZERO <= ago && ago < time)
}

fn earlier(since: Option<Timestamp>, now: Timestamp) -> Timestamp {
    since.map_or(now, |since| since.min(now))
}

//! The order of what is only ever appended.
//!
//! A stamp is a time and the writer's own number. The stamps of one handle rise with every entry,
//! also when the clock is set back. Those of several replicas are as their clocks, but for what one
//! follows on from: whoever takes a person over from another pass stamps above all that was stamped
//! before, so that the history of a person is in the order in which it happened. No two stamps are
//! the same, so that a put which is repeated writes the same item again, and no two entries meet.

use super::item::floor;
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Draws stamps for one handle and its clones.
#[derive(Debug)]
pub(crate) struct Stamps {
    /// The last time, in microseconds since 1970.
    last: Mutex<i64>,
    /// Tells this handle from every other one.
    writer: u64,
}

impl Default for Stamps {
    fn default() -> Self {
        Self { last: Mutex::new(i64::MIN), writer: fastrand::u64(..) }
    }
}

/// Where an entry is among all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Time and writer. Sorts as the entries were written.
    pub(crate) text: String,
}

impl Stamps {
    /// The writer, as a text.
    pub(crate) fn writer(&self) -> String {
        format!("{:016x}", self.writer)
    }

    fn last(&self) -> MutexGuard<'_, i64> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A time, in microseconds since 1970, that no stamp of this handle is above so far.
    pub(crate) fn reached(&self, now: Timestamp) -> i64 {
        floor(now).max(*self.last())
    }

    /// Stamps above this time from now on. A replica whose clock is behind runs ahead of it by what
    /// the clocks differ.
    pub(crate) fn follow(&self, reached: i64) {
        let mut last = self.last();
        *last = reached.max(*last);
    }

    /// The stamp of an entry of this time.
    pub(crate) fn next(&self, at: Timestamp) -> Stamp {
        let mut last = self.last();
        let micros = floor(at).max(last.saturating_add(1));
        *last = micros;
        let time = Timestamp::from_microsecond(micros).unwrap_or(at);
        Stamp { text: format!("{time:.6}#{:016x}", self.writer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_rise_whatever_the_clock_does() {
        let stamps = Stamps { writer: 0xbeef, ..Stamps::default() };
        let at = |text: &str| stamps.next(text.parse().unwrap());
        let first = at("2026-11-21T23:59:59.999999Z");
        assert_eq!(first.text, "2026-11-21T23:59:59.999999Z#000000000000beef");
        let same = at("2026-11-21T23:59:59.999999Z");
        assert_eq!(same.text, "2026-11-22T00:00:00.000000Z#000000000000beef");
        let back = at("1969-12-31T23:59:59Z");
        assert_eq!(back.text, "2026-11-22T00:00:00.000001Z#000000000000beef");
        let other = Stamps::default().next("2026-11-21T00:00:00Z".parse().unwrap());
        assert!(other.text < first.text && other.text.starts_with("2026-11-21T00:00:00.000000Z#"));
    }

    #[test]
    fn whoever_follows_stamps_above_and_is_never_set_back() {
        let early: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let late: Timestamp = "2026-11-21T00:00:10Z".parse().unwrap();
        let (ahead, behind) = (Stamps::default(), Stamps::default());
        assert_eq!(ahead.reached(late), floor(late), "nothing is stamped yet");
        let before = ahead.next(late);
        assert_eq!(ahead.reached(early), floor(late));
        behind.follow(ahead.reached(early));
        let after = behind.next(early);
        assert!(after.text > before.text, "{after:?} {before:?}");
        behind.follow(floor(early));
        assert!(behind.next(early).text > after.text);
    }
}

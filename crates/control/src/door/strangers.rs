//! How many refusals of people nobody knows are written down.
//!
//! Anybody who reaches the door can be refused, as often as a line carries. The audit log keeps what
//! it is given for ever, so that alone could fill a disk.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};

/// So many in [`WINDOW`]; the others stand in the log only, which rotates.
const MOST: u32 = 60;

/// A minute.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// The begin of the present window and how many refusals it has seen.
#[derive(Debug, Default)]
pub(super) struct Strangers(Mutex<(Timestamp, u32)>);

impl Strangers {
    /// Whether another refusal may be written down at this moment; counts it if so.
    pub(super) fn may_be_written_down(&self, now: Timestamp) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that is set back begins a window too, or it would be closed for long.
        if now.duration_since(window.0).abs() >= WINDOW {
            *window = (now, 0);
        }
        let may = window.1 < MOST;
        if may {
            window.1 += 1;
            if window.1 == MOST {
                tracing::warn!(
                    most = MOST,
                    "more refusals of strangers are not audited this minute"
                );
            }
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_holds_sixty() {
        let strangers = Strangers::default();
        let start: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        let written = (0..100).filter(|_| strangers.may_be_written_down(at(0))).count();
        assert_eq!(written, 60);
        assert!(!strangers.may_be_written_down(at(59)));
        assert!(strangers.may_be_written_down(at(60)));
        assert!(strangers.may_be_written_down(at(-3_600)));
    }
}

//! The one place that reads the system's clock.

use jiff::Timestamp;

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "replicas as processes live by the system's clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

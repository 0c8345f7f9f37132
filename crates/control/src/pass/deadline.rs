//! When a pass has to be over.

use std::future;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// No action begins so shortly before the end: a call to AWS takes a second or two.
const WIND_DOWN: Duration = Duration::from_secs(5);

/// When a pass has to be over: a process that is called, as a Lambda function is, is stopped then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// The process goes on.
    pub const NEVER: Self = Self(None);

    /// At this moment.
    pub const fn at(end: Instant) -> Self {
        Self(Some(end))
    }

    /// Whether so little time is left that nothing is begun any more.
    pub fn is_near(self) -> bool {
        self.0.is_some_and(|end| end.saturating_duration_since(Instant::now()) < WIND_DOWN)
    }

    /// Resolves when time is up.
    pub async fn passed(self) {
        match self.0 {
            Some(end) => sleep_until(end).await,
            None => future::pending().await,
        }
    }
}

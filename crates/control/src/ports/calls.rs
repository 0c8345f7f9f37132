//! What the calls to the provider came to, for whoever runs Stagedoor.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Calls to one service since the process began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCounts {
    /// Requests that were sent, by operation and by the code of the answer: `ok`, the service's own
    /// error code, or `no-answer`. One that is sent again counts again.
    pub answers: BTreeMap<(String, String), u64>,
    /// Those of them that the service refused because there were too many.
    pub throttled: u64,
    /// How long requests were kept back so that the service would take them, added up.
    pub waited: Duration,
}

impl CallCounts {
    /// Requests that were sent.
    pub fn calls(&self) -> u64 {
        self.answers.values().sum()
    }
}

/// Counts calls.
pub trait CallMeter: Send + Sync + fmt::Debug {
    /// The counts of each service, by its name in signatures (`sagemaker`, `identitystore`).
    fn call_counts(&self) -> BTreeMap<String, CallCounts>;
}

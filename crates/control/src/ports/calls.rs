//! What the calls to the provider came to, for whoever runs Stagedoor.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Calls to one service since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallCounts {
    /// Requests that were sent; one that is sent again counts again.
    pub calls: u64,
    /// Those of them that the service refused because there were too many.
    pub throttled: u64,
    /// How long requests were kept back so that the service would take them, added up.
    pub waited: Duration,
}

/// Counts calls.
pub trait CallMeter: Send + Sync + fmt::Debug {
    /// The counts of each service, by its name in signatures (`sagemaker`, `identitystore`).
    fn call_counts(&self) -> BTreeMap<String, CallCounts>;
}

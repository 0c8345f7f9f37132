//! The switch that stops every change.

use super::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;

/// Nothing is changed until somebody thaws it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

impl fmt::Display for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frozen by {} since {}: {}", self.by, self.at, self.reason)
    }
}

/// The switch, the same for all replicas and for the command line.
#[async_trait]
pub trait Switch: Send + Sync + fmt::Debug {
    /// Stops every change. What was said before, if it was frozen already, stays, and is returned.
    async fn freeze(&self, freeze: &Freeze) -> Result<Option<Freeze>, StoreError>;

    /// Ends this freeze and no other; whether it was in force.
    async fn thaw(&self, freeze: &Freeze) -> Result<bool, StoreError>;

    /// Whether nothing may be changed, and why.
    async fn frozen(&self) -> Result<Option<Freeze>, StoreError>;
}

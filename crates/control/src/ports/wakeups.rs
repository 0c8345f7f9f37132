//! The queue through which AWS tells that something changed.

use super::CallError;
use async_trait::async_trait;
use std::fmt;

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What it says: an `EventBridge` envelope or a bare `CloudTrail` record, as JSON text.
    pub body: String,
    /// What [`WakeQueue::done`] needs.
    pub receipt: String,
}

/// A queue of events.
#[async_trait]
pub trait WakeQueue: Send + Sync + fmt::Debug {
    /// Waits for messages, at most `wait_seconds` (0 to 20). An empty answer is normal.
    async fn receive(&self, wait_seconds: u32) -> Result<Vec<Delivery>, CallError>;

    /// Says that a message was acted on. One that is never done comes again.
    async fn done(&self, delivery: &Delivery) -> Result<(), CallError>;
}

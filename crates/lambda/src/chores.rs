//! What a function does besides what it is invoked for.

use async_trait::async_trait;
use std::fmt;

/// Small things that a long-running server does beside its loop. They never fail an invocation: what
/// goes wrong is logged, and the next one looks again.
#[async_trait]
pub trait Chores: Send + Sync + fmt::Debug {
    /// Does what is due. May be dropped half-way where time runs out.
    async fn look(&self);
}

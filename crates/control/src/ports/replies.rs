//! Answers to requests that came with an idempotency key, so that a request that is sent again is
//! answered again and not done again.

use super::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An answer that is given again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Its HTTP status.
    pub status: u16,
    /// Its body.
    pub body: String,
}

/// What is known of a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: it is to be done now, and is under way from now on.
    New,
    /// It is under way.
    UnderWay,
    /// It was answered so.
    Answered(Reply),
    /// The key came with another request.
    OtherRequest,
}

/// Requests with idempotency keys. Shared by all replicas.
#[async_trait]
pub trait Replies: Send + Sync + fmt::Debug {
    /// Begins a request, in one atomic step. `key` is a digest of who asks and of the key, `request`
    /// one of what is asked. Should whoever began it die, it can be begun anew at `until`.
    async fn begin_request(
        &self,
        key: &str,
        request: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Begun, StoreError>;

    /// Keeps the answer up to `until`; `None`: nothing came of it, and it can be begun anew at once.
    /// `begun` is the `until` that it was begun with: where somebody else began it after that, nothing
    /// changes.
    async fn end_request(
        &self,
        key: &str,
        begun: Timestamp,
        reply: Option<&Reply>,
        until: Timestamp,
    ) -> Result<(), StoreError>;
}

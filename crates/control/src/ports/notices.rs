//! What somebody was told of already, so that replicas tell it once.

use super::StoreError;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How far the telling of one thing to one recipient is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about: the words of the message that its end is told with.
    pub headline: String,
    /// When it was first seen.
    pub since: Timestamp,
    /// When it was last told; absent: not yet.
    pub told: Option<Timestamp>,
    /// Until when somebody is at it, or waits before the next try.
    pub busy_until: Timestamp,
    /// How often telling it has failed in a row.
    pub failures: u32,
}

/// Notices by key: a recipient, what it is about and which one.
#[async_trait]
pub trait Notices: Send + Sync + fmt::Debug {
    /// Every notice of something that goes on, or whose end is not told yet.
    async fn notices(&self) -> Result<BTreeMap<String, Notice>, StoreError>;

    /// Puts `new` in the place of `old`, in one atomic step, if `old` is what is there: `None` for
    /// nothing. Says whether it did. Of several who try at once, one does.
    async fn replace_notice(
        &self,
        key: &str,
        old: Option<&Notice>,
        new: Option<&Notice>,
    ) -> Result<bool, StoreError>;
}

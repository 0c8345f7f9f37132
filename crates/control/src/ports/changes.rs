//! What changed in a directory since it was last asked.

use super::CallError;
use crate::event::Concern;
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::fmt;

/// Where a look at the changes ended. Only the directory that made it can read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie(Vec<u8>);

impl Cookie {
    /// Keeps what the directory made.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What the directory made.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({} bytes)", self.0.len())
    }
}

/// What changed, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Whom it concerns, by the directory's own ids.
    pub concerns: BTreeSet<Concern>,
    /// For the next look. `None`: the directory cannot tell what changes, so that only the timer
    /// helps.
    pub cookie: Option<Cookie>,
}

/// A directory that can be asked what changed.
#[async_trait]
pub trait Changes: Send + Sync + fmt::Debug {
    /// What changed since the cookie was made. Without one, or with one that is of no use any more,
    /// that is everybody.
    ///
    /// # Errors
    /// It cannot be reached, or cannot say: the same cookie is good for another try.
    async fn since(&self, cookie: Option<&Cookie>) -> Result<Changed, CallError>;
}

//! Secrets that Stagedoor draws for itself.

use super::StoreError;
use async_trait::async_trait;
use std::fmt;

/// Secrets by name, the same for all replicas. Never shown by any command or page.
#[async_trait]
pub trait Secrets: Send + Sync + fmt::Debug {
    /// The secret of this name; `fresh` becomes it if there is none, in one atomic step. `fresh`
    /// comes from a cryptographic source.
    async fn get_or_create(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// The secret of this name, if there is one. Nothing is written.
    async fn kept(&self, name: &str) -> Result<Option<[u8; 32]>, StoreError>;
}

//! Copies of identity providers' metadata.

use super::StoreError;
use async_trait::async_trait;
use std::fmt;

/// The largest copy, in bytes.
pub const MAX_COPY: usize = 1024 * 1024;

/// Metadata of identity providers as it was last fetched and believed, so that a start while one of
/// them is down lets people in all the same. Whoever reads a copy judges it as if it had just been
/// fetched. Shared by all replicas.
#[async_trait]
pub trait MetadataCopies: Send + Sync + fmt::Debug {
    /// The copy of this name; `None` if there is none, or it is not whole.
    async fn metadata_copy(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a copy, of at most [`MAX_COPY`] bytes, in the place of the one of this name.
    async fn keep_metadata(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;
}

//! Copies of fetched metadata, in the store.

use access::ids::IdpKey;
use aws_lc_rs::digest::{SHA256, digest};
use control::ports::{MetadataCopies, Store};
use std::sync::Arc;

/// Where the copies are: all replicas have the same.
#[derive(Debug, Clone)]
pub(crate) struct Copies(Arc<dyn MetadataCopies>);

impl Copies {
    /// Those of this store.
    pub(crate) fn of(store: &Arc<dyn Store>) -> Self {
        Self(Arc::clone(store) as _)
    }

    /// The last good metadata from this address, if there is any. A store that fails has none: it is
    /// fetched.
    pub(super) async fn get(&self, key: &IdpKey, url: &str) -> Option<Vec<u8>> {
        self.0.metadata_copy(&name(key, url)).await.unwrap_or_else(|error| {
            tracing::warn!(idp = %key, %error, code = "idp-metadata-copy", "no copy can be had");
            None
        })
    }

    /// Keeps metadata in place of what was kept; whole or not at all.
    pub(super) async fn put(&self, key: &IdpKey, url: &str, bytes: &[u8]) {
        if let Err(error) = self.0.keep_metadata(&name(key, url), bytes).await {
            tracing::warn!(idp = %key, %error, code = "idp-metadata-copy", "no copy was kept");
        }
    }
}

/// The address is part of the name: when the map names another one, the old copy is of somebody
/// else.
fn name(key: &IdpKey, url: &str) -> String {
    let digest = digest(&SHA256, url.as_bytes());
    format!("{key}-{}", hex::encode(digest.as_ref().get(..8).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_copy_belongs_to_its_provider_and_its_address() {
        let store: Arc<dyn Store> = Arc::new(store::SqliteStore::in_memory().unwrap());
        let copies = Copies::of(&store);
        let (corp, other) = (IdpKey::parse("corp").unwrap(), IdpKey::parse("other").unwrap());
        assert_eq!(copies.get(&corp, "https://a").await, None);
        copies.put(&corp, "https://a", b"one").await;
        copies.put(&corp, "https://a", b"two").await;
        // Another replica has it too.
        let copies = Copies::of(&store);
        assert_eq!(copies.get(&corp, "https://a").await.as_deref(), Some(b"two".as_slice()));
        assert_eq!(copies.get(&corp, "https://b").await, None);
        assert_eq!(copies.get(&other, "https://a").await, None);
    }
}

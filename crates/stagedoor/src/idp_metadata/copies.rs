//! Copies of fetched metadata, in the store.

use crate::codes;
use access::ids::IdpKey;
use aws_lc_rs::digest::{SHA256, digest};
use control::door::KeyStatus;
use control::ports::{MetadataCopies, Store, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The name of the copy that is about our own keys. Those of providers end with a digest.
const OWN_KEYS: &str = "own-keys";

/// The name of what orders everybody to fetch at once.
const ORDER: &str = "fetch-order";

/// What is kept of a key of our own: what everybody may know.
#[derive(Serialize, Deserialize)]
struct OwnKey {
    fingerprint: String,
    not_after: Option<Timestamp>,
}

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
            tracing::warn!(idp = %key, %error, code = codes::IDP_METADATA_COPY.as_str(), "no copy can be had");
            None
        })
    }

    /// The last order to fetch everything at once, if there ever was one; `None`: the store does not say.
    pub(super) async fn order(&self) -> Option<Option<Vec<u8>>> {
        self.0.metadata_copy(ORDER).await.ok()
    }

    /// Orders everybody who shares the store to fetch all metadata at once.
    ///
    /// # Errors
    /// The store cannot keep it.
    pub(crate) async fn order_fetching(&self, now: Timestamp) -> Result<(), StoreError> {
        self.0.keep_metadata(ORDER, now.to_string().as_bytes()).await
    }

    /// Until when our own keys are good, as whoever has them left it; `None` where nobody did.
    pub(crate) async fn own_keys(&self) -> Option<Vec<KeyStatus>> {
        let bytes = self.0.metadata_copy(OWN_KEYS).await.ok()??;
        let keys: Vec<OwnKey> = serde_json::from_slice(&bytes).ok()?;
        let status =
            |OwnKey { fingerprint, not_after }: OwnKey| KeyStatus { fingerprint, not_after };
        Some(keys.into_iter().map(status).collect())
    }

    /// Leaves for those who have no key how long ours are good, unless that is known.
    pub(crate) async fn leave_own_keys(&self, keys: &[KeyStatus]) {
        if self.own_keys().await.as_deref() == Some(keys) {
            return;
        }
        let own = |key: &KeyStatus| OwnKey {
            fingerprint: key.fingerprint.clone(),
            not_after: key.not_after,
        };
        let bytes = serde_json::to_vec(&keys.iter().map(own).collect::<Vec<_>>());
        if let Err(error) = self.0.keep_metadata(OWN_KEYS, &bytes.unwrap_or_default()).await {
            tracing::warn!(%error, code = codes::IDP_METADATA_COPY.as_str(), "the ends of our keys are not kept");
        }
    }

    /// Keeps metadata in place of what was kept; whole or not at all.
    pub(super) async fn put(&self, key: &IdpKey, url: &str, bytes: &[u8]) {
        if let Err(error) = self.0.keep_metadata(&name(key, url), bytes).await {
            tracing::warn!(idp = %key, %error, code = codes::IDP_METADATA_COPY.as_str(), "no copy was kept");
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

    #[tokio::test]
    async fn the_ends_of_our_own_keys_are_left_for_those_who_have_none() {
        let store: Arc<dyn Store> = Arc::new(store::SqliteStore::in_memory().unwrap());
        let copies = Copies::of(&store);
        assert_eq!(copies.own_keys().await, None);
        let end = "2026-12-01T00:00:00Z".parse().unwrap();
        let key = KeyStatus { fingerprint: "ab".to_owned(), not_after: Some(end) };
        let bare = KeyStatus { fingerprint: "cd".to_owned(), not_after: None };
        copies.leave_own_keys(&[key.clone(), bare.clone()]).await;
        assert_eq!(copies.own_keys().await, Some(vec![key, bare.clone()]));
        copies.leave_own_keys(std::slice::from_ref(&bare)).await;
        assert_eq!(Copies::of(&store).own_keys().await, Some(vec![bare]));
    }
}

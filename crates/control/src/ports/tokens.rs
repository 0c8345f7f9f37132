//! Tokens of the API.

use super::StoreError;
use crate::desk::Rights;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A token of the API, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its name, which the audit log tells.
    pub name: String,
    /// SHA-256 of its secret, in lower-case hexadecimal. The secret itself is kept by its holder
    /// alone.
    pub digest: String,
    /// What its holder may.
    pub scopes: Rights,
    /// The one directory to which its holder may push; absent: the only one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// The tokens there are.
#[async_trait]
pub trait Tokens: Send + Sync + fmt::Debug {
    /// Keeps a token: `false`, and nothing is changed, where there is one of this name.
    async fn keep_token(&self, token: &ApiToken) -> Result<bool, StoreError>;

    /// The token whose secret has this digest, if it is there and has not ended.
    async fn token(&self, digest: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError>;

    /// Every token, also those that have ended, by name.
    async fn tokens(&self) -> Result<Vec<ApiToken>, StoreError>;

    /// Takes a token away and answers with it; `None`: there is none of this name.
    async fn revoke_token(&self, name: &str) -> Result<Option<ApiToken>, StoreError>;
}

//! What looking after the audit log came to: every process tells the same of it.

use super::StoreError;
use crate::audit::AuditWatched;
use async_trait::async_trait;
use std::fmt;

/// What the last look at the audit log left to be told and to go on from, whichever process looked.
#[async_trait]
pub trait AuditWatch: Send + Sync + fmt::Debug {
    /// Keeps what a look came to, in the place of what the one before did.
    async fn keep_audit_watched(&self, watched: &AuditWatched) -> Result<(), StoreError>;

    /// What the last look came to; `None`: there was none.
    async fn audit_watched(&self) -> Result<Option<AuditWatched>, StoreError>;
}

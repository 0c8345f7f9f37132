//! What runs that mirrored groups planned and came to: every process tells the same of them.

use super::StoreError;
use crate::meter::MirrorSeen;
use crate::mirror::MirrorReading;
use async_trait::async_trait;
use std::fmt;

/// What the last run that mirrored groups left to be told, whichever process made it.
#[async_trait]
pub trait MirrorRecords: Send + Sync + fmt::Debug {
    /// Keeps what a run planned, in the place of what the one before did.
    async fn keep_mirror_reading(&self, reading: &MirrorReading) -> Result<(), StoreError>;

    /// What the last run planned; `None`: there was none.
    async fn mirror_reading(&self) -> Result<Option<MirrorReading>, StoreError>;

    /// Keeps what a run came to, in the place of what the one before did.
    async fn keep_mirror_seen(&self, seen: &MirrorSeen) -> Result<(), StoreError>;

    /// What the last run came to; `None`: there was none.
    async fn mirror_seen(&self) -> Result<Option<MirrorSeen>, StoreError>;
}

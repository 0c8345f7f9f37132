//! What a server does beside its loop, done by the timer on Lambda: telling people what needs them,
//! checkpoints of the audit log, and writing down by which map it works.

use crate::compose;
use crate::notifications::{Known, Telling};
use async_trait::async_trait;
use control::audit::Anchoring;
use control::plane::Plane;
use control::ports::{AuditFilter, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use lambda::Chores;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The timer's chores. What it knows lasts as long as its process stays warm.
#[derive(Debug)]
pub(crate) struct TimerChores {
    pub(crate) plane: Plane,
    pub(crate) store: Arc<dyn Store>,
    /// Where state is kept, for people.
    pub(crate) place: String,
    /// Absent: another one tells.
    pub(crate) telling: Option<Telling>,
    /// Absent: no checkpoints are kept.
    pub(crate) anchoring: Option<Anchoring>,
    pub(crate) memory: Mutex<Memory>,
}

/// What was done before.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    told: Known,
    map_is_told: bool,
    /// When the log is looked at next.
    anchor_at: Option<Timestamp>,
}

#[async_trait]
impl Chores for TimerChores {
    async fn look(&self) {
        // Of two timers that overlap the second one leaves it to the first.
        let Ok(mut memory) = self.memory.try_lock() else { return };
        if !memory.map_is_told {
            match self.tell_map().await {
                Ok(()) => memory.map_is_told = true,
                Err(error) => tracing::warn!(%error, "which map is in force is not written down"),
            }
        }
        if let Some(telling) = &self.telling {
            telling.look(&mut memory.told).await;
        }
        self.anchor(&mut memory.anchor_at).await;
    }
}

impl TimerChores {
    /// Writes the map down, unless the log's last word on it is the same: every cold start would else
    /// say so.
    async fn tell_map(&self) -> Result<(), StoreError> {
        let entry = compose::map_loaded(&self.plane, &self.place);
        let event = Some(entry.event.clone());
        let filter = AuditFilter { event, ..AuditFilter::default() };
        let last = self.store.page(&filter, None, 1).await?.items;
        if last.first().is_some_and(|last| last.entry.after == entry.after) {
            return Ok(());
        }
        self.store.append(&entry).await
    }

    async fn anchor(&self, next: &mut Option<Timestamp>) {
        let Some(anchoring) = &self.anchoring else { return };
        let now = self.plane.clock.now();
        if next.is_some_and(|next| now < next) {
            return;
        }
        match anchoring.once().await {
            Ok(()) => {
                let every = SignedDuration::try_from(anchoring.every()).ok();
                *next = every.and_then(|every| now.checked_add(every).ok());
            }
            Err(error) => tracing::error!(%error, "no checkpoint of the audit log"),
        }
    }
}

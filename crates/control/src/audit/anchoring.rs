//! Checkpoints by the clock: verify what came since the last one, sign how far the log goes, and
//! remove what is too old.

use super::checkpoint::{Checkpoint, CheckpointPlace, Notary, PlaceError};
use super::keeping::{KeepingError, prune, take_checkpoint, verify_log, verify_since};
use super::key::KeyRing;
use super::verify::Verdict;
use crate::plane::Plane;
use crate::ports::{Actor, AuditEntry, AuditEvent};
use access::reason::ReasonCode;
use jiff::SignedDuration;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Makes checkpoints of the log of a plane.
#[derive(Debug)]
pub struct Anchoring {
    /// Whose log.
    pub plane: Plane,
    /// The keys that it is sealed with.
    pub keys: KeyRing,
    /// What signs checkpoints.
    pub notary: Arc<dyn Notary>,
    /// Where they are kept.
    pub place: Arc<dyn CheckpointPlace>,
    /// From one to the next. Of several replicas one makes each.
    pub every: Duration,
    /// How long entries are kept; `None`: for ever.
    pub retention: Option<SignedDuration>,
}

impl Anchoring {
    /// Makes them until `end`, the first at once if the last one is too old. What goes wrong is
    /// logged, and the metrics tell.
    pub async fn run(self, end: impl Future<Output = ()>) {
        let mut end = std::pin::pin!(end);
        loop {
            if let Err(error) = self.once().await {
                tracing::error!(%error, "no checkpoint of the audit log");
            }
            tokio::select! {
                () = &mut end => return,
                () = tokio::time::sleep(self.every) => {}
            }
        }
    }

    /// Verifies what came since the last checkpoint that holds, and makes one unless that is fresh.
    ///
    /// # Errors
    /// The log, or the place where checkpoints are kept, cannot be read or written.
    pub async fn once(&self) -> Result<(), KeepingError> {
        let now = self.plane.clock.now();
        let last = self.last().await?;
        let log = &*self.plane.audit;
        let verdict = match &last {
            Some(last) => verify_since(log, &self.keys, last).await?,
            None => verify_log(log, &self.keys, &[], &|_| {}).await?,
        };
        self.tell(&verdict).await;
        let fault = verdict.bad.first().map(ToString::to_string);
        self.plane.meter.audit_verified(now, fault);
        if let Some(last) = &last {
            self.plane.meter.audit_anchored(last.at);
        }
        let half = SignedDuration::try_from(self.every / 2).unwrap_or(SignedDuration::MAX);
        if last.as_ref().is_some_and(|last| now.duration_since(last.at) < half) {
            return Ok(());
        }
        // Also of a log that does not hold: what follows can be held against it.
        let place = Some(&*self.place);
        let made = take_checkpoint(log, &*self.notary, place, now, Actor::System).await?;
        self.plane.meter.audit_anchored(made.at);
        tracing::info!(entries = made.entries, "checkpoint of the audit log");
        if verdict.ok {
            self.shorten(&made).await?;
        }
        Ok(())
    }

    /// The newest checkpoint that is kept, if its signature holds. Without one all is verified.
    async fn last(&self) -> Result<Option<Checkpoint>, PlaceError> {
        let Some(last) = self.place.newest().await? else { return Ok(None) };
        let bytes = last.signed_bytes();
        if self.notary.made(&last.key, &bytes, &last.signature).await? {
            return Ok(Some(last));
        }
        let code = ReasonCode::AuditBroken;
        tracing::error!(%code, at = %last.at, "the last checkpoint of the audit log does not hold");
        Ok(None)
    }

    /// Removes what is too old. Nothing goes from a log that does not hold: it is evidence.
    async fn shorten(&self, made: &Checkpoint) -> Result<(), KeepingError> {
        let Some(retention) = self.retention else { return Ok(()) };
        let now = self.plane.clock.now();
        let pruned = prune(&*self.plane.audit, made, retention, now, Actor::System).await?;
        if pruned.entries > 0 {
            tracing::info!(entries = pruned.entries, "old entries of the audit log are removed");
        }
        Ok(())
    }

    /// Says loudly what does not hold, and writes it down once in the life of a process.
    async fn tell(&self, verdict: &Verdict) {
        let Some(first) = verdict.bad.first() else { return };
        let code = ReasonCode::AuditBroken;
        tracing::error!(%code, bad = verdict.bad.len(), "the audit log does not hold: {first}");
        if self.plane.meter.read().audit_chain_ok == Some(false) {
            return;
        }
        let entry = AuditEntry::new(self.plane.clock.now(), AuditEvent::AuditBroken, code.as_str())
            .with("first", first)
            .with("bad", verdict.bad.len());
        self.plane.record(entry).await;
    }
}

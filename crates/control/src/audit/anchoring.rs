//! Looking after the log by the clock: verify what came since the last time, sign how far the log goes,
//! and remove what is too old.

use super::checkpoint::{Checkpoint, CheckpointPlace, Notary};
use super::keeping::{
    KeepingError, Taking, heads, judged, prune, take_checkpoint, verify_log, verify_since,
};
use super::key::KeyRing;
use super::verify::Verdict;
use crate::plane::Plane;
use crate::ports::{Actor, AuditEntry, AuditEvent};
use access::reason::ReasonCode;
use jiff::{SignedDuration, Timestamp};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Verifies the log of a plane, and makes checkpoints of it if they are to be kept somewhere.
#[derive(Debug)]
pub struct Anchoring {
    plane: Plane,
    keys: KeyRing,
    anchor: Option<Anchor>,
    every: Duration,
    /// How far the log held when this process last looked, where nothing else tells.
    held: Mutex<Option<Checkpoint>>,
}

/// What becomes of checkpoints.
#[derive(Debug)]
pub struct Anchor {
    /// What signs them.
    pub notary: Arc<dyn Notary>,
    /// Where they are kept.
    pub place: Arc<dyn CheckpointPlace>,
    /// How long entries are kept that one of them knows; `None`: for ever.
    pub retention: Option<SignedDuration>,
}

impl Anchoring {
    /// Looks after the log of this plane, sealed by these keys, so often. Without an anchor it is
    /// verified all the same: once as a whole, and then what came since.
    pub fn new(plane: Plane, keys: KeyRing, anchor: Option<Anchor>, every: Duration) -> Self {
        Self { plane, keys, anchor, every, held: Mutex::default() }
    }

    /// How long it is from one look to the next. Of several replicas one makes a checkpoint each time.
    pub const fn every(&self) -> Duration {
        self.every
    }

    /// Looks until `end`, for the first time at once. What goes wrong is logged, and the metrics tell.
    pub async fn run(self, end: impl Future<Output = ()>) {
        let mut end = std::pin::pin!(end);
        loop {
            if let Err(error) = self.once().await {
                tracing::error!(%error, "the audit log could not be verified and anchored");
            }
            tokio::select! {
                () = &mut end => return,
                () = tokio::time::sleep(self.every) => {}
            }
        }
    }

    /// Verifies what came since the last checkpoint that holds, and makes one unless that is fresh.
    ///
    /// Where checkpoints cannot be read, the log is verified without them.
    ///
    /// # Errors
    /// The log, or the place where checkpoints are kept, cannot be read or written.
    pub async fn once(&self) -> Result<(), KeepingError> {
        let Some(anchor) = &self.anchor else { return self.verify_on().await };
        let now = self.plane.clock.now();
        let last = match newest(anchor).await {
            Ok(Some((_, false))) => {
                // Others may hold. That one does not is said with what they show.
                return match judged(&*anchor.place, &*anchor.notary).await {
                    Ok(kept) => self.verify_all(&kept).await.map(drop),
                    Err(error) => self.without_checkpoints(error.into(), now).await,
                };
            }
            Ok(last) => last.map(|(last, _)| last),
            Err(error) => return self.without_checkpoints(error, now).await,
        };
        let verdict = self.verify(last.as_ref()).await?;
        if let Some(last) = &last {
            self.plane.meter.audit_anchored(last.at);
        }
        // One of a log that does not hold would have the next look begin behind what is wrong.
        if !verdict.ok || last.as_ref().is_some_and(|last| self.is_fresh(last.at, now)) {
            return Ok(());
        }
        let (log, place) = (&*self.plane.audit, Some(&*anchor.place));
        let taking = Taking { at: now, actor: Actor::System, accepted: None };
        let made = take_checkpoint(log, &*anchor.notary, place, taking).await?;
        self.plane.meter.audit_anchored(made.at);
        tracing::info!(entries = made.entries, "checkpoint of the audit log");
        self.shorten(anchor.retention, &made).await
    }

    /// Verifies what it can where checkpoints cannot be read, and gives back why they cannot.
    async fn without_checkpoints(
        &self,
        error: KeepingError,
        now: Timestamp,
    ) -> Result<(), KeepingError> {
        if !self.has_looked(now) {
            self.verify_on().await?;
        }
        Err(error)
    }

    fn is_fresh(&self, at: Timestamp, now: Timestamp) -> bool {
        let half = SignedDuration::try_from(self.every / 2).unwrap_or(SignedDuration::MAX);
        now.duration_since(at) < half
    }

    /// Whether the log was verified just now. Whoever asks again and again for a place that cannot be
    /// read does not read all of a log that does not hold each time.
    fn has_looked(&self, now: Timestamp) -> bool {
        self.plane.meter.read().audit.is_some_and(|seen| self.is_fresh(seen.at, now))
    }

    /// Verifies what came since this process last found that the log holds.
    async fn verify_on(&self) -> Result<(), KeepingError> {
        let now = self.plane.clock.now();
        let heads = heads(&*self.plane.audit).await?;
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if self.verify(held.as_ref()).await?.ok {
            // Nobody else sees it: it needs no signature.
            let seen = Checkpoint::of(now, heads, String::new());
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }
        Ok(())
    }

    /// Verifies what came since `last`, or everything, and tells what does not hold.
    async fn verify(&self, last: Option<&Checkpoint>) -> Result<Verdict, KeepingError> {
        let Some(last) = last else { return self.verify_all(&[]).await };
        let verdict = verify_since(&*self.plane.audit, &self.keys, last).await?;
        Ok(self.tell(verdict).await)
    }

    /// Verifies everything against these checkpoints, each with whether its signature holds.
    async fn verify_all(&self, kept: &[(Checkpoint, bool)]) -> Result<Verdict, KeepingError> {
        let verdict = verify_log(&*self.plane.audit, &self.keys, kept, &|_| {}).await?;
        Ok(self.tell(verdict).await)
    }

    /// Removes what is too old. Nothing goes from a log that does not hold: it is evidence.
    async fn shorten(
        &self,
        retention: Option<SignedDuration>,
        made: &Checkpoint,
    ) -> Result<(), KeepingError> {
        let Some(retention) = retention else { return Ok(()) };
        let now = self.plane.clock.now();
        let pruned = prune(&*self.plane.audit, made, retention, now, Actor::System).await?;
        if pruned.entries > 0 {
            tracing::info!(entries = pruned.entries, "old entries of the audit log are removed");
        }
        Ok(())
    }

    /// Says loudly what does not hold, and writes it down once in the life of a process.
    async fn tell(&self, verdict: Verdict) -> Verdict {
        let (now, meter) = (self.plane.clock.now(), &self.plane.meter);
        let is_known = meter.read().audit.is_some_and(|seen| seen.fault.is_some());
        meter.audit_verified(now, &verdict);
        let Some(first) = verdict.bad.first() else { return verdict };
        let code = ReasonCode::AuditBroken;
        tracing::error!(%code, bad = verdict.bad.len(), "the audit log does not hold: {first}");
        if !is_known {
            let entry = AuditEntry::new(now, AuditEvent::AuditBroken, code.as_str())
                .with("first", first)
                .with("bad", verdict.bad.len());
            self.plane.record(entry).await;
        }
        verdict
    }
}

/// The last checkpoint that is kept, and whether its signature holds.
async fn newest(anchor: &Anchor) -> Result<Option<(Checkpoint, bool)>, KeepingError> {
    let Some(last) = anchor.place.newest().await? else { return Ok(None) };
    let holds = last.holds(&*anchor.notary).await?;
    Ok(Some((last, holds)))
}

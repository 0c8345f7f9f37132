//! Looking after the log by the clock: verify what came since the last time, sign how far the log goes,
//! and remove what is too old.

use super::checkpoint::{Checkpoint, CheckpointPlace, Notary};
use super::keeping::{
    KeepingError, Taking, heads, judged, prune, take_checkpoint, verify_log, verify_since,
};
use super::key::KeyRing;
use super::verify::Verdict;
use super::watched::AuditWatched;
use crate::plane::Plane;
use crate::ports::{Actor, AuditEntry, AuditEvent, AuditWatch, StoreError};
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
    /// What outlives this process.
    watch: Arc<dyn AuditWatch>,
    every: Duration,
    is_short_lived: bool,
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
    pub fn new(
        plane: Plane,
        keys: KeyRing,
        anchor: Option<Anchor>,
        watch: Arc<dyn AuditWatch>,
        every: Duration,
    ) -> Self {
        let held = Mutex::default();
        Self { plane, keys, anchor, watch, every, is_short_lived: false, held }
    }

    /// In a process of which there may be a new one at each look: a log whose checkpoints cannot be read is read
    /// as a whole by one of them in the time between two looks, and not by each.
    #[must_use]
    pub fn short_lived(self) -> Self {
        Self { is_short_lived: true, ..self }
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
    /// Where checkpoints cannot be read, the log is verified without them. What fails is kept in the store.
    ///
    /// # Errors
    /// The log, or the place where checkpoints are kept, cannot be read or written.
    pub async fn once(&self) -> Result<(), KeepingError> {
        let now = self.plane.clock.now();
        let mut watched = self.watched(now).await;
        let done = self.look(&mut watched, now).await;
        let failed = done.as_ref().err().map(ToString::to_string);
        if self.anchor.is_some() {
            watched.anchored(failed, now);
        } else {
            // As long as the alert rules go by what was known, or until whoever makes some must have looked again.
            let patience = self.every().saturating_mul(2).max(Duration::from_hours(24));
            let patience = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
            watched.unanchored(failed, patience, now);
        }
        watched.at = self.plane.clock.now();
        self.keep(&watched).await;
        done
    }

    /// What the look before came to, whichever process looked; where the store cannot be read, of this one.
    async fn watched(&self, now: Timestamp) -> AuditWatched {
        let kept = self.watch.audit_watched().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what came of looking after the audit log cannot be read");
            self.plane.meter.read().audit_watched
        });
        kept.unwrap_or_else(|| AuditWatched::begun(now))
    }

    async fn keep(&self, watched: &AuditWatched) {
        let before = self.plane.meter.read().audit_watched;
        let mut told = watched.after(before.as_ref());
        if self.anchor.is_none() {
            told.unanchored_since = None;
        }
        self.plane.meter.audit_watched(&told);
        if let Err(error) = self.watch.keep_audit_watched(watched).await {
            tracing::warn!(%error, "what came of looking after the audit log cannot be kept");
        }
    }

    async fn look(&self, watched: &mut AuditWatched, now: Timestamp) -> Result<(), KeepingError> {
        let Some(anchor) = &self.anchor else { return self.verify_on(watched).await };
        let last = match newest(anchor).await {
            Ok(Some((_, false))) => {
                // Others may hold. That one does not is said with what they show.
                return match judged(&*anchor.place, &*anchor.notary).await {
                    Ok(kept) => self.verify_all(&kept, watched).await.map(drop),
                    Err(error) => self.without_checkpoints(error.into(), watched, now).await,
                };
            }
            Ok(last) => last.map(|(last, _)| last),
            Err(error) => return self.without_checkpoints(error, watched, now).await,
        };
        let verdict = self.verify(last.as_ref(), watched).await?;
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
    ///
    /// A process that knows nothing of the log reads all of it, and one that is short-lived may be new at every tick,
    /// or come to its end each time before it is through: of all those one does in the time between two looks.
    async fn without_checkpoints(
        &self,
        error: KeepingError,
        watched: &mut AuditWatched,
        now: Timestamp,
    ) -> Result<(), KeepingError> {
        let every = SignedDuration::try_from(self.every).unwrap_or(SignedDuration::MAX);
        let is_known = self.held().is_some();
        let is_another_at_it =
            self.is_short_lived && !is_known && watched.was_read_within(every, now);
        if self.has_looked(now) || is_another_at_it {
            return Err(error);
        }
        if self.is_short_lived && !is_known {
            watched.read_whole = Some(now);
            self.keep(watched).await;
        }
        self.verify_on(watched).await?;
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

    fn held(&self) -> Option<Checkpoint> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Verifies what came since this process last found that the log holds.
    async fn verify_on(&self, watched: &mut AuditWatched) -> Result<(), KeepingError> {
        let now = self.plane.clock.now();
        let heads = heads(&*self.plane.audit).await.inspect_err(|_| watched.unverified(now))?;
        if self.verify(self.held().as_ref(), watched).await?.ok {
            // Nobody else sees it: it needs no signature.
            let seen = Checkpoint::of(now, heads, String::new());
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }
        Ok(())
    }

    /// Verifies what came since `last`, or everything, and tells what does not hold.
    async fn verify(
        &self,
        last: Option<&Checkpoint>,
        watched: &mut AuditWatched,
    ) -> Result<Verdict, KeepingError> {
        let Some(last) = last else { return self.verify_all(&[], watched).await };
        let verdict = verify_since(&*self.plane.audit, &self.keys, last).await;
        self.told(verdict, watched).await
    }

    /// Verifies everything against these checkpoints, each with whether its signature holds.
    async fn verify_all(
        &self,
        kept: &[(Checkpoint, bool)],
        watched: &mut AuditWatched,
    ) -> Result<Verdict, KeepingError> {
        let verdict = verify_log(&*self.plane.audit, &self.keys, kept, &|_| {}).await;
        self.told(verdict, watched).await
    }

    /// Tells what was found, and remembers that nothing could be.
    async fn told(
        &self,
        verdict: Result<Verdict, StoreError>,
        watched: &mut AuditWatched,
    ) -> Result<Verdict, KeepingError> {
        match verdict {
            Ok(verdict) => {
                watched.unverified_since = None;
                Ok(self.tell(verdict).await)
            }
            Err(error) => {
                watched.unverified(self.plane.clock.now());
                Err(error.into())
            }
        }
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

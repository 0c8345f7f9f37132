//! The loop's part that mirrors groups into another directory: after each full pass that could read
//! the directory, and soon after somebody may have changed. It has a lane of its own: mirroring
//! thousands of people takes long, and keeps no pass waiting.

use super::duty::{Duty, later};
use crate::meter::PassOutcome;
use crate::mirror::{Mirror, MirrorRun, NotPlanned, Stopped};
use crate::pass::Deadline;
use crate::plane::Plane;
use crate::ports::WorkKey;
use access::reason::ReasonCode;
use futures::FutureExt;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// Its name in metrics, where passes are named after what they read.
const SCOPE: &str = "mirror";

/// So long a change waits for those that follow it: groups are mirrored once for all of them.
const GATHERED_FOR: Duration = Duration::from_secs(30);

/// After a run, changes wait so many times as long as it took: it reads two directories in full, and
/// must leave their rate limits to others.
const RESTS_FOR: u32 = 3;

/// A full pass that is wanted for a change alone waits so long: it reads far more than the change.
const READ_WITHIN: Duration = Duration::from_mins(5);

/// When groups are mirrored next.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// Whether they are at once: the directory was read in full, or a run was cut off.
    at_once: bool,
    /// When somebody first changed since the last run.
    changed: Option<Instant>,
    /// Changes wait until then.
    rests_until: Option<Instant>,
}

impl Following {
    fn is_due(&self, now: Instant) -> bool {
        let is_gathered = self.changed.is_some_and(|changed| changed + GATHERED_FOR <= now);
        self.at_once || (is_gathered && self.rests_until.is_none_or(|until| until <= now))
    }
}

impl Duty<'_> {
    /// The directory was read in full: what is mirrored may be behind now.
    pub(super) fn mirror_is_behind(&self, plane: &Plane) {
        if plane.mirrored().is_some() {
            self.following().at_once = true;
        }
    }

    /// Somebody may have changed: groups are mirrored before long, once for all who do meanwhile.
    pub(super) fn mirror_soon(&self) {
        if self.plane.current().mirrored().is_none() {
            return;
        }
        self.following().changed.get_or_insert_with(Instant::now);
    }

    /// The same where another process is called to mirror, as it does after a full pass: that comes
    /// sooner.
    pub(super) async fn mirror_elsewhere(&self) {
        if self.plane.current().mirrored().is_some() {
            let due = later(self.plane.clock.now(), READ_WITHIN);
            self.push(BTreeSet::from([WorkKey::Everything]), due).await;
        }
    }

    pub(super) fn mirror_is_due(&self) -> bool {
        if self.plane.bell.take_change() {
            self.mirror_soon();
        }
        self.following().is_due(Instant::now())
    }

    fn following(&self) -> MutexGuard<'_, Following> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Mirrors once, unless another process is at it. What it leaves is taken up after the next full
    /// pass, or at once where only time was up.
    pub(super) async fn mirror(&self, until: Deadline) {
        let begun = Instant::now();
        {
            let mut following = self.following();
            (following.at_once, following.changed) = (false, None);
        }
        let span = tracing::info_span!("pass", scope = SCOPE, outcome = Empty);
        let run = AssertUnwindSafe(self.mirror_run(until)).catch_unwind().instrument(span.clone());
        let outcome = match run.await {
            // Whoever is at it may have read before the change.
            Ok(None) => return self.mirror_soon(),
            Ok(Some(outcome)) => outcome,
            Err(_) => {
                tracing::error!("mirroring panicked; the loop goes on");
                PassOutcome::Panicked
            }
        };
        span.record("outcome", outcome.as_str());
        let took = begun.elapsed();
        self.plane.meter.passed(SCOPE, outcome, took);
        let mut following = self.following();
        following.rests_until = Some(begun + took.saturating_mul(RESTS_FOR + 1));
        following.at_once |= outcome == PassOutcome::Unfinished;
    }

    /// How the run ended; `None`: there was none.
    async fn mirror_run(&self, until: Deadline) -> Option<PassOutcome> {
        // One map to the end of the run, whatever is put in force meanwhile.
        let plane = &self.plane.current();
        let mirror = plane.mirrored()?;
        let turn = match plane.mirror_turn(until, &self.brake).await {
            Ok(Some(turn)) => turn,
            Ok(None) => {
                tracing::info!(code = %ReasonCode::MirrorBusy, "another process mirrors");
                return None;
            }
            Err(error) => {
                tracing::error!(%error, "nothing is mirrored");
                return Some(PassOutcome::Failed);
            }
        };
        let run = turn.during(mirror.run(&turn)).await;
        plane.mirror_ended(&run).await;
        Some(match run {
            Ok(run) => {
                self.tell_mirror(&mirror, &run).await;
                run.outcome()
            }
            Err(NotPlanned::Unread(error)) => {
                tracing::warn!(%error, "nothing is mirrored: a directory cannot be read");
                PassOutcome::Failed
            }
            Err(NotPlanned::Stopped(stopped)) => {
                tracing::warn!(code = stopped.code(), "nothing is mirrored yet");
                stopped.outcome()
            }
        })
    }

    async fn tell_mirror(&self, mirror: &Mirror<'_>, run: &MirrorRun) {
        let MirrorRun { report, planned, kept, violations } = run;
        for violation in violations {
            tracing::error!(code = %violation.code, "mirror: {}", violation.message);
        }
        let unheard = self.memory().mirror_unheard(violations);
        if violations.iter().any(|violation| violation.code == ReasonCode::GuardTripped) {
            mirror.plane.meter.count(|counts| counts.guard_trips += 1);
        }
        mirror.refused(&unheard).await;
        for (action, error) in &report.failed {
            tracing::warn!(step = ?action.step, %error, "something is not mirrored");
        }
        if let Some(stopped) = &report.stopped {
            let code = stopped.code();
            let left = planned.saturating_sub(report.done);
            match stopped {
                Stopped::Halted(halt) => tracing::warn!(code, left, "mirror: {halt}"),
                Stopped::Overtaken | Stopped::Unreachable(_) => {
                    tracing::warn!(code, left, "mirroring ends early");
                }
            }
        }
        if report.done > 0 {
            let (done, not_mirrored) = (report.done, kept.len());
            tracing::info!(done, not_mirrored, "groups are mirrored");
        }
    }
}

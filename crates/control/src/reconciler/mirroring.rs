//! The loop's part that mirrors groups into another directory, after each full pass that could read
//! the directory. It has a lane of its own: mirroring thousands of people takes long, and keeps no
//! pass waiting.

use super::duty::Duty;
use crate::meter::PassOutcome;
use crate::mirror::{MirrorRun, NotPlanned, Stopped};
use crate::pass::Deadline;
use crate::plane::Plane;
use crate::ports::{AuditEntry, AuditEvent};
use access::check::Violation;
use access::reason::ReasonCode;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// Its name in metrics, where passes are named after what they read.
const SCOPE: &str = "mirror";

impl Duty<'_> {
    /// The directory was read in full: what is mirrored may be behind now.
    pub(super) fn mirror_is_behind(&self, plane: &Plane) {
        if plane.mirrored().is_some() {
            self.mirror_is_due.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn mirror_is_due(&self) -> bool {
        self.mirror_is_due.load(Ordering::Relaxed)
    }

    /// Mirrors once, unless another process is at it. What it leaves is taken up after the next full
    /// pass, or at once where only time was up.
    pub(super) async fn mirror(&self, until: Deadline) {
        self.mirror_is_due.store(false, Ordering::Relaxed);
        let begun = Instant::now();
        let span = tracing::info_span!("pass", scope = SCOPE, outcome = Empty);
        let run = AssertUnwindSafe(self.mirror_run(until)).catch_unwind().instrument(span.clone());
        let outcome = match run.await {
            Ok(None) => return,
            Ok(Some(outcome)) => outcome,
            Err(_) => {
                tracing::error!("mirroring panicked; the loop goes on");
                PassOutcome::Panicked
            }
        };
        span.record("outcome", outcome.as_str());
        self.plane.meter.passed(SCOPE, outcome, begun.elapsed());
        if outcome == PassOutcome::Unfinished {
            self.mirror_is_due.store(true, Ordering::Relaxed);
        }
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
        plane.meter.mirrored(plane.clock.now(), &run);
        Some(match run {
            Ok(run) => {
                self.tell_mirror(plane, &run).await;
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

    async fn tell_mirror(&self, plane: &Plane, run: &MirrorRun) {
        let MirrorRun { report, planned, kept, violations } = run;
        for violation in violations {
            tracing::error!(code = %violation.code, "mirror: {}", violation.message);
        }
        let unheard = self.memory().mirror_unheard(violations);
        if violations.iter().any(|violation| violation.code == ReasonCode::GuardTripped) {
            plane.meter.count(|counts| counts.guard_trips += 1);
        }
        for Violation { code, message } in &unheard {
            let entry =
                AuditEntry::new(plane.clock.now(), AuditEvent::MirrorRefused, code.as_str());
            plane.record(entry.with("message", message)).await;
        }
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

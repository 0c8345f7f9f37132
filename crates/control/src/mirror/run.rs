//! A whole run: read both, plan, check, carry out.

use super::turn::Turn;
use super::{Mirror, MirrorReport, MirrorSurvey, Stopped};
use crate::meter::{MirrorSeen, PassOutcome};
use crate::pass::Halt;
use crate::plane::Plane;
use crate::ports::{Approval, AuditEntry, AuditEvent, CallError, StoreError};
use access::check::{Removals, Violation};
use access::mirror::{self, CheckedMirror, MirrorKept, MirrorPlan};
use access::reason::ReasonCode;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorRun {
    /// What was done.
    pub report: MirrorReport,
    /// What there was to do, before any of it.
    pub planned: usize,
    /// What of the source is not mirrored.
    pub kept: Vec<MirrorKept>,
    /// What speaks against the plan, or against what it takes away.
    pub violations: Vec<Violation>,
}

/// Why nothing was even planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotPlanned {
    /// A directory, or the store, cannot be read.
    Unread(CallError),
    /// It ended before that.
    Stopped(Stopped),
}

impl From<CallError> for NotPlanned {
    fn from(error: CallError) -> Self {
        Self::Unread(error)
    }
}

impl From<Stopped> for NotPlanned {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}

impl Plane {
    /// What the map in force says is mirrored; `None`: nothing is, or there is nowhere to.
    pub fn mirrored(&self) -> Option<Mirror<'_>> {
        let (mirroring, target) = (self.map.mirror.as_ref()?, self.mirror.as_deref()?);
        Some(Mirror {
            plane: self,
            target,
            groups: &mirroring.groups,
            policy: mirroring.policy(&self.map.instance),
        })
    }

    /// Keeps what a run came to, for whoever asks any process.
    pub async fn mirror_ended(&self, run: &Result<MirrorRun, NotPlanned>) {
        let before = self.mirror_seen().await;
        let seen = MirrorSeen::of(run, self.clock.now(), before.as_ref());
        if let Err(error) = self.mirror_records.keep_mirror_seen(&seen).await {
            tracing::warn!(%error, "what came of mirroring cannot be kept");
        }
        self.meter.mirrored(seen);
    }

    /// What the last run that mirrored groups came to, whichever process made it; where the store cannot be
    /// read, the last of this one.
    pub async fn mirror_seen(&self) -> Option<MirrorSeen> {
        self.map.mirror.as_ref()?;
        self.mirror_records.mirror_seen().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what came of mirroring cannot be read");
            self.meter.read().mirror
        })
    }
}

impl MirrorRun {
    /// How it ended, in the words of passes.
    pub fn outcome(&self) -> PassOutcome {
        let report = &self.report;
        match &report.stopped {
            Some(stopped) => stopped.outcome(),
            None if !self.violations.is_empty() => PassOutcome::Refused,
            None if !report.failed.is_empty() || report.skipped > 0 => PassOutcome::Failed,
            // A name became free: somebody else's turn to have it.
            None if report.done > 0 && self.waits_for_names() => PassOutcome::Unfinished,
            None => PassOutcome::Settled,
        }
    }

    fn waits_for_names(&self) -> bool {
        self.kept.iter().any(|kept| kept.reason == ReasonCode::MirrorNameHeld)
    }
}

impl Stopped {
    /// Its reason code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Halted(halt) => halt.code().as_str(),
            Self::Overtaken => ReasonCode::MirrorBusy.as_str(),
            Self::Unreachable(error) => error.kind.code(),
        }
    }

    /// What it makes of a run.
    pub fn outcome(&self) -> PassOutcome {
        match self {
            Self::Halted(Halt::Frozen(_) | Halt::ObserveOnly) => PassOutcome::Halted,
            Self::Halted(Halt::TimeUp) | Self::Overtaken => PassOutcome::Unfinished,
            Self::Halted(Halt::Store(_)) | Self::Unreachable(_) => PassOutcome::Failed,
        }
    }
}

/// What of a plan may be carried out.
struct Permitted {
    /// The plan, or the part of it that nothing speaks against; `None`: nothing of it.
    checked: Option<CheckedMirror>,
    /// What speaks against the rest.
    violations: Vec<Violation>,
    /// Whether somebody agreed to what it takes away.
    agreed: bool,
}

fn without_removals(mut plan: MirrorPlan) -> MirrorPlan {
    plan.actions.retain(|action| action.step.taken() == 0);
    plan
}

impl Mirror<'_> {
    /// Reads both directories, plans, and carries out what the guard lets pass. Where only the guard
    /// objects, everything but what would be taken away is done.
    ///
    /// # Errors
    /// Nothing could be planned, and nothing was changed.
    pub async fn run(&self, turn: &Turn<'_>) -> Result<MirrorRun, NotPlanned> {
        let survey = turn.reading(self.survey()).await??;
        let plan = self.plan(&survey);
        let before = match plan.taken() {
            0 => 0,
            _ => self.taken_lately(&plan).await.map_err(CallError::from)?,
        };
        let (planned, kept) = (plan.actions.len(), plan.kept.clone());
        let Permitted { checked, violations, agreed } =
            self.permitted(&plan, &survey, before).await;
        self.keep_reading(&plan, &survey, before, &violations).await;
        let report = match checked {
            Some(checked) => self.carry_out(turn, &checked, agreed, &|_, _| ()).await,
            None => MirrorReport::of_nothing(turn.change().clone()),
        };
        let run = MirrorRun { report, planned, kept, violations };
        self.applied(&run).await;
        Ok(run)
    }

    /// What of a plan may be carried out. `before` were taken in the last 24 hours.
    async fn permitted(&self, plan: &MirrorPlan, survey: &MirrorSurvey, before: u32) -> Permitted {
        let guarded = Removals::GuardedAfter(before);
        let violations = match self.check(plan.clone(), survey, guarded) {
            Ok(checked) => {
                return Permitted { checked: Some(checked), violations: Vec::new(), agreed: false };
            }
            Err(found) => found,
        };
        let only_guard = violations.iter().all(|v| v.code == ReasonCode::GuardTripped);
        if only_guard && let Some(checked) = self.agreed(plan, survey).await {
            return Permitted { checked: Some(checked), violations: Vec::new(), agreed: true };
        }
        // The error of one group must not keep others out.
        let rest = only_guard.then(|| without_removals(plan.clone()));
        let checked = rest.and_then(|rest| self.check(rest, survey, guarded).ok());
        Permitted { checked, violations, agreed: false }
    }

    /// The whole plan, if somebody agreed to just what it takes away. The approval is spent then,
    /// whatever comes of it: what was taken carries its own mark, and the guard does not count it again.
    async fn agreed(&self, plan: &MirrorPlan, survey: &MirrorSurvey) -> Option<CheckedMirror> {
        // Where nothing may be changed now, it waits.
        if self.plane.halted().await.is_some() {
            return None;
        }
        let (removals, now) = (plan.removals_digest()?, self.plane.clock.now());
        let approval = match self.plane.approvals.take_approval(&removals, now).await {
            Ok(approval) => approval?,
            Err(error) => {
                tracing::error!(%error, "approvals cannot be read; the guard holds");
                return None;
            }
        };
        match self.check(plan.clone(), survey, Removals::Allowed(approval.number)) {
            Ok(checked) => {
                let Approval { number, by, .. } = &approval;
                tracing::warn!(number, by, "the mirror takes more than the guard lets, as agreed");
                self.plane.record(approval.honoured(now)).await;
                Some(checked)
            }
            Err(violations) => {
                for violation in violations {
                    tracing::error!(code = %violation.code, "{}", violation.message);
                }
                None
            }
        }
    }

    /// Writes down, before anything is done, that somebody agreed to removals that the guard refuses. Nothing
    /// is where it lets them pass: then this is false. `before` were taken in the last 24 hours.
    ///
    /// # Errors
    /// It cannot be written down, and so must not be done.
    pub async fn note_waived(
        &self,
        plan: &MirrorPlan,
        survey: &MirrorSurvey,
        before: u32,
        why: Option<&str>,
    ) -> Result<bool, StoreError> {
        let Some(removals) = plan.removals_digest() else { return Ok(false) };
        let Err(violations) = self.check(plan.clone(), survey, Removals::GuardedAfter(before))
        else {
            return Ok(false);
        };
        let counted = mirror::count(plan, &survey.target, &self.policy, before);
        let messages: Vec<&str> = violations.iter().map(|it| it.message.as_str()).collect();
        let code = ReasonCode::Approved.as_str();
        let entry = AuditEntry::new(self.plane.clock.now(), AuditEvent::RemovalsApproved, code)
            .by(self.plane.actor.clone())
            .with("of", "mirror")
            .with("removals", removals)
            .with("number", counted.taken)
            .with("limit", counted.limit)
            .with("message", messages.join("; "))
            .with_opt("why", why);
        self.plane.audit.append(&entry).await.map(|()| true)
    }

    /// Those of the objections that the last run did not have, whichever process made it: once is enough.
    pub async fn unheard(&self, violations: &[Violation]) -> Vec<Violation> {
        let last = self.plane.mirror_records.mirror_reading().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "whether a refusal is new cannot be told");
            None
        });
        let last = last.filter(|reading| reading.place == self.target.place());
        let heard = last.map(|reading| reading.violations).unwrap_or_default();
        violations.iter().filter(|violation| !heard.contains(violation)).cloned().collect()
    }

    /// Writes down what speaks against a plan.
    pub async fn refused(&self, violations: &[Violation]) {
        let Plane { clock, actor, .. } = self.plane;
        for Violation { code, message } in violations {
            let entry = AuditEntry::new(clock.now(), AuditEvent::MirrorRefused, code.as_str());
            self.plane.record(entry.by(actor.clone()).with("message", message)).await;
        }
    }

    /// Writes down what came of it, unless nothing did.
    pub async fn applied(&self, MirrorRun { report, planned, kept, .. }: &MirrorRun) {
        if report.done == 0 {
            return;
        }
        let code = ReasonCode::PlanApplied.as_str();
        let entry = AuditEntry::new(self.plane.clock.now(), AuditEvent::MirrorApplied, code)
            .by(self.plane.actor.clone())
            .within(&report.change)
            .with("target", self.target.place())
            .with("planned", planned)
            .with("changed", report.done)
            .with("failed", report.failed.len())
            .with("skipped", report.skipped)
            .with("not_mirrored", kept.len())
            .with_opt("halted", report.stopped.as_ref().map(Stopped::code));
        self.plane.record(entry).await;
    }
}

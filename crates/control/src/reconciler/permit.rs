//! What of a plan a pass may carry out.

use super::Lane;
use super::duty::Duty;
use crate::plane::Plane;
use crate::ports::{Approval, AuditEntry, AuditEvent};
use crate::survey::{Scope, Survey};
use access::check::{CheckedPlan, Removals, Violation};
use access::plan::Plan;
use access::reason::ReasonCode;
use jiff::Timestamp;

/// What of a plan may be carried out.
#[derive(Debug)]
pub(super) struct Permitted {
    /// The plan, or the part of it that nothing speaks against; `None`: nothing of it.
    pub(super) checked: Option<CheckedPlan>,
    /// What speaks against the rest.
    pub(super) violations: Vec<Violation>,
}

impl Duty<'_> {
    /// What of the plan may be carried out. Where only the guard objects, everything but the
    /// removals that it objects to: the error of one group must not keep others out.
    pub(super) async fn permitted(
        &self,
        plane: &Plane,
        plan: Plan,
        survey: &Survey,
        scope: &Scope,
    ) -> Permitted {
        let lane = if *scope == Scope::Everything { Lane::Everything } else { Lane::People };
        let violations = match plane.check(plan.clone(), survey, Removals::Guarded) {
            Ok(checked) => {
                self.memory().unheard(lane, &[]);
                return Permitted { checked: Some(checked), violations: Vec::new() };
            }
            Err(violations) => violations,
        };
        let only_guard = violations.iter().all(|v| v.code == ReasonCode::GuardTripped);
        if only_guard && let Some(checked) = agreed(plane, &plan, survey).await {
            self.memory().unheard(lane, &[]);
            return Permitted { checked: Some(checked), violations: Vec::new() };
        }
        let unheard = self.memory().unheard(lane, &violations);
        if violations.iter().any(|violation| violation.code == ReasonCode::GuardTripped) {
            plane.meter.count(|counts| counts.guard_trips += 1);
        }
        for violation in &violations {
            tracing::error!(code = %violation.code, "{}", violation.message);
        }
        for violation in &unheard {
            plane.record(refused_plan(survey.now, violation)).await;
        }
        let mut rest = plan;
        rest.actions.retain(|action| !action.is_counted());
        let rest = || plane.check(rest, survey, Removals::Guarded).ok();
        Permitted { checked: only_guard.then(rest).flatten(), violations }
    }
}

/// The whole plan, if somebody agreed to just these removals. The approval is spent then, whatever
/// comes of it: what was begun carries its own mark, and the guard does not count it again.
async fn agreed(plane: &Plane, plan: &Plan, survey: &Survey) -> Option<CheckedPlan> {
    // Where nothing may be changed now, it waits.
    if survey.ticket.is_err() || plane.halted().await.is_some() {
        return None;
    }
    let removals = plan.removals_digest()?;
    let approval = match plane.approvals.take_approval(&removals, plane.clock.now()).await {
        Ok(approval) => approval?,
        Err(error) => {
            tracing::error!(%error, "approvals cannot be read; the guard holds");
            return None;
        }
    };
    match plane.check(plan.clone(), survey, Removals::Allowed(approval.number)) {
        Ok(checked) => {
            let Approval { number, by, .. } = &approval;
            tracing::warn!(number, by, "removals beyond the guard are carried out, as agreed");
            plane.record(approval.honoured(survey.now)).await;
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

/// That a plan was refused, for one reason.
pub(crate) fn refused_plan(at: Timestamp, violation: &Violation) -> AuditEntry {
    AuditEntry::new(at, AuditEvent::PlanRefused, violation.code.as_str())
        .with("message", &violation.message)
}

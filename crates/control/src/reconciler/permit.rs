//! What of a plan a pass may carry out.

use super::Lane;
use super::duty::Duty;
use crate::plane::Plane;
use crate::ports::AuditEntry;
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
        let unheard = self.memory().unheard(lane, &violations);
        let only_guard = violations.iter().all(|v| v.code == ReasonCode::GuardTripped);
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

fn refused_plan(at: Timestamp, violation: &Violation) -> AuditEntry {
    AuditEntry::new(at, "plan-refused", violation.code.as_str()).with("message", &violation.message)
}

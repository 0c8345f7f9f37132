//! Entries of the audit log about plans as a whole: what was planned for whom, and what came of it.
//! What is done to each profile has entries of its own, before it is done.

use super::PassReport;
use crate::plane::Plane;
use crate::ports::{AuditEntry, AuditEvent, ChangeId, StoreError};
use access::plan::Plan;
use access::reason::ReasonCode;
use jiff::Timestamp;

impl Plane {
    /// Writes down that somebody had a plan made.
    ///
    /// # Errors
    /// The log cannot be written: nothing hangs on it.
    pub async fn planned(&self, plan: &Plan) -> Result<(), StoreError> {
        let entry = planned(self.clock.now(), AuditEvent::PlanMade, ReasonCode::PlanMade, plan);
        self.audit.append(&entry.by(self.actor.clone())).await
    }

    /// Writes down what came of a plan, unless nothing did: what AWS is only still at, and calls that
    /// fail again and again, would else fill the log.
    pub(super) async fn applied(&self, plan: &Plan, change: &ChangeId, report: &PassReport) {
        if report.changed == 0 {
            return;
        }
        let entry =
            planned(self.clock.now(), AuditEvent::PlanApplied, ReasonCode::PlanApplied, plan)
                .by(self.actor.clone())
                .within(change)
                .with("changed", report.changed)
                .with("waiting", report.waiting)
                .with("failed", report.failed.len() + report.unassigned.len())
                .with("left_to_others", report.yielded.len())
                .with_opt("halted", report.halted.as_ref().map(|halt| halt.code().as_str()));
        self.record(entry).await;
    }
}

fn planned(at: Timestamp, event: AuditEvent, code: ReasonCode, plan: &Plan) -> AuditEntry {
    let entry = AuditEntry::new(at, event, code.as_str())
        .with("digest", plan.digest())
        .with("map", &plan.map_digest)
        .with("new_removals", plan.new_removals())
        .with_opt("removals", plan.removals_digest());
    plan.counts().into_iter().fold(entry, |entry, (step, number)| entry.with(step, number))
}

//! Teams that are not enforced: a plan says what would be done and does nothing.

use super::Planner;
use crate::plan::{Action, Step};
use crate::reason::ReasonCode;

impl Planner<'_> {
    /// Leaves profiles alone whose team the map does not enforce.
    pub(super) fn enforced_only(&mut self) {
        if self.map.rollout.enforce.is_none() {
            return;
        }
        let actions = std::mem::take(&mut self.actions);
        for action in actions {
            if self.map.rollout.enforces(&action.team) {
                self.actions.push(action);
            } else {
                self.only_say(action, ReasonCode::NotEnforced);
            }
        }
    }

    /// Says what would be done but for this reason.
    pub(super) fn only_say(&mut self, action: Action, reason: ReasonCode) {
        let detail = format!("{} ({})", would(&action.step), action.reason);
        self.not_now(action, reason, detail);
    }
}

fn would(step: &Step) -> &'static str {
    match step {
        Step::Create { .. } => "would be made",
        Step::Adopt { .. } => "would be taken over",
        Step::StopApps { .. } => "its apps would be stopped",
        Step::Update { .. } => "would be corrected",
        Step::Hold { .. } => "would be put on hold",
        Step::Remove { .. } => "would be taken away",
    }
}

//! Teams that are not enforced: a plan says what would be done and does nothing.

use super::Planner;
use crate::plan::{Action, Kept, Step};
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
                self.only_say(action);
            }
        }
    }

    fn only_say(&mut self, action: Action) {
        let detail = format!("{} ({})", would(&action.step), action.reason);
        self.kept.push(Kept {
            domain: action.domain,
            profile: Some(action.profile),
            person: Some(action.person),
            person_name: action.person_name,
            team: Some(action.team),
            reason: ReasonCode::NotEnforced,
            detail: Some(detail),
        });
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

//! The canary team: as long as its profiles do not agree with the map, nobody else's are corrected.

use super::Planner;
use crate::observed::TAG_LOST;
use crate::plan::{Action, Kept, Step};
use crate::reason::ReasonCode;
use crate::snapshot::Coverage;

impl Planner<'_> {
    /// Puts off corrections of other teams' profiles. Who joins, leaves or moves does not wait.
    pub(super) fn canary_first(&mut self) {
        let Some(canary) = self.map.rollout.canary.clone() else { return };
        // A reading of some people cannot tell how the canary team fares.
        let agrees = self.snapshot.coverage == Coverage::Complete
            && !self.actions.iter().any(|action| action.team == canary && is_correction(action))
            && !self.kept.others().any(|kept| kept.team.as_ref() == Some(&canary) && waits(kept));
        if agrees {
            return;
        }
        let actions = std::mem::take(&mut self.actions);
        for action in actions {
            if action.team == canary || !is_correction(&action) {
                self.actions.push(action);
            } else {
                let detail = format!("{} after {canary}", action.reason);
                self.not_now(action, ReasonCode::CanaryFirst, detail);
            }
        }
    }
}

/// Whether the action only brings a profile of somebody who has it in agreement. That somebody is back in a team is
/// said at once: the next time that they lose it counts.
fn is_correction(action: &Action) -> bool {
    let is_back = matches!(
        &action.step,
        Step::Update { new_role: None, user_settings: None, remove_tags, .. }
            if remove_tags.contains(TAG_LOST)
    );
    matches!(action.step, Step::Update { .. } | Step::StopApps { .. })
        && !is_back
        && matches!(
            action.reason,
            ReasonCode::RoleDrift | ReasonCode::SettingsDrift | ReasonCode::TagDrift
        )
}

/// Whether it is not known yet, or known not to be, that the profile took its correction.
fn waits(kept: &Kept) -> bool {
    matches!(
        kept.reason,
        ReasonCode::Busy
            | ReasonCode::NotEnforced
            | ReasonCode::AppsRunning
            | ReasonCode::ProfileFailed
            | ReasonCode::RoleMissing
            | ReasonCode::RoleUntrusted
            | ReasonCode::RoleUnreadable
    )
}

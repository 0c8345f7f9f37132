//! Teams that are not enforced: a plan says what would be done and does nothing.

use super::Planner;
use crate::observed::Ownership;
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
            if self.map.rollout.enforces(&action.team) || self.takes_enforced(&action) {
                self.actions.push(action);
            } else {
                self.only_say(action, ReasonCode::NotEnforced);
            }
        }
    }

    /// Whether a profile goes on for another team because its person has lost one that the map enforces: what that
    /// gave is taken, whether or not the other one is enforced.
    fn takes_enforced(&self, action: &Action) -> bool {
        let domain = self.observed.domains.get(&action.domain);
        let profile = domain.and_then(|domain| domain.profiles.get(&action.profile.folded()));
        let goes_on = matches!(action.step, Step::StopApps { .. } | Step::Update { .. });
        goes_on
            && profile.is_some_and(|profile| match profile.ownership(&self.map.instance) {
                Ownership::Ours { person, team } => {
                    *person == action.person
                        && self.map.rollout.enforces(team)
                        && self.has_lost(&action.domain, profile)
                }
                Ownership::OtherInstance(_) | Ownership::Foreign => false,
            })
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

//! Domains that are being changed, or whose change failed: nobody gets anything there, and what
//! somebody has no right to is taken away all the same.

use super::Planner;
use crate::ids::DomainKey;
use crate::observed::DomainState;
use crate::reason::ReasonCode;

impl Planner<'_> {
    /// Leaves to be done later what gives or corrects something in such a domain.
    pub(super) fn settled_only(&mut self) {
        let observed = self.observed;
        let state = |key: &DomainKey| {
            observed.domains.get(key).map_or(DomainState::Ending, |domain| domain.state)
        };
        self.assignments.retain(|assignment| state(&assignment.domain) == DomainState::InService);
        let actions = std::mem::take(&mut self.actions);
        for action in actions {
            match state(&action.domain) {
                DomainState::InService => self.actions.push(action),
                _ if action.takes_away() => self.actions.push(action),
                DomainState::Changing => self.only_say(action, ReasonCode::Busy),
                DomainState::UpdateFailed | DomainState::Ending => {
                    self.only_say(action, ReasonCode::DomainNotInService);
                }
            }
        }
    }
}

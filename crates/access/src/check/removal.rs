//! What may be taken away, and from whom.

use super::{Facts, Objection};
use crate::map::SharedSpaces;
use crate::observed::{ObservedDomain, ObservedProfile, Ownership, ProfileStatus};
use crate::plan::{Action, LostTeam, SpaceHandover, Step};
use crate::reason::ReasonCode;
use crate::snapshot::Hold;
use std::collections::BTreeSet;

impl Facts<'_> {
    pub(super) fn removal(&self, action: &Action, domain: &ObservedDomain, new: bool) -> Objection {
        let Some(profile) = self.own_profile(action, domain) else {
            return Some("it is not Stagedoor's, or not this person's");
        };
        let failed = matches!(profile.status, ProfileStatus::Failed | ProfileStatus::DeleteFailed);
        let first = profile.leaving_since().is_none();
        if action.reason == ReasonCode::ProfileFailed {
            if !failed {
                return Some("it has not failed");
            }
            if !profile.spaces.is_empty() {
                return Some("spaces stand on it");
            }
            return new.then_some("it is counted as what it does not take away");
        }
        if !self.snapshot.speaks_for(&action.person) {
            return Some("the directory was not read far enough to remove it");
        }
        if self.is_wanted(action, profile) {
            return Some("the person is entitled to it");
        }
        let begun = profile.leaving_since().unwrap_or(self.now);
        if action.is_announced() && !self.snapshot.ended_lately(&action.person, &action.team, begun)
        {
            return Some("no temporary grant of the person has ended");
        }
        if new != first {
            return Some("it is not counted as what it takes away");
        }
        let is_removal = matches!(action.step, Step::Remove { .. });
        let hollow = failed && profile.spaces.is_empty();
        (is_removal && !hollow && !self.hold_is_over(action, profile))
            .then_some("its hold is not over")
    }

    /// Whether what the person loses with a profile that stays is counted: a team without a right to it, of which
    /// the profile says not yet that it was taken.
    pub(super) fn loses(
        &self,
        action: &Action,
        domain: &ObservedDomain,
        said: Option<&LostTeam>,
    ) -> Objection {
        let profile = self.own_profile(action, domain)?;
        let Ownership::Ours { person, team } = profile.ownership(&self.map.instance) else {
            return None;
        };
        let is_lost = !self.holds(person, team, &action.domain) && profile.is_untouched(team);
        if said.is_some() && !self.snapshot.speaks_for(person) {
            return Some("the directory was not read far enough to take a team from it");
        }
        if is_lost != said.is_some() || said.is_some_and(|lost| lost.team != *team) {
            return Some("it is not counted as what it takes away");
        }
        let has_ended = self.snapshot.ended_lately(person, team, self.now);
        said.is_some_and(|lost| lost.announced && !has_ended)
            .then_some("no temporary grant of the person has ended")
    }

    /// Whether the person is to keep the profile: for its team, or, in an SSO-mode domain, for any
    /// team that can only be there.
    fn is_wanted(&self, action: &Action, profile: &ObservedProfile) -> bool {
        let Ownership::Ours { team, .. } = profile.ownership(&self.map.instance) else {
            return true;
        };
        let has = |team: &_| {
            self.is_placed(team, &action.domain) && self.rights.get(&action.person, team).is_some()
        };
        let is_sso = self
            .observed
            .domains
            .get(&action.domain)
            .is_some_and(|domain| domain.auth_mode == crate::observed::AuthMode::Sso);
        let only_here = |team: &_| {
            self.map.teams.get(team).is_some_and(|team: &crate::map::Team| {
                team.placements.iter().all(|placement| placement.domain == action.domain)
            })
        };
        has(team)
            || (is_sso
                && self.rights.teams_of(&action.person).iter().any(|right| only_here(right.team)))
    }

    fn hold_is_over(&self, action: &Action, profile: &ObservedProfile) -> bool {
        let (person, team) = (&action.person, &action.team);
        let skips = |hold: Option<&Hold>| hold == Some(&Hold::Skipped);
        let barred = self.snapshot.barred.get(person).and_then(|teams| teams.get(team));
        if skips(self.snapshot.offboarded.get(person)) || skips(barred) {
            return true;
        }
        let hold = self.map.offboarding.hold_seconds;
        // Over as soon as it begins, also if another replica's clock is ahead of ours.
        if hold == 0 {
            return true;
        }
        match (profile.leaving_since(), i64::try_from(hold).map(jiff::SignedDuration::from_secs)) {
            (Some(since), Ok(hold)) => since.checked_add(hold).is_ok_and(|end| end <= self.now),
            (Some(_), Err(_)) | (None, _) => false,
        }
    }

    /// Whether each space in which others work is handed over, to somebody who may have it.
    pub(super) fn handover(
        &self,
        action: &Action,
        domain: &ObservedDomain,
        hand_over: &[SpaceHandover],
    ) -> Objection {
        let profile = self.own_profile(action, domain)?;
        let shared: BTreeSet<&str> = profile.shared_spaces().map(|s| s.name.as_str()).collect();
        let handed: BTreeSet<&str> = hand_over.iter().map(|h| h.space.as_str()).collect();
        if shared != handed {
            return Some("others work in a space of it");
        }
        if shared.is_empty() {
            return None;
        }
        if self.map.offboarding.shared_spaces != SharedSpaces::HandOver {
            return Some("the map does not hand shared spaces over");
        }
        if shared.iter().any(|space| self.map.team_of_space(&action.domain, space).is_some()) {
            return Some("links of a team lead into a space of it");
        }
        let may_have = |handover: &SpaceHandover| {
            let Some(heir) = domain.profiles.get(&handover.owner.folded()) else { return false };
            let Ownership::Ours { person, team } = heir.ownership(&self.map.instance) else {
                return false;
            };
            heir.status == ProfileStatus::InService
                && *person != action.person
                && self.rights.get(person, team).is_some()
        };
        (!hand_over.iter().all(may_have)).then_some("a space would go to somebody without a right")
    }
}

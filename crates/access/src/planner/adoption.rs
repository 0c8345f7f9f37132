//! Profiles that Stagedoor did not make and that the map lets it take over.

use super::drift::drift;
use super::{Case, Planner, signing_in};
use crate::ids::ProfileName;
use crate::map::{Adoption, Unmanaged};
use crate::observed::{
    AuthMode, ObservedProfile, Ownership, ProfileStatus, Seen, TAG_AGREED, TAG_LEAVING, TAG_LOST,
};
use crate::plan::Step;
use crate::reason::ReasonCode;
use std::collections::BTreeMap;

impl<'a> Planner<'a> {
    /// Takes over what the person has so far, or says why a profile of the person's that is not
    /// Stagedoor's stands in the way. `false`: there is none.
    pub(super) fn adoption(&mut self, case: &Case<'a>, names: &(ProfileName, ProfileName)) -> bool {
        if let Some(listed) = self.listed(case) {
            match case.domain.profiles.get(&listed.profile.folded()) {
                Some(profile) if self.is_foreign(profile) => self.take_over(case, profile),
                // Whether it is there only a full reading can tell.
                None if case.domain.seen != Seen::Everybody => {
                    self.keep(case, Some(&listed.profile), ReasonCode::PartialDomain, None);
                    return true;
                }
                _ => return false,
            }
            return true;
        }
        let Some(profile) = self.standing(case, names) else { return false };
        let unmanaged = self.map.domains.get(case.key()).map(|d| d.unmanaged).unwrap_or_default();
        if unmanaged == Unmanaged::Adopt {
            self.take_over(case, profile);
        } else {
            let detail = format!(
                "it is not Stagedoor's; the map can adopt it: {{ domain: {}, profile: {}, person: \
                 {:?}, team: {} }}",
                case.key(),
                profile.name,
                case.person().user_name,
                case.entitlement.team
            );
            self.keep(case, Some(&profile.name), ReasonCode::NameTaken, Some(detail));
        }
        true
    }

    fn listed(&self, case: &Case<'_>) -> Option<&'a Adoption> {
        let person = case.person().user_name.as_str();
        self.adoptions.get(&(case.key(), case.entitlement.team, person)).copied()
    }

    /// A profile which is not Stagedoor's and plainly this person's.
    fn standing(
        &self,
        case: &Case<'a>,
        (plain, hashed): &(ProfileName, ProfileName),
    ) -> Option<&'a ObservedProfile> {
        match case.domain.auth_mode {
            AuthMode::Iam => [plain, hashed]
                .into_iter()
                .filter_map(|name| case.domain.profiles.get(&name.folded()))
                .find(|profile| self.is_foreign(profile)),
            AuthMode::Sso => {
                self.signing_in(case).iter().copied().find(|profile| self.is_foreign(profile))
            }
        }
    }

    /// The profiles of the domain that sign in the person's user name, by their names.
    pub(super) fn signing_in(&self, case: &Case<'a>) -> &[&'a ObservedProfile] {
        let found = self.signing_in.get_or_init(|| signing_in(self.observed));
        found.get(&case.signed_in()).map(Vec::as_slice).unwrap_or_default()
    }

    fn is_foreign(&self, profile: &ObservedProfile) -> bool {
        profile.ownership(&self.map.instance) == Ownership::Foreign
    }

    /// Says of a team that is not enforced whether taking the profile over would change anything but
    /// its tags.
    fn would_take_over(&mut self, case: &Case<'a>, profile: &ObservedProfile) {
        let tags = case.team.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let (team, role) = ((case.entitlement.team, case.team), &case.placement.execution_role);
        let (reason, detail) = match drift(profile, team, role, tags) {
            None => (ReasonCode::Adoptable, None),
            Some(drift) => {
                let detail = format!("would be taken over, then corrected ({})", drift.reason);
                (ReasonCode::NotEnforced, Some(detail))
            }
        };
        self.keep(case, Some(&profile.name), reason, detail);
    }

    fn take_over(&mut self, case: &Case<'a>, profile: &ObservedProfile) {
        let name = &profile.name;
        if self.adopted.contains(&(case.key().clone(), name.folded())) {
            let detail = Some("it is taken over for somebody else".to_owned());
            return self.keep(case, Some(name), ReasonCode::NameTaken, detail);
        }
        let tags = self.all_tags(case);
        if !has_room(profile, &tags) {
            let detail = Some("its own tags leave no room for Stagedoor's".to_owned());
            return self.keep(case, Some(name), ReasonCode::NameTaken, detail);
        }
        match profile.status {
            ProfileStatus::InService | ProfileStatus::UpdateFailed => {
                self.adopted.insert((case.key().clone(), name.folded()));
                if !self.map.rollout.enforces(case.entitlement.team) {
                    return self.would_take_over(case, profile);
                }
                self.act(case, name, Step::Adopt { tags }, ReasonCode::Adopted);
            }
            status => {
                let detail = Some(format!("{status:?}"));
                self.keep(case, Some(name), ReasonCode::Busy, detail);
            }
        }
    }
}

/// How many tags SageMaker takes.
const MOST_TAGS: usize = 50;

/// Whether the profile can have these tags besides its own, and those of somebody who loses it.
fn has_room(profile: &ObservedProfile, tags: &BTreeMap<String, String>) -> bool {
    let own = profile.tags.to_map();
    let kept = own.keys().filter(|key| !tags.contains_key(**key)).count();
    kept + tags.len() + [TAG_LEAVING, TAG_AGREED, TAG_LOST].len() <= MOST_TAGS
}

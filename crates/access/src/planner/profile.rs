//! One profile of somebody who is entitled to it: made, corrected, or left alone.

use super::drift::{Drift, drift};
use super::{Case, Planner, live_apps, stake};
use crate::ids::{DomainKey, ProfileName};
use crate::map::RunningApps;
use crate::observed::{
    AuthMode, ObservedApp, ObservedProfile, ObservedRole, Ownership, ProfileStatus,
};
use crate::plan::{LostTeam, Step};
use crate::reason::ReasonCode;
use crate::snapshot::{Coverage, Person};
use jiff::{SignedDuration, Timestamp};

/// So long after a team was lost the profile has the other role, or AWS is not to be waited for: longer than an
/// update that is throttled takes.
const MOVES_WITHIN: SignedDuration = SignedDuration::from_mins(15);

impl<'a> Planner<'a> {
    /// The person is entitled and the profile is there.
    pub(super) fn existing(&mut self, case: &Case<'a>, profile: &ObservedProfile) {
        let name = &profile.name;
        match profile.status {
            ProfileStatus::Pending | ProfileStatus::Updating | ProfileStatus::Deleting => {
                let detail = format!("{:?}", profile.status);
                self.keep(case, Some(name), ReasonCode::Busy, Some(detail));
            }
            ProfileStatus::Failed | ProfileStatus::DeleteFailed => {
                if !profile.spaces.is_empty() {
                    let running = live_apps(profile, |_| true);
                    if !running.is_empty() && self.has_lost(case.key(), profile) {
                        let loses = self.loses(case, profile);
                        let step = Step::StopApps { apps: running, loses };
                        return self.act(case, name, step, ReasonCode::TeamChanged);
                    }
                    // Making it anew would destroy the spaces of somebody who is entitled to them.
                    let detail = Some("it owns spaces".to_owned());
                    return self.keep(case, Some(name), ReasonCode::ProfileFailed, detail);
                }
                let step =
                    Step::Remove { stake: stake(profile), new: false, hand_over: Vec::new() };
                self.act(case, name, step, ReasonCode::ProfileFailed);
            }
            ProfileStatus::InService | ProfileStatus::UpdateFailed => {
                self.correct(case, profile);
            }
        }
    }

    /// Compares a living profile with its team and plans the correction.
    fn correct(&mut self, case: &Case<'a>, profile: &ObservedProfile) {
        let name = &profile.name;
        let role = &case.placement.execution_role;
        let Some(drift) = drift(profile, (case.entitlement.team, case.team), role, self.tags(case))
        else {
            return match &profile.sso_user {
                Some(user) if !case.person().is_called(user) => {
                    let detail = Some(format!("it signs in {user}"));
                    self.keep(case, Some(name), ReasonCode::SsoUserChanged, detail);
                }
                _ => self.keep(case, Some(name), ReasonCode::InAgreement, None),
            };
        };
        let moves = drift.moves;
        let has_lost = moves && self.has_lost(case.key(), profile);
        let running = match () {
            () if drift.concerns_apps => live_apps(profile, |_| true),
            // It has its role, and something was started before it had: a page of Studio that was open did so while
            // the role was being given.
            () if has_lost => live_apps(profile, |app| is_from_before(app, profile)),
            () => Vec::new(),
        };
        let loses = self.loses(case, profile);
        // What runs with the role of a team that is lost stops, also where the new role cannot be
        // given yet.
        if has_lost && !running.is_empty() {
            let step = Step::StopApps { apps: running, loses };
            return self.act(case, name, step, ReasonCode::TeamChanged);
        }
        if drift.new_role.is_some()
            && (self.signs_in_another(case, profile) || self.role_blocks(case, Some(name)))
        {
            return;
        }
        if running.is_empty() {
            return self.update(case, name, (drift, loses), running);
        }
        let has_tags = !drift.set_tags.is_empty() || !drift.remove_tags.is_empty();
        match (drift.reason, self.map.rollout.running_apps) {
            // What runs with the former team's role must not outlive the move, whatever else is the
            // matter.
            _ if moves => {
                let step = Step::StopApps { apps: running, loses };
                self.act(case, name, step, ReasonCode::TeamChanged);
            }
            (_, RunningApps::Update) => self.update(case, name, (drift, loses), running),
            // Tags disturb nobody.
            _ if has_tags => {
                let tags = Drift { old_role: None, new_role: None, user_settings: None, ..drift };
                self.update(case, name, (tags, loses), Vec::new());
            }
            (_, RunningApps::Wait) => {
                let detail = Some(running.join(", "));
                self.keep(case, Some(name), ReasonCode::AppsRunning, detail);
            }
            (reason, RunningApps::Stop) => {
                self.act(case, name, Step::StopApps { apps: running, loses }, reason);
            }
        }
    }

    /// Whether the person has no right any more to the team that the profile is for, or not in this domain.
    pub(super) fn has_lost(&self, key: &DomainKey, profile: &ObservedProfile) -> bool {
        match profile.ownership(&self.map.instance) {
            Ownership::Ours { person, team } => {
                let known = self.map.teams.get(team);
                let is_here = known.is_some_and(|team| team.placement(key).is_some());
                !is_here || self.entitled.get(person, team).is_none()
            }
            Ownership::OtherInstance(_) | Ownership::Foreign => false,
        }
    }

    /// The team that the person loses when the profile goes on for another one. What was taken before is not taken
    /// again, also by a hold that ends so.
    fn loses(&self, case: &Case<'_>, profile: &ObservedProfile) -> Option<LostTeam> {
        let Ownership::Ours { person, team } = profile.ownership(&self.map.instance) else {
            return None;
        };
        let is_first = self.has_lost(case.key(), profile) && profile.is_untouched(team);
        is_first.then(|| LostTeam {
            team: team.clone(),
            announced: self.cause(person, team, self.now) == ReasonCode::TemporaryEnded,
        })
    }

    /// Whether the profile signs in somebody else, or may do so as far as the snapshot tells; if so,
    /// says so. Tags can be forged by whoever may tag; a role given on their word would be the other
    /// person's. A name that nobody has any more is the person's own from before a rename.
    fn signs_in_another(&mut self, case: &Case<'_>, profile: &ObservedProfile) -> bool {
        let Some(user) = &profile.sso_user else { return false };
        let is = |person: &Person| person.is_called(user);
        if is(case.person()) {
            return false;
        }
        let is_former =
            self.snapshot.coverage == Coverage::Complete && !self.snapshot.people.values().any(is);
        if !is_former {
            let detail = Some(format!("it signs in {user}"));
            self.keep(case, Some(&profile.name), ReasonCode::SsoUserChanged, detail);
        }
        !is_former
    }

    fn update(
        &mut self,
        case: &Case<'_>,
        name: &ProfileName,
        (drift, loses): (Drift, Option<LostTeam>),
        restart: Vec<String>,
    ) {
        let Drift { old_role, new_role, user_settings, set_tags, remove_tags, reason, .. } = drift;
        let step = Step::Update {
            old_role,
            new_role,
            user_settings,
            set_tags,
            remove_tags,
            restart,
            loses,
        };
        self.act(case, name, step, reason);
    }

    /// The person is entitled and there is no profile. `names` are the plain one and the one with
    /// the hash.
    pub(super) fn missing(&mut self, case: &Case<'a>, names: &(ProfileName, ProfileName)) {
        if !case.domain.seen.covers(&case.person().id) {
            // The profile may exist under an older name: only a full reading can tell.
            return self.keep(case, Some(&names.0), ReasonCode::PartialDomain, None);
        }
        if self.adoption(case, names) || self.is_signed_in(case) {
            return;
        }
        let name = match self.free_name(case, names) {
            Ok(name) => name,
            Err(taken) => {
                let detail = format!("{taken} is not this person's profile for this team");
                return self.keep(case, Some(&taken), ReasonCode::NameTaken, Some(detail));
            }
        };
        if self.role_blocks(case, Some(&name)) {
            return;
        }
        let at = self.map.domains.get(case.key()).map(|d| (d.account_id.clone(), d.region.clone()));
        match at.and_then(|at| self.room.get_mut(&at)) {
            // What is not made takes no room.
            _ if !self.map.rollout.enforces(case.entitlement.team) => {}
            Some(0) => return self.keep(case, Some(&name), ReasonCode::QuotaReached, None),
            Some(left) => *left -= 1,
            None => {}
        }
        let is_sso = case.domain.auth_mode == AuthMode::Sso;
        let step = Step::Create {
            execution_role: case.placement.execution_role.clone(),
            user_settings: case.team.user_settings.clone(),
            tags: self.all_tags(case),
            sso_user: is_sso.then(|| case.person().user_name.clone()),
        };
        self.planned.insert((case.key().clone(), name.folded()));
        if is_sso && self.map.rollout.enforces(case.entitlement.team) {
            self.signed_in.insert(case.signed_in());
        }
        self.act(case, &name, step, ReasonCode::Entitled);
    }

    /// Whether a profile signs in the person's user name that is somebody else's: a leaver's on hold, one whose
    /// person was renamed, or one that this plan makes for a namesake. A domain in SSO mode takes one for each
    /// (API `CreateUserProfile`: `ResourceInUse`); if so, says so.
    fn is_signed_in(&mut self, case: &Case<'a>) -> bool {
        if case.domain.auth_mode != AuthMode::Sso {
            return false;
        }
        let (name, detail) = match self.signing_in(case).first() {
            Some(other) => {
                let held = other.leaving_since().map_or("", |_| ", on hold");
                let detail = format!("{} is somebody else's{held}", other.name);
                (Some(&other.name), detail)
            }
            None if self.signed_in.contains(&case.signed_in()) => {
                (None, "somebody else of that name gets one".to_owned())
            }
            None => return false,
        };
        self.keep(case, name, ReasonCode::SsoUserTaken, Some(detail));
        true
    }

    /// A name for a new profile, or the name that somebody else's profile stands in the way of.
    ///
    /// Profiles of Stagedoor keep their names when people are renamed, so another person of ours may
    /// have the plain name; then the hash tells them apart. A profile that is not ours may be what
    /// this person used so far: whether it is adopted is for an admin to say.
    fn free_name(
        &self,
        case: &Case<'_>,
        (plain, hashed): &(ProfileName, ProfileName),
    ) -> Result<ProfileName, ProfileName> {
        let is_planned =
            |name: &ProfileName| self.planned.contains(&(case.key().clone(), name.folded()));
        let profiles = &case.domain.profiles;
        match profiles.get(&plain.folded()) {
            None if !is_planned(plain) => return Ok(plain.clone()),
            Some(other)
                if !matches!(other.ownership(&self.map.instance), Ownership::Ours { .. }) =>
            {
                return Err(plain.clone());
            }
            _ => {}
        }
        let taken = profiles.contains_key(&hashed.folded()) || is_planned(hashed);
        if taken { Err(hashed.clone()) } else { Ok(hashed.clone()) }
    }

    /// Whether the team's role cannot be given to a profile; if so, says so.
    pub(super) fn role_blocks(&mut self, case: &Case<'_>, name: Option<&ProfileName>) -> bool {
        let role = &case.placement.execution_role;
        let reason = match self.observed.roles.get(role) {
            Some(ObservedRole::Missing) => ReasonCode::RoleMissing,
            Some(ObservedRole::Untrusted) => ReasonCode::RoleUntrusted,
            Some(ObservedRole::Unreadable) => ReasonCode::RoleUnreadable,
            Some(ObservedRole::Trusted) | None => return false,
        };
        self.keep(case, name, reason, Some(role.to_string()));
        true
    }
}

/// Whether an app goes on with what the profile had before it was last changed. Where AWS does not say when, it may.
/// What is started long after the team was lost does not, whatever changes that time at AWS: nobody's work is stopped
/// again and again.
fn is_from_before(app: &ObservedApp, profile: &ObservedProfile) -> bool {
    let lost = profile.team_lost().and_then(|lost| lost.at.checked_add(MOVES_WITHIN).ok());
    let is_older =
        |end: Option<Timestamp>| app.since.zip(end).is_none_or(|(since, end)| since <= end);
    is_older(profile.modified) && is_older(lost)
}

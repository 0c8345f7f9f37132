//! The planner: map, directory and AWS in, plan out. Pure; equal inputs give equal plans.

use crate::entitlement::{Entitlement, Entitlements, entitlements};
use crate::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use crate::map::{AccessMap, Team};
use crate::naming::profile_name;
use crate::observed::{
    AuthMode, Observed, ObservedDomain, ObservedProfile, ObservedRole, Ownership, ProfileStatus,
    TAG_INSTANCE, TAG_LEAVING, TAG_PERSON, TAG_TEAM,
};
use crate::plan::{Action, Kept, Plan, Stake, Step};
use crate::reason::ReasonCode;
use crate::snapshot::{Person, Snapshot};
use serde_json::Value;
use std::collections::BTreeMap;

/// Works out what must change so that AWS agrees with the map at `now`.
///
/// Only domains that `observed` holds are planned for; a domain of the map that is in neither of
/// its lists was not asked about and is left out.
pub fn plan(
    map: &AccessMap,
    snapshot: &Snapshot,
    observed: &Observed,
    now: jiff::Timestamp,
) -> Plan {
    let entitled = entitlements(map, snapshot, now);
    let mut planner = Planner {
        map,
        snapshot,
        observed,
        now,
        entitled: &entitled,
        actions: Vec::new(),
        kept: Vec::new(),
        owned: 0,
    };
    for (key, reason) in &observed.unreadable {
        planner.keep_domain(key, ReasonCode::DomainUnreadable, reason);
    }
    for (key, domain) in &observed.domains {
        planner.domain(key, domain);
    }
    let Planner { mut actions, mut kept, owned, .. } = planner;
    actions.sort_by(|a, b| order(a).cmp(&order(b)));
    kept.sort_by(|a, b| {
        (&a.domain, &a.person, &a.team, &a.profile).cmp(&(&b.domain, &b.person, &b.team, &b.profile))
    });
    Plan { map_digest: map.digest.clone(), now, actions, kept, grants: entitled.notes, owned }
}

/// Access is given before it is taken away, and nothing is deleted before everything else is done.
fn order(action: &Action) -> (u8, &DomainKey, &PersonId, &TeamKey, &ProfileName) {
    let rank = match &action.step {
        Step::Update { .. } => 0,
        Step::Create { .. } => 1,
        Step::Hold { .. } => 2,
        Step::Remove { .. } => 3,
    };
    (rank, &action.domain, &action.person, &action.team, &action.profile)
}

struct Planner<'a> {
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    observed: &'a Observed,
    now: jiff::Timestamp,
    entitled: &'a Entitlements,
    actions: Vec<Action>,
    kept: Vec<Kept>,
    owned: usize,
}

type Owned<'a> = BTreeMap<(PersonId, TeamKey), &'a ObservedProfile>;

impl<'a> Planner<'a> {
    fn domain(&mut self, key: &DomainKey, domain: &'a ObservedDomain) {
        if domain.auth_mode == AuthMode::Sso {
            return self.keep_domain(key, ReasonCode::SsoDomain, "");
        }
        if !domain.in_service {
            return self.keep_domain(key, ReasonCode::DomainNotInService, "");
        }
        let owned = self.owned_profiles(key, domain);
        let mut free = domain
            .profile_quota
            .map(|quota| usize::try_from(quota).unwrap_or(usize::MAX))
            .map(|quota| quota.saturating_sub(domain.profiles.len()));
        let entitled = self.entitled;
        for (pair, entitlement) in &entitled.of {
            let Some(team) = self.map.teams.get(&pair.1).filter(|team| &team.domain == key) else {
                continue;
            };
            let Some(person) = self.snapshot.people.get(&pair.0) else { continue };
            let case = Case { key, person, team, entitlement };
            match owned.get(pair) {
                Some(profile) => self.existing(&case, profile),
                None => self.missing(&case, domain, &mut free),
            }
        }
        for ((person, team), profile) in &owned {
            self.unless_entitled(key, person, team, profile);
        }
    }

    /// Sorts the domain's profiles by whose they are; keeps what is not for this plan.
    fn owned_profiles(&mut self, key: &DomainKey, domain: &'a ObservedDomain) -> Owned<'a> {
        let mut owned = Owned::new();
        for profile in domain.profiles.values() {
            match profile.ownership(&self.map.instance) {
                Ownership::Foreign => self.keep_profile(key, profile, ReasonCode::NotOurs, None),
                Ownership::OtherInstance(other) => {
                    self.keep_profile(key, profile, ReasonCode::OtherInstance, Some(other));
                }
                Ownership::Ours { person, team } => {
                    self.owned += 1;
                    // The first by name stays; the other waits for somebody to decide.
                    match owned.entry((person, team)) {
                        std::collections::btree_map::Entry::Vacant(slot) => {
                            slot.insert(profile);
                        }
                        std::collections::btree_map::Entry::Occupied(first) => {
                            let first = format!("the first is {}", first.get().name);
                            self.keep_profile(key, profile, ReasonCode::Duplicate, Some(first));
                        }
                    }
                }
            }
        }
        owned
    }

    /// The person is entitled and the profile is there.
    fn existing(&mut self, case: &Case<'_>, profile: &ObservedProfile) {
        let name = &profile.name;
        match profile.status {
            ProfileStatus::Pending | ProfileStatus::Updating | ProfileStatus::Deleting => {
                let detail = format!("{:?}", profile.status);
                self.keep(case, Some(name), ReasonCode::Busy, Some(detail));
            }
            ProfileStatus::Failed | ProfileStatus::DeleteFailed => {
                let step = Step::Remove { stake: stake(profile), new: false };
                self.act(case, name, step, ReasonCode::ProfileFailed);
            }
            ProfileStatus::InService | ProfileStatus::UpdateFailed => {
                self.correct(case, profile);
            }
        }
    }

    /// Compares a living profile with its team and plans the correction.
    fn correct(&mut self, case: &Case<'_>, profile: &ObservedProfile) {
        let team = case.team;
        let role_differs = profile.execution_role.as_deref() != Some(team.execution_role.as_str());
        let settings_differ = !contains(
            &Value::Object(profile.user_settings.clone()),
            &Value::Object(team.user_settings.clone()),
        );
        let set_tags: BTreeMap<String, String> = self
            .tags(case)
            .into_iter()
            .filter(|(key, value)| profile.tags.get(key) != Some(value))
            .collect();
        let returned = profile.tags.contains_key(TAG_LEAVING);
        let failed = profile.status == ProfileStatus::UpdateFailed;
        let reason = match (returned, failed, role_differs, settings_differ, set_tags.is_empty()) {
            (true, ..) => ReasonCode::Returned,
            (_, true, ..) => ReasonCode::UpdateFailed,
            (_, _, true, ..) => ReasonCode::RoleDrift,
            (_, _, _, true, _) => ReasonCode::SettingsDrift,
            (.., false) => ReasonCode::TagDrift,
            _ => return self.keep(case, Some(&profile.name), ReasonCode::InAgreement, None),
        };
        let new_role = (role_differs || failed).then(|| team.execution_role.clone());
        if new_role.is_some() && self.role_blocks(case, Some(&profile.name)) {
            return;
        }
        let step = Step::Update {
            old_role: if role_differs { profile.execution_role.clone() } else { None },
            new_role,
            user_settings: settings_differ.then(|| team.user_settings.clone()),
            set_tags,
            remove_tags: returned.then(|| TAG_LEAVING.to_owned()).into_iter().collect(),
        };
        self.act(case, &profile.name, step, reason);
    }

    /// The person is entitled and there is no profile.
    fn missing(&mut self, case: &Case<'_>, domain: &ObservedDomain, free: &mut Option<usize>) {
        let name = profile_name(case.person, &case.entitlement.team);
        if let Some(other) = domain.profiles.get(&name.folded()) {
            let detail = Some(format!("{} is not this person's profile for this team", other.name));
            return self.keep(case, Some(&name), ReasonCode::NameTaken, detail);
        }
        if !domain.complete {
            // The profile may exist under an older name: only a full reading can tell.
            return self.keep(case, Some(&name), ReasonCode::PartialDomain, None);
        }
        if self.role_blocks(case, Some(&name)) {
            return;
        }
        match free {
            Some(0) => return self.keep(case, Some(&name), ReasonCode::QuotaReached, None),
            Some(left) => *left -= 1,
            None => {}
        }
        let step = Step::Create {
            execution_role: case.team.execution_role.clone(),
            user_settings: case.team.user_settings.clone(),
            tags: self.tags(case),
        };
        self.act(case, &name, step, ReasonCode::Entitled);
    }

    /// Whether the team's role cannot be given to a profile; if so, says so.
    fn role_blocks(&mut self, case: &Case<'_>, name: Option<&ProfileName>) -> bool {
        let role = &case.team.execution_role;
        let reason = match self.observed.roles.get(role) {
            Some(ObservedRole::Missing) => ReasonCode::RoleMissing,
            Some(ObservedRole::Untrusted) => ReasonCode::RoleUntrusted,
            Some(ObservedRole::Unreadable) => ReasonCode::RoleUnreadable,
            Some(ObservedRole::Trusted) | None => return false,
        };
        self.keep(case, name, reason, Some(role.to_string()));
        true
    }

    /// Takes a profile away whose person has no right to it, if that can be known.
    fn unless_entitled(
        &mut self,
        key: &DomainKey,
        person: &PersonId,
        team: &TeamKey,
        profile: &ObservedProfile,
    ) {
        let entitled = self.entitled.of.contains_key(&(person.clone(), team.clone()));
        let here = self.map.teams.get(team).is_some_and(|t| &t.domain == key);
        if entitled && here {
            return;
        }
        if !self.snapshot.speaks_for(person) {
            return self.keep_profile(key, profile, ReasonCode::PartialSnapshot, None);
        }
        if profile.status == ProfileStatus::Deleting {
            return self.keep_profile(key, profile, ReasonCode::Busy, Some("Deleting".into()));
        }
        let reason = self.cause(person, team, entitled);
        let since = profile.leaving_since();
        let hold_seconds = self.map.offboarding.hold_seconds;
        let over = match since {
            Some(since) => seconds_between(since, self.now) >= hold_seconds,
            None => hold_seconds == 0,
        };
        let stake = stake(profile);
        let step = if over || profile.status != ProfileStatus::InService {
            Step::Remove { stake, new: since.is_none() }
        } else if since.is_none() || !stake.apps.is_empty() {
            Step::Hold { since, hold_seconds, stake, new: since.is_none() }
        } else {
            let until = since.map(|s| {
                s.checked_add(jiff::SignedDuration::from_secs(hold_seconds.cast_signed()))
            });
            let detail = until.and_then(Result::ok).map(|until| format!("until {until}"));
            return self.keep_profile(key, profile, ReasonCode::OnHold, detail);
        };
        self.actions.push(Action {
            domain: key.clone(),
            profile: profile.name.clone(),
            person: person.clone(),
            person_name: self.snapshot.people.get(person).map(shown_name),
            team: team.clone(),
            step,
            reason,
            because: None,
        });
    }

    /// Why the person has no right to the team in this domain.
    fn cause(&self, person: &PersonId, team: &TeamKey, entitled: bool) -> ReasonCode {
        match self.snapshot.people.get(person) {
            None => ReasonCode::PersonGone,
            Some(p) if !p.enabled => ReasonCode::PersonDisabled,
            Some(_) if !self.map.teams.contains_key(team) => ReasonCode::TeamGone,
            Some(_) if entitled => ReasonCode::TeamMoved,
            Some(_) => ReasonCode::EntitlementLost,
        }
    }

    fn tags(&self, case: &Case<'_>) -> BTreeMap<String, String> {
        let mut tags = case.team.tags.clone();
        tags.insert(TAG_INSTANCE.into(), self.map.instance.clone());
        tags.insert(TAG_PERSON.into(), case.person.id.to_string());
        tags.insert(TAG_TEAM.into(), case.entitlement.team.to_string());
        tags
    }

    fn act(&mut self, case: &Case<'_>, name: &ProfileName, step: Step, reason: ReasonCode) {
        self.actions.push(Action {
            domain: case.key.clone(),
            profile: name.clone(),
            person: case.person.id.clone(),
            person_name: Some(shown_name(case.person)),
            team: case.entitlement.team.clone(),
            step,
            reason,
            because: Some(case.entitlement.because.clone()),
        });
    }

    fn keep(
        &mut self,
        case: &Case<'_>,
        name: Option<&ProfileName>,
        reason: ReasonCode,
        detail: Option<String>,
    ) {
        self.kept.push(Kept {
            domain: case.key.clone(),
            profile: name.cloned(),
            person: Some(case.person.id.clone()),
            person_name: Some(shown_name(case.person)),
            team: Some(case.entitlement.team.clone()),
            reason,
            detail,
        });
    }

    fn keep_profile(
        &mut self,
        key: &DomainKey,
        profile: &ObservedProfile,
        reason: ReasonCode,
        detail: Option<String>,
    ) {
        let (person, team) = match profile.ownership(&self.map.instance) {
            Ownership::Ours { person, team } => (Some(person), Some(team)),
            _ => (None, None),
        };
        let known = person.as_ref().and_then(|id| self.snapshot.people.get(id));
        self.kept.push(Kept {
            domain: key.clone(),
            profile: Some(profile.name.clone()),
            person_name: known.map(shown_name),
            person,
            team,
            reason,
            detail,
        });
    }

    fn keep_domain(&mut self, key: &DomainKey, reason: ReasonCode, detail: &str) {
        self.kept.push(Kept {
            domain: key.clone(),
            profile: None,
            person: None,
            person_name: None,
            team: None,
            reason,
            detail: (!detail.is_empty()).then(|| detail.to_owned()),
        });
    }
}

/// An entitlement together with what it means in one domain.
struct Case<'a> {
    key: &'a DomainKey,
    person: &'a Person,
    team: &'a Team,
    entitlement: &'a Entitlement,
}

fn shown_name(person: &Person) -> String {
    if person.display_name.is_empty() {
        person.user_name.clone()
    } else {
        person.display_name.clone()
    }
}

/// What goes with a profile.
fn stake(profile: &ObservedProfile) -> Stake {
    let of_profile = profile
        .apps
        .iter()
        .filter(|app| app.status.blocks_deletion())
        .map(|app| format!("{}/{}", app.app_type, app.name));
    let of_spaces = profile.spaces.iter().flat_map(|space| {
        space
            .apps
            .iter()
            .filter(|app| app.status.blocks_deletion())
            .map(|app| format!("{}/{}/{}", space.name, app.app_type, app.name))
    });
    Stake {
        apps: of_spaces.chain(of_profile).collect(),
        spaces: profile.spaces.iter().map(|space| space.name.clone()).collect(),
        home_efs_uid: profile.home_efs_uid.clone(),
    }
}

/// Whether `actual` says all that `wanted` says. `SageMaker` answers with defaults added, so more is
/// no drift; lists are compared whole.
fn contains(actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (Value::Object(actual), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, value)| actual.get(key).is_some_and(|found| contains(found, value))),
        _ => actual == wanted,
    }
}

/// Whole seconds from `from` to `to`; 0 if `to` is earlier.
fn seconds_between(from: jiff::Timestamp, to: jiff::Timestamp) -> u64 {
    u64::try_from(to.as_second().saturating_sub(from.as_second())).unwrap_or(0)
}

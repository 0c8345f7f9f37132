//! The planner: map, directory and AWS in, plan out. Pure; equal inputs give equal plans.

mod drift;
mod leaving;

use crate::entitlement::{Entitlement, Entitlements, entitlements};
use crate::ids::{AccountId, DomainKey, PersonId, ProfileName, Region, TeamKey};
use crate::map::{AccessMap, Team};
use crate::naming::{hashed_profile_name, profile_name};
use crate::observed::{
    AuthMode, Observed, ObservedDomain, ObservedProfile, ObservedRole, Ownership, ProfileStatus,
    TAG_INSTANCE, TAG_PERSON, TAG_TEAM,
};
use crate::plan::{Action, Kept, Plan, Stake, Step};
use crate::reason::ReasonCode;
use crate::snapshot::{Person, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

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
        planned: BTreeSet::new(),
        room: room(map, observed),
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
        (&a.domain, &a.team, &a.profile, &a.person)
            .cmp(&(&b.domain, &b.team, &b.profile, &b.person))
    });
    Plan { map_digest: map.digest.clone(), now, actions, kept, grants: entitled.notes, owned }
}

/// Access is given before it is taken away, and nothing is deleted before everything else is done.
fn order(action: &Action) -> (u8, &DomainKey, &TeamKey, &ProfileName, &PersonId) {
    let rank = match &action.step {
        Step::Update { .. } => 0,
        Step::Create { .. } => 1,
        Step::Hold { .. } => 2,
        Step::Remove { .. } => 3,
    };
    (rank, &action.domain, &action.team, &action.profile, &action.person)
}

/// How many more profiles each account may have in a Region: the quota is not the domain's.
fn room(map: &AccessMap, observed: &Observed) -> BTreeMap<(AccountId, Region), usize> {
    let mut quotas: BTreeMap<(AccountId, Region), u32> = BTreeMap::new();
    let mut used: BTreeMap<(AccountId, Region), usize> = BTreeMap::new();
    for (key, domain) in &observed.domains {
        let Some(at) = map.domains.get(key).map(|d| (d.account_id.clone(), d.region.clone()))
        else {
            continue;
        };
        *used.entry(at.clone()).or_default() += domain.profiles.len();
        if let Some(quota) = domain.profile_quota {
            quotas.entry(at).and_modify(|least| *least = quota.min(*least)).or_insert(quota);
        }
    }
    quotas
        .into_iter()
        .map(|(at, quota)| {
            let used = used.get(&at).copied().unwrap_or(0);
            (at, usize::try_from(quota).unwrap_or(usize::MAX).saturating_sub(used))
        })
        .collect()
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
    /// Case-folded names of the profiles that this plan makes.
    planned: BTreeSet<(DomainKey, String)>,
    /// How many more profiles this plan may make.
    room: BTreeMap<(AccountId, Region), usize>,
}

/// This installation's profiles of a domain. More than one for a pair is a mistake, which happens.
type Owned<'a> = BTreeMap<(PersonId, TeamKey), Vec<&'a ObservedProfile>>;

impl<'a> Planner<'a> {
    fn domain(&mut self, key: &DomainKey, domain: &'a ObservedDomain) {
        if domain.auth_mode == AuthMode::Sso {
            return self.keep_domain(key, ReasonCode::SsoDomain, "");
        }
        if !domain.in_service {
            return self.keep_domain(key, ReasonCode::DomainNotInService, "");
        }
        let owned = self.owned_profiles(key, domain);
        let entitled = self.entitled;
        for (pair, entitlement) in &entitled.of {
            let Some(team) = self.map.teams.get(&pair.1).filter(|team| &team.domain == key) else {
                continue;
            };
            let Some(person) = self.snapshot.people.get(&pair.0) else { continue };
            let case = Case { key, person, team, entitlement };
            match owned.get(pair).map(Vec::as_slice) {
                Some([profile, others @ ..]) => {
                    self.existing(&case, profile);
                    for other in others {
                        let detail = Some(format!("{} is the one in use", profile.name));
                        self.keep_profile(key, other, ReasonCode::Duplicate, detail);
                    }
                }
                Some([]) | None => self.missing(&case, domain),
            }
        }
        for (pair, profiles) in &owned {
            let here = self.map.teams.get(&pair.1).is_some_and(|team| &team.domain == key);
            if here && entitled.of.contains_key(pair) {
                continue;
            }
            for profile in profiles {
                self.take_away(key, &pair.0, &pair.1, profile);
            }
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
                    owned.entry((person, team)).or_default().push(profile);
                }
            }
        }
        // Of duplicates one that can be used is in use, then the first by name.
        for profiles in owned.values_mut() {
            profiles.sort_by_key(|profile| {
                use ProfileStatus::{DeleteFailed, Deleting, Failed};
                matches!(profile.status, Deleting | Failed | DeleteFailed)
            });
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
                if !profile.spaces.is_empty() {
                    // Making it anew would destroy the spaces of somebody who is entitled to them.
                    let detail = Some("it owns spaces".to_owned());
                    return self.keep(case, Some(name), ReasonCode::ProfileFailed, detail);
                }
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
        let name = &profile.name;
        let Some((step, reason)) = drift::correction(profile, case.team, self.tags(case)) else {
            return self.keep(case, Some(name), ReasonCode::InAgreement, None);
        };
        let gives_role = matches!(step, Step::Update { new_role: Some(_), .. });
        if gives_role && self.role_blocks(case, Some(name)) {
            return;
        }
        self.act(case, name, step, reason);
    }

    /// The person is entitled and there is no profile.
    fn missing(&mut self, case: &Case<'_>, domain: &ObservedDomain) {
        if !domain.complete {
            // The profile may exist under an older name: only a full reading can tell.
            let name = profile_name(case.person, &case.entitlement.team);
            return self.keep(case, Some(&name), ReasonCode::PartialDomain, None);
        }
        let name = match self.free_name(case, domain) {
            Ok(name) => name,
            Err(taken) => {
                let detail = format!("{taken} is not this person's profile for this team");
                return self.keep(case, Some(&taken), ReasonCode::NameTaken, Some(detail));
            }
        };
        if self.role_blocks(case, Some(&name)) {
            return;
        }
        let at = self.map.domains.get(case.key).map(|d| (d.account_id.clone(), d.region.clone()));
        match at.and_then(|at| self.room.get_mut(&at)) {
            Some(0) => return self.keep(case, Some(&name), ReasonCode::QuotaReached, None),
            Some(left) => *left -= 1,
            None => {}
        }
        let step = Step::Create {
            execution_role: case.team.execution_role.clone(),
            user_settings: case.team.user_settings.clone(),
            tags: self.tags(case),
        };
        self.planned.insert((case.key.clone(), name.folded()));
        self.act(case, &name, step, ReasonCode::Entitled);
    }

    /// A name for a new profile, or the name that somebody else's profile stands in the way of.
    ///
    /// Profiles of Stagedoor keep their names when people are renamed, so another person of ours may
    /// have the plain name; then the hash tells them apart. A profile that is not ours may be what
    /// this person used so far: whether it is adopted is for an admin to say.
    fn free_name(
        &self,
        case: &Case<'_>,
        domain: &ObservedDomain,
    ) -> Result<ProfileName, ProfileName> {
        let team = &case.entitlement.team;
        let is_planned =
            |name: &ProfileName| self.planned.contains(&(case.key.clone(), name.folded()));
        let plain = profile_name(case.person, team);
        match domain.profiles.get(&plain.folded()) {
            None if !is_planned(&plain) => return Ok(plain),
            Some(other)
                if !matches!(other.ownership(&self.map.instance), Ownership::Ours { .. }) =>
            {
                return Err(plain);
            }
            _ => {}
        }
        let hashed = hashed_profile_name(case.person, team);
        let taken = domain.profiles.contains_key(&hashed.folded()) || is_planned(&hashed);
        if taken { Err(hashed) } else { Ok(hashed) }
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

pub(crate) fn shown_name(person: &Person) -> String {
    // Two people can have one display name.
    if person.display_name.is_empty() || person.display_name == person.user_name {
        person.user_name.clone()
    } else {
        format!("{} ({})", person.display_name, person.user_name)
    }
}

/// What goes with a profile.
fn stake(profile: &ObservedProfile) -> Stake {
    let of_profile = profile
        .apps
        .iter()
        .filter(|app| app.status.blocks_deletion())
        .map(|app| format!("{}/{}", app.app_type, app.name));
    let of_spaces = profile.private_spaces().flat_map(|space| {
        space
            .apps
            .iter()
            .filter(|app| app.status.blocks_deletion())
            .map(|app| format!("{}/{}/{}", space.name, app.app_type, app.name))
    });
    // Lists of AWS come in no particular order; sets do not let it through to the plan.
    let apps: BTreeSet<String> = of_spaces.chain(of_profile).collect();
    let spaces: BTreeSet<String> =
        profile.private_spaces().map(|space| space.name.clone()).collect();
    let shared: BTreeSet<String> =
        profile.shared_spaces().map(|space| space.name.clone()).collect();
    Stake {
        apps: apps.into_iter().collect(),
        spaces: spaces.into_iter().collect(),
        shared_spaces: shared.into_iter().collect(),
        home_efs_uid: profile.home_efs_uid.clone(),
    }
}

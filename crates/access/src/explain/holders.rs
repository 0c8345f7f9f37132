//! Who has a team, and who has a profile of it without a right to it.

use crate::entitlement::{Because, entitlements};
use crate::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use crate::map::AccessMap;
use crate::observed::{Observed, ObservedProfile, Ownership};
use crate::owned::Owned;
use crate::planner::shown_name;
use crate::reason::ReasonCode;
use crate::snapshot::Snapshot;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// What somebody means who asks who has something: a team, or an execution role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meant {
    /// The teams.
    pub teams: BTreeSet<TeamKey>,
    /// ARNs of the execution roles, where one is meant.
    pub roles: BTreeSet<String>,
}

impl Meant {
    /// The team with this key, or the teams with this execution role, by its name or ARN; `None` where
    /// the map has neither. Any ARN is a role: one that the map does not name may be on profiles all
    /// the same.
    pub fn of(map: &AccessMap, word: &str) -> Option<Self> {
        if let Some(team) = TeamKey::parse(word).ok().filter(|team| map.teams.contains_key(team)) {
            return Some(Self { teams: BTreeSet::from([team]), roles: BTreeSet::new() });
        }
        let mut meant = Self::default();
        for (key, team) in &map.teams {
            for placement in &team.placements {
                let role = &placement.execution_role;
                if role.as_str() == word || role.role_name() == word {
                    meant.teams.insert(key.clone());
                    meant.roles.insert(role.to_string());
                }
            }
        }
        if meant.teams.is_empty() && word.starts_with("arn:") {
            meant.roles.insert(word.to_owned());
        }
        (meant != Self::default()).then_some(meant)
    }
}

/// Who has some teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holders {
    /// The teams that were asked about.
    pub teams: BTreeSet<TeamKey>,
    /// People with a right, by team and name.
    pub entitled: Vec<Holder>,
    /// Profiles without a right.
    pub without_right: Vec<Stray>,
}

/// A person with a right to a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Who.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The display name and user name.
    pub person_name: String,
    /// To which team.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// The group and grant that give it.
    pub because: Because,
    /// When it ends; absent: open-ended.
    pub until: Option<jiff::Timestamp>,
    /// The person's profile of this team.
    pub profile: ProfileState,
}

/// Whether somebody with a right has the profile already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ProfileState {
    /// There is one.
    Present {
        /// Where.
        #[schema(value_type = String)]
        domain: DomainKey,
        /// Its name.
        #[schema(value_type = String)]
        name: ProfileName,
    },
    /// There is none yet.
    Absent,
    /// A domain of the team could not be read.
    Unknown,
}

/// A profile of a team, or with its role by whatever way, whose owner has no right to that team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stray {
    /// Where.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// Its name.
    #[schema(value_type = String)]
    pub profile: ProfileName,
    /// Whose it is, as far as its tags say.
    #[schema(value_type = Option<String>)]
    pub person: Option<PersonId>,
    /// The name of the person, where the directory knows them.
    pub person_name: Option<String>,
    /// Of which team, as far as its tags say.
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamKey>,
    /// Why it is there or not Stagedoor's: `on-hold`, `entitlement-lost`, `not-ours`, …; `role-drift` or
    /// `role-inherited` where the owner has a right to the team whose profile it is.
    #[schema(value_type = String)]
    pub code: ReasonCode,
    /// Apps that run, start or stop in it and in its spaces.
    pub live_apps: usize,
}

/// Lists who has these teams at `now`. Also who has a profile that runs as one of `roles`, ARNs of
/// execution roles, by other ways than the map: drifted, or because it names none and the domain does.
pub fn holders(
    map: &AccessMap,
    snapshot: &Snapshot,
    observed: &Observed,
    now: jiff::Timestamp,
    teams: &BTreeSet<TeamKey>,
    roles: &BTreeSet<String>,
) -> Holders {
    let all = entitlements(map, snapshot, now);
    let owned = |domain| Owned::of(domain, &map.instance);
    let owned: BTreeMap<&DomainKey, Owned<'_>> =
        observed.domains.iter().map(|(key, domain)| (key, owned(domain))).collect();
    let mut entitled: Vec<Holder> = all
        .all()
        .iter()
        .filter(|right| teams.contains(right.team))
        .map(|right| Holder {
            person: right.person.id.clone(),
            person_name: shown_name(right.person),
            team: right.team.clone(),
            because: right.because().clone(),
            until: right.until(),
            profile: state(map, &owned, right.pair()),
        })
        .collect();
    entitled.sort_by(|a, b| {
        (&a.team, &a.person_name, &a.person).cmp(&(&b.team, &b.person_name, &b.person))
    });
    let mut without_right = Vec::new();
    for (key, domain) in &observed.domains {
        for profile in domain.profiles.values() {
            let has_role = domain.role_of(profile).is_some_and(|role| roles.contains(role));
            let mut stray = stray(map, snapshot, key, profile);
            let of_team = stray.team.as_ref().is_some_and(|team| teams.contains(team));
            let right = stray.person.as_ref().zip(stray.team.as_ref());
            let is_entitled = right.is_some_and(|(person, team)| all.get(person, team).is_some());
            if is_entitled {
                // To another team, whose profile has the role all the same.
                stray.code = match profile.execution_role {
                    Some(_) => ReasonCode::RoleDrift,
                    None => ReasonCode::RoleInherited,
                };
            }
            if if is_entitled { has_role && !of_team } else { has_role || of_team } {
                without_right.push(stray);
            }
        }
    }
    Holders { teams: teams.clone(), entitled, without_right }
}

fn state(
    map: &AccessMap,
    owned: &BTreeMap<&DomainKey, Owned<'_>>,
    pair: (&PersonId, &TeamKey),
) -> ProfileState {
    let mut all_read = true;
    for placement in map.teams.get(pair.1).map_or(&[][..], |team| &team.placements) {
        let Some(domain) = owned.get(&placement.domain) else {
            all_read = false;
            continue;
        };
        if let Some(own) = domain.of_pair(pair).first() {
            let (domain, name) = (placement.domain.clone(), own.profile.name.clone());
            return ProfileState::Present { domain, name };
        }
    }
    if all_read { ProfileState::Absent } else { ProfileState::Unknown }
}

fn stray(
    map: &AccessMap,
    snapshot: &Snapshot,
    key: &DomainKey,
    profile: &ObservedProfile,
) -> Stray {
    let (person, team, code) = match profile.ownership(&map.instance) {
        Ownership::Ours { person, team } => {
            let known = snapshot.people.get(person);
            let code = match known {
                _ if profile.leaving_since().is_some() => ReasonCode::OnHold,
                None => ReasonCode::PersonGone,
                Some(person) if !person.enabled => ReasonCode::PersonDisabled,
                Some(_) => ReasonCode::EntitlementLost,
            };
            (Some(person.clone()), Some(team.clone()), code)
        }
        Ownership::OtherInstance(_) => (None, None, ReasonCode::OtherInstance),
        Ownership::Foreign => (None, None, ReasonCode::NotOurs),
    };
    Stray {
        domain: key.clone(),
        profile: profile.name.clone(),
        person_name: person.as_ref().and_then(|id| snapshot.people.get(id)).map(shown_name),
        person,
        team,
        code,
        live_apps: profile.live_apps(),
    }
}

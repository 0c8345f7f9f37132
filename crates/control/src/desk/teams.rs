//! *Teams and domains*: how full accounts are and when their quotas run out, how each domain is, and
//! what the map says of each team.

pub use access::forecast::{DayCount, Forecast, Spread, forecast};

use super::{Caller, Desk, Listed, Page, Reading, Refused, Right};
use crate::ports::ProfileCounts;
use access::entitlement::entitlements;
use access::explain::{ProfileState, holders};
use access::forecast::{days, spread};
use access::ids::{DomainKey, NetworkKey, PersonId, PersonaKey, TeamKey};
use access::map::{AccessMap, Activity, Place, Team, Unmanaged};
use access::observed::{AppStatus, AuthMode, DomainState, ObservedDomain, ObservedRole, Ownership};
use access::places::places;
use access::plan::Step;
use access::reason::ReasonCode;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// How many days of the past are shown.
const SHOWN_DAYS: i32 = 60;

/// The share of a quota, in percent, below which what is left of it is little.
const LOW_PERCENT: u64 = 10;

/// Accounts, domains and teams.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Teams {
    /// When directory and Studio were read.
    pub at: Timestamp,
    /// Each account and Region with domains, the fullest first.
    pub quotas: Vec<Quota>,
    /// Each domain of the map.
    pub domains: Vec<DomainTile>,
    /// Teams, by key.
    pub teams: Listed<TeamLine>,
}

/// How full an account is in a Region: all its domains there share one quota of profiles.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Its domains in the map.
    #[schema(value_type = Vec<String>)]
    pub domains: Vec<DomainKey>,
    /// Profiles there are, whoever made them, also in domains that the map lacks.
    pub profiles: u64,
    /// Profiles that are still to be made.
    pub planned: u64,
    /// How many there may be, where Service Quotas says so.
    pub quota: Option<u64>,
    /// How it looks.
    pub state: QuotaState,
    /// When it runs out.
    pub forecast: Forecast,
    /// How fast the number may change; absent where there are too few days for a trend.
    pub spread: Option<Spread>,
    /// How many there were, by day. Of domains that the map lacks only today's number is known, and stands for every
    /// day's.
    pub days: Vec<DayCount>,
}

/// How a quota looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QuotaState {
    /// There is room.
    Room,
    /// Less than a tenth is left.
    Low,
    /// Not everybody who has a right gets a profile.
    Exceeded,
    /// AWS does not tell the quota.
    Unknown,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DomainTile {
    /// Its key in the map.
    #[schema(value_type = String)]
    pub key: DomainKey,
    /// SageMaker's id.
    pub domain_id: String,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The class of teams it is for.
    pub isolation: Option<String>,
    /// How it signs people in: `IAM` or `SSO`; absent where it could not be read.
    #[schema(value_type = Option<String>)]
    pub mode: Option<AuthMode>,
    /// Profiles of this installation.
    pub owned: u64,
    /// Of these, on their way out.
    pub leaving: u64,
    /// Profiles of others.
    pub others: u64,
    /// Apps that run in this installation's profiles.
    pub running_apps: u64,
    /// What becomes of profiles of others: `report`, `ignore`, `adopt`.
    pub unmanaged: &'static str,
    /// The role by which it is reached; absent: Stagedoor's own account.
    pub assume_role: Option<String>,
    /// The role by which links are asked for, where it is another one.
    pub presign_role: Option<String>,
    /// The teams that are placed there.
    #[schema(value_type = Vec<String>)]
    pub teams: Vec<TeamKey>,
    /// What is wrong; empty: nothing.
    pub faults: Vec<Fault>,
    /// Where the map says so, `file:line`.
    pub place: Option<String>,
}

/// Something wrong with a domain or a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// What it is.
    #[schema(value_type = String)]
    pub code: ReasonCode,
    /// The same for people.
    pub text: String,
}

/// A team in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamLine {
    /// Its key.
    #[schema(value_type = String)]
    pub key: TeamKey,
    /// What the map calls it, for people.
    pub title: String,
    /// Whom to ask.
    pub owner: Option<String>,
    /// How its data is classified.
    pub data_class: Option<String>,
    /// What its people may do.
    #[schema(value_type = Option<String>)]
    pub persona: Option<PersonaKey>,
    /// From where it may be opened.
    #[schema(value_type = String)]
    pub network: NetworkKey,
    /// Where its profiles can be, in order of preference.
    #[schema(value_type = Vec<String>)]
    pub domains: Vec<DomainKey>,
    /// People with a right to it.
    pub people: u64,
    /// Its profiles.
    pub profiles: u64,
    /// Of these, on their way out.
    pub leaving: u64,
    /// Whether the map lets Stagedoor change its profiles.
    pub enforced: bool,
    /// Whether corrections reach it before the others.
    pub canary: bool,
    /// What is wrong; empty: nothing.
    pub faults: Vec<Fault>,
    /// Where the map says so, `file:line`.
    pub place: String,
}

/// A team with everything that the map says of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamDetail {
    /// When directory and Studio were read.
    pub at: Timestamp,
    /// The team.
    #[serde(flatten)]
    pub line: TeamLine,
    /// What it is for.
    pub purpose: Option<String>,
    /// What its persona lets people do.
    pub activities: Vec<String>,
    /// Where the persona is written; absent for a ready-made one.
    pub persona_place: Option<String>,
    /// Where the network rule is written; absent for `anywhere`.
    pub network_place: Option<String>,
    /// How long a Studio session lasts, in seconds.
    pub session_seconds: u32,
    /// How long a link may be used, in seconds.
    pub link_seconds: u32,
    /// Where in Studio a link leads.
    pub landing: Option<String>,
    /// Tags of its profiles, besides Stagedoor's own.
    pub tags: BTreeMap<String, String>,
    /// What `CreateUserProfile` gets, as JSON.
    #[schema(value_type = Object)]
    pub user_settings: serde_json::Map<String, serde_json::Value>,
    /// The execution roles.
    pub roles: Vec<TeamRole>,
    /// The grants that can give it.
    pub grants: Vec<TeamGrant>,
    /// Its people, by name.
    #[serde(rename = "members")]
    pub people: Listed<TeamMember>,
    /// Profiles of it, or with one of its roles, whose owners have no right to it.
    pub strays: Vec<TeamStray>,
}

/// An execution role of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamRole {
    /// In which domain.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// Its ARN.
    pub arn: String,
    /// How it is: `role-trusted`, `role-missing`, …; absent where it was not looked at.
    #[schema(value_type = Option<String>)]
    pub state: Option<ReasonCode>,
}

/// A grant that can give a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamGrant {
    /// The group as the grant names it.
    pub group: String,
    /// Its priority.
    pub priority: i32,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Whether it is in force now.
    pub in_force: bool,
    /// Where it is written, `file:line`.
    pub place: String,
}

/// Somebody with a right to a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamMember {
    /// Who.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The display name and user name.
    pub name: String,
    /// The group that gives it.
    pub group: String,
    /// The grant that gives it, `file:line`.
    pub grant: String,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// The profile; absent: there is none yet, or it could not be read.
    pub profile: Option<String>,
}

/// A profile whose owner has no right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamStray {
    /// Where.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// Its name.
    pub profile: String,
    /// Whose it is, as far as is known.
    pub owner: Option<String>,
    /// Why it is there.
    #[schema(value_type = String)]
    pub code: ReasonCode,
}

impl Desk {
    /// Accounts, domains and teams.
    ///
    /// # Errors
    /// Whoever asks may not see it; the store cannot be read, or nothing was read yet.
    pub async fn teams(&self, caller: &Caller, page: &Page) -> Result<Teams, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        let today = reading.at.to_zoned(TimeZone::UTC).date();
        let since = today.checked_sub(SHOWN_DAYS.days()).unwrap_or(today);
        let counts = self.store().profile_counts(since).await?;
        Ok(Teams {
            at: reading.at,
            quotas: quotas(&reading, &counts),
            domains: domains(&reading),
            teams: page.of(team_lines(&reading), |line| line.key.to_string())?,
        })
    }

    /// A team with everything that the map says of it.
    ///
    /// # Errors
    /// As [`Self::teams`]; `not-found` for a team that the map does not have.
    pub async fn team(
        &self,
        caller: &Caller,
        team: &TeamKey,
        page: &Page,
    ) -> Result<TeamDetail, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        team_detail(&reading, team, page)
    }
}

/// Where something is written.
pub(super) fn written(place: &Place) -> String {
    place.to_string()
}

/// How full each account is.
fn quotas(reading: &Reading, counts: &ProfileCounts) -> Vec<Quota> {
    let map = &reading.map;
    let today = reading.at.to_zoned(TimeZone::UTC).date();
    let mut read = places(map, &reading.survey.observed);
    let mut domains_at: BTreeMap<_, Vec<&DomainKey>> = BTreeMap::new();
    for (key, domain) in &map.domains {
        domains_at.entry((&domain.account_id, &domain.region)).or_default().push(key);
    }
    let mut quotas: Vec<Quota> = domains_at
        .into_iter()
        .map(|((account, region), domains)| {
            let place = read.remove(&(account, region)).unwrap_or_default();
            let profiles = count(place.profiles());
            let quota = place.quota.map(u64::from);
            let planned = count(domains.iter().map(|key| still_to_make(reading, key)).sum());
            let ids = domains.iter().filter_map(|key| map.domains.get(*key));
            let ids: Vec<_> = ids.map(|domain| &domain.domain_id).collect();
            let mut days = days(counts, &ids);
            let unmapped = place.others.iter().filter(|(id, _)| !ids.contains(id));
            let unmapped = count(unmapped.map(|(_, profiles)| *profiles).sum());
            for there in days.values_mut() {
                *there += unmapped;
            }
            // What was read now is today's, whatever the loop counted last.
            if place.domains.len() == domains.len() {
                days.insert(today, profiles);
            }
            let state = match quota {
                None => QuotaState::Unknown,
                Some(quota) if profiles + planned > quota => QuotaState::Exceeded,
                Some(quota) if (quota - profiles - planned) * 100 < quota * LOW_PERCENT => {
                    QuotaState::Low
                }
                Some(_) => QuotaState::Room,
            };
            let spread = spread(&days, today);
            let forecast = forecast(&days, quota, today);
            let days = days.into_iter().map(|(day, profiles)| DayCount { day, profiles }).collect();
            let domains = domains.into_iter().cloned().collect();
            Quota {
                account: account.to_string(),
                region: region.to_string(),
                domains,
                profiles,
                planned,
                quota,
                state,
                forecast,
                spread,
                days,
            }
        })
        .collect();
    let left =
        |quota: &Quota| quota.quota.map_or(u64::MAX, |most| most.saturating_sub(quota.profiles));
    quotas.sort_by_key(left);
    quotas
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Profiles that people have a right to and that are not there.
fn still_to_make(reading: &Reading, key: &DomainKey) -> usize {
    let plan = &reading.plan;
    let made = plan.actions.iter().filter(|action| matches!(action.step, Step::Create { .. }));
    let kept = plan.kept.iter().filter(|kept| kept.reason == ReasonCode::QuotaReached);
    made.map(|action| &action.domain)
        .chain(kept.map(|kept| &kept.domain))
        .filter(|d| *d == key)
        .count()
}

fn domains(reading: &Reading) -> Vec<DomainTile> {
    let map = &reading.map;
    let tile = |(key, domain): (&DomainKey, &access::map::Domain)| {
        let observed = reading.survey.observed.domains.get(key);
        let counted = observed.map(|there| Counted::of(map, there)).unwrap_or_default();
        let placed = map.teams.iter().filter(|(_, team)| team.placement(key).is_some());
        DomainTile {
            key: key.clone(),
            domain_id: domain.domain_id.to_string(),
            account: domain.account_id.to_string(),
            region: domain.region.to_string(),
            isolation: domain.isolation.as_ref().map(ToString::to_string),
            mode: observed.map(|there| there.auth_mode),
            owned: counted.owned,
            leaving: counted.leaving,
            others: counted.others,
            running_apps: counted.running_apps,
            unmanaged: match domain.unmanaged {
                Unmanaged::Report => "report",
                Unmanaged::Ignore => "ignore",
                Unmanaged::Adopt => "adopt",
            },
            assume_role: domain.assume_role.as_ref().map(|role| role.arn.to_string()),
            presign_role: domain.presign_role.as_ref().map(|role| role.arn.to_string()),
            teams: placed.map(|(key, _)| key.clone()).collect(),
            faults: domain_faults(reading, key),
            place: map.places.domains.get(key).map(written),
        }
    };
    map.domains.iter().map(tile).collect()
}

/// Profiles and apps of a domain.
#[derive(Debug, Default)]
struct Counted {
    owned: u64,
    leaving: u64,
    others: u64,
    running_apps: u64,
}

impl Counted {
    fn of(map: &AccessMap, domain: &ObservedDomain) -> Self {
        let mut counted = Self::default();
        for profile in domain.profiles.values() {
            let Ownership::Ours { .. } = profile.ownership(&map.instance) else {
                counted.others += 1;
                continue;
            };
            counted.owned += 1;
            counted.leaving += u64::from(profile.leaving_since().is_some());
            let apps = profile.spaces.iter().flat_map(|space| &space.apps).chain(&profile.apps);
            let running = apps.filter(|app| app.status == AppStatus::InService).count();
            counted.running_apps += count(running);
        }
        counted
    }
}

fn domain_faults(reading: &Reading, key: &DomainKey) -> Vec<Fault> {
    let observed = &reading.survey.observed;
    let mut faults = Vec::new();
    if let Some(why) = observed.unreadable.get(key) {
        faults.push(Fault { code: ReasonCode::DomainUnreadable, text: why.clone() });
    }
    if observed.domains.get(key).is_some_and(|domain| domain.state != DomainState::InService) {
        faults.push(fault(ReasonCode::DomainNotInService));
    }
    faults
}

fn fault(code: ReasonCode) -> Fault {
    Fault { code, text: format!("{}.", code.meaning()) }
}

/// Every team, by key.
fn team_lines(reading: &Reading) -> Vec<TeamLine> {
    let map = &reading.map;
    let rights = entitlements(map, &reading.survey.snapshot, reading.survey.now);
    let mut people: BTreeMap<&TeamKey, u64> = BTreeMap::new();
    for right in rights.all() {
        *people.entry(right.team).or_default() += 1;
    }
    let mut profiles: BTreeMap<&TeamKey, (u64, u64)> = BTreeMap::new();
    let observed = reading.survey.observed.domains.values();
    for profile in observed.flat_map(|domain| domain.profiles.values()) {
        if let Ownership::Ours { team, .. } = profile.ownership(&map.instance) {
            let (all, leaving) = profiles.entry(team).or_default();
            *all += 1;
            *leaving += u64::from(profile.leaving_since().is_some());
        }
    }
    let line = |(key, team): (&TeamKey, &Team)| {
        let (profiles, leaving) = profiles.get(key).copied().unwrap_or_default();
        TeamLine {
            key: key.clone(),
            title: team.about.title.clone().unwrap_or_else(|| key.to_string()),
            owner: team.about.owner.clone(),
            data_class: team.about.data_class.clone(),
            persona: team.persona.clone(),
            network: team.network.clone(),
            domains: team.placements.iter().map(|placement| placement.domain.clone()).collect(),
            people: people.get(key).copied().unwrap_or_default(),
            profiles,
            leaving,
            enforced: map.rollout.enforces(key),
            canary: map.rollout.canary.as_ref() == Some(key),
            faults: roles(reading, team).iter().filter_map(role_fault).collect(),
            place: written(&team.place),
        }
    };
    map.teams.iter().map(line).collect()
}

fn role_fault(role: &TeamRole) -> Option<Fault> {
    let code = role.state.filter(|state| *state != ReasonCode::RoleTrusted)?;
    Some(Fault { code, text: format!("{}: {}.", role.arn, code.meaning()) })
}

fn roles(reading: &Reading, team: &Team) -> Vec<TeamRole> {
    let state = |role: &ObservedRole| match role {
        ObservedRole::Trusted => ReasonCode::RoleTrusted,
        ObservedRole::Untrusted => ReasonCode::RoleUntrusted,
        ObservedRole::Missing => ReasonCode::RoleMissing,
        ObservedRole::Unreadable => ReasonCode::RoleUnreadable,
    };
    let observed = &reading.survey.observed.roles;
    let placements = team.placements.iter();
    placements
        .map(|placement| TeamRole {
            domain: placement.domain.clone(),
            arn: placement.execution_role.to_string(),
            state: observed.get(&placement.execution_role).map(state),
        })
        .collect()
}

fn team_detail(reading: &Reading, key: &TeamKey, page: &Page) -> Result<TeamDetail, Refused> {
    let map = &reading.map;
    let missing = || Refused::not_found(format!("The map has no team {key}."));
    let team = map.teams.get(key).ok_or_else(missing)?;
    let lines = team_lines(reading);
    let line = lines.into_iter().find(|line| line.key == *key).ok_or_else(missing)?;
    let persona = team.persona.as_ref().and_then(|persona| map.personas.get(persona));
    let activities = persona.into_iter().flat_map(|persona| &persona.activities);
    let roles = roles(reading, team);
    let arns = roles.iter().map(|role| role.arn.clone()).collect();
    let survey = &reading.survey;
    let only = BTreeSet::from([key.clone()]);
    let found = holders(map, &survey.snapshot, &survey.observed, survey.now, &only, &arns);
    let member = |holder: access::explain::Holder| TeamMember {
        profile: match holder.profile {
            ProfileState::Present { name, .. } => Some(name.to_string()),
            ProfileState::Absent | ProfileState::Unknown => None,
        },
        person: holder.person,
        name: holder.person_name,
        group: holder.because.group_name.to_string(),
        grant: written(&holder.because.grant),
        until: holder.until,
    };
    let by_name = |member: &TeamMember| format!("{}\n{}", member.name, member.person);
    Ok(TeamDetail {
        at: reading.at,
        purpose: team.about.purpose.clone(),
        activities: activities.copied().filter_map(activity_name).collect(),
        persona_place: team.persona.as_ref().and_then(|p| map.places.personas.get(p)).map(written),
        network_place: map.places.networks.get(&team.network).map(written),
        session_seconds: team.session_seconds,
        link_seconds: team.link_seconds,
        landing: team.landing.as_ref().map(ToString::to_string),
        tags: team.tags.clone(),
        user_settings: team.user_settings.clone(),
        grants: grants(reading, key),
        people: page.of(found.entitled.into_iter().map(member), by_name)?,
        strays: found.without_right.into_iter().map(stray).collect(),
        roles,
        line,
    })
}

fn stray(stray: access::explain::Stray) -> TeamStray {
    TeamStray {
        domain: stray.domain,
        profile: stray.profile.to_string(),
        owner: stray.person_name.or_else(|| stray.person.map(|person| person.to_string())),
        code: stray.code,
    }
}

/// The grants that can give the team, each with the group that it gives it to.
fn grants(reading: &Reading, key: &TeamKey) -> Vec<TeamGrant> {
    let map = &reading.map;
    let now = reading.survey.now;
    let gives = map.gifts.iter().flat_map(|(group, gifts)| {
        let gifts = gifts.iter().filter(|gift| gift.teams.contains(key));
        gifts.map(move |gift| (group, gift.grant))
    });
    let mut grants: Vec<(usize, TeamGrant)> = gives
        .filter_map(|(group, number)| {
            let grant = map.grants.get(number)?;
            let told = TeamGrant {
                group: group.to_string(),
                priority: grant.priority,
                from: grant.from,
                until: grant.until,
                in_force: grant.from.is_none_or(|from| now >= from)
                    && grant.until.is_none_or(|until| now < until),
                place: written(&grant.place),
            };
            Some((number, told))
        })
        .collect();
    grants.sort_by_key(|(number, _)| *number);
    grants.into_iter().map(|(_, grant)| grant).collect()
}

/// The activity's name in the map.
fn activity_name(activity: Activity) -> Option<String> {
    Activity::ALL.iter().find(|(_, known)| *known == activity).map(|(name, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests;

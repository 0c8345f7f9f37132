//! Who has what, and by which roles.

use super::Reading;
use super::doors::RoleReading;
use super::whose::{Owners, shown};
use crate::entitlement::{Because, Entitlement};
use crate::ids::{DomainKey, PersonId, ProfileName, RoleArn, TeamKey};
use crate::observed::ObservedProfile;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A person who has something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonRow {
    /// The directory's id.
    pub person: PersonId,
    /// The display name and user name.
    pub name: String,
    /// Whether the directory lets the person sign in; `false` also for somebody it does not know.
    pub enabled: bool,
    /// What the person has a right to.
    pub rights: Vec<RightRow>,
    /// The execution roles of all of the person's profiles, with or without a right, each once.
    pub roles: Vec<String>,
}

/// A right to a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RightRow {
    /// The team.
    pub team: TeamKey,
    /// What the team is called.
    pub title: Option<String>,
    /// The group and the grant that give it.
    pub because: Because,
    /// When it ends; absent: open-ended.
    pub until: Option<jiff::Timestamp>,
    /// Where the person's profile is; absent: there is none.
    pub profile: Option<(DomainKey, ProfileName)>,
    /// Its execution role.
    pub role: Option<String>,
    /// Apps that run, start or stop in it.
    pub apps: usize,
}

/// An execution role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleRow {
    /// Its ARN.
    pub role: String,
    /// How many people have a profile with it.
    pub people: usize,
    /// How many profiles have it.
    pub profiles: usize,
    /// The teams of these profiles.
    pub teams: BTreeSet<TeamKey>,
    /// Whether profiles have it because they name none and the domain has it.
    pub inherited: bool,
    /// Whether all of its policies were read and understood.
    pub read: bool,
}

/// Everybody with a right or a profile, by name.
pub(super) fn people(reading: &Reading<'_>, owners: &Owners<'_>) -> Vec<PersonRow> {
    let mut profiles: BTreeMap<(&PersonId, &TeamKey), (&DomainKey, &ObservedProfile)> =
        BTreeMap::new();
    let mut roles: BTreeMap<&PersonId, BTreeSet<String>> = BTreeMap::new();
    for (domain, name, person, team) in owners.all() {
        let Some(profile) = profile(reading, domain, name) else { continue };
        profiles.insert((person, team), (domain, profile));
        let role = role_of(reading, domain, profile).map(str::to_owned);
        roles.entry(person).or_default().extend(role);
    }
    let mut everybody: BTreeSet<&PersonId> = roles.keys().copied().collect();
    everybody.extend(owners.rights.all().iter().map(|right| &right.person.id));
    let mut rows: Vec<PersonRow> = everybody
        .into_iter()
        .map(|person| {
            let known = reading.snapshot.people.get(person);
            let rights = owners.rights.teams_of(person).iter();
            let rights = rights.map(|right| {
                let there = profiles.get(&(person, right.team)).copied();
                right_row(reading, right, there)
            });
            PersonRow {
                person: person.clone(),
                name: shown(known, person),
                enabled: known.is_some_and(|known| known.enabled),
                rights: rights.collect(),
                roles: roles.get(person).into_iter().flatten().cloned().collect(),
            }
        })
        .collect();
    rows.sort_by(|a, b| {
        (a.name.to_lowercase(), &a.person).cmp(&(b.name.to_lowercase(), &b.person))
    });
    rows
}

fn right_row(
    reading: &Reading<'_>,
    right: &Entitlement<'_>,
    there: Option<(&DomainKey, &ObservedProfile)>,
) -> RightRow {
    let team = reading.map.teams.get(right.team);
    RightRow {
        team: right.team.clone(),
        title: team.and_then(|team| team.about.title.clone()),
        because: right.because().clone(),
        until: right.until(),
        profile: there.map(|(domain, profile)| (domain.clone(), profile.name.clone())),
        role: there
            .and_then(|(domain, profile)| role_of(reading, domain, profile).map(str::to_owned)),
        apps: there.map_or(0, |(_, profile)| profile.live_apps()),
    }
}

/// Every execution role in use.
pub(super) fn roles(reading: &Reading<'_>, owners: &Owners<'_>) -> Vec<RoleRow> {
    let mut rows: BTreeMap<String, (RoleRow, BTreeSet<&PersonId>)> = BTreeMap::new();
    for (domain, observed) in &reading.observed.domains {
        for profile in observed.profiles.values() {
            let Some(role) = observed.role_of(profile) else { continue };
            let (row, people) = rows.entry(role.to_owned()).or_insert_with(|| {
                let arn = RoleArn::parse(role).ok();
                let read = arn.and_then(|arn| reading.roles.get(&arn));
                let row = RoleRow {
                    role: role.to_owned(),
                    people: 0,
                    profiles: 0,
                    teams: BTreeSet::new(),
                    inherited: false,
                    read: matches!(read, Some(RoleReading::Read(live)) if live.unknown().is_empty()),
                };
                (row, BTreeSet::new())
            });
            row.profiles += 1;
            row.inherited |= profile.execution_role.is_none();
            if let Some((person, team)) = owners.whose(domain, profile) {
                people.insert(person);
                row.teams.insert(team.clone());
            }
        }
    }
    let mut rows: Vec<RoleRow> =
        rows.into_values().map(|(row, people)| RoleRow { people: people.len(), ..row }).collect();
    rows.sort_by(|a, b| (b.people, b.profiles, &a.role).cmp(&(a.people, a.profiles, &b.role)));
    rows
}

/// The role that a profile's apps have.
pub(super) fn role_of<'a>(
    reading: &Reading<'a>,
    domain: &DomainKey,
    profile: &'a ObservedProfile,
) -> Option<&'a str> {
    reading.observed.domains.get(domain)?.role_of(profile)
}

fn profile<'a>(
    reading: &Reading<'a>,
    domain: &DomainKey,
    name: &str,
) -> Option<&'a ObservedProfile> {
    reading.observed.domains.get(domain)?.profiles.get(name)
}

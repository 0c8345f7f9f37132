//! *Person*: who somebody is, what they have and why, and what would happen from somewhere else.

use super::offboarding::{Command, Stop, name_of};
use super::{Caller, Desk, Listed, Page, Reading, Refused, Right};
use crate::loss::{Loss, OwnedSpace, RunningApp, losses, still_granted};
use crate::receipt::Hours;
use access::entitlement::{Entitlement, entitlements};
use access::explain::{Rung, TeamExplanation, explain};
use access::ids::{DomainKey, PersonId, ProfileName, TeamKey};
use access::reason::ReasonCode;
use access::snapshot::Person;
use access::standing::{ProfileStanding, Standing, standings};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// The most teams somebody has not that are told, each with what comes nearest.
const MOST_OTHERS: usize = 40;

/// The longest text that is searched for.
const LONGEST_SEARCH: usize = 200;

/// One of the people who were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonRow {
    /// The directory's id.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The name to show.
    pub name: String,
    /// The name to sign in with.
    pub user_name: String,
    /// Whether the directory lets the person sign in.
    pub enabled: bool,
    /// Whether an admin offboarded the person by command, from everything.
    pub offboarded: bool,
    /// The teams the person has a right to.
    #[schema(value_type = Vec<String>)]
    pub teams: Vec<TeamKey>,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonView {
    /// When the facts were read.
    pub at: Timestamp,
    /// What the time was when this was told.
    pub told_at: Timestamp,
    /// The directory's id.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// The name to show.
    pub name: String,
    /// The user name, or the id where it is not known: what the command line takes.
    pub key: String,
    /// What the directory says of the person.
    pub directory: Rung,
    /// What an admin took away by command.
    pub commands: Vec<Command>,
    /// The teams the person has, each with what it rests on.
    pub has: Vec<TeamHeld>,
    /// Teams that the person has not, each with what comes nearest.
    pub has_not: Vec<TeamExplanation>,
    /// How many there are of those, told or not.
    pub has_not_count: u64,
    /// The person's profiles.
    pub profiles: Vec<PersonProfile>,
    /// Groups and grants that would give the person a team, command or not.
    pub still_granted: Vec<Granted>,
}

/// A team that somebody has, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TeamHeld {
    /// What the map calls it, for people.
    pub title: String,
    /// When it ends, if it does.
    pub until: Option<Timestamp>,
    /// From the group to the network.
    pub why: TeamExplanation,
}

/// A profile of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonProfile {
    /// The team it is for.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// The domain.
    #[schema(value_type = String)]
    pub domain: DomainKey,
    /// Its name.
    #[schema(value_type = String)]
    pub profile: ProfileName,
    /// Apps that run, or are starting or stopping.
    pub apps: Vec<AppOfPerson>,
    /// The spaces it owns.
    pub spaces: Vec<SpaceOfPerson>,
    /// POSIX uid of its home directory.
    pub home_efs_uid: Option<String>,
    /// The file system of that directory.
    pub home_efs_file_system: Option<String>,
    /// How far it is on its way out; absent: it stays.
    pub stop: Option<Stop>,
    /// When its hold is over.
    pub until: Option<Timestamp>,
}

/// An app that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppOfPerson {
    /// The space it runs in; absent: in the profile itself.
    pub space: Option<String>,
    /// API `AppType`.
    pub app_type: String,
    /// Its name.
    pub app_name: String,
    /// What it runs on, where AWS says so.
    pub instance_type: Option<String>,
    /// Since when, where AWS says so.
    pub since: Option<Timestamp>,
    /// How many hours that is.
    #[schema(value_type = Option<f64>)]
    pub hours: Option<Hours>,
}

/// A space that a profile owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpaceOfPerson {
    /// Its name.
    pub space: String,
    /// Whether others work in it too.
    pub shared: bool,
    /// The size of its volume in GiB, where it has one of its own.
    pub volume_gib: Option<u32>,
}

/// What the directory gives somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Granted {
    /// The team.
    #[schema(value_type = String)]
    pub team: TeamKey,
    /// The group.
    pub group: String,
    /// The grant, `file:line`.
    pub grant: String,
}

impl Desk {
    /// The names of people, as the last full reading has them, for whoever is shown these people anyway.
    pub fn names<'p>(
        &self,
        people: impl IntoIterator<Item = &'p PersonId>,
    ) -> BTreeMap<PersonId, String> {
        let Some(reading) = self.plane().readings.last() else { return BTreeMap::new() };
        let known = &reading.survey.snapshot.people;
        let named = |id: &PersonId| Some((id.clone(), known.get(id)?.name().to_owned()));
        people.into_iter().filter_map(named).collect()
    }

    /// People whose name, user name or id has this text in it, by name; everybody, if it is empty.
    ///
    /// # Errors
    /// Whoever asks may not see it; nothing was read yet; the text or the cursor will not do.
    pub async fn people(
        &self,
        caller: &Caller,
        text: &str,
        page: &Page,
    ) -> Result<Listed<PersonRow>, Refused> {
        caller.require(Right::See)?;
        if text.len() > LONGEST_SEARCH {
            let why = format!("The search is longer than {LONGEST_SEARCH} bytes.");
            return Err(Refused::invalid(why, "Search for a part of a name."));
        }
        let reading = self.reading().await?;
        let snapshot = &reading.survey.snapshot;
        let wanted = text.trim().to_lowercase();
        let found = snapshot.people.values().filter(|person| is_meant(person, &wanted));
        let mut found: Vec<(String, &Person)> =
            found.map(|person| (key(person.name(), &person.id), person)).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let listed = page.of(found, |(key, _)| key.clone())?;
        let rights = entitlements(&reading.map, snapshot, reading.survey.now);
        Ok(listed.map(|(_, person)| PersonRow {
            person: person.id.clone(),
            name: person.name().to_owned(),
            user_name: person.user_name.clone(),
            enabled: person.enabled,
            offboarded: snapshot.offboarded.contains_key(&person.id),
            teams: rights.teams_of(&person.id).iter().map(|right| right.team.clone()).collect(),
        }))
    }

    /// One person: what they have, and why.
    ///
    /// # Errors
    /// Whoever asks may not see it; nothing was read yet; the store cannot be read; nobody is known
    /// by this id.
    pub async fn person(&self, caller: &Caller, person: &PersonId) -> Result<PersonView, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        let plane = self.plane();
        let own = BTreeSet::from([person.clone()]);
        let departures = plane.departures_now(&own, &reading.survey.implied).await?;
        let profiles = profiles(&reading, person);
        let known = reading.survey.snapshot.people.get(person);
        if known.is_none() && departures.is_empty() && profiles.is_empty() {
            return Err(Refused::not_found(format!("Nobody is known by the id {person}.")));
        }
        let user = known.map(|known| known.user_name.clone());
        let user = user.or_else(|| departures.iter().find_map(|d| d.user_name.clone()));
        let (survey, map) = (&reading.survey, &reading.map);
        let teams: BTreeSet<TeamKey> = map.teams.keys().cloned().collect();
        let mut told = explain(map, &survey.snapshot, &survey.observed, survey.now, person, &teams);
        self.date(person, &mut told).await;
        let rights = entitlements(map, &survey.snapshot, survey.now);
        let rights = rights.teams_of(person);
        let (has, has_not): (Vec<_>, Vec<_>) =
            told.teams.into_iter().partition(|team| team.granted);
        let granted = still_granted(map, &survey.snapshot, person, survey.now);
        Ok(PersonView {
            at: reading.at,
            told_at: plane.clock.now(),
            person: person.clone(),
            name: name_of(&reading, person),
            key: user.unwrap_or_else(|| person.to_string()),
            directory: told.directory,
            commands: departures.iter().map(|one| Command::of(&reading, one)).collect(),
            has: has.into_iter().map(|team| held(&reading, rights, team)).collect(),
            has_not_count: u64::try_from(has_not.len()).unwrap_or(u64::MAX),
            has_not: nearest_first(has_not).take(MOST_OTHERS).collect(),
            profiles,
            still_granted: granted
                .into_iter()
                .map(|right| Granted {
                    team: right.team,
                    group: right.because.group_name.to_string(),
                    grant: right.because.grant.to_string(),
                })
                .collect(),
        })
    }
}

pub(super) fn is_meant(person: &Person, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    has(&person.display_name) || has(&person.user_name) || has(person.id.as_str())
}

/// By what people are sorted: the name, and the id for those of one name.
fn key(name: &str, person: &PersonId) -> String {
    format!("{}\n{person}", name.to_lowercase())
}

fn held(reading: &Reading, rights: &[Entitlement<'_>], why: TeamExplanation) -> TeamHeld {
    let known = reading.map.teams.get(&why.team);
    let title = known.and_then(|known| known.about.title.clone());
    TeamHeld {
        title: title.unwrap_or_else(|| why.team.to_string()),
        until: rights.iter().find(|right| *right.team == why.team).and_then(Entitlement::until),
        why,
    }
}

/// What an admin can mend first: a grant out of force before a group somebody is not in.
fn nearest_first(mut teams: Vec<TeamExplanation>) -> impl Iterator<Item = TeamExplanation> {
    teams.sort_by_key(|team| match team.code {
        ReasonCode::GrantNotInForce | ReasonCode::GrantAmbiguous | ReasonCode::Outranked => 0,
        ReasonCode::Offboarded => 1,
        ReasonCode::NotAMember => 2,
        _ => 3,
    });
    teams.into_iter()
}

/// The person's profiles, with what stands on each and how far it is.
fn profiles(reading: &Reading, person: &PersonId) -> Vec<PersonProfile> {
    let (map, survey) = (&reading.map, &reading.survey);
    let all = losses(map, &survey.observed, person, None, survey.now);
    let told = standings(map, &survey.snapshot, &survey.observed, &reading.plan, person);
    let of = |loss: &Loss| -> Option<&ProfileStanding> {
        told.iter().find(|told| told.domain == loss.domain && told.profile == loss.profile)
    };
    let profiles = all.into_iter().map(|loss| {
        let standing = of(&loss).map(|told| &told.standing);
        let until = match standing {
            Some(Standing::OnHold { until }) => *until,
            _ => None,
        };
        let stop = standing.and_then(Stop::of);
        PersonProfile::of(loss, stop, until)
    });
    profiles.collect()
}

impl PersonProfile {
    fn of(loss: Loss, stop: Option<Stop>, until: Option<Timestamp>) -> Self {
        let apps = loss.apps.into_iter().map(|app| {
            let RunningApp { space, app_type, app_name, instance_type, since, hours } = app;
            AppOfPerson { space, app_type, app_name, instance_type, since, hours }
        });
        let spaces = loss.spaces.into_iter().map(|owned| {
            let OwnedSpace { space, shared, volume_gib } = owned;
            SpaceOfPerson { space, shared, volume_gib }
        });
        Self {
            team: loss.team,
            domain: loss.domain,
            profile: loss.profile,
            apps: apps.collect(),
            spaces: spaces.collect(),
            home_efs_uid: loss.home_efs_uid,
            home_efs_file_system: loss.home_efs_file_system,
            stop,
            until,
        }
    }
}

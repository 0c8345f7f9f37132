//! Apps that run for long.

use super::Reading;
use super::whose::{Owners, shown};
use crate::ids::{DomainKey, ProfileName, TeamKey};
use crate::observed::{AppStatus, ObservedApp, ObservedProfile};
use jiff::Timestamp;
use serde::Serialize;

/// An app that has run for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdleApp {
    /// Where.
    pub domain: DomainKey,
    /// In whose profile.
    pub profile: ProfileName,
    /// In which space; absent: in the profile itself.
    pub space: Option<String>,
    /// Whose it is, as far as is known.
    pub person_name: Option<String>,
    /// Of which team.
    pub team: Option<TeamKey>,
    /// API `AppType`.
    pub app_type: String,
    /// Its name.
    pub name: String,
    /// What it runs on, where AWS says so.
    pub instance_type: Option<String>,
    /// When it was started.
    pub since: Timestamp,
    /// For how many whole hours it has run.
    pub hours: i64,
}

/// How many apps run, and those that have run for longer than the reading says.
pub(super) fn apps(reading: &Reading<'_>, owners: &Owners<'_>) -> (usize, Vec<IdleApp>) {
    let (mut running, mut idle) = (0, Vec::new());
    for (domain, observed) in &reading.observed.domains {
        for profile in observed.profiles.values() {
            for (space, app) in all(profile) {
                if app.status != AppStatus::InService {
                    continue;
                }
                running += 1;
                let Some(since) = app.since else { continue };
                let lasted = reading.now.duration_since(since);
                if lasted <= reading.idle_after {
                    continue;
                }
                let whose = owners.whose(domain, profile);
                idle.push(IdleApp {
                    domain: domain.clone(),
                    profile: profile.name.clone(),
                    space: space.map(str::to_owned),
                    person_name: whose.map(|(id, _)| shown(reading.snapshot.people.get(id), id)),
                    team: whose.map(|(_, team)| team.clone()),
                    app_type: app.app_type.clone(),
                    name: app.name.clone(),
                    instance_type: app.instance_type.clone(),
                    since,
                    hours: lasted.as_hours(),
                });
            }
        }
    }
    idle.sort_by(|a, b| (a.since, &a.domain, &a.profile).cmp(&(b.since, &b.domain, &b.profile)));
    (running, idle)
}

/// The apps of a profile and of its spaces.
fn all(profile: &ObservedProfile) -> impl Iterator<Item = (Option<&str>, &ObservedApp)> {
    let own = profile.apps.iter().map(|app| (None, app));
    let of_spaces = profile
        .spaces
        .iter()
        .flat_map(|space| space.apps.iter().map(|app| (Some(space.name.as_str()), app)));
    own.chain(of_spaces)
}

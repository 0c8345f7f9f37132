//! `stagedoor offboard`, `stagedoor restore` and `stagedoor receipt`.

mod offboard;
mod receipt;
mod restore;

pub(super) use offboard::run as offboard;
pub(super) use receipt::run as receipt;
pub(super) use restore::run as restore;

use crate::exit::BadConfiguration;
use crate::mapfile;
use crate::people::Named;
use access::ids::{PersonId, TeamKey};
use access::map::{AccessMap, SharedSpaces};
use access::observed::Ownership;
use access::plan::Plan;
use anyhow::Result;
use control::departure::HISTORY;
use control::plane::Plane;
use control::ports::PersonLookup;
use control::receipt::{Receipt, receipt as tell};
use control::survey::{Scope, Survey};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The person, and every domain.
fn scope(person: &PersonId) -> Scope {
    Scope::People(BTreeSet::from([person.clone()]))
}

/// The person, and whoever may be given the person's shared spaces: without a reading of them the
/// spaces would wait for the next full pass.
async fn scope_with_heirs(plane: &Plane, person: &PersonId) -> Result<Scope> {
    let mut people = BTreeSet::from([person.clone()]);
    if plane.map.offboarding.shared_spaces == SharedSpaces::HandOver {
        let owners = plane.map.teams.values().filter_map(|team| team.about.owner.clone());
        for owner in owners.collect::<BTreeSet<String>>() {
            people.extend(plane.directory.find(&PersonLookup::UserName(owner)).await?);
        }
    }
    Ok(Scope::People(people))
}

/// Of a plan, only what concerns this person, and this team if one is named.
fn only(plan: Plan, person: &PersonId, team: Option<&TeamKey>) -> Plan {
    let Plan { actions, kept, .. } = plan;
    Plan {
        assignments: Vec::new(),
        actions: actions
            .into_iter()
            .filter(|a| &a.person == person && team.is_none_or(|team| team == &a.team))
            .collect(),
        kept: kept
            .into_iter()
            .filter(|k| k.person.as_ref().is_none_or(|p| p == person))
            // A domain that cannot be used concerns everybody.
            .filter(|k| k.person.is_some() || k.profile.is_none())
            .filter(|k| k.team.is_none() || team.is_none() || k.team.as_ref() == team)
            .collect(),
        ..plan
    }
}

/// The person's receipt, by the audit log.
async fn receipt_of(plane: &Plane, person: &PersonId) -> Result<Receipt> {
    let entries = plane.audit.of_person(person, HISTORY).await?;
    Ok(tell(person.as_str(), &entries, plane.clock.now()))
}

fn person_json(named: &Named) -> Value {
    json!({"id": named.id, "userName": named.user_name, "displayName": named.display_name})
}

/// Refuses a team that neither the map nor a profile of the person knows.
fn known_team(
    map: &AccessMap,
    survey: &Survey,
    person: &PersonId,
    team: &TeamKey,
) -> Result<(), BadConfiguration> {
    let tagged = survey
        .observed
        .domains
        .values()
        .flat_map(|domain| domain.profiles.values())
        .any(|profile| profile.ownership(&map.instance) == Ownership::Ours { person, team });
    if tagged || map.teams.contains_key(team) {
        return Ok(());
    }
    Err(mapfile::unknown_team(map, team.as_str()))
}

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
use access::map::AccessMap;
use access::observed::Ownership;
use anyhow::Result;
use control::departure::HISTORY;
use control::plane::Plane;
use control::ports::Departure;
use control::receipt::{Receipt, receipt as tell};
use control::survey::Survey;
use serde_json::{Value, json};

/// The person's receipt, by the audit log.
async fn receipt_of(plane: &Plane, person: &PersonId) -> Result<Receipt> {
    let entries = plane.audit.of_person(person, HISTORY).await?;
    Ok(tell(person.as_str(), &entries, plane.clock.now()))
}

pub(super) fn person_json(named: &Named) -> Value {
    json!({"id": named.id, "userName": named.user_name, "displayName": named.display_name})
}

/// A departure as programs read it. As it is stored, its members have other names.
fn departure_json(departure: &Departure) -> Value {
    let Departure { person, user_name, team, since, by, why, hold } = departure;
    json!({
        "person": person, "userName": user_name, "team": team, "since": since,
        "by": by, "why": why, "hold": hold,
    })
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

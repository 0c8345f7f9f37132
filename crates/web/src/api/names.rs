//! What callers name: people, teams, ids.

use crate::routes::Portal;
use access::ids::{PersonId, TeamKey, TemporaryId};
use control::desk::Refused;
use control::people;

/// A name or id of a person, as far as anybody can be called so.
pub(super) fn named(person: String) -> Result<String, Refused> {
    let is_one = !person.is_empty()
        && person.chars().count() <= 256
        && !person.chars().any(char::is_control);
    if is_one {
        return Ok(person);
    }
    let why = "The person is named by a text that nobody can be called by.";
    Err(Refused::invalid(why, people::HOW_TO_NAME))
}

/// The person whom this user name or id means.
pub(super) async fn person_of(portal: &Portal, text: &str) -> Result<PersonId, Refused> {
    let text = named(text.to_owned())?;
    Ok(people::find(&portal.desk.plane(), &text).await?.id)
}

/// The team with this key.
pub(super) fn team_of(text: &str) -> Result<TeamKey, Refused> {
    TeamKey::parse(text).map_err(|error| {
        let remedy = "Look the team's key up in the list of teams.";
        Refused::invalid(format!("The team is no team's key: {error}."), remedy)
    })
}

/// The id of a temporary grant or request.
pub(super) fn id_of(text: &str) -> Result<TemporaryId, Refused> {
    TemporaryId::parse(text).map_err(|_| Refused::not_found("There is none of this id."))
}

//! Whom somebody at the command line means.

use crate::exit::BadConfiguration;
use crate::output::visible;
use access::entitlement::WantedGroups;
use access::ids::PersonId;
use access::map::near_match;
use access::snapshot::Person;
use anyhow::Result;
use control::plane::Plane;
use control::ports::PersonLookup;
use std::collections::{BTreeMap, BTreeSet};

/// A person who was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// The directory's id.
    pub(crate) id: PersonId,
    /// The user name, as far as it is known.
    pub(crate) user_name: Option<String>,
    /// The display name, if the directory knows the person.
    pub(crate) display_name: Option<String>,
}

impl Named {
    /// What a person is called: `Ana Diaz (ana)`, `ana`, or `person 9067…`.
    pub(crate) fn shown(&self) -> String {
        match (&self.display_name, &self.user_name) {
            (Some(display), Some(user)) if !display.is_empty() && display != user => {
                format!("{} ({})", visible(display), visible(user))
            }
            (_, Some(user)) => visible(user),
            _ => format!("person {}", self.id),
        }
    }

    /// The shortest text that names the person on the command line.
    pub(crate) fn key(&self) -> &str {
        self.user_name.as_deref().unwrap_or(self.id.as_str())
    }

    fn of(person: &Person) -> Self {
        Self {
            id: person.id.clone(),
            user_name: Some(person.user_name.clone()),
            display_name: Some(person.display_name.clone()),
        }
    }

    fn forgotten(id: &PersonId, user_name: Option<String>) -> Self {
        Self { id: id.clone(), user_name, display_name: None }
    }
}

/// Finds the person with this user name or directory id. Somebody whom the directory has forgotten
/// is found by what the store remembers.
///
/// # Errors
/// [`BadConfiguration`] if there is nobody, or more than one; the directory or the store fails.
pub(crate) async fn find(plane: &Plane, text: &str) -> Result<Named> {
    let mut found: BTreeMap<PersonId, Named> = BTreeMap::new();
    let by_name = plane.directory.find(&PersonLookup::UserName(text.to_owned())).await?;
    // Most names are no id that the directory takes; asked for by lookup, that is nobody's.
    let by_id = match PersonId::parse(text) {
        Ok(id) => plane.directory.find(&PersonLookup::Id(id)).await?,
        Err(_) => None,
    };
    let ids: BTreeSet<PersonId> = by_name.into_iter().chain(by_id).collect();
    let known = plane.directory.people(&ids, &WantedGroups::default()).await?;
    for (id, person) in &known.snapshot.people {
        found.insert(id.clone(), Named::of(person));
    }
    if found.is_empty() {
        found = remembered(plane, text).await?;
    }
    let mut named = found.into_values();
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(other)) => Err(ambiguous(text, &one, &other).into()),
        (None, _) => Err(unknown(plane, text).await.into()),
    }
}

/// [`find`], which also takes an id of the directory that nobody knows any more: profiles may still
/// carry it.
///
/// # Errors
/// As [`find`].
pub(crate) async fn find_or_id(plane: &Plane, text: &str) -> Result<PersonId> {
    match (find(plane, text).await, PersonId::parse(text)) {
        (Ok(named), _) => Ok(named.id),
        (Err(error), Ok(id)) if is_id(text) && error.is::<BadConfiguration>() => Ok(id),
        (Err(error), _) => Err(error),
    }
}

/// Whether the word looks like an id of Identity Center: a UUID, perhaps behind ten hexadecimal
/// digits and a hyphen.
fn is_id(word: &str) -> bool {
    let uuid = match word.split_at_checked(11) {
        Some((prefix, rest)) if word.len() == 47 && prefix.ends_with('-') => rest,
        _ => word,
    };
    let groups: Vec<&str> = uuid.split('-').collect();
    groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whom the store remembers by this name or id.
async fn remembered(plane: &Plane, text: &str) -> Result<BTreeMap<PersonId, Named>> {
    let departures = plane.departures.departures(None).await?;
    let is_meant = |user_name: &Option<String>| {
        user_name.as_ref().is_some_and(|name| name.to_lowercase() == text.to_lowercase())
    };
    let mut found: BTreeMap<PersonId, Named> = departures
        .into_iter()
        .filter(|d| d.person.as_str() == text || is_meant(&d.user_name))
        .map(|d| (d.person.clone(), Named::forgotten(&d.person, d.user_name)))
        .collect();
    if found.is_empty()
        && let Ok(id) = PersonId::parse(text)
        && !plane.audit.of_person(&id, 1).await?.is_empty()
    {
        found.insert(id.clone(), Named::forgotten(&id, None));
    }
    Ok(found)
}

fn ambiguous(text: &str, one: &Named, other: &Named) -> BadConfiguration {
    let message = format!(
        "`{}` means more than one person: {} and {}. Name the one you mean by the directory's id.",
        visible(text),
        one.id,
        other.id
    );
    BadConfiguration::new("person-ambiguous", message)
}

/// Nobody is called so; says who nearly is. A directory that cannot be read only costs the hint.
async fn unknown(plane: &Plane, text: &str) -> BadConfiguration {
    let everybody = plane.directory.everybody(&WantedGroups::default()).await.ok();
    let names: Vec<String> = everybody
        .into_iter()
        .flat_map(|reading| reading.snapshot.people.into_values())
        .map(|person| person.user_name)
        .collect();
    let hint = match near_match(text, names.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean `{}`?", visible(near)),
        None => "Name a person by user name or by the directory's id.".to_owned(),
    };
    let message = format!("the directory knows nobody called `{}`. {hint}", visible(text));
    BadConfiguration::new("person-unknown", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_identity_center_are_told_from_user_names() {
        assert!(is_id("9067a1d2c4-0c7f1e52-6f41-4f0e-9a3b-5f2d1c0b7a01"));
        assert!(is_id("0c7f1e52-6f41-4f0e-9a3b-5f2d1c0b7a01"));
        for name in [
            "ana",
            "ana@example.com",
            "0c7f1e52-6f41-4f0e-9a3b",
            "Zoë-0c7f1e52-6f41-4f0e-9a3b-5f2d1c0b7a01",
            "",
        ] {
            assert!(!is_id(name), "{name}");
        }
    }
}

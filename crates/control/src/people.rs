//! Whom somebody means by a user name or an id.

use crate::plane::Plane;
use crate::ports::{CallError, Departure, PersonLookup, StoreError};
use access::entitlement::WantedGroups;
use access::ids::{PersonId, ProfileName};
use access::map::near_match;
use access::snapshot::Person;
use access::user_name;
use std::collections::{BTreeMap, BTreeSet};

/// How to name a person whom nobody is called as.
pub const HOW_TO_NAME: &str =
    "Name a person by user name, by the directory's id or by the name of a profile.";

/// A person who was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The directory's id.
    pub id: PersonId,
    /// The user name, as far as it is known.
    pub user_name: Option<String>,
    /// The display name, if the directory knows the person.
    pub display_name: Option<String>,
}

impl Named {
    /// The shortest text that names the person.
    pub fn key(&self) -> &str {
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

/// Nobody, or nobody in particular, is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// More than one person is meant.
    #[error("`{text}` means more than one person: {one} and {other}")]
    Ambiguous {
        /// What was said.
        text: String,
        /// One who may be meant.
        one: PersonId,
        /// Another.
        other: PersonId,
    },
    /// Nobody is called so.
    #[error("the directory knows nobody called `{text}`")]
    Unknown {
        /// What was said.
        text: String,
    },
    /// The directory cannot be read.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds the person with this user name or directory id. Somebody whom the directory has forgotten
/// is found by what the store remembers; whom that does not know by this name, by the name of a profile.
///
/// # Errors
/// There is nobody, or more than one; the directory or the store fails.
pub async fn find(plane: &Plane, text: &str) -> Result<Named, NotFound> {
    let mut found: BTreeMap<PersonId, Named> = BTreeMap::new();
    let lookup = PersonLookup::UserName(text.to_owned());
    let by_name = plane.directory.find(&lookup).await?;
    // Most names are no id that the directory takes; asked for by lookup, that is nobody's.
    let by_id = match PersonId::parse(text) {
        Ok(id) => plane.directory.find(&PersonLookup::Id(id)).await?,
        Err(_) => None,
    };
    let ids: BTreeSet<PersonId> = by_name.into_iter().chain(by_id.clone()).collect();
    let known = plane.directory.people(&ids, &WantedGroups::default()).await?;
    for (id, person) in known.snapshot.people {
        if by_id.as_ref() == Some(&id) || lookup.means(&person, &plane.map.directories) {
            found.insert(id, Named::of(&person));
        }
    }
    if found.is_empty() {
        found = remembered(plane, text).await?;
    }
    if found.is_empty() {
        found = owning(plane, text).await?;
    }
    let text = text.to_owned();
    let mut named = found.into_values();
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(other)) => Err(NotFound::Ambiguous { text, one: one.id, other: other.id }),
        (None, _) => Err(NotFound::Unknown { text }),
    }
}

/// Whose profile is called so.
async fn owning(plane: &Plane, text: &str) -> Result<BTreeMap<PersonId, Named>, NotFound> {
    let Ok(profile) = ProfileName::parse(text) else { return Ok(BTreeMap::new()) };
    let domains = plane.map.domains.values().map(|domain| domain.domain_id.clone()).collect();
    let owners = plane.index.owners(&profile, &domains).await?;
    let known = plane.directory.people(&owners, &WantedGroups::default()).await?.snapshot.people;
    let named = |id: PersonId| {
        let named = known.get(&id).map_or_else(|| Named::forgotten(&id, None), Named::of);
        (id, named)
    };
    Ok(owners.into_iter().map(named).collect())
}

/// Whom the store remembers by this name or id.
///
/// # Errors
/// The store fails.
pub async fn remembered(
    plane: &Plane,
    text: &str,
) -> Result<BTreeMap<PersonId, Named>, StoreError> {
    let departures = plane.departures.departures(None).await?;
    let is_meant =
        |known: &Option<String>| known.as_ref().is_some_and(|name| user_name::same(name, text));
    let meant =
        departures.into_iter().filter(|d| d.person.as_str() == text || is_meant(&d.user_name));
    let mut found: BTreeMap<PersonId, Named> = once(plane, meant.collect())
        .into_iter()
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

/// Of departures that are kept under several ids, those under the id of the earliest directory.
fn once(plane: &Plane, mut departures: Vec<Departure>) -> Vec<Departure> {
    let parts = plane.directory.parts();
    let precedence = |id: &PersonId| {
        let is_of =
            |name: &str| id.as_str().strip_prefix(name).is_some_and(|id| id.starts_with(':'));
        parts.iter().skip(1).position(|(name, _)| is_of(name.as_str())).map_or(0, |at| at + 1)
    };
    departures.sort_by_key(|departure| precedence(&departure.person));
    let mut all: Vec<Departure> = Vec::with_capacity(departures.len());
    for departure in departures {
        let is_copy =
            |first: &Departure| first.person != departure.person && first.is_same(&departure);
        if !all.iter().any(is_copy) {
            all.push(departure);
        }
    }
    all
}

/// Whose user name is nearly this. A directory that cannot be read only costs the hint.
pub async fn nearly(plane: &Plane, text: &str) -> Option<String> {
    let everybody = plane.directory.everybody(&WantedGroups::default()).await.ok();
    let people = everybody.into_iter().flat_map(|read| read.snapshot.people.into_values());
    let names: Vec<String> = people.map(|person| person.user_name).collect();
    near_match(text, names.iter().map(String::as_str)).map(str::to_owned)
}

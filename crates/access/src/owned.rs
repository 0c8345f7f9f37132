//! This installation's profiles of a domain, by whose they are.

use crate::ids::{PersonId, TeamKey};
use crate::observed::{ObservedDomain, ObservedProfile, Ownership, ProfileStatus};

/// The profiles, by person and team. More than one for a pair is a mistake, which happens: of those
/// one that can be used comes first, then the first by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owned<'a> {
    sorted: Vec<OwnedProfile<'a>>,
}

/// A profile, and whose it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnedProfile<'a> {
    prefix: u128,
    pub(crate) person: &'a PersonId,
    pub(crate) team: &'a TeamKey,
    pub(crate) profile: &'a ObservedProfile,
}

impl<'a> OwnedProfile<'a> {
    pub(crate) fn pair(&self) -> (&'a PersonId, &'a TeamKey) {
        (self.person, self.team)
    }

    /// Whose it is, by what is compared first.
    pub(crate) fn key(&self) -> (u128, &'a PersonId, &'a TeamKey) {
        (self.prefix, self.person, self.team)
    }

    /// The person, by what is compared first.
    pub(crate) fn person_key(&self) -> (u128, &'a PersonId) {
        (self.prefix, self.person)
    }

    /// Whether the profile cannot be used and will not become so by itself.
    pub(crate) fn is_of_no_use(&self) -> bool {
        use ProfileStatus::{DeleteFailed, Deleting, Failed};
        matches!(self.profile.status, Deleting | Failed | DeleteFailed)
    }
}

impl<'a> Owned<'a> {
    pub(crate) fn of(domain: &'a ObservedDomain, instance: &str) -> Self {
        let owned = domain.profiles.values().filter_map(|profile| {
            let Ownership::Ours { person, team } = profile.ownership(instance) else { return None };
            Some(OwnedProfile { prefix: person.prefix(), person, team, profile })
        });
        let mut sorted: Vec<_> = owned.collect();
        sorted.sort_by_key(|owned| (owned.key(), owned.is_of_no_use()));
        Self { sorted }
    }

    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// A person's profiles for a team.
    pub(crate) fn of_pair(&self, pair: (&PersonId, &TeamKey)) -> &[OwnedProfile<'a>] {
        let key = (pair.0.prefix(), pair.0, pair.1);
        self.between(|owned| owned.key() < key, |owned| owned.key() == key)
    }

    /// A person's profiles, for whatever team.
    pub(crate) fn of_person(&self, person: &PersonId) -> &[OwnedProfile<'a>] {
        let key = (person.prefix(), person);
        self.between(|owned| owned.person_key() < key, |owned| owned.person_key() == key)
    }

    /// Everybody's profiles for each of their teams.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &[OwnedProfile<'a>]> {
        self.sorted.chunk_by(|a, b| a.key() == b.key())
    }

    /// Each person's profiles.
    pub(crate) fn people(&self) -> impl Iterator<Item = &[OwnedProfile<'a>]> {
        self.sorted.chunk_by(|a, b| a.person_key() == b.person_key())
    }

    fn between(
        &self,
        is_before: impl Fn(&OwnedProfile<'a>) -> bool,
        is_it: impl Fn(&OwnedProfile<'a>) -> bool,
    ) -> &[OwnedProfile<'a>] {
        let start = self.sorted.partition_point(is_before);
        let rest = self.sorted.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|owned| is_it(owned)).count();
        rest.get(..count).unwrap_or_default()
    }
}

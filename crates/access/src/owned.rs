//! The profiles of a domain: this installation's, by whose they are, and the others.

use crate::ids::{PersonId, TeamKey};
use crate::observed::{ObservedDomain, ObservedProfile, Ownership, ProfileStatus};

/// The profiles, by person and team. More than one for a pair is a mistake, which happens: of those
/// one that can be used comes first, then the first by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owned<'a> {
    sorted: Vec<OwnedProfile<'a>>,
    /// The profiles of nobody here, by name.
    others: Vec<&'a ObservedProfile>,
}

/// A profile, and whose it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnedProfile<'a> {
    /// The person's: most are told apart by it, without a look at the profile.
    beginning: [u64; 2],
    pub(crate) person: &'a PersonId,
    pub(crate) team: &'a TeamKey,
    pub(crate) profile: &'a ObservedProfile,
}

impl<'a> OwnedProfile<'a> {
    pub(crate) fn pair(&self) -> (&'a PersonId, &'a TeamKey) {
        (self.person, self.team)
    }

    /// Whether the profile cannot be used and will not become so by itself.
    pub(crate) fn is_of_no_use(&self) -> bool {
        use ProfileStatus::{DeleteFailed, Deleting, Failed};
        matches!(self.profile.status, Deleting | Failed | DeleteFailed)
    }
}

impl<'a> Owned<'a> {
    pub(crate) fn of(domain: &'a ObservedDomain, instance: &str) -> Self {
        let mut sorted = Vec::with_capacity(domain.profiles.len());
        let mut others = Vec::new();
        for profile in domain.profiles.values() {
            match profile.ownership(instance) {
                Ownership::Ours { person, team } => {
                    let beginning = person.beginning();
                    sorted.push(OwnedProfile { beginning, person, team, profile });
                }
                Ownership::OtherInstance(_) | Ownership::Foreign => others.push(profile),
            }
        }
        sorted.sort_by(|a, b| {
            let of_no_use = || a.is_of_no_use().cmp(&b.is_of_no_use());
            (a.beginning, a.pair()).cmp(&(b.beginning, b.pair())).then_with(of_no_use)
        });
        Self { sorted, others }
    }

    /// What is not this installation's, by name.
    pub(crate) fn others(&self) -> &[&'a ObservedProfile] {
        &self.others
    }

    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// A person's profiles for a team.
    pub(crate) fn of_pair(&self, pair: (&PersonId, &TeamKey)) -> &[OwnedProfile<'a>] {
        self.between(|owned| owned.pair() < pair, |owned| owned.pair() == pair)
    }

    /// A person's profiles, for whatever team.
    pub(crate) fn of_person(&self, person: &PersonId) -> &[OwnedProfile<'a>] {
        self.between(|owned| owned.person < person, |owned| owned.person == person)
    }

    /// Everybody's profiles for each of their teams.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &[OwnedProfile<'a>]> {
        self.sorted.chunk_by(|a, b| a.pair() == b.pair())
    }

    /// Each person's profiles.
    pub(crate) fn people(&self) -> impl Iterator<Item = &[OwnedProfile<'a>]> {
        self.sorted.chunk_by(|a, b| a.person == b.person)
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

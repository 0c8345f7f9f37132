//! Whose each profile is, with or without tags.

use super::Reading;
use crate::ArcStr;
use crate::entitlement::{Entitlements, entitlements};
use crate::ids::{DomainKey, PersonId, TeamKey};
use crate::observed::{ObservedProfile, Ownership};
use crate::planner::shown_name;
use crate::snapshot::Person;
use std::collections::BTreeMap;

/// Whose profiles are: by their tags, or as the map says of profiles to take over.
#[derive(Debug)]
pub(super) struct Owners<'a> {
    by_tag_or_map: BTreeMap<(&'a DomainKey, ArcStr), (&'a PersonId, &'a TeamKey)>,
    pub(super) rights: Entitlements<'a>,
}

impl<'a> Owners<'a> {
    pub(super) fn of(reading: &Reading<'a>) -> Self {
        let by_name: BTreeMap<&str, &PersonId> =
            reading.snapshot.people.values().map(|p| (p.user_name.as_str(), &p.id)).collect();
        let listed: BTreeMap<(&DomainKey, ArcStr), (&PersonId, &TeamKey)> = reading
            .map
            .adopt
            .iter()
            .filter_map(|adoption| {
                let person = by_name.get(adoption.person.as_str())?;
                Some(((&adoption.domain, adoption.profile.folded()), (*person, &adoption.team)))
            })
            .collect();
        let mut by_tag_or_map = BTreeMap::new();
        for (key, domain) in &reading.observed.domains {
            for (name, profile) in &domain.profiles {
                let whose = match profile.ownership(&reading.map.instance) {
                    Ownership::Ours { person, team } => Some((person, team)),
                    Ownership::OtherInstance(_) => None,
                    Ownership::Foreign => listed.get(&(key, name.clone())).copied(),
                };
                if let Some(whose) = whose {
                    by_tag_or_map.insert((key, name.clone()), whose);
                }
            }
        }
        let rights = entitlements(reading.map, reading.snapshot, reading.now);
        Self { by_tag_or_map, rights }
    }

    /// The person and team of a profile; `None`: nobody knows.
    pub(super) fn whose(
        &self,
        domain: &'a DomainKey,
        profile: &ObservedProfile,
    ) -> Option<(&'a PersonId, &'a TeamKey)> {
        self.by_tag_or_map.get(&(domain, profile.name.folded())).copied()
    }

    /// Every profile with its person and team, by domain and name.
    pub(super) fn all(
        &self,
    ) -> impl Iterator<Item = (&'a DomainKey, &ArcStr, &'a PersonId, &'a TeamKey)> {
        self.by_tag_or_map
            .iter()
            .map(|((domain, name), (person, team))| (*domain, name, *person, *team))
    }
}

/// The name of a person to show; the id where the directory does not know them.
pub(super) fn shown(known: Option<&Person>, id: &PersonId) -> String {
    known.map_or_else(|| id.to_string(), shown_name)
}

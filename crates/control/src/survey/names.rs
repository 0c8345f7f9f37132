//! Which profiles to read for some people: those that the index knows, and those that naming would
//! give.

use super::Wanted;
use crate::plane::Plane;
use crate::ports::{IndexMark, IndexView, ProfileScope};
use access::entitlement::{Entitlement, entitlements};
use access::ids::{DomainId, DomainKey, PersonId, ProfileName, TeamKey};
use access::map::Domain;
use access::naming::{
    hashed_profile_name, hashed_sso_profile_name, profile_name, sso_profile_name,
};
use access::observed::{AuthMode, Seen};
use access::snapshot::{Person, Snapshot};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// So old a full reading may be that the index is trusted with. There is one every quarter of an
/// hour; where there was none for a day, something is wrong.
const TRUSTED: SignedDuration = SignedDuration::from_hours(24);

impl Plane {
    /// The domains in which these people have profiles or should; of those that the index can speak
    /// for only their profiles, of others all.
    pub(super) fn wanted(
        &self,
        snapshot: &Snapshot,
        people: &BTreeSet<PersonId>,
        view: &IndexView,
        now: Timestamp,
    ) -> Wanted {
        let rights = entitlements(&self.map, snapshot, now);
        let mut names: BTreeMap<&DomainKey, BTreeSet<ProfileName>> = BTreeMap::new();
        for (key, domain) in &self.map.domains {
            match self.mark(key, view, now) {
                Some(_) => {
                    let indexed = view.profiles.get(&domain.domain_id).into_iter().flatten();
                    let known: BTreeSet<_> = indexed.map(|profile| profile.name.clone()).collect();
                    if !known.is_empty() {
                        names.insert(key, known);
                    }
                }
                None => drop(names.insert(key, BTreeSet::new())),
            }
        }
        for person in people.iter().filter_map(|id| snapshot.people.get(id)) {
            for right in rights.teams_of(&person.id) {
                for (key, domain) in self.domains_of(right.team) {
                    let given = self.names_given(person, right, (key, domain), view, now);
                    names.entry(key).or_default().extend(given);
                }
            }
        }
        let scope = |key: &DomainKey, names| match self.mark(key, view, now) {
            Some(_) => ProfileScope::Named(names),
            None => ProfileScope::All,
        };
        let wanted = names.into_iter();
        wanted
            .filter_map(|(key, n)| Some((key.clone(), (self.target(key)?, scope(key, n)))))
            .collect()
    }

    /// The domains of one team, with the profiles of one person there.
    pub(super) fn entrance(
        &self,
        snapshot: &Snapshot,
        people: &BTreeSet<PersonId>,
        team: &TeamKey,
        view: &IndexView,
        now: Timestamp,
    ) -> Wanted {
        let rights = entitlements(&self.map, snapshot, now);
        let person = people.iter().find_map(|id| snapshot.people.get(id));
        let right = person.and_then(|p| rights.get(&p.id, team));
        let mut wanted = Wanted::new();
        for (key, domain) in self.domains_of(team) {
            let indexed = view.profiles.get(&domain.domain_id).into_iter().flatten();
            let mut names: BTreeSet<_> = indexed.map(|profile| profile.name.clone()).collect();
            if let (Some(person), Some(right)) = (person, right) {
                names.extend(self.names_given(person, right, (key, domain), view, now));
            }
            if let Some(target) = self.target(key) {
                wanted.insert(key.clone(), (target, ProfileScope::Named(names)));
            }
        }
        wanted
    }

    /// Whose profiles were read of a domain.
    pub(super) fn seen(
        &self,
        key: &DomainKey,
        wanted: &Wanted,
        people: &BTreeSet<PersonId>,
        view: &IndexView,
        now: Timestamp,
    ) -> Seen {
        match wanted.get(key).map(|(_, scope)| scope) {
            Some(ProfileScope::All | ProfileScope::Account) => Seen::Everybody,
            _ if self.mark(key, view, now).is_some() => Seen::People(people.clone()),
            // A profile may exist under a name that nobody knows here.
            _ => Seen::People(BTreeSet::new()),
        }
    }

    /// When the domain was read in full, if that was lately.
    fn mark<'v>(
        &self,
        key: &DomainKey,
        view: &'v IndexView,
        now: Timestamp,
    ) -> Option<&'v IndexMark> {
        let id: &DomainId = &self.map.domains.get(key)?.domain_id;
        view.marks.get(id).filter(|mark| now.duration_since(mark.at) < TRUSTED)
    }

    /// Whether the index can speak for every domain of the map.
    pub(crate) async fn is_indexed(&self) -> bool {
        let now = self.clock.now();
        let view = self.index.look(&BTreeSet::new(), &self.domain_ids()).await;
        view.is_ok_and(|view| {
            self.map.domains.keys().all(|key| self.mark(key, &view, now).is_some())
        })
    }

    /// The ids of the map's domains.
    pub(crate) fn domain_ids(&self) -> BTreeSet<DomainId> {
        self.map.domains.values().map(|domain| domain.domain_id.clone()).collect()
    }

    fn domains_of<'a>(
        &'a self,
        team: &TeamKey,
    ) -> impl Iterator<Item = (&'a DomainKey, &'a Domain)> + use<'a> {
        let placements = self.map.teams.get(team).map_or(&[][..], |team| &team.placements);
        placements.iter().filter_map(|placement| self.map.domains.get_key_value(&placement.domain))
    }

    /// The names under which the person's profile for the team can be in the domain, beside the one
    /// that the index knows: those that naming gives, and those that the map adopts.
    fn names_given(
        &self,
        person: &Person,
        right: &Entitlement<'_>,
        (key, domain): (&DomainKey, &Domain),
        view: &IndexView,
        now: Timestamp,
    ) -> BTreeSet<ProfileName> {
        let mode = self.mark(key, view, now).map(|mark| mark.auth_mode);
        let adopted = self
            .map
            .adopt
            .iter()
            .filter(|adoption| &adoption.domain == key && adoption.person == person.user_name);
        let mut names: BTreeSet<_> = adopted.map(|adoption| adoption.profile.clone()).collect();
        let indexed = view.profiles.get(&domain.domain_id);
        let known = indexed.is_some_and(|profiles| {
            profiles.iter().any(|profile| {
                profile.person == person.id
                    && (mode == Some(AuthMode::Sso) || profile.team == *right.team)
            })
        });
        if known {
            return names;
        }
        if mode != Some(AuthMode::Sso) {
            names.insert(profile_name(person, right.team));
            names.insert(hashed_profile_name(person, right.team));
        }
        if mode != Some(AuthMode::Iam) {
            names.insert(sso_profile_name(person));
            names.insert(hashed_sso_profile_name(person));
        }
        names
    }
}

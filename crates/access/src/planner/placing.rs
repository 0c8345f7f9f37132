//! In which of its team's domains a person's profile is, or is to be made.

use super::{Case, Planner};
use crate::entitlement::Entitlement;
use crate::ids::DomainKey;
use crate::map::{Placement, Team};
use crate::observed::{AuthMode, DomainState, ObservedDomain};
use crate::owned::{Owned, OwnedProfile};
use crate::reason::ReasonCode;
use std::collections::BTreeMap;

impl<'a> Planner<'a> {
    /// The entitlements by the domain that each one means. Those that mean none now are kept, with
    /// the reason.
    pub(super) fn placed(
        &mut self,
        owned: &BTreeMap<&DomainKey, Owned<'a>>,
    ) -> BTreeMap<&'a DomainKey, Vec<Case<'a>>> {
        let mut cases: BTreeMap<&'a DomainKey, Vec<Case<'a>>> = BTreeMap::new();
        // How many profiles of those placed here are still to be made.
        let mut coming: BTreeMap<&'a DomainKey, usize> = BTreeMap::new();
        for entitlement in self.entitled.all() {
            let Some(team) = self.map.teams.get(entitlement.team) else { continue };
            let case = |(placement, domain): (&'a Placement, &'a ObservedDomain)| Case {
                domain,
                team,
                placement,
                entitlement,
            };
            let mut usable = self.usable(team).map(case);
            let found = if team.placements.len() == 1 {
                // What is the matter with the one domain, if it cannot be used, was said already.
                usable.next()
            } else {
                let usable: Vec<Case<'a>> = usable.collect();
                holder(&usable, owned)
                    .or_else(|| self.place(entitlement, team, (&usable, owned), &mut coming))
            };
            if let Some(case) = found {
                // Most people have their profile where they are to have it.
                let room = || owned.get(case.key()).map_or(0, Owned::len);
                cases.entry(case.key()).or_insert_with(|| Vec::with_capacity(room())).push(case);
            }
        }
        cases
    }

    fn usable(&self, team: &'a Team) -> impl Iterator<Item = (&'a Placement, &'a ObservedDomain)> {
        let observed = self.observed;
        team.placements.iter().filter_map(|placement| {
            let domain = observed.domains.get(&placement.domain)?;
            (domain.state != DomainState::Ending).then_some((placement, domain))
        })
    }

    /// The first domain with room, for a person who has no profile in any of them.
    fn place(
        &mut self,
        entitlement: &'a Entitlement<'a>,
        team: &'a Team,
        (usable, owned): (&[Case<'a>], &BTreeMap<&DomainKey, Owned<'a>>),
        coming: &mut BTreeMap<&'a DomainKey, usize>,
    ) -> Option<Case<'a>> {
        let first = usable.first()?;
        // The profile may be in a domain that was not read, or is in one that cannot be used now,
        // and a second one is none the better.
        for placement in &team.placements {
            let key = &placement.domain;
            let (reason, detail) = match self.observed.domains.get(key) {
                Some(domain) if !domain.seen.covers(&entitlement.person.id) => {
                    (ReasonCode::PartialDomain, format!("it may be in {key}"))
                }
                Some(domain) if held(domain.auth_mode, owned.get(key), entitlement).is_some() => {
                    (ReasonCode::DomainNotInService, format!("it is in {key}"))
                }
                Some(_) => continue,
                None => (ReasonCode::DomainUnreadable, format!("it may be in {key}")),
            };
            self.keep(first, None, reason, Some(detail));
            return None;
        }
        let open: Vec<&Case<'a>> =
            usable.iter().filter(|case| case.domain.state == DomainState::InService).collect();
        if open.is_empty() {
            // It is said that the profile would be made there.
            return Some(*first);
        }
        for case in &open {
            let taken = coming.entry(case.key()).or_default();
            if self.room_in(case.key()).is_none_or(|room| room > *taken) {
                *taken += 1;
                return Some(**case);
            }
        }
        let all: Vec<&str> = open.iter().map(|case| case.key().as_str()).collect();
        self.keep(first, None, ReasonCode::QuotaReached, Some(all.join(", ")));
        None
    }

    /// How many more profiles the domain's account may have; `None` if nobody knows.
    fn room_in(&self, key: &DomainKey) -> Option<usize> {
        let domain = self.map.domains.get(key)?;
        self.room.get(&(domain.account_id.clone(), domain.region.clone())).copied()
    }
}

/// The domain in which the person has the profile already. The team's own comes first, then one that
/// can be used.
fn holder<'a>(usable: &[Case<'a>], owned: &BTreeMap<&DomainKey, Owned<'a>>) -> Option<Case<'a>> {
    let rank = |case: &Case<'a>| {
        let found = held(case.domain.auth_mode, owned.get(case.key()), case.entitlement)?;
        Some((found.team != case.entitlement.team, found.is_of_no_use()))
    };
    let holding = usable.iter().filter_map(|case| Some((rank(case)?, case)));
    holding.min_by_key(|(rank, _)| *rank).map(|(_, case)| *case)
}

/// The profile that serves the right in one domain.
fn held<'o, 'a>(
    auth_mode: AuthMode,
    owned: Option<&'o Owned<'a>>,
    entitlement: &Entitlement<'_>,
) -> Option<&'o OwnedProfile<'a>> {
    let (person, team) = entitlement.pair();
    let found = match auth_mode {
        AuthMode::Iam => owned?.of_pair((person, team)),
        // The one profile of a person there may be another team's at the time.
        AuthMode::Sso => owned?.of_person(person),
    };
    found.first()
}

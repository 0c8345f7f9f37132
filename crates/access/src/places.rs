//! What an account has in a Region: the quota of profiles is neither a domain's nor the map's.

use crate::ids::{AccountId, DomainId, DomainKey, Region};
use crate::map::AccessMap;
use crate::observed::{Observed, ObservedDomain};
use std::collections::BTreeMap;

/// An account in a Region, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place<'a> {
    /// Its domains that were read.
    pub domains: BTreeMap<&'a DomainKey, &'a ObservedDomain>,
    /// How many profiles its other domains have, those that the map lacks too.
    pub others: BTreeMap<&'a DomainId, usize>,
    /// How many profiles it may have: the least that was read.
    pub quota: Option<u32>,
}

impl Place<'_> {
    /// How many profiles it has, whoever made them.
    pub fn profiles(&self) -> usize {
        let read: usize = self.domains.values().map(|domain| domain.profiles.len()).sum();
        read + self.others.values().sum::<usize>()
    }

    /// How many more it may have, where the quota is known.
    pub fn room(&self) -> Option<usize> {
        let quota = usize::try_from(self.quota?).unwrap_or(usize::MAX);
        Some(quota.saturating_sub(self.profiles()))
    }
}

/// Each account and Region of which something was read.
pub fn places<'a>(
    map: &'a AccessMap,
    observed: &'a Observed,
) -> BTreeMap<(&'a AccountId, &'a Region), Place<'a>> {
    let mut places: BTreeMap<_, Place<'a>> = BTreeMap::new();
    for (key, domain) in &observed.domains {
        let Some(config) = map.domains.get(key) else { continue };
        let place = places.entry((&config.account_id, &config.region)).or_default();
        place.domains.insert(key, domain);
        place.quota = place.quota.into_iter().chain(domain.profile_quota).min();
        for (id, profiles) in &domain.elsewhere {
            let most = place.others.entry(id).or_default();
            *most = (*most).max(*profiles);
        }
    }
    for place in places.values_mut() {
        for config in place.domains.keys().filter_map(|key| map.domains.get(*key)) {
            place.others.remove(&config.domain_id);
        }
    }
    places
}

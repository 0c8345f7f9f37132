//! When there is no room for another profile.

use super::Reading;
use crate::forecast::{Forecast, days, days_by_age, forecast};
use crate::ids::DomainId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeMap;

/// How full an account is in a Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Profiles in the domains that were read.
    pub profiles: u64,
    /// How many the account may have, where Service Quotas said so.
    pub limit: Option<u64>,
    /// When the limit is reached: by what the loop counted, or, where it counted on too few days, by
    /// the ages of the profiles.
    pub forecast: Forecast,
}

/// What there is in an account and Region.
#[derive(Debug, Default)]
struct Place<'a> {
    domains: Vec<&'a DomainId>,
    profiles: usize,
    limit: Option<u32>,
    /// When profiles were made, as far as AWS says.
    made: Vec<Timestamp>,
}

/// Each account and Region.
pub(super) fn quotas(reading: &Reading<'_>) -> Vec<Quota> {
    let mut places: BTreeMap<(String, String), Place<'_>> = BTreeMap::new();
    for (key, observed) in &reading.observed.domains {
        let Some(domain) = reading.map.domains.get(key) else { continue };
        let at = (domain.account_id.to_string(), domain.region.to_string());
        let place = places.entry(at).or_default();
        place.domains.push(&domain.domain_id);
        place.profiles += observed.profiles.len();
        place.limit = place.limit.into_iter().chain(observed.profile_quota).min();
        let known = reading.domains.get(key).map(|known| known.made.values());
        place.made.extend(known.into_iter().flatten());
    }
    let today = reading.now.to_zoned(TimeZone::UTC).date();
    places
        .into_iter()
        .map(|((account, region), Place { domains, profiles, limit, made })| {
            let profiles = u64::try_from(profiles).unwrap_or(u64::MAX);
            let limit = limit.map(u64::from);
            let mut counted = days(reading.counts, &domains);
            // What was read now is today's, whatever the loop counted last.
            counted.insert(today, profiles);
            let forecast = match forecast(&counted, limit, today) {
                Forecast::TooEarly { .. } if !made.is_empty() => {
                    forecast(&days_by_age(&made, profiles, today), limit, today)
                }
                told => told,
            };
            Quota { account, region, profiles, limit, forecast }
        })
        .collect()
}

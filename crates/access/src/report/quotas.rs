//! When there is no room for another profile.

use super::Reading;
use crate::forecast::{Forecast, days, days_by_age, forecast};
use crate::places::places;
use jiff::tz::TimeZone;
use serde::Serialize;

/// How full an account is in a Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Profiles there are, whoever made them, also in domains that the map lacks.
    pub profiles: u64,
    /// How many the account may have, where Service Quotas said so.
    pub limit: Option<u64>,
    /// When the limit is reached: by what the loop counted, or, where it counted on too few days, by
    /// the ages of the profiles.
    pub forecast: Forecast,
}

/// Each account and Region.
pub(super) fn quotas(reading: &Reading<'_>) -> Vec<Quota> {
    let today = reading.now.to_zoned(TimeZone::UTC).date();
    places(reading.map, reading.observed)
        .into_iter()
        .map(|((account, region), place)| {
            let others = count(place.others.values().sum());
            let profiles = count(place.profiles());
            let limit = place.quota.map(u64::from);
            // What is known of other days is the map's domains'. The others' profiles leave them less.
            let (read, left) = (profiles - others, limit.map(|limit| limit.saturating_sub(others)));
            let domains = place.domains.keys().filter_map(|key| reading.map.domains.get(*key));
            let domains: Vec<_> = domains.map(|domain| &domain.domain_id).collect();
            let known = place.domains.keys().filter_map(|key| reading.domains.get(*key));
            let made: Vec<_> = known.flat_map(|known| known.made.values().copied()).collect();
            let mut counted = days(reading.counts, &domains);
            // What was read now is today's, whatever the loop counted last.
            counted.insert(today, read);
            let forecast = match forecast(&counted, left, today) {
                Forecast::TooEarly { .. } if !made.is_empty() => {
                    forecast(&days_by_age(&made, read, today), left, today)
                }
                told => told,
            };
            let (account, region) = (account.to_string(), region.to_string());
            Quota { account, region, profiles, limit, forecast }
        })
        .collect()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

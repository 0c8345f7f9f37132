//! When there is no room for another profile.

use super::Reading;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// Growth is judged by what was made in so many days.
const WINDOW_DAYS: i64 = 90;

/// A forecast beyond so many days is a guess about another year's company.
const FARTHEST_DAYS: i64 = 730;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// How full an account is in a Region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Profiles in the domains that were read.
    pub profiles: usize,
    /// How many the account may have, where Service Quotas said so.
    pub limit: Option<u32>,
    /// How many of them were made in the last 90 days, where AWS said when.
    pub made_in_90_days: Option<usize>,
    /// When the limit is reached if it goes on like that; absent: not within two years, or not
    /// known.
    pub runs_out: Option<Timestamp>,
}

/// What there is in an account and Region.
#[derive(Debug, Default)]
struct Place {
    profiles: usize,
    limit: Option<u32>,
    made: Option<Vec<Timestamp>>,
}

/// Each account and Region.
pub(super) fn quotas(reading: &Reading<'_>) -> Vec<Quota> {
    let mut places: BTreeMap<(String, String), Place> = BTreeMap::new();
    for (key, observed) in &reading.observed.domains {
        let Some(domain) = reading.map.domains.get(key) else { continue };
        let at = (domain.account_id.to_string(), domain.region.to_string());
        let place = places.entry(at).or_default();
        place.profiles += observed.profiles.len();
        place.limit = place.limit.into_iter().chain(observed.profile_quota).min();
        let known = reading.domains.get(key).map(|known| &known.made);
        if let Some(known) = known.filter(|known| !known.is_empty()) {
            place.made.get_or_insert_default().extend(known.values().copied());
        }
    }
    places
        .into_iter()
        .map(|((account, region), Place { profiles, limit, made })| {
            let recent = made.map(|made| {
                let begin = days_ago(reading.now, WINDOW_DAYS);
                made.into_iter().filter(|at| *at >= begin).count()
            });
            let runs_out = limit
                .zip(recent)
                .and_then(|(limit, recent)| runs_out(reading.now, profiles, limit, recent));
            Quota { account, region, profiles, limit, made_in_90_days: recent, runs_out }
        })
        .collect()
}

/// When a limit is reached that `there` count towards, if as many come in each 90 days as in the last
/// ones. `None`: not within two years.
pub fn runs_out(
    now: Timestamp,
    there: usize,
    limit: u32,
    made_in_90_days: usize,
) -> Option<Timestamp> {
    let left = i64::from(limit) - i64::try_from(there).ok()?;
    if left <= 0 {
        return Some(now);
    }
    let made = i64::try_from(made_in_90_days).ok().filter(|made| *made > 0)?;
    let days = left.checked_mul(WINDOW_DAYS)? / made;
    if days > FARTHEST_DAYS {
        return None;
    }
    now.checked_add(SignedDuration::from_secs(days * SECONDS_A_DAY)).ok()
}

fn days_ago(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_secs(days * SECONDS_A_DAY)).unwrap_or(Timestamp::MIN)
}

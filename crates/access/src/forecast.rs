//! When a quota runs out.
//!
//! The number of profiles at the end of each day, a straight line through the last four weeks of
//! them (least squares, in whole numbers), and the day on which it meets the quota.

use crate::ids::DomainId;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The line goes through so many days.
pub const LOOKED_AT_DAYS: i32 = 28;

/// Fewer days between the first and the last count say nothing of a trend.
const LEAST_DAYS: i64 = 7;

/// Nobody plans further ahead.
const HORIZON_DAYS: i128 = 365;

/// How many profiles each domain had, by day (UTC). The last count of a day is that day's.
pub type ProfileCounts = BTreeMap<DomainId, BTreeMap<Date, u64>>;

/// How many profiles there were on a day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DayCount {
    /// The day.
    pub day: Date,
    /// How many.
    pub profiles: u64,
}

/// When a quota runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
// The schema knows nothing of `rename_all_fields`: variants tell it themselves.
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Forecast {
    /// AWS does not tell the quota.
    NoQuota,
    /// It was counted on too few days.
    TooEarly {
        /// So many days lie between the first and the last count.
        days: i64,
    },
    /// There is no room any more.
    Full,
    /// There are not more and more.
    #[schema(rename_all = "camelCase")]
    Steady {
        /// By how many it changes in 30 days.
        per_month: i64,
    },
    /// It runs out.
    #[schema(rename_all = "camelCase")]
    RunsOut {
        /// On this day.
        day: Date,
        /// So many days from now.
        days_left: i64,
        /// By how many it grows in 30 days.
        per_month: i64,
    },
    /// It does not run out within a year.
    #[schema(rename_all = "camelCase")]
    Later {
        /// By how many it grows in 30 days.
        per_month: i64,
    },
}

/// How fast the number may change, by how much the last four weeks went up and down: the trend and two
/// standard errors of it either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// By how many it changes in 30 days, at least.
    pub least_per_month: i64,
    /// By how many it changes in 30 days, at most.
    pub most_per_month: i64,
}

/// What these domains had together, on the days on which each of them was counted.
pub fn days(counts: &ProfileCounts, domains: &[&DomainId]) -> BTreeMap<Date, u64> {
    let mut sums: BTreeMap<Date, (usize, u64)> = BTreeMap::new();
    for domain in domains {
        for (day, profiles) in counts.get(*domain).into_iter().flatten() {
            let (counted, sum) = sums.entry(*day).or_default();
            *counted += 1;
            *sum = sum.saturating_add(*profiles);
        }
    }
    // A domain that could not be read that day would look like profiles that went.
    let whole = sums.into_iter().filter(|(_, (counted, _))| *counted == domains.len());
    whole.map(|(day, (_, sum))| (day, sum)).collect()
}

/// What there would have been on the last days if nothing had been deleted: for whom nobody counted.
/// `there` are there now, of which `made` were made at these times; those whose time AWS does not tell
/// have been there all along.
pub fn days_by_age(made: &[Timestamp], there: u64, today: Date) -> BTreeMap<Date, u64> {
    let made: Vec<Date> = made.iter().map(|at| at.to_zoned(TimeZone::UTC).date()).collect();
    let days = (0..=LOOKED_AT_DAYS).filter_map(|back| today.checked_sub(back.days()).ok());
    days.map(|day| {
        let later = made.iter().filter(|made| **made > day).count();
        (day, there.saturating_sub(u64::try_from(later).unwrap_or(u64::MAX)))
    })
    .collect()
}

/// When `quota` runs out, by what there was on these days.
pub fn forecast(days: &BTreeMap<Date, u64>, quota: Option<u64>, today: Date) -> Forecast {
    let Some(quota) = quota else { return Forecast::NoQuota };
    let Some((_, now)) = days.last_key_value() else { return Forecast::TooEarly { days: 0 } };
    if *now >= quota {
        return Forecast::Full;
    }
    let points = looked_at(days, today);
    let span = span(&points);
    if span < LEAST_DAYS {
        return Forecast::TooEarly { days: span };
    }
    let Line { rise, run, .. } = Line::through(&points);
    let per_month = rounded(rise * 30, run);
    if rise <= 0 {
        return Forecast::Steady { per_month };
    }
    let left = (i128::from(quota) - i128::from(*now)) * run;
    // Rounded up: on the day before, there is room for one more.
    let days_left = left / rise + i128::from(left % rise != 0);
    let day = i32::try_from(days_left).ok().and_then(|left| today.checked_add(left.days()).ok());
    match (day, i64::try_from(days_left)) {
        (Some(day), Ok(days_left)) if i128::from(days_left) <= HORIZON_DAYS => {
            Forecast::RunsOut { day, days_left, per_month }
        }
        _ => Forecast::Later { per_month },
    }
}

/// How fast the number may change; `None` where there are too few days for a trend.
pub fn spread(days: &BTreeMap<Date, u64>, today: Date) -> Option<Spread> {
    let points = looked_at(days, today);
    // Through two points there is one line, and nothing goes up and down around it.
    let freedom = i128::try_from(points.len()).ok()? - 2;
    if span(&points) < LEAST_DAYS || freedom < 1 {
        return None;
    }
    let Line { rise, run, scatter } = Line::through(&points);
    let errors = 2 * (scatter / freedom).isqrt();
    Some(Spread {
        least_per_month: rounded((rise - errors) * 30, run),
        most_per_month: rounded((rise + errors) * 30, run),
    })
}

/// The last four weeks, as days from their first and what was counted.
fn looked_at(days: &BTreeMap<Date, u64>, today: Date) -> Vec<(i64, u64)> {
    let first = today.checked_sub(LOOKED_AT_DAYS.days()).unwrap_or(today);
    days.range(first..=today).map(|(day, count)| (days_between(first, *day), *count)).collect()
}

/// How many days lie between the first and the last.
fn span(points: &[(i64, u64)]) -> i64 {
    points.first().zip(points.last()).map_or(0, |(first, last)| last.0 - first.0)
}

fn days_between(first: Date, day: Date) -> i64 {
    day.duration_since(first).as_secs() / SignedDuration::from_hours(24).as_secs()
}

/// The straight line through some points that is nearest to all of them.
struct Line {
    /// Its slope is `rise / run`; `run` is positive.
    rise: i128,
    run: i128,
    /// The squared standard error of the slope is `scatter / (points - 2) / run²`; not negative.
    scatter: i128,
}

impl Line {
    fn through(points: &[(i64, u64)]) -> Self {
        let n = i128::try_from(points.len()).unwrap_or(i128::MAX);
        let (mut x, mut y, mut xy, mut xx, mut yy) = (0_i128, 0_i128, 0_i128, 0_i128, 0_i128);
        for (day, count) in points {
            let (day, count) = (i128::from(*day), i128::from(*count));
            x += day;
            y += count;
            xy += day * count;
            xx += day * day;
            yy += count * count;
        }
        let (rise, run) = (n * xy - x * y, (n * xx - x * x).max(1));
        Self { rise, run, scatter: ((n * yy - y * y) * run - rise * rise).max(0) }
    }
}

/// The nearest whole number.
fn rounded(rise: i128, run: i128) -> i64 {
    let half = if rise < 0 { -run / 2 } else { run / 2 };
    i64::try_from((rise + half) / run).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 21);

    fn growing(by: u64, over_days: i32) -> BTreeMap<Date, u64> {
        let day = |n: i32| TODAY.checked_sub((over_days - n).days()).unwrap();
        (0..=over_days).map(|n| (day(n), 100 + by * u64::try_from(n).unwrap())).collect()
    }

    #[test]
    fn a_steady_growth_names_the_day() {
        // 100 to 128 in four weeks, one a day; 12 are left.
        let day = date(2026, 12, 3);
        let told = Forecast::RunsOut { day, days_left: 12, per_month: 30 };
        assert_eq!(forecast(&growing(1, 28), Some(140), TODAY), told);
    }

    #[test]
    fn what_grows_evenly_has_no_spread_and_what_jumps_has_one() {
        let even = Spread { least_per_month: 30, most_per_month: 30 };
        assert_eq!(spread(&growing(1, 28), TODAY), Some(even));
        // Nine days, the counts 0 to 8 but for the middle one, which is 3 too high: the slope is 1,
        // its standard error sqrt((8 / 7) / 60).
        let day = |n: i32| TODAY.checked_sub((8 - n).days()).unwrap();
        let mut days: BTreeMap<Date, u64> = (0..9).map(day).zip(0..).collect();
        days.insert(TODAY.checked_sub(4.days()).unwrap(), 7);
        let told = spread(&days, TODAY).unwrap();
        assert_eq!(told, Spread { least_per_month: 22, most_per_month: 38 });
        assert_eq!(spread(&growing(1, 6), TODAY), None);
        let two = BTreeMap::from([(TODAY.checked_sub(9.days()).unwrap(), 1), (TODAY, 5)]);
        assert_eq!(spread(&two, TODAY), None);
    }

    #[test]
    fn half_a_profile_a_day_is_rounded_up_to_a_day() {
        let day = |n: i32| TODAY.checked_sub((28 - n).days()).unwrap();
        let days: BTreeMap<Date, u64> =
            (0..=28).map(|n| (day(n), u64::try_from(n / 2).unwrap())).collect();
        let Forecast::RunsOut { days_left, per_month, .. } = forecast(&days, Some(15), TODAY)
        else {
            panic!("it grows");
        };
        assert_eq!((days_left, per_month), (2, 15));
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        assert_eq!(forecast(&growing(1, 28), None, TODAY), Forecast::NoQuota);
        let none = Forecast::TooEarly { days: 0 };
        assert_eq!(forecast(&BTreeMap::new(), Some(9), TODAY), none);
        let few = Forecast::TooEarly { days: 6 };
        assert_eq!(forecast(&growing(1, 6), Some(900), TODAY), few);
        // What is older than four weeks says nothing of today.
        let old = BTreeMap::from([(date(2026, 9, 1), 1), (date(2026, 9, 20), 5)]);
        assert_eq!(forecast(&old, Some(900), TODAY), none);
    }

    #[test]
    fn full_steady_and_far_away_are_told_apart() {
        assert_eq!(forecast(&growing(1, 28), Some(128), TODAY), Forecast::Full);
        let steady = Forecast::Steady { per_month: 0 };
        assert_eq!(forecast(&growing(0, 28), Some(128), TODAY), steady);
        let later = Forecast::Later { per_month: 30 };
        assert_eq!(forecast(&growing(1, 28), Some(1_000), TODAY), later);
        let day = |n: i32| TODAY.checked_sub((10 - n).days()).unwrap();
        let falling: BTreeMap<Date, u64> =
            (0..=10).map(|n| (day(n), u64::try_from(50 - n).unwrap())).collect();
        assert_eq!(forecast(&falling, Some(60), TODAY), Forecast::Steady { per_month: -30 });
    }

    #[test]
    fn ages_stand_in_for_counts() {
        let at = |day: i8| format!("2026-11-{day:02}T23:00:00Z").parse::<Timestamp>().unwrap();
        // Ten are there, two of which were made lately; of one nobody knows.
        let days = days_by_age(&[at(2), at(20), at(21)], 10, TODAY);
        assert_eq!(days.len(), 29);
        let on = |day: i8| days.get(&date(2026, 11, day)).copied();
        assert_eq!([on(1), on(2), on(19), on(20), on(21)], [7, 8, 8, 9, 10].map(Some));
        assert_eq!(days.first_key_value(), Some((&date(2026, 10, 24), &7)));
    }

    #[test]
    fn a_day_counts_only_where_every_domain_was_counted() {
        let domain = |name: &str| DomainId::parse(name).unwrap();
        let (one, other) = (domain("d-one"), domain("d-other"));
        let before = TODAY.yesterday().unwrap();
        let counts = ProfileCounts::from([
            (one.clone(), BTreeMap::from([(before, 3), (TODAY, 4)])),
            (other.clone(), BTreeMap::from([(TODAY, 10)])),
        ]);
        assert_eq!(days(&counts, &[&one, &other]), BTreeMap::from([(TODAY, 14)]));
        assert_eq!(days(&counts, &[&one]), BTreeMap::from([(before, 3), (TODAY, 4)]));
    }
}

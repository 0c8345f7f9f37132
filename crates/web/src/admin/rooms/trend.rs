//! The picture of a quota: what was counted by day, and the same trend carried on to the quota.
//!
//! A pure layout: counts in, points out.

use control::desk::{DayCount, Forecast};
use jiff::civil::Date;
use std::fmt::Write;

/// How wide and high the picture is.
pub(super) const WIDTH: f64 = 320.0;
pub(super) const HEIGHT: f64 = 96.0;
/// Room for the strokes at the edges.
const EDGE: f64 = 4.0;
/// A trend is carried on no further than this, or the past would be a dot.
const AHEAD_DAYS: i64 = 120;
/// So far it is carried on where it does not reach the quota.
const SOME_DAYS: i64 = 30;

/// The picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trend {
    /// What was counted, as points of a line.
    pub(super) counted: String,
    /// The trend carried on, as points of a line.
    pub(super) ahead: Option<String>,
    /// How high the quota is.
    pub(super) quota: Option<f64>,
    /// Where today is.
    pub(super) today: f64,
}

/// Lays it out; `None` where there is no line to draw.
pub(super) fn lay_out(days: &[DayCount], quota: Option<u64>, forecast: &Forecast) -> Option<Trend> {
    let (first, last) = (days.first()?, days.last()?);
    if first.day == last.day {
        return None;
    }
    let (ahead_days, per_month) = match *forecast {
        Forecast::RunsOut { days_left, per_month, .. } => (days_left.min(AHEAD_DAYS), per_month),
        Forecast::Steady { per_month } | Forecast::Later { per_month } => (SOME_DAYS, per_month),
        Forecast::NoQuota | Forecast::TooEarly { .. } | Forecast::Full => (0, 0),
    };
    let span = days_between(first.day, last.day) + ahead_days;
    let highest = days.iter().map(|count| count.profiles).chain(quota).max()?;
    let x = |day: i64| EDGE + (WIDTH - 2.0 * EDGE) * as_f64(day) / as_f64(span.max(1));
    let scale = (HEIGHT - 2.0 * EDGE) / as_f64(signed(highest).max(1));
    let y = |count: f64| HEIGHT - EDGE - count * scale;
    let mut counted = String::new();
    for count in days {
        let at = x(days_between(first.day, count.day));
        let _ = write!(counted, "{at:.1},{:.1} ", y(as_f64(signed(count.profiles))));
    }
    let today = days_between(first.day, last.day);
    let ahead = (ahead_days > 0).then(|| {
        let now = as_f64(signed(last.profiles));
        let then = now + as_f64(per_month) * as_f64(ahead_days) / 30.0;
        let then = quota.map_or(then, |quota| then.min(as_f64(signed(quota)))).max(0.0);
        format!("{:.1},{:.1} {:.1},{:.1}", x(today), y(now), x(today + ahead_days), y(then))
    });
    Some(Trend {
        counted: counted.trim_end().to_owned(),
        ahead,
        quota: quota.map(|quota| y(as_f64(signed(quota)))),
        today: x(today),
    })
}

fn days_between(first: Date, day: Date) -> i64 {
    day.duration_since(first).as_hours() / 24
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Days and profiles are far below what a float tells apart.
fn as_f64(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn count(day: i8, profiles: u64) -> DayCount {
        DayCount { day: date(2026, 11, day), profiles }
    }

    #[test]
    fn the_trend_ends_where_the_quota_is() {
        let days = [count(1, 0), count(11, 50)];
        let day = date(2026, 11, 21);
        let runs_out = Forecast::RunsOut { day, days_left: 10, per_month: 150 };
        let trend = lay_out(&days, Some(100), &runs_out).unwrap();
        assert_eq!(trend.counted, "4.0,92.0 160.0,48.0");
        assert_eq!(trend.ahead.as_deref(), Some("160.0,48.0 316.0,4.0"));
        assert_eq!((trend.quota, trend.today), (Some(4.0), 160.0));
    }

    #[test]
    fn one_day_is_no_line_and_without_a_quota_nothing_is_carried_on() {
        assert_eq!(lay_out(&[], Some(9), &Forecast::Full), None);
        assert_eq!(lay_out(&[count(1, 5)], Some(9), &Forecast::Full), None);
        let trend = lay_out(&[count(1, 5), count(2, 10)], None, &Forecast::NoQuota).unwrap();
        assert_eq!((trend.ahead, trend.quota), (None, None));
        assert_eq!(trend.counted, "4.0,48.0 316.0,4.0");
    }
}

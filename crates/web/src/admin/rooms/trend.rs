//! The picture of a quota: what was counted by day, the same trend carried on to the quota, and how far
//! from it the count may end.
//!
//! A pure layout: counts in, points and labels out.

use crate::strings;
use crate::strings::rooms as say;
use control::desk::{DayCount, Forecast, Spread};
use jiff::ToSpan;
use jiff::civil::Date;
use std::fmt::Write;

/// How wide and high the picture is.
pub(super) const WIDTH: f64 = 320.0;
pub(super) const HEIGHT: f64 = 124.0;
/// Where the lines are: numbers stand left of it, days below.
pub(super) const LEFT: f64 = 30.0;
pub(super) const RIGHT: f64 = WIDTH - 4.0;
const TOP: f64 = 8.0;
pub(super) const BOTTOM: f64 = HEIGHT - 20.0;
/// Labels nearer to each other than this would touch: days beside, numbers above each other.
const DAY_ROOM: f64 = 44.0;
const NUMBER_ROOM: f64 = 11.0;
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
    /// Where it may end otherwise, as points of an area.
    pub(super) cone: Option<String>,
    /// How high the quota is.
    pub(super) quota: Option<f64>,
    /// Where today is.
    pub(super) today: f64,
    /// Numbers and days at the axes.
    pub(super) labels: Vec<Label>,
}

/// A number or a day at an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    pub(super) x: f64,
    pub(super) y: f64,
    /// SVG's `text-anchor`.
    pub(super) anchor: &'static str,
    pub(super) text: String,
}

/// The scales of a picture.
struct Scale {
    days: i64,
    highest: i64,
}

/// What is carried on: from how many, over how many days, up to how many.
struct Ahead {
    from: f64,
    days: i64,
    most: f64,
}

/// Lays it out; `None` where there is no line to draw.
pub(super) fn lay_out(
    days: &[DayCount],
    quota: Option<u64>,
    forecast: &Forecast,
    spread: Option<Spread>,
) -> Option<Trend> {
    let (first, last) = (days.first()?, days.last()?);
    if first.day == last.day {
        return None;
    }
    let (ahead_days, per_month) = match *forecast {
        Forecast::RunsOut { days_left, per_month, .. } => (days_left.min(AHEAD_DAYS), per_month),
        Forecast::Steady { per_month } | Forecast::Later { per_month } => (SOME_DAYS, per_month),
        Forecast::NoQuota | Forecast::TooEarly { .. } | Forecast::Full => (0, 0),
    };
    let today = days_between(first.day, last.day);
    let highest = days.iter().map(|count| count.profiles).chain(quota).max()?;
    let scale = Scale { days: today + ahead_days, highest: signed(highest).max(1) };
    let mut counted = String::new();
    for count in days {
        let at = days_between(first.day, count.day);
        let _ = write!(counted, "{} ", scale.point(as_f64(at), as_f64(signed(count.profiles))));
    }
    let most = quota.map_or(f64::INFINITY, |quota| as_f64(signed(quota)));
    let ahead = Ahead { from: as_f64(signed(last.profiles)), days: ahead_days, most };
    let is_carried_on = ahead_days > 0;
    let now = as_f64(today);
    Some(Trend {
        counted: counted.trim_end().to_owned(),
        ahead: is_carried_on.then(|| {
            let then = scale.point(now + as_f64(ahead_days), ahead.after(per_month, ahead_days));
            format!("{} {then}", scale.point(now, ahead.from))
        }),
        cone: spread.filter(|_| is_carried_on).map(|spread| ahead.cone(&scale, now, spread)),
        quota: quota.map(|quota| scale.y(as_f64(signed(quota)))),
        today: scale.x(now),
        labels: [scale.numbers(highest, last.profiles), scale.named(first.day, last.day)].concat(),
    })
}

impl Scale {
    fn x(&self, day: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * day / as_f64(self.days.max(1))
    }

    fn y(&self, count: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * count / as_f64(self.highest)
    }

    fn point(&self, day: f64, count: f64) -> String {
        format!("{:.1},{:.1}", self.x(day), self.y(count))
    }

    /// None, the highest, and how many there are now where that has room.
    fn numbers(&self, highest: u64, now: u64) -> Vec<Label> {
        let mut labels: Vec<Label> = Vec::new();
        for number in [0, highest, now] {
            // The middle of a figure, not its foot, is as high as the line.
            let y = self.y(as_f64(signed(number))) + 3.5;
            if labels.iter().all(|label| (label.y - y).abs() >= NUMBER_ROOM) {
                let text = strings::admin::grouped(number);
                labels.push(Label { x: LEFT - 5.0, y, anchor: "end", text });
            }
        }
        labels
    }

    /// The first day, the last, and today where that is another and has room.
    fn named(&self, first: Date, today: Date) -> Vec<Label> {
        let last = first.checked_add(self.days.days()).unwrap_or(today);
        let label = |day: Date, anchor| Label {
            x: self.x(as_f64(days_between(first, day))),
            y: HEIGHT - 5.0,
            anchor,
            text: say::short_day(day),
        };
        let mut labels = vec![label(first, "start"), label(last, "end")];
        let middle = label(today, "middle");
        // The labels at the ends begin and end there; this one lies around its place.
        let room = DAY_ROOM * 1.5;
        if middle.x - LEFT >= room && RIGHT - middle.x >= room {
            labels.push(middle);
        }
        labels
    }
}

impl Ahead {
    /// How many there are after some days of so many a month: not fewer than none, and not more than
    /// the quota.
    fn after(&self, per_month: i64, days: i64) -> f64 {
        (self.from + as_f64(per_month) * as_f64(days) / 30.0).max(0.0).min(self.most)
    }

    /// The area between the slowest and the fastest growth. Where the fastest comes to the quota it
    /// goes on along it.
    fn cone(&self, scale: &Scale, now: f64, spread: Spread) -> String {
        let end = now + as_f64(self.days);
        let mut points = vec![scale.point(now, self.from)];
        if spread.most_per_month > 0 {
            let full = (self.most - self.from) * 30.0 / as_f64(spread.most_per_month);
            if full < as_f64(self.days) {
                points.push(scale.point(now + full, self.most));
            }
        }
        points.push(scale.point(end, self.after(spread.most_per_month, self.days)));
        points.push(scale.point(end, self.after(spread.least_per_month, self.days)));
        points.join(" ")
    }
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

    fn texts(trend: &Trend) -> Vec<&str> {
        trend.labels.iter().map(|label| label.text.as_str()).collect()
    }

    #[test]
    fn the_trend_ends_where_the_quota_is() {
        let days = [count(1, 0), count(11, 50)];
        let day = date(2026, 11, 21);
        let runs_out = Forecast::RunsOut { day, days_left: 10, per_month: 150 };
        let trend = lay_out(&days, Some(100), &runs_out, None).unwrap();
        assert_eq!(trend.counted, "30.0,104.0 173.0,56.0");
        assert_eq!(trend.ahead.as_deref(), Some("173.0,56.0 316.0,8.0"));
        assert_eq!((trend.quota, trend.today, trend.cone.as_deref()), (Some(8.0), 173.0, None));
        assert_eq!(texts(&trend), ["0", "100", "50", "1 Nov", "21 Nov", "11 Nov"]);
    }

    #[test]
    fn the_cone_lies_around_the_trend_and_ends_at_the_quota_and_at_nothing() {
        let days = [count(1, 0), count(11, 50)];
        let day = date(2026, 11, 21);
        let runs_out = Forecast::RunsOut { day, days_left: 10, per_month: 150 };
        let cone = |least_per_month, most_per_month| {
            let spread = Spread { least_per_month, most_per_month };
            lay_out(&days, Some(100), &runs_out, Some(spread)).unwrap().cone.unwrap()
        };
        assert_eq!(cone(75, 150), "173.0,56.0 316.0,8.0 316.0,32.0");
        // Twice as fast it is full after half of the time.
        assert_eq!(cone(75, 300), "173.0,56.0 244.5,8.0 316.0,8.0 316.0,32.0");
        assert_eq!(cone(-900, 150), "173.0,56.0 316.0,8.0 316.0,104.0");
    }

    #[test]
    fn one_day_is_no_line_and_without_a_quota_nothing_is_carried_on() {
        assert_eq!(lay_out(&[], Some(9), &Forecast::Full, None), None);
        assert_eq!(lay_out(&[count(1, 5)], Some(9), &Forecast::Full, None), None);
        let two = [count(1, 5), count(2, 10)];
        let spread = Some(Spread { least_per_month: 1, most_per_month: 2 });
        let trend = lay_out(&two, None, &Forecast::NoQuota, spread).unwrap();
        assert_eq!((&trend.ahead, &trend.cone, trend.quota), (&None, &None, None));
        assert_eq!(trend.counted, "30.0,56.0 316.0,8.0");
        // Today is the last day, and what there is now the highest: neither stands there twice.
        assert_eq!(texts(&trend), ["0", "10", "1 Nov", "2 Nov"]);
    }
}

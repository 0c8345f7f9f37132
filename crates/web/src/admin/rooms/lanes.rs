//! The picture of events: how they came from the directory, and what full passes had to find.
//!
//! A pure layout: moments in, places out. Time goes from left to right; every lane has the same scale.

use control::desk::Moment;
use jiff::{SignedDuration, Timestamp};

/// How wide the picture is.
pub(super) const WIDTH: f64 = 1000.0;
/// Where the lanes lie.
pub(super) const DIRECTORY: f64 = 34.0;
pub(super) const EVENTS: f64 = 92.0;
pub(super) const PASSES: f64 = 150.0;
/// Where time begins and ends: the names of the lanes stand before it.
const LEFT: f64 = 120.0;
const RIGHT: f64 = 980.0;
/// Less time than this is drawn as if it were this much, or seconds would fill the picture.
const LEAST: SignedDuration = SignedDuration::from_mins(10);

/// The picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lanes {
    /// Events: where they happened and where they arrived.
    pub(super) heard: Vec<(f64, f64)>,
    /// Changes that a full pass found.
    pub(super) found: Vec<f64>,
    /// From when to when.
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// Lays it out; `None` where there is nothing to draw.
pub(super) fn lay_out(moments: &[Moment]) -> Option<Lanes> {
    let times = || moments.iter().flat_map(|m| [m.happened, m.heard, m.found]).flatten();
    let (earliest, until) = (times().min()?, times().max()?);
    let from = until.checked_sub(LEAST).map_or(earliest, |before| before.min(earliest));
    let span = as_f64(until.duration_since(from)).max(1.0);
    let x = |at: Timestamp| LEFT + (RIGHT - LEFT) * as_f64(at.duration_since(from)) / span;
    let heard = moments.iter().filter_map(|moment| {
        let heard = moment.heard?;
        Some((x(moment.happened.map_or(heard, |happened| happened.min(heard))), x(heard)))
    });
    let found = moments.iter().filter_map(|moment| moment.found.map(x));
    Some(Lanes { heard: heard.collect(), found: found.collect(), from, until })
}

/// In seconds, far below what a float tells apart.
fn as_f64(duration: SignedDuration) -> f64 {
    f64::from(i32::try_from(duration.as_secs()).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn events_lean_as_long_as_they_were_on_their_way() {
        let heard = Moment { happened: Some(at(0)), heard: Some(at(600)), found: None };
        let found = Moment { happened: None, heard: None, found: Some(at(1200)) };
        let lanes = lay_out(&[heard, found]).unwrap();
        assert_eq!(lanes.heard, [(120.0, 550.0)]);
        assert_eq!(lanes.found, [980.0]);
        assert_eq!((lanes.from, lanes.until), (at(0), at(1200)));
    }

    #[test]
    fn a_moment_alone_stands_at_the_end_and_nothing_is_no_picture() {
        let heard = Moment { happened: None, heard: Some(at(600)), found: None };
        let lanes = lay_out(&[heard]).unwrap();
        assert_eq!(lanes.heard, [(980.0, 980.0)]);
        assert_eq!((lanes.from, lanes.until), (at(0), at(600)));
        assert_eq!(lay_out(&[]), None);
    }

    #[test]
    fn an_event_from_the_future_leans_nowhere() {
        let heard = Moment { happened: Some(at(900)), heard: Some(at(600)), found: None };
        let lanes = lay_out(&[heard]).unwrap();
        assert_eq!(lanes.heard.len(), 1);
        let (happened, arrived) = lanes.heard[0];
        assert!((happened - arrived).abs() < f64::EPSILON);
    }
}

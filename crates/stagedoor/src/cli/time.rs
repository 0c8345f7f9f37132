//! Times and durations on the command line.

use control::plane::Takeover;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Parses after how long others take over: not so short that a busy machine passes for a dead one.
pub(super) fn takeover(text: &str) -> Result<Takeover, String> {
    let period = duration(text)?;
    if !(Duration::from_secs(3)..=Duration::from_hours(1)).contains(&period) {
        return Err("must be from 3s to 1h".to_owned());
    }
    SignedDuration::try_from(period).map(Takeover::after).map_err(|error| error.to_string())
}

/// Parses the time between two rounds of a timer.
pub(super) fn period(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        period => Ok(period),
    }
}

/// Parses `500ms`, `5s`, `15m` or `2h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "write it as 500ms, 5s, 15m or 2h".to_owned())?;
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err("write it as 500ms, 5s, 15m or 2h".to_owned()),
    }
}

/// Parses `400d`, or a time as [`duration`] has it.
pub(super) fn days(text: &str) -> Result<Duration, String> {
    match text.strip_suffix('d').and_then(|number| number.parse::<u64>().ok()) {
        Some(days) => Ok(Duration::from_secs(days.saturating_mul(24 * 3600))),
        None => duration(text).map_err(|_| "write it as 400d or 12h".to_owned()),
    }
}

/// Parses how long something is kept, as [`days`] has it.
pub(super) fn kept(text: &str) -> Result<Duration, String> {
    match days(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        period => Ok(period),
    }
}

/// Parses a moment with its offset, or a day, which begins at midnight UTC.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    // As a date, a time of day without an offset would be dropped unseen.
    let date = || text.parse::<Date>().ok().filter(|_| text.len() == "2026-11-20".len());
    let day = || date()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    let moment = text.parse().ok();
    moment.or_else(day).ok_or_else(|| "write it as 2026-11-20T08:00:00Z or 2026-11-20".to_owned())
}

/// Parses a moment with its offset, or a day, which ends with its last moment in UTC.
pub(super) fn end(text: &str) -> Result<Timestamp, String> {
    let parsed = instant(text)?;
    if text.parse::<Timestamp>().is_ok() {
        return Ok(parsed);
    }
    parsed.checked_add(SignedDuration::from_hours(24)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_take_over_in_their_time() {
        let after = |seconds| Ok(Takeover::after(SignedDuration::from_secs(seconds)));
        assert_eq!(takeover("1m"), Ok(Takeover::default()));
        assert_eq!((takeover("3s"), takeover("1h")), (after(3), after(3600)));
        for bad in ["2s", "0s", "61m", "a minute"] {
            assert!(takeover(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(instant("2026-11-20"), Ok(moment("2026-11-20T00:00:00Z")));
        assert_eq!(instant("2026-11-20T09:00:00+01:00"), Ok(moment("2026-11-20T08:00:00Z")));
        for bad in ["", "yesterday", "2026-11-20T09:00:00", "2026-13-01"] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_last_day_counts_whole() {
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(end("2027-01-31"), Ok(moment("2027-02-01T00:00:00Z")));
        assert_eq!(end("2027-01-31T08:00:00Z"), Ok(moment("2027-01-31T08:00:00Z")));
        assert!(end("2027-02-30").is_err());
    }

    #[test]
    fn timers_need_a_time_between_two_rounds() {
        assert_eq!(period("1ms"), Ok(Duration::from_millis(1)));
        assert_eq!(period("0s"), Err("must be longer than zero".to_owned()));
    }

    #[test]
    fn long_times_are_counted_in_days() {
        assert_eq!(days("400d"), Ok(Duration::from_hours(9_600)));
        assert_eq!(days("12h"), Ok(Duration::from_hours(12)));
        for bad in ["", "d", "-1d", "1.5d", "400"] {
            assert_eq!(days(bad), Err("write it as 400d or 12h".to_owned()), "{bad}");
        }
        assert_eq!(kept("1d"), Ok(Duration::from_hours(24)));
        assert_eq!(kept("0d"), Err("must be longer than zero".to_owned()));
    }

    #[test]
    fn durations_need_a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("15m"), Ok(Duration::from_mins(15)));
        for bad in ["", "5", "m", "5 m", "-5m", "5d", "5mm"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}

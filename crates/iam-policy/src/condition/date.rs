//! Dates: the profile of ISO 8601 that the W3C wrote down, and seconds since 1970.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Reads `2026`, `2026-11`, `2026-11-21`, `2026-11-21T10:00Z`, `2026-11-21T10:00:00.5+01:00` or seconds
/// since 1970. Four digits are a year. A time without zone is UTC.
pub fn date(text: &str) -> Option<Timestamp> {
    if text.len() != 4 && text.strip_prefix('-').unwrap_or(text).bytes().all(|b| b.is_ascii_digit())
    {
        return Timestamp::from_second(text.parse().ok()?).ok();
    }
    if let Some((day, time)) = text.split_once(['T', 't']) {
        let (time, offset) = zone(time)?;
        let at = DateTime::from_parts(day_of(day, 3)?, time_of(time)?);
        let utc = at.to_zoned(TimeZone::UTC).ok()?.timestamp();
        return utc.checked_sub(offset).ok();
    }
    let parts = text.split('-').count();
    let midnight = DateTime::from_parts(day_of(text, parts)?, Time::midnight());
    Some(midnight.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Splits off the zone: the time, and how far ahead of UTC it is.
fn zone(text: &str) -> Option<(&str, SignedDuration)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, SignedDuration::ZERO));
    }
    let Some(at) = text.find(['+', '-']) else { return Some((text, SignedDuration::ZERO)) };
    let (time, offset) = text.split_at(at);
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let ahead = SignedDuration::from_mins(i64::from(hours) * 60 + i64::from(minutes));
    Some((time, if offset.starts_with('-') { -ahead } else { ahead }))
}

/// Reads so many of year, month and day; the others are the first.
fn day_of(text: &str, parts: usize) -> Option<Date> {
    let mut fields = text.split('-');
    let year = fields.next().filter(|year| year.len() == 4)?;
    let year = digits(year)?;
    let month = if parts > 1 { two(fields.next()?)? } else { 1 };
    let day = if parts > 2 { two(fields.next()?)? } else { 1 };
    if fields.next().is_some() {
        return None;
    }
    Date::new(year, month, day).ok()
}

/// Reads `10:00`, `10:00:00` or `10:00:00.25`.
fn time_of(text: &str) -> Option<Time> {
    let mut fields = text.split(':');
    let (hour, minute) = (two(fields.next()?)?, two(fields.next()?)?);
    let (second, nanosecond) = match fields.next() {
        None => (0, 0),
        Some(seconds) => {
            let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            (two(second)?, nanoseconds(fraction)?)
        }
    };
    if fields.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, nanosecond).ok()
}

fn nanoseconds(fraction: &str) -> Option<i32> {
    let digits = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    format!("{fraction:0<9}").parse().ok().filter(|_| digits)
}

fn two(text: &str) -> Option<i8> {
    text.parse().ok().filter(|_| text.len() == 2 && digits(text).is_some())
}

fn digits(text: &str) -> Option<i16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_a_moment() {
        for (text, expected) in [
            ("2026", "2026-01-01T00:00:00Z"),
            ("2026-11", "2026-11-01T00:00:00Z"),
            ("2026-11-21", "2026-11-21T00:00:00Z"),
            ("2026-11-21T10:00Z", "2026-11-21T10:00:00Z"),
            ("2026-11-21T10:00:30Z", "2026-11-21T10:00:30Z"),
            ("2026-11-21t10:00:30.25z", "2026-11-21T10:00:30.25Z"),
            ("2026-11-21T10:00:30+01:00", "2026-11-21T09:00:30Z"),
            ("2026-11-21T10:00-05:30", "2026-11-21T15:30:00Z"),
            ("2026-11-21T10:00:30", "2026-11-21T10:00:30Z"),
            ("1794996030", "2026-11-18T10:00:30Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(date(text).map(|t| t.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "-",
            "today",
            "26-11-21",
            "2026-13-01",
            "2026-02-30",
            "2026-1-1",
            "2026-11-21T",
            "2026-11-21T10Z",
            "2026-11-21T25:00Z",
            "2026-11-21T10:00:00.Z",
            "2026-11T10:00Z",
            "2026-11-21T10:00+1:00",
            "2026-11-21 10:00Z",
            "99999999999999999999",
            "1.5",
            "é",
            "2026-11-21T10:00:00.1234567890Z",
            "2026-11-21T10:00+24:00",
            "2026-11-21-01",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}

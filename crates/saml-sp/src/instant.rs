//! `xs:dateTime` as SAML uses it.

use jiff::Timestamp;

/// Reads an `xs:dateTime` which says its time zone.
///
/// SAML demands UTC written with `Z`; a numeric offset is unambiguous and accepted too. A time
/// without a zone is refused, because nothing says which zone is meant.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    const SHAPE: &str = "0000-00-00T00:00:00";
    let (date_time, mut rest) = text.split_at_checked(SHAPE.len())?;
    let fits = |(byte, shape): (u8, u8)| {
        if shape == b'0' { byte.is_ascii_digit() } else { byte == shape }
    };
    if !date_time.bytes().zip(SHAPE.bytes()).all(fits) {
        return None;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == fraction.len() {
            return None;
        }
    }
    let zone = rest.as_bytes();
    // XML Schema's zones end at 14 hours (part 2, section 3.2.7.3).
    let is_zone = match zone {
        b"Z" | b"+14:00" | b"-14:00" => true,
        [b'+' | b'-', b'0', hour, b':', b'0'..=b'5', minute]
        | [b'+' | b'-', b'1', hour @ b'0'..=b'3', b':', b'0'..=b'5', minute] => {
            hour.is_ascii_digit() && minute.is_ascii_digit()
        }
        _ => false,
    };
    if !is_zone {
        return None;
    }
    text.parse().ok()
}

/// Writes a time as SAML wants it: UTC, `Z`, whole seconds.
pub(crate) fn format(time: Timestamp) -> String {
    jiff::fmt::temporal::DateTimePrinter::new().precision(Some(0)).timestamp_to_string(&time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_zoned_times_and_refuses_everything_else() {
        let at = |text: &str| parse(text).map(Timestamp::as_second);
        assert_eq!(at("2026-11-21T10:00:00Z"), Some(1_795_255_200));
        assert_eq!(at("2026-11-21T10:00:00.1234567Z"), Some(1_795_255_200));
        assert_eq!(at("2026-11-21T11:00:00+01:00"), Some(1_795_255_200));
        assert_eq!(at("2026-11-22T00:00:00+14:00"), Some(1_795_255_200));
        assert_eq!(at("2026-11-20T20:01:00-13:59"), Some(1_795_255_200));
        for bad in [
            "",
            "2026-11-21",
            "2026-11-21T10:00:00",
            "2026-11-21 10:00:00Z",
            "2026-11-21t10:00:00z",
            "2026-11-21T10:00Z",
            "2026-11-21T10:00:00.Z",
            "2026-13-21T10:00:00Z",
            "2026-11-21T10:00:00Z ",
            "2026-11-21T10:00:00Z[UTC]",
            "+002026-11-21T10:00:00Z",
            "2026-11-21T10:00:00+0100",
            "2026-11-21T10:00:00+14:01",
            "2026-11-21T10:00:00+15:00",
            "2026-11-21T10:00:00+20:00",
            "2026-11-21T10:00:00+01:60",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn writes_whole_seconds_in_utc() {
        let time = Timestamp::new(1_795_255_200, 987_654_321).unwrap();
        assert_eq!(format(time), "2026-11-21T10:00:00Z");
    }
}

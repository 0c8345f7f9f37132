//! Values of attributes that are no text: ids, security identifiers, times.

use jiff::Timestamp;
use jiff::civil::DateTime;
use std::fmt::Write as _;

/// `objectGUID` as Microsoft writes it. Its first three parts are stored with the last byte first.
pub(crate) fn guid(bytes: &[u8]) -> Option<String> {
    let [a0, a1, a2, a3, b0, b1, c0, c1, rest @ ..] = bytes else { return None };
    let [d0, d1, e @ ..] = rest else { return None };
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut out, byte| {
            let _infallible = write!(out, "{byte:02x}");
            out
        })
    };
    (e.len() == 6).then(|| {
        let parts = [hex(&[*a3, *a2, *a1, *a0]), hex(&[*b1, *b0]), hex(&[*c1, *c0])];
        format!("{}-{}-{}", parts.join("-"), hex(&[*d0, *d1]), hex(e))
    })
}

/// The bytes of `objectGUID` that [`guid`] writes so.
pub(crate) fn guid_bytes(text: &str) -> Option<Vec<u8>> {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    if lengths != [8, 4, 4, 4, 12] {
        return None;
    }
    let mut bytes = Vec::with_capacity(16);
    for (number, part) in parts.iter().enumerate() {
        let value = u64::from_str_radix(part, 16).ok()?.to_be_bytes();
        let mut part: Vec<u8> = value.get(8 - part.len() / 2..)?.to_vec();
        if number < 3 {
            part.reverse();
        }
        bytes.extend(part);
    }
    Some(bytes)
}

/// The last number of a security identifier: which of its domain's accounts it is.
pub(crate) fn relative_id(sid: &[u8]) -> Option<u32> {
    let [_, count, rest @ ..] = sid else { return None };
    let numbers = rest.get(6..).filter(|numbers| numbers.len() == usize::from(*count) * 4)?;
    let last: [u8; 4] = numbers.last_chunk::<4>().copied()?;
    Some(u32::from_le_bytes(last))
}

/// The same security identifier with another last number: another account of its domain.
pub(crate) fn neighbour(sid: &[u8], relative_id: u32) -> Option<Vec<u8>> {
    self::relative_id(sid)?;
    let domain = sid.get(..sid.len().checked_sub(4)?)?;
    Some([domain, &relative_id.to_le_bytes()].concat())
}

/// Whether an account has expired. `accountExpires` counts 100 nanoseconds from the year 1601; both
/// zero and the largest number mean never.
pub(crate) fn has_expired(account_expires: &str, now: Timestamp) -> Option<bool> {
    /// From 1601 to 1970, in seconds.
    const EPOCHS_APART: i128 = 11_644_473_600;
    let ticks: i64 = account_expires.parse().ok()?;
    if ticks == 0 || ticks == i64::MAX {
        return Some(false);
    }
    let end = (i128::from(ticks) - EPOCHS_APART * 10_000_000) * 100;
    Some(now.as_nanosecond() >= end)
}

/// A generalized time (RFC 4517, 3.3.13) in UTC, down to the second: `20261121213000Z`.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let digits = text.split(['.', ',']).next()?;
    if digits.len() != 14 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
    let year = digits.get(..4)?.parse::<i16>().ok()?;
    let (month, day) = (number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_has_its_first_three_parts_turned() {
        let bytes = *b"\x52\x6a\x1f\x8d\x7e\x0a\x3b\x4c\x9d\x2e\x5b\x8c\x7f\x6a\x1e\x04";
        let text = "8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04";
        assert_eq!(guid(&bytes).as_deref(), Some(text));
        assert_eq!(guid_bytes(text).as_deref(), Some(&bytes[..]));
        assert_eq!(guid(&bytes[1..]), None);
        for bad in
            ["", "8d1f6a52", "8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e0g", "+d1f6a52-0a7e-4c3b-9d2e"]
        {
            assert_eq!(guid_bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_security_identifier_ends_in_the_account() {
        // S-1-5-21-1-2-513
        let sid = b"\x01\x04\0\0\0\0\0\x05\x15\0\0\0\x01\0\0\0\x02\0\0\0\x01\x02\0\0";
        assert_eq!(relative_id(sid), Some(513));
        assert_eq!(neighbour(sid, 1104).map(|sid| relative_id(&sid)), Some(Some(1104)));
        assert_eq!(relative_id(&sid[..20]), None);
        assert_eq!(relative_id(b""), None);
    }

    #[test]
    fn an_account_expires_at_its_time() {
        let now: Timestamp = "2026-11-21T21:30:00Z".parse().unwrap();
        // 2026-11-21T21:30:00Z, in steps of 100 ns since 1601.
        let at = (now.as_second() + 11_644_473_600) * 10_000_000;
        for (value, expired) in [
            ("0".to_owned(), Some(false)),
            ("9223372036854775807".to_owned(), Some(false)),
            (at.to_string(), Some(true)),
            ((at + 1).to_string(), Some(false)),
            ("1".to_owned(), Some(true)),
            ("soon".to_owned(), None),
        ] {
            assert_eq!(has_expired(&value, now), expired, "{value}");
        }
    }

    #[test]
    fn a_generalized_time_is_in_utc() {
        let at: Timestamp = "2026-11-21T21:30:05Z".parse().unwrap();
        assert_eq!(time("20261121213005Z"), Some(at));
        assert_eq!(time("20261121213005.123456Z"), Some(at));
        for bad in ["000001010000Z", "20261121213005", "20261321213005Z", "2026112121300xZ", ""] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}

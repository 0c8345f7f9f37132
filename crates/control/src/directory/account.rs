//! Whether an account of an LDAP directory may be used, as its attributes say: those that a server
//! sends, or those of an export.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// `ACCOUNTDISABLE` of `userAccountControl`.
const ACCOUNT_DISABLE: i64 = 0x2;

/// What the password policy writes when an admin locks an account for good.
const LOCKED_FOR_GOOD: &str = "000001010000Z";

/// From 1601 to 1970, in seconds.
const EPOCHS_APART: i128 = 11_644_473_600;

/// Whether and when somebody may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Whether they may at all.
    pub enabled: bool,
    /// Not before that time.
    pub from: Option<Timestamp>,
    /// Not from that time on.
    pub until: Option<Timestamp>,
}

/// Why it cannot be told whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// The attribute with this name is missing.
    Missing(&'static str),
    /// What the attribute holds is no number.
    NoNumber(&'static str),
    /// What the attribute holds is no time.
    NoTime(&'static str),
}

impl Unclear {
    /// The attribute that it hangs on.
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::Missing(name) | Self::NoNumber(name) | Self::NoTime(name) => name,
        }
    }
}

impl std::fmt::Display for Unclear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "there is no `{name}`"),
            Self::NoNumber(name) => write!(f, "`{name}` is no number"),
            Self::NoTime(name) => write!(f, "`{name}` is no time"),
        }
    }
}

impl Account {
    /// One that may be used at any time, or at none.
    pub const fn at_any_time(enabled: bool) -> Self {
        Self { enabled, from: None, until: None }
    }

    /// What attributes say; `text` gives the first value of one. A password that is to be changed and an
    /// account that is locked for a while after wrong passwords take nothing away.
    ///
    /// # Errors
    /// They leave it open. An account of Active Directory must say whether it is disabled, and when it
    /// expires: who may not read that must not take everybody for enabled.
    pub fn of_ldap<'e>(
        is_active_directory: bool,
        text: impl Fn(&str) -> Option<&'e str>,
    ) -> Result<Self, Unclear> {
        const CONTROL: &str = "userAccountControl";
        const EXPIRES: &str = "accountExpires";
        match text(CONTROL).map(str::parse::<i64>) {
            // A signed number of 32 bits whose bits are meant.
            Some(Ok(flags)) if flags & ACCOUNT_DISABLE != 0 => return Ok(Self::at_any_time(false)),
            Some(Err(_)) => return Err(Unclear::NoNumber(CONTROL)),
            None if is_active_directory => return Err(Unclear::Missing(CONTROL)),
            Some(Ok(_)) | None => {}
        }
        let is_true = |name: &str| text(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
        if is_true("nsAccountLock")
            || is_true("loginDisabled")
            || text("pwdAccountLockedTime") == Some(LOCKED_FOR_GOOD)
        {
            return Ok(Self::at_any_time(false));
        }
        // A controller gives every account one, be it never. The two attributes are hidden together or
        // each by itself.
        if is_active_directory && text(EXPIRES).is_none() {
            return Err(Unclear::Missing(EXPIRES));
        }
        let of = |name: &'static str, read: fn(&str) -> Option<Timestamp>, or: Unclear| {
            text(name).map(|value| read(value).ok_or(or)).transpose()
        };
        let time = |name: &'static str| of(name, time, Unclear::NoTime(name));
        let ends = [
            of(EXPIRES, account_expires, Unclear::NoTime(EXPIRES))?,
            time("pwdEndTime")?,
            of("shadowExpire", shadow_expire, Unclear::NoNumber("shadowExpire"))?,
        ];
        let until = ends.into_iter().flatten().min().filter(|until| *until < Timestamp::MAX);
        Ok(Self { enabled: true, from: time("pwdStartTime")?, until })
    }

    /// Whether it may be used at this time.
    pub fn is_enabled(&self, now: Timestamp) -> bool {
        self.enabled
            && self.from.is_none_or(|from| now >= from)
            && self.until.is_none_or(|until| now < until)
    }
}

/// `accountExpires` counts 100 nanoseconds from the year 1601; both zero and the largest number mean
/// never.
fn account_expires(text: &str) -> Option<Timestamp> {
    let ticks: i64 = text.parse().ok()?;
    if ticks == 0 {
        return Some(Timestamp::MAX);
    }
    let end = (i128::from(ticks) - EPOCHS_APART * 10_000_000) * 100;
    let (first, last) = (Timestamp::MIN.as_nanosecond(), Timestamp::MAX.as_nanosecond());
    Timestamp::from_nanosecond(end.clamp(first, last)).ok()
}

/// `shadowExpire` counts days from the year 1970; less than none means never.
fn shadow_expire(text: &str) -> Option<Timestamp> {
    let day: i64 = text.parse().ok()?;
    let second = if day < 0 { i64::MAX } else { day.saturating_mul(86_400) };
    Timestamp::from_second(second.min(Timestamp::MAX.as_second())).ok()
}

/// A generalized time (RFC 4517, 3.3.13) in UTC, down to the second: `20261121213000Z`.
fn time(text: &str) -> Option<Timestamp> {
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
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T21:30:00Z".parse().unwrap()
    }

    fn enabled(is_active_directory: bool, attributes: &[(&str, &str)]) -> Result<bool, String> {
        let text = |name: &str| {
            attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        };
        Account::of_ldap(is_active_directory, text)
            .map(|account| account.is_enabled(now()))
            .map_err(|unclear| unclear.to_string())
    }

    #[test]
    fn disabled_and_expired_accounts_of_active_directory() {
        let of = |uac: &str, expires: &str| {
            enabled(true, &[("userAccountControl", uac), ("accountExpires", expires)])
        };
        // In steps of 100 ns since 1601.
        let at = (now().as_second() + 11_644_473_600) * 10_000_000;
        for (uac, expires, expected) in [
            ("512", "0", Ok(true)),
            ("514", "0", Ok(false)),
            ("66050", "9223372036854775807", Ok(false)),
            ("512", "9223372036854775807", Ok(true)),
            ("512", &at.to_string(), Ok(false)),
            ("512", &(at + 1).to_string(), Ok(true)),
            ("512", "1", Ok(false)),
            ("512", "-9223372036854775808", Ok(false)),
            ("512", "soon", Err("`accountExpires` is no time".to_owned())),
            ("x", "0", Err("`userAccountControl` is no number".to_owned())),
        ] {
            assert_eq!(of(uac, expires), expected, "{uac} {expires}");
        }
        // Who may not read it does not take everybody for enabled.
        assert_eq!(enabled(true, &[]).unwrap_err(), "there is no `userAccountControl`");
        let hidden = [("userAccountControl", "512")];
        assert_eq!(enabled(true, &hidden).unwrap_err(), "there is no `accountExpires`");
        assert_eq!(enabled(true, &[("userAccountControl", "514")]), Ok(false));
        // Locked after wrong passwords, and a password to be changed.
        let busy = [
            ("userAccountControl", "512"),
            ("accountExpires", "0"),
            ("lockoutTime", "133000000000000000"),
            ("pwdLastSet", "0"),
        ];
        assert_eq!(enabled(true, &busy), Ok(true));
    }

    #[test]
    fn disabled_and_expired_accounts_elsewhere() {
        for (name, value, expected) in [
            ("pwdAccountLockedTime", "000001010000Z", Ok(false)),
            ("pwdAccountLockedTime", "20261121212900Z", Ok(true)),
            ("nsAccountLock", "TRUE", Ok(false)),
            ("nsAccountLock", "false", Ok(true)),
            ("loginDisabled", "true", Ok(false)),
            ("pwdEndTime", "20261121213000Z", Ok(false)),
            ("pwdEndTime", "20261121213001Z", Ok(true)),
            ("pwdEndTime", "later", Err("`pwdEndTime` is no time".to_owned())),
            ("pwdStartTime", "20261121213001Z", Ok(false)),
            ("pwdStartTime", "20261121213000Z", Ok(true)),
            ("shadowExpire", "-1", Ok(true)),
            ("shadowExpire", "0", Ok(false)),
            ("shadowExpire", "20778", Ok(false)),
            ("shadowExpire", "20779", Ok(true)),
            ("shadowExpire", "9223372036854775807", Ok(true)),
            ("shadowExpire", "x", Err("`shadowExpire` is no number".to_owned())),
            ("userAccountControl", "2", Ok(false)),
        ] {
            assert_eq!(enabled(false, &[(name, value)]), expected, "{name}: {value}");
        }
        assert_eq!(enabled(false, &[]), Ok(true));
    }

    #[test]
    fn what_ends_first_counts() {
        let both = [("pwdEndTime", "20261121213001Z"), ("shadowExpire", "20778")];
        assert_eq!(enabled(false, &both), Ok(false));
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

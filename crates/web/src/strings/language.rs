//! Which language a browser reads.

use super::{Access, Admin, Entry, Frame, Opening, Refusal, Requests, Rooms, Work, fill, german};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::convert::Infallible;

/// A language that pages can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    #[default]
    English,
    German,
}

impl Language {
    /// As the `lang` attribute says it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What stands round every page.
    pub(crate) const fn frame(self) -> &'static Frame {
        match self {
            Self::English => &super::FRAME,
            Self::German => &german::FRAME,
        }
    }

    /// The pages about requests.
    pub(crate) const fn requests(self) -> &'static Requests {
        match self {
            Self::English => &Requests::ENGLISH,
            Self::German => &german::REQUESTS,
        }
    }

    /// Before signing in and after signing out.
    pub(crate) const fn entry(self) -> &'static Entry {
        match self {
            Self::English => &Entry::ENGLISH,
            Self::German => &german::ENTRY,
        }
    }

    /// *My work*.
    pub(crate) const fn work(self) -> &'static Work {
        match self {
            Self::English => &Work::ENGLISH,
            Self::German => &german::WORK,
        }
    }

    /// The waiting page.
    pub(crate) const fn opening(self) -> &'static Opening {
        match self {
            Self::English => &Opening::ENGLISH,
            Self::German => &german::OPENING,
        }
    }

    /// *My access*.
    pub(crate) const fn access(self) -> &'static Access {
        match self {
            Self::English => &Access::ENGLISH,
            Self::German => &german::ACCESS,
        }
    }

    /// Refusals.
    pub(crate) const fn refusal(self) -> &'static Refusal {
        match self {
            Self::English => &Refusal::ENGLISH,
            Self::German => &german::REFUSAL,
        }
    }

    /// The administration's rooms, which are in English only so far.
    pub(crate) const fn rooms(self) -> &'static Rooms {
        match self {
            Self::English | Self::German => &Rooms::ENGLISH,
        }
    }

    /// The administration, which is in English only so far.
    pub(crate) const fn admin(self) -> &'static Admin {
        match self {
            Self::English | Self::German => &Admin::ENGLISH,
        }
    }

    /// A moment as people write it, to the minute.
    pub(crate) fn moment(self, at: Timestamp) -> String {
        let frame = self.frame();
        let utc = at.to_zoned(TimeZone::UTC);
        let month = usize::try_from(utc.month()).unwrap_or_default().saturating_sub(1);
        let month = frame.months.split_whitespace().nth(month).unwrap_or_default();
        let (day, year) = (utc.day().to_string(), utc.year().to_string());
        let time = utc.strftime("%H:%M").to_string();
        let values = [("day", day.as_str()), ("month", month), ("year", &year), ("time", &time)];
        fill(frame.moment, &values)
    }

    /// How long it has been going on, in the units' symbols.
    pub(crate) fn lasting(since: Timestamp, now: Timestamp) -> String {
        match now.duration_since(since).as_mins().max(0) {
            minutes @ 0..60 => format!("{minutes} min"),
            minutes @ 60..2_880 => format!("{} h", minutes / 60),
            minutes => format!("{} d", minutes / 1_440),
        }
    }

    /// A length in words, of its two largest units at most, as `control::desk::spoken` has it in English.
    pub(crate) fn length(self, length: SignedDuration) -> String {
        let frame = self.frame();
        let mut names = frame.units.split_whitespace();
        let mut rest = length.as_secs().max(0);
        let mut parts = Vec::new();
        for size in [86_400, 3_600, 60, 1] {
            let (one, many) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
            let number = rest / size;
            rest %= size;
            if number > 0 && parts.len() < 2 {
                parts.push(format!("{number} {}", if number == 1 { one } else { many }));
            }
        }
        if parts.is_empty() { frame.no_time.to_owned() } else { parts.join(" ") }
    }

    /// How long ago it was; a moment of more than a week ago, and one to come, as such.
    pub(crate) fn ago(self, at: Timestamp, now: Timestamp) -> String {
        let frame = self.frame();
        let minutes = now.duration_since(at).as_mins();
        let of = |text: &str, n: i64| fill(text, &[("n", &n.to_string())]);
        match minutes {
            0 => frame.just_now.to_owned(),
            1..60 => of(frame.minutes_ago, minutes),
            60..1_440 => of(frame.hours_ago, minutes / 60),
            1_440..2_880 => frame.yesterday.to_owned(),
            2_880..10_080 => of(frame.days_ago, minutes / 1_440),
            _ => self.moment(at),
        }
    }

    /// The language that `Accept-Language` likes best of those there are (RFC 9110, 12.5.4); English
    /// for whoever names neither.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        let ranges = headers
            .get_all(header::ACCEPT_LANGUAGE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let mut best = (Self::English, 0);
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1000, crate::negotiate::thousandths);
            let primary = tag.split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "en" | "*" => Self::English,
                "de" => Self::German,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::preferred(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(accept: &'static str) -> Language {
        Language::preferred(&HeaderMap::from_iter([(
            header::ACCEPT_LANGUAGE,
            accept.parse().unwrap(),
        )]))
    }

    #[test]
    fn moments_are_told_as_people_write_them() {
        let at: Timestamp = "2027-01-31T00:05:59Z".parse().unwrap();
        assert_eq!(Language::English.moment(at), "31 January 2027, 00:05 UTC");
        assert_eq!(Language::German.moment(at), "31. Januar 2027, 00:05 UTC");
        let ago = |seconds: i64| {
            let now = at + jiff::SignedDuration::from_secs(seconds);
            (Language::English.ago(at, now), Language::German.ago(at, now))
        };
        let pair = |english: &str, german: &str| (english.to_owned(), german.to_owned());
        assert_eq!(ago(59), pair("just now", "gerade eben"));
        assert_eq!(ago(60), pair("1 min ago", "vor 1 min"));
        assert_eq!(ago(2 * 3_600), pair("2 h ago", "vor 2 h"));
        assert_eq!(ago(36 * 3_600), pair("yesterday", "gestern"));
        assert_eq!(ago(3 * 86_400), pair("3 days ago", "vor 3 Tagen"));
        let as_such = pair("31 January 2027, 00:05 UTC", "31. Januar 2027, 00:05 UTC");
        assert_eq!(ago(8 * 86_400), as_such);
        assert_eq!(ago(-120), as_such);
        let lasting =
            |seconds| Language::lasting(at, at + jiff::SignedDuration::from_secs(seconds));
        assert_eq!([-60, 3_599].map(lasting), ["0 min", "59 min"]);
        assert_eq!([3_600, 172_799, 172_800].map(lasting), ["1 h", "47 h", "2 d"]);
    }

    #[test]
    fn lengths_are_told_in_the_words_of_the_language() {
        let told = |seconds| {
            let length = SignedDuration::from_secs(seconds);
            let english = Language::English.length(length);
            assert_eq!(english, control::desk::spoken(length));
            (english, Language::German.length(length))
        };
        let pair = |english: &str, german: &str| (english.to_owned(), german.to_owned());
        assert_eq!(told(0), pair("no time", "keine Zeit"));
        assert_eq!(told(900), pair("15 minutes", "15 Minuten"));
        assert_eq!(told(3_600), pair("1 hour", "1 Stunde"));
        assert_eq!(told(86_400 + 7_200 + 61), pair("1 day 2 hours", "1 Tag 2 Stunden"));
        assert_eq!(told(2 * 86_400), pair("2 days", "2 Tage"));
    }

    #[test]
    fn the_language_with_the_greatest_weight_wins_and_english_is_the_default() {
        assert_eq!(preferred("de"), Language::German);
        assert_eq!(preferred("de-AT, en;q=0.8"), Language::German);
        assert_eq!(preferred("fr, DE;q=0.7, en;q=0.5"), Language::German);
        assert_eq!(preferred("en-GB, de;q=0.9"), Language::English);
        assert_eq!(preferred("en;q=0.3, de;q=0.3"), Language::English);
        assert_eq!(preferred("*, de;q=0.5"), Language::English);
        assert_eq!(preferred("fr"), Language::English);
        assert_eq!(preferred("de;q=0"), Language::English);
        assert_eq!(preferred("deu, "), Language::English);
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::English);
    }
}

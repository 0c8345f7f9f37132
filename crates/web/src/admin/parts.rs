//! Small things that several screens show.

use crate::pages::initials;
use crate::strings;
pub(crate) use access::shell::{CommandLine, command};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use std::fmt::Write;

/// Somebody, as a circle with initials and a name that leads to their page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Face {
    pub(crate) initials: String,
    pub(crate) name: String,
    pub(crate) href: String,
}

impl Face {
    /// `name` is what is shown; an id has no initials that would mean anything.
    pub(crate) fn new(name: &str, person: &str) -> Self {
        let shown = if name == person { String::new() } else { initials(name) };
        Self {
            initials: shown.chars().take(2).collect(),
            name: name.to_owned(),
            href: format!("/admin/people/{}", in_path(person)),
        }
    }
}

/// A moment, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) machine: String,
    pub(crate) people: String,
}

impl Stamp {
    /// This moment.
    pub(crate) fn at(at: Timestamp) -> Self {
        Self { machine: at.to_string(), people: strings::admin::moment(at) }
    }
}

/// A text as a part of a path, or as a value of a query.
pub(crate) fn in_path(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A moment: with a time zone, in UTC without one, or a day.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let utc = |local: DateTime| local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok().and_then(utc))
        .or_else(|| text.parse::<Date>().ok().and_then(|day| utc(day.at(0, 0, 0, 0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_of_initials_unless_only_the_id_is_known() {
        let known = Face::new("Ada Lovelace", "id/1");
        assert_eq!((known.initials.as_str(), known.href.as_str()), ("AL", "/admin/people/id%2F1"));
        assert_eq!(Face::new("9067-1", "9067-1").initials, "");
    }
}

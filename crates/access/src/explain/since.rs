//! Since when a rung is as it is.

use jiff::Timestamp;
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// Since when something is as it is, as far as anybody wrote it down. No directory tells when somebody
/// came into a group, and no file when a line of it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(tag = "known", content = "at", rename_all = "kebab-case")]
pub enum Since {
    /// Since this time.
    Exactly(Timestamp),
    /// Since this time at the latest: what is written down then rests on it.
    NoLaterThan(Timestamp),
    /// Nobody wrote it down.
    #[default]
    Unknown,
}

impl Since {
    /// This, or, where it is not known, the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::Unknown { other } else { self }
    }

    /// Since this time at the latest; `None`: not known.
    pub fn no_later_than(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Unknown, Self::NoLaterThan)
    }

    /// Since this time; `None`: not known.
    pub fn exactly(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Unknown, Self::Exactly)
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(at) => write!(f, "since {at}"),
            Self::NoLaterThan(at) => write!(f, "since {at} at the latest"),
            Self::Unknown => f.write_str("since when is unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_said_to_be_unknown() {
        let at = "2026-11-01T08:00:00Z".parse().unwrap();
        let told = |since: Since| (since.to_string(), serde_json::to_value(since).unwrap());
        let json = serde_json::json!({"known": "exactly", "at": "2026-11-01T08:00:00Z"});
        assert_eq!(told(Since::Exactly(at)), ("since 2026-11-01T08:00:00Z".to_owned(), json));
        let json = serde_json::json!({"known": "no-later-than", "at": "2026-11-01T08:00:00Z"});
        let text = "since 2026-11-01T08:00:00Z at the latest".to_owned();
        assert_eq!(told(Since::NoLaterThan(at)), (text, json));
        let json = serde_json::json!({"known": "unknown"});
        assert_eq!(told(Since::Unknown), ("since when is unknown".to_owned(), json));
        assert_eq!(Since::Unknown.or(Since::Exactly(at)), Since::Exactly(at));
        assert_eq!(Since::Exactly(at).or(Since::Unknown), Since::Exactly(at));
    }
}

//! What tells a mirrored user or group from one that somebody else made.

use std::fmt;

/// The first word of every mark.
const WORD: &str = "stagedoor";

/// The mark of one installation. It stands with the source's id in a field of the mirrored thing
/// that nothing else uses: SCIM's `externalId`, the `ProfileUrl` of an Identity Store user, the
/// `Description` of a group. A name proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    instance: String,
}

impl Mark {
    /// The mark of the installation of this name.
    pub fn of(instance: &str) -> Self {
        Self { instance: instance.to_owned() }
    }

    /// The text that a thing carries which mirrors the one with this id.
    pub fn text(&self, id: impl fmt::Display) -> String {
        format!("{WORD}:{}:{id}", self.instance)
    }

    /// The id of what a thing with this text mirrors; `None` if it is not this installation's.
    pub fn source<'a>(&self, text: &'a str) -> Option<&'a str> {
        let rest = text.strip_prefix(WORD)?.strip_prefix(':')?;
        rest.strip_prefix(self.instance.as_str())?.strip_prefix(':').filter(|id| !id.is_empty())
    }

    /// Whether a thing with this text is this installation's.
    pub fn is_on(&self, text: Option<&str>) -> bool {
        text.is_some_and(|text| self.source(text).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_and_no_other_installations_does() {
        let mark = Mark::of("prod");
        assert_eq!(mark.text("corp:7"), "stagedoor:prod:corp:7");
        assert_eq!(mark.source("stagedoor:prod:corp:7"), Some("corp:7"));
        for other in ["stagedoor:prod:", "stagedoor:production:7", "stagedoor:p:7", "prod:7", ""] {
            assert_eq!(mark.source(other), None, "{other}");
        }
        assert!(mark.is_on(Some("stagedoor:prod:7")) && !mark.is_on(None));
    }
}

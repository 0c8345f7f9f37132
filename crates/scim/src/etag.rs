//! Versions and the conditions of requests (RFC 7644 section 3.14; RFC 9110 section 13).

use std::fmt;
use std::str::FromStr;

use crate::error::ScimError;

/// Longest header that is read, in bytes.
const MAX_HEADER_BYTES: usize = 1_024;

/// The version of a resource: it counts changes. Printed as a weak entity tag, `W/"7"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W/\"{}\"", self.0)
    }
}

impl FromStr for Version {
    type Err = ScimError;

    /// Reads a tag, weak or strong, with quotes: what `meta.version` and Bulk hold.
    fn from_str(text: &str) -> Result<Self, ScimError> {
        let number = text
            .strip_prefix("W/")
            .unwrap_or(text)
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        number.map(Self).ok_or_else(|| ScimError::invalid_value("a version is not one of ours"))
    }
}

/// What a request makes its effect depend on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

/// Tags of a header. Those that are none of ours match nothing and are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    Any,
    Some(Vec<Version>),
}

impl Preconditions {
    /// Reads the headers `If-Match` and `If-None-Match`. Weak comparison is used for both, since all
    /// our tags are weak.
    ///
    /// # Errors
    /// `invalidValue` for a header of more than 1,024 bytes.
    pub fn parse(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self, ScimError> {
        Ok(Self {
            if_match: if_match.map(tags).transpose()?,
            if_none_match: if_none_match.map(tags).transpose()?,
        })
    }

    /// Whether a resource of this version may be changed or deleted.
    ///
    /// # Errors
    /// 412 if it may not.
    pub fn check_write(&self, current: Version) -> Result<(), ScimError> {
        let matches = self.if_match.as_ref().is_none_or(|tags| tags.contain(current));
        let differs = self.if_none_match.as_ref().is_none_or(|tags| !tags.contain(current));
        if matches && differs { Ok(()) } else { Err(ScimError::precondition_failed()) }
    }

    /// Whether the client has this version already: 304.
    pub fn not_modified(&self, current: Version) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.contain(current))
    }
}

impl Tags {
    fn contain(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::Some(versions) => versions.contains(&version),
        }
    }
}

fn tags(header: &str) -> Result<Tags, ScimError> {
    if header.len() > MAX_HEADER_BYTES {
        return Err(ScimError::invalid_value("a list of entity tags is too long"));
    }
    if header.trim() == "*" {
        return Ok(Tags::Any);
    }
    Ok(Tags::Some(header.split(',').filter_map(|tag| tag.trim().parse().ok()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: Version = Version(3);

    fn conditions(if_match: Option<&str>, if_none_match: Option<&str>) -> Preconditions {
        Preconditions::parse(if_match, if_none_match).unwrap()
    }

    #[test]
    fn a_version_is_a_weak_tag() {
        assert_eq!(THREE.to_string(), "W/\"3\"");
        assert_eq!("W/\"3\"".parse(), Ok(THREE));
        assert_eq!("\"3\"".parse(), Ok(THREE));
        for bad in ["3", "", "\"", "\"\"", "W/3", "\"-3\"", "\"+3\"", "\"99999999999999999999\""] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }

    #[test]
    fn if_match_lets_only_the_known_version_be_changed() {
        let refusal = Err(ScimError::precondition_failed());
        assert_eq!(conditions(None, None).check_write(THREE), Ok(()));
        assert_eq!(conditions(Some("W/\"3\""), None).check_write(THREE), Ok(()));
        assert_eq!(conditions(Some("\"1\", \"3\""), None).check_write(THREE), Ok(()));
        assert_eq!(conditions(Some("*"), None).check_write(THREE), Ok(()));
        assert_eq!(conditions(Some("W/\"2\""), None).check_write(THREE), refusal);
        assert_eq!(conditions(Some(""), None).check_write(THREE), refusal);
        assert_eq!(conditions(Some("\"other\""), None).check_write(THREE), refusal);
        assert_eq!(conditions(None, Some("*")).check_write(THREE), refusal);
    }

    #[test]
    fn if_none_match_spares_the_client_what_it_has() {
        assert!(conditions(None, Some("W/\"3\"")).not_modified(THREE));
        assert!(conditions(None, Some("*")).not_modified(THREE));
        assert!(!conditions(None, Some("W/\"2\"")).not_modified(THREE));
        assert!(!conditions(Some("W/\"3\""), None).not_modified(THREE));
    }

    #[test]
    fn a_header_is_bounded() {
        let long = "\"1\",".repeat(300);
        let refusal = Preconditions::parse(Some(&long), None).unwrap_err();
        assert_eq!(refusal.detail, "a list of entity tags is too long");
    }
}

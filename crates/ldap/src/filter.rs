//! Search filters (RFC 4515), in which what others wrote is always a value.

use crate::config::{ConfigError, LONGEST_FILTER};
use std::fmt::Write as _;

/// Active Directory's rule that follows `member` and `memberOf` through groups in groups. Servers
/// that do not have it answer with nothing instead of an error.
pub(crate) const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// A filter that can only be put together from parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter(String);

impl Filter {
    /// A filter of the map.
    pub(crate) fn of_map(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        let refused = || ConfigError::Filter(text.to_owned());
        if text.len() > LONGEST_FILTER || !text.starts_with('(') || !text.ends_with(')') {
            return Err(refused());
        }
        ldap3::parse_filter(text).map_err(|()| refused())?;
        Ok(Self(text.to_owned()))
    }

    /// A filter that stands in this crate's own source.
    pub(crate) fn known(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn equals(attribute: &str, value: &str) -> Self {
        Self::bytes(attribute, value.as_bytes())
    }

    pub(crate) fn bytes(attribute: &str, value: &[u8]) -> Self {
        Self(format!("({attribute}={})", escape(value)))
    }

    pub(crate) fn present(attribute: &str) -> Self {
        Self(format!("({attribute}=*)"))
    }

    pub(crate) fn at_least(attribute: &str, value: u64) -> Self {
        Self(format!("({attribute}>={value})"))
    }

    pub(crate) fn in_chain(attribute: &str, dn: &str) -> Self {
        Self(format!("({attribute}:{IN_CHAIN}:={})", escape(dn.as_bytes())))
    }

    pub(crate) fn all(parts: &[Self]) -> Self {
        Self::joined('&', parts)
    }

    pub(crate) fn any(parts: &[Self]) -> Self {
        Self::joined('|', parts)
    }

    pub(crate) fn not(part: &Self) -> Self {
        Self(format!("(!{})", part.as_str()))
    }

    fn joined(operator: char, parts: &[Self]) -> Self {
        match parts {
            [one] => one.clone(),
            parts => {
                let parts: String = parts.iter().map(Self::as_str).collect();
                Self(format!("({operator}{parts})"))
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether this is an attribute's name or OID, perhaps with options.
pub(crate) fn is_attribute(text: &str) -> bool {
    text.len() <= 100
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-;._".contains(&b))
}

/// A value: whatever could mean something is written by its number.
fn escape(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    for &byte in value {
        if byte.is_ascii_alphanumeric() || b" .-_@,=:/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "\\{byte:02x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_place() {
        for (value, escaped) in [
            ("alice", "alice"),
            ("*", r"\2a"),
            ("alice)(uid=*", r"alice\29\28uid=\2a"),
            (r"a\2a", r"a\5c2a"),
            ("a\0b", r"a\00b"),
            ("&|!<>~", r"\26\7c\21\3c\3e\7e"),
            ("josé", r"jos\c3\a9"),
        ] {
            let filter = Filter::equals("uid", value);
            assert_eq!(filter.as_str(), format!("(uid={escaped})"), "{value}");
            assert!(ldap3::parse_filter(filter.as_str()).is_ok(), "{value}");
        }
        assert_eq!(
            Filter::bytes("objectGUID", &[0, 0x2a, 0xff]).as_str(),
            r"(objectGUID=\00\2a\ff)"
        );
        let chain = Filter::in_chain("memberOf", r"CN=a\,b)(cn=*,DC=x");
        assert_eq!(
            chain.as_str(),
            r"(memberOf:1.2.840.113556.1.4.1941:=CN=a\5c,b\29\28cn=\2a,DC=x)"
        );
        assert!(ldap3::parse_filter(chain.as_str()).is_ok());
    }

    #[test]
    fn parts_are_joined() {
        let (a, b) = (Filter::present("uid"), Filter::at_least("uSNChanged", 7));
        assert_eq!(Filter::all(&[a.clone(), b.clone()]).as_str(), "(&(uid=*)(uSNChanged>=7))");
        assert_eq!(Filter::any(&[a, b]).as_str(), "(|(uid=*)(uSNChanged>=7))");
        assert_eq!(Filter::any(&[Filter::known("(a=b)")]).as_str(), "(a=b)");
    }

    #[test]
    fn a_filter_of_the_map_is_whole() {
        assert!(Filter::of_map(" (&(objectClass=person)(!(uid=x))) ").is_ok());
        let long = format!("(cn={})", "a".repeat(LONGEST_FILTER));
        for bad in ["", "objectClass=person", "(a=b", "(a=b))(c=d)", "(&(a=b)", "()", &long] {
            assert!(Filter::of_map(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn attributes_are_names() {
        assert!(
            is_attribute("sAMAccountName") && is_attribute("1.2.3") && is_attribute("cn;lang-de")
        );
        for bad in ["", "a b", "a=b", "a)(b", "*", "-a", &"a".repeat(101)] {
            assert!(!is_attribute(bad), "{bad}");
        }
    }
}

//! Entries as a server sends them.

use crate::failure::{self, Operation};
use control::ports::CallError;
use ldap3::ResultEntry;
use ldap3::asn1::StructureTag;

/// An entry: its DN, and its attributes with their values in the order of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// The values of `member`, which some servers send in ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) values: Vec<Vec<u8>>,
    /// With which number the next range begins, if there is one.
    pub(crate) next: Option<u64>,
}

impl Entry {
    /// Reads an entry of an answer. `ldap3`'s own reader panics at what is none.
    pub(crate) fn read(answer: ResultEntry) -> Result<Self, CallError> {
        Self::decode(answer).ok_or_else(|| {
            failure::unreadable(Operation::Search, "an entry of the answer cannot be read")
        })
    }

    fn decode(answer: ResultEntry) -> Option<Self> {
        let mut parts = answer.0.match_id(4)?.expect_constructed()?.into_iter();
        let dn = String::from_utf8(parts.next()?.expect_primitive()?).ok()?;
        let attributes = parts.next()?.expect_constructed()?.into_iter().map(|attribute| {
            let mut parts = attribute.expect_constructed()?.into_iter();
            let name = String::from_utf8(parts.next()?.expect_primitive()?).ok()?;
            let values = parts.next()?.expect_constructed()?.into_iter();
            let values: Option<_> = values.map(StructureTag::expect_primitive).collect();
            Some((name, values?))
        });
        Some(Self { dn, attributes: attributes.collect::<Option<_>>()? })
    }

    /// The values of an attribute; names of attributes know no case.
    pub(crate) fn values(&self, name: &str) -> &[Vec<u8>] {
        let found = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or(&[], |(_, values)| values)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    /// Whether an attribute is named, with a range or without, be it without values.
    pub(crate) fn names(&self, name: &str) -> bool {
        let is = |known: &str| {
            let (attribute, options) = known.split_once(';').unwrap_or((known, ""));
            let whole = options.is_empty() || range(options).is_some();
            whole && attribute.eq_ignore_ascii_case(name)
        };
        self.attributes.iter().any(|(known, _)| is(known))
    }

    /// The first value.
    pub(crate) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.values(name).first().map(Vec::as_slice)
    }

    /// The first value, if it is text and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.bytes(name).and_then(|value| std::str::from_utf8(value).ok()).filter(|t| !t.is_empty())
    }

    /// Every value that is text.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name).iter().filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The values of an attribute with the ranges in which they came (`member;range=0-1499`).
    pub(crate) fn ranged(&self, name: &str) -> Option<Range> {
        let mut found = None;
        for (known, values) in &self.attributes {
            if known.eq_ignore_ascii_case(name) {
                // Empty beside a range: the values are in that.
                if !values.is_empty() {
                    return Some(Range { values: values.clone(), next: None });
                }
                continue;
            }
            let Some((attribute, options)) = known.split_once(';') else { continue };
            if !attribute.eq_ignore_ascii_case(name) {
                continue;
            }
            let Some((_, end)) = range(options) else { continue };
            let next = end.map(|end| end.saturating_add(1));
            found = Some(Range { values: values.clone(), next });
        }
        found
    }

    /// Values that were added (`range=1-1`) and removed (`range=0-0`), as `DirSync` tells them.
    pub(crate) fn changed_values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let of_attribute = move |known: &str| {
            let (attribute, options) = known.split_once(';')?;
            (attribute.eq_ignore_ascii_case(name)).then(|| range(options))?
        };
        let changed =
            self.attributes.iter().filter(move |(known, _)| of_attribute(known).is_some());
        changed.flat_map(|(_, values)| values.iter().map(Vec::as_slice))
    }
}

/// `range=FIRST-LAST`, where the last may be `*`, as an option of an attribute.
fn range(options: &str) -> Option<(u64, Option<u64>)> {
    let range = options.split(';').find_map(|option| {
        let (name, range) = option.split_once('=')?;
        name.eq_ignore_ascii_case("range").then_some(range)
    })?;
    let (first, last) = range.split_once('-')?;
    let last = if last == "*" { None } else { Some(last.parse().ok()?) };
    Some((first.parse().ok()?, last))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An entry with text for values.
    pub(crate) fn entry(dn: &str, attributes: &[(&str, &[&str])]) -> Entry {
        let bytes =
            |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect();
        let attributes =
            attributes.iter().map(|(name, v)| ((*name).to_owned(), bytes(v))).collect();
        Entry { dn: dn.to_owned(), attributes }
    }

    #[test]
    fn attributes_are_found_without_regard_to_case() {
        let entry = entry("cn=a", &[("sAMAccountName", &["alice", "b"]), ("mail", &[""])]);
        assert_eq!(entry.text("samaccountname"), Some("alice"));
        assert_eq!(entry.texts("sAMAccountName").collect::<Vec<_>>(), ["alice", "b"]);
        assert_eq!(entry.text("mail"), None);
        assert!(!entry.has("uid"));
        assert!(entry.names("MAIL") && !entry.names("uid"));
    }

    #[test]
    fn members_come_whole_or_in_ranges() {
        let values = |range: Option<Range>| range.map(|range| (range.values.len(), range.next));
        let of = |attributes| values(entry("cn=g", attributes).ranged("member"));
        assert_eq!(of(&[("member", &["a", "b"])]), Some((2, None)));
        assert_eq!(of(&[("member;range=0-1499", &["a", "b"])]), Some((2, Some(1500))));
        assert_eq!(of(&[("member", &[]), ("Member;Range=0-1", &["a", "b"])]), Some((2, Some(2))));
        assert_eq!(of(&[("member;range=1500-*", &["a"])]), Some((1, None)));
        assert_eq!(of(&[("memberUid", &["a"]), ("member;lang-de", &["b"])]), None);
        assert_eq!(of(&[("member;range=x-1", &["a"])]), None);
        assert!(entry("cn=g", &[("member;range=0-0", &[])]).names("member"));
        assert!(!entry("cn=g", &[("member;lang-de", &["b"])]).names("member"));
    }

    #[test]
    fn dirsync_tells_who_came_and_who_went() {
        let entry = entry(
            "cn=g",
            &[("member;range=1-1", &["in"]), ("member;range=0-0", &["out"]), ("member", &["x"])],
        );
        let changed: Vec<&[u8]> = entry.changed_values("member").collect();
        assert_eq!(changed, [b"in".as_slice(), b"out"]);
    }
}

//! The bytes that are sealed: JSON by the canonicalization scheme of RFC 8785.
//!
//! Only texts, whole numbers below 2^53 and objects of texts occur, so all that the scheme asks for is
//! the order of members (by UTF-16 code units) and the shortest escapes.

use crate::ports::{AuditEntry, ChainId, Seal};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Stands in the bytes of an entry.
pub const ENTRY_FORMAT: &str = "stagedoor-audit-entry/1";

/// Stands there instead in an entry that says where its copy stands: whoever knows only the first format
/// knows nothing of that.
pub const PLACED_ENTRY_FORMAT: &str = "stagedoor-audit-entry/2";

/// Stands in the bytes of every checkpoint.
pub const CHECKPOINT_FORMAT: &str = "stagedoor-audit-checkpoint/1";

/// An object that is written member by member, in canonical order.
#[derive(Debug)]
pub(super) struct Canonical(String);

impl Canonical {
    pub(super) fn object() -> Self {
        Self("{".to_owned())
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 && !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
        push_text(&mut self.0, name);
        self.0.push(':');
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        push_text(&mut self.0, value);
    }

    pub(super) fn opt_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    pub(super) fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        let _ = write!(self.0, "{value}");
    }

    /// An object of texts.
    pub(super) fn texts(&mut self, name: &str, texts: &BTreeMap<String, String>) {
        self.name(name);
        self.0.push('{');
        let mut texts: Vec<(&String, &String)> = texts.iter().collect();
        if texts.iter().any(|(name, _)| !name.is_ascii()) {
            texts.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        }
        for (name, value) in texts {
            self.text(name, value);
        }
        self.0.push('}');
    }

    /// What a member holds that is canonical already.
    pub(super) fn raw(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push_str(value);
    }

    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// Where an entry stands, and by which key it is sealed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) chain: &'a ChainId,
    pub(super) seq: u64,
    pub(super) prev: &'a str,
    pub(super) place: Option<&'a str>,
    pub(super) key: &'a str,
}

impl<'a> From<&'a Seal> for Standing<'a> {
    fn from(Seal { chain, seq, prev, place, key, .. }: &'a Seal) -> Self {
        Self { chain, seq: *seq, prev, place: place.as_deref(), key }
    }
}

/// The bytes of an entry in its place. `at` must be trimmed to the microsecond ([`super::trimmed`]).
pub(super) fn of_entry(entry: &AuditEntry, standing: Standing<'_>) -> String {
    let Standing { chain, seq, prev, place, key } = standing;
    let mut object = Canonical::object();
    object.text("actor", &entry.actor.to_string());
    object.texts("after", &entry.after);
    object.text("at", &time(entry.at));
    object.texts("before", &entry.before);
    object.text("chain", &chain.0);
    object.opt_text("change", entry.change.as_deref());
    object.text("code", &entry.code);
    object.texts("details", &entry.details);
    object.text("event", &entry.event);
    object.text("format", if place.is_some() { PLACED_ENTRY_FORMAT } else { ENTRY_FORMAT });
    object.text("key", key);
    object.opt_text("person", entry.person.as_deref());
    object.opt_text("place", place);
    object.text("prev", prev);
    object.number("seq", seq);
    object.opt_text("team", entry.team.as_deref());
    object.end()
}

/// UTC with six decimals: `2026-11-21T09:00:00.000000Z`.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.6}")
}

fn push_text(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        for c in text.chars() {
            push_char(out, c);
        }
    } else {
        out.push_str(text);
    }
    out.push('"');
}

fn push_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        c if c < ' ' => {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Actor, AuditEvent};
    use access::ids::{PersonId, TeamKey};

    fn object<const N: usize>(texts: [(&str, &str); N]) -> String {
        let texts = texts.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut object = Canonical::object();
        object.texts("o", &BTreeMap::from(texts));
        object.end()
    }

    #[test]
    fn members_are_in_the_order_of_utf_16_and_texts_are_escaped_as_little_as_may_be() {
        // The example of RFC 8785, 3.2.3.
        let sorted = object([
            ("\u{20ac}", "Euro Sign"),
            ("\r", "Carriage Return"),
            ("\u{fb33}", "Hebrew Letter Dalet With Dagesh"),
            ("1", "One"),
            ("\u{1f600}", "Emoji: Grinning Face"),
            ("\u{80}", "Control"),
            ("\u{f6}", "Latin Small Letter O With Diaeresis"),
        ]);
        let order: Vec<usize> = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
            .iter()
            .map(|text| sorted.find(text).unwrap())
            .collect();
        assert!(order.is_sorted(), "{sorted}");
        assert_eq!(
            object([("a", "\u{20ac}$\u{f}\nA'B\"\\\u{8}\t\u{c}\r/\u{7f}")]),
            "{\"o\":{\"a\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\b\\t\\f\\r/\u{7f}\"}}"
        );
        assert_eq!(object([]), "{\"o\":{}}");
        assert_eq!(object([("a", ""), ("b", "1")]), "{\"o\":{\"a\":\"\",\"b\":\"1\"}}");
    }

    #[test]
    fn the_bytes_of_an_entry_are_these() {
        let at = "2026-11-21T09:00:00.5Z".parse().unwrap();
        let entry = AuditEntry::new(at, AuditEvent::GrantWritten, "grant-written")
            .by(Actor::CommandLine("ana".to_owned()))
            .about(&PersonId::parse("p1").unwrap())
            .on(&TeamKey::parse("fraud").unwrap())
            .changing("until", None, Some("2026-12-01T00:00:00Z"))
            .with("reason", "Ärger");
        let entry = AuditEntry { change: Some("c1".to_owned()), ..entry };
        let chain = ChainId("main".to_owned());
        let key = "0123456789abcdef";
        let standing = Standing { chain: &chain, seq: 7, prev: "00ff", place: None, key };
        let bytes = of_entry(&entry, standing);
        assert_eq!(
            bytes,
            "{\"actor\":\"cli:ana\",\"after\":{\"until\":\"2026-12-01T00:00:00Z\"},\
             \"at\":\"2026-11-21T09:00:00.500000Z\",\"before\":{},\"chain\":\"main\",\
             \"change\":\"c1\",\"code\":\"grant-written\",\"details\":{\"reason\":\"Ärger\"},\
             \"event\":\"grant-written\",\"format\":\"stagedoor-audit-entry/1\",\
             \"key\":\"0123456789abcdef\",\"person\":\"p1\",\"prev\":\"00ff\",\"seq\":7,\
             \"team\":\"fraud\"}"
        );
    }

    #[test]
    fn an_entry_that_says_where_its_copy_stands_is_of_the_second_format() {
        let at = "2026-11-21T09:00:00Z".parse().unwrap();
        let entry = AuditEntry::new(at, AuditEvent::SignIn, "signed-in")
            .about(&PersonId::parse("p1").unwrap());
        let chain = ChainId("0".to_owned());
        let standing = Standing { chain: &chain, seq: 1, prev: "00", place: None, key: "k" };
        let former = of_entry(&entry, standing);
        assert!(former.contains("\"format\":\"stagedoor-audit-entry/1\""), "{former}");
        let placed = of_entry(&entry, Standing { place: Some("2026#a"), ..standing });
        let wanted = former.replace("stagedoor-audit-entry/1", "stagedoor-audit-entry/2").replace(
            "\"person\":\"p1\",\"prev\"",
            "\"person\":\"p1\",\"place\":\"2026#a\",\"prev\"",
        );
        assert_eq!(placed, wanted);
    }
}

//! Distinguished names, as RFC 4514 writes them, and the form in which two of them are one.

use std::fmt::{self, Write as _};

/// The longest DN that is read, in bytes. Active Directory stops at 2,048 characters.
pub const LONGEST: usize = 8 * 1024;

/// The most relative names of a DN, and the most attributes of a relative name.
const MOST_PARTS: usize = 256;

/// Why a text is not a DN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDn {
    /// More than [`LONGEST`] bytes.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// More relative names, or more attributes in one, than anybody uses.
    #[error("it has more than {MOST_PARTS} parts")]
    TooManyParts,
    /// A part without `=`.
    #[error("a part of it has no `=`")]
    NoEquals,
    /// The type of an attribute is neither a name nor an OID.
    #[error("the type of one of its attributes is neither a name nor an OID")]
    Type,
    /// A backslash before something that cannot be escaped.
    #[error("a backslash stands before what cannot be escaped")]
    Escape,
    /// A character that has to be escaped and is not.
    #[error("a character that must be escaped is not")]
    Unescaped,
    /// `#` and something else than pairs of hexadecimal digits.
    #[error("after `#` come no hexadecimal digits")]
    Hex,
    /// Escaped bytes that are no UTF-8.
    #[error("its escaped bytes are no UTF-8")]
    Utf8,
}

/// A distinguished name: relative names from the entry up to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dn(Vec<Vec<Ava>>);

/// An attribute and its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ava {
    attribute: String,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Text(String),
    /// A value in BER that is no text.
    Ber(Vec<u8>),
}

/// A DN in the form in which two that mean one entry are the same: types in lower case and by name,
/// values without regard to case or to the number of blanks, the attributes of a relative name in
/// one order.
///
/// This is how the attributes compare that name people and groups anywhere (`caseIgnoreMatch`). A
/// server whose naming attribute tells cases apart would have two entries for one here; both are
/// then looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NormalDn(String);

impl Dn {
    /// Reads a DN.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidDn> {
        if text.len() > LONGEST {
            return Err(InvalidDn::TooLong);
        }
        if text.trim_matches(' ').is_empty() {
            return Ok(Self(Vec::new()));
        }
        let mut rdns = Vec::new();
        let mut rest = Chars::new(text);
        loop {
            let mut rdn = Vec::new();
            let end = loop {
                let (ava, end) = ava(&mut rest)?;
                rdn.push(ava);
                if rdn.len() > MOST_PARTS {
                    return Err(InvalidDn::TooManyParts);
                }
                if end != Some('+') {
                    break end;
                }
            };
            rdns.push(rdn);
            if rdns.len() > MOST_PARTS {
                return Err(InvalidDn::TooManyParts);
            }
            if end.is_none() {
                return Ok(Self(rdns));
            }
        }
    }

    /// The form to compare.
    pub fn normal(&self) -> NormalDn {
        let rdns = self.0.iter().map(|rdn| {
            let mut rdn: Vec<Ava> = rdn.iter().map(Ava::normal).collect();
            rdn.sort();
            rdn
        });
        NormalDn(Self(rdns.collect()).to_string())
    }

    /// Whether it names this entry or one below it.
    pub fn is_within(&self, base: &Self) -> bool {
        let Some(above) = self.0.len().checked_sub(base.0.len()) else { return false };
        let tail = Self(self.0.iter().skip(above).cloned().collect());
        tail.normal() == base.normal()
    }

    /// The value of the first attribute of the entry's own relative name, if it is text.
    pub fn leaf(&self) -> Option<&str> {
        match &self.0.first()?.first()?.value {
            Value::Text(text) => Some(text),
            Value::Ber(_) => None,
        }
    }
}

impl NormalDn {
    /// The form to compare of a DN as a server wrote it; of what is no DN, the text in lower case.
    pub fn of(text: &str) -> Self {
        Dn::parse(text).map_or_else(|_| Self(text.to_lowercase()), |dn| dn.normal())
    }
}

impl fmt::Display for NormalDn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, rdn) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str(",")?;
            }
            for (number, ava) in rdn.iter().enumerate() {
                if number > 0 {
                    f.write_str("+")?;
                }
                write!(f, "{}={}", ava.attribute, ava.value)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&escape(text)),
            Self::Ber(bytes) => {
                f.write_str("#")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// A text as the value of an attribute in a DN.
pub fn escape(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (at, char) in text.chars().enumerate() {
        match char {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => out.extend(['\\', char]),
            '#' | ' ' if at == 0 => out.extend(['\\', char]),
            ' ' if at == last => out.extend(['\\', char]),
            char if char.is_control() => {
                let mut bytes = [0; 4];
                for byte in char.encode_utf8(&mut bytes).bytes() {
                    let _infallible = write!(out, "\\{byte:02x}");
                }
            }
            char => out.push(char),
        }
    }
    out
}

impl Ava {
    fn normal(&self) -> Self {
        let attribute = self.attribute.to_ascii_lowercase();
        let attribute = attribute.strip_prefix("oid.").unwrap_or(&attribute);
        let name = SHORT_NAMES.iter().find(|(oid, _)| *oid == attribute);
        let attribute = name.map_or(attribute, |(_, name)| name).to_owned();
        let value = match &self.value {
            Value::Text(text) => {
                let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
                Value::Text(words.join(" ").to_lowercase())
            }
            Value::Ber(bytes) => Value::Ber(bytes.clone()),
        };
        Self { attribute, value }
    }
}

/// Attributes that RFC 4514 names, by their OIDs, and those that it does not and DNs have.
const SHORT_NAMES: [(&str, &str); 11] = [
    ("2.5.4.3", "cn"),
    ("2.5.4.5", "serialnumber"),
    ("2.5.4.6", "c"),
    ("2.5.4.7", "l"),
    ("2.5.4.8", "st"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "o"),
    ("2.5.4.11", "ou"),
    ("0.9.2342.19200300.100.1.1", "uid"),
    ("0.9.2342.19200300.100.1.25", "dc"),
    ("1.2.840.113549.1.9.1", "emailaddress"),
];

/// The characters that are still to be read.
struct Chars<'a>(std::iter::Peekable<std::str::Chars<'a>>);

impl<'a> Chars<'a> {
    fn new(text: &'a str) -> Self {
        Self(text.chars().peekable())
    }

    fn next(&mut self) -> Option<char> {
        self.0.next()
    }

    fn skip_blanks(&mut self) {
        while self.0.next_if_eq(&' ').is_some() {}
    }
}

/// Reads one attribute with its value, and what ends it: `+`, `,` (or `;`, as `LDAPv2` wrote it), or
/// the end.
fn ava(rest: &mut Chars<'_>) -> Result<(Ava, Option<char>), InvalidDn> {
    rest.skip_blanks();
    let mut attribute = String::new();
    loop {
        match rest.next() {
            Some('=') => break,
            Some(',' | ';' | '+') | None => return Err(InvalidDn::NoEquals),
            Some(char) => attribute.push(char),
        }
    }
    attribute.truncate(attribute.trim_end_matches(' ').len());
    if !is_type(&attribute) {
        return Err(InvalidDn::Type);
    }
    rest.skip_blanks();
    let (value, end) = if rest.0.next_if_eq(&'#').is_some() {
        let (bytes, end) = hex(rest)?;
        (of_ber(bytes), end)
    } else {
        let (text, end) = text(rest)?;
        (Value::Text(text), end)
    };
    Ok((Ava { attribute, value }, end))
}

/// A name (`cn`), an OID (`2.5.4.3`), or an OID as `LDAPv2` wrote it (`OID.2.5.4.3`).
fn is_type(text: &str) -> bool {
    let is_name = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let is_oid = |text: &str| {
        text.contains('.')
            && text.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()))
    };
    let prefix = text.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("oid."));
    is_name(text) || is_oid(text) || (prefix.is_some() && is_oid(text.get(4..).unwrap_or_default()))
}

fn is_end(char: char) -> bool {
    matches!(char, ',' | ';' | '+')
}

fn hex(rest: &mut Chars<'_>) -> Result<(Vec<u8>, Option<char>), InvalidDn> {
    let mut digits = String::new();
    let end = loop {
        match rest.next() {
            Some(char) if is_end(char) => break Some(char),
            None => break None,
            Some(char) => digits.push(char),
        }
    };
    let digits = digits.trim_end_matches(' ');
    let nibbles: Option<Vec<u32>> = digits.chars().map(|char| char.to_digit(16)).collect();
    let nibbles = nibbles.filter(|all| !all.is_empty() && all.len() % 2 == 0);
    let pairs = nibbles.ok_or(InvalidDn::Hex)?;
    let byte = |pair: &[u32]| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble);
    let bytes = pairs.chunks(2).map(|pair| u8::try_from(byte(pair)).unwrap_or_default());
    Ok((bytes.collect(), end))
}

/// A value in BER; a string of characters is the text that it holds.
fn of_ber(bytes: Vec<u8>) -> Value {
    const STRINGS: [u8; 5] = [0x04, 0x0c, 0x12, 0x13, 0x16];
    let text = match bytes.as_slice() {
        [tag, length, text @ ..]
            if STRINGS.contains(tag) && *length < 0x80 && usize::from(*length) == text.len() =>
        {
            std::str::from_utf8(text).ok().map(str::to_owned)
        }
        _ => None,
    };
    text.map_or(Value::Ber(bytes), Value::Text)
}

/// Reads a value up to its end. Blanks after it are no part of it unless they are escaped.
fn text(rest: &mut Chars<'_>) -> Result<(String, Option<char>), InvalidDn> {
    let mut bytes: Vec<u8> = Vec::new();
    // As far as blanks belong to it.
    let mut kept = 0;
    let end = loop {
        match rest.next() {
            None => break None,
            Some(char) if is_end(char) => break Some(char),
            Some('\\') => {
                escaped(rest, &mut bytes)?;
                kept = bytes.len();
            }
            Some('"' | '<' | '>' | '\0') => return Err(InvalidDn::Unescaped),
            Some(char) => {
                let mut buffer = [0; 4];
                bytes.extend(char.encode_utf8(&mut buffer).bytes());
                if char != ' ' {
                    kept = bytes.len();
                }
            }
        }
    };
    bytes.truncate(kept);
    Ok((String::from_utf8(bytes).map_err(|_| InvalidDn::Utf8)?, end))
}

/// Reads what comes after a backslash.
fn escaped(rest: &mut Chars<'_>, into: &mut Vec<u8>) -> Result<(), InvalidDn> {
    let first = rest.next().ok_or(InvalidDn::Escape)?;
    if let Some(high) = first.to_digit(16) {
        let low = rest.next().and_then(|char| char.to_digit(16)).ok_or(InvalidDn::Escape)?;
        into.push(u8::try_from(high << 4 | low).map_err(|_| InvalidDn::Escape)?);
        return Ok(());
    }
    match first {
        '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' | '#' | ' ' => {
            into.extend(u8::try_from(u32::from(first)));
            Ok(())
        }
        _ => Err(InvalidDn::Escape),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normal(text: &str) -> String {
        Dn::parse(text).unwrap().normal().to_string()
    }

    #[test]
    fn the_examples_of_rfc_4514_are_read() {
        for (text, plain) in [
            ("UID=jsmith,DC=example,DC=net", "uid=jsmith,dc=example,dc=net"),
            ("OU=Sales+CN=J.  Smith,DC=example,DC=net", "cn=j. smith+ou=sales,dc=example,dc=net"),
            (
                r#"CN=James \"Jim\" Smith\, III,DC=example"#,
                r#"cn=james \"jim\" smith\, iii,dc=example"#,
            ),
            (r"CN=Before\0dAfter,DC=example", r"cn=before\0dafter,dc=example"),
            ("1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=hi"),
            (r"CN=Lu\C4\8Di\C4\87", "cn=lučić"),
            ("", ""),
        ] {
            assert_eq!(normal(text), plain, "{text}");
        }
    }

    #[test]
    fn two_spellings_of_one_entry_are_one() {
        let one = normal(r"CN=Ana\, Maria,OU=People,DC=corp,DC=example");
        for other in [
            r"cn=ana\2c maria,ou=people,dc=corp,dc=example",
            r"cn = Ana\2C  MARIA , OU= people ;dc=corp,dc=Example ",
            r"2.5.4.3=Ana\, Maria,OID.2.5.4.11=People,dc=corp,dc=example",
            r"cn=#0c0a416e612c204d61726961,ou=people,dc=corp,dc=example",
        ] {
            assert_eq!(normal(other), one, "{other}");
        }
        for other in [r"cn=Ana\,Maria,ou=people,dc=corp,dc=example", "cn=Ana"] {
            assert_ne!(normal(other), one, "{other}");
        }
    }

    #[test]
    fn blanks_at_the_ends_belong_to_a_value_only_if_they_are_escaped() {
        assert_eq!(Dn::parse(r"cn=\ a\ ,dc=x").unwrap().to_string(), r"cn=\ a\ ,dc=x");
        assert_eq!(Dn::parse("cn=  a  ,dc=x").unwrap().to_string(), "cn=a,dc=x");
    }

    #[test]
    fn what_is_no_dn_is_refused() {
        for (text, why) in [
            ("cn", InvalidDn::NoEquals),
            ("cn=a,", InvalidDn::NoEquals),
            ("cn=a,,dc=x", InvalidDn::NoEquals),
            ("=a", InvalidDn::Type),
            ("1=a", InvalidDn::Type),
            ("c n=a", InvalidDn::Type),
            (r"cn=a\", InvalidDn::Escape),
            (r"cn=a\z", InvalidDn::Escape),
            (r"cn=a\4", InvalidDn::Escape),
            ("cn=a\"b", InvalidDn::Unescaped),
            ("cn=<GUID>", InvalidDn::Unescaped),
            ("cn=#0", InvalidDn::Hex),
            ("cn=#", InvalidDn::Hex),
            ("cn=#xy", InvalidDn::Hex),
            (r"cn=\ff", InvalidDn::Utf8),
        ] {
            assert_eq!(Dn::parse(text), Err(why), "{text}");
        }
        assert_eq!(Dn::parse(&"a".repeat(LONGEST + 1)), Err(InvalidDn::TooLong));
        let many = vec!["a=b"; MOST_PARTS + 1].join(",");
        assert_eq!(Dn::parse(&many), Err(InvalidDn::TooManyParts));
    }

    #[test]
    fn an_entry_is_within_its_own_parents_only() {
        let base = Dn::parse("OU=People,DC=corp,DC=example").unwrap();
        for (text, within) in [
            ("cn=a,ou=people,dc=corp,dc=example", true),
            ("ou=people, dc=corp, dc=example", true),
            ("cn=a,ou=groups,dc=corp,dc=example", false),
            (r"cn=a\,ou=people,dc=corp,dc=example", false),
            ("dc=example", false),
        ] {
            assert_eq!(Dn::parse(text).unwrap().is_within(&base), within, "{text}");
        }
    }

    #[test]
    fn a_value_cannot_leave_its_place() {
        let hostile = "x,ou=admins+cn=root\\#\"<>; \0=";
        let dn = Dn::parse(&format!("cn={},dc=corp", escape(hostile))).unwrap();
        assert_eq!(dn.leaf(), Some(hostile));
        assert_eq!(dn.0.len(), 2);
    }

    proptest! {
        #[test]
        fn what_is_read_is_printed_and_read_alike(text in "[a-zA-Z0-9=,+;#\\\\ \"<>\u{e4}\u{0}]{0,40}") {
            if let Ok(dn) = Dn::parse(&text) {
                prop_assert_eq!(Dn::parse(&dn.to_string()), Ok(dn.clone()));
                let normal = dn.normal();
                prop_assert_eq!(Dn::parse(&normal.to_string()).unwrap().normal(), normal);
            }
        }

        #[test]
        fn any_text_is_a_value(text in any::<String>(), other in any::<String>()) {
            let written = format!("cn={}+uid={},dc=x", escape(&text), escape(&other));
            let dn = Dn::parse(&written).unwrap();
            prop_assert_eq!(dn.leaf(), Some(text.as_str()));
            prop_assert_eq!(dn.to_string(), written);
        }
    }
}

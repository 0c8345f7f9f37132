//! Characters, names and references.

use memchr::memchr;

/// Whether all characters are allowed in XML 1.0 (section 2.2). A carriage return is not: line ends
/// have been normalised before, and one that was meant is written as a reference.
pub(super) fn is_allowed(text: &str) -> bool {
    // No early end, so that the compiler can look at many bytes at once.
    let is_control = |b: &u8| *b < 0x20 && *b != b'\t' && *b != b'\n';
    if text.as_bytes().iter().fold(false, |any, b| any | is_control(b)) {
        return false;
    }
    // Both begin with this byte.
    !text.as_bytes().contains(&0xef) || !text.contains(['\u{fffe}', '\u{ffff}'])
}

fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}'
        | '\u{10000}'..='\u{10ffff}')
}

/// What a byte may be part of; bits of [`class`].
const NAME_START: u8 = 1;
const NAME: u8 = 2;
const URI: u8 = 4;

/// The classes of all bytes, looked up instead of compared: most of a document's bytes are asked.
#[expect(clippy::indexing_slicing, reason = "at compile time, where a panic is an error")]
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        classes[byte as usize] = class(byte);
        byte += 1;
    }
    classes
};

const fn class(byte: u8) -> u8 {
    let is_uri = byte.is_ascii_graphic()
        && !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'{')
        && !matches!(byte, b'}' | b'|' | b'\\' | b'^' | b'`' | b'[' | b']' | b'%');
    let uri = if is_uri { URI } else { 0 };
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => uri | NAME_START | NAME,
        b'0'..=b'9' | b'-' | b'.' => uri | NAME,
        _ => uri,
    }
}

fn is(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|classes| classes & class != 0)
}

/// Whether all characters may stand in any part of a URI as they are (RFC 3986): no percent sign and
/// no bracket, which may not everywhere.
pub(super) fn is_plain_uri(name: &str) -> bool {
    name.bytes().all(|byte| is(byte, URI))
}

/// Length in bytes of the name without a colon (`NCName`, Namespaces in XML 1.0, section 3) that the
/// text begins with; zero if it begins with none. Names are ASCII: so are those of SAML and of all it
/// is known to be extended with.
pub(super) fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.first().is_some_and(|first| is(*first, NAME_START)) {
        bytes.iter().position(|byte| !is(*byte, NAME)).unwrap_or(bytes.len())
    } else {
        0
    }
}

/// What raw text says, its references resolved. `None` if one is not well-formed or names an entity
/// other than the five of XML.
pub(super) fn resolve(raw: &str) -> Option<String> {
    /// No reference to a character is longer, but for leading zeros that nobody writes.
    const LONGEST: usize = 12;
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(start) = memchr(b'&', rest.as_bytes()) {
        let after = rest.get(start + 1..)?;
        let end = after.bytes().take(LONGEST).position(|byte| byte == b';')?;
        value.push_str(rest.get(..start)?);
        value.push(character(after.get(..end)?)?);
        rest = after.get(end + 1..)?;
    }
    value.push_str(rest);
    Some(value)
}

/// White space as it stands in an attribute's value becomes blanks (XML 1.0, section 3.3.3).
pub(super) fn with_blanks(raw: &str) -> Option<String> {
    let blank = |byte| if matches!(byte, b'\t' | b'\n') { b' ' } else { byte };
    String::from_utf8(raw.bytes().map(blank).collect()).ok()
}

/// The character that a reference stands for, given what is between `&` and `;`.
fn character(reference: &str) -> Option<char> {
    let number = match reference {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => reference.strip_prefix('#')?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hexadecimal) => (hexadecimal, 16),
        None => (number, 10),
    };
    // `from_str_radix` would take a sign.
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).ok()?;
    char::from_u32(code).filter(|c| is_char(*c))
}

//! LDIF (RFC 2849): entries with their attributes. It knows nothing of people and groups, and needs
//! nothing else of this crate, so that it can be fuzzed by itself.

mod dn;

pub(crate) use dn::folded;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest logical line, in bytes: a photograph fits.
const LONGEST_LINE: usize = 8 << 20;
/// The most values of an entry: the members of a very large group.
const MOST_VALUES: usize = 2_000_000;

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The line that it begins on, from 1.
    pub(crate) line: u64,
    pub(crate) dn: String,
    /// Attributes in the order of the file.
    pub(crate) values: Vec<Value>,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    /// The line that it begins on, from 1.
    pub(crate) line: u64,
    /// The attribute without its options, in lower case.
    pub(crate) attribute: String,
    /// Its options in lower case, with semicolons between them: `binary`, `range=0-1499`.
    pub(crate) options: String,
    pub(crate) bytes: Vec<u8>,
}

/// Why a file is no LDIF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) line: u64,
    pub(crate) what: &'static str,
    pub(crate) remedy: &'static str,
}

/// Reads the entries of a file.
///
/// # Errors
/// The first place where it is malformed, or holds something else than entries.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, Malformed> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut open: Option<Entry> = None;
    let mut is_first = true;
    for line in logical(text) {
        let Line { at, text } = line?;
        if text.is_empty() {
            entries.extend(open.take());
            continue;
        }
        let value = value(at, &text)?;
        let attribute = value.attribute.as_str();
        if std::mem::take(&mut is_first) && attribute == "version" {
            if value.bytes != b"1" {
                return Err(malformed(at, "it is of another version than 1", "export it anew"));
            }
            continue;
        }
        match &mut open {
            None if attribute == "dn" => {
                let remedy = "write it in UTF-8";
                let dn = String::from_utf8(value.bytes)
                    .map_err(|_| malformed(at, "the name of the entry is no text", remedy))?;
                open = Some(Entry { line: at, dn, values: Vec::new() });
            }
            None => {
                let what = "an entry does not begin with `dn:`";
                let remedy = "begin it so, and leave empty lines only between entries";
                return Err(malformed(at, what, remedy));
            }
            Some(_) if attribute == "dn" => {
                let what = "an entry begins within another one";
                return Err(malformed(at, what, "leave an empty line between entries"));
            }
            Some(_) if attribute == "changetype" || attribute == "control" => {
                let what = "it tells changes and not what there is";
                return Err(malformed(at, what, "export the entries themselves"));
            }
            Some(entry) if entry.values.len() >= MOST_VALUES => {
                let what = "an entry has more than 2,000,000 values";
                return Err(malformed(at, what, "use a directory service"));
            }
            Some(entry) => entry.values.push(value),
        }
    }
    entries.extend(open);
    Ok(entries)
}

/// A line with those that continue it.
#[derive(Debug)]
struct Line {
    at: u64,
    text: String,
}

/// The logical lines of a text, without comments.
fn logical(text: &str) -> impl Iterator<Item = Result<Line, Malformed>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut physical = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let mut at = 0_u64;
    let mut ahead = physical.next();
    std::iter::from_fn(move || {
        loop {
            let first = ahead.take()?;
            at += 1;
            let began = at;
            if first.starts_with(' ') {
                let what = "a line continues none";
                ahead = None;
                return Some(Err(malformed(began, what, "take the blank at its beginning out")));
            }
            let mut whole = first.to_owned();
            loop {
                ahead = physical.next();
                let Some(more) = ahead.and_then(|line| line.strip_prefix(' ')) else { break };
                at += 1;
                if whole.len() + more.len() > LONGEST_LINE {
                    ahead = None;
                    let what = "a value has more than 8 MiB";
                    return Some(Err(malformed(began, what, "leave it out of the export")));
                }
                // What continues an empty line would be a value of no attribute.
                if whole.is_empty() {
                    ahead = None;
                    let what = "a line continues an empty one";
                    return Some(Err(malformed(at, what, "take the blank at its beginning out")));
                }
                whole.push_str(more);
            }
            if !whole.starts_with('#') {
                return Some(Ok(Line { at: began, text: whole }));
            }
        }
    })
}

/// The value of a line, with its attribute.
fn value(at: u64, line: &str) -> Result<Value, Malformed> {
    let remedy = "write `attribute: value`, and end the line of a value only where it ends";
    let (name, rest) =
        line.split_once(':').ok_or_else(|| malformed(at, "the line holds no colon", remedy))?;
    let (attribute, options) = name.split_once(';').unwrap_or((name, ""));
    let (attribute, options) = (attribute.to_ascii_lowercase(), options.to_ascii_lowercase());
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if attribute.is_empty() || !attribute.bytes().all(is_name) {
        return Err(malformed(at, "the line does not begin with an attribute", remedy));
    }
    if let Some(encoded) = rest.strip_prefix(':') {
        let remedy = "export it anew";
        let bytes = STANDARD
            .decode(encoded.trim_matches(' '))
            .map_err(|_| malformed(at, "the value is no Base64", remedy))?;
        return Ok(Value { line: at, attribute, options, bytes });
    }
    if rest.starts_with('<') {
        let what = "the value stands in another file";
        return Err(malformed(at, what, "write it here"));
    }
    let bytes = rest.trim_start_matches(' ').as_bytes().to_vec();
    Ok(Value { line: at, attribute, options, bytes })
}

const fn malformed(line: u64, what: &'static str, remedy: &'static str) -> Malformed {
    Malformed { line, what, remedy }
}

/// Prints entries so that they are read as they are.
#[cfg(any(test, fuzzing))]
pub(crate) fn print(entries: &[Entry]) -> String {
    use std::fmt::Write as _;

    let mut out = String::from("version: 1\n");
    for entry in entries {
        let _ = writeln!(out, "\ndn:: {}", STANDARD.encode(&entry.dn));
        for value in &entry.values {
            let Value { attribute, options, bytes, .. } = value;
            let sign = if options.is_empty() { "" } else { ";" };
            let _ = writeln!(out, "{attribute}{sign}{options}:: {}", STANDARD.encode(bytes));
        }
    }
    out
}

#[cfg(test)]
mod tests;

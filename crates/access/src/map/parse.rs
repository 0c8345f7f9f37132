//! From text to an [`AccessMap`]: read each file, check its shape, put the files together, and
//! resolve what refers to what.

use super::check::{self, Checked, Fields, Named, Subject};
use super::codes;
use super::diagnostic::{Diagnostic, Diagnostics, Mark, Reporter, quoted};
use super::document::{self, Entry, MAX_BYTES, Node, Value, report_duplicate};
use super::scalar::{Resolved, resolve};
use super::shape;
use super::{AccessMap, Place, apart, decode};
use arcstr::ArcStr;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A file of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How messages name it.
    pub name: ArcStr,
    /// What is in it.
    pub text: String,
}

impl Source {
    /// Takes the bytes of a file, which must be at most 1 MiB of UTF-8. A byte order mark may
    /// stand at the beginning.
    pub fn from_bytes(name: impl Into<ArcStr>, bytes: Vec<u8>) -> Result<Self, Diagnostics> {
        let name = name.into();
        if bytes.len() > MAX_BYTES {
            let message = format!("the file has {} bytes", bytes.len());
            let place = Place { file: name, line: 1, column: 1 };
            let advice = ("at most 1,048,576 bytes", "split the map into a folder of files");
            return Err(refused(codes::TOO_LARGE, place, message, advice));
        }
        let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        String::from_utf8(bytes).map(|text| Self { name: name.clone(), text }).map_err(|error| {
            let valid = error.as_bytes().get(..error.utf8_error().valid_up_to());
            let before = String::from_utf8_lossy(valid.unwrap_or_default());
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
            let what = if utf16 { "UTF-16" } else { "not UTF-8" };
            let place = Place { file: name, line, column };
            let advice = ("text in UTF-8", "save the file as UTF-8");
            refused(codes::NOT_UTF8, place, format!("the file is {what}"), advice)
        })
    }
}

fn refused(
    code: &'static str,
    place: Place,
    message: String,
    (expected, help): (&str, &str),
) -> Diagnostics {
    let (expected, help) = (Some(expected.to_owned()), Some(help.to_owned()));
    Diagnostics::new(vec![Diagnostic { code, place, width: 1, message, expected, help }])
}

/// Reads a map from its file, or from the files of its folder in the order of their names.
///
/// Every file says `version: 1`. Sections may be split over files; each key stands in one of them.
/// All errors are told at once, sorted by place. Only when every file could be read and no section that
/// others refer to is of a wrong type, references are resolved: what refers into a part that could not be read
/// is not complained about. What teams may not have in common is looked at last, of a map in which all else
/// is right.
///
/// Of a map that is returned every reference resolves: each team's domain, persona and network
/// (`anywhere` among them) and each grant's team are keys of the map.
pub fn parse(sources: &[Source]) -> Result<AccessMap, Diagnostics> {
    let mut reporter = Reporter::new(sources);
    let map = read(sources, &mut reporter);
    match map {
        Some(map) if reporter.is_clean() => {
            let shared = apart::problems(&map);
            if shared.is_empty() { Ok(map) } else { Err(Diagnostics::new(shared)) }
        }
        _ => Err(Diagnostics::new(reporter.found())),
    }
}

fn read(sources: &[Source], reporter: &mut Reporter<'_>) -> Option<AccessMap> {
    if sources.is_empty() {
        reporter.report(codes::EMPTY, Mark::start(0), "there is no file to read a map from");
        return None;
    }
    let mut whole = true;
    let mut files = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        match read_file(index, &source.text, reporter) {
            Some(fields) => files.push(fields),
            None => whole = false,
        }
    }
    let mut map = Fields::new();
    for file in files {
        merge(&mut map, file, reporter);
    }
    if !whole {
        return None;
    }
    let subject = Subject { name: "the map".to_owned(), at: Mark::start(0) };
    check::complete(&mut map, &shape::MAP, &subject, reporter);
    let referred = ["domains", "networks", "personas", "teams"];
    if referred.iter().any(|key| map.get(key).is_some_and(|s| s.item.is_broken())) {
        return None;
    }
    decode::decode(&map, digest(sources), reporter)
}

/// Reads one file and checks the keys in it.
fn read_file(index: usize, text: &str, reporter: &mut Reporter<'_>) -> Option<Fields> {
    let root = document::read(index, text, reporter)?;
    match root.value {
        Value::Mapping(entries) => {
            version(&entries, index, reporter)?;
            Some(check::fields(entries, &shape::MAP, reporter))
        }
        Value::Refused => None,
        Value::Scalar { .. } | Value::Sequence(_) => {
            reporter
                .report(codes::WRONG_TYPE, root.at, "the map is not a mapping")
                .expect("a mapping that begins with `version: 1`");
            None
        }
    }
}

/// Checks that a file says `version: 1`. Of a file of another version nothing else is looked at,
/// for all of it may differ.
fn version(entries: &[Entry], file: usize, reporter: &mut Reporter<'_>) -> Option<()> {
    let Some(entry) = entries.iter().find(|e| e.key == "version") else {
        reporter
            .report(codes::MISSING_VERSION, Mark::start(file), "the file does not say its version")
            .expect("`version: 1`");
        return Some(());
    };
    let (found, quotes) = match &entry.value {
        Node { value: Value::Refused, .. } => return None,
        Node { value: Value::Scalar { text, plain: true }, .. } => match resolve(text) {
            Resolved::Integer(1) => return Some(()),
            Resolved::Null => ("empty".to_owned(), false),
            _ => (quoted(text), false),
        },
        Node { value: Value::Scalar { text, plain: false }, .. } => (quoted(text), text == "1"),
        Node { value: Value::Sequence(_) | Value::Mapping(_), .. } => {
            ("not a number".to_owned(), false)
        }
    };
    let message =
        if quotes { "the version is text".to_owned() } else { format!("the version is {found}") };
    let diagnostic = reporter.report(codes::UNSUPPORTED_VERSION, entry.value.at, message);
    diagnostic.expect("`version: 1`");
    if quotes {
        diagnostic.help("write it without quotes");
    }
    None
}

/// Adds a file's sections to those of the files before it.
fn merge(map: &mut Fields, file: Fields, reporter: &mut Reporter<'_>) {
    for (key, section) in file {
        let Some(earlier) = map.get_mut(key) else {
            map.insert(key, section);
            continue;
        };
        match (&mut earlier.item.value, section.item.value) {
            (Checked::Table(entries), Checked::Table(more)) => {
                merge_tables(entries, more, reporter);
            }
            (Checked::List(items), Checked::List(more)) => items.extend(more),
            // Reported already, and it keeps references into the section from being resolved.
            (earlier, Checked::Broken) => *earlier = Checked::Broken,
            (Checked::Broken, _) => {}
            (_, _) if key == "version" => {}
            (_, _) => report_duplicate(key, section.at, earlier.at, reporter),
        }
    }
}

fn merge_tables(entries: &mut Vec<Named>, more: Vec<Named>, reporter: &mut Reporter<'_>) {
    let seen: BTreeMap<String, Mark> = entries.iter().map(|e| (e.key.clone(), e.at)).collect();
    for entry in more {
        match seen.get(&entry.key) {
            Some(first) => report_duplicate(&entry.key, entry.at, *first, reporter),
            None => entries.push(entry),
        }
    }
}

/// SHA-256 over the texts in order, with a NUL between two, which no valid file holds. Of a map in
/// one file it is the digest of that file.
fn digest(sources: &[Source]) -> String {
    let mut hash = Sha256::new();
    for (index, source) in sources.iter().enumerate() {
        if index > 0 {
            hash.update([0]);
        }
        hash.update(source.text.as_bytes());
    }
    hex::encode(hash.finalize())
}

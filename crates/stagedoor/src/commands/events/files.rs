//! Files with events, as people and `CloudTrail` leave them.

use crate::codes;
use crate::exit::BadConfiguration;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The most that is read of a file, unpacked. A log file of `CloudTrail` has a few megabytes.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// How deep folders are followed. `CloudTrail` keeps its logs eight folders deep.
const MAX_DEPTH: usize = 32;

/// Endings of the files that are read in a folder.
const ENDINGS: [&str; 4] = [".json", ".jsonl", ".json.gz", ".jsonl.gz"];

/// What cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Malformed {
    /// The file, with a line or a position where there is one.
    pub(super) place: String,
    /// What is wrong with it.
    pub(super) problem: String,
}

impl Malformed {
    pub(super) fn new(place: impl Into<String>, problem: &dyn fmt::Display) -> Self {
        Self { place: place.into(), problem: problem.to_string() }
    }
}

/// The files to read: the file itself, or all in the folder and its folders.
///
/// # Errors
/// The path, or a folder, cannot be read.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, BadConfiguration> {
    let is_folder = fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_dir();
    if !is_folder {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    walk(path, 0, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), BadConfiguration> {
    if depth > MAX_DEPTH {
        let message = format!("{}: folders are nested too deeply", folder.display());
        return Err(BadConfiguration::new(codes::EVENT_UNREADABLE, message));
    }
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.is_dir() {
            walk(&path, depth + 1, found)?;
        } else if is_wanted(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    name.is_some_and(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

fn unreadable(path: &Path, error: &io::Error) -> BadConfiguration {
    BadConfiguration::new(codes::EVENT_UNREADABLE, format!("{}: {error}", path.display()))
}

/// The events of a file, each with its place: one event, a log file's `Records`, or one a line.
/// `CloudTrail`'s digest files hold none.
pub(super) fn events_in(file: &Path) -> Vec<Result<(String, Value), Malformed>> {
    let name = file.display().to_string();
    let text = match text_of(file) {
        Ok(text) => text,
        Err(error) => return vec![Err(Malformed::new(name, &error))],
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(mut object)) => match object.remove("Records") {
            Some(Value::Array(records)) => {
                let numbered = records.into_iter().enumerate();
                numbered.map(|(at, record)| an_event(format!("{name}[{at}]"), record)).collect()
            }
            Some(other) => vec![Err(Malformed::new(name, &format!("`Records` is {other}")))],
            None if object.contains_key("digestS3Object") => Vec::new(),
            None => vec![Ok((name, Value::Object(object)))],
        },
        Ok(other) => vec![an_event(name, other)],
        Err(whole) => {
            let lines: Vec<(usize, &str)> =
                text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect();
            if lines.len() < 2 {
                return vec![Err(Malformed::new(name, &NotAnEvent(whole)))];
            }
            let parsed = lines.into_iter().map(|(at, line)| {
                let place = format!("{name}:{}", at + 1);
                match serde_json::from_str(line) {
                    Ok(event) => an_event(place, event),
                    Err(error) => Err(Malformed::new(place, &NotAnEvent(error))),
                }
            });
            parsed.collect()
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the event is not a JSON object: {0}")]
struct NotAnEvent(serde_json::Error);

fn an_event(place: String, event: Value) -> Result<(String, Value), Malformed> {
    if event.is_object() {
        return Ok((place, event));
    }
    Err(Malformed::new(place, &"the event is not a JSON object"))
}

/// The text of a file, unpacked if it is gzipped, with all members of one that was put together of several.
fn text_of(file: &Path) -> io::Result<String> {
    let mut head = Vec::new();
    File::open(file)?.take(2).read_to_end(&mut head)?;
    let opened = File::open(file)?;
    if head == [0x1f, 0x8b] { bounded(MultiGzDecoder::new(opened)) } else { bounded(opened) }
}

fn bounded(reader: impl Read) -> io::Result<String> {
    let mut text = String::new();
    reader.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("more than {MAX_BYTES} bytes")));
    }
    Ok(text)
}

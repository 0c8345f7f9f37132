//! Reading the access map from disk.

use crate::codes;
use crate::exit::BadConfiguration;
use crate::output::{self, counted};
use access::ids::TeamKey;
use access::invariants::{diagnostics, judge};
use access::map::{self, AccessMap, Diagnostic, Source, near_match};
use access::reason::ReasonCode;
use anyhow::Result;
use iam_policy::bundle::{Bundle, ControlPolicy};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reads a map file, or the `*.yaml` and `*.yml` files of a folder in the order of their names.
///
/// # Errors
/// [`BadConfiguration`] with the place of every error.
pub(crate) fn load(path: &Path) -> Result<AccessMap> {
    let sources = sources(path)?;
    map::parse(&sources).map_err(|diagnostics| {
        let count = diagnostics.as_slice().len();
        let plural = if count == 1 { "error" } else { "errors" };
        let message =
            format!("the access map has {count} {plural}\n\n{}", diagnostics.render(&sources));
        let errors = serde_json::to_value(&diagnostics).ok();
        BadConfiguration { errors, ..BadConfiguration::new(codes::MAP_INVALID, message) }.into()
    })
}

/// Every role and policy that the map means.
///
/// # Errors
/// [`BadConfiguration`] with the place of every error.
pub(crate) fn authorisation(map: &AccessMap, path: &Path) -> Result<Bundle> {
    access::authorisation::authorisation(map).map_err(|errors| refused(&errors, path))
}

/// Tells what AWS would not take for its size, on which nothing that is told of service control policies rests, and
/// which of these say less than was meant, because that does not fit.
pub(crate) fn caution_of_size(map: &AccessMap, bundle: &Bundle) {
    for policy in bundle.scps.iter().filter(|policy| policy.is_coarse) {
        let ControlPolicy { name, description, .. } = policy;
        output::talk(&format!(
            "caution: all that `{name}` would name does not fit. It says: {description}"
        ));
    }
    for problem in access::authorisation::too_large(map, bundle) {
        output::talk(&format!("caution: {problem}"));
    }
}

/// Proves that what the map says must hold does hold of the roles it means, and answers with these; `None`: it says
/// nothing.
///
/// # Errors
/// [`BadConfiguration`] with the place of every invariant that is refuted or not proved, and a
/// request that refutes it.
pub(crate) fn prove_invariants(map: &AccessMap, path: &Path) -> Result<Option<Bundle>> {
    if map.invariants.is_empty() {
        return Ok(None);
    }
    let bundle = authorisation(map, path)?;
    let errors = diagnostics(&judge(map, &bundle));
    if errors.is_empty() { Ok(Some(bundle)) } else { Err(refused(&errors, path)) }
}

fn refused(errors: &[Diagnostic], path: &Path) -> anyhow::Error {
    // The text is only shown around the error; without it, the error is told all the same.
    let sources = sources(path).unwrap_or_default();
    let shown: Vec<String> = errors.iter().map(|error| error.render(&sources)).collect();
    let count = counted(errors.len(), "error");
    let message = format!("the access map has {count}\n\n{}", shown.join("\n\n"));
    let errors = serde_json::to_value(errors).ok();
    BadConfiguration { errors, ..BadConfiguration::new(codes::MAP_INVALID, message) }.into()
}

/// The files of a map.
///
/// # Errors
/// The folder cannot be listed.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_dir() { yaml_files(path) } else { Ok(vec![path.to_owned()]) }
}

fn sources(path: &Path) -> Result<Vec<Source>> {
    let files = files(path)?;
    if files.is_empty() {
        let message = format!("{}: the folder holds no *.yaml file", path.display());
        return Err(BadConfiguration::new(codes::MAP_UNREADABLE, message).into());
    }
    files
        .iter()
        .map(|file| {
            let bytes = read(file).map_err(|error| unreadable(file, &error))?;
            Source::from_bytes(file.display().to_string(), bytes).map_err(|error| {
                BadConfiguration::new(codes::MAP_INVALID, error.to_string()).into()
            })
        })
        .collect()
}

/// Reads a file, and of one that is longer than any map only so much that this can be told.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(map::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.extension().is_some_and(|e| e == "yaml" || e == "yml") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> BadConfiguration {
    let message = format!(
        "{}: cannot be read: {error}. Name the access map with --map PATH or STAGEDOOR_MAP.",
        path.display()
    );
    BadConfiguration::new(codes::MAP_UNREADABLE, message)
}

/// Somebody named a team that the map does not have.
pub(crate) fn unknown_team(map: &AccessMap, team: &str) -> BadConfiguration {
    let teams: Vec<&str> = map.teams.keys().map(TeamKey::as_str).collect();
    let hint = match near_match(team, teams.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("It has {}.", teams.join(", ")),
    };
    let message = format!("the map has no team `{team}`. {hint}");
    BadConfiguration::new(ReasonCode::TeamUnknown, message)
}

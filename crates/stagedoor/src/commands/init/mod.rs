//! `stagedoor init`: a first map.

pub(super) mod read;

use crate::cli::{Common, InitArgs, OutputFormat};
use crate::codes;
use crate::exit::{BadConfiguration, NotDone, Outcome};
use crate::output::{self, counted};
use crate::system::SystemClock;
use access::first_map::{Existing, FirstMap, Verification, first_map, verify};
use access::map::{AccessMap, Source};
use access::shell::CommandLine;
use anyhow::{Context, Result};
use control::ports::Clock;
use serde_json::json;
use std::io::Write as _;
use std::path::Path;

/// A map to fill in.
const STARTER: &str = include_str!("starter.yaml");

pub(crate) async fn run(args: &InitArgs, common: &Common) -> Result<Outcome> {
    if !args.dry_run {
        refuse_overwriting(&args.out)?;
    }
    if args.from.is_empty() {
        return starter(args, common);
    }
    let domains = read::domains(&args.from)?;
    let existing =
        read::existing(&domains, &args.existing, read::Directory::Required).await?.existing;
    let first = first_map(&existing);
    let verified = verify(&existing, &first, SystemClock.now()).map_err(|errors| {
        let sources =
            [Source { name: args.out.display().to_string().into(), text: first.text.clone() }];
        let message = format!(
            "what exists cannot be said in a map, so none was written\n\n{}",
            errors.render(&sources)
        );
        BadConfiguration { errors: serde_json::to_value(&errors).ok(), ..invalid(message) }
    })?;
    if !args.dry_run {
        write(&args.out, &first.text)?;
    }
    tell(args, common, &existing, &first, &verified);
    Ok(match (verified.surprises.is_empty(), verified.first.is_empty()) {
        (true, true) => Outcome::Done,
        (true, false) => Outcome::ChangesPending,
        (false, _) => Outcome::Failed,
    })
}

fn invalid(message: String) -> BadConfiguration {
    BadConfiguration::new(codes::INIT_INVALID, message)
}

fn starter(args: &InitArgs, common: &Common) -> Result<Outcome> {
    if !args.dry_run {
        write(&args.out, STARTER)?;
    }
    match common.output {
        OutputFormat::Json => output::data(
            &json!({
                "apiVersion": output::API_VERSION,
                "kind": "FirstMap",
                "file": (!args.dry_run).then(|| args.out.display().to_string()),
                "map": STARTER,
            })
            .to_string(),
        ),
        OutputFormat::Table if args.dry_run => output::data(STARTER.trim_end()),
        OutputFormat::Table => {
            let file = args.out.display().to_string();
            output::data(&format!(
                "{file} is written. Fill it in, check it with `{}`, and ask `{}` what would be done.",
                on_map(&["validate"], &file),
                on_map(&["plan"], &file)
            ));
        }
    }
    Ok(Outcome::Done)
}

fn refuse_overwriting(file: &Path) -> Result<()> {
    if !file.exists() {
        return Ok(());
    }
    Err(NotDone {
        outcome: Outcome::Failed,
        code: codes::FILE_EXISTS.as_str(),
        message: format!("{} is there already, and nothing was read or written", file.display()),
        remedy: "Name another file with --out FILE, or see the map first with --dry-run."
            .to_owned(),
    }
    .into())
}

/// Writes the file, if there is still none.
fn write(file: &Path, text: &str) -> Result<()> {
    let what = || format!("cannot write {}", file.display());
    let mut made = std::fs::File::create_new(file).with_context(what)?;
    made.write_all(text.as_bytes()).with_context(what)
}

fn tell(
    args: &InitArgs,
    common: &Common,
    existing: &Existing,
    first: &FirstMap,
    verified: &Verification,
) {
    match common.output {
        OutputFormat::Json => {
            let document = document(args, existing, first, verified);
            output::data(&document.to_string());
        }
        OutputFormat::Table if args.dry_run => {
            output::data(first.text.trim_end());
            output::talk(&summary(args, first, verified));
        }
        OutputFormat::Table => output::data(&summary(args, first, verified)),
    }
    for surprise in &verified.surprises {
        output::talk(&format!("error: the map does not describe what there is: {surprise}"));
    }
}

fn document(
    args: &InitArgs,
    existing: &Existing,
    first: &FirstMap,
    verified: &Verification,
) -> serde_json::Value {
    json!({
        "apiVersion": output::API_VERSION,
        "kind": "FirstMap",
        "file": (!args.dry_run).then(|| args.out.display().to_string()),
        "map": first.text,
        "summary": {
            "domains": verified.map.domains.len(),
            "teams": verified.map.teams.len(),
            "grants": verified.map.grants.len(),
            "profiles": profiles(existing),
            "takenOver": first.adopted.len(),
            "toMake": verified.to_make,
            "toAssign": verified.to_assign,
            "nothingToDo": verified.first.is_empty(),
        },
        "findings": first.findings,
        "surprises": verified.surprises,
    })
}

fn profiles(existing: &Existing) -> usize {
    existing.domains.iter().map(|domain| domain.observed.profiles.len()).sum()
}

fn summary(args: &InitArgs, first: &FirstMap, verified: &Verification) -> String {
    let AccessMap { domains, teams, grants, .. } = &verified.map;
    let file = args.out.display().to_string();
    let written = if args.dry_run { "would be written" } else { "is written" };
    let plan = if verified.first.is_empty() {
        "The first plan: nothing to do.".to_owned()
    } else {
        let number = verified.first.actions.len() + verified.first.assignments.len();
        format!("The first plan has {}, which it should not.", counted(number, "change"))
    };
    let findings = match first.findings.len() {
        0 => "Everything that was found is explained.".to_owned(),
        number => format!(
            "{} at the end of the map: what is not explained, or to be known.",
            counted(number, "note")
        ),
    };
    format!(
        "{file} {written}: {}, {}, {}; {} to take over as they are.\n{plan}\n\
         With every team enforced, {} would be made and {} assigned.\n{findings}\n\
         Next: `{}`, `{}`, and a week of `{}`.",
        counted(domains.len(), "domain"),
        counted(teams.len(), "team"),
        counted(grants.len(), "grant"),
        counted(first.adopted.len(), "profile"),
        counted(verified.to_make, "profile"),
        counted(verified.to_assign, "group"),
        on_map(&["validate"], &file),
        on_map(&["plan"], &file).flag("--all"),
        on_map(&["serve"], &file).flag("--observe-only"),
    )
}

fn on_map<'a>(words: &[&'a str], file: &'a str) -> CommandLine<'a> {
    CommandLine::of(words).with("--map", file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::map::parse;

    #[test]
    fn the_starter_map_is_valid_and_changes_nothing() {
        let source = Source { name: "access.yaml".into(), text: STARTER.into() };
        let map = parse(&[source]).unwrap_or_else(|errors| panic!("{errors:?}"));
        assert_eq!((map.domains.len(), map.teams.len(), map.grants.len()), (1, 1, 1));
        assert_eq!(map.rollout.enforce.map(|teams| teams.len()), Some(0));
    }
}

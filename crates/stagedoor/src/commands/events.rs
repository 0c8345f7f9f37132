//! `stagedoor events`.

use super::{apply, plan};
use crate::cli::{Common, ReplayArgs};
use crate::exit::{BadConfiguration, Outcome};
use crate::{compose, mapfile, output};
use access::check::Removals;
use anyhow::Result;
use aws::Aws;
use control::event::{self, Verdict, Wake};
use control::reconciler::scope_of;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The largest file of events that is read: a `CloudTrail` log file has some thousand records.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Reads events from files and acts on all of them in one go, as the loop would.
pub(super) async fn replay(args: &ReplayArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let store = compose::store(&args.store.store, args.dry_run)?;
    let plane = compose::parts(map, Aws::connect().await, store).plane;
    let (mut read, mut wakes) = (false, Wake::People(BTreeSet::new()));
    for file in files(&args.path)? {
        for (place, body) in events_in(&file)? {
            read = true;
            let reading = event::read(&body).map_err(|error| {
                BadConfiguration::new("event-invalid", format!("{place}: {error}"))
            })?;
            plane.learn(&reading).await;
            let wake = match &reading.verdict {
                Verdict::Concerns(concern) => plane.resolve(concern).await,
                Verdict::Unknown => Wake::Everything,
                Verdict::Nobody | Verdict::Failed(_) => Wake::People(BTreeSet::new()),
            };
            output::talk(&format!(
                "{place}: {} {} → {}",
                reading.name.as_deref().unwrap_or("no eventName"),
                reading.event_id.as_deref().unwrap_or("no eventID"),
                describe(&wake)
            ));
            wakes = wakes.and(wake);
        }
    }
    if !read {
        let message = format!("{}: there is no event in it", args.path.display());
        return Err(BadConfiguration::new("event-invalid", message).into());
    }
    if wakes.is_nobody() {
        output::talk("No event concerns anybody's rights. Nothing to do.");
        return Ok(Outcome::Done);
    }
    let scope = scope_of(wakes);
    if args.dry_run {
        let survey = plane.survey(&scope).await?;
        let planned = plane.plan(&survey);
        plan::show(&planned, &plane.map, common, false)?;
        return Ok(plan::outcome(&planned, &survey));
    }
    apply::converge(&plane, &scope, Removals::Guarded, args.wait, None, common).await
}

fn describe(wake: &Wake) -> String {
    if wake.is_nobody() { "concerns nobody's rights".into() } else { format!("read {wake} again") }
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
        let path = entry.map_err(|error| unreadable(path, &error))?.path();
        if path.is_file() && path.extension().is_some_and(|e| e == "json" || e == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The events of a file, each with its place: one event, a log file's `Records`, or one a line.
fn events_in(file: &Path) -> Result<Vec<(String, String)>> {
    let name = file.display().to_string();
    let size = fs::metadata(file).map_err(|error| unreadable(file, &error))?.len();
    if size > MAX_FILE_BYTES {
        let message = format!("{name}: {size} bytes are more than {MAX_FILE_BYTES}");
        return Err(BadConfiguration::new("event-invalid", message).into());
    }
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(object)) => match object.get("Records") {
            Some(Value::Array(records)) => Ok(records
                .iter()
                .enumerate()
                .map(|(index, record)| (format!("{name}[{index}]"), record.to_string()))
                .collect()),
            _ => Ok(vec![(name, text)]),
        },
        Ok(_) => Ok(vec![(name, text)]),
        Err(_) => Ok(text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(index, line)| (format!("{name}:{}", index + 1), line.to_owned()))
            .collect()),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> BadConfiguration {
    BadConfiguration::new("event-unreadable", format!("{}: {error}", path.display()))
}

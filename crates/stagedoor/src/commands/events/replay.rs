//! `stagedoor events replay`.

use super::files::{self, Malformed};
use super::index::ReadOnly;
use crate::cli::{Common, OutputFormat, ReplayArgs};
use crate::codes;
use crate::commands::{apply, plan};
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, counted, visible};
use crate::progress::Progress;
use crate::report::Next;
use crate::{compose, mapfile, report};
use access::check::Removals;
use access::ids::PersonId;
use anyhow::Result;
use aws::Aws;
use control::event::{self, EventCounts, Family, Reading, Verdict, Wake};
use control::plane::Plane;
use control::reconciler::scope_of;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many people are named; more are counted.
const PEOPLE_NAMED: usize = 5;

/// Reads events from files and acts on all of them in one go, as the loop would.
pub(super) async fn run(args: &ReplayArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let told = read(args)?;
    if told.events == 0 && told.malformed.is_empty() {
        let message = format!("{}: there is no event in it", args.path.display());
        return Err(BadConfiguration::new(codes::EVENT_INVALID, message).into());
    }
    let aws = Aws::connect().await;
    let store = compose::acting_store(&args.store.store, &aws, &map, args.dry_run).await?;
    let mut plane = compose::plane(map, aws, store).await?;
    if args.dry_run {
        let (kept, learnt) = (plane.memberships, compose::forgetful_store()?);
        plane.memberships = Arc::new(ReadOnly { kept, learnt });
    }
    let heard = hear(&plane, &told).await;
    tell(&told, &heard);
    let outcome = act(args, common, &plane, &told, &heard).await?;
    // What could not be read may have concerned anybody.
    let is_whole = told.malformed.is_empty() || outcome == Outcome::GuardRefused;
    Ok(if is_whole { outcome } else { Outcome::Failed })
}

/// What files tell.
#[derive(Debug, Default)]
struct Told {
    files: usize,
    events: usize,
    /// Events outside the window.
    outside: usize,
    /// Events that come from no directory: all that a trail records besides.
    others: u64,
    /// The other events, each with its place.
    readings: Vec<(String, Reading)>,
    malformed: Vec<Malformed>,
}

fn read(args: &ReplayArgs) -> Result<Told> {
    let files = files::files(&args.path)?;
    let mut told = Told { files: files.len(), ..Told::default() };
    let progress = Progress::bar(files.len(), "Reading files");
    for file in &files {
        for event in files::events_in(file) {
            let (place, event) = match event {
                Ok(event) => event,
                Err(malformed) => {
                    let Malformed { place, problem } = &malformed;
                    progress.talk(&format!("error: {}", visible(&format!("{place}: {problem}"))));
                    told.malformed.push(malformed);
                    continue;
                }
            };
            told.events += 1;
            let reading = event::read_value(&event);
            // An event that does not say when it happened is not left out.
            let is_early = args.since.zip(reading.at).is_some_and(|(since, at)| at < since);
            let is_late = args.until.zip(reading.at).is_some_and(|(until, at)| at >= until);
            if is_early || is_late {
                told.outside += 1;
            } else if reading.family == Family::Other && reading.verdict == Verdict::Nobody {
                told.others += 1;
            } else {
                told.readings.push((place, reading));
            }
        }
        progress.step();
    }
    Ok(told)
}

/// What it comes to.
#[derive(Debug)]
struct Heard {
    wake: Wake,
    outcomes: EventCounts,
}

async fn hear(plane: &Plane, told: &Told) -> Heard {
    let readings: Vec<Reading> = told.readings.iter().map(|(_, reading)| reading.clone()).collect();
    let mut outcomes = EventCounts::new();
    let heard = |number: usize, wake: &Wake| {
        if let Some((place, reading)) = told.readings.get(number) {
            output::talk(&line(place, reading, wake));
            *outcomes.entry((reading.family, reading.outcome(wake))).or_default() += 1;
        }
    };
    let wake = plane.retell(&readings, heard).await;
    if told.others > 0 {
        outcomes.insert((Family::Other, event::Outcome::Ignored), told.others);
    }
    Heard { wake, outcomes }
}

fn line(place: &str, reading: &Reading, wake: &Wake) -> String {
    let name = reading.name.as_deref().unwrap_or("no eventName");
    let id = reading.event_id.as_deref().unwrap_or("no eventID");
    let what = match &reading.verdict {
        Verdict::Failed(code) => format!("the call failed ({code})"),
        _ if wake.is_nobody() => "concerns nobody's rights".to_owned(),
        _ => format!("read {} again", described(wake)),
    };
    visible(&format!("{place}: {name} {id} → {what}"))
}

fn described(wake: &Wake) -> String {
    match wake {
        Wake::People(people) if people.len() > PEOPLE_NAMED => format!("{} people", people.len()),
        wake => wake.to_string(),
    }
}

/// How many events came to what.
fn tell(told: &Told, heard: &Heard) {
    let mut words: BTreeMap<Family, Vec<String>> = BTreeMap::new();
    for ((family, outcome), count) in &heard.outcomes {
        words.entry(*family).or_default().push(format!("{} {count}", outcome.as_str()));
    }
    let outside = match told.outside {
        0 => String::new(),
        outside => format!(", {outside} of them outside the window"),
    };
    let (files, events) = (counted(told.files, "file"), counted(told.events, "event"));
    output::talk(&format!("{files}, {events}{outside}."));
    for (family, words) in words {
        output::talk(&format!("  {family}: {}", words.join(", ")));
    }
    if !told.malformed.is_empty() {
        let count = counted(told.malformed.len(), "thing");
        output::talk(&format!("  {count} could not be read (event-invalid)"));
    }
}

async fn act(
    args: &ReplayArgs,
    common: &Common,
    plane: &Plane,
    told: &Told,
    heard: &Heard,
) -> Result<Outcome> {
    if heard.wake.is_nobody() {
        output::talk("No event concerns anybody's rights. Nothing to do.");
        if common.output == OutputFormat::Json {
            output::data(&document(told, heard, args.dry_run, &[]).to_string());
        }
        return Ok(Outcome::Done);
    }
    // Only those concerned are read, from now to the end.
    let scope = scope_of(heard.wake.clone());
    if args.dry_run {
        let survey = plane.survey(&scope).await?;
        let planned = plane.plan(&survey);
        match common.output {
            OutputFormat::Json => {
                let plan = [("plan", report::plan_json(&planned, &survey, &plane.map))];
                output::data(&document(told, heard, true, &plan).to_string());
            }
            OutputFormat::Table => {
                let next = Next::apply(plane, None, None).await;
                plan::show(&planned, &survey, &plane.map, common, &next);
            }
        }
        return Ok(plan::outcome(&planned, &survey, &plane.map.rollout));
    }
    let done =
        apply::settle(plane, &scope, Removals::Guarded, args.wait, None, &|plan, _| plan).await?;
    if common.output == OutputFormat::Json {
        let blocked: Vec<_> = done.plan.blocked().collect();
        let result = [("changed", json!(done.changed)), ("blocked", json!(blocked))];
        output::data(&document(told, heard, false, &result).to_string());
    } else {
        apply::print(&done, plane, common).await;
    }
    Ok(apply::ended(&done, &plane.map.rollout))
}

fn document(told: &Told, heard: &Heard, dry_run: bool, more: &[(&str, Value)]) -> Value {
    let outcomes: Vec<Value> = heard
        .outcomes
        .iter()
        .map(|((family, outcome), count)| {
            json!({"family": family.as_str(), "outcome": outcome.as_str(), "events": count})
        })
        .collect();
    let wake = match &heard.wake {
        Wake::Everything => json!("everything"),
        Wake::People(people) => people.iter().map(PersonId::as_str).collect(),
    };
    let mut document = json!({
        "apiVersion": output::API_VERSION,
        "kind": "EventsReplay",
        "dryRun": dry_run,
        "files": told.files,
        "events": told.events,
        "outsideWindow": told.outside,
        "outcomes": outcomes,
        "malformed": told.malformed,
        "readAgain": wake,
    });
    if let Some(members) = document.as_object_mut() {
        members.extend(more.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    }
    document
}

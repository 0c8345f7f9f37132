//! `stagedoor directory show`.

use super::reading::{Kept, plane};
use crate::cli::{Common, OutputFormat, ShowDirectoryArgs};
use crate::exit::Outcome;
use crate::output::{self, Paint, counted, visible};
use access::entitlement::{missing_groups, wanted_groups};
use access::ids::{GroupId, PersonId};
use access::map::AccessMap;
use access::snapshot::Snapshot;
use anyhow::Result;
use control::doctor::{DirectoryFacts, directories};
use control::ports::{Concern, Memberships, Standing};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Instant;

pub(super) async fn run(args: &ShowDirectoryArgs, common: &Common) -> Result<Outcome> {
    let plane = plane(&args.map.map, &args.store).await?;
    let wanted = wanted_groups(&plane.map);
    let began = Instant::now();
    let reading = plane.directory.everybody(&wanted).await?;
    let took = began.elapsed().as_millis();
    let read_at = plane.clock.now();
    let facts = directories(&plane.map, &*plane.directory, read_at).await;
    let groups_in_all = match &reading.memberships {
        Memberships::Complete(groups) => groups.len(),
        Memberships::Some(_) => reading.snapshot.groups.len(),
    };
    let shown = Shown {
        map: &plane.map,
        snapshot: &reading.snapshot,
        facts: &facts,
        missing: missing_groups(&plane.map, &reading.snapshot)
            .into_iter()
            .map(|group| group.to_string())
            .collect(),
        groups_in_all,
        took: u64::try_from(took).unwrap_or(u64::MAX),
    };
    match common.output {
        OutputFormat::Json => output::data(&shown.json(args.people).to_string()),
        OutputFormat::Table => {
            output::data(shown.text(args.people, Paint::stdout(common)).trim_end());
        }
    }
    if let Some(path) = &args.save {
        Kept::new(read_at, reading.snapshot.clone()).write(path)?;
        output::talk(&format!("The reading is kept in {}.", path.display()));
    }
    Ok(Outcome::Done)
}

/// What is shown.
struct Shown<'a> {
    map: &'a AccessMap,
    snapshot: &'a Snapshot,
    facts: &'a DirectoryFacts,
    /// Groups that the map names and their directories have not.
    missing: BTreeSet<String>,
    groups_in_all: usize,
    /// In milliseconds.
    took: u64,
}

impl Shown<'_> {
    /// How many people a directory is the first to know, how many of them may sign in, and how many
    /// of its groups grants name.
    fn counts(&self, at: usize) -> (usize, usize, usize) {
        let own = |id: &str| self.map.directories.source_of(id) == at;
        let people = self.snapshot.people.values().filter(|person| own(person.id.as_str()));
        let (mut all, mut enabled) = (0, 0);
        for person in people {
            all += 1;
            enabled += usize::from(person.enabled);
        }
        let groups = self.snapshot.groups.keys().filter(|id| own(id.as_str())).count();
        (all, enabled, groups)
    }

    fn json(&self, with_people: bool) -> Value {
        let sources = self.facts.each.iter().enumerate().map(|(at, (name, kind, standing))| {
            let (people, enabled, groups) = self.counts(at);
            let mut shown = json!({
                "name": name,
                "kind": kind,
                "people": people,
                "enabled": enabled,
                "groupsOfGrants": groups,
            });
            merge(&mut shown, standing_json(standing.as_ref().ok()));
            shown
        });
        let groups = self.snapshot.groups.values().map(|group| {
            json!({
                "id": group.id,
                "name": group.display_name,
                "members": group.members.len(),
            })
        });
        let together = self.facts.together.as_ref().and_then(|standing| standing.as_ref().ok());
        let concerns = together.map_or(&[][..], |standing| &standing.concerns);
        let mut document = json!({
            "apiVersion": output::API_VERSION,
            "kind": "Directory",
            "readAt": self.facts.at,
            "tookMilliseconds": self.took,
            // A reading that breaks off is an error, so what is shown is whole.
            "complete": true,
            "people": self.snapshot.people.len(),
            "groups": self.groups_in_all,
            "directories": sources.collect::<Vec<_>>(),
            "groupsOfGrants": groups.collect::<Vec<_>>(),
            "groupsMissing": self.missing,
            "concerns": concerns.iter().map(concern).collect::<Vec<_>>(),
        });
        if with_people {
            let of = groups_of(self.snapshot);
            let people = self.snapshot.people.values().map(|person| {
                json!({
                    "id": person.id,
                    "userName": person.user_name,
                    "displayName": person.display_name,
                    "enabled": person.enabled,
                    "groups": of.get(&person.id),
                })
            });
            merge(&mut document, json!({ "listed": people.collect::<Vec<_>>() }));
        }
        document
    }

    fn text(&self, with_people: bool, paint: Paint) -> String {
        let mut out = String::new();
        for (at, (name, kind, standing)) in self.facts.each.iter().enumerate() {
            let (people, enabled, groups) = self.counts(at);
            let head = if name.as_str() == *kind { String::new() } else { format!(" ({kind})") };
            let _ = writeln!(out, "{}{head}", paint.bold(name.as_str()));
            let _ = writeln!(
                out,
                "  {}, {} of them may sign in; {} of grants",
                counted_people(people),
                enabled,
                counted(groups, "group")
            );
            if let Ok(standing) = standing {
                out.push_str(&standing_text(standing, paint));
            }
        }
        let _ = writeln!(
            out,
            "\nRead in {} ms, completely: {} and {}.",
            self.took,
            counted_people(self.snapshot.people.len()),
            counted(self.groups_in_all, "group")
        );
        for group in self.snapshot.groups.values() {
            let (name, members) = (visible(&group.display_name), group.members.len());
            let id = visible(group.id.as_str());
            let _ = writeln!(out, "  {name} ({id})  {}", counted(members, "member"));
        }
        for group in &self.missing {
            let mark = paint.yellow("!");
            let _ = writeln!(out, "  {mark} {} is in no directory", visible(group));
        }
        if let Some(Ok(standing)) = &self.facts.together {
            for concern in &standing.concerns {
                let _ = writeln!(out, "{} {}", paint.yellow("!"), visible(&concern.text));
            }
        }
        if with_people {
            out.push('\n');
            let of = groups_of(self.snapshot);
            for person in self.snapshot.people.values() {
                let state = if person.enabled { String::new() } else { ", disabled".to_owned() };
                let groups: Vec<&str> =
                    of.get(&person.id).into_iter().flatten().map(|(_, name)| *name).collect();
                let name = visible(&person.user_name);
                let _ = writeln!(out, "{name} ({}{state})  {}", person.id, groups.join(", "));
            }
        }
        out
    }
}

fn counted_people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// The groups of each person, by id and name.
fn groups_of(snapshot: &Snapshot) -> BTreeMap<&PersonId, BTreeMap<&GroupId, &str>> {
    let mut of: BTreeMap<&PersonId, BTreeMap<&GroupId, &str>> = BTreeMap::new();
    for group in snapshot.groups.values() {
        for person in &group.members {
            of.entry(person).or_default().insert(&group.id, &group.display_name);
        }
    }
    of
}

fn standing_json(standing: Option<&Standing>) -> Value {
    let Some(standing) = standing else { return json!({}) };
    json!({
        "place": standing.place,
        "readAt": standing.read_at,
        "changedAt": standing.changed_at,
        "details": standing.details,
        "concerns": standing.concerns.iter().map(concern).collect::<Vec<_>>(),
    })
}

fn concern(concern: &Concern) -> Value {
    json!({ "code": concern.code, "message": concern.text })
}

fn standing_text(standing: &Standing, paint: Paint) -> String {
    let mut out = String::new();
    if !standing.place.is_empty() {
        let _ = writeln!(out, "  at {}", visible(&standing.place));
    }
    for (what, when) in [("changed", standing.changed_at), ("read", standing.read_at)] {
        if let Some(when) = when {
            let _ = writeln!(out, "  {what} at {when:.0}");
        }
    }
    for (name, value) in &standing.details {
        let _ = writeln!(out, "  {}: {}", visible(name), visible(value));
    }
    for concern in &standing.concerns {
        let _ = writeln!(out, "  {} {}", paint.yellow("!"), visible(&concern.text));
    }
    out
}

/// Puts the keys of one object into another.
fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

//! `stagedoor directory test`.

use super::reading::plane;
use crate::cli::{Common, OutputFormat, TestDirectoryArgs};
use crate::doctor;
use crate::exit::Outcome;
use crate::output::{self, Paint, visible};
use access::entitlement::wanted_groups;
use access::ids::DirectoryName;
use anyhow::Result;
use control::doctor::{About, Check, any_failed, call_failed, directories, judge_directories};
use control::plane::Plane;
use control::ports::Directory;
use std::collections::BTreeSet;
use std::time::Instant;

pub(super) async fn run(args: &TestDirectoryArgs, common: &Common) -> Result<Outcome> {
    let plane = plane(&args.map.map, &args.store).await?;
    let mut checks = Vec::new();
    for (name, part) in each(&plane) {
        checks.push(reading(&plane, &name, part).await);
    }
    let facts = directories(&plane.map, &*plane.directory, plane.clock.now()).await;
    // That it can be read was just tried.
    let said = judge_directories(&facts).into_iter();
    checks.extend(said.filter(|check| check.about != About::DirectorySource));
    if let Some(person) = &args.person {
        checks.push(looked_up(&plane, person).await);
    }
    match common.output {
        OutputFormat::Json => output::data(&doctor::json(&checks).to_string()),
        OutputFormat::Table => output::data(&doctor::text(&checks, Paint::stdout(common))),
    }
    Ok(if any_failed(&checks) { Outcome::NotVerified } else { Outcome::Done })
}

/// Each directory by itself.
fn each(plane: &Plane) -> Vec<(DirectoryName, &dyn Directory)> {
    let parts = plane.directory.parts();
    if !parts.is_empty() {
        return parts.into_iter().map(|(name, part)| (name.clone(), part)).collect();
    }
    let alone = plane.map.directories.sources.first();
    alone.map(|source| (source.name.clone(), &*plane.directory)).into_iter().collect()
}

/// Reads one directory from beginning to end.
async fn reading(plane: &Plane, name: &DirectoryName, part: &dyn Directory) -> Check {
    let subject = format!("directory {name}");
    let began = Instant::now();
    match part.everybody(&wanted_groups(&plane.map)).await {
        Err(error) => call_failed(About::DirectorySource, Some(&subject), &error),
        Ok(reading) => {
            let (people, groups) = (reading.snapshot.people.len(), reading.snapshot.groups.len());
            let text = format!(
                "read completely in {} ms: {people} people, {groups} of the groups that grants name",
                began.elapsed().as_millis()
            );
            Check::passed(About::DirectorySource, Some(&subject), text)
        }
    }
}

/// Looks a person up as a sign-in would.
async fn looked_up(plane: &Plane, text: &str) -> Check {
    let subject = format!("person {}", visible(text));
    let named = match crate::people::find(plane, text).await {
        Ok(named) => named,
        Err(error) => {
            return Check::failed(
                About::DirectorySource,
                Some(&subject),
                "person-unknown",
                format!("{error:#}"),
                "Name them as the directory does, or see with `stagedoor directory show --people` \
                 who is there.",
            );
        }
    };
    let read = plane
        .directory
        .people(&BTreeSet::from([named.id.clone()]), &wanted_groups(&plane.map))
        .await;
    match read {
        Err(error) => call_failed(About::DirectorySource, Some(&subject), &error),
        Ok(read) => {
            let groups = read.snapshot.groups.values().map(|group| visible(&group.display_name));
            let groups: Vec<String> = groups.collect();
            let state = match read.snapshot.people.get(&named.id) {
                Some(person) if person.enabled => "may sign in",
                Some(_) => "is disabled",
                None => "is not there",
            };
            let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(", ") };
            let text = format!("{} {state}; groups of grants: {groups}", named.id);
            Check::passed(About::DirectorySource, Some(&subject), text)
        }
    }
}

//! `stagedoor directory diff`.

use super::reading::{Kept, plane};
use crate::cli::{Common, DiffDirectoryArgs, OutputFormat};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, Paint, visible};
use access::entitlement::wanted_groups;
use access::ids::PersonId;
use access::snapshot::{Coverage, Group, Snapshot};
use anyhow::Result;
use control::directory::{Differences, GroupChange, PersonDifference};
use control::plane::Plane;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

pub(super) async fn run(args: &DiffDirectoryArgs, common: &Common) -> Result<Outcome> {
    let before = args.since.as_deref().map(Kept::read).transpose()?;
    let plane = plane(&args.map.map, &args.store).await?;
    let now = plane.directory.everybody(&wanted_groups(&plane.map)).await?.snapshot;
    let (read_at, before) = match before {
        Some(kept) => (Some(kept.read_at), kept.snapshot),
        None => (None, remembered(&plane, &now).await?),
    };
    let changes = Differences::between(&before, &now);
    let names = names(&before, &now);
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "DirectoryDiff",
                "since": read_at,
                "people": changes.people,
                "groups": changes.groups,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            output::data(text(&changes, &names, Paint::stdout(common)).trim_end());
        }
    }
    Ok(if changes.is_empty() { Outcome::Done } else { Outcome::ChangesPending })
}

/// The groups as the store remembers them from the last full reading of a server, and from what it
/// was told since. Of people it remembers nothing else, so they are taken to be as they are now.
async fn remembered(plane: &Plane, now: &Snapshot) -> Result<Snapshot> {
    let mut groups = BTreeMap::new();
    for id in now.groups.keys() {
        if let Some(former) = plane.memberships.group(id).await?.filter(|group| group.was_read) {
            let display_name = former.display_name;
            let group = Group { id: id.clone(), display_name, members: former.present };
            groups.insert(id.clone(), group);
        }
    }
    if groups.is_empty() && !now.groups.is_empty() {
        let message = "the store remembers no reading of these directories: name one with --since, or \
                       let a server with this store read them first";
        return Err(BadConfiguration::new(codes::READING_MISSING, message).into());
    }
    Ok(Snapshot {
        people: now.people.clone(),
        groups,
        coverage: Coverage::Complete,
        offboarded: BTreeMap::new(),
        barred: BTreeMap::new(),
        temporary: BTreeMap::new(),
    })
}

/// What people are called, as they are now or were before.
fn names<'s>(before: &'s Snapshot, now: &'s Snapshot) -> BTreeMap<&'s PersonId, &'s str> {
    let all = before.people.values().chain(now.people.values());
    all.map(|person| (&person.id, person.user_name.as_str())).collect()
}

fn text(changes: &Differences, names: &BTreeMap<&PersonId, &str>, paint: Paint) -> String {
    let mut out = String::new();
    for change in &changes.people {
        let name = visible(&change.user_name);
        let (sign, what) = match &change.what {
            PersonDifference::Added => (paint.green("+"), "is new".to_owned()),
            PersonDifference::Removed => (paint.red("-"), "is gone".to_owned()),
            PersonDifference::Enabled => (paint.green("+"), "may sign in again".to_owned()),
            PersonDifference::Disabled => (paint.red("-"), "is disabled".to_owned()),
            PersonDifference::Renamed(was) => {
                (paint.yellow("~"), format!("was called {}", visible(was)))
            }
        };
        let _ = writeln!(out, "{sign} {name} ({}) {what}", change.id);
    }
    for change in &changes.groups {
        out.push_str(&group_text(change, names, paint));
    }
    if changes.is_empty() {
        out.push_str("Nothing changed.\n");
    }
    out
}

fn group_text(change: &GroupChange, names: &BTreeMap<&PersonId, &str>, paint: Paint) -> String {
    let mut out = String::new();
    let name = paint.bold(&visible(&change.name));
    let what = match (change.presence.before, change.presence.now) {
        (false, _) => ", which is new",
        (_, false) => ", which is gone",
        _ => "",
    };
    let renamed =
        change.renamed.as_deref().map(|was| format!(", which was called {}", visible(was)));
    let _ = writeln!(out, "{name} ({}){what}{}", change.id, renamed.unwrap_or_default());
    let mut people = |ids: &BTreeSet<PersonId>, sign: &str| {
        for id in ids {
            let name = names.get(id).map_or_else(|| id.to_string(), |name| visible(name));
            let _ = writeln!(out, "  {sign} {name}");
        }
    };
    people(&change.joined, &paint.green("+"));
    people(&change.left, &paint.red("-"));
    out
}

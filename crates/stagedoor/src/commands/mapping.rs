//! `stagedoor mapping`: the grant table, which group gets which team besides the map.

use crate::cli::{
    ChangeArgs, Common, DeleteMappingArgs, GetMappingArgs, GroupArg, ListMappingArgs,
    MappingCommand, OutputFormat, PutMappingArgs, StoreArg,
};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, counted, visible};
use crate::system::SystemClock;
use crate::{compose, mapfile, people};
use access::ids::{GroupId, TeamKey};
use access::map::{AccessMap, Gives, GroupRef, MAX_ROWS, TableGrant};
use access::reason::ReasonCode;
use anyhow::{Result, anyhow};
use aws::Aws;
use control::ports::{Actor, AuditEntry, AuditEvent, Clock, Store, WorkKey};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

pub(super) async fn run(command: MappingCommand, common: &Common) -> Result<Outcome> {
    match command {
        MappingCommand::List(args) => list(&args, common).await,
        MappingCommand::Get(args) => get(&args, common).await,
        MappingCommand::Put(args) => put(&args, common).await,
        MappingCommand::Delete(args) => delete(&args, common).await,
    }
}

async fn list(args: &ListMappingArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let store = readable(&args.store).await?;
    let rows = store.grants().await?.rows;
    if common.output == OutputFormat::Json {
        output::data(&document("Mappings", &map, &rows).to_string());
    } else if rows.is_empty() {
        output::data("The grant table is empty.");
    } else {
        output::data(&table(&map, &rows));
    }
    tell_unused(&map);
    Ok(Outcome::Done)
}

async fn get(args: &GetMappingArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let group = group(&args.group)?;
    let store = readable(&args.store).await?;
    let mut rows = store.grants().await?.rows;
    rows.retain(|row| row.group == group);
    match common.output {
        OutputFormat::Json => output::data(&document("Mappings", &map, &rows).to_string()),
        OutputFormat::Table if rows.is_empty() => {
            output::data(&format!("The grant table gives {} nothing.", shown(&group)));
        }
        OutputFormat::Table => output::data(&table(&map, &rows)),
    }
    Ok(if rows.is_empty() { Outcome::Denied } else { Outcome::Done })
}

async fn put(args: &PutMappingArgs, common: &Common) -> Result<Outcome> {
    let map = taking_rows(&args.change)?;
    let (location, aws) = (&args.change.store.store, Aws::connect().await);
    let store = compose::acting_store(location, &aws, &map, args.change.dry_run).await?;
    let gives = match (&args.team, &args.role) {
        (Some(team), _) => Gives::Team(team.clone()),
        (None, Some(role)) => Gives::Role(role.clone()),
        (None, None) => {
            return Err(BadConfiguration::new(codes::USAGE, "name --team or --role").into());
        }
    };
    look_at(&args.group.group)?;
    let row = TableGrant {
        group: group(&args.group)?,
        gives,
        priority: args.priority,
        from: args.from,
        until: args.until,
        by: args.change.by.by.clone(),
        at: SystemClock.now(),
        why: args.reason.clone(),
    };
    let team = map.row(&row).map_err(|problem| refused(&problem.to_string()))?;
    let reading = store.grants().await?;
    let is_same = |known: &&TableGrant| known.group == row.group && known.gives == row.gives;
    let before = reading.rows.iter().find(is_same).cloned();
    if before.is_none() && reading.rows.len() >= MAX_ROWS {
        return Err(
            refused(&format!("the grant table has {MAX_ROWS} rows, which are the most")).into()
        );
    }
    let case = Case { change: &args.change, common, store: &store, team: &team, known: None };
    if let Some(until) = row.until.filter(|until| *until <= row.at) {
        output::talk(&format!("note: it ended at {until}, so it gives nothing"));
    }
    if before.as_ref().is_some_and(|before| says(before) == says(&row)) {
        return Ok(case.nothing(&row));
    }
    let case = Case { known: is_known(&map, &store, &row.group).await, ..case };
    if !args.change.dry_run {
        case.write_down(
            AuditEvent::GrantWritten,
            ReasonCode::GrantWritten,
            &row,
            before.as_ref(),
            Some(&row),
        )
        .await?;
        store.put_grant(&row).await?;
        case.wake().await?;
    }
    Ok(case.done("MappingPut", &row, before.as_ref()))
}

async fn delete(args: &DeleteMappingArgs, common: &Common) -> Result<Outcome> {
    let map = taking_rows(&args.change)?;
    // In a new one there is nothing to delete.
    let store = readable(&args.change.store).await?;
    let group = group(&args.group)?;
    let rows = store.grants().await?.rows;
    let meant = |row: &&TableGrant| {
        row.group == group
            && match (&args.team, &args.role) {
                (Some(team), _) => row.gives == Gives::Team(team.clone()),
                (None, Some(role)) => row.gives == Gives::Role(role.clone()),
                (None, None) => true,
            }
    };
    let found: Vec<&TableGrant> = rows.iter().filter(meant).collect();
    let row = match found.as_slice() {
        [] => {
            let message = format!("the grant table gives {} no such thing", shown(&group));
            return Err(BadConfiguration::new(codes::GRANT_UNKNOWN, message).into());
        }
        [row] => *row,
        several => {
            let gives: Vec<String> = several.iter().map(|row| row.gives.to_string()).collect();
            let message = format!(
                "the grant table gives {} several things ({}): say which with --team or --role",
                shown(&group),
                gives.join(", ")
            );
            return Err(BadConfiguration::new(ReasonCode::GrantAmbiguous, message).into());
        }
    };
    // A row that does not fit the map any more can be taken away all the same.
    let team = map.row(row).ok();
    let unknown = TeamKey::parse("unknown")?;
    let case = Case {
        change: &args.change,
        common,
        store: &store,
        team: team.as_ref().unwrap_or(&unknown),
        known: None,
    };
    if !args.change.dry_run {
        case.write_down(AuditEvent::GrantDeleted, ReasonCode::GrantDeleted, row, Some(row), None)
            .await?;
        store.delete_grant(&row.group, &row.gives).await?;
        case.wake().await?;
    }
    Ok(case.done("MappingDelete", row, Some(row)))
}

/// One change of the table.
struct Case<'a> {
    change: &'a ChangeArgs,
    common: &'a Common,
    store: &'a Arc<dyn Store>,
    team: &'a TeamKey,
    /// Whether the directory knows the group, if it was asked and could tell.
    known: Option<bool>,
}

impl Case<'_> {
    /// Writes the change into the audit log, before it is made.
    async fn write_down(
        &self,
        event: AuditEvent,
        code: ReasonCode,
        row: &TableGrant,
        before: Option<&TableGrant>,
        after: Option<&TableGrant>,
    ) -> Result<()> {
        let mut details = BTreeMap::from([
            ("by".to_owned(), self.change.by.by.clone()),
            ("group".to_owned(), row.group.to_string()),
            ("gives".to_owned(), row.gives.to_string()),
            ("priority".to_owned(), row.priority.to_string()),
        ]);
        let times = [("from", row.from), ("until", row.until)];
        details.extend(
            times
                .iter()
                .filter_map(|(name, at)| Some(((*name).to_owned(), at.as_ref()?.to_string()))),
        );
        details.extend(row.why.clone().map(|why| ("reason".to_owned(), why)));
        let entry =
            AuditEntry { details, ..AuditEntry::new(SystemClock.now(), event, code.as_str()) }
                .by(Actor::named(&self.change.by.by))
                .on(self.team)
                .changing("grant", before.map(says), after.map(says));
        Ok(self.store.append(&entry).await?)
    }

    /// Has everything read, as after any change of the map.
    async fn wake(&self) -> Result<()> {
        let everything = BTreeSet::from([WorkKey::Everything]);
        Ok(self.store.push(&everything, SystemClock.now()).await?)
    }

    fn nothing(&self, row: &TableGrant) -> Outcome {
        match self.common.output {
            OutputFormat::Json => self.print("MappingPut", row, Some(row), false),
            OutputFormat::Table => output::data(&format!(
                "{} has {} already. Nothing to do.",
                shown(&row.group),
                row.gives
            )),
        }
        Outcome::Done
    }

    fn done(&self, kind: &str, row: &TableGrant, before: Option<&TableGrant>) -> Outcome {
        let dry_run = self.change.dry_run;
        match self.common.output {
            OutputFormat::Json => self.print(kind, row, before, !dry_run),
            OutputFormat::Table => {
                let gets = if kind == "MappingDelete" { "no longer gets" } else { "gets" };
                let would = if dry_run { "Would write: " } else { "" };
                let group = shown(&row.group);
                output::data(&format!(
                    "{would}{group} {gets} {}{}. `stagedoor plan` shows who gains and who loses.",
                    row.gives,
                    period(row)
                ));
            }
        }
        if dry_run { Outcome::ChangesPending } else { Outcome::Done }
    }

    fn print(&self, kind: &str, row: &TableGrant, before: Option<&TableGrant>, changed: bool) {
        let document = json!({
            "apiVersion": output::API_VERSION,
            "kind": kind,
            "dryRun": self.change.dry_run,
            "changed": changed,
            "team": self.team,
            "row": row,
            "before": before,
            "groupKnown": self.known,
        });
        output::data(&document.to_string());
    }
}

/// Whether the directory knows a group; of one that it does not know people are told. A group that is still to
/// be made is no error.
async fn is_known(map: &AccessMap, store: &Arc<dyn Store>, group: &GroupRef) -> Option<bool> {
    let looked_up =
        tokio::time::timeout(people::LOOKED_UP_WITHIN, looked_up(map, store, group)).await;
    match looked_up.unwrap_or_else(|_| Err(anyhow!("it does not answer in time"))) {
        Ok(true) => Some(true),
        Ok(false) => {
            output::talk(&format!(
                "note: the directory knows no {}: the row gives nothing until it does",
                named(group)
            ));
            Some(false)
        }
        Err(error) => {
            output::talk(&format!(
                "note: whether the directory knows the group cannot be told: {}",
                visible(&format!("{error:#}"))
            ));
            None
        }
    }
}

async fn looked_up(map: &AccessMap, store: &Arc<dyn Store>, group: &GroupRef) -> Result<bool> {
    let aws = Aws::connect().await;
    let directory = compose::parts(map.clone(), aws, Arc::clone(store)).await?.plane.directory;
    Ok(match group {
        GroupRef::Name(name) => directory.find_group(name).await?.is_some(),
        GroupRef::Id(id) => directory.group_name(id).await?.is_some(),
    })
}

/// What of a row decides.
fn says(row: &TableGrant) -> Value {
    json!({ "priority": row.priority, "from": row.from, "until": row.until })
}

/// The map, if it takes grants from the store.
fn taking_rows(change: &ChangeArgs) -> Result<AccessMap> {
    let map = mapfile::load(&change.map.map)?;
    if map.grants_from.is_none() {
        let message = "the map takes no grants from the store, so that a row would give nobody \
                       anything: add `grants_from: store` to the map first";
        return Err(BadConfiguration::new(codes::GRANTS_UNUSED, message).into());
    }
    Ok(map)
}

async fn readable(store: &StoreArg) -> Result<Arc<dyn Store>> {
    compose::existing_store(&store.store, &Aws::connect().await).await
}

fn tell_unused(map: &AccessMap) {
    if map.grants_from.is_none() {
        output::talk(
            "note: the map does not say `grants_from: store`, so the table gives nothing.",
        );
    }
}

fn group(arg: &GroupArg) -> Result<GroupRef, BadConfiguration> {
    if !arg.id {
        return Ok(GroupRef::Name(arg.group.clone()));
    }
    let id = GroupId::parse(&arg.group).map_err(|error| refused(&error.to_string()))?;
    Ok(GroupRef::Id(id))
}

/// Refuses what no directory has as a name, and tells of what may have been meant otherwise: some have joiners in
/// their names, or blanks at their ends, and the map takes these as well.
fn look_at(name: &str) -> Result<(), BadConfiguration> {
    let shown = visible(name);
    if name.contains(char::is_control) {
        let problem = format!("`{shown}` is no name or id of a group: it has control characters");
        return Err(refused(&problem));
    }
    if shown != name || name.trim() != name {
        output::talk(&format!(
            "note: `{shown}` begins or ends with a blank, or has characters that are not seen; only \
             a group of just this name gets anything"
        ));
    }
    Ok(())
}

fn refused(problem: &str) -> BadConfiguration {
    BadConfiguration::new(codes::GRANT_REFUSED, problem)
}

fn shown(group: &GroupRef) -> String {
    match group {
        GroupRef::Name(_) => named(group),
        GroupRef::Id(_) => format!("the {}", named(group)),
    }
}

fn named(group: &GroupRef) -> String {
    match group {
        GroupRef::Name(name) => format!("group `{}`", visible(name)),
        GroupRef::Id(id) => format!("group with id {id}"),
    }
}

fn period(row: &TableGrant) -> String {
    let from = row.from.map_or(String::new(), |at| format!(" from {at}"));
    let until = row.until.map_or(String::new(), |at| format!(" until {at}"));
    from + &until
}

fn document(kind: &str, map: &AccessMap, rows: &[TableGrant]) -> Value {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let (team, problem) = match map.row(row) {
                Ok(team) => (Some(team), None),
                Err(problem) => (None, Some(problem.to_string())),
            };
            json!({ "row": row, "team": team, "problem": problem })
        })
        .collect();
    json!({ "apiVersion": output::API_VERSION, "kind": kind, "mappings": rows })
}

fn table(map: &AccessMap, rows: &[TableGrant]) -> String {
    let mut text = format!("{}:\n", counted(rows.len(), "row"));
    for row in rows {
        let by = visible(&row.by);
        let priority =
            if row.priority == 0 { String::new() } else { format!(" priority {}", row.priority) };
        let _ = write!(text, "  {} → {}{priority}{}", shown(&row.group), row.gives, period(row));
        let _ = writeln!(text, "  (by {by}, {})", row.at);
        if let Some(why) = &row.why {
            let _ = writeln!(text, "      {}", visible(why));
        }
        if let Err(problem) = map.row(row) {
            let _ = writeln!(text, "      does not fit the map: {problem}");
        }
    }
    text.truncate(text.trim_end().len());
    text
}

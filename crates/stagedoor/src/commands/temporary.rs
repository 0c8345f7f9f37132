//! `stagedoor grant` and `stagedoor break-glass`: access for a time.

use crate::cli::{
    BreakGlassArgs, Common, GiveArgs, GrantArgs, GrantCommand, ListGrantsArgs, MapArg, NoteArgs,
    OutputFormat, RevokeArgs, StoreArg,
};
use crate::exit::{BadConfiguration, NotDone, Outcome};
use crate::output::{self, Paint, visible};
use crate::{compose, mapfile, people};
use anyhow::Result;
use aws::Aws;
use control::desk::{
    BreakGlassOrder, Caller, Desk, GrantOrder, Page, Refused, RefusedKind, TemporaryState,
    TemporaryView,
};
use control::plane::Plane;
use serde_json::json;
use std::fmt::Write as _;

pub(super) async fn grant(args: &GrantArgs, common: &Common) -> Result<Outcome> {
    match args {
        GrantArgs::Command(GrantCommand::List(args)) => list(args, common).await,
        GrantArgs::Command(GrantCommand::Revoke(args)) => revoke(args, common).await,
        GrantArgs::Command(GrantCommand::Note(args)) => note(args, common).await,
        GrantArgs::Give(args) => give(args, common).await,
    }
}

async fn give(args: &GiveArgs, common: &Common) -> Result<Outcome> {
    let (plane, desk) = desk(&args.desk.map, &args.desk.store, !args.dry_run).await?;
    let order = GrantOrder {
        person: people::find(&plane, &args.person.person).await?.id,
        team: args.team.clone(),
        from: args.from,
        lasts: args.lasts,
        reason: args.reason.clone(),
        ticket: args.ticket.clone(),
        dry_run: args.dry_run,
    };
    let caller = Caller::at_the_command_line(&args.desk.by.by);
    let view = desk.grant(&caller, &order).await.map_err(refused)?;
    print_one(common, "TemporaryGrant", &view, args.dry_run, &given(&view, args.dry_run));
    Ok(if args.dry_run { Outcome::ChangesPending } else { Outcome::Done })
}

async fn list(args: &ListGrantsArgs, common: &Common) -> Result<Outcome> {
    let (plane, desk) = desk(&args.map, &args.store, false).await?;
    let person = match &args.person {
        Some(text) => Some(people::find(&plane, text).await?.id),
        None => None,
    };
    let caller = Caller::at_the_command_line("");
    let listed = desk.temporary_grants(&caller, person.as_ref(), args.all, &Page::whole()).await;
    let grants = listed.map_err(refused)?.items;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "TemporaryGrants",
                "grants": grants,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table if grants.is_empty() => output::data("Nobody has access for a time."),
        OutputFormat::Table => {
            let lines: Vec<String> =
                grants.iter().map(|grant| line(grant, Paint::stdout(common))).collect();
            output::data(&lines.join("\n"));
        }
    }
    Ok(Outcome::Done)
}

async fn revoke(args: &RevokeArgs, common: &Common) -> Result<Outcome> {
    let (_, desk) = desk(&args.desk.map, &args.desk.store, false).await?;
    let caller = Caller::at_the_command_line(&args.desk.by.by);
    let revoked = desk.revoke(&caller, &args.id, args.reason.as_deref(), args.dry_run).await;
    let view = revoked.map_err(refused)?;
    let is_over = view.state == TemporaryState::Ended;
    let is_dry = args.dry_run && !is_over && view.state != TemporaryState::Revoked;
    let told = match (is_dry, is_over) {
        (true, _) => format!("It would end now:\n{}", line(&view, Paint::stdout(common))),
        (false, true) => format!("It ended by itself at {}. Nothing to do.", view.ends),
        (false, false) => format!(
            "Revoked: {} has {} no more by this grant.\n{}",
            visible(&view.person_name),
            view.team,
            line(&view, Paint::stdout(common))
        ),
    };
    print_one(common, "TemporaryGrant", &view, args.dry_run, &told);
    Ok(if is_dry { Outcome::ChangesPending } else { Outcome::Done })
}

async fn note(args: &NoteArgs, common: &Common) -> Result<Outcome> {
    let (_, desk) = desk(&args.desk.map, &args.desk.store, true).await?;
    let caller = Caller::at_the_command_line(&args.desk.by.by);
    let view = desk.after_note(&caller, &args.id, &args.note).await.map_err(refused)?;
    let by = view.note.as_ref().map_or("", |note| note.by.as_str());
    let told = format!("The note on {} is written, by {}.", view.id, visible(by));
    print_one(common, "TemporaryGrant", &view, false, &told);
    Ok(Outcome::Done)
}

/// Takes a team in an emergency.
pub(super) async fn break_glass(args: &BreakGlassArgs, common: &Common) -> Result<Outcome> {
    let (plane, desk) = desk(&args.desk.map, &args.desk.store, !args.dry_run).await?;
    let second = match &args.second {
        Some(text) => Some(people::find(&plane, text).await?.id),
        None => None,
    };
    let person = people::find(&plane, &args.person.person).await?.id;
    let order = BreakGlassOrder {
        team: args.team.clone(),
        reason: args.reason.clone(),
        ticket: args.ticket.clone(),
        second,
        dry_run: args.dry_run,
    };
    let caller = Caller::at_the_command_line(&args.desk.by.by);
    let view = desk.break_glass_by_command(&caller, &person, &order).await.map_err(refused)?;
    let mut told = given(&view, args.dry_run);
    if !args.dry_run {
        let _ = write!(
            told,
            "\nEvery admin screen shows it. Once it is over, tell what was done: `stagedoor grant \
             note {} TEXT`.",
            view.id
        );
    }
    print_one(common, "BreakGlass", &view, args.dry_run, &told);
    Ok(if args.dry_run { Outcome::ChangesPending } else { Outcome::Done })
}

async fn desk(map: &MapArg, store: &StoreArg, writes: bool) -> Result<(Plane, Desk)> {
    let map = mapfile::load(&map.map)?;
    let aws = Aws::connect().await;
    let store = if writes {
        compose::writable_store(&store.store, &aws).await?
    } else {
        compose::existing_store(&store.store, &aws).await?
    };
    let plane = compose::plane(map, aws, store.clone()).await?;
    Ok((plane.clone(), Desk::new(plane, store)))
}

fn given(view: &TemporaryView, dry_run: bool) -> String {
    let (who, team) = (visible(&view.person_name), &view.team);
    let has = match (dry_run, view.state) {
        (true, _) => "would have",
        (false, TemporaryState::ToBegin) => "will have",
        (false, _) => "has",
    };
    let agreed = view.approved_by.as_ref().map_or(String::new(), |by| format!(" {by} agreed."));
    format!("{who} {has} {team} from {} until {}.{agreed} ({})", view.from, view.ends, view.id)
}

fn line(view: &TemporaryView, paint: Paint) -> String {
    let state = view.state.as_str();
    let state = match view.state {
        TemporaryState::InForce => paint.green(state),
        TemporaryState::ToBegin => paint.yellow(state),
        TemporaryState::Ended | TemporaryState::Revoked => paint.dim(state),
    };
    let approved = view.approved_by.as_ref();
    let approved = approved.map_or(String::new(), |by| format!(", agreed to by {}", visible(by)));
    let owed =
        if view.owes_note { paint.red(" – its after-note is owed") } else { String::new() };
    format!(
        "{}  {state}  {} → {}  {} until {}{owed}\n    {} by {}{approved}: {}",
        view.id,
        visible(&view.person_name),
        view.team,
        view.from,
        view.ends,
        view.kind,
        visible(&view.by),
        visible(&view.reason),
    )
}

fn print_one(common: &Common, kind: &str, view: &TemporaryView, dry_run: bool, told: &str) {
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": kind,
                "dryRun": dry_run,
                "grant": view,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => output::data(told),
    }
}

/// How a refusal of the desk ends a command.
pub(super) fn refused(refused: Refused) -> anyhow::Error {
    let Refused { kind, code, why, remedy } = refused;
    match kind {
        RefusedKind::Invalid | RefusedKind::NotFound => {
            BadConfiguration::new(code, format!("{why} {remedy}")).into()
        }
        RefusedKind::Denied | RefusedKind::Conflict | RefusedKind::Unknown => {
            NotDone { outcome: Outcome::Denied, code: code.as_str(), message: why, remedy }.into()
        }
        RefusedKind::Unavailable | RefusedKind::TooOften { .. } | RefusedKind::Unwritten => {
            NotDone { outcome: Outcome::Failed, code: code.as_str(), message: why, remedy }.into()
        }
    }
}

//! `stagedoor directory mirror`.

use crate::cli::{Common, MirrorDirectoryArgs, OutputFormat};
use crate::codes;
use crate::commands::apply::halted;
use crate::commands::temporary::refused as desk_refused;
use crate::exit::{BadConfiguration, NotDone, Outcome};
use crate::output::{counted, visible};
use crate::progress::Progress;
use crate::{compose, mapfile, output};
use access::check::{Removals, Violation};
use access::mirror::{MirrorCount, MirrorPlan, MirrorStep, Subject, count};
use access::reason::ReasonCode;
use anyhow::{Context, Result};
use aws::Aws;
use control::desk::{Agreement, Caller, Desk, Page};
use control::mirror::{Mirror, MirrorReport, MirrorRun, MirrorSurvey, Stopped, Turn};
use control::pass::{Brake, Deadline};
use control::plane::Plane;
use control::ports::Actor;
use serde_json::{Value, json};
use std::fmt::Write as _;

pub(super) async fn run(args: &MirrorDirectoryArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    if map.mirror.is_none() {
        let message = format!(
            "{} mirrors nothing: write `mirror` under `directory`, with where to",
            args.map.map.display()
        );
        return Err(BadConfiguration::new(codes::MIRROR_MISSING, message).into());
    }
    let aws = Aws::connect().await;
    let location = &args.store.store;
    let store = match args.approve {
        // In a new one there is nothing to agree to.
        Some(_) => compose::writable_store(location, &aws).await?,
        None => compose::acting_store(location, &aws, &map, args.dry_run).await?,
    };
    let plane = compose::plane(map, aws, store.clone()).await?;
    let plane = Plane { actor: Actor::named(&args.by.by), ..plane };
    if let Some(number) = args.approve {
        return approve(&Desk::new(plane, store), number, args, common).await;
    }
    let mirror = plane.mirrored().context("the map's mirror has a target")?;
    if args.dry_run {
        return dry_run(&mirror, common).await;
    }
    if let Some(halt) = plane.halted().await {
        return Err(halted(&halt).into());
    }
    let turn = plane.mirror_turn(Deadline::NEVER, &Brake::default()).await?.ok_or_else(busy)?;
    turn.during(in_turn(&mirror, &turn, args, common)).await
}

/// Agrees to what the last run held back, wherever it was made.
async fn approve(
    desk: &Desk,
    number: u32,
    args: &MirrorDirectoryArgs,
    common: &Common,
) -> Result<Outcome> {
    let caller = Caller::at_the_command_line(&args.by.by);
    let review = desk.mirror_review(&caller, &Page::default()).await.map_err(desk_refused)?;
    let taken = review.guard.taken;
    if review.guard.objection.is_some() && taken != u64::from(number) {
        return Err(NotDone {
            outcome: Outcome::GuardRefused,
            code: ReasonCode::GuardTripped.as_str(),
            message: format!("nothing was approved: the guard holds {taken} back, not {number}"),
            remedy: "Look at it with `--dry-run`, or on the *Plan* page.".to_owned(),
        }
        .into());
    }
    let why = args.reason.clone().unwrap_or_default();
    let agreement = Agreement { removals: review.removals.unwrap_or_default(), number, why };
    let approved = desk.approve(&caller, &agreement).await.map_err(desk_refused)?;
    if common.output == OutputFormat::Json {
        let document = json!({
            "apiVersion": output::API_VERSION,
            "kind": "MirrorApproval",
            "target": review.target,
            "approval": approved,
        });
        output::data(&document.to_string());
    } else {
        output::data(&format!(
            "Approved: the next run takes {taken} memberships and users away in {}, if it is these \
             and before {}.",
            visible(&review.target),
            approved.until
        ));
    }
    Ok(Outcome::Done)
}

/// Shows what would be done.
async fn dry_run(mirror: &Mirror<'_>, common: &Common) -> Result<Outcome> {
    let survey = survey(mirror).await?;
    let plan = mirror.plan(&survey);
    let before = taken_lately(mirror, &plan).await?;
    let counted = count(&plan, &survey.target, &mirror.policy, before);
    show(&plan, &survey, counted, &mirror.target.place(), common);
    Ok(if plan.is_empty() { Outcome::Done } else { Outcome::ChangesPending })
}

async fn in_turn(
    mirror: &Mirror<'_>,
    turn: &Turn<'_>,
    args: &MirrorDirectoryArgs,
    common: &Common,
) -> Result<Outcome> {
    let survey = survey(mirror).await?;
    let plan = mirror.plan(&survey);
    let before = taken_lately(mirror, &plan).await?;
    let removals = args.allow_removals.map_or(Removals::GuardedAfter(before), Removals::Allowed);
    let (taken, planned, kept) = (plan.taken(), plan.actions.len(), plan.kept.clone());
    let checked = mirror.check(plan.clone(), &survey, removals);
    let violations = checked.as_ref().err().cloned().unwrap_or_default();
    let unheard = mirror.unheard(&violations).await;
    // What is kept counts as heard, so it is written down before.
    mirror.refused(&unheard).await;
    mirror.keep_reading(&plan, &survey, before, &violations).await;
    let checked = checked.map_err(|found| refused(&found, taken))?;
    let is_agreed = args.allow_removals.is_some();
    if is_agreed {
        let why = args.reason.as_deref();
        let is_waived = mirror.note_waived(&plan, &survey, before, why).await?;
        if !is_waived && why.is_some() {
            output::talk(
                "note: the guard lets this pass, so that nobody had to agree: `--reason` is not written down",
            );
        }
    }
    let report = {
        let bar = Progress::bar(checked.plan().actions.len(), "mirroring");
        let watcher = |_: &_, _: std::result::Result<(), &_>| bar.step();
        mirror.carry_out(turn, &checked, is_agreed, &watcher).await
    };
    let run = MirrorRun { report, planned, kept, violations };
    mirror.applied(&run).await;
    mirror.plane.mirror_ended(&Ok(run.clone())).await;
    let MirrorRun { report, kept, .. } = run;
    let rest = MirrorPlan { actions: Vec::new(), kept };
    print(&report, &rest, &survey, &mirror.target.place(), common);
    ended(&report)
}

async fn survey(mirror: &Mirror<'_>) -> Result<MirrorSurvey> {
    let place = mirror.target.place();
    let _reading = Progress::spinner(format!("reading the directory and {place}"));
    Ok(mirror.survey().await?)
}

async fn taken_lately(mirror: &Mirror<'_>, plan: &MirrorPlan) -> Result<u32> {
    Ok(if plan.taken() == 0 { 0 } else { mirror.taken_lately(plan).await? })
}

/// Another process has the turn.
fn busy() -> NotDone {
    let code = ReasonCode::MirrorBusy.as_str();
    NotDone {
        outcome: Outcome::Failed,
        code,
        message: format!("nothing was changed: another process is mirroring ({code})"),
        remedy: "Run it again in a minute; `--dry-run` shows what there is to do.".to_owned(),
    }
}

fn refused(found: &[Violation], taken: usize) -> NotDone {
    let reasons: Vec<String> =
        found.iter().map(|v| format!("{} ({})", v.message, v.code)).collect();
    let message = format!("nothing was changed: {}", reasons.join("; "));
    match found.iter().find(|v| v.code != ReasonCode::GuardTripped) {
        Some(violation) => NotDone {
            outcome: Outcome::Failed,
            code: violation.code.as_str(),
            message,
            remedy: "Run it again; if it stays, report it as a defect.".to_owned(),
        },
        None => NotDone {
            outcome: Outcome::GuardRefused,
            code: ReasonCode::GuardTripped.as_str(),
            message,
            remedy: format!(
                "Look at it with `--dry-run`. If it is meant, say so: `stagedoor directory mirror \
                 --allow-removals {taken}`, or leave it to the server: `--approve {taken}`."
            ),
        },
    }
}

fn show(
    plan: &MirrorPlan,
    survey: &MirrorSurvey,
    counted: MirrorCount,
    place: &str,
    common: &Common,
) {
    let MirrorCount { taken, owned, limit } = counted;
    if common.output == OutputFormat::Json {
        let document = json!({
            "apiVersion": output::API_VERSION,
            "kind": "MirrorPlan",
            "target": place,
            "actions": plan.actions,
            "kept": plan.kept,
            "guard": { "taken": taken, "owned": owned, "limit": limit },
        });
        output::data(&document.to_string());
        return;
    }
    let mut text = String::new();
    for action in &plan.actions {
        let _ = writeln!(text, "  {} ({})", told(&action.step, survey), action.reason);
    }
    let _ = write!(
        text,
        "{} into {}; {taken} of {owned} mirrored users and memberships are taken away, {limit} may \
         be.",
        output::counted(plan.actions.len(), "change"),
        visible(place)
    );
    text.push_str(&left(plan));
    output::data(&text);
}

/// What is not mirrored, a line each.
fn left(plan: &MirrorPlan) -> String {
    let mut text = String::new();
    if !plan.kept.is_empty() {
        text.push_str("\n\nNot mirrored:");
    }
    for kept in &plan.kept {
        let what = match kept.subject {
            Subject::Person(_) => "person",
            Subject::Group(_) => "group",
        };
        let (name, detail) = (visible(&kept.name), &kept.detail);
        let _ = write!(text, "\n  {what} {name}: {detail} ({})", kept.reason);
    }
    text
}

/// A step in words.
fn told(step: &MirrorStep, survey: &MirrorSurvey) -> String {
    let group = |id: &access::ids::GroupId| {
        let known = survey.source.groups.get(id).map(|group| group.display_name.as_str());
        visible(known.unwrap_or(id.as_str()))
    };
    let user = |id: &access::ids::MirrorUserId| {
        let known = survey.target.users.get(id).map(|user| user.person.user_name.as_str());
        visible(known.unwrap_or(id.as_str()))
    };
    match step {
        MirrorStep::CreateUser { person, .. } => format!("+ user {}", visible(&person.user_name)),
        MirrorStep::EnableUser { user: id, .. } => format!("~ user {} enabled", user(id)),
        MirrorStep::UpdateUser { from, to, .. } if from.user_name != to.user_name => {
            format!("~ user {} -> {}", visible(&from.user_name), visible(&to.user_name))
        }
        MirrorStep::UpdateUser { from, .. } => {
            format!("~ user {}: names or address", visible(&from.user_name))
        }
        MirrorStep::CreateGroup { display_name, .. } => {
            format!("+ group {}", visible(display_name))
        }
        MirrorStep::RenameGroup { from, to, .. } => {
            format!("~ group {} -> {}", visible(from), visible(to))
        }
        MirrorStep::AddMembers { source, members, .. } => {
            format!("+ {} of {}", counted(members.len(), "member"), group(source))
        }
        MirrorStep::RemoveMembers { source, members, .. } => {
            format!("- {} of {}", counted(members.len(), "member"), group(source))
        }
        MirrorStep::DisableUser { user: id, .. } => format!("- user {} disabled", user(id)),
        MirrorStep::DeleteGroup { display_name, members, .. } => {
            format!("- group {} with {}", visible(display_name), counted(*members, "member"))
        }
        MirrorStep::DeleteUser { user: id, .. } => format!("- user {}", user(id)),
    }
}

fn print(
    report: &MirrorReport,
    rest: &MirrorPlan,
    survey: &MirrorSurvey,
    place: &str,
    common: &Common,
) {
    if common.output == OutputFormat::Json {
        let failed: Vec<Value> = report
            .failed
            .iter()
            .map(|(action, error)| {
                json!({
                    "action": action,
                    "code": error.kind.code(),
                    "message": error.to_string(),
                })
            })
            .collect();
        let document = json!({
            "apiVersion": output::API_VERSION,
            "kind": "MirrorResult",
            "target": place,
            "change": report.change.to_string(),
            "done": report.done,
            "skipped": report.skipped,
            "failed": failed,
            "kept": rest.kept,
        });
        output::data(&document.to_string());
        return;
    }
    for (action, error) in &report.failed {
        output::talk(&format!("error: {}: {error}", told(&action.step, survey)));
    }
    let done = output::counted(report.done, "change");
    output::data(&format!("{done} made in {}.{}", visible(place), left(rest)));
}

fn ended(report: &MirrorReport) -> Result<Outcome> {
    match &report.stopped {
        Some(Stopped::Halted(halt)) => Err(halted(halt).into()),
        Some(Stopped::Overtaken) => Err(busy().into()),
        Some(Stopped::Unreachable(error)) => Err(anyhow::Error::new(error.clone())),
        None if report.failed.is_empty() => Ok(Outcome::Done),
        None => Ok(Outcome::Failed),
    }
}

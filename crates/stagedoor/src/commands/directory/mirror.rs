//! `stagedoor directory mirror`.

use crate::cli::{Common, MirrorDirectoryArgs, OutputFormat};
use crate::commands::apply::halted;
use crate::exit::{BadConfiguration, NotDone, Outcome};
use crate::output::{counted, visible};
use crate::progress::Progress;
use crate::secret_source::SecretSource;
use crate::{compose, mapfile, output};
use access::check::{Removals, Violation};
use access::map::{MirrorTo, Mirroring};
use access::mirror::{MirrorCount, MirrorPlan, MirrorStep, Subject, count};
use access::reason::ReasonCode;
use anyhow::{Context, Result};
use aws::Aws;
use control::mirror::{Mirror, MirrorReport, MirrorSurvey, Stopped, groups_of};
use control::ports::MirrorTarget;
use scim_client::{BearerToken, ScimTarget};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

pub(super) async fn run(args: &MirrorDirectoryArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let Some(mirroring) = map.mirror.clone() else {
        let message = format!(
            "{} mirrors nothing: write `mirror` under `directory`, with where to",
            args.map.map.display()
        );
        return Err(BadConfiguration::new("mirror-missing", message).into());
    };
    let aws = Aws::connect().await;
    let target = target(&mirroring, &aws, &args.map.map).await?;
    let store = compose::store(&args.store.store, &aws, args.dry_run).await?;
    let plane = compose::plane(map, aws, store).await?;
    if !args.dry_run
        && let Some(halt) = plane.halted().await
    {
        return Err(halted(&halt).into());
    }
    let mirror = Mirror {
        plane: &plane,
        target: &*target,
        groups: groups_of(&plane.map, &mirroring.groups),
        policy: mirroring.policy(&plane.map.instance),
    };
    let survey = {
        let _reading = Progress::spinner(format!("reading the directory and {}", target.place()));
        mirror.survey().await?
    };
    let plan = mirror.plan(&survey);
    let before = if plan.taken() == 0 { 0 } else { mirror.taken_lately().await? };
    let counted = count(&plan, &survey.target, &mirror.policy, before);
    if args.dry_run {
        show(&plan, &survey, counted, &target.place(), common);
        return Ok(if plan.is_empty() { Outcome::Done } else { Outcome::ChangesPending });
    }
    let removals = args.allow_removals.map_or(Removals::GuardedAfter(before), Removals::Allowed);
    let taken = plan.taken();
    let kept = plan.kept.clone();
    let checked = mirror.check(plan, &survey, removals).map_err(|found| refused(&found, taken))?;
    let report = {
        let bar = Progress::bar(checked.plan().actions.len(), "mirroring");
        let watcher = |_: &_, _: std::result::Result<(), &_>| bar.step();
        mirror.carry_out(&checked, args.allow_removals.is_some(), &watcher).await
    };
    let rest = MirrorPlan { actions: Vec::new(), kept };
    print(&report, &rest, &survey, &target.place(), common);
    ended(&report)
}

/// Where the map says to mirror to.
async fn target(mirroring: &Mirroring, aws: &Aws, map: &Path) -> Result<Box<dyn MirrorTarget>> {
    match &mirroring.to {
        MirrorTo::IdentityCenter { region, identity_store_id } => {
            Ok(Box::new(aws.identity_center(region, identity_store_id).mirror()))
        }
        MirrorTo::Scim { url, token_from } => {
            let bad = |message: String| BadConfiguration::new("mirror-token", message);
            let source = match token_from.strip_prefix("file:") {
                Some(path) => SecretSource::File(beside(map, path)),
                None => SecretSource::parse(token_from)
                    .map_err(|why| bad(format!("{token_from}: {why}")))?,
            };
            let texts = source.read(aws, None).await.context("the token of the SCIM endpoint")?;
            let token = texts.first().map(|text| BearerToken::new(text.reveal()));
            let token = token.ok_or_else(|| bad(format!("{source}: it is empty")))?;
            let target = ScimTarget::new(url, token)
                .map_err(|error| BadConfiguration::new("mirror-endpoint", error.to_string()))?;
            Ok(Box::new(target))
        }
    }
}

/// Files are named from the map's folder.
fn beside(map: &Path, path: &str) -> PathBuf {
    let folder = if map.is_dir() { Some(map) } else { map.parent() };
    folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
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
                 --allow-removals {taken}`."
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
        Some(Stopped::Unreachable(error)) => Err(anyhow::Error::new(error.clone())),
        None if report.failed.is_empty() => Ok(Outcome::Done),
        None => Ok(Outcome::Failed),
    }
}

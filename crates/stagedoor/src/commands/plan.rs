//! `stagedoor plan`.

use crate::cli::{Common, OutputFormat, PlanArgs};
use crate::codes;
use crate::exit::{self, Outcome};
use crate::output::{self, Paint, counted};
use crate::progress::Progress;
use crate::report::Next;
use crate::{compose, files, mapfile, report};
use access::map::{AccessMap, Rollout};
use access::plan::{Kept, Plan};
use access::reason::ReasonCode;
use access::shell::CommandLine;
use anyhow::Result;
use aws::Aws;
use control::survey::{Scope, Survey};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub(super) async fn run(args: &PlanArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let aws = Aws::connect().await;
    let store = compose::readable_store(&args.store.store, &aws).await?;
    let plane = compose::plane(map, aws, store).await?;
    let survey = {
        let _reading = Progress::spinner(reading(&plane.map));
        plane.survey(&Scope::Everything).await?
    };
    let plan = plane.plan(&survey);
    tell_roles(&plan, &plane.map.rollout);
    // Whoever only plans may have no right to write.
    if let Err(error) = plane.planned(&plan).await {
        output::talk(&format!("note: the audit log does not have this plan: {error}"));
    }
    match common.output {
        OutputFormat::Json => {
            let mut document = report::plan_json(&plan, &survey, &plane.map);
            if let Some(fields) = document.as_object_mut() {
                fields.insert(
                    "signIn".to_owned(),
                    serde_json::to_value(report::sign_in(&survey.observed))?,
                );
            }
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            let paint = Paint::stdout(common);
            let next = Next::apply(&plane, None, None).await;
            let how = (paint, args.all);
            output::data(&report::plan_text(&plan, &survey, &plane.map, how, &next));
        }
    }
    if let Some(file) = &args.out {
        let text = serde_json::to_string_pretty(&plan)?;
        files::replace(file, text.as_bytes())?;
        let (file, map) = (file.display().to_string(), args.map.map.display().to_string());
        let store = args.store.store.to_string();
        let apply = CommandLine::of(&["apply"]).with("--map", &map).with("--store", &store);
        output::talk(&format!("Written to {file}. Carry it out with `{}`.", apply.about(&file)));
    }
    Ok(outcome(&plan, &survey, &plane.map.rollout))
}

/// Prints the plan in the form asked for.
pub(super) fn show(plan: &Plan, survey: &Survey, map: &AccessMap, common: &Common, next: &Next) {
    match common.output {
        OutputFormat::Json => output::data(&report::plan_json(plan, survey, map).to_string()),
        OutputFormat::Table => {
            let how = (Paint::stdout(common), false);
            output::data(&report::plan_text(plan, survey, map, how, next));
        }
    }
}

/// Tells people which domains could not be read, and why.
pub(super) fn tell_failures(survey: &Survey) {
    for (domain, error) in &survey.failures {
        let error = anyhow::Error::new(error.clone());
        exit::tell(&error.context(format!("domain {domain} could not be read")));
    }
}

/// What takes long at first, for somebody who waits.
pub(super) fn reading(map: &AccessMap) -> String {
    format!("reading the directory and {}", counted(map.domains.len(), "domain"))
}

/// Tells people, before anything is touched, which execution roles cannot be given to anybody, and
/// how many wait for them. Teams with other roles are not held up.
pub(super) fn tell_roles(plan: &Plan, rollout: &Rollout) {
    let mut waiting: BTreeMap<(ReasonCode, &str, &str), usize> = BTreeMap::new();
    for kept in plan.kept.iter().filter(|kept| is_role_fault(kept.reason)) {
        let weight = if is_enforced(kept, rollout) { "error" } else { "note" };
        let role = kept.detail.as_deref().unwrap_or("?");
        *waiting.entry((kept.reason, role, weight)).or_default() += 1;
    }
    for ((code, role, weight), number) in waiting {
        let (what, remedy) = match code {
            ReasonCode::RoleMissing => {
                ("does not exist", "Make it, or correct `execution_role` in the map.")
            }
            _ => (
                "does not let SageMaker assume it",
                "Let its trust policy allow sts:AssumeRole to sagemaker.amazonaws.com.",
            ),
        };
        let profiles = counted(number, "profile");
        output::talk(&format!(
            "{weight}: the role {role} {what}; it keeps back {profiles} ({code})\n  {remedy}"
        ));
    }
}

fn is_role_fault(reason: ReasonCode) -> bool {
    matches!(reason, ReasonCode::RoleMissing | ReasonCode::RoleUntrusted)
}

/// What a plan means as an exit code. A domain that could not be read is a failure: nobody knows
/// whether there is something to do; so is a role that cannot be given to anybody of a team that is enforced.
/// Which call failed is told to people here, after the result.
pub(super) fn outcome(plan: &Plan, survey: &Survey, rollout: &Rollout) -> Outcome {
    tell_failures(survey);
    let mut faults = plan.kept.iter().filter(|kept| is_role_fault(kept.reason));
    let is_sound = !faults.any(|kept| is_enforced(kept, rollout));
    match (survey.failures.is_empty() && is_sound, plan.is_empty()) {
        (false, _) => Outcome::Failed,
        (true, true) => Outcome::Done,
        (true, false) => Outcome::ChangesPending,
    }
}

/// Whether anything is to be done now about what is left alone.
pub(super) fn is_enforced(kept: &Kept, rollout: &Rollout) -> bool {
    kept.team.as_ref().is_none_or(|team| rollout.enforces(team))
}

/// Reads a plan that `--out` wrote.
pub(super) fn load(file: &Path) -> Result<Plan> {
    let bad = |what: &dyn std::fmt::Display| {
        let message = format!(
            "{} is no saved plan: {what}. Make one with `stagedoor plan --out FILE`.",
            file.display()
        );
        crate::exit::BadConfiguration::new(codes::PLAN_UNREADABLE, message)
    };
    let text = fs::read_to_string(file).map_err(|error| bad(&error))?;
    Ok(serde_json::from_str(&text).map_err(|error| bad(&error))?)
}

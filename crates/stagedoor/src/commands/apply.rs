//! `stagedoor apply`.

use super::plan;
use crate::cli::{ApplyArgs, Common, OutputFormat, WaitArgs};
use crate::exit::{NotDone, Outcome};
use crate::output::{self, counted};
use crate::progress::Progress;
use crate::{compose, mapfile, report};
use access::check::{Removals, Violation};
use access::plan::{Action, Plan};
use access::reason::ReasonCode;
use anyhow::Result;
use aws::Aws;
use control::pass::{Outcome as ActionOutcome, PassReport};
use control::plane::Plane;
use control::ports::CallError;
use control::survey::{Scope, Survey};

pub(super) async fn run(args: &ApplyArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let expected = args.plan.as_deref().map(plan::load).transpose()?;
    let store = compose::store(&args.store.store, args.dry_run)?;
    let plane = compose::parts(map, Aws::connect().await, store).plane;
    let removals = args.allow_removals.map_or(Removals::Guarded, Removals::Allowed);
    let survey = {
        let _reading = Progress::spinner(plan::reading(&plane.map));
        plane.survey(&Scope::Everything).await?
    };
    let fresh = plane.plan(&survey);
    plan::tell_roles(&fresh);
    if let Some(expected) = expected
        && !expected.same_actions(&fresh)
    {
        return Err(stale().into());
    }
    if args.dry_run {
        plan::show(&fresh, &plane.map, common, false)?;
        return Ok(plan::outcome(&fresh, &survey));
    }
    converge(&plane, &Scope::Everything, removals, args.wait, Some((survey, fresh)), common).await
}

/// What there is when nothing is left to do now.
pub(super) struct Settled {
    /// The last survey.
    pub(super) survey: Survey,
    /// The plan that came of it, which does nothing.
    pub(super) plan: Plan,
    /// How many changes were made on the way.
    pub(super) changed: usize,
}

/// Runs passes until AWS agrees with the map, and prints what came of it.
pub(super) async fn converge(
    plane: &Plane,
    scope: &Scope,
    removals: Removals,
    wait: WaitArgs,
    first: Option<(Survey, Plan)>,
    common: &Common,
) -> Result<Outcome> {
    let settled = settle(plane, scope, removals, wait, first, &|plan| plan).await?;
    print(&settled, plane, common);
    Ok(ended(&settled))
}

/// Runs passes until AWS agrees with the map, or nothing moves any more, or time is up. `narrow`
/// takes from each plan what is not to be done.
pub(super) async fn settle(
    plane: &Plane,
    scope: &Scope,
    mut removals: Removals,
    wait: WaitArgs,
    mut first: Option<(Survey, Plan)>,
    narrow: &(dyn Fn(Plan) -> Plan + Sync),
) -> Result<Settled> {
    let deadline = tokio::time::Instant::now() + wait.timeout;
    let mut changed = 0;
    // AWS is often done sooner than the longest pause; the first looks come early.
    let mut pause = wait.poll / 8;
    loop {
        let (survey, plan) = if let Some(first) = first.take() {
            first
        } else {
            let survey = {
                let _reading = Progress::spinner(plan::reading(&plane.map));
                plane.survey(scope).await?
            };
            let plan = narrow(plane.plan(&survey));
            (survey, plan)
        };
        let checked = match plane.check(plan.clone(), &survey, removals) {
            Ok(checked) => checked,
            Err(violations) => return Err(refused(&violations, &plan).into()),
        };
        let busy = plan.kept.iter().any(|k| k.reason == ReasonCode::Busy && k.team.is_some());
        if plan.is_empty() && !busy {
            return Ok(Settled { survey, plan, changed });
        }
        let report = {
            let progress = Progress::bar(plan.actions.len(), "applying");
            let watcher = |action: &Action, outcome: &ActionOutcome| {
                if let Some(told) = told(action, outcome) {
                    progress.talk(&told);
                }
                progress.step();
            };
            plane.carry_out(&checked, &survey.observed, &watcher).await
        };
        changed += report.changed;
        removals = left_of(removals, &plan, &report);
        if report.changed == 0 && report.waiting == 0 && !report.failed.is_empty() {
            return Err(stuck(&report).into());
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(late().into());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(wait.poll);
    }
}

/// What is left of the removals that somebody agreed to: the number holds for the whole run, not for
/// each of its passes.
fn left_of(removals: Removals, plan: &Plan, report: &PassReport) -> Removals {
    let Removals::Allowed(number) = removals else { return removals };
    let failed = report.failed.iter().filter(|(action, _)| action.is_new_removal()).count();
    let begun = plan.new_removals().saturating_sub(failed);
    Removals::Allowed(number.saturating_sub(u32::try_from(begun).unwrap_or(u32::MAX)))
}

/// What came of an action, if it is worth a line.
fn told(action: &Action, outcome: &ActionOutcome) -> Option<String> {
    let subject = format!("{} in {}", action.profile, action.domain);
    match outcome {
        ActionOutcome::Changed(what) => Some(format!("  {subject}: {what}")),
        ActionOutcome::Waiting => None,
        ActionOutcome::Failed(error) => Some(format!("  {subject}: {error}")),
    }
}

fn stale() -> NotDone {
    let code = ReasonCode::PlanStale.as_str();
    NotDone {
        outcome: Outcome::Failed,
        code,
        message: format!(
            "the facts have changed since this plan was made; nothing was changed ({code})"
        ),
        remedy: "Make a new one with `stagedoor plan --out FILE`.".to_owned(),
    }
}

fn late() -> NotDone {
    NotDone {
        outcome: Outcome::Failed,
        code: "timed-out",
        message: "AWS has not finished in time; what was begun goes on (timed-out)".to_owned(),
        remedy: "Run `stagedoor apply` again to complete it.".to_owned(),
    }
}

fn refused(violations: &[Violation], plan: &Plan) -> NotDone {
    let reasons: Vec<String> =
        violations.iter().map(|v| format!("{} ({})", v.message, v.code)).collect();
    let message = format!("nothing was changed: {}", reasons.join("; "));
    // The gravest first: a plan that is wrong must not be waved through by a flag.
    match violations.iter().find(|v| v.code != ReasonCode::GuardTripped) {
        Some(violation) => NotDone {
            outcome: Outcome::Failed,
            code: violation.code.as_str(),
            message,
            remedy: "Run it again; if it stays, report it as a defect.".to_owned(),
        },
        None => NotDone {
            outcome: Outcome::GuardRefused,
            code: ReasonCode::GuardTripped.as_str(),
            message: message + &report::taken_away(plan),
            remedy: format!(
                "If this is meant, say so: `stagedoor apply --allow-removals {}`, with the same plan, \
                 map and store.",
                plan.new_removals()
            ),
        },
    }
}

/// Nothing moved and calls failed: says which, once for each kind.
fn stuck(report: &PassReport) -> NotDone {
    let mut seen: Vec<&CallError> = Vec::new();
    for (_, error) in &report.failed {
        if !seen.iter().any(|e| (e.kind, e.operation) == (error.kind, error.operation)) {
            seen.push(error);
        }
    }
    let calls: Vec<String> = seen.iter().map(ToString::to_string).collect();
    let mut remedies: Vec<&str> = seen.iter().map(|error| error.remedy()).collect();
    remedies.dedup();
    NotDone {
        outcome: Outcome::Failed,
        code: seen.first().map_or("failed", |error| error.kind.code()),
        message: format!("{} failed: {}", counted(report.failed.len(), "action"), calls.join("; ")),
        remedy: remedies.join(" "),
    }
}

pub(super) fn print(settled: &Settled, plane: &Plane, common: &Common) {
    let Settled { plan, changed, .. } = settled;
    match common.output {
        OutputFormat::Json => {
            let document = serde_json::json!({
                "apiVersion": output::API_VERSION,
                "kind": "ApplyResult",
                "changed": changed,
                "blocked": plan.blocked().collect::<Vec<_>>(),
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            output::data(&format!(
                "{} made.\n\n{}",
                counted(*changed, "change"),
                report::plan_text(plan, &plane.map, output::Paint::stdout(common), false)
            ));
        }
    }
}

/// How a run ended, as an exit code. Says what needs attention.
pub(super) fn ended(settled: &Settled) -> Outcome {
    let blocked = settled.plan.blocked().count();
    let outcome = plan::outcome(&settled.plan, &settled.survey);
    if blocked == 0 || outcome == Outcome::Failed {
        return outcome;
    }
    output::talk(&format!(
        "error: not all of the map could be carried out: {} attention (needs-attention)",
        if blocked == 1 { "1 thing needs".to_owned() } else { format!("{blocked} things need") }
    ));
    Outcome::Failed
}

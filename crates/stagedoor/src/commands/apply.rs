//! `stagedoor apply`.

use super::plan;
use crate::cli::{ApplyArgs, Common, OutputFormat, WaitArgs};
use crate::exit::Outcome;
use crate::{compose, mapfile, output, report};
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
    let store = if args.dry_run {
        compose::forgetful_store()?
    } else {
        compose::open_store(&args.store.store)?
    };
    let plane = compose::parts(map, Aws::connect().await, store).plane;
    let removals = args.allow_removals.map_or(Removals::Guarded, Removals::Allowed);
    let survey = plane.survey(&Scope::Everything).await?;
    let fresh = plane.plan(&survey);
    if let Some(expected) = expected
        && !expected.same_actions(&fresh)
    {
        let message = "the facts have changed since this plan was made; nothing was changed. \
                       Make a new one with `stagedoor plan --out FILE`.";
        output::talk(&format!("error: {message} ({})", ReasonCode::PlanStale));
        return Ok(Outcome::Failed);
    }
    if args.dry_run {
        plan::show(&fresh, &plane.map, common, false)?;
        return plan::outcome(&fresh);
    }
    converge(&plane, &Scope::Everything, removals, args.wait, Some((survey, fresh)), common).await
}

/// Runs passes until AWS agrees with the map, or nothing moves any more, or time is up.
pub(super) async fn converge(
    plane: &Plane,
    scope: &Scope,
    removals: Removals,
    wait: WaitArgs,
    mut first: Option<(Survey, Plan)>,
    common: &Common,
) -> Result<Outcome> {
    let deadline = tokio::time::Instant::now() + wait.timeout;
    let mut changed = 0;
    loop {
        let (survey, plan) = if let Some(first) = first.take() {
            first
        } else {
            let survey = plane.survey(scope).await?;
            let plan = plane.plan(&survey);
            (survey, plan)
        };
        let checked = match plane.check(plan.clone(), &survey, removals) {
            Ok(checked) => checked,
            Err(violations) => return Ok(refused(&violations, &plan)),
        };
        let busy = plan.kept.iter().any(|k| k.reason == ReasonCode::Busy && k.team.is_some());
        if plan.is_empty() && !busy {
            return finished(&plan, plane, changed, common);
        }
        let report = plane.carry_out(&checked, &survey.observed, &tell).await;
        changed += report.changed;
        if report.changed == 0 && report.waiting == 0 && !report.failed.is_empty() {
            return Ok(stuck(&report));
        }
        if tokio::time::Instant::now() >= deadline {
            output::talk(
                "error: AWS has not finished in time; what was begun goes on. Run `stagedoor \
                 apply` again to complete it. (timed-out)",
            );
            return Ok(Outcome::Failed);
        }
        tokio::time::sleep(wait.poll).await;
    }
}

fn tell(action: &Action, outcome: &ActionOutcome) {
    let subject = format!("{} in {}", action.profile, action.domain);
    match outcome {
        ActionOutcome::Changed(what) => output::talk(&format!("  {subject}: {what}")),
        ActionOutcome::Waiting => {}
        ActionOutcome::Failed(error) => output::talk(&format!("  {subject}: {error}")),
    }
}

fn refused(violations: &[Violation], plan: &Plan) -> Outcome {
    output::talk(&format!("error: {}", report::violations_text(violations, plan)));
    if violations.iter().all(|v| v.code == ReasonCode::GuardTripped) {
        Outcome::GuardRefused
    } else {
        Outcome::Failed
    }
}

/// Nothing moved and calls failed: says which, once for each kind.
fn stuck(report: &PassReport) -> Outcome {
    let mut seen: Vec<&CallError> = Vec::new();
    for (_, error) in &report.failed {
        if !seen.iter().any(|e| (e.kind, e.operation) == (error.kind, error.operation)) {
            seen.push(error);
        }
    }
    output::talk(&format!("error: {} actions failed", report.failed.len()));
    for error in seen {
        output::talk(&format!("  {error}\n  {}", error.kind.remedy()));
    }
    Outcome::Failed
}

fn finished(plan: &Plan, plane: &Plane, changed: usize, common: &Common) -> Result<Outcome> {
    let blocked: Vec<_> = plan.blocked().collect();
    match common.output {
        OutputFormat::Json => {
            let document = serde_json::json!({
                "apiVersion": output::API_VERSION,
                "kind": "ApplyResult",
                "changed": changed,
                "blocked": blocked,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            output::data(&format!(
                "{changed} changes made. {}",
                report::plan_text(plan, &plane.map, output::Paint::stdout(common), false)
            ));
        }
    }
    plan::outcome(plan)?;
    Ok(if blocked.is_empty() { Outcome::Done } else { Outcome::Failed })
}

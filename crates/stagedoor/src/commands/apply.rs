//! `stagedoor apply`.

use super::plan;
use crate::cli::{ApplyArgs, Common, OutputFormat, WaitArgs};
use crate::codes;
use crate::exit::{NotDone, Outcome};
use crate::output::{self, Paint, counted};
use crate::progress::Progress;
use crate::report::Next;
use crate::{compose, mapfile, report};
use access::check::{Removals, Violation};
use access::map::Rollout;
use access::plan::{Action, Plan};
use access::reason::ReasonCode;
use anyhow::Result;
use aws::Aws;
use control::pass::{Halt, Outcome as ActionOutcome, PassReport};
use control::plane::Plane;
use control::ports::CallError;
use control::settle::{Audience, Patience, Settled, Unsettled};
use control::survey::{Scope, Survey};
use std::sync::{Mutex, PoisonError};

pub(super) async fn run(args: &ApplyArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    mapfile::prove_invariants(&map, &args.map.map)?;
    let expected = args.plan.as_deref().map(plan::load).transpose()?;
    let aws = Aws::connect().await;
    let store = compose::acting_store(&args.store.store, &aws, &map, args.dry_run).await?;
    let plane = compose::plane(map, aws, store).await?;
    if !args.dry_run
        && let Some(halt) = plane.halted().await
    {
        return Err(halted(&halt).into());
    }
    let removals = args.allow_removals.map_or(Removals::Guarded, Removals::Allowed);
    let survey = {
        let _reading = Progress::spinner(plan::reading(&plane.map));
        plane.survey(&Scope::Everything).await?
    };
    let fresh = plane.plan(&survey);
    plan::tell_roles(&fresh, &plane.map.rollout);
    let is_agreed = expected.is_some();
    if let Some(expected) = expected
        && !expected.same_actions(&fresh)
    {
        return Err(stale().into());
    }
    if args.dry_run {
        let next = Next::apply(&plane, args.plan.as_deref(), args.allow_removals).await;
        plan::show(&fresh, &survey, &plane.map, common, &next);
        return Ok(plan::outcome(&fresh, &survey, &plane.map.rollout));
    }
    plane.planned(&fresh).await?;
    if !is_agreed {
        let first = Some((survey, fresh));
        return converge(&plane, &Scope::Everything, removals, args.wait, first, common).await;
    }
    // What turns up while it is carried out is for another plan.
    let agreed = fresh.clone();
    let removals = match removals {
        Removals::Allowed(number) => {
            let planned = u32::try_from(agreed.new_removals()).unwrap_or(u32::MAX);
            Removals::Allowed(number.min(planned))
        }
        Removals::Guarded | Removals::GuardedAfter(_) => removals,
    };
    let narrow = |plan: Plan, _: &Survey| plan.within(&agreed);
    let first = Some((survey, fresh));
    let settled = settle(&plane, &Scope::Everything, removals, args.wait, first, &narrow).await?;
    print(&settled, &plane, common).await;
    Ok(ended(&settled, &plane.map.rollout))
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
    let settled = settle(plane, scope, removals, wait, first, &|plan, _| plan).await?;
    print(&settled, plane, common).await;
    Ok(ended(&settled, &plane.map.rollout))
}

/// Runs passes until AWS agrees with the map, or nothing moves any more, or time is up. `narrow`
/// takes from each plan what is not to be done.
pub(super) async fn settle(
    plane: &Plane,
    scope: &Scope,
    removals: Removals,
    wait: WaitArgs,
    first: Option<(Survey, Plan)>,
    narrow: &(dyn Fn(Plan, &Survey) -> Plan + Sync),
) -> Result<Settled> {
    let patience = Patience { timeout: wait.timeout, poll: wait.poll };
    let bars = Bars { reading: plan::reading(&plane.map), shown: Mutex::default() };
    let ended = plane.settle(scope, removals, patience, first, narrow, &bars).await;
    ended.map_err(|unsettled| match unsettled {
        Unsettled::Unreadable(error) => error.into(),
        Unsettled::Refused(plan, violations) => refused(&violations, &plan).into(),
        Unsettled::Halted(halt) => halted(&halt).into(),
        Unsettled::Stuck(report) => stuck(&report).into(),
        Unsettled::Late => late().into(),
    })
}

/// Shows how far it is.
struct Bars {
    /// What is said while everything is read.
    reading: String,
    shown: Mutex<Option<Progress>>,
}

impl Bars {
    fn show(&self, progress: Option<Progress>) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

impl Audience for Bars {
    fn reading(&self) {
        self.show(Some(Progress::spinner(self.reading.clone())));
    }

    fn applying(&self, plan: &Plan) {
        self.show(Some(Progress::bar(plan.actions.len(), "applying")));
    }

    fn acted(&self, action: &Action, outcome: &ActionOutcome) {
        if let Some(progress) = &*self.shown.lock().unwrap_or_else(PoisonError::into_inner) {
            if let Some(told) = told(action, outcome) {
                progress.talk(&told);
            }
            progress.step();
        }
    }

    fn pausing(&self) {
        self.show(None);
    }
}

/// What came of an action, if it is worth a line.
fn told(action: &Action, outcome: &ActionOutcome) -> Option<String> {
    let subject = format!("{} in {}", action.profile, action.domain);
    match outcome {
        ActionOutcome::Changed(what) => Some(format!("  {subject}: {}", brief(what))),
        ActionOutcome::Waiting => None,
        ActionOutcome::Failed(error) => Some(format!("  {subject}: {error}")),
    }
}

/// The most things that are told of one profile at a time.
const TOLD: usize = 6;

fn brief(what: &str) -> String {
    let parts: Vec<&str> = what.split(", ").collect();
    match parts.get(TOLD..) {
        None | Some([]) => what.to_owned(),
        Some(more) => {
            let first: Vec<&str> = parts.iter().copied().take(TOLD).collect();
            format!("{} and {} more", first.join(", "), more.len())
        }
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

/// Nothing may be changed now.
pub(super) fn halted(halt: &Halt) -> NotDone {
    let code = halt.code().as_str();
    NotDone {
        outcome: Outcome::Failed,
        code,
        message: format!("{halt} ({code})"),
        remedy: match halt {
            Halt::Store(_) | Halt::TimeUp => "Run it again; what was done stays done.",
            Halt::Frozen(_) | Halt::ObserveOnly => {
                "`stagedoor thaw` lets changes be made again; `stagedoor plan` shows what waits."
            }
        }
        .to_owned(),
    }
}

fn late() -> NotDone {
    NotDone {
        outcome: Outcome::Failed,
        code: codes::TIMED_OUT.as_str(),
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
    let unassigned = report.unassigned.iter().map(|(_, error)| error);
    for error in unassigned.chain(report.failed.iter().map(|(_, error)| error)) {
        if !seen.iter().any(|e| (e.kind, e.operation) == (error.kind, error.operation)) {
            seen.push(error);
        }
    }
    let calls: Vec<String> = seen.iter().map(ToString::to_string).collect();
    let mut remedies: Vec<&str> = seen.iter().map(|error| error.remedy()).collect();
    remedies.dedup();
    NotDone {
        outcome: Outcome::Failed,
        code: seen.first().map_or(codes::FAILED.as_str(), |error| error.code()),
        message: format!(
            "{} failed: {}",
            counted(report.failed.len().saturating_add(report.unassigned.len()), "action"),
            calls.join("; ")
        ),
        remedy: remedies.join(" "),
    }
}

pub(super) async fn print(settled: &Settled, plane: &Plane, common: &Common) {
    let Settled { plan, changed, survey } = settled;
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
            let (how, next) =
                ((Paint::stdout(common), false), Next::apply(plane, None, None).await);
            let text = report::plan_text(plan, survey, &plane.map, how, &next);
            output::data(&format!("{} made.\n\n{text}", counted(*changed, "change")));
        }
    }
}

/// How a run ended, as an exit code. Says what needs attention: of teams that `rollout` does not enforce nothing
/// was to be done, so that it is no failure.
pub(super) fn ended(settled: &Settled, rollout: &Rollout) -> Outcome {
    let (counted, others): (Vec<_>, Vec<_>) =
        settled.plan.blocked().partition(|kept| plan::is_enforced(kept, rollout));
    let outcome = plan::outcome(&settled.plan, &settled.survey, rollout);
    let things = |number: usize| match number {
        1 => "1 thing needs".to_owned(),
        _ => format!("{number} things need"),
    };
    if !others.is_empty() {
        output::talk(&format!(
            "note: {} attention before the map enforces the teams that `rollout.enforce` leaves out",
            things(others.len())
        ));
    }
    if counted.is_empty() || outcome == Outcome::Failed {
        return outcome;
    }
    output::talk(&format!(
        "error: not all of the map could be carried out: {} attention (needs-attention)",
        things(counted.len())
    ));
    Outcome::Failed
}

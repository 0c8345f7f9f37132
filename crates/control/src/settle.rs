//! Passes on demand, until AWS agrees with the map.

use crate::pass::{Halt, Outcome, PassReport};
use crate::plane::Plane;
use crate::ports::{AuditEntry, AuditEvent, CallError};
use crate::reconciler::refused_plan;
use crate::survey::{Scope, Survey};
use access::check::{Removals, Violation, guard_limit};
use access::plan::{Action, Plan};
use access::reason::ReasonCode;
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait for AWS.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// So long in all; what was begun goes on afterwards.
    pub timeout: Duration,
    /// The longest pause between two looks; the first are shorter, for AWS is often done sooner.
    pub poll: Duration,
}

/// Is told what goes on meanwhile.
pub trait Audience: Send + Sync {
    /// A reading begins.
    fn reading(&self);
    /// A plan is about to be carried out.
    fn applying(&self, plan: &Plan);
    /// Something came of an action.
    fn acted(&self, action: &Action, outcome: &Outcome);
    /// The pass is over; there is another one, after a pause, or none.
    fn pausing(&self);
}

/// AWS agrees with the map, as far as Stagedoor can make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// How many changes AWS accepted.
    pub changed: usize,
    /// The last reading.
    pub survey: Survey,
    /// The last plan. It holds no action.
    pub plan: Plan,
}

/// Why it could not be brought to an end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsettled {
    /// The directory cannot be read.
    #[error(transparent)]
    Unreadable(#[from] CallError),
    /// A plan was refused.
    #[error("the plan was refused")]
    Refused(Box<Plan>, Vec<Violation>),
    /// Nothing may be changed.
    #[error(transparent)]
    Halted(#[from] Halt),
    /// Nothing moved, and calls failed.
    #[error("nothing moves any more")]
    Stuck(Box<PassReport>),
    /// AWS has not finished in time.
    #[error("AWS has not finished in time")]
    Late,
}

impl Plane {
    /// Makes passes until AWS agrees with the map, nothing moves any more, or time is up. `first` is
    /// what was read and planned already, if anything was; `narrow` takes from each plan what is not to
    /// be done. The number of removals that somebody agreed to holds for all passes together.
    ///
    /// # Errors
    /// See [`Unsettled`]. What was done stays done.
    pub async fn settle(
        &self,
        scope: &Scope,
        mut removals: Removals,
        patience: Patience,
        mut first: Option<(Survey, Plan)>,
        narrow: &(dyn Fn(Plan, &Survey) -> Plan + Sync),
        audience: &dyn Audience,
    ) -> Result<Settled, Unsettled> {
        let deadline = Instant::now() + patience.timeout;
        let mut changed = 0;
        let mut pause = patience.poll / 8;
        let mut doubtful: Vec<Action> = Vec::new();
        loop {
            let (survey, plan) = if let Some(first) = first.take() {
                first
            } else {
                audience.reading();
                let survey = self.survey(scope).await;
                audience.pausing();
                let survey = survey?;
                let plan = narrow(self.plan(&survey), &survey);
                (survey, plan)
            };
            // What failed half-way is on its way out now, and is counted no more.
            let is_begun =
                |one: &Action| !plan.actions.iter().any(|it| it.is_counted() && same(it, one));
            removals = less(removals, doubtful.drain(..).filter(is_begun).count());
            self.spread(&survey).await;
            let checked = match self.check(plan.clone(), &survey, removals) {
                Ok(checked) => checked,
                Err(violations) => {
                    for violation in &violations {
                        self.record(
                            refused_plan(self.clock.now(), violation).by(self.actor.clone()),
                        )
                        .await;
                    }
                    return Err(Unsettled::Refused(Box::new(plan), violations));
                }
            };
            if matches!(removals, Removals::Allowed(_)) {
                self.note_waived(&plan, &survey).await?;
            }
            let busy = plan.kept.iter().any(|k| k.reason == ReasonCode::Busy && k.team.is_some());
            if plan.is_empty() && !busy {
                return Ok(Settled { changed, survey, plan });
            }
            audience.applying(&plan);
            let watcher = |action: &Action, outcome: &Outcome| audience.acted(action, outcome);
            let report = self.carry_out(&checked, &survey, &watcher).await;
            audience.pausing();
            changed += report.changed;
            let failed = report.failed.iter().map(|(action, _)| action);
            doubtful.extend(failed.filter(|action| action.is_counted()).cloned());
            let yielded = plan.actions.iter().filter(|it| it.is_counted());
            let yielded = yielded.filter(|it| report.yielded.contains(&it.person)).count();
            // Of those that failed the next plan tells whether they were begun.
            let begun = plan.new_removals().saturating_sub(doubtful.len());
            removals = less(removals, begun.saturating_sub(yielded));
            if let Some(halt) = report.halted {
                return Err(halt.into());
            }
            if report.is_stuck() {
                return Err(Unsettled::Stuck(Box::new(report)));
            }
            if Instant::now() >= deadline {
                return Err(Unsettled::Late);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(patience.poll);
        }
    }
}

impl Plane {
    /// Writes down, before anything is done, that somebody agreed to removals that the guard refuses.
    async fn note_waived(&self, plan: &Plan, survey: &Survey) -> Result<(), Halt> {
        let Some(removals) = plan.removals_digest() else { return Ok(()) };
        let Err(violations) = self.check(plan.clone(), survey, Removals::Guarded) else {
            return Ok(());
        };
        let limit = guard_limit(&self.map, plan.owned);
        let why = violations.iter().map(|violation| violation.message.as_str());
        let why = why.collect::<Vec<&str>>().join("; ");
        let entry = AuditEntry::new(
            self.clock.now(),
            AuditEvent::RemovalsApproved,
            ReasonCode::Approved.as_str(),
        );
        let entry = entry
            .by(self.actor.clone())
            .with("removals", removals)
            .with("number", plan.new_removals())
            .with("limit", limit)
            .with("message", why);
        // What cannot be written down is not done.
        self.audit.append(&entry).await.map_err(Halt::Store)
    }
}

impl PassReport {
    /// Whether nothing moved and calls failed.
    fn is_stuck(&self) -> bool {
        let failed = !self.failed.is_empty() || !self.unassigned.is_empty();
        self.changed == 0 && self.waiting == 0 && self.yielded.is_empty() && failed
    }
}

/// Whether both are about the same profile.
fn same(one: &Action, other: &Action) -> bool {
    (&one.domain, &one.profile) == (&other.domain, &other.profile)
}

/// What is left of the removals that somebody agreed to, after so many.
fn less(removals: Removals, begun: usize) -> Removals {
    let Removals::Allowed(number) = removals else { return removals };
    Removals::Allowed(number.saturating_sub(u32::try_from(begun).unwrap_or(u32::MAX)))
}

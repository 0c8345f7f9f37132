//! The loop: wake, read the truth, plan, check, carry out.
//!
//! Wake-ups that arrive while a pass runs are merged into the next one. A wake-up that is lost
//! costs time, never correctness: a full pass runs at the start and on a timer.

use crate::begun::Begun;
use crate::event::Wake;
use crate::pass::{Outcome, PassReport, Watcher};
use crate::plane::Plane;
use crate::ports::{AuditEntry, CallError, WakeQueue};
use crate::survey::{Scope, Survey};
use access::check::{CheckedPlan, Removals, Violation, check};
use access::plan::{Action, Plan};
use access::reason::ReasonCode;
use futures::FutureExt;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The most people who are read one by one; for more, reading everybody is fewer calls.
pub(crate) const MOST_PEOPLE: usize = 50;

/// Wake-ups that wait for the next pass, merged into one.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<(Mutex<Option<Wake>>, Notify)>);

impl Waker {
    /// Asks for a pass.
    pub fn wake(&self, wake: Wake) {
        let (pending, notify) = &*self.0;
        let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
        let merged = match (pending.take(), wake) {
            (Some(Wake::People(mut known)), Wake::People(more)) => {
                known.extend(more);
                Wake::People(known)
            }
            (None, wake) => wake,
            _ => Wake::Everything,
        };
        *pending = Some(match merged {
            Wake::People(people) if people.len() > MOST_PEOPLE => Wake::Everything,
            merged => merged,
        });
        notify.notify_one();
    }

    fn take(&self) -> Option<Wake> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until there is something, then takes all of it.
    pub async fn next(&self) -> Wake {
        loop {
            if let Some(wake) = self.take() {
                return wake;
            }
            self.0.1.notified().await;
        }
    }
}

/// The longest wait between two looks at something that AWS is at.
pub const LONGEST_RECHECK: Duration = Duration::from_mins(1);

/// How often the loop looks without being asked.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// From one full pass to the next.
    pub resync: Duration,
    /// From a pass that left something unfinished to the next look at it. Doubles while nothing
    /// changes: up to [`LONGEST_RECHECK`] while AWS is at it, for deleting an app can take twenty
    /// minutes; up to `resync` where something fails.
    pub recheck: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { resync: Duration::from_mins(15), recheck: Duration::from_secs(5) }
    }
}

/// Why a pass could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PassError {
    /// The directory could not be read.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The plan was refused.
    #[error("the plan was refused")]
    Refused(Vec<Violation>),
}

/// What a pass did and left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The plan it carried out.
    pub plan: Plan,
    /// What came of it.
    pub report: PassReport,
}

impl Pass {
    /// Whether AWS agrees now, as far as Stagedoor can make it.
    pub fn settled(&self) -> bool {
        self.plan.is_empty() && left_by(&self.plan, &self.report, true) == Left::Nothing
    }
}

impl Plane {
    /// Reads, plans, checks and carries out, once.
    pub async fn pass(
        &self,
        scope: &Scope,
        removals: Removals,
        watcher: Watcher<'_>,
    ) -> Result<Pass, PassError> {
        let survey = self.survey(scope).await?;
        let plan = self.plan(&survey);
        let checked = self.check(plan, &survey, removals).map_err(PassError::Refused)?;
        let report = self.carry_out(&checked, &survey.observed, watcher).await;
        Ok(Pass { plan: checked.plan().clone(), report })
    }

    /// Checks a plan against the survey it was made from.
    pub fn check(
        &self,
        plan: Plan,
        survey: &Survey,
        removals: Removals,
    ) -> Result<CheckedPlan, Vec<Violation>> {
        check(plan, &self.map, &survey.snapshot, &survey.observed, removals)
    }

    /// Runs passes until `stop` resolves: at once, whenever `waker` says so, and on the timers.
    pub async fn run(&self, waker: &Waker, rhythm: Rhythm, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        waker.wake(Wake::Everything);
        let first = tokio::time::Instant::now() + rhythm.resync;
        let mut resync = tokio::time::interval_at(first, rhythm.resync);
        resync.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut unfinished: Option<Scope> = None;
        let mut pause = rhythm.recheck;
        let mut memory = Memory::default();
        loop {
            let recheck = async {
                match &unfinished {
                    Some(_) => tokio::time::sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            // In this order: neither an end nor a full pass waits behind a stream of events.
            let scope = tokio::select! {
                biased;
                () = &mut stop => return,
                _ = resync.tick() => Scope::Everything,
                wake = waker.next() => widest(scope_of(wake), unfinished.take()),
                () = recheck => unfinished.take().unwrap_or(Scope::Everything),
            };
            let pass = AssertUnwindSafe(self.supervised_pass(&scope, &mut memory)).catch_unwind();
            // A loop that died unseen would leave everybody who leaves where they are.
            let left = pass.await.unwrap_or_else(|_| {
                tracing::error!("a pass panicked; the loop goes on");
                Left::Stuck
            });
            pause = match left {
                Left::Waiting => (pause * 2).min(LONGEST_RECHECK),
                Left::Stuck => (pause * 2).min(rhythm.resync),
                Left::Moving | Left::Nothing => rhythm.recheck,
            };
            unfinished = (left != Left::Nothing).then_some(scope);
        }
    }

    /// Makes a pass, logs what came of it, and says what it left.
    async fn supervised_pass(&self, scope: &Scope, memory: &mut Memory) -> Left {
        let survey = match self.survey(scope).await {
            Ok(survey) => survey,
            Err(error) => {
                tracing::warn!(%error, "the directory cannot be read; nothing was changed");
                return Left::Stuck;
            }
        };
        let Some(checked) = self.permitted(self.plan(&survey), &survey, memory).await else {
            // Looking again soon would find the same; a person or the next event has to come.
            return Left::Nothing;
        };
        memory.begun.remember(checked.plan());
        let watcher = |action: &Action, outcome: &Outcome| {
            if let Outcome::Changed(what) = outcome {
                tracing::info!(profile = %action.profile, reason = %action.reason, "{what}");
            }
        };
        let report = self.carry_out(&checked, &survey.observed, &watcher).await;
        let plan = checked.plan();
        // A plan that comes back as it was has changed nothing that lasts.
        let is_news = memory.last.as_ref().is_none_or(|last| !last.same_actions(plan));
        let left = left_by(plan, &report, is_news);
        memory.last = Some(plan.clone());
        left
    }

    /// What of the plan may be carried out. Where only the guard objects, everything but the
    /// removals that it objects to: the error of one group must not keep others out.
    async fn permitted(
        &self,
        plan: Plan,
        survey: &Survey,
        memory: &mut Memory,
    ) -> Option<CheckedPlan> {
        let removals = Removals::GuardedAfter(memory.begun.unseen(&survey.observed, survey.now));
        let violations = match self.check(plan.clone(), survey, removals) {
            Ok(checked) => {
                memory.refused.clear();
                return Some(checked);
            }
            Err(violations) => violations,
        };
        for violation in &violations {
            tracing::error!(code = %violation.code, "{}", violation.message);
            // Once, not every quarter of an hour until somebody comes.
            if !memory.refused.contains(violation) {
                self.record(refused_plan(survey.now, violation)).await;
            }
        }
        let only_guard = violations.iter().all(|v| v.code == ReasonCode::GuardTripped);
        memory.refused = violations;
        let mut rest = plan;
        rest.actions.retain(|action| !action.is_new_removal());
        only_guard.then(|| self.check(rest, survey, removals).ok()).flatten()
    }

    /// Reads events from a queue and wakes the loop, until `stop` resolves.
    ///
    /// A message is done as soon as the loop knows of it: should the process die before the pass,
    /// the full pass at the next start does the work.
    pub async fn listen(
        &self,
        queue: &dyn WakeQueue,
        waker: &Waker,
        stop: impl Future<Output = ()>,
    ) {
        tokio::pin!(stop);
        loop {
            let received = tokio::select! {
                () = &mut stop => return,
                received = queue.receive(20) => received,
            };
            match received {
                Ok(deliveries) => {
                    for delivery in deliveries {
                        if let Some(wake) = self.hear(&delivery.body).await {
                            waker.wake(wake);
                        }
                        if let Err(error) = queue.done(&delivery).await {
                            tracing::warn!(%error, "event comes again");
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "queue cannot be read");
                    tokio::select! {
                        () = &mut stop => return,
                        () = tokio::time::sleep(Duration::from_secs(5)) => {}
                    }
                }
            }
        }
    }
}

/// What the loop remembers from pass to pass. Losing it costs no correctness.
#[derive(Debug, Default)]
struct Memory {
    begun: Begun,
    /// The objections to the latest plan, which are in the audit log already.
    refused: Vec<Violation>,
    /// The latest plan that was carried out.
    last: Option<Plan>,
}

/// What a pass left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// AWS agrees, as far as Stagedoor can make it.
    Nothing,
    /// The next step can be asked for soon.
    Moving,
    /// AWS is at it.
    Waiting,
    /// Something failed, could not be read, or does not last.
    Stuck,
}

fn left_by(plan: &Plan, report: &PassReport, is_news: bool) -> Left {
    let keeps = |reasons: &[ReasonCode]| plan.kept.iter().any(|k| reasons.contains(&k.reason));
    let is_blind = keeps(&[ReasonCode::DomainUnreadable, ReasonCode::RoleUnreadable]);
    let is_busy = report.waiting > 0 || keeps(&[ReasonCode::Busy]);
    if report.changed > 0 && is_news {
        Left::Moving
    } else if is_busy {
        Left::Waiting
    } else if is_blind || !plan.is_empty() {
        Left::Stuck
    } else {
        Left::Nothing
    }
}

/// What a wake-up asks to be read.
pub fn scope_of(wake: Wake) -> Scope {
    match wake {
        Wake::People(people) => Scope::People(people),
        Wake::Everything => Scope::Everything,
    }
}

fn widest(scope: Scope, other: Option<Scope>) -> Scope {
    match (scope, other) {
        (scope, None) => scope,
        (Scope::People(mut people), Some(Scope::People(more))) => {
            people.extend(more);
            Scope::People(people)
        }
        _ => Scope::Everything,
    }
}

fn refused_plan(at: jiff::Timestamp, violation: &Violation) -> AuditEntry {
    AuditEntry {
        at,
        event: "plan-refused".into(),
        code: violation.code.as_str().into(),
        person: None,
        team: None,
        details: BTreeMap::from([("message".into(), violation.message.clone())]),
    }
}

//! The loop: wake, read the truth, plan, check, carry out.
//!
//! Wake-ups that arrive while a pass runs are merged into the next one. A wake-up that is lost
//! costs time, never correctness: a full pass runs at the start and on a timer.

use crate::event::{self, Wake};
use crate::pass::{Outcome, PassReport};
use crate::plane::Plane;
use crate::ports::{AuditEntry, CallError, WakeQueue};
use crate::survey::{Scope, Survey};
use access::check::{CheckedPlan, Removals, Violation, check};
use access::plan::{Action, Plan};
use access::reason::ReasonCode;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Wake-ups that wait for the next pass, merged into one.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<(Mutex<Option<Wake>>, Notify)>);

impl Waker {
    /// Asks for a pass.
    pub fn wake(&self, wake: Wake) {
        let (pending, notify) = &*self.0;
        let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
        *pending = Some(match (pending.take(), wake) {
            (Some(Wake::People(mut known)), Wake::People(more)) => {
                known.extend(more);
                Wake::People(known)
            }
            (None, wake) => wake,
            _ => Wake::Everything,
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

/// The longest wait between two looks at something unfinished.
pub const LONGEST_RECHECK: Duration = Duration::from_mins(1);

/// How often the loop looks without being asked.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// From one full pass to the next.
    pub resync: Duration,
    /// From a pass that left something unfinished to the next look at it. Doubles, up to
    /// [`LONGEST_RECHECK`], while nothing changes: deleting an app can take twenty minutes.
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
        self.plan.is_empty() && !self.plan.kept.iter().any(|k| k.reason == ReasonCode::Busy)
    }
}

impl Plane {
    /// Reads, plans, checks and carries out, once.
    pub async fn pass(
        &self,
        scope: &Scope,
        removals: Removals,
        watcher: crate::pass::Watcher<'_>,
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
        loop {
            let recheck = async {
                match &unfinished {
                    Some(_) => tokio::time::sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            let scope = tokio::select! {
                () = &mut stop => return,
                wake = waker.next() => widest(scope_of(wake), unfinished.take()),
                _ = resync.tick() => Scope::Everything,
                () = recheck => unfinished.take().unwrap_or(Scope::Everything),
            };
            let left = self.supervised_pass(&scope).await;
            pause = match left {
                Left::Unmoved => (pause * 2).min(LONGEST_RECHECK),
                Left::Moving | Left::Nothing => rhythm.recheck,
            };
            unfinished = (left != Left::Nothing).then_some(scope);
        }
    }

    /// Makes a pass, logs what came of it, and says what it left.
    async fn supervised_pass(&self, scope: &Scope) -> Left {
        let watcher = |action: &Action, outcome: &Outcome| {
            if let Outcome::Changed(what) = outcome {
                tracing::info!(profile = %action.profile, reason = %action.reason, "{what}");
            }
        };
        match self.pass(scope, Removals::Guarded, &watcher).await {
            Ok(pass) if pass.settled() => Left::Nothing,
            Ok(pass) if pass.report.changed > 0 => Left::Moving,
            Ok(_) => Left::Unmoved,
            Err(PassError::Call(error)) => {
                tracing::warn!(%error, "the directory cannot be read; nothing was changed");
                Left::Unmoved
            }
            Err(PassError::Refused(violations)) => {
                for violation in &violations {
                    tracing::error!(code = %violation.code, "{}", violation.message);
                    self.record(refused_plan(self.clock.now(), violation)).await;
                }
                // Looking again soon would find the same; a person or the next event has to come.
                Left::Nothing
            }
        }
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
                        match event::read(&delivery.body) {
                            Ok(reading) => {
                                tracing::info!(event_id = reading.event_id, name = reading.name, wake = ?reading.wake, "event read");
                                if let Some(wake) = reading.wake {
                                    waker.wake(wake);
                                }
                            }
                            Err(error) => {
                                tracing::warn!(%error, "event not understood");
                                waker.wake(Wake::Everything);
                            }
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

/// What a pass left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    Moving,
    Unmoved,
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

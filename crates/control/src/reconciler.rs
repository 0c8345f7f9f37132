//! The loop: take work from the queue, read the truth, plan, check, carry out.
//!
//! What is to be read again stands in the store: everything, or one person. Passes for people run
//! beside the one for everything, so that nobody waits for others; what a pass leaves unfinished of
//! a person goes back into the queue for that person alone. A wake-up that is lost costs time, never
//! correctness: everything is read at the start and on a timer, by one replica for all.

mod duty;
mod found;
mod left;
mod memory;
mod mirroring;
mod permit;
mod worker;

pub(crate) use permit::refused_plan;
pub use worker::{Worked, Worker};

use crate::event::Wake;
use crate::pass::{Deadline, PassReport, Watcher};
use crate::plane::Plane;
use crate::ports::{CallError, StoreError, WakeQueue, Work, WorkKey};
use crate::survey::Scope;
use access::check::{Removals, Violation};
use access::plan::Plan;
use duty::{Duty, Taken};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// The most people whom one wake-up has read one by one; for more, reading everybody is fewer calls.
pub const MOST_PEOPLE: usize = 500;

/// The most people of one pass.
const PEOPLE_A_PASS: u32 = 50;

/// How many passes for people run at a time, beside the one for everything. More would only queue
/// up at AWS's rate limits.
const PEOPLE_PASSES: usize = 3;

/// The longest wait between two looks at something that AWS is at.
pub const LONGEST_RECHECK: Duration = Duration::from_mins(1);

/// How often the loop looks into the queue unasked, if nobody says otherwise.
const LOOK: Duration = Duration::from_secs(1);

/// The pause after the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// How often the loop looks without being asked.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// From one full pass to the next.
    pub resync: Duration,
    /// From a pass that left something unfinished to the next look at it. Doubles while nothing
    /// changes: up to [`LONGEST_RECHECK`] while AWS is at it, for deleting an app can take twenty
    /// minutes; up to `resync` where something fails.
    pub recheck: Duration,
    /// From one look into the queue to the next: what other processes put there rings no bell.
    pub look: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { resync: Duration::from_mins(15), recheck: Duration::from_secs(5), look: LOOK }
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
        self.plan.is_empty() && left::of_plan(&self.plan).is_nothing()
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
        self.spread(&survey).await;
        let plan = self.plan(&survey);
        let checked = self.check(plan, &survey, removals).map_err(PassError::Refused)?;
        let report = self.carry_out(&checked, &survey, watcher).await;
        Ok(Pass { plan: checked.plan().clone(), report })
    }

    /// Asks the loops of all processes to read these again, as soon as possible.
    ///
    /// # Errors
    /// The store cannot be written; nobody will be read on this account.
    pub async fn wake(&self, wake: &Wake) -> Result<(), StoreError> {
        let keys = match wake {
            Wake::People(people) if people.len() <= MOST_PEOPLE => {
                people.iter().cloned().map(WorkKey::Person).collect()
            }
            _ => BTreeSet::from([WorkKey::Everything]),
        };
        if keys.is_empty() {
            return Ok(());
        }
        self.queue.push(&keys, self.clock.now()).await?;
        match wake {
            Wake::People(_) if !keys.contains(&WorkKey::Everything) => self.bell.ring_for_change(),
            // What follows a full pass follows this one.
            _ => self.bell.ring(),
        }
        Ok(())
    }

    /// Runs passes until `stop` resolves: at once, whenever there is work in the queue, and on the
    /// timer. Passes under way then end after the calls that they are at; whatever they leave is in
    /// the queue for other processes, and nobody stays claimed.
    pub async fn run(&self, rhythm: Rhythm, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        let duty = Duty::new(self, rhythm).await;
        let mut under_way: FuturesUnordered<BoxFuture<'_, Course>> = FuturesUnordered::new();
        let mut busy = Busy::default();
        let mut resync = interval_at(Instant::now() + rhythm.resync, rhythm.resync);
        resync.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The map may be another one than that of the last run.
        let mut is_started = false;
        loop {
            // An end does not wait behind a stream of events.
            if (&mut stop).now_or_never().is_some() {
                break;
            }
            if duty.mirror_is_due() && !busy.mirror {
                busy.add(Course::Mirror);
                under_way.push(duty.mirror(Deadline::NEVER).map(|()| Course::Mirror).boxed());
            }
            let pause = match self.next_work(&duty, busy, &mut is_started).await {
                Ok(None) => rhythm.look,
                Ok(Some(taken)) => {
                    let lane = Lane::of(&taken.work);
                    busy.add(Course::Pass(lane));
                    let pass = duty.work_off(taken, lane, Deadline::NEVER);
                    under_way.push(pass.map(move |_| Course::Pass(lane)).boxed());
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "the queue cannot be used; trying again");
                    STORE_PAUSE
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => break,
                _ = resync.tick() => duty.bound_the_wait().await,
                Some(ended) = under_way.next(), if !under_way.is_empty() => busy.remove(ended),
                () = self.bell.rung() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        duty.brake.pull();
        while under_way.next().await.is_some() {}
    }

    /// Work for a lane that is free, if there is any. Everything comes first, so that it does not wait
    /// behind a
    /// stream of events either.
    async fn next_work(
        &self,
        duty: &Duty<'_>,
        busy: Busy,
        is_started: &mut bool,
    ) -> Result<Option<Taken>, StoreError> {
        if !*is_started {
            self.wake(&Wake::Everything).await?;
            *is_started = true;
        }
        let most =
            if busy.people < PEOPLE_PASSES && duty.serves_people() { PEOPLE_A_PASS } else { 0 };
        if busy.everything && most == 0 {
            return Ok(None);
        }
        duty.take(most).await
    }

    /// Reads events from a queue and wakes the loop, until `stop` resolves.
    ///
    /// A message is done once what it asks for is on disk: should the process die before the pass,
    /// another one, or the next, does the work.
    pub async fn listen(&self, queue: &dyn WakeQueue, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let received = tokio::select! {
                () = &mut stop => return,
                received = queue.receive(20) => received,
            };
            let mut failed = false;
            match received {
                Ok(deliveries) => {
                    for delivery in deliveries {
                        if let Some(wake) = self.current().hear(&delivery.body).await
                            && let Err(error) = self.wake(&wake).await
                        {
                            tracing::error!(%error, "event cannot be kept; it comes again");
                            failed = true;
                            continue;
                        }
                        if let Err(error) = queue.done(&delivery).await {
                            tracing::warn!(%error, "event comes again");
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "queue cannot be read");
                    failed = true;
                }
            }
            if failed {
                tokio::select! {
                    () = &mut stop => return,
                    () = tokio::time::sleep(STORE_PAUSE) => {}
                }
            }
        }
    }
}

/// Passes for everything, and passes for people, run beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Everything,
    People,
}

/// What is under way: a pass of a lane, or the run that mirrors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Pass(Lane),
    Mirror,
}

impl Lane {
    fn of(work: &[Work]) -> Self {
        let is_everything = |work: &Work| work.lease.key == WorkKey::Everything;
        if work.iter().any(is_everything) { Self::Everything } else { Self::People }
    }

    /// Its name in metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::People => "people",
        }
    }
}

/// What is under way.
#[derive(Debug, Clone, Copy, Default)]
struct Busy {
    everything: bool,
    people: usize,
    mirror: bool,
}

impl Busy {
    fn add(&mut self, course: Course) {
        match course {
            Course::Pass(Lane::Everything) => self.everything = true,
            Course::Pass(Lane::People) => self.people += 1,
            Course::Mirror => self.mirror = true,
        }
    }

    fn remove(&mut self, course: Course) {
        match course {
            Course::Pass(Lane::Everything) => self.everything = false,
            Course::Pass(Lane::People) => self.people = self.people.saturating_sub(1),
            Course::Mirror => self.mirror = false,
        }
    }
}

/// What a wake-up asks to be read.
pub fn scope_of(wake: Wake) -> Scope {
    match wake {
        Wake::People(people) => Scope::People(people),
        Wake::Everything => Scope::Everything,
    }
}

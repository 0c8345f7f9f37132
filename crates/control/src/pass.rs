//! One pass: carry out a checked plan as far as it goes now.
//!
//! Nothing waits here for AWS's slow states. A pass asks for what can be asked, and the next
//! reading tells how far it came. Every call may be repeated, so a pass that was killed half-way is
//! simply run again.
//!
//! Nobody is touched whom another pass is at, or was at since this one began to read: what is planned
//! for them may be stale. They are claimed some at a time, so that a long pass keeps nobody from a
//! short one, and costs the store few writes.

mod brake;
mod deadline;
mod hand;
mod leaving;
mod told;

pub use brake::Brake;
pub use deadline::Deadline;

use crate::plane::{Plane, Takeover};
use crate::ports::{
    AuditEntry, CallError, ChangeId, Claimed, Ensured, Freeze, Intent, StoreError, Ticket,
};
use crate::survey::Survey;
use access::check::CheckedPlan;
use access::ids::PersonId;
use access::plan::{Action, Assignment, Step};
use access::reason::ReasonCode;
use futures::future::{self, FutureExt as _};
use futures::stream::{self, StreamExt};
use hand::{Hand, Known, Made};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many profiles are worked on at a time: enough to hide latency, few enough to stay under the
/// one or two calls a second that AWS allows an account.
const ACTIONS_AT_ONCE: usize = 4;

/// How many profiles are written down as about to be made, those under way included: what is written
/// down at a time costs the store one write. Of a pass that is cut off, so many more were announced;
/// whoever makes them later announces them no more.
const ANNOUNCED_AHEAD: usize = 16;

/// For how many actions people are claimed at a time: 2,000 actions take 20 claims.
const ACTIONS_A_CLAIM: usize = 100;

/// So often it is looked whether somebody froze everything, while people are claimed.
const LOOK: Duration = Duration::from_secs(1);

/// What came of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// AWS accepted a change; the text says which, for people.
    Changed(String),
    /// AWS is still at it.
    Waiting,
    /// The call failed. The action is planned again by the next pass.
    Failed(CallError),
}

/// Why a pass changes nothing, or nothing more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// Somebody said so.
    #[error("nothing is changed: {0}")]
    Frozen(Freeze),
    /// This process only observes.
    #[error("nothing is changed: this process only observes")]
    ObserveOnly,
    /// Without the store nobody knows whether it is frozen, or who is at whom.
    #[error("nothing is changed: {0}")]
    Store(StoreError),
    /// Its time is up.
    #[error("nothing more is changed: the time of this process is up")]
    TimeUp,
}

impl Halt {
    /// Its reason code.
    pub fn code(&self) -> ReasonCode {
        match self {
            Self::Frozen(_) => ReasonCode::Frozen,
            Self::ObserveOnly => ReasonCode::ObserveOnly,
            Self::Store(_) => ReasonCode::Unavailable,
            Self::TimeUp => ReasonCode::TimeUp,
        }
    }
}

/// What came of a pass for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// AWS accepted a change.
    pub changed: bool,
    /// AWS is at something.
    pub waiting: bool,
    /// A call failed.
    pub failed: bool,
}

/// What came of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PassReport {
    /// Actions for which AWS accepted a change.
    pub changed: usize,
    /// Actions that AWS is still at.
    pub waiting: usize,
    /// Calls that failed, in the order of the plan.
    pub failed: Vec<(Action, CallError)>,
    /// Groups that could not be assigned to their application.
    pub unassigned: Vec<(Assignment, CallError)>,
    /// The same by person.
    pub people: BTreeMap<PersonId, Progress>,
    /// People left to another pass: it is at them or was since this one began to read, or time was
    /// nearly up.
    pub yielded: BTreeSet<PersonId>,
    /// Why nothing was done, or nothing more.
    pub halted: Option<Halt>,
}

impl PassReport {
    fn add(&mut self, action: &Action, outcome: Outcome) {
        let progress = self.people.entry(action.person.clone()).or_default();
        match outcome {
            Outcome::Changed(_) => {
                self.changed += 1;
                progress.changed = true;
            }
            Outcome::Waiting => {
                self.waiting += 1;
                progress.waiting = true;
            }
            Outcome::Failed(error) => {
                self.failed.push((action.clone(), error));
                progress.failed = true;
            }
        }
    }
}

/// Is told about each action as it happens.
pub type Watcher<'a> = &'a (dyn Fn(&Action, &Outcome) + Send + Sync);

impl Plane {
    /// Carries out a plan that was made from `survey` and checked against it.
    pub async fn carry_out(
        &self,
        plan: &CheckedPlan,
        survey: &Survey,
        watcher: Watcher<'_>,
    ) -> PassReport {
        self.carry_out_until(plan, survey, watcher, Deadline::NEVER, &Brake::default()).await
    }

    /// [`Self::carry_out`], as far as time and brake allow. Once the brake is on, or shortly before
    /// the end, no action is begun any more; those people are [`PassReport::yielded`]. What is under
    /// way ends; only what is at the end of the time is broken off.
    pub async fn carry_out_until(
        &self,
        plan: &CheckedPlan,
        survey: &Survey,
        watcher: Watcher<'_>,
        until: Deadline,
        brake: &Brake,
    ) -> PassReport {
        let mut report = PassReport::default();
        if plan.plan().is_empty() {
            return report;
        }
        let ticket = match &survey.ticket {
            _ if self.observe_only => {
                return PassReport { halted: Some(Halt::ObserveOnly), ..report };
            }
            Ok(ticket) => *ticket,
            Err(error) => {
                return PassReport { halted: Some(Halt::Store(error.clone())), ..report };
            }
        };
        let change = self.new_change();
        let hand = Hand {
            plane: self,
            change: &change,
            observed: &survey.observed,
            agreed: plan.is_agreed(),
        };
        let run = Run {
            plane: self,
            change: &change,
            plan,
            survey,
            ticket,
            hand,
            watcher,
            until,
            brake,
            has_people: AtomicBool::new(false),
            held_until: Mutex::default(),
            halt: Mutex::default(),
            told: Mutex::default(),
        };
        let ended = tokio::select! {
            biased;
            ended = run.to_its_end(&mut report) => ended,
            () = until.passed() => Err(Halt::TimeUp),
        };
        report.halted = ended.err();
        futures::join!(run.let_go(), run.tell(), self.applied(plan.plan(), &change, &report));
        report
    }

    /// Why nothing may be changed now, if so.
    pub async fn halted(&self) -> Option<Halt> {
        if self.observe_only {
            return Some(Halt::ObserveOnly);
        }
        match self.switch.frozen().await {
            Ok(frozen) => frozen.map(Halt::Frozen),
            Err(error) => Some(Halt::Store(error)),
        }
    }
}

/// A plan that is being carried out.
struct Run<'a> {
    plane: &'a Plane,
    change: &'a ChangeId,
    plan: &'a CheckedPlan,
    survey: &'a Survey,
    ticket: Ticket,
    hand: Hand<'a>,
    watcher: Watcher<'a>,
    until: Deadline,
    brake: &'a Brake,
    /// Whether somebody may be claimed.
    has_people: AtomicBool,
    /// Until when those people stay claimed, as far as is known.
    held_until: Mutex<Timestamp>,
    /// Why nothing more may be changed, seen while a batch was under way.
    halt: Mutex<Option<Halt>>,
    /// What AWS answered, as far as the audit log was not told yet.
    told: Mutex<Vec<AuditEntry>>,
}

impl Run<'_> {
    /// Lets go of whoever is claimed. Of what was announced the guard goes on to count all: some of
    /// it may have begun.
    async fn let_go(&self) {
        if !self.has_people.swap(false, Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.plane.claims.release(self.change, self.plane.clock.now()).await {
            tracing::warn!(%error, "people stay claimed until their claims end");
        }
    }

    /// Whether something more may be begun.
    fn has_time(&self) -> bool {
        !self.until.is_near() && !self.brake.is_on()
    }

    /// Whether something more may be begun for those who are claimed. A renewal that hangs leaves them
    /// to others when the claim ends, not when it fails.
    fn may_go_on(&self) -> bool {
        let is_held = self.plane.clock.now() < *locked(&self.held_until);
        is_held && self.has_time() && locked(&self.halt).is_none()
    }

    /// Tells the audit log what AWS answered.
    async fn tell(&self) {
        let told = std::mem::take(&mut *locked(&self.told));
        future::join_all(told.into_iter().map(|entry| self.plane.record(entry))).await;
    }

    async fn to_its_end(&self, report: &mut PassReport) -> Result<(), Halt> {
        let plan = self.plan.plan();
        let removals: Vec<&Action> = plan.actions.iter().filter(|a| a.is_counted()).collect();
        // Else it is looked when people are claimed.
        if !(plan.assignments.is_empty() && removals.is_empty())
            && let Some(halt) = self.plane.halted().await
        {
            return Err(halt);
        }
        for (number, assignment) in plan.assignments.iter().enumerate() {
            if !self.has_time() {
                break;
            }
            // A call that is refused as one too many is repeated for minutes.
            if number > 0
                && let Some(halt) = self.plane.halted().await
            {
                return Err(halt);
            }
            match self.hand.assign(assignment).await {
                Ok(Ensured::Changed) => report.changed += 1,
                Ok(Ensured::NotNeeded) => report.waiting += 1,
                Err(error) => {
                    let group = &assignment.group_name;
                    tracing::warn!(%group, %error, "assignment failed");
                    report.unassigned.push((assignment.clone(), error));
                }
            }
        }
        let overtaken = self.announce(&removals).await.map_err(Halt::Store)?;
        if overtaken {
            report.yielded.extend(removals.iter().map(|action| action.person.clone()));
        }
        let ended = self.in_batches(report).await;
        self.confirm(&removals, report).await;
        ended
    }

    /// Tells all passes what this one is about to take away. Whether another one told so after this
    /// one looked, so that the guard has not counted it.
    async fn announce(&self, removals: &[&Action]) -> Result<bool, StoreError> {
        if removals.is_empty() {
            return Ok(false);
        }
        let intents: Vec<Intent> = removals.iter().filter_map(|a| self.intent(a)).collect();
        let (agreed, now) = (self.plan.is_agreed(), self.plane.clock.now());
        let counted = self.plane.index.leaving(self.change, &intents, agreed, now).await?;
        Ok(!agreed && counted.iter().any(|leaving| !self.survey.leaving.contains(leaving)))
    }

    /// What was not even tried is not leaving.
    async fn confirm(&self, removals: &[&Action], report: &PassReport) {
        if removals.is_empty() {
            return;
        }
        let tried = removals.iter().filter(|a| report.people.contains_key(&a.person));
        let tried = tried.filter_map(|action| self.intent(action));
        let begun = tried.map(|intent| (intent.domain, intent.profile)).collect();
        let (agreed, now) = (self.plan.is_agreed(), self.plane.clock.now());
        if let Err(error) = self.plane.index.left(self.change, &begun, agreed, now).await {
            tracing::warn!(%error, "the guard counts more than was taken away");
        }
    }

    fn intent(&self, action: &Action) -> Option<Intent> {
        let domain = self.plane.map.domains.get(&action.domain)?;
        Some(Intent {
            domain: domain.domain_id.clone(),
            profile: action.profile.clone(),
            person: action.person.clone(),
            team: action.team.clone(),
        })
    }

    async fn in_batches(&self, report: &mut PassReport) -> Result<(), Halt> {
        let actions = self.plan.plan().actions.iter();
        let (taking, giving): (Vec<&Action>, Vec<&Action>) = actions
            .partition(|action| matches!(action.step, Step::Hold { .. } | Step::Remove { .. }));
        // Whoever moves to another team has the new profile before the old one goes.
        for batch in giving.chunks(ACTIONS_A_CLAIM).chain(taking.chunks(ACTIONS_A_CLAIM)) {
            if !self.has_time() {
                report.yielded.extend(batch.iter().map(|action| action.person.clone()));
                continue;
            }
            self.let_go().await;
            for (action, outcome) in self.batch(batch, report).await? {
                match outcome {
                    Some(outcome) => report.add(action, outcome),
                    None => drop(report.yielded.insert(action.person.clone())),
                }
            }
            if let Some(halt) = locked(&self.halt).take() {
                return Err(halt);
            }
        }
        Ok(())
    }

    /// What came of each action; `None`: it was left to another pass.
    async fn batch<'b>(
        &self,
        actions: &[&'b Action],
        report: &PassReport,
    ) -> Result<Vec<(&'b Action, Option<Outcome>)>, Halt> {
        let Claimed { people: claimed, first, number } = self.claimed(actions, report).await?;
        let made = self.made_by(actions, &claimed);
        let index = &self.plane.index;
        // Beside what the audit log is told of each.
        let made: Made<'_> = match made.as_slice() {
            [] => future::ready(Ok(())).boxed().shared(),
            made => index.making(made, number).shared(),
        };
        let running = AtomicUsize::new(actions.len());
        let (ahead, turns) = (Semaphore::new(ANNOUNCED_AHEAD), Semaphore::new(ACTIONS_AT_ONCE));
        let lost = AtomicBool::new(false);
        let acts: Vec<_> = actions
            .iter()
            .map(|&action| {
                let (lost, ahead, turns, running) = (&lost, &ahead, &turns, &running);
                let known = Known {
                    blocked: missing_assignment(action, &report.unassigned),
                    is_first: first.contains(&action.person),
                    made: made.clone(),
                };
                let is_mine = claimed.contains(&action.person);
                let is_free = move || is_mine && !lost.load(Ordering::Relaxed) && self.may_go_on();
                async move {
                    // Nobody closes them.
                    let _place = ahead.acquire().await;
                    let announced = if is_free() {
                        Some(self.hand.announce_ahead(action, &known).await)
                    } else {
                        None
                    };
                    let turn = turns.acquire().await;
                    let Some(announced) = announced.filter(|_| is_free()) else {
                        running.fetch_sub(1, Ordering::Relaxed);
                        return (action, None);
                    };
                    let (outcome, told) = self.act(action, announced, known).await;
                    // What AWS answered is written down beside the actions that follow, or with what
                    // came of all.
                    drop(turn);
                    locked(&self.told).extend(told);
                    if running.fetch_sub(1, Ordering::Relaxed) > 1 {
                        self.tell().await;
                    }
                    (action, Some(outcome))
                }
            })
            .collect();
        let work = stream::iter(acts).buffered(ACTIONS_A_CLAIM).collect::<Vec<_>>();
        tokio::select! {
            biased;
            results = work => Ok(results),
            never = self.stay_claimed(claimed.len(), &lost) => match never {},
            never = self.look_for_a_halt() => match never {},
        }
    }

    /// Claims the people of these actions, unless nothing may be changed.
    async fn claimed(&self, actions: &[&Action], report: &PassReport) -> Result<Claimed, Halt> {
        let wanted = actions.iter().map(|action| action.person.clone());
        let wanted: BTreeSet<PersonId> =
            wanted.filter(|person| !report.yielded.contains(person)).collect();
        let (claims, now) = (&self.plane.claims, self.plane.clock.now());
        let claim = self.plane.takeover.claim;
        self.has_people.store(true, Ordering::Relaxed);
        *locked(&self.held_until) = now.checked_add(claim).unwrap_or(Timestamp::MAX);
        let claimed = claims.claim(self.change, &wanted, &self.ticket, now, claim);
        // Somebody may have frozen it meanwhile.
        let (halt, claimed) = futures::join!(self.plane.halted(), claimed);
        if let Some(halt) = halt {
            return Err(halt);
        }
        claimed.map_err(Halt::Store)
    }

    /// The profiles that these actions make, or make ours.
    fn made_by(&self, actions: &[&Action], claimed: &BTreeSet<PersonId>) -> Vec<Intent> {
        let is_made =
            |action: &&Action| matches!(action.step, Step::Create { .. } | Step::Adopt { .. });
        let made = actions.iter().copied().filter(is_made).filter(|a| claimed.contains(&a.person));
        made.filter_map(|action| self.intent(action)).collect()
    }

    /// Prolongs the claims as long as the work takes. Where one is lost, what was not begun is left
    /// to whoever has it now.
    async fn stay_claimed(&self, number: usize, lost: &AtomicBool) -> Infallible {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let claim = self.plane.takeover.claim;
        loop {
            let until = Takeover::prolonged(claim, &*self.plane.clock).await;
            match self.plane.claims.renew(self.change, until).await {
                Ok(kept) if kept >= number => *locked(&self.held_until) = until,
                outcome => {
                    tracing::warn!(?outcome, number, "claims are lost; the rest is for others");
                    lost.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    /// Sees it when somebody freezes everything. That the store cannot be asked is no halt: claims end
    /// for want of it.
    async fn look_for_a_halt(&self) -> Infallible {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Some(halt @ Halt::Frozen(_)) = self.plane.halted().await {
                locked(&self.halt).get_or_insert(halt);
            }
        }
    }

    /// What came of the action, and what the audit log is told of AWS's answers.
    async fn act(
        &self,
        action: &Action,
        announced: Result<(), CallError>,
        known: Known<'_>,
    ) -> (Outcome, Option<AuditEntry>) {
        let (outcome, told) = match announced {
            Err(error) => (Err(error), None),
            Ok(()) => self.hand.act(action, known).await,
        };
        let outcome = outcome.unwrap_or_else(|error| {
            tracing::warn!(profile = %action.profile, %error, "action failed");
            Outcome::Failed(error)
        });
        (self.watcher)(action, &outcome);
        (outcome, told)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a profile cannot be made yet: whoever is not assigned could not use it.
fn missing_assignment(
    action: &Action,
    unassigned: &[(Assignment, CallError)],
) -> Option<CallError> {
    let group = action.because.as_ref()?.group.as_ref()?;
    let is_made = matches!(action.step, Step::Create { .. });
    let blocks =
        |assignment: &Assignment| assignment.domain == action.domain && &assignment.group == group;
    unassigned.iter().find(|(a, _)| is_made && blocks(a)).map(|(_, error)| error.clone())
}

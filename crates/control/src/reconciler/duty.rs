//! What a loop does with the work it took: a pass, and what becomes of the work afterwards.

use super::found::New;
use super::left::{self, Left, Leftover};
use super::memory::Memory;
use super::mirroring::Following;
use super::permit::Permitted;
use super::{LONGEST_RECHECK, Lane, Rhythm};
use crate::desk::Reading;
use crate::meter::PassOutcome;
use crate::pass::{Brake, Deadline, Halt, Outcome, PassReport};
use crate::plane::{Plane, Takeover};
use crate::ports::{Lease, Retry, StoreError, Ticket, Work, WorkKey};
use crate::survey::{Scope, Survey};
use access::ids::PersonId;
use access::map::AccessMap;
use access::plan::{Action, Kept, Plan, Step};
use access::reason::ReasonCode;
use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// So often it is forgotten what is over for long.
const FORGETTING: SignedDuration = SignedDuration::from_hours(24);

/// Of more people than these, everybody is looked at again at once rather than each by themselves.
const MOST_LEFT: usize = 50;

/// A loop at work.
#[derive(Debug)]
pub(super) struct Duty<'a> {
    pub(super) plane: &'a Plane,
    rhythm: Rhythm,
    /// Who takes the work: shows in the store only.
    owner: String,
    memory: Mutex<Memory>,
    /// Whether people can be read by themselves: until every domain was read in full once, each
    /// of their passes would do just that.
    serves_people: AtomicBool,
    /// When groups are mirrored next.
    pub(super) following: Mutex<Following>,
    /// Ends passes early, when the process is to end.
    pub(super) brake: Brake,
}

/// Work that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) work: Vec<Work>,
    /// Whatever is read for the work is read after it was drawn.
    ticket: Result<Ticket, StoreError>,
}

/// What came of a pass.
struct Done {
    outcome: PassOutcome,
    leftover: Leftover,
    /// Whether all that it was for was read and planned, whatever could be carried out of it.
    is_planned: bool,
}

/// How far a full pass came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reached {
    /// Everything was read and planned.
    pub(super) planned: bool,
    /// Besides, nothing of it failed and nothing was held back.
    pub(super) carried_out: bool,
}

impl<'a> Duty<'a> {
    pub(super) async fn new(plane: &'a Plane, rhythm: Rhythm) -> Self {
        Self {
            plane,
            rhythm,
            owner: plane.new_change().to_string(),
            memory: Mutex::default(),
            serves_people: AtomicBool::new(plane.is_indexed().await),
            following: Mutex::default(),
            brake: Brake::default(),
        }
    }

    pub(super) fn serves_people(&self) -> bool {
        self.serves_people.load(Ordering::Relaxed)
    }

    /// [`Self::serves_people`], looking anew: another process may have read everything since.
    pub(super) async fn may_serve_people(&self) -> bool {
        if !self.serves_people() && self.plane.is_indexed().await {
            self.serves_people.store(true, Ordering::Relaxed);
        }
        self.serves_people()
    }

    /// Those of these people who can be taken, if there are any.
    pub(super) async fn take_people(
        &self,
        people: &BTreeSet<PersonId>,
    ) -> Result<Option<Taken>, StoreError> {
        let (lease, now) = (self.plane.takeover.work, self.plane.clock.now());
        let take = self.plane.queue.take_people(people, &self.owner, now, lease);
        // Mostly there are: the message that names them says so.
        let (work, ticket) = futures::join!(take, self.plane.claims.ticket(now));
        Ok(Some(Taken { work: work?, ticket }).filter(|taken| !taken.work.is_empty()))
    }

    /// What is due, if anything is.
    pub(super) async fn take(&self, most_people: u32) -> Result<Option<Taken>, StoreError> {
        let (lease, now) = (self.plane.takeover.work, self.plane.clock.now());
        let work = self.plane.queue.take(&self.owner, now, lease, most_people).await?;
        if work.is_empty() {
            return Ok(None);
        }
        Ok(Some(Taken { work, ticket: self.plane.claims.ticket(now).await }))
    }

    /// Sees to it that everything is read within one period from now, whatever became of the queue
    /// or the clock.
    pub(super) async fn bound_the_wait(&self) {
        let due = later(self.plane.clock.now(), self.rhythm.resync);
        self.push(BTreeSet::from([WorkKey::Everything]), due).await;
    }

    pub(super) async fn push(&self, keys: BTreeSet<WorkKey>, due: Timestamp) {
        if let Err(error) = self.plane.queue.push(&keys, due).await {
            tracing::error!(%error, "work is not queued; the next full pass finds it");
        }
    }

    /// Makes a pass for the work, and ends it or puts it back. Says how far it came, if that was a full
    /// pass.
    pub(super) async fn work_off(&self, taken: Taken, lane: Lane, until: Deadline) -> Reached {
        let Taken { work, ticket } = taken;
        let leases: Vec<Lease> = work.iter().map(|work| work.lease.clone()).collect();
        if lane == Lane::People && work.iter().any(Work::is_new) {
            self.mirror_soon();
        }
        let begun = Instant::now();
        let span = tracing::info_span!("pass", scope = lane.as_str(), outcome = Empty);
        let pass = self.pass((&work, ticket), until).instrument(span.clone());
        let pass = AssertUnwindSafe(pass).catch_unwind();
        let done = tokio::select! {
            biased;
            done = pass => done,
            never = self.stay_leased(&leases) => match never {},
        };
        // A loop that died unseen would leave everybody who leaves where they are.
        let done = done.unwrap_or_else(|_| {
            tracing::error!("a pass panicked; the loop goes on");
            Done { outcome: PassOutcome::Panicked, ..Done::failed() }
        });
        self.serves_people.store(true, Ordering::Relaxed);
        span.record("outcome", done.outcome.as_str());
        self.plane.meter.passed(lane.as_str(), done.outcome, begun.elapsed());
        let ended = match (lane, work.as_slice()) {
            (Lane::Everything, [work]) => self.end_everything(work, &done).await,
            _ => self.end_people(&work, &done.leftover).await.map(|()| Reached::default()),
        };
        ended.unwrap_or_else(|error| {
            tracing::error!(%error, "work is neither ended nor put back; its lease will run out");
            Reached::default()
        })
    }

    async fn stay_leased(&self, leases: &[Lease]) -> Infallible {
        let lease = self.plane.takeover.work;
        loop {
            let until = Takeover::prolonged(lease, &*self.plane.clock).await;
            if let Err(error) = self.plane.queue.renew(leases, until).await {
                tracing::warn!(%error, "a lease is not prolonged");
            }
        }
    }

    async fn end_everything(&self, work: &Work, done: &Done) -> Result<Reached, StoreError> {
        let (now, leftover) = (self.plane.clock.now(), &done.leftover);
        // However often what it left is tried, nobody is overlooked meanwhile.
        if done.is_planned {
            self.plane.readings.passed(now);
            self.plane.queue.passed(now).await?;
            self.forget(now).await;
        }
        let is_well = matches!(done.outcome, PassOutcome::Settled | PassOutcome::Unfinished);
        let reached = Reached { planned: done.is_planned, carried_out: done.is_planned && is_well };
        let left = if leftover.people.len() > MOST_LEFT {
            leftover.people.values().copied().fold(leftover.whole, Left::max)
        } else {
            let mut by_pause: BTreeMap<Duration, BTreeSet<WorkKey>> = BTreeMap::new();
            for (person, left) in &leftover.people {
                let key = WorkKey::Person(person.clone());
                by_pause.entry(self.pause(*left, 0)).or_default().insert(key);
            }
            for (pause, people) in by_pause {
                self.plane.queue.push(&people, later(now, pause)).await?;
            }
            leftover.whole
        };
        if !left.is_nothing() {
            self.plane.queue.again(&[self.retry(work, left)]).await?;
            return Ok(reached);
        }
        // First asked for anew, then ended: should the process die between, it comes again.
        let again = BTreeSet::from([WorkKey::Everything]);
        self.plane.queue.push(&again, later(now, self.rhythm.resync)).await?;
        self.plane.queue.done(std::slice::from_ref(&work.lease)).await?;
        Ok(reached)
    }

    /// Forgets once a day what is over for long of access for a time: of whoever asks for more it is
    /// forgotten then, of all others by this alone.
    async fn forget(&self, now: Timestamp) {
        let last = self.memory().forgotten;
        if last.is_some_and(|last| now.duration_since(last) < FORGETTING) {
            return;
        }
        match self.plane.temporary.forget_temporary(now).await {
            Ok(_) => self.memory().forgotten = Some(now),
            Err(error) => tracing::warn!(%error, "access that is over for long is not forgotten"),
        }
    }

    async fn end_people(&self, work: &[Work], leftover: &Leftover) -> Result<(), StoreError> {
        let (mut settled, mut retries) = (Vec::new(), Vec::new());
        for work in work {
            let left = match &work.lease.key {
                WorkKey::Person(person) => leftover.of_person(person),
                WorkKey::Everything => Left::Stuck,
            };
            match left {
                Left::Nothing => settled.push(work.lease.clone()),
                left => retries.push(self.retry(work, left)),
            }
        }
        if !settled.is_empty() {
            self.plane.queue.done(&settled).await?;
        }
        if !retries.is_empty() {
            self.plane.queue.again(&retries).await?;
        }
        Ok(())
    }

    /// When to look again.
    fn retry(&self, work: &Work, left: Left) -> (Lease, Retry) {
        let tries = if left == Left::Moving { 0 } else { work.tries };
        let due = later(self.plane.clock.now(), self.pause(left, tries));
        (work.lease.clone(), Retry { due, tries: tries.saturating_add(1) })
    }

    fn pause(&self, left: Left, tries: u32) -> Duration {
        let longest = match left {
            Left::Stuck => self.rhythm.resync,
            Left::Waiting | Left::Moving | Left::Nothing => LONGEST_RECHECK,
        };
        let doubled = 1_u32.checked_shl(tries.min(31)).unwrap_or(u32::MAX);
        self.rhythm.recheck.saturating_mul(doubled).min(longest.max(self.rhythm.recheck))
    }

    /// Reads what a pass needs, or says how the pass ended without it.
    async fn read(
        &self,
        plane: &Plane,
        (scope, ticket): (&Scope, Result<Ticket, StoreError>),
        until: Deadline,
    ) -> Result<Survey, Done> {
        let survey = tokio::select! {
            biased;
            // Nothing was changed yet: whoever takes the work next reads anew.
            () = self.brake.pulled() => return Err(Done::broken_off()),
            survey = plane.survey_since(scope, ticket) => Some(survey),
            () = until.passed() => None,
        };
        if let Some(read) = &survey {
            plane.meter.directory(plane.clock.now(), read.is_ok());
        }
        match survey {
            Some(Ok(survey)) => {
                if let Scope::People(people) = scope {
                    plane.readings.compare(&survey, people, plane.clock.now());
                }
                Ok(survey)
            }
            None => {
                let code = ReasonCode::TimeUp;
                tracing::error!(%code, "reading takes longer than there is time; nothing was changed");
                Err(Done::failed())
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "the directory cannot be read; nothing was changed");
                Err(Done::failed())
            }
        }
    }

    /// Makes a pass, logs what came of it, and says what it left.
    async fn pass(
        &self,
        (work, ticket): (&[Work], Result<Ticket, StoreError>),
        until: Deadline,
    ) -> Done {
        let scope = scope(work);
        // One map to the end of the pass, whatever is put in force meanwhile.
        let plane = &self.plane.current();
        let survey = match self.read(plane, (&scope, ticket), until).await {
            Ok(survey) => Arc::new(survey),
            Err(done) => return done,
        };
        plane.keep_turns(&survey, self.rhythm.resync).await;
        tokio::select! {
            biased;
            // What is left comes with the next pass.
            () = self.brake.pulled() => {}
            () = until.passed() => {}
            () = plane.spread(&survey) => {}
        }
        // What takes long from here on keeps nobody waiting.
        self.serves_people.store(true, Ordering::Relaxed);
        self.plane.bell.ring();
        let plan = plane.plan(&survey);
        let of = people_of(&scope);
        tell_unenforced(&plane.map, &self.memory().new_unenforced(&plan, of));
        let is_planned = left::is_all_read(&plan);
        if scope == Scope::Everything {
            let new = self.saw(plane, &survey, &plan);
            plane.chronicle(&survey, new).await;
        }
        let seen = (scope == Scope::Everything).then(|| plan.clone());
        let Permitted { checked, violations } = self.permitted(plane, plan, &survey, &scope).await;
        let refused = !violations.is_empty();
        if let Some(plan) = seen {
            plane.readings.keep(Reading {
                at: survey.begun,
                took: plane.clock.now().duration_since(survey.begun),
                map: Arc::clone(&plane.map),
                survey: Arc::clone(&survey),
                plan: Arc::new(plan),
                violations: Arc::new(violations),
            });
        }
        let Some(checked) = checked else {
            // Looking again soon would find the same; a person or the next event has to come. Of a plan
            // that is none, nobody has anything.
            let leftover = Leftover::default();
            return Done { outcome: PassOutcome::Refused, leftover, is_planned: false };
        };
        let plan = checked.plan();
        let news = self.memory().news(plan, of);
        let watcher = |action: &Action, outcome: &Outcome| {
            if let Outcome::Changed(what) = outcome {
                tracing::info!(profile = %action.profile, reason = %action.reason, "{what}");
            }
        };
        let report = plane.carry_out_until(&checked, &survey, &watcher, until, &self.brake).await;
        if report.changed > 0 || report.waiting > 0 {
            plane.readings.changed(plane.clock.now());
        }
        if let Some(halt) = &report.halted {
            if news.is_any() && *halt != Halt::TimeUp {
                tell_what_would_be(plan, halt);
            }
            return Done::halted(halt, plan, &report, is_planned);
        }
        let leftover = left::after(plan, &report, |person| news.is_of(person));
        let (leftover, is_unread) = leftover.and_unread(of, &survey.snapshot);
        let outcome = match () {
            () if refused => PassOutcome::Refused,
            () if is_unread || has_failed(&report, &leftover) => PassOutcome::Failed,
            () if leftover.is_nothing() => PassOutcome::Settled,
            () => PassOutcome::Unfinished,
        };
        Done { outcome, leftover, is_planned }
    }

    /// Counts what a full pass saw, and says what of it is new.
    fn saw(&self, plane: &Plane, survey: &Survey, plan: &Plan) -> Option<New> {
        plane.meter.saw(plane, survey, plan);
        self.mirror_is_behind(plane);
        self.memory().full.replace(plan, survey.begun)
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Done {
    fn broken_off() -> Self {
        let leftover = Leftover { whole: Left::Moving, ..Leftover::default() };
        Self { outcome: PassOutcome::Unfinished, leftover, is_planned: false }
    }

    fn halted(halt: &Halt, plan: &Plan, report: &PassReport, is_planned: bool) -> Self {
        match halt {
            Halt::Store(_) => Self::failed(),
            Halt::TimeUp => {
                let leftover = left::cut_off(plan, report);
                Self { outcome: PassOutcome::Unfinished, leftover, is_planned }
            }
            // Whoever lets changes be made again has everything read.
            Halt::Frozen(_) | Halt::ObserveOnly => {
                let leftover = Leftover::default();
                Self { outcome: PassOutcome::Halted, leftover, is_planned }
            }
        }
    }

    fn failed() -> Self {
        let leftover = Leftover { whole: Left::Stuck, ..Leftover::default() };
        Self { outcome: PassOutcome::Failed, leftover, is_planned: false }
    }
}

fn has_failed(report: &PassReport, leftover: &Leftover) -> bool {
    !report.failed.is_empty() || !report.unassigned.is_empty() || leftover.whole == Left::Stuck
}

/// The people of a pass that is not for everything.
fn people_of(scope: &Scope) -> Option<&BTreeSet<PersonId>> {
    match scope {
        Scope::People(people) => Some(people),
        Scope::Everything | Scope::Entrance { .. } => None,
    }
}

fn scope(work: &[Work]) -> Scope {
    let mut people: BTreeSet<PersonId> = BTreeSet::new();
    for work in work {
        match &work.lease.key {
            WorkKey::Everything => return Scope::Everything,
            WorkKey::Person(person) => drop(people.insert(person.clone())),
        }
    }
    Scope::People(people)
}

fn tell_what_would_be(plan: &Plan, halt: &Halt) {
    tracing::warn!(code = %halt.code(), "{halt}");
    for action in &plan.actions {
        let (profile, domain, reason) = (&action.profile, &action.domain, action.reason);
        tracing::info!(%profile, %domain, %reason, "would {}", verb(&action.step));
    }
}

/// Without it, whoever watches what a map would do that enforces nothing yet sees nothing.
fn tell_unenforced(map: &AccessMap, unenforced: &[&Kept]) {
    if unenforced.is_empty() {
        return;
    }
    let (code, profiles) = (ReasonCode::NotEnforced, unenforced.len());
    if map.rollout.enforce.as_ref().is_some_and(BTreeSet::is_empty) {
        let message =
            "the map enforces no team (`rollout.enforce`): what would be done is told only";
        tracing::warn!(%code, profiles, message);
    }
    for kept in unenforced {
        if let (Some(profile), Some(would)) = (&kept.profile, &kept.detail) {
            tracing::info!(%profile, domain = %kept.domain, %code, "{would}");
        }
    }
}

fn verb(step: &Step) -> &'static str {
    match step {
        Step::Create { .. } => "be made",
        Step::Adopt { .. } => "be taken over",
        Step::StopApps { .. } => "have its apps stopped",
        Step::Update { .. } => "be corrected",
        Step::Hold { .. } => "be put on hold",
        Step::Remove { .. } => "be removed",
    }
}

pub(super) fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

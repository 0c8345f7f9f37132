//! One seed: one world, from its first moment to the verdict.

use crate::clock::{MachineClock, TrueTime};
use crate::disk::FaultyDisk;
use crate::invariant::{Invariant, Violation};
use crate::process::{Order, Replica};
use crate::script::{SPACE_READY, Step};
use crate::stage::{Life, Shared, Stage};
use crate::trace::{Keep, Trace};
use crate::truth::Truth;
use crate::verdict::nothing_left;
use crate::watch::Watch;
use crate::weather::Weather;
use crate::world::World;
use anyhow::{Context as _, Result};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Faults, Sandbox, Seed};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;
use store::SqliteStore;
use tokio::sync::watch;

thread_local! {
    /// Panics of this thread's simulation that were caught on the way.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What came of a seed.
#[derive(Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Faults that happened.
    pub faults: u64,
    /// Evaluations of invariants.
    pub invariants: u64,
    /// Calls to AWS.
    pub calls: u64,
    /// What did not hold, in order of time.
    pub violations: Vec<Violation>,
    /// The log, or its end.
    pub trace: Vec<String>,
    /// A checksum of the whole log: equal for equal runs.
    pub digest: u64,
}

/// Takes note of panics instead of printing them: the loop catches its own and goes on, which must
/// not go unseen. For the whole process, before the first seed.
pub fn watch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        PANICS.with_borrow_mut(|panics| panics.push(panic.to_string()));
    }));
}

/// Runs one seed.
pub fn simulate(seed: u64, keep: Keep) -> Result<Report> {
    // The SDK draws its jitter from here.
    fastrand::seed(seed);
    PANICS.with_borrow_mut(Vec::clear);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    // Outside, the clock would not stand still yet: it would tell by some hundred nanoseconds how
    // fast this machine is.
    runtime.block_on(async { Simulation::begin(seed, keep)?.run(seed).await })
}

/// A simulation under way.
struct Simulation {
    shared: Shared,
    random: Rng,
    world: World,
    clocks: Vec<Arc<MachineClock>>,
    orders: watch::Sender<Order>,
    order: u64,
    /// When grants begin and end.
    boundaries: Vec<Timestamp>,
}

impl Simulation {
    fn begin(seed: u64, keep: Keep) -> Result<Self> {
        let mut random = Rng::with_seed(seed);
        let time = TrueTime::begin();
        let world = World::draw(&mut random, time.now());
        let sandbox =
            Sandbox::new(Seed::from_yaml(&world.seed(random.u64(..)))?, Faults::default())?;
        let disk = Arc::new(FaultyDisk::new(random.u64(..)));
        let stage = Stage {
            time,
            sandbox,
            truth: Truth::new(world.map.clone(), world.directory.clone(), time.now()),
            watch: Watch::default(),
            trace: Trace::new(keep),
            weather: Weather::default(),
            random: Rng::with_seed(random.u64(..)),
            lives: (0..world.replicas).map(|_| Life::default()).collect(),
            store: SqliteStore::in_memory_on(disk.clone())?,
            disk,
            faults: 0,
            calls: 0,
            spaces: Vec::new(),
            starting: Vec::new(),
        };
        let grants = world.map.grants.iter();
        let mut boundaries: Vec<Timestamp> =
            grants.flat_map(|grant| grant.from.into_iter().chain(grant.until)).collect();
        boundaries.sort();
        let clocks = (0..world.replicas).map(|_| Arc::new(MachineClock::new(time))).collect();
        let (orders, _) = watch::channel(Order::Run(0));
        let shared = Shared::new(stage);
        Ok(Self { shared, random, world, clocks, orders, order: 0, boundaries })
    }

    async fn run(mut self, seed: u64) -> Result<Report> {
        let before = {
            let mut stage = self.shared.lock();
            let yaml = stage.truth.map.yaml();
            stage.say(&format!("seed {seed}\n{yaml}{:?}", self.world.directory));
            stage.scenes()
        };
        let replicas: Vec<_> = self.replicas().into_iter().map(|r| tokio::spawn(r.run())).collect();
        for _ in 0..self.random.u32(8..30) {
            let gap = SignedDuration::from_secs(self.random.i64(1..600));
            self.wait(gap).await;
            self.step().await?;
        }
        self.clear_up();
        // What the map ends later than the script belongs to the script.
        if let Some(last) = self.boundaries.last() {
            let left = last.duration_since(self.shared.lock().now());
            self.wait(left.max(SignedDuration::ZERO)).await;
        }
        let hold = i64::try_from(self.world.map.hold)?;
        let error = self.shared.lock().watch.clock_error;
        self.wait(SignedDuration::from_secs(hold + 5_400).saturating_add(error)).await;
        self.orders.send_replace(Order::Stop);
        for replica in replicas {
            replica.await.context("a replica")??;
        }
        let stranger = self.world.replicas;
        let clock = Arc::new(MachineClock::new(self.shared.lock().time));
        self.shared.lock().conclude(&before, &self.world.foreign);
        nothing_left(&self.shared, stranger, clock).await?;
        Ok(self.report(seed))
    }

    fn replicas(&self) -> Vec<Replica> {
        let replica = |(number, clock): (usize, &Arc<MachineClock>)| Replica {
            shared: self.shared.clone(),
            number,
            clock: clock.clone(),
            orders: self.orders.subscribe(),
            down_seconds: u64::try_from(number).unwrap_or(0) * 7 + 3,
        };
        self.clocks.iter().enumerate().map(replica).collect()
    }

    /// Lets time pass, and takes note when grants begin or end meanwhile.
    async fn wait(&mut self, long: SignedDuration) {
        let end = self.shared.lock().now() + long;
        loop {
            let now = self.shared.lock().now();
            self.shared.lock().truth.observe(now);
            let next = self.boundaries.iter().copied().find(|at| *at > now && *at < end);
            let until = next.unwrap_or(end).duration_since(now);
            if until <= SignedDuration::ZERO {
                return;
            }
            tokio::time::sleep(until.try_into().unwrap_or(Duration::from_secs(1))).await;
        }
    }

    async fn step(&mut self) -> Result<()> {
        // Whose access ends is a matter of the clock.
        let step = match Step::draw(&mut self.random) {
            Step::Give if self.world.clocks_jump => Step::Join,
            step => step,
        };
        self.shared.lock().perform(step, &mut self.random);
        self.shared.mail().notify_waiters();
        match step {
            Step::MakeSpace => {
                self.wait(SPACE_READY).await;
                self.shared.lock().start_in_spaces();
            }
            Step::ChangeMap => {
                self.order += 1;
                self.orders.send_replace(Order::Run(self.order));
            }
            Step::Kill => self.kill(),
            Step::LoseStore => self.lose_store()?,
            Step::Give => self.boundaries_of_grants(),
            Step::ClockJump if self.world.clocks_jump => self.clock_jump(),
            _ => {}
        }
        Ok(())
    }

    /// Access for a time ends between two steps as well.
    fn boundaries_of_grants(&mut self) {
        let last = self.shared.lock().truth.map.temporary.last().map(|grant| grant.until);
        self.boundaries.extend(last);
        self.boundaries.sort();
    }

    fn kill(&mut self) {
        let replica = self.random.usize(..self.clocks.len().max(1));
        let (how, polls, calls) =
            (self.random.u8(..3), self.random.u64(1..400), self.random.u64(1..60));
        let after_effect = self.random.bool();
        let mut stage = self.shared.lock();
        let Some(life) = stage.lives.get_mut(replica) else { return };
        match how {
            0 => life.polls = Some(polls),
            1 => (life.calls, life.after_effect) = (Some(calls), after_effect),
            _ => life.struck.notify_one(),
        }
    }

    fn lose_store(&mut self) -> Result<()> {
        let mut stage = self.shared.lock();
        stage.store = SqliteStore::in_memory_on(stage.disk.clone())?;
        // Who froze it, or gave somebody something for a time, has to do so anew.
        stage.watch.frozen_since = None;
        stage.truth.map.temporary.clear();
        let now = stage.now();
        stage.truth.observe(now);
        stage.watch.forget();
        stage.fault("the store is lost");
        for life in &stage.lives {
            life.struck.notify_one();
        }
        Ok(())
    }

    fn clock_jump(&mut self) {
        let seconds = if self.random.bool() { self.random.i64(-10_800..10_800) } else { 0 };
        let error = SignedDuration::from_secs(seconds);
        if let Some(clock) = self.random.choice(&self.clocks) {
            clock.set_error(error);
        }
        let mut stage = self.shared.lock();
        stage.fault(&format!("a clock is wrong by {error}"));
        stage.watch.clock_error = stage.watch.clock_error.max(error.abs());
    }

    /// Everything works again, and nobody is killed any more.
    fn clear_up(&mut self) {
        for clock in &self.clocks {
            clock.set_error(SignedDuration::ZERO);
        }
        let mut stage = self.shared.lock();
        stage.say("from now on all is well");
        if stage.watch.frozen_since.is_some() {
            stage.freeze(false);
        }
        stage.set_weather(Weather::default(), 0);
        for life in &mut stage.lives {
            (life.polls, life.calls) = (None, None);
        }
    }

    fn report(self, seed: u64) -> Report {
        drop(self.clocks);
        let mut stage = self.shared.lock();
        let now = stage.now();
        let panics = PANICS.with_borrow_mut(std::mem::take);
        let tally = &mut stage.watch.tally;
        tally.expect(Invariant::NoPanic, now, panics.is_empty(), || panics.join("\n"));
        let keep = Trace::new(Keep::Tail);
        let trace = std::mem::replace(&mut stage.trace, keep);
        Report {
            seed,
            faults: stage.faults + stage.disk.failures(),
            invariants: stage.watch.tally.evaluated,
            calls: stage.calls,
            violations: std::mem::take(&mut stage.watch.tally.violations),
            digest: trace.digest(),
            trace: trace.into_lines(),
        }
    }
}

//! Lets replicas work while people join and leave, makes things go wrong, and says what came of it.
//!
//! `scale-chaos --stagedoor PATH [--seconds N] [--rate N] [--replicas N] [--people N] [--store NAME]
//! [--fault NAME]`
//!
//! Prints a line for each fault; what does not hold is told on standard error, and exits 1.

use anyhow::{Context, Result, bail, ensure};
use scale_bench::{
    Cloud, Company, ForeignThings, Mode, Person, Proxy, Replica, Setup, Skew, Table, Team, judge,
};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long everything may take to be right again.
const PATIENCE: Duration = Duration::from_mins(15);

/// For how long nothing may change before it counts as settled: longer than a pause between looks.
const QUIET: Duration = Duration::from_secs(4);

/// From one kill to the next.
const KILL_EVERY: Duration = Duration::from_secs(1);

/// For how long the store is out of reach, half of it refusing and half of it hanging.
const OUTAGE: Duration = Duration::from_secs(30);

/// Four of five calls, of every service that has limits.
const THROTTLING: &str = "rules:
  - { service: sagemaker, probability: 0.8, throttle: true }
  - { service: identitystore, probability: 0.8, throttle: true }
  - { service: iam, probability: 0.8, throttle: true }
";

/// By how much clocks differ, in seconds: what a claim of twenty seconds bears.
const SKEWS: [i32; 3] = [0, 5, -5];

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kills,
    StoreOutage,
    Throttling,
    ClockSkew,
}

impl Fault {
    const ALL: [Self; 4] = [Self::Kills, Self::StoreOutage, Self::Throttling, Self::ClockSkew];

    const fn name(self) -> &'static str {
        match self {
            Self::Kills => "kills",
            Self::StoreOutage => "store-outage",
            Self::Throttling => "throttling",
            Self::ClockSkew => "clock-skew",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
struct Options {
    stagedoor: PathBuf,
    seconds: u64,
    rate: u32,
    replicas: usize,
    people: usize,
    store: String,
    faults: Vec<Fault>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match options(&words).and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            tell(&format!("error: {error:#}"));
            ExitCode::from(1)
        }
    }
}

fn options(words: &[String]) -> Result<Options> {
    let mut options = Options {
        stagedoor: PathBuf::new(),
        seconds: 120,
        rate: 50,
        replicas: 3,
        people: 300,
        store: "dynamodb".to_owned(),
        faults: Vec::new(),
    };
    for pair in words.chunks(2) {
        let [name, value] = pair else { bail!("{pair:?} has no value") };
        let number = || value.parse::<u64>().with_context(|| format!("{name} {value}"));
        match name.as_str() {
            "--stagedoor" => options.stagedoor = value.into(),
            "--seconds" => options.seconds = number()?.max(1),
            "--rate" => options.rate = u32::try_from(number()?)?.max(1),
            "--replicas" => options.replicas = usize::try_from(number()?)?.max(1),
            "--people" => options.people = usize::try_from(number()?)?.max(10),
            "--store" => options.store.clone_from(value),
            "--fault" => {
                let fault = Fault::ALL.into_iter().find(|fault| fault.name() == value);
                options.faults.push(fault.with_context(|| format!("there is no fault {value}"))?);
            }
            _ => bail!("there is no {name}"),
        }
    }
    ensure!(options.stagedoor.is_file(), "--stagedoor names the binary");
    if options.faults.is_empty() {
        options.faults = Fault::ALL.to_vec();
    }
    Ok(options)
}

fn run(options: &Options) -> Result<bool> {
    let mut all_good = true;
    for fault in &options.faults {
        if *fault == Fault::ClockSkew && !Setup::can_skew() {
            bail!("clock-skew needs libfaketime (Debian: apt-get install libfaketime)");
        }
        all_good &= endure(options, *fault).with_context(|| fault.name())?;
    }
    Ok(all_good)
}

/// Everything there is in a run.
struct World<'a> {
    options: &'a Options,
    fault: Fault,
    company: Company,
    cloud: Cloud,
    network: Option<Proxy>,
    setup: Setup,
    replicas: Mutex<Vec<Replica>>,
    truth: Mutex<BTreeSet<(Person, Team)>>,
}

/// One fault, from a settled start to a settled end; whether all held.
fn endure(options: &Options, fault: Fault) -> Result<bool> {
    let folder = tempfile::tempdir().context("a folder")?;
    let company = Company { people: options.people, teams: 4, is_settled: true };
    let cloud = Cloud::start(&company.seed())?;
    let table = Table::of(&options.store, folder.path())?;
    let network = table.address().map(Proxy::start).transpose()?;
    let setup = Setup {
        stagedoor: options.stagedoor.clone(),
        folder: folder.path().to_owned(),
        environment: [
            table.environment(network.as_ref().map(Proxy::address)),
            vec![("AWS_ENDPOINT_URL".to_owned(), cloud.url().to_owned())],
        ]
        .concat(),
        arguments: arguments(&table),
    };
    setup.write("access.yaml", &company.map_without_providers())?;
    let truth = Mutex::new(company.members());
    let before = ForeignThings::now(&cloud);
    let replicas = Mutex::default();
    let world = World { options, fault, company, cloud, network, setup, replicas, truth };
    for number in 0..options.replicas {
        let replica = world.begin(number)?;
        lock(&world.replicas).push(replica);
    }
    world.settle().context("the start")?;
    let (calls, kills) = (world.cloud.calls(), world.trouble()?);
    let ended = Instant::now();
    let settled = world.settle()?.saturating_duration_since(ended);
    let verdict = judge(&world.cloud, &table.audit()?, &lock(&world.truth), &before, kills);
    line(&format!(
        "chaos {}: events {}, kills {kills}, passes {}, calls {}, lost {}, doubled {}, announced {}, \
         settled after {:.1} s",
        fault.name(),
        world.events(),
        verdict.passes,
        world.cloud.calls() - calls,
        verdict.lost.len(),
        verdict.doubled.len(),
        verdict.announced,
        settled.as_secs_f64(),
    ));
    for wrong in verdict.lost.iter().take(20) {
        tell(&format!("lost: {wrong}"));
    }
    for wrong in verdict.doubled.iter().take(20) {
        tell(&format!("doubled: {wrong}"));
    }
    if !verdict.is_good() {
        // For whoever looks into it: logs of the replicas, and the store if it is a file.
        tell(&format!("kept: {}", folder.keep().display()));
    }
    Ok(verdict.is_good())
}

/// Arguments of every replica. Events alone wake the loop: the timer is for days.
fn arguments(table: &Table) -> Vec<String> {
    let words = ["--map", "access.yaml", "--events-queue", "stagedoor-events", "--recheck", "1s"];
    let mut words: Vec<String> = words.map(str::to_owned).to_vec();
    words.extend(["--resync", "12h", "--log", "warn", "--store"].map(str::to_owned));
    words.push(table.location());
    words
}

impl World<'_> {
    fn begin(&self, number: usize) -> Result<Replica> {
        let skew = match self.fault {
            Fault::ClockSkew => SKEWS.get(number % SKEWS.len()).copied().unwrap_or_default(),
            _ => 0,
        };
        self.setup.start(number, Skew(skew), None)
    }

    fn events(&self) -> u64 {
        self.options.seconds * u64::from(self.options.rate)
    }

    /// Lets people come and leave while things go wrong; how often a replica was killed.
    fn trouble(&self) -> Result<usize> {
        let kills = std::thread::scope(|scope| {
            let changes = scope.spawn(|| self.changes());
            let kills = self.go_wrong();
            changes.join().ok().context("the directory's admin panicked")??;
            kills
        });
        self.cloud.go_wrong("")?;
        if let Some(network) = &self.network {
            network.set(Mode::Forward);
        }
        kills
    }

    /// Joins and leaves, at the rate asked for.
    fn changes(&self) -> Result<()> {
        let (begin, mut random) = (Instant::now(), fastrand::Rng::with_seed(7));
        let teams: Vec<Team> = self.company.teams().collect();
        for number in 0..self.events() {
            let due = Duration::from_micros(number * 1_000_000 / u64::from(self.options.rate));
            wait_until(begin + due);
            let person = Person(random.usize(0..self.options.people));
            let team = *random.choice(&teams).context("no team")?;
            let mut truth = lock(&self.truth);
            if truth.remove(&(person, team)) {
                self.cloud.leave(person, team)?;
            } else {
                self.cloud.join(person, team)?;
                truth.insert((person, team));
            }
            drop(truth);
            if number % u64::from(self.options.rate) == 0 {
                self.cloud.listen();
            }
        }
        Ok(())
    }

    fn go_wrong(&self) -> Result<usize> {
        let (begin, whole) = (Instant::now(), Duration::from_secs(self.options.seconds));
        match self.fault {
            Fault::Kills => self.kill_until(begin + whole),
            Fault::StoreOutage => {
                let Some(network) = &self.network else { return Ok(0) };
                let outage = OUTAGE.min(whole / 2);
                wait_until(begin + whole.saturating_sub(outage) / 2);
                network.set(Mode::Refuse);
                wait_until(begin + whole / 2);
                network.set(Mode::Hang);
                wait_until(begin + (whole + outage) / 2);
                network.set(Mode::Forward);
                Ok(0)
            }
            Fault::Throttling => {
                self.cloud.go_wrong(THROTTLING)?;
                wait_until(begin + whole);
                Ok(0)
            }
            Fault::ClockSkew => {
                wait_until(begin + whole);
                Ok(0)
            }
        }
    }

    /// SIGKILL, one replica after the other; each is started anew at once.
    fn kill_until(&self, end: Instant) -> Result<usize> {
        let (begin, mut kills) = (Instant::now(), 0);
        loop {
            kills += 1;
            let due = begin + KILL_EVERY * u32::try_from(kills)?;
            if due >= end {
                return Ok(kills - 1);
            }
            wait_until(due);
            let number = kills % self.options.replicas;
            let victim = lock(&self.replicas).remove(number);
            victim.kill()?;
            let heir = self.begin(number)?;
            lock(&self.replicas).insert(number, heir);
        }
    }

    /// Waits until Studio agrees with the directory and nothing moves any more; since when that is so.
    fn settle(&self) -> Result<Instant> {
        let begin = Instant::now();
        let mut since: Option<(Instant, usize)> = None;
        loop {
            let wrong = self.cloud.disagreement(&lock(&self.truth));
            let (waiting, deeds) = (self.cloud.events_waiting(), self.cloud.deeds_so_far());
            since = match since {
                _ if !wrong.is_empty() || waiting > 0 => None,
                Some((at, known)) if known == deeds => Some((at, known)),
                _ => Some((Instant::now(), deeds)),
            };
            match since {
                Some((at, _)) if at.elapsed() >= QUIET => return Ok(at),
                _ if begin.elapsed() > PATIENCE => {
                    // The verdict tells what is wrong.
                    return Ok(Instant::now());
                }
                _ => std::thread::park_timeout(Duration::from_millis(100)),
            }
            for (number, replica) in lock(&self.replicas).iter_mut().enumerate() {
                ensure!(replica.is_alive(), "replica {number} has ended by itself");
            }
        }
    }
}

fn wait_until(due: Instant) {
    while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    {
        std::thread::park_timeout(left);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn line(text: &str) {
    let _closed = writeln!(std::io::stdout().lock(), "{text}");
}

fn tell(text: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}");
}

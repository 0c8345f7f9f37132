//! `simulation --seeds N [--seed S]`: runs seeds on all cores, or one with its whole trace.

use anyhow::{Context as _, Result, bail};
use simulation::{Keep, Report, simulate, watch_panics};
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Instant;

/// What is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Seeds from 1 up to this.
    Seeds(u64),
    /// This one, with everything that happens.
    Seed(u64),
}

#[derive(Debug, Default)]
struct Totals {
    seeds: u64,
    faults: u64,
    invariants: u64,
    violations: usize,
}

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let asked = asked(&words)?;
    watch_panics();
    let totals = match asked {
        Asked::Seed(seed) => one(seed)?,
        Asked::Seeds(count) => many(count)?,
    };
    let Totals { seeds, faults, invariants, violations } = totals;
    writeln!(
        io::stdout(),
        "seeds {seeds} faults {faults} invariants {invariants} violations {violations}"
    )?;
    Ok(if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn asked(words: &[String]) -> Result<Asked> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse().with_context(|| format!("`{word}` is no number"));
    match words.as_slice() {
        ["--seed", seed] | ["--seeds", _, "--seed", seed] => Ok(Asked::Seed(number(seed)?)),
        ["--seeds", count] => Ok(Asked::Seeds(number(count)?)),
        _ => bail!("simulation takes --seeds N or --seed S"),
    }
}

fn one(seed: u64) -> Result<Totals> {
    tracing_subscriber::fmt().with_writer(io::stderr).without_time().init();
    let report = simulate(seed, Keep::Echo)?;
    let mut totals = Totals::default();
    totals.add(&report)?;
    Ok(totals)
}

fn many(count: u64) -> Result<Totals> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, begun) = (AtomicU64::new(1), Instant::now());
    let (done, reports) = mpsc::channel();
    let mut totals = Totals::default();
    let mut calls = 0;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > count || done.send((seed, simulate(seed, Keep::Tail))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        for (seed, report) in reports {
            let report = report.with_context(|| format!("seed {seed}"))?;
            totals.add(&report)?;
            calls += report.calls;
            if totals.seeds.is_multiple_of(100) {
                let seconds = begun.elapsed().as_secs();
                writeln!(
                    io::stderr(),
                    "{} of {count} seeds, {calls} calls, {} violations, {seconds} s",
                    totals.seeds,
                    totals.violations
                )?;
            }
        }
        Ok(totals)
    })
}

impl Totals {
    /// Adds a report, and prints what did not hold.
    fn add(&mut self, report: &Report) -> Result<()> {
        self.seeds += 1;
        self.faults += report.faults;
        self.invariants += report.invariants;
        self.violations += report.violations.len();
        let mut out = io::stderr().lock();
        if report.violations.is_empty() {
            return Ok(());
        }
        writeln!(out, "seed {} fails; again: cargo xtask simulate --seed {0}", report.seed)?;
        for line in &report.trace {
            writeln!(out, "    {line}")?;
        }
        for violation in &report.violations {
            writeln!(out, "  {violation}")?;
        }
        Ok(())
    }
}

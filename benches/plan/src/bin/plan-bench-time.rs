//! Plans for a company of so many people as often as it is asked to, and says how long that took,
//! in time of the processor: what else the machine does is not measured.
//!
//! ```text
//! plan-bench-time PEOPLE
//! > ready
//! < whole 1000
//! > 3 1.170073
//! ```

use anyhow::{Context as _, Result, bail};
use mimalloc::MiMalloc;
use plan_bench::{Company, Reading};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

/// As the product has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Single people that are planned for in turn.
const SINGLE_PEOPLE: usize = 64;

fn main() -> Result<()> {
    let people = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let company = Company::new(people.context("how many people?")?)?;
    let singles = company.single_people(SINGLE_PEOPLE)?;
    let mut out = io::stdout().lock();
    writeln!(out, "ready")?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (task, milliseconds) = line.rsplit_once(' ').context("no time was given")?;
        let least = Duration::from_millis(milliseconds.parse().context("the time")?);
        let once = || task_once(task, &company, &singles);
        // After a pause the allocator has given back what it had. A small company would take it anew
        // once in many times, a large one each time.
        once()?;
        let (mut count, mut time) = (0, Duration::ZERO);
        while count == 0 || time < least {
            time += once()?;
            count += if task == "person" { singles.len() } else { 1 };
        }
        writeln!(out, "{count} {:.9}", time.as_secs_f64())?;
        out.flush()?;
    }
    Ok(())
}

/// How long it takes to do the task once.
fn task_once(task: &str, company: &Company, singles: &[Reading]) -> Result<Duration> {
    Ok(match task {
        "entitlements" => entitlements(company),
        "plan" => plan(company),
        "check" => check(company)?,
        "whole" => whole(company, &company.everybody)?,
        "person" => singles_in_turn(company, singles)?,
        _ => bail!("no such task: `{task}`"),
    })
}

fn entitlements(company: &Company) -> Duration {
    let start = Start::now();
    let entitled = black_box(company.entitlements(&company.everybody));
    let time = start.elapsed();
    drop(entitled);
    time
}

fn plan(company: &Company) -> Duration {
    let start = Start::now();
    let plan = black_box(company.plan(&company.everybody));
    let time = start.elapsed();
    drop(plan);
    time
}

fn check(company: &Company) -> Result<Duration> {
    let plan = company.plan(&company.everybody);
    let start = Start::now();
    let checked = black_box(company.check(&company.everybody, plan)?);
    let time = start.elapsed();
    drop(checked);
    Ok(time)
}

/// From what was read to a plan that can be carried out.
fn whole(company: &Company, reading: &Reading) -> Result<Duration> {
    let start = Start::now();
    let checked = black_box(company.check(reading, company.plan(reading))?);
    let time = start.elapsed();
    drop(checked);
    Ok(time)
}

/// The time of a plan for each of these people by themselves.
fn singles_in_turn(company: &Company, singles: &[Reading]) -> Result<Duration> {
    let start = Start::now();
    for single in singles {
        black_box(company.check(single, company.plan(single))?);
    }
    Ok(start.elapsed())
}

/// When something began, on the clock of what this process computes.
struct Start(Duration);

impl Start {
    fn now() -> Self {
        let spent = clock_gettime(ClockId::ProcessCPUTime);
        Self(spent.try_into().unwrap_or_default())
    }

    fn elapsed(&self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }
}

//! Decides what it is asked to for as long as it is asked to, and says how often that was in how much
//! CPU time of its one thread.
//!
//! ```text
//! policy-bench
//! > iam-policy allowed   (each task: who decides, and what comes of it)
//! > ready
//! < iam-policy allowed 100
//! > 246016 0.100031
//! ```

mod cedar;
mod iam_rs;
mod ours;

use anyhow::{Context as _, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

/// The three statements, as AWS writes them.
const POLICY: &str = include_str!("policy.json");

/// Decisions between two looks at the clock.
const BATCH: u32 = 256;

/// What is asked, and what comes of it.
#[derive(Debug, Clone, Copy)]
struct Case {
    /// The decision: `allowed`, `denied` or `neither`.
    name: &'static str,
    action: &'static str,
    resource: &'static str,
    /// Where the request comes from.
    address: &'static str,
}

const PRINCIPAL: &str = "arn:aws:iam::111122223333:role/presign";
const VPC: &str = "vpc-0abc";
const PROFILE: &str =
    "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-abcdefghijkl/ana--fraud";

const CASES: [Case; 3] = [
    Case {
        name: "allowed",
        action: "sagemaker:CreatePresignedDomainUrl",
        resource: PROFILE,
        address: "10.100.10.7",
    },
    Case {
        name: "denied",
        action: "sagemaker:CreatePresignedDomainUrl",
        resource: PROFILE,
        address: "10.100.11.7",
    },
    Case {
        name: "neither",
        action: "s3:DeleteObject",
        resource: "arn:aws:s3:::fraud-data/model.tar.gz",
        address: "10.100.10.7",
    },
];

/// Something that decides again and again. It says whether the decision was the expected one.
struct Task {
    name: String,
    decide: Box<dyn Fn() -> bool>,
}

fn main() -> Result<()> {
    let mut tasks = Vec::new();
    for case in CASES {
        for (who, decide) in [
            ("iam-policy", ours::prepare(&case)?),
            ("iam-rs", iam_rs::prepare(&case)?),
            ("cedar-policy", cedar::prepare(&case)?),
        ] {
            ensure!(decide(), "{who} does not find `{}`", case.name);
            tasks.push(Task { name: format!("{who} {}", case.name), decide });
        }
    }
    serve(&tasks)
}

fn serve(tasks: &[Task]) -> Result<()> {
    let mut out = io::stdout().lock();
    for task in tasks {
        writeln!(out, "{}", task.name)?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (name, milliseconds) = line.rsplit_once(' ').context("no time was given")?;
        let task = tasks.iter().find(|task| task.name == name).context("no such task")?;
        let least = Duration::from_millis(milliseconds.parse().context("the time")?);
        let (count, time) = run(task, least)?;
        writeln!(out, "{count} {:.9}", time.as_secs_f64())?;
        out.flush()?;
    }
    Ok(())
}

fn run(task: &Task, least: Duration) -> Result<(u32, Duration)> {
    let mut count = 0;
    let mut all_well = true;
    let start = cpu_time()?;
    loop {
        for _ in 0..BATCH {
            all_well &= black_box((task.decide)());
        }
        count += BATCH;
        let time = cpu_time()?.saturating_sub(start);
        if time >= least {
            ensure!(all_well, "`{}` did not end as it must", task.name);
            return Ok((count, time));
        }
    }
}

/// CPU time that this thread has used.
fn cpu_time() -> Result<Duration> {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Ok(Duration::new(u64::try_from(now.tv_sec)?, u32::try_from(now.tv_nsec)?))
}

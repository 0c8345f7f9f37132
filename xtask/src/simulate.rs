//! `cargo xtask simulate`: the real loop against simulated AWS, in virtual time, with seeded faults.

use crate::{Outcome, say, workspace};
use anyhow::{Context, Result};
use std::process::Command;

pub(crate) const HELP: &str = "Run the loop in virtual time, with seeded faults

Usage: cargo xtask simulate --seeds N
       cargo xtask simulate --seed S

  --seeds N  the seeds from 1 to N, on all cores, in a release build
  --seed S   this one, call by call

Each seed is a world: domains, teams, people, what they do, and what goes wrong meanwhile. A seed that
fails prints its number, the end of its log and what did not hold; --seed runs it again exactly.
The last line is: seeds <n> faults <n> invariants <n> violations <n>";

/// Seeds that are a step of `cargo xtask test`.
const SMOKE: &str = "200";

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--seeds" | "--seed", number] if number.parse::<u64>().is_ok() => simulate(&words),
        ["--seeds", _, "--seed", number] if number.parse::<u64>().is_ok() => {
            simulate(&["--seed", number])
        }
        _ => {
            say::complain(&format!("error: simulate takes --seeds N or --seed S\n\n{HELP}"));
            Ok(Outcome::Misused)
        }
    }
}

/// The first seeds, in the tests' own build; whether everything held.
pub(crate) fn smoke() -> Result<bool> {
    let mut command = Command::new(workspace::tested("simulation")?);
    let status = command.args(["--seeds", SMOKE]).status().context("cannot run the simulation")?;
    Ok(status.success())
}

fn simulate(words: &[&str]) -> Result<Outcome> {
    let status = workspace::cargo()
        .args(["run", "--quiet", "--release", "--package", "simulation", "--"])
        .args(words)
        .status()
        .context("cannot run the simulation")?;
    Ok(if status.success() { Outcome::Done } else { Outcome::Failed })
}

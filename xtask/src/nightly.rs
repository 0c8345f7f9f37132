//! `cargo xtask nightly`: checks that take too long for every change.

use crate::{Outcome, python, say, workspace};
use anyhow::{Context, Result};
use std::process::Command;

pub(crate) const HELP: &str = "Run the checks that take long: proofs against brute force and z3

Usage: cargo xtask nightly

  The policy prover's verdicts on 4,000 random questions are held against every request of small
  universes, and those on 300 more are asked of z3, which is installed into target/test-venv.";

/// Random questions that are answered by brute force.
const CASES: &str = "4000";
const Z3: &str = "crates/iam-policy/tests/z3";

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    if !words.is_empty() {
        say::complain(&format!("error: nightly takes no `{}`\n\n{HELP}", words.join(" ")));
        return Ok(Outcome::Misused);
    }
    say::line("==> brute force");
    let enumeration = test("prove_by_enumeration").env("PROPTEST_CASES", CASES).status();
    if !enumeration.context("cannot run cargo test")?.success() {
        return Ok(Outcome::Failed);
    }
    say::line("==> z3");
    if !test("prove_samples").status().context("cannot run cargo test")?.success() {
        return Ok(Outcome::Failed);
    }
    let python = python::prepare()?;
    python::add(&python, &[workspace::root().join(Z3).join("requirements.txt")])?;
    let judged = Command::new(&python)
        .arg(workspace::root().join(Z3).join("judge.py"))
        .arg(workspace::target().join("tmp/prove-samples.jsonl"))
        .status()
        .context("cannot ask z3")?;
    Ok(if judged.success() { Outcome::Done } else { Outcome::Failed })
}

fn test(name: &str) -> Command {
    let mut command = workspace::cargo();
    command.args(["test", "-p", "iam-policy", "--test", "it", name]);
    command
}

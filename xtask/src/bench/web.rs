//! `cargo xtask bench web`: what the pages cost.

use super::build;
use crate::{Outcome, say};
use anyhow::{Context, Result, ensure};
use std::process::Command;

const ABOUT: &str = "
*My work* of one person with as many teams and profiles in both companies, asked for in turns: the
whole server in one process with a simulated AWS, on one thread. Once with the person's running apps
read anew, once with the reading kept from before. Then every page of the larger company.
";

pub(super) fn run(words: &[&str]) -> Result<Outcome> {
    let program = build::release("web-bench", "web-bench")?;
    say::line(ABOUT);
    let output = Command::new(&program).args(words).output().context("cannot run web-bench")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    say::line(String::from_utf8_lossy(&output.stdout).trim_end());
    Ok(Outcome::Done)
}

//! `cargo xtask bench`: how Stagedoor compares with what teams use today.
//!
//! Both sides do the same work in turns, on the same machine, in one go; medians are compared. A
//! side that did not do its work fails the bench, a bad ratio does not.

mod comparison;
mod events;
mod people;
mod replay;
mod studio;

use crate::{Outcome, say};
use anyhow::Result;

pub(crate) const HELP: &str = "Measure against what teams use today, in pairs

Usage: cargo xtask bench events [--quick]

  events   a boto3 Lambda handler and `stagedoor events replay` on the same events: cold start,
           peak memory and warm rate, with answers at once and with answers 20 ms late
  --quick  few pairs and few people: shows that it works, measures little

Builds the release binary and makes target/test-venv first. The last lines are the comparisons:
  ratio <name> <value> (ours <x>, theirs <y>, <unit>)";

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["events"] => events::run(&events::FULL),
        ["events", "--quick"] => events::run(&events::QUICK),
        _ => {
            say::complain(&format!("error: bench takes the name of a benchmark\n\n{HELP}"));
            Ok(Outcome::Misused)
        }
    }
}

//! `cargo xtask chaos`: replicas as processes, while everything around them fails.

use crate::bench::build;
use crate::{Outcome, peers, say};
use anyhow::{Context, Result};
use std::process::Command;

pub(crate) const HELP: &str = "Kill replicas, cut them off, throttle them, and look what came of it

Usage: cargo xtask chaos [--seconds N] [--rate N] [--replicas N] [--people N] [--fault NAME]...

  --seconds N   how long people join and leave (120)
  --rate N      joins and leaves a second (50)
  --replicas N  processes of `stagedoor serve` on one table (3)
  --people N    people of the directory (300)
  --store NAME  dynamodb (the default, from crate dynoxide) or sqlite, which cannot be out of reach
  --fault NAME  only this one; may be given several times:
                kills         SIGKILL of a replica every second, which is started anew at once
                store-outage  the store refuses connections for 15 s, then hangs for 15 s
                throttling    AWS refuses four of five calls as too many
                clock-skew    the replicas' clocks are 0, 5 and -5 seconds wrong (libfaketime)

Builds the release binary first. Then waits until nothing moves any more, and looks from outside: at
Studio, the directory, the calls that AWS got, and the audit log. A line for each fault:
  chaos <fault>: events <n>, kills <n>, passes <n>, calls <n>, lost <n>, doubled <n>, announced <n>, \
settled after <s> s
`announced`: written down before a replica was killed, and not wanted any more when another looked.
Exits 1 if anything was lost or doubled.";

const OPTIONS: [&str; 6] = ["--seconds", "--rate", "--replicas", "--people", "--store", "--fault"];

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    let fits = |pair: &[String]| matches!(pair, [name, _] if OPTIONS.contains(&name.as_str()));
    if !words.chunks(2).all(fits) {
        say::complain(&format!("error: chaos does not understand this\n\n{HELP}"));
        return Ok(Outcome::Misused);
    }
    peers::add("libfaketime")?;
    let stagedoor = build::release("stagedoor", "stagedoor")?;
    let chaos = build::release("scale-bench", "scale-chaos")?;
    let status = Command::new(chaos)
        .env("STAGEDOOR_TEST_DYNAMODB", build::dynamodb()?)
        .arg("--stagedoor")
        .arg(stagedoor)
        .args(words)
        .status()
        .context("cannot run scale-chaos")?;
    Ok(if status.success() { Outcome::Done } else { Outcome::Failed })
}

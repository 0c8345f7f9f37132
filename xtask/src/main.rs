//! Tasks of this repository: `cargo xtask test`, `tidy`, `fuzz`, `simulate`, `netns`, `samba`,
//! `image`, `pages`, `screenshots`, `bench`, `chaos`, `dist`, `nightly`, `iam-data`.
//!
//! Each task is a row of [`TASKS`] and a module of its own.

mod api;
mod bench;
mod chaos;
mod checks;
mod dist;
mod fuzz;
mod iam_data;
mod image;
mod netns;
mod nightly;
mod pages;
mod peers;
mod python;
mod samba;
mod say;
mod scim;
mod simulate;
mod templates;
mod tidy;
mod tools;
mod workspace;

use anyhow::Result;
use std::process::ExitCode;

/// A task: what it is called, what `--help` says of it, and what runs it with the words after its
/// name.
struct Task {
    name: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<Outcome>,
}

/// How a task ended, other than by an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Done,
    /// It found something wrong and said so.
    Failed,
    /// It was not called as its help says.
    Misused,
}

const TASKS: &[Task] = &[
    Task { name: "test", help: checks::HELP, run: checks::run },
    Task { name: "tidy", help: tidy::HELP, run: tidy::run },
    Task { name: "fuzz", help: fuzz::HELP, run: fuzz::run },
    Task { name: "simulate", help: simulate::HELP, run: simulate::run },
    Task { name: "netns", help: netns::HELP, run: netns::run },
    Task { name: "samba", help: samba::HELP, run: samba::run },
    Task { name: "image", help: image::HELP, run: image::run },
    Task { name: "pages", help: pages::HELP, run: pages::run },
    Task { name: "screenshots", help: pages::PICTURES_HELP, run: pages::pictures },
    Task { name: "bench", help: bench::HELP, run: bench::run },
    Task { name: "chaos", help: chaos::HELP, run: chaos::run },
    Task { name: "dist", help: dist::HELP, run: dist::run },
    Task { name: "nightly", help: nightly::HELP, run: nightly::run },
    Task { name: "iam-data", help: iam_data::HELP, run: iam_data::run },
];

/// Exit codes are those of the product: 0 done, 1 failed, 3 bad usage.
fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&words) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Ok(Outcome::Misused) => ExitCode::from(3),
        Err(error) => {
            say::complain(&format!("error: {error:#}"));
            ExitCode::from(1)
        }
    }
}

fn dispatch(words: &[String]) -> Result<Outcome> {
    let asks_for_help = words.iter().any(|word| word == "--help" || word == "-h");
    let Some((name, rest)) = words.split_first() else {
        say::complain(&overview());
        return Ok(Outcome::Misused);
    };
    match TASKS.iter().find(|task| task.name == name) {
        Some(task) if asks_for_help => say::line(task.help),
        Some(task) => return (task.run)(rest),
        None if asks_for_help => say::line(&overview()),
        None => {
            say::complain(&format!("error: there is no task `{name}`\n\n{}", overview()));
            return Ok(Outcome::Misused);
        }
    }
    Ok(Outcome::Done)
}

fn overview() -> String {
    let row = |task: &Task| {
        format!("\n  {:<11} {}", task.name, task.help.lines().next().unwrap_or_default())
    };
    let rows: String = TASKS.iter().map(row).collect();
    format!("Usage: cargo xtask TASK [--help]\n{rows}")
}

//! `stagedoor policy`: one module a subcommand.

mod deny_person;
mod diff;
mod eval;
mod file;
mod format;
mod lint;
mod prove;
mod render;
mod simulate;

use crate::cli::{Common, PolicyCommand};
use crate::exit::Outcome;
use anyhow::Result;

pub(super) async fn run(command: PolicyCommand, common: &Common) -> Result<Outcome> {
    match command {
        PolicyCommand::Eval(args) => eval::run(&args, common),
        PolicyCommand::Format(args) => format::run(&args, common),
        PolicyCommand::Diff(args) => diff::run(&args, common),
        PolicyCommand::Lint(args) => lint::run(&args, common),
        PolicyCommand::Prove(args) => prove::run(&args, common),
        PolicyCommand::Render(args) => render::run(&args, common),
        PolicyCommand::Simulate(args) => simulate::run(&args, common).await,
        PolicyCommand::DenyPerson(args) => deny_person::run(&args, common).await,
    }
}

//! `stagedoor events`.

mod files;
mod index;
mod lint;
mod pattern;
mod replay;

use crate::cli::{Common, EventsCommand};
use crate::exit::Outcome;
use anyhow::Result;

pub(super) async fn run(command: EventsCommand, common: &Common) -> Result<Outcome> {
    match command {
        EventsCommand::Pattern(args) => pattern::run(&args, common),
        EventsCommand::Lint(args) => lint::run(&args, common),
        EventsCommand::Replay(args) => replay::run(&args, common).await,
    }
}

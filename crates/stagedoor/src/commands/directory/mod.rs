//! `stagedoor directory`: what is read of the directories, what changed, and whether they work.

mod diff;
mod mirror;
mod reading;
mod show;
mod test;

use crate::cli::{Common, DirectoryCommand};
use crate::exit::Outcome;
use anyhow::Result;

pub(super) async fn run(command: DirectoryCommand, common: &Common) -> Result<Outcome> {
    match command {
        DirectoryCommand::Show(args) => show::run(&args, common).await,
        DirectoryCommand::Diff(args) => diff::run(&args, common).await,
        DirectoryCommand::Mirror(args) => mirror::run(&args, common).await,
        DirectoryCommand::Test(args) => test::run(&args, common).await,
    }
}

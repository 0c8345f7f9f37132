//! Flags of `stagedoor events`.

use super::{MapArg, StoreArg, WaitArgs};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Read events from files and act on them as if they had just arrived.
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A file with an event (EventBridge envelope or CloudTrail record), one event a line, or a
    /// CloudTrail log file (`Records`); or a folder of such files, read in the order of names.
    #[arg(value_name = "FILE|FOLDER")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Only show what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

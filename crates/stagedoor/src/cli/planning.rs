//! Flags of the commands that plan and carry out.

use super::time::{duration, period};
use super::{MapArg, StoreArg};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Write the plan to this file, for `stagedoor apply FILE`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// List what is left alone too, each with its reason.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// A plan written by `stagedoor plan --out`. It is refused if the facts have changed since.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Let this plan take away up to N profiles, whatever the map's guard says.
    #[arg(long, value_name = "N")]
    pub(crate) allow_removals: Option<u32>,
    /// Only show what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// A person, by user name, the directory's id or the name of a profile; may be given several times. Absent: everybody.
    #[arg(long, value_name = "PERSON")]
    pub(crate) person: Vec<String>,
    /// Everybody, whatever was read before; the same as to name nobody.
    #[arg(long, conflicts_with = "person")]
    pub(crate) full: bool,
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

#[derive(Debug, Args)]
pub(crate) struct DriftArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

/// How long to wait for AWS.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct WaitArgs {
    /// Give up waiting after this time; what was begun goes on, and a later run completes it.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// The longest pause between two looks whether AWS has finished; the first are shorter.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = period, env = "STAGEDOOR_POLL")]
    pub(crate) poll: Duration,
}

//! Flags of `report` and `notifications`.

use super::time::period;
use super::{ExistingArgs, MapArg, StoreArg};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Write the report as one HTML file; one that is there is replaced. Absent: a summary is
    /// printed, or everything with `--output json`.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Report about this domain without a map: `d-xxxx`, or `d-xxxx@REGION`. May be given several
    /// times.
    #[arg(id = "from", long = "from-domain", value_name = "ID")]
    pub(crate) from: Vec<String>,
    #[command(flatten)]
    pub(crate) existing: ExistingArgs,
    /// Call an app idle after it has run for so long.
    #[arg(long, value_name = "DURATION", default_value = "12h", value_parser = period)]
    pub(crate) idle_after: Duration,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NotificationsCommand {
    /// Tell everybody whom the map names that messages arrive. Exits 1 if one did not.
    Test(NotificationsTestArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NotificationsTestArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
}

//! Flags of the commands that answer questions about people.

use super::time::instant;
use super::{MapArg, StoreArg};
use clap::Args;
use jiff::Timestamp;

/// A time that is over.
#[derive(Debug, Clone, Args)]
pub(crate) struct AsOfArg {
    /// As it was at this time, by the audit log: 2026-11-20T08:00:00Z, or 2026-11-20, which is its
    /// first moment in UTC. Says also what the log cannot know.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) as_of: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The person: user name, or the directory's id.
    #[arg(value_name = "PERSON")]
    pub(crate) person: String,
    /// The team; absent: every team of the map.
    #[arg(value_name = "TEAM")]
    pub(crate) team: Option<String>,
    #[command(flatten)]
    pub(crate) then: AsOfArg,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct WhoCanArgs {
    /// A team of the map, or an execution role by name or ARN.
    #[arg(value_name = "TEAM|ROLE")]
    pub(crate) team_or_role: String,
    #[command(flatten)]
    pub(crate) then: AsOfArg,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

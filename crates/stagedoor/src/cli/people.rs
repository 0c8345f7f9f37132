//! Flags of the commands that answer questions about people.

use super::{MapArg, StoreArg};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The person: user name, or the directory's id.
    #[arg(value_name = "PERSON")]
    pub(crate) person: String,
    /// The team; absent: every team of the map.
    #[arg(value_name = "TEAM")]
    pub(crate) team: Option<String>,
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
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

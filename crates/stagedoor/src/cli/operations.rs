//! Flags of the commands that look after the installation itself.

use super::leaving::{ByArg, words};
use super::{MapArg, StoreArg};
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    /// Leave out people, groups and quotas: what takes long where there are many people.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only these checks, by their codes or the beginnings of them: `NET05`, `KMS`. The page
    /// docs/reference/doctor.md lists them.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SpokeCommand {
    /// Print a CloudFormation template of the role through which Stagedoor reaches domains of
    /// another account: the least that it needs there.
    Template(SpokeTemplateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SpokeTemplateArgs {
    /// A domain of the map, or an account of its domains.
    #[arg(value_name = "DOMAIN|ACCOUNT")]
    pub(crate) place: String,
    /// ARN of the role or user that Stagedoor runs as; absent: whoever runs this command.
    #[arg(long, value_name = "ARN")]
    pub(crate) hub_principal: Option<String>,
    #[command(flatten)]
    pub(crate) map: MapArg,
}

#[derive(Debug, Args)]
pub(crate) struct FreezeArgs {
    /// Why, for the audit log and for whoever runs into it.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) by: ByArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct ThawArgs {
    #[command(flatten)]
    pub(crate) by: ByArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

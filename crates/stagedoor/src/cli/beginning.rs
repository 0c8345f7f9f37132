//! Flags of `init`, and of what else reads an account without a map.

use super::value::parse;
use access::ids::{IdentityStoreId, Region, RoleArn};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Write the map from what exists: `domain d-xxxx`, or `domain d-xxxx@REGION`. May be given
    /// several times. Without it, a map is written to fill in.
    #[arg(long, num_args = 2, value_names = ["KIND", "ID"], action = clap::ArgAction::Append)]
    pub(crate) from: Vec<String>,
    #[command(flatten)]
    pub(crate) existing: ExistingArgs,
    /// The file to write. One that is there is never overwritten.
    #[arg(long, value_name = "FILE", default_value = "access.yaml")]
    pub(crate) out: PathBuf,
    /// Print the map instead of writing it.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Where existing domains and the directory are, for commands with an argument `from`.
#[derive(Debug, Args)]
pub(crate) struct ExistingArgs {
    /// Where the domains are; absent: the Region that the environment or the profile names.
    #[arg(long, value_parser = parse(Region::parse), requires = "from")]
    pub(crate) region: Option<Region>,
    /// The home Region of Identity Center; absent: the first domain's.
    #[arg(long, value_parser = parse(Region::parse), requires = "from", value_name = "REGION")]
    pub(crate) directory_region: Option<Region>,
    /// The identity store; absent: it is asked for.
    #[arg(long, value_parser = parse(IdentityStoreId::parse), requires = "from", value_name = "ID")]
    pub(crate) identity_store: Option<IdentityStoreId>,
    /// A role through which domains of another account are reached. Each domain is looked for in the
    /// own account first, then through each role.
    #[arg(long, value_parser = parse(RoleArn::parse), requires = "from", value_name = "ARN")]
    pub(crate) assume_role: Vec<RoleArn>,
    /// The external id that the trust policies of these roles ask for.
    #[arg(long, requires = "assume_role", value_name = "ID")]
    pub(crate) external_id: Option<String>,
}

//! Flags of `stagedoor sessions`.

use super::temporary::DeskArgs;
use super::value::parse;
use access::ids::IdpKey;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// End sessions of the door at once: whoever may sign in does so again. What is open in Studio goes
    /// on; `stagedoor offboard` ends that too.
    End(EndSessionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct EndSessionsArgs {
    #[command(flatten)]
    pub(crate) whose: WhoseArgs,
    #[command(flatten)]
    pub(crate) desk: DeskArgs,
}

/// Whose sessions end.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct WhoseArgs {
    /// Those of everybody.
    #[arg(long)]
    pub(crate) all: bool,
    /// Those that this identity provider opened, by its key in the map, also where the map has it no longer.
    #[arg(long, value_name = "IDP", value_parser = parse(IdpKey::parse))]
    pub(crate) idp: Option<IdpKey>,
    /// Those of this person, by user name, by the directory's id or by the name of a profile.
    #[arg(long, value_name = "PERSON")]
    pub(crate) person: Option<String>,
}

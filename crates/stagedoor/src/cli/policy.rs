//! Flags of `stagedoor policy`.

use super::leaving::{PersonArg, team};
use super::{MapArg, StoreArg};
use access::ids::TeamKey;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Decide a request by policies as AWS would, and say because of which statements. Exits 5 if it
    /// is denied.
    Eval(EvalArgs),
    /// Print a policy document in its canonical form.
    Format(FormatArgs),
    /// Say what two policy documents say differently, whatever their order and spelling. Exits 2 if
    /// anything.
    Diff(DiffArgs),
    /// Print a policy for a team's execution role that cuts off one person and nobody else.
    DenyPerson(DenyPersonArgs),
}

/// Which requests, by which policies.
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false)]
pub(crate) struct EvalArgs {
    /// A JSON file with one request and its policies; `-` is standard input.
    #[arg(long, value_name = "FILE", group = "what")]
    pub(crate) input: Option<PathBuf>,
    /// Read one request with its policies from each line of standard input, and answer each with a
    /// line. Exits 0 whatever is denied, and 1 if a line could not be read.
    #[arg(long, group = "what")]
    pub(crate) jsonl: bool,
}

/// Which document.
#[derive(Debug, Args)]
pub(crate) struct FormatArgs {
    /// A policy document, as JSON; `-` is standard input.
    pub(crate) file: PathBuf,
    /// Print nothing but whether the file is in canonical form; exits 2 if it is not.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Which two documents.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The old policy document, as JSON; `-` is standard input.
    pub(crate) old: PathBuf,
    /// The new policy document.
    pub(crate) new: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DenyPersonArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// The team whose role the person shares with others.
    #[arg(long, value_name = "TEAM", value_parser = team)]
    pub(crate) team: TeamKey,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

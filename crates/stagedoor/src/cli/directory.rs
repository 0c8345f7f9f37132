//! Flags of `stagedoor directory`.

use super::leaving::{ByArg, words};
use super::{MapArg, StoreArg};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum DirectoryCommand {
    /// What is read: how many people and groups, from where, how fresh, and what is wrong with it.
    Show(ShowDirectoryArgs),
    /// What changed since an earlier reading. Exits 2 if something did.
    Diff(DiffDirectoryArgs),
    /// Whether each directory can be read, and what it says of a person. Changes nothing; exits 6 if
    /// something does not work.
    Test(TestDirectoryArgs),
    /// Mirror groups into Identity Center, as the map's `directory.mirror` says.
    Mirror(MirrorDirectoryArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowDirectoryArgs {
    /// List the people too, each with their groups among those that grants name.
    #[arg(long)]
    pub(crate) people: bool,
    /// Keep the reading in this file, for `stagedoor directory diff`. It holds names and ids.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct DiffDirectoryArgs {
    /// A reading that `stagedoor directory show --save` kept. Absent: who was in which group when the
    /// server that has the store read everything last; that tells of people in groups that are still
    /// there, and of nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct TestDirectoryArgs {
    /// Look this person up too, by user name or id.
    #[arg(value_name = "PERSON")]
    pub(crate) person: Option<String>,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct MirrorDirectoryArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Let this run take away up to N memberships and users, whatever the mirror's guard says.
    #[arg(long, value_name = "N", group = "agreed")]
    pub(crate) allow_removals: Option<u32>,
    /// Only show what would be done; exits 2 if there is something to do.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Mirror nothing now: agree that the server's next run takes away the N memberships and users that its
    /// guard holds back, and just those.
    #[arg(long, value_name = "N", group = "agreed", conflicts_with = "dry_run")]
    pub(crate) approve: Option<u32>,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", requires = "agreed", value_parser = words)]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) by: ByArg,
}

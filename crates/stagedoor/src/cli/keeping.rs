//! Flags of the commands that look after the store and its grant table.

use super::leaving::{ByArg, team, words};
use super::time::{end, instant};
use super::value::parse;
use super::{MapArg, StoreArg};
use crate::store_location::StoreLocation;
use access::ids::{RoleArn, TeamKey};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Make a store that is not there yet. A table that is made so is for trials: the templates make
    /// one with a key of your own, point-in-time recovery and protection from deletion.
    Create(CreateStoreArgs),
    /// Which store it is, the version of its schema, what is in it and what waits. Changes nothing;
    /// exits 6 if something is wrong with it.
    Status(StoreStatusArgs),
    /// Bring the schema of the store up to date. Every other command that writes does so too.
    Migrate(StoreStatusArgs),
    /// Copy a SQLite store into another file while it is in use, and verify the copy.
    Backup(BackupArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateStoreArgs {
    /// Where to make it.
    #[arg(value_name = "FILE|dynamodb:TABLE", value_parser = StoreLocation::parse)]
    pub(crate) location: StoreLocation,
}

#[derive(Debug, Args)]
pub(crate) struct StoreStatusArgs {
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file to make; it must not be there yet.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MappingCommand {
    /// List the rows of the grant table, and which of them do not fit the map.
    List(ListMappingArgs),
    /// Show what the table gives one group. Exits 5 if nothing.
    Get(GetMappingArgs),
    /// Give a group a team, or the team that has an execution role.
    Put(PutMappingArgs),
    /// Take back what the table gives a group.
    Delete(DeleteMappingArgs),
}

/// Which group.
#[derive(Debug, Args)]
pub(crate) struct GroupArg {
    /// The group, by its display name in the directory.
    #[arg(value_name = "GROUP", value_parser = group)]
    pub(crate) group: String,
    /// The group is named by the directory's id: it may be renamed.
    #[arg(long)]
    pub(crate) id: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListMappingArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct GetMappingArgs {
    #[command(flatten)]
    pub(crate) group: GroupArg,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct PutMappingArgs {
    #[command(flatten)]
    pub(crate) group: GroupArg,
    /// The team of the map that it gets.
    #[arg(long, value_name = "TEAM", value_parser = team, required_unless_present = "role")]
    pub(crate) team: Option<TeamKey>,
    /// The execution role that it gets: that of exactly one team of the map.
    #[arg(long, value_name = "ARN", value_parser = parse(RoleArn::parse), conflicts_with = "team")]
    pub(crate) role: Option<RoleArn>,
    /// Which grant wins where a person can have only one profile: the highest.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) priority: i32,
    /// Not before this time; a date means its first moment in UTC.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) from: Option<Timestamp>,
    /// Not from this time on; a date means its last moment in UTC, so that day still counts.
    #[arg(long, value_name = "TIME", value_parser = end)]
    pub(crate) until: Option<Timestamp>,
    /// Why, for the table and the audit log.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteMappingArgs {
    #[command(flatten)]
    pub(crate) group: GroupArg,
    /// The team that it no longer gets. Needed where the table gives it more than one thing.
    #[arg(long, value_name = "TEAM", value_parser = team)]
    pub(crate) team: Option<TeamKey>,
    /// The execution role that it no longer gets.
    #[arg(long, value_name = "ARN", value_parser = parse(RoleArn::parse), conflicts_with = "team")]
    pub(crate) role: Option<RoleArn>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// What every change of the table takes.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) by: ByArg,
    /// Only show what would be written; exits 2 if it is something new.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

fn group(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}

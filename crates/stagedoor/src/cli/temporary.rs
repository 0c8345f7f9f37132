//! Flags of the commands about access for a time.

use super::leaving::{ByArg, PersonArg, team, words};
use super::time::{duration, instant};
use super::value::parse;
use super::{MapArg, StoreArg};
use access::ids::{TeamKey, TemporaryId};
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use jiff::{SignedDuration, Timestamp};

/// Who acts, by which map, in which store.
#[derive(Debug, Args)]
pub(crate) struct DeskArgs {
    #[command(flatten)]
    pub(crate) by: ByArg,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

/// Giving, or a command about what was given.
///
/// Put together by hand: of an optional group of flags that holds other groups the derived parser never
/// says that it was given.
#[derive(Debug)]
pub(crate) enum GrantArgs {
    Give(Box<GiveArgs>),
    Command(GrantCommand),
}

impl Args for GrantArgs {
    fn augment_args(command: Command) -> Command {
        let command = GrantCommand::augment_subcommands(GiveArgs::augment_args(command));
        command.args_conflicts_with_subcommands(true).subcommand_negates_reqs(true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for GrantArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        match matches.subcommand_name() {
            Some(_) => GrantCommand::from_arg_matches(matches).map(Self::Command),
            None => GiveArgs::from_arg_matches(matches).map(|args| Self::Give(Box::new(args))),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    /// The temporary grants there are, the newest first.
    List(ListGrantsArgs),
    /// End a temporary grant now. Others of the same person and team go on.
    Revoke(RevokeArgs),
    /// Write down what was done under a break-glass grant that is over.
    Note(NoteArgs),
}

/// What is given.
#[derive(Debug, Args)]
pub(crate) struct GiveArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// The team.
    #[arg(value_name = "TEAM", value_parser = team)]
    pub(crate) team: TeamKey,
    /// For how long: 30m, 4h or 2d.
    #[arg(long = "for", value_name = "DURATION", value_parser = length)]
    pub(crate) lasts: SignedDuration,
    /// From when on, with its offset, or a day, which begins at midnight UTC; absent: now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) from: Option<Timestamp>,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(crate) reason: String,
    /// The number of a ticket.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(crate) ticket: Option<String>,
    /// Only look whether it could be given; exits 2 if it could.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListGrantsArgs {
    /// Of this person only: user name, or the directory's id.
    #[arg(long, value_name = "PERSON")]
    pub(crate) person: Option<String>,
    /// Also those that ended in the last 30 days.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The id of the grant.
    #[arg(value_name = "ID", value_parser = parse(TemporaryId::parse))]
    pub(crate) id: TemporaryId,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(crate) reason: Option<String>,
    /// Only look which one it is; exits 2 if it is in force.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(crate) struct NoteArgs {
    /// The id of the grant.
    #[arg(value_name = "ID", value_parser = parse(TemporaryId::parse))]
    pub(crate) id: TemporaryId,
    /// What was done.
    #[arg(value_name = "TEXT", value_parser = words)]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) desk: DeskArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BreakGlassArgs {
    #[command(flatten)]
    pub(crate) person: PersonArg,
    /// The team.
    #[arg(value_name = "TEAM", value_parser = team)]
    pub(crate) team: TeamKey,
    /// Why, for the audit log and everybody who looks at the admin screens.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(crate) reason: String,
    /// Who agrees to it, where the map asks for two people: another member of the group that may
    /// break glass, or an administrator.
    #[arg(long = "with", value_name = "PERSON")]
    pub(crate) second: Option<String>,
    /// The number of a ticket.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    pub(crate) ticket: Option<String>,
    /// Only look whether it could be done; exits 2 if it could.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) desk: DeskArgs,
}

/// Parses `30m`, `4h` or `2d`.
fn length(text: &str) -> Result<SignedDuration, String> {
    let hint = || "write it as 30m, 4h or 2d".to_owned();
    let days = text.strip_suffix('d').and_then(|days| days.parse::<i64>().ok());
    match days {
        Some(days) if (0..=3650).contains(&days) => Ok(SignedDuration::from_hours(24 * days)),
        Some(_) => Err(hint()),
        None => SignedDuration::try_from(duration(text).map_err(|_| hint())?).map_err(|_| hint()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_given_for_minutes_hours_or_days() {
        assert_eq!(length("4h"), Ok(SignedDuration::from_hours(4)));
        assert_eq!(length("2d"), Ok(SignedDuration::from_hours(48)));
        for bad in ["", "4", "h", "-1d", "4 h", "99999d", "1w"] {
            assert!(length(bad).is_err(), "{bad}");
        }
    }
}

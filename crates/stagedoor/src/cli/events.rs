//! Flags of `stagedoor events`.

use super::time::instant;
use super::{MapArg, StoreArg, WaitArgs};
use clap::{Args, Subcommand, ValueEnum};
use control::event::Family;
use jiff::Timestamp;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Print the patterns of the EventBridge rules that fill Stagedoor's queue.
    Pattern(PatternArgs),
    /// Find rules that never fire, or that miss people who leave.
    Lint(LintArgs),
    /// Read events from files and act on them as if they had just arrived.
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PatternArgs {
    /// Print the rule of this family of events instead of the two that cover all. May be repeated.
    #[arg(long, value_enum, value_name = "FAMILY")]
    pub(crate) family: Vec<EventFamily>,
}

/// Families of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventFamily {
    /// The console, Active Directory and SCIM with older tokens, by CloudTrail.
    SsoDirectory,
    /// The Identity Store API, by CloudTrail.
    #[value(name = "identitystore")]
    IdentityStore,
    /// SCIM, by CloudTrail.
    #[value(name = "identitystore-scim")]
    Scim,
    /// The Identity Store's own notifications.
    Notification,
}

impl From<EventFamily> for Family {
    fn from(family: EventFamily) -> Self {
        match family {
            EventFamily::SsoDirectory => Self::SsoDirectory,
            EventFamily::IdentityStore => Self::IdentityStore,
            EventFamily::Scim => Self::Scim,
            EventFamily::Notification => Self::Notification,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// An event pattern, a PutRule request, or a CloudFormation template; JSON or YAML.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A file with an event (EventBridge envelope or CloudTrail record), one event a line, or a
    /// CloudTrail log file (`Records`), gzipped or not; or a folder of such files and folders,
    /// read in the order of names.
    #[arg(value_name = "FILE|FOLDER")]
    pub(crate) path: PathBuf,
    /// Leave out events that happened before: 2026-11-20T08:00:00Z, or a day (UTC).
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) since: Option<Timestamp>,
    /// Leave out events that happened then or later.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) until: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Only show whom the events concern and what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

//! The command line: flags, their environment variables and their help.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, shown as they are")]

mod origin;
mod saml;

pub(crate) use origin::OriginArgs;
pub(crate) use saml::{
    AttemptsArgs, DecodeArgs, KeyCommand, MetadataArgs, NewKeyArgs, Provider, SamlCommand,
    SetupArgs, SpKeyArgs, VerifyArgs,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The guarded way into SageMaker Studio.
///
/// A directory says who is in which group; the access map says what each group gets; Stagedoor
/// makes SageMaker agree, lets people in only through a verified door, and takes everything back
/// when they leave.
#[derive(Debug, Parser)]
#[command(
    name = "stagedoor",
    version,
    about,
    after_help = "Exit codes: 0 done or nothing to do, 1 failed, 2 changes pending (plan), \
                  3 bad usage or configuration, 4 refused by the guard, 5 denied (saml verify).\n\n\
                  First steps: `stagedoor demo` shows everything on this machine; `stagedoor \
                  validate` checks a map; `stagedoor plan` says who gains and who loses."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// How to print results on standard output.
    #[arg(long, global = true, value_enum, default_value_t, env = "STAGEDOOR_OUTPUT")]
    pub(crate) output: OutputFormat,
    /// Print without colours (also: the environment variable NO_COLOR).
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Log more, on standard error. Twice: everything.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// What to log, by target and level, instead: `warn,control=debug`.
    #[arg(long, global = true, value_name = "LEVELS", env = "STAGEDOOR_LOG")]
    pub(crate) log: Option<String>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// One JSON document; a contract for programs.
    Json,
}

/// Where the access map is.
#[derive(Debug, Clone, Args)]
pub(crate) struct MapArg {
    /// The access map: a YAML file, or a folder of `*.yaml` files.
    #[arg(long, short, value_name = "PATH", default_value = "access.yaml", env = "STAGEDOOR_MAP")]
    pub(crate) map: PathBuf,
}

/// Where the embedded store is.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreArg {
    /// The SQLite file with sessions, used assertions and the audit log.
    #[arg(long, value_name = "FILE", default_value = "stagedoor.db", env = "STAGEDOOR_STORE")]
    pub(crate) store: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the access map; every error names file, line and column.
    Validate(MapArg),
    /// Show who gains, who changes and who loses. Changes nothing; exits 2 if there is something
    /// to do.
    Plan(PlanArgs),
    /// Make AWS agree with the map, and wait until it does. May be run again at any time.
    Apply(ApplyArgs),
    /// Run the door, the portal and the loop.
    Serve(ServeArgs),
    /// Work with CloudTrail events.
    #[command(subcommand)]
    Events(EventsCommand),
    /// Connect identity providers, and find out why a sign-in fails.
    #[command(subcommand)]
    Saml(SamlCommand),
    /// Run the simulated AWS: SageMaker Studio, Identity Center, STS, IAM, quotas and queues.
    Sandbox(SandboxArgs),
    /// See it all on this machine: simulated AWS, a demo identity provider and the door.
    Demo(DemoArgs),
    /// Print the JSON Schema of the access map, its reference, or the list of reason codes.
    Schema(SchemaArgs),
    /// Print a completion script for a shell.
    Completion {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Whether the command prints what happens, so that logging it too would only say it twice.
    pub(crate) fn tells_itself(&self) -> bool {
        matches!(self, Self::Demo(DemoArgs { script: true }))
    }
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    /// Write the plan to this file, for `stagedoor apply FILE`.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// List what is left alone too, each with its reason.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// A plan written by `stagedoor plan --out`. It is refused if the facts have changed since.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Let this plan take away up to N profiles, whatever the map's guard says.
    #[arg(long, value_name = "N")]
    pub(crate) allow_removals: Option<u32>,
    /// Only show what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

/// How long to wait for AWS.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct WaitArgs {
    /// Give up waiting after this time; what was begun goes on, and a later run completes it.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// The longest pause between two looks whether AWS has finished; the first are shorter.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration)]
    pub(crate) poll: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080", env = "STAGEDOOR_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// The address by which people and the identity provider reach the door: https, or http on
    /// loopback. Absent: http and the address listened on.
    #[arg(long, value_name = "URL", env = "STAGEDOOR_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,
    #[command(flatten)]
    pub(crate) origin: OriginArgs,
    /// Where to listen for those who run Stagedoor: /livez, /readyz, /healthz and /metrics. Whoever
    /// reaches it may read it, so it must not be public. Absent: nowhere.
    #[arg(long, value_name = "ADDR", env = "STAGEDOOR_OPS_LISTEN")]
    pub(crate) ops_listen: Option<SocketAddr>,
    /// The SQS queue, by name, that EventBridge fills with CloudTrail events; in the directory's
    /// Region. Absent: the timer alone wakes the loop.
    #[arg(long, value_name = "NAME", env = "STAGEDOOR_EVENTS_QUEUE")]
    pub(crate) events_queue: Option<String>,
    /// From one full pass to the next.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = period)]
    pub(crate) resync: Duration,
    /// From a pass that left something unfinished to the next look.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = period)]
    pub(crate) recheck: Duration,
    /// How often to look whether files with metadata of identity providers have changed, and the
    /// shortest time between two fetches of metadata from an address; the map says the longest.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = period)]
    pub(crate) metadata_check: Duration,
    #[command(flatten)]
    pub(crate) sp_keys: SpKeyArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Read events from files and act on them as if they had just arrived.
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A file with an event (EventBridge envelope or CloudTrail record), one event a line, or a
    /// CloudTrail log file (`Records`); or a folder of such files, read in the order of names.
    #[arg(value_name = "FILE|FOLDER")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Only show what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// Where to listen; port 0 takes a free one. Point AWS_ENDPOINT_URL at it.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4566")]
    pub(crate) listen: SocketAddr,
    /// What exists at the start (YAML).
    #[arg(long, value_name = "FILE")]
    pub(crate) seed: Option<PathBuf>,
    /// What goes wrong, and when (YAML).
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Play the whole story without a browser and exit 0 only if every step was observed.
    #[arg(long)]
    pub(crate) script: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which form.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: SchemaFormat,
}

/// Forms of the map's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum SchemaFormat {
    /// JSON Schema 2020-12, for editors.
    #[default]
    Json,
    /// The reference of the map's keys.
    Markdown,
    /// The list of reason codes.
    ReasonCodes,
}

/// Parses the time between two rounds of a timer.
fn period(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        period => Ok(period),
    }
}

/// Parses `500ms`, `5s`, `15m` or `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "write it as 500ms, 5s, 15m or 2h".to_owned())?;
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err("write it as 500ms, 5s, 15m or 2h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn timers_need_a_time_between_two_rounds() {
        assert_eq!(period("1ms"), Ok(Duration::from_millis(1)));
        assert_eq!(period("0s"), Err("must be longer than zero".to_owned()));
    }

    #[test]
    fn durations_need_a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("15m"), Ok(Duration::from_mins(15)));
        for bad in ["", "5", "m", "5 m", "-5m", "5d", "5mm"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}

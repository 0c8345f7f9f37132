//! Flags of the commands that go on until they are stopped.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, shown as they are")]

use super::time::{duration, period, takeover};
use super::value::switch;
use super::{AnchoringArgs, MapArg, OriginArgs, SpKeyArgs, StoreArg};
use clap::{Args, ValueEnum};
use control::plane::Takeover;
use control::reconciler::Rhythm;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How the loop goes, wherever it runs.
#[derive(Debug, Args)]
pub(crate) struct LoopArgs {
    /// Read, plan, log and count what would be done, and change nothing: to look on before Stagedoor
    /// acts. Give it no events queue that another process empties.
    #[arg(long, env = "STAGEDOOR_OBSERVE_ONLY", value_parser = switch)]
    pub(crate) observe_only: bool,
    /// From one full pass to the next.
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = period,
          env = "STAGEDOOR_RESYNC")]
    pub(crate) resync: Duration,
    /// From a pass that left something unfinished to the next look.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = period,
          env = "STAGEDOOR_RECHECK")]
    pub(crate) recheck: Duration,
    /// After how long others take over what a process was at that died: as long as its clock may
    /// differ from theirs, at the least. The same for all.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = takeover,
          env = "STAGEDOOR_TAKEOVER")]
    pub(crate) takeover: Takeover,
}

impl LoopArgs {
    /// How often the loop looks.
    pub(crate) fn rhythm(&self) -> Rhythm {
        Rhythm { resync: self.resync, recheck: self.recheck, ..Rhythm::default() }
    }
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
    #[command(flatten)]
    pub(crate) pacing: LoopArgs,
    /// How often to look whether files with metadata of identity providers have changed, and the
    /// shortest time between two fetches of metadata from an address; the map says the longest.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = period,
          env = "STAGEDOOR_METADATA_CHECK")]
    pub(crate) metadata_check: Duration,
    /// How often to look whether the files of the access map, and those with our own keys, have
    /// changed. SIGHUP looks at once. What will not do is refused, and the last good one stays.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = period,
          env = "STAGEDOOR_RELOAD_CHECK")]
    pub(crate) reload_check: Duration,
    /// How long requests are still taken after SIGTERM, with /readyz saying `draining`: so that
    /// whoever balances the load sees it. SIGINT does not wait.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration,
          env = "STAGEDOOR_DRAIN_DELAY")]
    pub(crate) drain_delay: Duration,
    /// How long requests and passes under way may take after that. A second signal ends at once.
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = duration,
          env = "STAGEDOOR_DRAIN_TIMEOUT")]
    pub(crate) drain_timeout: Duration,
    /// How many requests a minute each caller of the API may make.
    #[arg(long, value_name = "NUMBER", default_value = "600", env = "STAGEDOOR_API_LIMIT")]
    pub(crate) api_limit: std::num::NonZeroU32,
    /// How many requests a minute each token may make that pushes people and groups by SCIM.
    #[arg(long, value_name = "NUMBER", default_value = "6000", env = "STAGEDOOR_SCIM_LIMIT")]
    pub(crate) scim_limit: std::num::NonZeroU32,
    /// From one look at what needs a person, as the map's `notifications` say, to the next.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = period,
          env = "STAGEDOOR_NOTIFY_EVERY")]
    pub(crate) notify_every: Duration,
    #[command(flatten)]
    pub(crate) anchoring: AnchoringArgs,
    #[command(flatten)]
    pub(crate) sp_keys: SpKeyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// Where the server listens for those who run it, as it was told.
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:9090",
        env = "STAGEDOOR_OPS_LISTEN"
    )]
    pub(crate) ops_listen: SocketAddr,
    /// Ask whether it is ready (/readyz) rather than whether it lives (/livez).
    #[arg(long)]
    pub(crate) ready: bool,
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
    /// Where the demo's people are.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) directory: DemoDirectory,
}

/// Where the demo's people are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum DemoDirectory {
    /// In the simulated Identity Center, which sends events.
    #[default]
    IdentityCenter,
    /// In a YAML file beside the demo's map, which is read again when it changes.
    File,
    /// In Stagedoor's own SCIM server, into which the demo pushes them as an identity provider does.
    Scim,
    /// In an OpenLDAP server that the demo starts: needs slapd and ldapmodify on this machine.
    Ldap,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_says_yes_or_no_and_an_empty_one_nothing() {
        for (text, is_on) in [
            ("true", Some(true)),
            ("Yes", Some(true)),
            ("on", Some(true)),
            ("1", Some(true)),
            ("FALSE", Some(false)),
            ("no", Some(false)),
            ("off", Some(false)),
            ("0", Some(false)),
            ("", Some(false)),
            (" ", None),
            ("ture", None),
        ] {
            assert_eq!(switch(text).ok(), is_on, "{text:?}");
        }
    }
}

//! Flags of the command that Lambda starts.

use super::time::{period, takeover};
use super::{AnchoringArgs, MapArg, SpKeyArgs, StoreArg};
use clap::Args;
use control::plane::Takeover;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct LambdaArgs {
    #[command(flatten)]
    pub(crate) map: MapArg,
    #[command(flatten)]
    pub(crate) store: StoreArg,
    /// Host and port of the Runtime API. Lambda sets it.
    #[arg(long, value_name = "HOST:PORT", env = "AWS_LAMBDA_RUNTIME_API")]
    pub(crate) runtime_api: Option<String>,
    /// Handle the one event in this file (`-`: standard input), print what would be answered, and
    /// end: to try it without Lambda.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
    /// How long that event may take.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = period)]
    pub(crate) timeout: Duration,
    /// The address that people type: https, or http on loopback. Where it is given, requests are
    /// answered, else refused.
    #[arg(long, value_name = "URL", env = "STAGEDOOR_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,
    /// URL of the FIFO queue through which people are worked for. Absent: the timer finds them.
    #[arg(long, value_name = "URL", env = "STAGEDOOR_WORK_QUEUE")]
    pub(crate) work_queue: Option<String>,
    /// URL of the standard queue of people who have to wait. Absent: the timer finds them.
    #[arg(long, value_name = "URL", env = "STAGEDOOR_LATER_QUEUE")]
    pub(crate) later_queue: Option<String>,
    /// From one full pass to the next.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "15m",
        value_parser = period,
        env = "STAGEDOOR_RESYNC"
    )]
    pub(crate) resync: Duration,
    /// From a pass that left something unfinished to the next look.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "5s",
        value_parser = period,
        env = "STAGEDOOR_RECHECK"
    )]
    pub(crate) recheck: Duration,
    /// After how long others take over what a process was at that died: as long as its clock may
    /// differ from theirs, at the least. The same for all.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = takeover,
          env = "STAGEDOOR_TAKEOVER")]
    pub(crate) takeover: Takeover,
    /// Read, plan, log and count what would be done, and change nothing.
    #[arg(long, env = "STAGEDOOR_OBSERVE_ONLY")]
    pub(crate) observe_only: bool,
    /// Believe the right-most address of X-Forwarded-For of a request through an Application Load
    /// Balancer: right where the load balancer appends to the header, as it does by default.
    #[arg(long, env = "STAGEDOOR_ALB_APPENDS")]
    pub(crate) alb_appends: bool,
    #[command(flatten)]
    pub(crate) sp_keys: SpKeyArgs,
    #[command(flatten)]
    pub(crate) anchoring: AnchoringArgs,
}

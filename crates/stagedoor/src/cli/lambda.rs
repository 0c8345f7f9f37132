//! Flags of the command that Lambda starts.

use super::time::period;
use super::value::switch;
use super::{AnchoringArgs, LoopArgs, MapArg, SpKeyArgs, StoreArg};
use clap::Args;
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
    #[command(flatten)]
    pub(crate) pacing: LoopArgs,
    /// Believe the right-most address of X-Forwarded-For of a request through an Application Load
    /// Balancer: right where the load balancer appends to the header, as it does by default.
    #[arg(long, env = "STAGEDOOR_ALB_APPENDS", value_parser = switch)]
    pub(crate) alb_appends: bool,
    #[command(flatten)]
    pub(crate) sp_keys: SpKeyArgs,
    #[command(flatten)]
    pub(crate) anchoring: AnchoringArgs,
}

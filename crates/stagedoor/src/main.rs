//! Stagedoor: the access plane for Amazon `SageMaker` Studio.
//!
//! One executable. Each command is a thin module under [`commands`]; what they share is how a map
//! is read ([`mapfile`]), how the parts are put together ([`compose`]) and how a plan is shown
//! ([`report`]).

mod audit_keys;
mod bootstrap;
mod checkpoints;
mod chores;
mod cli;
mod codes;
mod commands;
mod compose;
mod demo;
mod directories;
mod doctor;
mod exit;
mod files;
mod idp_metadata;
mod kept_secret;
mod leaver;
mod mapfile;
mod mirror;
mod notifications;
mod output;
mod people;
mod progress;
mod reference;
mod reload;
mod report;
mod secret_source;
mod signals;
mod sp_keys;
mod store_location;
mod surroundings;
mod system;
mod telemetry;

use mimalloc::MiMalloc;
use std::process::ExitCode;
use std::time::Duration;

/// That of musl, on which the static binary is built, takes one lock for all threads. It asks for
/// transparent huge pages, which make the plan of a large company faster: `MIMALLOC_ALLOW_THP=0`
/// turns that off, and functions on Lambda have none (the feature `small-pages`).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What threads get to end in: the last one that lets the store go leaves a file without a journal
/// beside it. A blocked read of standard input or a slow call must not keep the process alive.
const LAST_MOMENT: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    let args = bootstrap::arguments();
    bootstrap::keep_pages_small(&args);
    let cli = match cli::Cli::read(&args) {
        Ok(cli) => cli,
        Err(error) => {
            bootstrap::tell_usage(&args, &error);
            return exit::usage(&args, &error);
        }
    };
    if let Err(error) = bootstrap::without_empty_endpoints(&args) {
        // Most commands may call AWS, and not all do.
        output::talk(&format!("note: cannot start anew without empty AWS_ENDPOINT_URL…: {error}"));
    }
    let telemetry = match output::start_logging(&cli.common, cli.command.tells_itself()) {
        Ok(telemetry) => telemetry,
        Err(error) => return exit::report(&error.into(), &cli.common),
    };
    bootstrap::read_authorities(&cli.command);
    let runtime = match bootstrap::runtime(&cli.command).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&anyhow::Error::new(error), &cli.common),
    };
    let result = runtime.block_on(commands::run(cli.command, &cli.common, telemetry.as_ref()));
    runtime.shutdown_timeout(LAST_MOMENT);
    if let Some(telemetry) = telemetry {
        telemetry.end();
    }
    match result.and_then(|outcome| output::ended().map(|()| outcome)) {
        Ok(outcome) => outcome.into(),
        Err(error) => exit::report(&error, &cli.common),
    }
}

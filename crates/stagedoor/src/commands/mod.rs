//! One module a command.

mod apply;
mod as_of;
mod audit;
mod directory;
mod doctor;
mod drift;
mod events;
mod freeze;
mod init;
mod lambda;
mod leaving;
mod mapping;
mod notifications;
mod plan;
mod policy;
mod probe;
mod report;
mod saml;
mod sandbox;
mod serve;
mod sessions;
mod spoke;
mod store;
mod sync;
mod temporary;
mod token;
mod who_can;
mod why;

use crate::cli::{Cli, Command, Common, MapArg, OutputFormat, SpokeCommand};
use crate::codes;
use crate::directories::beside_the_map;
use crate::exit::{BadConfiguration, Outcome};
use crate::output::counted;
use crate::system::SystemClock;
use crate::telemetry::Telemetry;
use crate::{demo, idp_metadata, mapfile, output, reference};
use anyhow::Result;
use clap::CommandFactory;
use control::door::check_metadata;
use control::ports::Clock;

pub(crate) use serve::{Serving, seen, serve_until, stop_signal, studio_targets, web_config};

/// Runs a command.
pub(crate) async fn run(
    command: Command,
    common: &Common,
    telemetry: Option<&Telemetry>,
) -> Result<Outcome> {
    match command {
        Command::Init(args) => Box::pin(init::run(&args, common)).await,
        Command::Validate(args) => validate(&args, common),
        Command::Plan(args) => Box::pin(plan::run(&args, common)).await,
        Command::Apply(args) => Box::pin(apply::run(&args, common)).await,
        Command::Sync(args) => Box::pin(sync::run(&args, common)).await,
        Command::Drift(args) => Box::pin(drift::run(&args, common)).await,
        Command::Directory(command) => Box::pin(directory::run(command, common)).await,
        Command::Doctor(args) => Box::pin(doctor::run(&args, common)).await,
        Command::Spoke(SpokeCommand::Template(args)) => Box::pin(spoke::template(&args)).await,
        Command::Why(args) => Box::pin(why::run(&args, common)).await,
        Command::WhoCan(args) => Box::pin(who_can::run(&args, common)).await,
        Command::Grant(args) => Box::pin(temporary::grant(&args, common)).await,
        Command::BreakGlass(args) => Box::pin(temporary::break_glass(&args, common)).await,
        Command::Notifications(command) => Box::pin(notifications::run(command, common)).await,
        Command::Report(args) => Box::pin(report::run(&args, common)).await,
        Command::Offboard(args) => Box::pin(leaving::offboard(&args, common)).await,
        Command::Restore(args) => Box::pin(leaving::restore(&args, common)).await,
        Command::Receipt(args) => Box::pin(leaving::receipt(&args, common)).await,
        Command::Policy(command) => Box::pin(policy::run(command, common)).await,
        Command::Store(command) => Box::pin(store::run(command, common)).await,
        Command::Mapping(command) => Box::pin(mapping::run(command, common)).await,
        Command::Freeze(args) => Box::pin(freeze::freeze(&args, common)).await,
        Command::Thaw(args) => Box::pin(freeze::thaw(&args, common)).await,
        Command::Sessions(command) => Box::pin(sessions::run(command, common)).await,
        Command::Token(command) => Box::pin(token::run(command, common)).await,
        Command::Audit(command) => Box::pin(audit::run(command, common)).await,
        Command::Serve(args) => Box::pin(serve::run(&args)).await,
        Command::Probe(args) => Box::pin(probe::run(&args, common)).await,
        Command::Lambda(args) => Box::pin(lambda::run(&args, telemetry)).await,
        Command::Events(command) => Box::pin(events::run(command, common)).await,
        Command::Saml(command) => Box::pin(saml::run(command, common)).await,
        Command::Sandbox(args) => Box::pin(sandbox::run(&args)).await,
        Command::Demo(args) => Box::pin(demo::run(&args)).await,
        Command::Schema(args) => {
            output::data(&reference::page(args.format)?);
            Ok(Outcome::Done)
        }
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stagedoor", &mut script);
            output::data(String::from_utf8_lossy(&script).trim_end());
            Ok(Outcome::Done)
        }
    }
}

fn validate(args: &MapArg, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map)?;
    let metadata = idp_metadata::read_files(&idp_metadata::sources(&map, &args.map))?;
    check_metadata(&map, metadata, SystemClock.now())
        .map_err(|error| BadConfiguration::new(codes::DOOR_INVALID, error.to_string()))?;
    let proved = mapfile::prove_invariants(&map, &args.map)?;
    let mut cautions = map.cautions();
    cautions.extend(map.ended_grants(SystemClock.now()));
    // What may not be looked at may be there.
    let is_there =
        |source: &_, file: &str| !matches!(beside_the_map(source, file).try_exists(), Ok(false));
    cautions.extend(map.missing_files(is_there));
    if common.output == OutputFormat::Json {
        let document = serde_json::json!({
            "apiVersion": output::API_VERSION,
            "kind": "Validation",
            "valid": true,
            "digest": map.digest,
            "domains": map.domains.len(),
            "teams": map.teams.len(),
            "grants": map.grants.len(),
            "cautions": cautions,
        });
        output::data(&document.to_string());
    } else {
        for caution in &cautions {
            output::talk(&format!("caution: {caution}"));
        }
        let bundle = proved.or_else(|| mapfile::authorisation(&map, &args.map).ok());
        if let Some(bundle) = bundle {
            mapfile::caution_of_size(&map, &bundle);
        }
        output::data(&format!(
            "{} is valid: {}, {}, {}.",
            args.map.display(),
            counted(map.domains.len(), "domain"),
            counted(map.teams.len(), "team"),
            counted(map.grants.len(), "grant")
        ));
    }
    Ok(Outcome::Done)
}

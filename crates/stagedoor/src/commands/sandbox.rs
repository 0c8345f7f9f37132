//! `stagedoor sandbox`: the simulated AWS on TCP.

use crate::cli::SandboxArgs;
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output;
use crate::system::SystemClock;
use anyhow::{Context, Result};
use control::ports::Clock;
use sandbox::{Faults, Sandbox, Seed};
use std::fs;
use std::path::Path;
use tokio::net::TcpListener;

pub(super) async fn run(args: &SandboxArgs) -> Result<Outcome> {
    let seed = match &args.seed {
        Some(file) => Seed::from_yaml(&read(file)?).map_err(|error| bad(file, &error))?,
        None => Seed::standard().context("the sandbox's own seed")?,
    };
    let faults = match &args.faults {
        Some(file) => Faults::from_yaml(&read(file)?).map_err(|error| bad(file, &error))?,
        None => Faults::default(),
    };
    let region = seed.region.clone();
    let sandbox = Sandbox::new(seed, faults).map_err(|error| {
        let place = args.seed.as_deref().unwrap_or(Path::new("the sandbox's own seed"));
        bad(place, &error)
    })?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        BadConfiguration::new(
            codes::LISTEN_FAILED,
            format!("cannot listen on {}: {error}", args.listen),
        )
    })?;
    let address = listener.local_addr().context("the listener's address")?;
    let stop = super::serve::stop_signal();
    output::talk(&format!(
        "Simulated AWS on http://{address}. Nothing here is real, and any access key will do:\n\n  \
         export AWS_ENDPOINT_URL=http://{address} \\\n         \
         AWS_REGION={region} AWS_DEFAULT_REGION={region} \\\n         \
         AWS_ACCESS_KEY_ID=AKIASANDBOX AWS_SECRET_ACCESS_KEY=any\n"
    ));
    sandbox::serve(listener, sandbox::share(sandbox), || SystemClock.now(), stop)
        .await
        .context("the sandbox")?;
    Ok(Outcome::Done)
}

fn read(file: &Path) -> Result<String> {
    Ok(fs::read_to_string(file).map_err(|error| bad(file, &error))?)
}

fn bad(file: &Path, error: &dyn std::fmt::Display) -> BadConfiguration {
    BadConfiguration::new(codes::SANDBOX_CONFIGURATION, format!("{}: {error}", file.display()))
}

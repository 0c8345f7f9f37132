//! `stagedoor lambda`: the code of the functions on Lambda.

use super::serve::{stop_signal, web_config};
use crate::checkpoints::CheckpointLocation;
use crate::chores::TimerChores;
use crate::cli::LambdaArgs;
use crate::codes;
use crate::compose::{self, Origin, Parts};
use crate::exit::{self, BadConfiguration, NotDone, Outcome};
use crate::idp_metadata::{self, Copies, Keeper, KeeperOnCall};
use crate::notifications::{Ends, Telling};
use crate::telemetry::Telemetry;
use crate::{mapfile, output, sp_keys};
use access::map::Caution;
use anyhow::{Context, Result};
use aws::Aws;
use control::door::Door;
use control::grants::GrantWatch;
use lambda::{Chores, Function, FunctionError, QueueName, RemindingQueue, RuntimeApi, Settings};
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use web::OriginSource;

/// The shortest time between two fetches of metadata.
const METADATA_CHECK: Duration = Duration::from_mins(1);

/// More than any payload is.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// What a process needs before it takes its first invocation.
struct Prepared {
    parts: Parts,
    door: Option<axum::Router>,
    settings: Settings,
}

pub(super) async fn run(args: &LambdaArgs, telemetry: Option<&Telemetry>) -> Result<Outcome> {
    if let Some(event) = &args.event {
        return once(args, event).await;
    }
    let Some(address) = &args.runtime_api else {
        let message = "there is no Runtime API here: AWS_LAMBDA_RUNTIME_API is not set. Lambda and \
                       its emulators set it; `--event FILE` handles one event without.";
        return Err(BadConfiguration::new(codes::RUNTIME_API_MISSING, message).into());
    };
    let stop = stop_signal();
    let mut api = RuntimeApi::new(address);
    let prepared = match prepare(args).await {
        Ok(prepared) => prepared,
        Err(error) => {
            let (code, message) = exit::code_and_message(&error);
            if let Err(unreported) = api.fail_to_start(code, &message).await {
                tracing::error!(error = %unreported, "Lambda is not told why it does not start");
            }
            return Err(error);
        }
    };
    let Prepared { parts, door, settings } = prepared;
    let function = Function::new(&parts.plane, door, settings);
    let traces = async || {
        if let Some(telemetry) = telemetry {
            telemetry.flush().await;
        }
    };
    lambda::serve(api, &function, &*parts.plane.clock, stop, traces).await?;
    Ok(Outcome::Done)
}

/// Handles one event.
async fn once(args: &LambdaArgs, event: &Path) -> Result<Outcome> {
    let end = Instant::now() + args.timeout;
    let payload = read(event).with_context(|| format!("event {}", event.display()))?;
    let Prepared { parts, door, settings } = prepare(args).await?;
    let function = Function::new(&parts.plane, door, settings);
    let answer = function.handle(&payload, end).await.map_err(|error| NotDone {
        outcome: Outcome::Failed,
        code: error.code(),
        remedy: remedy(&error).to_owned(),
        message: error.to_string(),
    });
    output::data(&String::from_utf8_lossy(&answer?));
    function.wind_up(end).await;
    Ok(Outcome::Done)
}

fn remedy(error: &FunctionError) -> &'static str {
    match error {
        FunctionError::Payload(_) => "docs/lambda.md shows what a function is invoked with.",
        FunctionError::NoDoor => "Give --public-url to answer requests.",
        FunctionError::Store(_) => "Look after the store, then run it again.",
        FunctionError::TimeUp => "Give more time: --timeout.",
        FunctionError::Panicked => "Please report it, with the log.",
    }
}

fn read(event: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if event == Path::new("-") {
        io::stdin().take(MOST_BYTES).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(event)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

async fn prepare(args: &LambdaArgs) -> Result<Prepared> {
    let map_path = &args.map.map;
    let map = mapfile::load(map_path)?;
    mapfile::prove_invariants(&map, map_path)?;
    for Caution { code, key, message } in map.cautions() {
        tracing::warn!(code, key, "{message}");
    }
    kept_for_good(args.anchoring.audit_checkpoints.as_ref())?;
    let aws = Aws::connect().await;
    let store = compose::open_store(&args.store.store, &aws).await?;
    let mut parts = compose::parts_with_grants(map.clone(), aws, store).await?;
    parts.origin = Origin { store: args.store.store.to_string(), map: Some(map_path.clone()) };
    parts.plane.takeover = args.pacing.takeover;
    let reminders = queues(args)?;
    if args.pacing.observe_only {
        compose::only_observe(&mut parts)?;
    } else if !reminders.is_empty() {
        let sent = parts.aws.reminders(args.work_queue.clone(), args.later_queue.clone());
        let (queue, clock) = (Arc::clone(&parts.plane.queue), Arc::clone(&parts.plane.clock));
        parts.plane.queue = Arc::new(RemindingQueue::new(queue, Arc::new(sent), clock));
    }
    let (router, door, afterwards) = match &args.public_url {
        Some(public_url) => {
            let (router, door, afterwards) = hang_the_door(args, &parts, public_url).await?;
            (Some(router), Some(door), afterwards)
        }
        None => (None, None, None),
    };
    let table = Arc::clone(&parts.store) as _;
    let grants = GrantWatch::new(map, &parts.plane.map, table, parts.plane.live.clone(), door);
    let settings = Settings {
        rhythm: args.pacing.rhythm(),
        reminders,
        load_balancer_appends: args.alb_appends,
        grants: grants.map(Arc::new),
        watches: parts.watches.clone(),
        chores: Some(Arc::new(chores(args, &parts).await?)),
        afterwards,
    };
    Ok(Prepared { parts, door: router, settings })
}

/// What a tick does besides; the other functions have it and are never asked for it.
async fn chores(args: &LambdaArgs, parts: &Parts) -> Result<TimerChores> {
    // Another one acts and tells; its store is not this one's.
    let telling = (!args.pacing.observe_only).then(|| {
        let ends = Ends::Kept(Copies::of(&parts.store));
        // The timer looks when it ticks.
        let every = Duration::from_mins(1);
        Telling::new(parts, ends, &args.map.map, args.public_url.as_deref(), every)
    });
    // A whole log is not read at every start of a process: from a checkpoint on it is little.
    let anchoring = match &args.anchoring.audit_checkpoints {
        Some(_) => Some(compose::anchoring(&args.anchoring, parts).await?.short_lived()),
        None => None,
    };
    Ok(TimerChores {
        plane: parts.plane.clone(),
        store: Arc::clone(&parts.store),
        place: args.store.store.to_string(),
        telling,
        anchoring,
        memory: tokio::sync::Mutex::default(),
    })
}

/// A file of a function is gone with its process.
fn kept_for_good(place: Option<&CheckpointLocation>) -> Result<(), BadConfiguration> {
    match place {
        Some(CheckpointLocation::File(path)) => {
            let message = format!(
                "checkpoints of the audit log cannot be kept in {} on Lambda, where files end with the \
                 process: write s3://BUCKET/PREFIX",
                path.display()
            );
            Err(BadConfiguration::new(codes::CHECKPOINTS_LOST, message))
        }
        Some(CheckpointLocation::S3 { .. }) | None => Ok(()),
    }
}

fn queues(args: &LambdaArgs) -> Result<Vec<QueueName>> {
    let urls = [&args.work_queue, &args.later_queue];
    let named = urls.into_iter().flatten().map(|url| {
        QueueName::of_url(url)
            .map_err(|error| BadConfiguration::new(codes::QUEUE_INVALID, error.to_string()).into())
    });
    named.collect()
}

async fn hang_the_door(
    args: &LambdaArgs,
    parts: &Parts,
    public_url: &str,
) -> Result<(axum::Router, Door, Option<Arc<dyn Chores>>)> {
    let sources = idp_metadata::sources(&parts.plane.map, &args.map.map);
    let region = compose::home_region(&parts.plane.map);
    let keys = sp_keys::load(&args.sp_keys, &parts.aws, region).await?;
    let door = compose::door(parts, &sources, public_url, keys).await?;
    // The timer tells of them, and has no right to the keys.
    Copies::of(&parts.store).leave_own_keys(&door.keys()).await;
    // Files of a layer stay as they are.
    let keeper = if sources.iter().any(idp_metadata::Source::is_fetched) {
        let copies = Copies::of(&parts.store);
        let keeper = Keeper::begin(sources, &door, &parts.plane, &copies, METADATA_CHECK).await;
        Some(Arc::new(KeeperOnCall::from(keeper)) as _)
    } else {
        None
    };
    let config = web_config(parts, public_url)?.with_origin_source(OriginSource::Invocation);
    let desk = Arc::new(compose::desk(parts, &door));
    Ok((web::router(Arc::new(door.clone()), desk, config), door, keeper))
}

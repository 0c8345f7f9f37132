//! `stagedoor serve`: door, portal and loop.

use crate::cli::{OriginArgs, ServeArgs};
use crate::codes;
use crate::compose::{self, Origin, Parts};
use crate::exit::{BadConfiguration, Outcome};
use crate::idp_metadata::{self, Copies, Keeper};
use crate::notifications::{Ends, Telling};
use crate::reload::{self, Reload};
use crate::signals::{HangUp, Signals};
use crate::store_location::StoreLocation;
use crate::{mapfile, output, sp_keys};
use access::map::{AccessMap, Caution};
use anyhow::{Context, Result};
use aws::Aws;
use control::audit::Anchoring;
use control::door::Door;
use control::ports::{FailureKind, WakeQueue};
use control::reconciler::Rhythm;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use url::Url;
use web::{Condition, WebConfig};

/// A server that is ready to run.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) listener: TcpListener,
    /// For probes, health and metrics.
    pub(crate) ops: Option<TcpListener>,
    pub(crate) parts: Parts,
    pub(crate) door: Door,
    /// What keeps the configuration fresh, with what keeps identity providers' metadata fresh.
    pub(crate) reload: Option<(Reload, Keeper)>,
    pub(crate) queue: Option<Arc<dyn WakeQueue>>,
    /// What makes checkpoints of the audit log.
    pub(crate) anchoring: Anchoring,
    pub(crate) rhythm: Rhythm,
    pub(crate) config: WebConfig,
    pub(crate) condition: Condition,
    /// Who tells people what needs them; absent: nobody does.
    pub(crate) telling: Option<Telling>,
    /// How long requests and passes under way may take once it is to end.
    pub(crate) drain_timeout: Duration,
}

/// The pages as the arguments want them.
fn asked_for(args: &ServeArgs, config: WebConfig, condition: &Condition) -> WebConfig {
    config
        .with_origin_source(args.origin.source())
        .with_condition(condition.clone())
        .with_api_limit(args.api_limit)
        .with_scim_limit(args.scim_limit)
}

fn tell_range(origin: &OriginArgs) {
    let Some(range) = origin.range() else { return };
    let code = codes::PROXY_RANGE.as_str();
    match origin.proxy_hops {
        None => tracing::warn!(
            code, %range,
            "whoever has an address in a range of trusted proxies can claim any other; say by --proxy-hops how many \
             proxies stand one behind another"
        ),
        Some(hops) => tracing::info!(
            code, %range, hops,
            "whoever has an address in a range of trusted proxies can claim any other, unless their requests must \
             pass all the proxies: let nobody else reach an inner one, or Stagedoor"
        ),
    }
}

pub(super) async fn run(args: &ServeArgs) -> Result<Outcome> {
    let map_path = &args.map.map;
    // From before the reading: a change meanwhile is seen by the first look at the files.
    let seen = reload::stamps(map_path, &args.sp_keys);
    let map = mapfile::load(map_path)?;
    mapfile::prove_invariants(&map, map_path)?;
    tell_cautions(&map);
    tell_range(&args.origin);
    let region = compose::home_region(&map).cloned();
    let aws = Aws::connect().await;
    let store = compose::open_store(&args.store.store, &aws).await?;
    let mut parts = compose::parts_with_grants(map, aws, store).await?;
    parts.origin = Origin { store: args.store.store.to_string(), map: Some(map_path.clone()) };
    parts.plane.takeover = args.pacing.takeover;
    if args.pacing.observe_only {
        compose::only_observe(&mut parts)?;
    }
    let listener = bind(args.listen).await?;
    let ops = bind_if_asked(args.ops_listen).await?;
    let address = listener.local_addr().context("the listener's address")?;
    let public_url = args.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let sources = idp_metadata::sources(&parts.plane.map, map_path);
    let keys = sp_keys::load(&args.sp_keys, &parts.aws, region.as_ref()).await?;
    let door = compose::door(&parts, &sources, &public_url, keys).await?;
    let (copies, check) = (Copies::of(&parts.store), args.metadata_check);
    let keeper = Keeper::begin(sources, &door, &parts.plane, &copies, check).await;
    let queue = match &args.events_queue {
        Some(name) => Some(events_queue(&parts, name).await?),
        None => None,
    };
    let condition = loaded(&parts, &args.store.store).await;
    let config = asked_for(args, web_config(&parts, &public_url)?, &condition);
    let rhythm = args.pacing.rhythm();
    // Before anybody is told: who starts it may stop it as soon as it listens.
    let (mut signals, hang_up) = (Signals::take(), HangUp::take());
    let reload = Reload {
        map: args.map.clone(),
        sp_keys: args.sp_keys.clone(),
        parts: parts.clone(),
        door: door.clone(),
        pages: config.clone(),
        condition: condition.clone(),
        every: args.reload_check,
        metadata_check: args.metadata_check,
        hang_up,
        seen,
    };
    announce(address, &public_url, ops.as_ref())?;
    // Another server acts and tells; its store is not this one's.
    let telling = (!args.pacing.observe_only).then(|| {
        let ends = Ends::Door(door.clone());
        Telling::new(&parts, ends, map_path, Some(&public_url), args.notify_every)
    });
    let anchoring = compose::anchoring(&args.anchoring, &parts).await?;
    let serving = Serving {
        listener,
        ops,
        parts,
        door,
        reload: Some((reload, keeper)),
        queue,
        anchoring,
        rhythm,
        config,
        condition,
        telling,
        drain_timeout: args.drain_timeout,
    };
    let (tell, told) = mpsc::channel(2);
    let delay = args.drain_delay;
    tokio::spawn(async move { while tell.send(signals.end(delay).await).await.is_ok() {} });
    serve_until(serving, told).await
}

/// Says where the server listens.
fn announce(address: SocketAddr, public_url: &str, ops: Option<&TcpListener>) -> Result<()> {
    output::talk(&format!("Stagedoor listens on http://{address}, known as {public_url}"));
    if let Some(ops) = ops {
        let address = ops.local_addr().context("the ops listener's address")?;
        output::talk(&format!("Health and metrics on http://{address}"));
    }
    Ok(())
}

/// Writes down by which map a server works from now on.
async fn loaded(parts: &Parts, store: &StoreLocation) -> Condition {
    let plane = &parts.plane;
    plane.record(compose::map_loaded(plane, &store.to_string())).await;
    let condition = Condition::default();
    condition.configured(&plane.map.digest, plane.clock.now());
    condition
}

fn tell_cautions(map: &AccessMap) {
    for Caution { code, key, message } in map.cautions() {
        tracing::warn!(code, key, "{message}");
    }
}

async fn bind_if_asked(address: Option<SocketAddr>) -> Result<Option<TcpListener>> {
    match address {
        Some(address) => bind(address).await.map(Some),
        None => Ok(None),
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let message = format!("cannot listen on {address}: {error}");
        BadConfiguration::new(codes::LISTEN_FAILED, message).into()
    })
}

/// Who tells people what needs them, by what the map says.
/// The queue of this name. A name that does not exist would leave the timer alone to wake the loop,
/// and nobody would notice: better not to start.
async fn events_queue(parts: &Parts, name: &str) -> Result<Arc<dyn WakeQueue>> {
    let Some((region, _)) = parts.plane.map.directories.identity_center() else {
        let message = "no directory of the map is Identity Center, and no other one sends events: leave \
                       out --events-queue";
        return Err(BadConfiguration::new(codes::EVENTS_QUEUE_USELESS, message).into());
    };
    let queue = parts.aws.queue(region, name);
    match queue.find().await {
        Err(error) if error.kind == FailureKind::NotFound => {
            let message = format!("there is no events queue `{name}` in {region}: {error}");
            Err(BadConfiguration::new(codes::EVENTS_QUEUE_MISSING, message).into())
        }
        Err(error) => {
            tracing::warn!(queue = name, %error, "events queue cannot be asked for yet");
            Ok(Arc::new(queue))
        }
        Ok(()) => Ok(Arc::new(queue)),
    }
}

/// Serves, loops and listens to events until `told` to end, and for how long requests are still
/// taken. The loop ends its passes at once, then the pages finish what is under way; the ops
/// listener answers to the last. Told again, or too late, everything ends as it is: what the loop
/// held becomes free by itself.
///
/// # Errors
/// A part of the server failed.
pub(crate) async fn serve_until(
    serving: Serving,
    mut told: mpsc::Receiver<Duration>,
) -> Result<Outcome> {
    let (condition, timeout) = (serving.condition.clone(), serving.drain_timeout);
    let (stopping, stopped) = watch::channel(false);
    let (closing, closed) = watch::channel(false);
    let mut tasks = parts_at_work(serving, &stopped, &closed);
    let delay = tokio::select! {
        delay = next(&mut told) => delay,
        // A server that goes on with a part of it dead would look healthy and do half its work.
        Some(ended) = tasks.join_next() => {
            ended.context("a part of the server")??;
            Duration::ZERO
        }
    };
    condition.drain();
    tracing::info!(code = codes::DRAINING.as_str(), "no new work is begun; the process ends");
    let _ = stopping.send(true);
    let finish = async {
        tokio::time::sleep(delay).await;
        let _ = closing.send(true);
        while let Some(ended) = tasks.join_next().await {
            ended.context("a part of the server")??;
        }
        Ok(Outcome::Done)
    };
    tokio::select! {
        biased;
        finished = tokio::time::timeout(delay.saturating_add(timeout), finish) => {
            finished.unwrap_or_else(|_| Ok(cut_off("it took too long")))
        }
        _ = next(&mut told) => Ok(cut_off("it was told again")),
    }
}

fn cut_off(why: &str) -> Outcome {
    tracing::warn!(code = codes::CUT_OFF.as_str(), why, "what is under way is cut off");
    Outcome::Failed
}

async fn next(told: &mut mpsc::Receiver<Duration>) -> Duration {
    match told.recv().await {
        Some(delay) => delay,
        None => std::future::pending().await,
    }
}

/// Everything that goes on side by side. The pages stop when `closed`, all else when `stopped`.
fn parts_at_work(
    serving: Serving,
    stopped: &watch::Receiver<bool>,
    closed: &watch::Receiver<bool>,
) -> JoinSet<Result<()>> {
    let Serving {
        listener,
        ops,
        parts,
        door,
        reload,
        queue,
        anchoring,
        rhythm,
        config,
        condition,
        telling,
        ..
    } = serving;
    let door = Arc::new(door);
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    if let Some(listener) = ops {
        let calls = Arc::clone(&parts.aws) as _;
        let (plane, store) = (parts.plane.clone(), Arc::clone(&parts.store));
        let router = web::ops_router(Arc::clone(&door), calls, plane, store, condition);
        let end = seen(closed.clone());
        tasks.spawn(
            async move { web::serve(listener, router, end).await.context("the ops listener") },
        );
    }
    let desk = Arc::new(compose::desk(&parts, &door));
    let router = web::router(door, desk, config);
    let (end, errands) = (seen(closed.clone()), parts.plane.errands.clone());
    tasks.spawn(async move {
        web::serve(listener, router, end).await.context("the server")?;
        // What was begun for somebody whose connection is gone.
        errands.work_ended().await;
        Ok(())
    });
    let (plane, end) = (parts.plane.clone(), seen(stopped.clone()));
    tasks.spawn(async move {
        plane.run(rhythm, end).await;
        Ok(())
    });
    watch_directories(&parts, stopped, &mut tasks);
    if let Some((reload, keeper)) = reload {
        let end = seen(stopped.clone());
        tasks.spawn(async move {
            reload.run(Some(keeper), end).await;
            Ok(())
        });
    }
    let end = seen(stopped.clone());
    tasks.spawn(async move {
        anchoring.run(end).await;
        Ok(())
    });
    if let Some(telling) = telling {
        let end = seen(stopped.clone());
        tasks.spawn(async move {
            telling.run(end).await;
            Ok(())
        });
    }
    if let Some(queue) = queue {
        let (plane, end) = (parts.plane, seen(stopped.clone()));
        tasks.spawn(async move {
            plane.listen(queue.as_ref(), end).await;
            Ok(())
        });
    }
    tasks
}

/// Asks directories what changed, each by itself.
fn watch_directories(
    parts: &Parts,
    stopped: &watch::Receiver<bool>,
    tasks: &mut JoinSet<Result<()>>,
) {
    for watch in parts.watches.clone() {
        let (plane, stop, end) =
            (parts.plane.clone(), seen(stopped.clone()), seen(stopped.clone()));
        tasks.spawn(async move {
            watch.run(&plane, stop).await;
            // One that cannot tell what changes is done, and the server goes on.
            end.await;
            Ok(())
        });
    }
}

/// Resolves once the other side says so, or is gone.
pub(crate) async fn seen(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Settings of the pages. *Open Studio* may lead to the Studio hosts of the map's Regions, or to the
/// endpoint that stands in for AWS.
pub(crate) fn web_config(parts: &Parts, public_url: &str) -> Result<WebConfig> {
    let url = Url::parse(public_url).map_err(|error| {
        BadConfiguration::new(codes::DOOR_INVALID, format!("{public_url}: {error}"))
    })?;
    WebConfig::new(&url, &studio_targets(parts, &parts.plane.map))
        .map_err(|error| BadConfiguration::new(codes::DOOR_INVALID, error.to_string()).into())
}

/// Where *Open Studio* may lead by this map.
pub(crate) fn studio_targets(parts: &Parts, map: &AccessMap) -> Vec<String> {
    let regions: BTreeSet<_> = map.domains.values().map(|domain| &domain.region).collect();
    regions.into_iter().map(|region| parts.aws.studio_host_source(region)).collect()
}

/// Resolves on SIGINT or SIGTERM, which are taken over at once.
pub(crate) fn stop_signal() -> impl Future<Output = ()> + Send {
    let mut signals = Signals::take();
    async move {
        signals.end(Duration::ZERO).await;
    }
}

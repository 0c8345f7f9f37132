//! `stagedoor serve`: door, portal and loop.

use crate::cli::ServeArgs;
use crate::compose::{self, Parts};
use crate::exit::{BadConfiguration, Outcome};
use crate::idp_metadata::{self, Keeper};
use crate::{mapfile, output, sp_keys};
use access::ids::Region;
use access::map::Caution;
use access::reason::ReasonCode;
use anyhow::{Context, Result};
use aws::Aws;
use control::door::Door;
use control::ports::{FailureKind, WakeQueue};
use control::reconciler::Rhythm;
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;
use web::WebConfig;

/// A server that is ready to run.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) listener: TcpListener,
    /// For probes, health and metrics.
    pub(crate) ops: Option<TcpListener>,
    pub(crate) parts: Parts,
    pub(crate) door: Door,
    /// What keeps the identity providers' metadata fresh.
    pub(crate) metadata: Option<Keeper>,
    pub(crate) queue: Option<Arc<dyn WakeQueue>>,
    pub(crate) rhythm: Rhythm,
    pub(crate) config: WebConfig,
}

pub(super) async fn run(args: &ServeArgs) -> Result<Outcome> {
    let map_path = &args.map.map;
    let map = mapfile::load(map_path)?;
    mapfile::prove_invariants(&map, map_path)?;
    for Caution { code, key, message } in map.cautions() {
        tracing::warn!(code, key, "{message}");
    }
    let region = compose::directory_region(&map).clone();
    let aws = Aws::connect().await;
    let store = compose::open_store(&args.store.store, &aws).await?;
    let mut parts = compose::parts(map, aws, store);
    if args.observe_only {
        compose::only_observe(&mut parts)?;
    }
    let listener = bind(args.listen).await?;
    let ops = match args.ops_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let address = listener.local_addr().context("the listener's address")?;
    let public_url = args.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let sources = idp_metadata::sources(&parts.plane.map, map_path);
    let keys = sp_keys::load(&args.sp_keys, &parts.aws, Some(&region)).await?;
    let door = compose::door(&parts, &sources, &public_url, keys).await?;
    let (store, check) = (&args.store.store, args.metadata_check);
    let metadata = Some(Keeper::begin(sources, &door, &parts.plane, store, check).await);
    let queue = match &args.events_queue {
        Some(name) => Some(events_queue(&parts, &region, name).await?),
        None => None,
    };
    let config = web_config(&parts, &public_url)?.with_origin_source(args.origin.source());
    let rhythm = Rhythm { resync: args.resync, recheck: args.recheck, ..Rhythm::default() };
    // Before anybody is told: who starts it may stop it as soon as it listens.
    let stop = stop_signal();
    output::talk(&format!("Stagedoor listens on http://{address}, known as {public_url}"));
    if let Some(ops) = &ops {
        let address = ops.local_addr().context("the ops listener's address")?;
        output::talk(&format!("Health and metrics on http://{address}"));
    }
    let serving = Serving { listener, ops, parts, door, metadata, queue, rhythm, config };
    serve_until(serving, stop).await?;
    Ok(Outcome::Done)
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let message = format!("cannot listen on {address}: {error}");
        BadConfiguration::new("listen-failed", message).into()
    })
}

/// The queue of this name. A name that does not exist would leave the timer alone to wake the loop,
/// and nobody would notice: better not to start.
async fn events_queue(parts: &Parts, region: &Region, name: &str) -> Result<Arc<dyn WakeQueue>> {
    let queue = parts.aws.queue(region, name);
    match queue.find().await {
        Err(error) if error.kind == FailureKind::NotFound => {
            let message = format!("there is no events queue `{name}` in {region}: {error}");
            Err(BadConfiguration::new("events-queue-missing", message).into())
        }
        Err(error) => {
            tracing::warn!(queue = name, %error, "events queue cannot be asked for yet");
            Ok(Arc::new(queue))
        }
        Ok(()) => Ok(Arc::new(queue)),
    }
}

/// Serves, loops and listens to events until `stop` resolves, then finishes what is under way.
pub(crate) async fn serve_until(
    serving: Serving,
    stop: impl Future<Output = ()> + Send,
) -> Result<()> {
    let Serving { listener, ops, parts, door, metadata, queue, rhythm, config } = serving;
    let (stopping, stopped) = watch::channel(false);
    let door = Arc::new(door);
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    if let Some(listener) = ops {
        let calls = Arc::clone(&parts.aws) as _;
        let router = web::ops_router(Arc::clone(&door), calls, parts.plane.clone());
        let end = seen(stopped.clone());
        tasks.spawn(
            async move { web::serve(listener, router, end).await.context("the ops listener") },
        );
    }
    let router = web::router(door, config);
    let end = seen(stopped.clone());
    tasks.spawn(async move { web::serve(listener, router, end).await.context("the server") });
    let (plane, end) = (parts.plane.clone(), seen(stopped.clone()));
    tasks.spawn(async move {
        plane.run(rhythm, end).await;
        Ok(())
    });
    if let Some(metadata) = metadata {
        let end = seen(stopped.clone());
        tasks.spawn(async move {
            metadata.run(end).await;
            Ok(())
        });
    }
    if let Some(queue) = queue {
        let (plane, end) = (parts.plane.clone(), seen(stopped));
        tasks.spawn(async move {
            plane.listen(queue.as_ref(), end).await;
            Ok(())
        });
    }
    tokio::select! {
        () = stop => {}
        // A server that goes on with a part of it dead would look healthy and do half its work.
        Some(ended) = tasks.join_next() => ended.context("a part of the server")??,
    }
    let _ = stopping.send(true);
    while let Some(ended) = tasks.join_next().await {
        ended.context("a part of the server")??;
    }
    Ok(())
}

/// Resolves once the other side says so, or is gone.
pub(crate) async fn seen(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Settings of the pages. *Open Studio* may lead to the Studio hosts of the map's Regions, or to the
/// endpoint that stands in for AWS.
pub(crate) fn web_config(parts: &Parts, public_url: &str) -> Result<WebConfig> {
    let regions: BTreeSet<_> =
        parts.plane.map.domains.values().map(|domain| &domain.region).collect();
    let targets: Vec<String> =
        regions.into_iter().map(|region| parts.aws.studio_host_source(region)).collect();
    let url = Url::parse(public_url)
        .map_err(|error| BadConfiguration::new("door-invalid", format!("{public_url}: {error}")))?;
    WebConfig::new(&url, &targets)
        .map_err(|error| BadConfiguration::new("door-invalid", error.to_string()).into())
}

/// Takes SIGINT and SIGTERM over at once; the future resolves on either.
#[cfg(unix)]
pub(crate) fn stop_signal() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
        }
    }
}

#[cfg(unix)]
async fn heard(signal: io::Result<tokio::signal::unix::Signal>) {
    match signal {
        Ok(mut signal) => drop(signal.recv().await),
        Err(error) => {
            // It still ends the process, only not gently.
            tracing::warn!(%error, code = %ReasonCode::Unavailable, "no handler of a signal");
            std::future::pending::<()>().await;
        }
    }
}

/// Resolves on the interrupt of the terminal.
#[cfg(not(unix))]
pub(crate) async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
}

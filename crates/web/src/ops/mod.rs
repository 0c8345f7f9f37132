//! The second listener, for those who run Stagedoor: probes, health and metrics.
//!
//! It tells who the identity providers are and how often people are refused, so it is never part of
//! the public pages; whoever reaches its address may read it.

mod condition;
mod health;
mod metrics;

pub use condition::Condition;
pub use metrics::metrics_reference;

use access::ids::DomainKey;
use access::observed::AuthMode;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use control::directory::{Pushing, pushing};
use control::door::Door;
use control::meter::LoopStatus;
use control::plane::Plane;
use control::ports::{CallMeter, Store, StoreError};
use health::Health;
use metrics::Numbers;
use std::sync::Arc;

/// What the answers are made of.
#[derive(Debug, Clone)]
struct Watch {
    door: Arc<Door>,
    calls: Arc<dyn CallMeter>,
    plane: Plane,
    store: Arc<dyn Store>,
    condition: Condition,
}

impl Watch {
    async fn health(&self) -> Health {
        let now = self.plane.clock.now();
        let counts = self.plane.meter.read();
        let directory = (counts.directory_read, counts.directory_failed);
        let (trust, keys) = (self.door.trust(), self.door.keys());
        let status = self.loop_status().await;
        let seen = Health::new(&trust, &keys, &status, now).with_domains(&self.through_here());
        seen.with_process(&self.condition.state(), directory)
    }

    /// The domains that people enter through the door alone, as far as this process has read them.
    fn through_here(&self) -> Vec<DomainKey> {
        let Some(reading) = self.plane.readings.last() else { return Vec::new() };
        let domains = reading.survey.observed.domains.iter();
        let in_iam_mode = domains.filter(|(_, domain)| domain.auth_mode == AuthMode::Iam);
        in_iam_mode.map(|(key, _)| key.clone()).collect()
    }

    async fn loop_status(&self) -> Result<LoopStatus, StoreError> {
        let status = self.plane.loop_status().await;
        if let Err(error) = &status {
            tracing::error!(%error, "the state of the loop cannot be read");
        }
        status
    }

    /// How it stands with the directories that are pushed; nothing where the store cannot be read.
    async fn pushing(&self) -> Vec<Pushing> {
        let (map, now) = (self.plane.current().map, self.plane.clock.now());
        let found = pushing(&map, &*self.store, now).await;
        found.unwrap_or_else(|error| {
            tracing::error!(%error, "how it stands with directories that are pushed cannot be read");
            Vec::new()
        })
    }
}

/// The routes of the ops listener.
///
/// | route | what it says |
/// |---|---|
/// | `GET /livez` | the process answers |
/// | `GET /readyz` | 200 if somebody could sign in, or the map has nobody sign in here, else 503; with `?verbose` why, as JSON, and how directory and configuration are |
/// | `GET /healthz` | how the loop is, how long metadata and certificates last, as JSON; always 200 |
/// | `GET /metrics` | Prometheus text format 0.0.4 |
pub fn ops_router(
    door: Arc<Door>,
    calls: Arc<dyn CallMeter>,
    plane: Plane,
    store: Arc<dyn Store>,
    condition: Condition,
) -> Router {
    Router::new()
        .route("/livez", get(crate::handlers::probes::live))
        .route("/readyz", get(ready))
        .route("/healthz", get(healthy))
        .route("/metrics", get(exposition))
        .layer(map_response(with_headers))
        .with_state(Watch { door, calls, plane, store, condition })
}

/// Ready is whoever has its store and can decide about at least one identity provider, if the map has any:
/// without, requests of the API and of directories that push people are still to be taken. AWS is not
/// asked: a replica that is taken out because AWS is slow could not even show the page that says so.
async fn ready(State(watch): State<Watch>, RawQuery(query): RawQuery) -> Response {
    let health = watch.health().await;
    let (status, word) = match (health.ready(), health.draining()) {
        (true, _) => (StatusCode::OK, "ready\n"),
        (false, true) => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    };
    let verbose = query.is_some_and(|query| query.split(['&', '=']).next() == Some("verbose"));
    if verbose {
        (status, Json(health.readiness())).into_response()
    } else {
        (status, word).into_response()
    }
}

/// Always 200: a certificate that ends next week must not make anybody restart the process.
async fn healthy(State(watch): State<Watch>) -> Response {
    Json(watch.health().await).into_response()
}

async fn exposition(State(watch): State<Watch>) -> Response {
    let numbers = Numbers {
        trust: watch.door.trust(),
        keys: watch.door.keys(),
        door: watch.door.counts(),
        calls: watch.calls.call_counts(),
        events: watch.plane.events.read(),
        counts: watch.plane.meter.read(),
        status: watch.loop_status().await.ok(),
        pushing: watch.pushing().await,
        places: watch
            .plane
            .current()
            .map
            .domains
            .iter()
            .map(|(key, domain)| (key.clone(), (domain.account_id.clone(), domain.region.clone())))
            .collect(),
        process: watch.condition.state(),
    };
    match metrics::exposition(&numbers, watch.plane.clock.now()) {
        Ok(text) => {
            let kind = HeaderValue::from_static(prometheus::TEXT_FORMAT);
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn with_headers(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(HeaderName::from_static("x-content-type-options"), nosniff);
    answer
}

//! The sandbox on TCP.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::IntoResponse;
use http::request::Parts;
use http::{Request, Response};
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::sandbox::{Delay, Sandbox};

/// Greatest request body, in bytes: SQS's largest message and room around it.
const MAX_BODY: usize = 2 * 1024 * 1024;
/// How often a long poll looks again.
const POLL: Duration = Duration::from_millis(50);

/// A sandbox which a server and its owner share: the owner may look inside at any time.
pub type SharedSandbox = Arc<Mutex<Sandbox>>;

/// Makes a sandbox ready to be shared.
pub fn share(sandbox: Sandbox) -> SharedSandbox {
    Arc::new(Mutex::new(sandbox))
}

/// Serves a sandbox over plain HTTP until the future `shutdown` ends.
///
/// `clock` says what time it is, once for each request; the sandbox adds its own offset.
pub async fn serve<C, S>(
    listener: TcpListener,
    sandbox: SharedSandbox,
    clock: C,
    shutdown: S,
) -> std::io::Result<()>
where
    C: Fn() -> Timestamp + Clone + Send + Sync + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let router = Router::new()
        .fallback(answer::<C>)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state((sandbox, clock));
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

async fn answer<C>(
    State((sandbox, clock)): State<(SharedSandbox, C)>,
    parts: Parts,
    body: Bytes,
) -> axum::response::Response
where
    C: Fn() -> Timestamp + Clone + Send + Sync + 'static,
{
    let request = Request::from_parts(parts, body);
    let mut response = lock(&sandbox).handle(clock(), &request);
    let delay = response.extensions().get::<Delay>().copied();
    if let Some(delay) = delay {
        // A timer's shortest sleep is a millisecond: longer than the whole call.
        if !delay.latency.is_zero() {
            tokio::time::sleep(delay.latency).await;
        }
        let started = tokio::time::Instant::now();
        while empty(&response) && started.elapsed() < delay.long_poll {
            tokio::time::sleep(POLL).await;
            response = lock(&sandbox).look_again(clock(), &request);
        }
    }
    response.map(axum::body::Body::from).into_response()
}

/// Whether a long poll came back without messages.
fn empty(response: &Response<Vec<u8>>) -> bool {
    response.extensions().get::<Delay>().is_some_and(|delay| delay.long_poll > Duration::ZERO)
}

/// A request that panicked leaves the model as it is: better to go on than to fail every test.
fn lock(sandbox: &SharedSandbox) -> MutexGuard<'_, Sandbox> {
    sandbox.lock().unwrap_or_else(PoisonError::into_inner)
}

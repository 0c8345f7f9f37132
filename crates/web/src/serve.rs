//! Serves the pages on a listener until told to stop.

use axum::Router;
use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How long answers under way may take after the shutdown began. An answer is bounded anyway
/// (`frame::ANSWER_WITHIN`); what is left then is a connection that never finished its request.
const DRAIN: Duration = Duration::from_secs(30);

/// Serves `router` until `shutdown` completes, then lets answers under way finish, for at most 30
/// seconds. Handlers see the peer's address.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (draining, begun) = oneshot::channel::<()>();
    let signal = async move {
        shutdown.await;
        drop(draining);
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(signal);
    tokio::select! {
        biased;
        served = serving.into_future() => served,
        () = async {
            // Completes with an error when the sender is dropped: that is the signal.
            let _ = begun.await;
            tokio::time::sleep(DRAIN).await;
        } => Ok(()),
    }
}

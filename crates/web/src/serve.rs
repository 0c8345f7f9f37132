//! Serves the pages on a listener until told to stop.

use crate::linger;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tower_service::Service;

/// How long answers under way may take after the shutdown began. An answer is bounded anyway
/// (`frame::ANSWER_WITHIN`); what is left then is a connection that never finished its request.
const DRAIN: Duration = Duration::from_secs(30);

/// How long a request's head may take, and a connection that is kept alive may lie idle. The body
/// falls under `frame::ANSWER_WITHIN`.
const HEAD_WITHIN: Duration = Duration::from_secs(15);

/// How long the other side may take nothing of an answer: who does not read keeps no place.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// The most connections at a time, well under the usual 1,024 open files. More wait in the
/// listener's queue until one is over.
const MOST_CONNECTIONS: usize = 512;

/// How long to wait where the system gives no connection (no open file left).
const AFTER_A_FAILURE: Duration = Duration::from_millis(200);

/// Serves `router` until `shutdown` completes, then lets answers under way finish, for at most 30
/// seconds. Handlers see the peer's address.
///
/// # Errors
/// None at present: a connection that cannot be accepted is logged, and the next one is waited for.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = async {
                let place = Arc::clone(&room).acquire_owned().await;
                (listener.accept().await, place)
            } => accepted,
        };
        match accepted {
            (Ok((stream, peer)), Ok(place)) => {
                let connection = graceful.watch(connection(stream, peer, router.clone()));
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "connection broke off");
                    }
                    drop(place);
                });
            }
            (Err(error), _) => {
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(AFTER_A_FAILURE).await;
            }
            // Nobody closes the semaphore.
            (_, Err(_)) => break,
        }
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(DRAIN) => {}
    }
    Ok(())
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let mut router = router.clone();
        linger::answered(request, move |request| router.call(request))
    });
    // Hyper bounds how long it waits for what is sent to it, and not for what it sends.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(TAKEN_WITHIN));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
}

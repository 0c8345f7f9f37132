//! A server on this machine between the client and the real one, which fails when it is told to.

use futures::future::BoxFuture;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

/// What the proxy does with the server's answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// After so many bytes it ends the connection.
    CutAfter(usize),
    /// After so many bytes it says no more.
    StallAfter(usize),
    /// After so many bytes it says an entry or two at a time, long before anybody gives up on one.
    DripsPast(usize),
}

/// What happens at the server before a request reaches it that names something for the first time.
pub(crate) struct Step {
    /// What the request names.
    pub(crate) before: String,
    pub(crate) then: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>,
}

/// What is still to happen, one after the other.
type Steps = Arc<Mutex<VecDeque<Step>>>;

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    steps: Steps,
}

impl Proxy {
    pub(crate) async fn before(server: u16, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let steps = Steps::default();
        let ahead = Arc::clone(&steps);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(relay(client, server, fault, Arc::clone(&ahead)));
            }
        });
        Self { address, connections, steps }
    }

    /// Has these steps happen from now on.
    pub(crate) async fn expect<const N: usize>(&self, steps: [Step; N]) {
        *self.steps.lock().await = steps.into();
    }

    /// How many steps did not happen.
    pub(crate) async fn left(&self) -> usize {
        self.steps.lock().await.len()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Passes on requests, each after what is to happen before it.
async fn ask(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, steps: Steps) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = client.read(&mut buffer).await {
        let asked = buffer.get(..read).unwrap();
        let mut steps = steps.lock().await;
        let names =
            |step: &Step| asked.windows(step.before.len()).any(|it| it == step.before.as_bytes());
        if steps.front().is_some_and(names) {
            (steps.pop_front().unwrap().then)().await;
        }
        if server.write_all(asked).await.is_err() {
            return;
        }
    }
}

async fn relay(client: TcpStream, server: u16, fault: Fault, steps: Steps) {
    let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    let asking = tokio::spawn(ask(from_client, to_server, steps));
    let (Fault::CutAfter(most) | Fault::StallAfter(most) | Fault::DripsPast(most)) = fault;
    let mut left = most;
    let mut buffer = vec![0; 4096];
    while left > 0 {
        let Ok(read) = from_server.read(&mut buffer).await else { break };
        // What drips is all there.
        let most = if matches!(fault, Fault::DripsPast(_)) { read } else { read.min(left) };
        let part = buffer.get(..most).unwrap();
        if read == 0 || to_client.write_all(part).await.is_err() {
            return;
        }
        left = left.saturating_sub(part.len());
    }
    if matches!(fault, Fault::DripsPast(_)) {
        let mut between = tokio::time::interval(Duration::from_millis(250));
        let few = buffer.get_mut(..512).unwrap();
        while let Ok(read @ 1..) = from_server.read(few).await {
            between.tick().await;
            if to_client.write_all(few.get(..read).unwrap()).await.is_err() {
                break;
            }
        }
        asking.abort();
    } else if matches!(fault, Fault::StallAfter(_)) {
        // The client gives up, which ends the other direction.
        let _ended = asking.await;
    } else {
        asking.abort();
    }
}

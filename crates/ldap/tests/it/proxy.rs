//! A server on this machine between the client and the real one, which fails when it is told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

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

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) async fn before(server: u16, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(relay(client, server, fault));
            }
        });
        Self { address, connections }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn relay(client: TcpStream, server: u16, fault: Fault) {
    let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asking = tokio::spawn(async move {
        let _gone = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
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

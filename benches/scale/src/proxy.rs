//! A network between replicas and their store that can fail.

use anyhow::{Context, Result};
use std::net::{SocketAddr, TcpListener};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They lead through.
    Forward,
    /// They break off, new ones at once.
    Refuse,
    /// Nothing goes through, and nobody is told.
    Hang,
}

/// Listens on loopback and leads to one address. It ends with the value.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    _runtime: Runtime,
}

impl Proxy {
    /// Starts it; connections lead through.
    ///
    /// # Errors
    /// There is no port.
    pub fn start(to: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("a port for the proxy")?;
        listener.set_nonblocking(true).context("its listener")?;
        let address = listener.local_addr().context("its address")?;
        let (mode, changes) = watch::channel(Mode::Forward);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("a runtime for the proxy")?;
        runtime.spawn(async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            while let Ok((from, _)) = listener.accept().await {
                tokio::spawn(connection(from, to, changes.clone()));
            }
        });
        Ok(Self { address, mode, _runtime: runtime })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on connections fare like this, those that stand already too.
    pub fn set(&self, mode: Mode) {
        let _nobody_listens = self.mode.send(mode);
    }
}

/// One connection, until either side ends it or the mode does. A connection that hung breaks off
/// when the network is back.
async fn connection(mut from: TcpStream, to: SocketAddr, mut changes: watch::Receiver<Mode>) {
    let mode = *changes.borrow_and_update();
    match mode {
        Mode::Refuse => {}
        Mode::Hang => drop(changes.wait_for(|mode| *mode != Mode::Hang).await),
        Mode::Forward => {
            let Ok(mut onward) = TcpStream::connect(to).await else { return };
            let _nodelay = (from.set_nodelay(true), onward.set_nodelay(true));
            let other = tokio::select! {
                _ended = copy_bidirectional(&mut from, &mut onward) => return,
                other = changes.wait_for(|mode| *mode != Mode::Forward) => other.map(|mode| *mode),
            };
            if matches!(other, Ok(Mode::Hang)) {
                drop(changes.wait_for(|mode| *mode != Mode::Hang).await);
            }
        }
    }
}

//! Serves an empty DynamoDB on a free port of loopback. Prints its endpoint as one line; ends when
//! its standard input does, or on SIGTERM.

use anyhow::{Result, anyhow};
use dynoxide::Database;
use dynoxide::server::serve_with_shutdown;
use std::io::Write as _;
use std::net::Ipv4Addr;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<()> {
    let database = Database::memory().map_err(|error| anyhow!("{error}"))?;
    // A port may be asked for, so that a server that was away comes back where it was.
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "http://{}", listener.local_addr()?)?;
    stdout.flush()?;
    drop(stdout);
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        served = serve_with_shutdown(listener, database, std::future::pending()) => {
            served.map_err(|error| anyhow!(error))
        }
        () = end_of_input() => Ok(()),
        _ = terminated.recv() => Ok(()),
    }
}

/// Resolves when whoever started this closes its standard input, or is gone.
async fn end_of_input() {
    let (mut input, mut buffer) = (tokio::io::stdin(), [0; 64]);
    while input.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}

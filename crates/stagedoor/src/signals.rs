//! Signals of the system, taken over before anybody is told that the process is there.

use access::reason::ReasonCode;
use std::time::Duration;

/// The signals that a server listens to.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
}

/// Asks to read the configuration anew (SIGHUP).
#[derive(Debug)]
pub(crate) struct HangUp(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
fn take(kind: tokio::signal::unix::SignalKind) -> Option<tokio::signal::unix::Signal> {
    match tokio::signal::unix::signal(kind) {
        Ok(signal) => Some(signal),
        Err(error) => {
            // It still does what it does by default, only not gently.
            tracing::warn!(%error, code = ReasonCode::Unavailable.as_str(), "no handler of a signal");
            None
        }
    }
}

#[cfg(unix)]
async fn heard(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

impl Signals {
    /// Takes SIGINT and SIGTERM over.
    pub(crate) fn take() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::SignalKind;
            Self {
                interrupt: take(SignalKind::interrupt()),
                terminate: take(SignalKind::terminate()),
            }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Waits for one of them, and says how long requests are still taken: `delay` after SIGTERM, for
    /// whoever sends them has to see that readiness is gone; not at all after SIGINT, which somebody
    /// at a terminal sends.
    pub(crate) async fn end(&mut self, delay: Duration) -> Duration {
        #[cfg(unix)]
        tokio::select! {
            () = heard(&mut self.interrupt) => Duration::ZERO,
            () = heard(&mut self.terminate) => delay,
        }
        #[cfg(not(unix))]
        {
            let _ = (tokio::signal::ctrl_c().await, delay);
            Duration::ZERO
        }
    }
}

impl HangUp {
    /// Takes SIGHUP over.
    pub(crate) fn take() -> Self {
        Self(
            #[cfg(unix)]
            take(tokio::signal::unix::SignalKind::hangup()),
        )
    }

    /// Waits for it.
    pub(crate) async fn heard(&mut self) {
        #[cfg(unix)]
        heard(&mut self.0).await;
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    }
}

//! Ending a pass early, between two calls.

use std::sync::Arc;
use tokio::sync::watch;

/// Once it is on, passes begin nothing more. Clones are the same brake.
#[derive(Debug, Clone)]
pub struct Brake(Arc<watch::Sender<bool>>);

impl Default for Brake {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Brake {
    /// Puts it on.
    pub fn pull(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_on(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves once it is on.
    pub(crate) async fn pulled(&self) {
        // The sender is alive as long as this borrow of it.
        let _ = self.0.subscribe().wait_for(|on| *on).await;
    }
}

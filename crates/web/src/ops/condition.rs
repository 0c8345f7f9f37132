//! What the process says of itself to those who watch it.

use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether the process is about to end, and how its configuration is. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Condition(Arc<Mutex<State>>);

/// The condition at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) draining: bool,
    pub(super) configuration: Configuration,
}

/// The configuration in force, and what was refused since.
#[derive(Debug, Clone, Default)]
pub(super) struct Configuration {
    /// Digest of the map in force.
    pub(super) digest: String,
    pub(super) taken_at: Option<Timestamp>,
    /// What is on disk and was not taken: when it was refused, and why.
    pub(super) failure: Option<(Timestamp, String)>,
}

impl Condition {
    /// Says that the process ends soon: probes answer that it takes no new requests.
    pub fn drain(&self) {
        self.lock().draining = true;
    }

    /// Whether the process ends soon.
    pub fn is_draining(&self) -> bool {
        self.lock().draining
    }

    /// A map is in force, and is what is on disk.
    pub fn configured(&self, digest: &str, at: Timestamp) {
        self.lock().configuration =
            Configuration { digest: digest.to_owned(), taken_at: Some(at), failure: None };
    }

    /// What is on disk was refused; what was in force before still is. `why` is for the admin.
    pub fn refused(&self, why: impl Into<String>, at: Timestamp) {
        self.lock().configuration.failure = Some((at, why.into()));
    }

    pub(super) fn state(&self) -> State {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Time and randomness, which are inputs.

use std::fmt;

/// What time it is.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> jiff::Timestamp;
}

/// Unpredictable bytes, for identifiers and secrets.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// 32 bytes from the system's cryptographic source.
    fn bytes(&self) -> [u8; 32];
}

//! The real clock and the real source of randomness: the only places that read either.

use control::ports::{Clock, Entropy};

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the real clock")]
    fn now(&self) -> jiff::Timestamp {
        // Whole milliseconds: nothing here is finer, and people read these times.
        let now = jiff::Timestamp::now();
        jiff::Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// The system's cryptographic random number generator, asked directly: that of the TLS library gathers
/// entropy of its own before it gives the first byte, which takes a process tens of milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // Secrets made of anything else would be guessable, so there is no way on without it.
        assert!(getrandom::fill(&mut bytes).is_ok(), "the system gives no random bytes");
        bytes
    }
}

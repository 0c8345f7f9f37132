//! A refusal: what happened, why, what would work, and a number to quote.

use std::fmt;

/// Which answer a refusal is, independent of how it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The request itself makes no sense (HTTP 400).
    BadRequest,
    /// Not signed in, or no longer (HTTP 401; the page offers to sign in).
    SignedOut,
    /// Known well enough, and not allowed (HTTP 403).
    Denied,
    /// Asked too often (HTTP 429).
    TooManyRequests {
        /// After so many seconds one more request will do; at least one.
        retry_after_seconds: u32,
    },
    /// Cannot be decided or done now (HTTP 503).
    Unavailable,
}

/// Why somebody was not let in. Holds nothing of the assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which answer it is.
    pub kind: RefusalKind,
    /// Reason code, shared by page, log, audit and metrics.
    pub code: &'static str,
    /// What happened and why, in a sentence or two for the person.
    pub why: String,
    /// What would work.
    pub remedy: String,
    /// Number to quote to the admin; the audit entry carries it too.
    pub reference: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, reference {})", self.why, self.code, self.reference)
    }
}

//! What the desk answers instead, if it does not.

use crate::limits::TooMany;
use crate::ports::{CallError, StoreError};
use access::reason::ReasonCode;

/// How an answer was refused: what a page or an API makes a status of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedKind {
    /// What was asked for cannot be meant (HTTP 400).
    Invalid,
    /// Nobody known asks (HTTP 401).
    Unknown,
    /// Whoever asks may not (HTTP 403).
    Denied,
    /// There is no such thing (HTTP 404).
    NotFound,
    /// It contradicts how things are now (HTTP 409).
    Conflict,
    /// Whoever asks asked too often (HTTP 429).
    TooOften {
        /// After so many seconds one more will do.
        retry_after_seconds: u32,
    },
    /// It cannot be told or done now (HTTP 503).
    Unavailable,
    /// It was done, and could not be written down (HTTP 500).
    Unwritten,
}

/// The desk does not answer, or does nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {why}")]
pub struct Refused {
    /// How.
    pub kind: RefusedKind,
    /// Why, as a code.
    pub code: ReasonCode,
    /// Why, as a sentence.
    pub why: String,
    /// What would work, as a sentence.
    pub remedy: String,
}

impl Refused {
    /// A refusal.
    pub fn new(
        kind: RefusedKind,
        code: ReasonCode,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { kind, code, why: why.into(), remedy: remedy.into() }
    }

    /// What was asked for cannot be meant.
    pub fn invalid(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(RefusedKind::Invalid, ReasonCode::RequestInvalid, why, remedy)
    }

    /// There is no such thing.
    pub fn not_found(why: impl Into<String>) -> Self {
        let remedy = "Look it up in the list of those there are.";
        Self::new(RefusedKind::NotFound, ReasonCode::NotFound, why, remedy)
    }

    /// It cannot be told or done now. The reason is logged, not told: it can hold account ids.
    pub fn unavailable(reason: &dyn std::fmt::Display) -> Self {
        tracing::warn!(code = %ReasonCode::Unavailable, %reason, "the desk cannot answer");
        let (why, remedy) =
            ("Something that the answer hangs on cannot be read now.", "Try again.");
        Self::new(RefusedKind::Unavailable, ReasonCode::Unavailable, why, remedy)
    }

    /// It was done, and the audit log does not tell of it. Why is logged.
    pub fn unwritten(done: &str, error: &StoreError) -> Self {
        tracing::error!(code = %ReasonCode::AuditUnwritten, %error, done, "audit entry lost");
        let why = format!("{done}, and the audit log does not tell of it.");
        let remedy = "Note who did it, when and why, and see that the log can be written again.";
        Self::new(RefusedKind::Unwritten, ReasonCode::AuditUnwritten, why, remedy)
    }
}

impl From<TooMany> for Refused {
    fn from(TooMany { retry_after_seconds }: TooMany) -> Self {
        Self::new(
            RefusedKind::TooOften { retry_after_seconds },
            ReasonCode::TooManyRequests,
            "Too many requests came in the last minute.",
            format!("Come again in {retry_after_seconds} seconds."),
        )
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::unavailable(&error)
    }
}

impl From<CallError> for Refused {
    fn from(error: CallError) -> Self {
        Self::unavailable(&error)
    }
}

//! The last answers of identity providers, as rows of checks.

use super::StoreError;
use access::ids::{IdpKey, PersonId};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One answer of an identity provider, and what each check said of it. Holds nothing of the
/// assertion: names and codes of checks are fixed text, and the person's id is the directory's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it came.
    pub at: jiff::Timestamp,
    /// Number that the refusal page, the log and the audit entry carry too.
    pub reference: String,
    /// The provider it claims to come from; believed only where a signature was verified.
    pub idp: Option<IdpKey>,
    /// Who signed in, or was known and refused.
    pub person: Option<PersonId>,
    /// Whether it opened a session.
    pub accepted: bool,
    /// Reason code of the outcome.
    pub code: String,
    /// Every check in the order of the door.
    pub rows: Vec<CheckRow>,
}

/// One check of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRow {
    /// Which check (`signature`, `audience`, `replay` …).
    pub check: String,
    /// What became of it.
    pub state: RowState,
    /// Reason code, where it failed.
    pub code: Option<String>,
}

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowState {
    /// It held.
    Passed,
    /// It ended the sign-in.
    Failed,
    /// An earlier one had failed.
    NotRun,
}

/// So many attempts are kept; the oldest go first.
pub const ATTEMPTS_KEPT: u32 = 200;

/// The attempts of the recent past.
#[async_trait]
pub trait Attempts: Send + Sync + fmt::Debug {
    /// Keeps an attempt, and forgets those beyond the newest [`ATTEMPTS_KEPT`].
    async fn record(&self, attempt: &Attempt) -> Result<(), StoreError>;

    /// The newest attempts, newest first.
    async fn newest_attempts(&self, limit: u32) -> Result<Vec<Attempt>, StoreError>;
}

//! The little state worth keeping.

use access::ids::{IdpKey, PersonId, TeamKey};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::fmt;

/// The store could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {operation} in the store: {message}")]
pub struct StoreError {
    /// What was tried, as a verb phrase.
    pub operation: &'static str,
    /// What the store said.
    pub message: String,
}

/// Assertions that were used. Shared by all replicas.
#[async_trait]
pub trait ReplayCache: Send + Sync + fmt::Debug {
    /// Claims the assertion for this one use: `true` the first time, `false` ever after, in one
    /// atomic step. It may be forgotten after `until`.
    async fn claim(
        &self,
        issuer: &str,
        assertion_id: &str,
        until: jiff::Timestamp,
        now: jiff::Timestamp,
    ) -> Result<bool, StoreError>;

    /// Whether it is claimed.
    async fn is_claimed(
        &self,
        issuer: &str,
        assertion_id: &str,
        now: jiff::Timestamp,
    ) -> Result<bool, StoreError>;
}

/// A sign-in that was begun here and not yet answered by the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingLogin {
    /// `ID` of the `AuthnRequest`.
    pub request_id: String,
    /// SHA-256 of the cookie given to the browser that began it, in hexadecimal.
    pub browser: String,
    /// The identity provider that was asked; no other can answer.
    pub idp: IdpKey,
    /// The team to open afterwards, if one was chosen.
    pub team: Option<TeamKey>,
    /// When it lapses.
    pub expires: jiff::Timestamp,
}

/// Sign-ins that were begun here.
#[async_trait]
pub trait LoginRequests: Send + Sync + fmt::Debug {
    /// Remembers a sign-in that begins, and may forget some that lapsed before `now`: anybody can
    /// begin one, so they must not pile up.
    async fn begin(&self, login: &PendingLogin, now: jiff::Timestamp) -> Result<(), StoreError>;

    /// Takes the sign-in with this request id away, in one atomic step, if it is there and has not
    /// lapsed. A second taker gets nothing.
    async fn take(
        &self,
        request_id: &str,
        now: jiff::Timestamp,
    ) -> Result<Option<PendingLogin>, StoreError>;
}

/// SHA-256 of a session's secret token, in lower-case hexadecimal. The token itself is kept by the
/// browser alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(pub String);

/// Somebody who signed in through the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who.
    pub person: PersonId,
    /// When it was opened.
    pub begun: jiff::Timestamp,
    /// When it lapses.
    pub expires: jiff::Timestamp,
    /// The one team it opens; `None`: every team of the person.
    pub team: Option<TeamKey>,
    /// The identity provider's session which it came from.
    pub idp_session: IdpSession,
    /// Whose word it was opened on.
    pub voucher: Voucher,
}

/// Whose word a session was opened on: it opens something as long as that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// The identity provider, by its key in the map.
    pub idp: IdpKey,
    /// Which of its signing keys verified the assertion: SHA-256 of the certificate, or of the bare
    /// key, in lower-case hexadecimal.
    pub fingerprint: String,
}

/// A session at an identity provider, as far as it takes to end ours when that one ends. Digests
/// only: neither `NameID` nor `SessionIndex` is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpSession {
    /// SHA-256 over the issuer and the subject's `NameID`, in lower-case hexadecimal.
    pub subject: String,
    /// SHA-256 of the `SessionIndex`, if the provider gave one.
    pub index: Option<String>,
}

/// An identity provider's order to end sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedLogout {
    /// Whose ([`IdpSession::subject`]).
    pub subject: String,
    /// Those with one of these indexes and those without any; all of them if it is empty (SAML core
    /// 3.7.1).
    pub indexes: BTreeSet<String>,
    /// When it was given, by the provider's clock.
    pub as_of: jiff::Timestamp,
    /// When it came here, by our clock.
    pub arrived: jiff::Timestamp,
    /// So long it is remembered.
    pub until: jiff::Timestamp,
}

/// So many sessions of a person are read at most.
pub const SESSIONS_SHOWN: u32 = 50;

/// Who is signed in.
#[async_trait]
pub trait Sessions: Send + Sync + fmt::Debug {
    /// Remembers a session.
    async fn open(&self, session: &Session) -> Result<(), StoreError>;

    /// The session, if it is there and has not lapsed.
    async fn get(
        &self,
        id: &SessionId,
        now: jiff::Timestamp,
    ) -> Result<Option<Session>, StoreError>;

    /// The person's sessions that have not lapsed, newest first, at most [`SESSIONS_SHOWN`].
    async fn sessions_of(
        &self,
        person: &PersonId,
        now: jiff::Timestamp,
    ) -> Result<Vec<Session>, StoreError>;

    /// Ends one session.
    async fn close(&self, id: &SessionId) -> Result<(), StoreError>;

    /// Ends every session of a person and says how many there were.
    async fn close_all(&self, person: &PersonId) -> Result<u64, StoreError>;

    /// Ends every session that this identity provider vouched for, or every one there is, and says
    /// how many there were.
    async fn close_every(&self, idp: Option<&IdpKey>) -> Result<u64, StoreError>;

    /// Ends the sessions that are meant and says how many there were. The order is remembered before
    /// any of them ends, for [`Self::is_logged_out`].
    async fn close_federated(&self, logout: &FederatedLogout) -> Result<u64, StoreError>;

    /// Whether an order to end this session of the provider was given when the assertion had been
    /// issued already: in doubt, where both bear the same time, it had. An order that had come when our
    /// request was made that the assertion answers (`asked`; `None`: it answers none) does not count,
    /// whatever the provider's clocks say. Whoever opens a session looks after that: an order that came
    /// before is seen here, and one that comes later finds the session.
    async fn is_logged_out(
        &self,
        session: &IdpSession,
        issued: jiff::Timestamp,
        asked: Option<jiff::Timestamp>,
        now: jiff::Timestamp,
    ) -> Result<bool, StoreError>;
}

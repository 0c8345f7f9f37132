//! Signing out here, and being signed out by the identity provider.

use super::begin::{no_metadata, outdated};
use super::cookies::CookieUse;
use super::doorway::Doorway;
use super::sign_in::{index_digest, rejected, subject_digest};
use super::trust::{Found, Trusted};
use super::words::ASK_ADMIN;
use super::{LoggedOut, LogoutMessage, No, Refusal, RefusalKind, SessionToken, session_id};
use crate::ports::{Actor, AuditEntry, AuditEvent, FederatedLogout, StoreError};
use access::ids::IdpKey;
use access::network::Origin;
use access::reason::ReasonCode;
use jiff::{SignedDuration, Timestamp};
use saml_sp::{
    LogoutResponse, LogoutStatus, ReceivedLogoutRequest, RequestId, VerifiedLogoutRequest,
};
use std::sync::Arc;

/// So long a log-out is remembered: no assertion that was issued before it is accepted any more, whatever
/// the clocks say (`saml_sp::MAX_AGE`, and the skew of both).
const REMEMBERED: SignedDuration = SignedDuration::from_hours(25);

/// A provider, its verified request, and the relay state to give back.
type Asked = (Arc<Trusted>, VerifiedLogoutRequest, Option<String>);

impl Doorway {
    /// Ends the session. There is nothing to end for a cookie that is not ours.
    pub(super) async fn sign_out(&self, token: &SessionToken) -> Result<(), Refusal> {
        if !self.cookie_keys.made(CookieUse::Session, token) {
            return Ok(());
        }
        let (id, now) = (session_id(token), self.plane.clock.now());
        let ended = match self.plane.sessions.get(&id, now).await {
            Ok(session) => self.plane.sessions.close(&id).await.map(|()| session),
            Err(error) => Err(error),
        };
        match ended {
            Ok(session) => {
                if let Some(session) = session {
                    let entry =
                        AuditEntry::new(now, AuditEvent::SignOut, ReasonCode::LoggedOut.as_str())
                            .by(Actor::Person(session.person.clone()))
                            .about(&session.person);
                    // What has ended has ended, written down or not.
                    self.plane.record(entry).await;
                }
                Ok(())
            }
            Err(error) => Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await),
        }
    }

    /// Ends the sessions that an identity provider asks to end (single log-out), and says where to
    /// send the browser with the answer.
    pub(super) async fn log_out(
        &self,
        message: LogoutMessage<'_>,
        origin: &Origin,
    ) -> Result<LoggedOut, Refusal> {
        self.admit_address(origin).await?;
        let now = self.plane.clock.now();
        let (trusted, request, relay_state) = match self.asked_to_log_out(message, now) {
            Ok(asked) => asked,
            Err((kind, no)) => return Err(self.refuse(kind, no).await),
        };
        let (issuer, id) = (request.issuer(), request.id());
        match self.ports.replay.is_claimed(issuer, id, now).await {
            Ok(false) => {}
            Ok(true) => return Err(self.used_before().await),
            Err(error) => {
                return Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await);
            }
        }
        // It is used up only by what it came to: where sessions stay, the provider may ask again.
        let status = match self.end_sessions(&trusted.key, &request, now).await {
            Ok(()) => {
                match self.ports.replay.claim(issuer, id, request.replay_until(), now).await {
                    Ok(true) => LogoutStatus::Success,
                    Ok(false) => return Err(self.used_before().await),
                    Err(error) => {
                        let no = No::unavailable(&error);
                        return Err(self.refuse(RefusalKind::Unavailable, no).await);
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "sessions that an identity provider ended are still open");
                LogoutStatus::Failed
            }
        };
        let location = self.answer_to(&trusted, &request, status, relay_state.as_deref(), now);
        Ok(LoggedOut { location })
    }

    async fn used_before(&self) -> Refusal {
        let why = "This message of the identity provider was used before.";
        let no = No::new(ReasonCode::Replayed, why, "Close the browser to be sure.");
        self.refuse(RefusalKind::Denied, no).await
    }

    /// The provider that asks, and what it verifiably asks for.
    fn asked_to_log_out(
        &self,
        message: LogoutMessage<'_>,
        now: Timestamp,
    ) -> Result<Asked, (RefusalKind, No<'static>)> {
        let denied = |rejection| (RefusalKind::Denied, rejected(&rejection));
        let received = match message {
            LogoutMessage::Query(query) => ReceivedLogoutRequest::from_query(query),
            LogoutMessage::Form { saml_request, relay_state } => {
                ReceivedLogoutRequest::from_form(saml_request, relay_state)
            }
        }
        .map_err(denied)?;
        let found = received.issuer().map_or(Found::Nobody, |id| self.trust.by_entity_id(id));
        let trusted = match found {
            Found::Trusted(trusted) => trusted,
            Found::WithoutMetadata(key) => {
                return Err((RefusalKind::Unavailable, no_metadata(&key)));
            }
            Found::Nobody => {
                let why = "Your identity provider is not trusted here.";
                let no = No::new(ReasonCode::UnknownIdp, why, ASK_ADMIN);
                return Err((RefusalKind::Denied, no));
            }
        };
        if !trusted.is_current(now) {
            return Err((RefusalKind::Denied, outdated()));
        }
        let (skew, algorithms) = (trusted.clock_skew(), trusted.algorithms());
        let request = received
            .verify(trusted.metadata(), &self.logout_url, now, skew, algorithms)
            .map_err(denied)?;
        Ok((trusted, request, received.relay_state().map(str::to_owned)))
    }

    async fn end_sessions(
        &self,
        idp: &IdpKey,
        request: &VerifiedLogoutRequest,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let subject = subject_digest(request.issuer(), request.name_id().value());
        let indexes = request.session_indexes().iter().map(|index| index_digest(index)).collect();
        let until = now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
        let as_of = request.issued_at();
        let logout = FederatedLogout { subject, indexes, as_of, arrived: now, until };
        let ended = self.plane.sessions.close_federated(&logout).await?;
        self.counter.count(|counts| counts.logged_out += 1);
        let entry = AuditEntry::new(now, AuditEvent::LogOut, ReasonCode::LoggedOut.as_str())
            .by(Actor::Provider(idp.clone()))
            .with("issuer", request.issuer())
            .with("sessions", ended);
        // What has ended has ended, written down or not.
        self.plane.record(entry).await;
        Ok(())
    }

    /// Where the browser takes the answer; `None` if the provider names no address for it.
    fn answer_to(
        &self,
        trusted: &Trusted,
        request: &VerifiedLogoutRequest,
        status: LogoutStatus,
        relay_state: Option<&str>,
        now: Timestamp,
    ) -> Option<String> {
        let metadata = trusted.metadata();
        let address = metadata.slo_response_url.as_ref().or(metadata.slo_redirect_url.as_ref())?;
        let response = LogoutResponse {
            id: self.request_id(),
            in_response_to: request.id().to_owned(),
            issue_instant: now,
            issuer: self.service_provider.entity_id.clone(),
            destination: address.clone(),
            status,
        };
        response
            .redirect_url(relay_state, self.keys.first())
            .inspect_err(|error| tracing::warn!(%error, "a log-out is not answered"))
            .ok()
    }

    /// A fresh id for a message of ours.
    pub(super) fn request_id(&self) -> RequestId {
        let bytes = self.plane.entropy.bytes();
        RequestId::from_random(std::array::from_fn(|i| bytes.get(i).copied().unwrap_or_default()))
    }
}

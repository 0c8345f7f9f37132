//! Signing in: the request to the identity provider, and its answer.

use super::{Accepted, Begun, Door, No, Refusal, RefusalKind, SessionToken, Trusted};
use super::{digest, session_id};
use crate::ports::{AuditEntry, PendingLogin, PersonLookup, Session};
use access::entitlement::group_names;
use access::ids::{IdpKey, PersonId, TeamKey};
use access::map::{MatchBy, TeamSelector};
use access::network::Origin;
use access::reason::ReasonCode;
use access::snapshot::{Person, Snapshot};
use jiff::{SignedDuration, Timestamp};
use saml_sp::{AuthnRequest, Rejection, RequestId, UnverifiedResponse, VerifiedAssertion};
use std::collections::{BTreeMap, BTreeSet};

/// How long a person may take at the identity provider.
const LOGIN_SECONDS: u32 = 15 * 60;
/// How long a portal session lasts at most: a working day. It opens nothing by itself; each opening
/// reads the directory again.
const SESSION_SECONDS: u32 = 8 * 60 * 60;

const TRY_AGAIN: &str = "Start again from the portal or from your identity provider's tile.";
const ASK_ADMIN: &str = "Ask your administrator, and quote the reference.";

impl Door {
    /// Begins to sign in: where to send the browser, and the secret it must come back with.
    pub async fn begin(&self, idp: &IdpKey, team: Option<&TeamKey>) -> Result<Begun, Refusal> {
        let unknown =
            || No::new(ReasonCode::UnknownIdp, "There is no such way to sign in.", TRY_AGAIN);
        let address = self
            .identity_providers
            .get(idp)
            .and_then(|trusted| trusted.verifier.identity_provider().sso_redirect_url.clone());
        let Some(destination) = address else {
            return Err(self.refuse(RefusalKind::BadRequest, unknown()).await);
        };
        let now = self.plane.clock.now();
        let bytes = self.plane.entropy.bytes();
        let random = std::array::from_fn(|i| bytes.get(i).copied().unwrap_or_default());
        let request = AuthnRequest {
            id: RequestId::from_random(random),
            issue_instant: now,
            issuer: self.service_provider.entity_id.clone(),
            acs_url: self.service_provider.acs_url.clone(),
            destination,
            force_authn: false,
        };
        let location = match request.redirect_url(None) {
            Ok(url) => url,
            Err(error) => {
                return Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await);
            }
        };
        let browser = self.secret();
        let pending = PendingLogin {
            request_id: request.id.as_str().to_owned(),
            browser: browser_digest(&browser),
            team: team.cloned(),
            expires: later(now, LOGIN_SECONDS),
        };
        if let Err(error) = self.ports.logins.begin(&pending, now).await {
            return Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await);
        }
        Ok(Begun { location, browser, expires_seconds: u64::from(LOGIN_SECONDS) })
    }

    /// Takes the identity provider's answer (HTTP-POST binding) and opens a session.
    ///
    /// Every check of the door's order up to "person known and enabled" happens here; the first
    /// that fails ends it. `relay_state` can name a team and nothing else.
    pub async fn accept(
        &self,
        saml_response: &str,
        relay_state: Option<&str>,
        browser: Option<&SessionToken>,
        origin: &Origin,
    ) -> Result<Accepted, Refusal> {
        let now = self.plane.clock.now();
        let (trusted, assertion) = match self.verify(saml_response, now) {
            Ok(verified) => verified,
            Err(no) => return Err(self.refuse(RefusalKind::Denied, no).await),
        };
        let pending = self.pending_login(&assertion, browser, now).await?;
        self.claim(&assertion, now).await?;
        let person = self.person_of(trusted, &assertion).await?;
        let selected = match &trusted.settings.team {
            Some(TeamSelector::Team(key)) => Some(key.as_str()),
            Some(TeamSelector::TeamAttribute(name)) => assertion.attributes().single(name).ok(),
            Some(TeamSelector::DomainAttribute(_)) | None => None,
        };
        let asked = selected
            .or(relay_state.filter(|_| pending.is_none()))
            .and_then(|text| TeamKey::parse(text).ok());
        let team = pending.and_then(|login| login.team).or(asked);
        let expires = [assertion.session_not_on_or_after(), Some(later(now, SESSION_SECONDS))]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(now);
        let token = self.secret();
        let session = Session { id: session_id(&token), person: person.id.clone(), expires };
        // Nobody gets in unwritten, so the entry comes first.
        let entry = signed_in(now, &person.id, trusted, &assertion, origin);
        let written = self.plane.audit.append(&entry).await;
        let opened = match written {
            Ok(()) => self.plane.sessions.open(&session).await,
            Err(error) => Err(error),
        };
        if let Err(error) = opened {
            let no = No::unavailable(&error).of(&person.id);
            return Err(self.refuse(RefusalKind::Unavailable, no).await);
        }
        let seconds = expires.as_second().saturating_sub(now.as_second());
        Ok(Accepted { token, expires_seconds: u64::try_from(seconds).unwrap_or(0), team })
    }

    /// Ends the session.
    pub async fn sign_out(&self, token: &SessionToken) -> Result<(), Refusal> {
        match self.plane.sessions.close(&session_id(token)).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await),
        }
    }

    /// Size, XML, status, issuer, signature, algorithms, audience, recipient, times, request.
    fn verify(
        &self,
        saml_response: &str,
        now: Timestamp,
    ) -> Result<(&Trusted, VerifiedAssertion), No<'static>> {
        let unverified = UnverifiedResponse::peek_form(saml_response).map_err(|r| rejected(&r))?;
        let trusted = self
            .identity_providers
            .values()
            .find(|t| {
                Some(t.verifier.identity_provider().entity_id.as_str()) == unverified.issuer()
            })
            .ok_or_else(|| {
                No::new(
                    ReasonCode::UnknownIdp,
                    "The answer comes from an identity provider that is not trusted here.",
                    ASK_ADMIN,
                )
            })?;
        let valid_until = trusted.verifier.identity_provider().valid_until;
        if valid_until.is_some_and(|end| end <= now) {
            return Err(No::new(
                ReasonCode::IdpMetadataExpired,
                "What is known here of your identity provider is out of date.",
                ASK_ADMIN,
            ));
        }
        let expected = unverified.in_response_to();
        let assertion = trusted
            .verifier
            .verify_form(saml_response, now, expected)
            .map_err(|rejection| rejected(&rejection))?;
        Ok((trusted, assertion))
    }

    /// The sign-in that the assertion answers, if it answers one: begun here, not yet answered, in
    /// this very browser.
    async fn pending_login(
        &self,
        assertion: &VerifiedAssertion,
        browser: Option<&SessionToken>,
        now: Timestamp,
    ) -> Result<Option<PendingLogin>, Refusal> {
        // Without a request the verifier has refused already, unless the map allows it.
        let Some(request_id) = assertion.in_response_to() else { return Ok(None) };
        let login = match self.ports.logins.take(request_id, now).await {
            Ok(login) => login,
            Err(error) => {
                return Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await);
            }
        };
        let no = match (&login, browser) {
            (Some(login), Some(secret)) if login.browser == browser_digest(secret) => {
                return Ok(Some(login.clone()));
            }
            (Some(_), _) => No::new(
                ReasonCode::OtherBrowser,
                "This sign-in was begun in another browser.",
                TRY_AGAIN,
            ),
            (None, _) => No::new(
                ReasonCode::UnknownLogin,
                "This sign-in was not begun here, took too long, or was answered before.",
                TRY_AGAIN,
            ),
        };
        Err(self.refuse(RefusalKind::Denied, no).await)
    }

    /// Claims the assertion for this one use.
    async fn claim(&self, assertion: &VerifiedAssertion, now: Timestamp) -> Result<(), Refusal> {
        let (issuer, id) = (assertion.issuer(), assertion.assertion_id());
        match self.ports.replay.claim(issuer, id, assertion.replay_until(), now).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                let why = "This answer of the identity provider was used before.";
                let no = No::new(ReasonCode::Replayed, why, TRY_AGAIN);
                Err(self.refuse(RefusalKind::Denied, no).await)
            }
            Err(error) => Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await),
        }
    }

    /// The enabled person of the directory whom the assertion names.
    async fn person_of(
        &self,
        trusted: &Trusted,
        assertion: &VerifiedAssertion,
    ) -> Result<Person, Refusal> {
        let settings = &trusted.settings.person;
        let value = match &settings.attribute {
            Some(name) => match assertion.attributes().single(name) {
                Ok(value) => value,
                Err(rejection) => {
                    return Err(self.refuse(RefusalKind::Denied, rejected(&rejection)).await);
                }
            },
            None => assertion.name_id().value(),
        };
        let lookup = match settings.matches {
            MatchBy::UserName => Some(PersonLookup::UserName(value.to_owned())),
            MatchBy::Id => PersonId::parse(value).ok().map(PersonLookup::Id),
        };
        let Some(lookup) = lookup else {
            let why = "The identity provider names you in a way that is not agreed with it.";
            let no = No::new(ReasonCode::PersonUnnamed, why, ASK_ADMIN);
            return Err(self.refuse(RefusalKind::Denied, no).await);
        };
        match self.plane.directory.find(&lookup).await {
            Ok(Some(id)) => self.known_person(&id).await.map(|(person, _)| person),
            Ok(None) => Err(self.refuse(RefusalKind::Denied, unknown_person()).await),
            Err(error) => Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await),
        }
    }

    /// The person, read from the directory now, if known and enabled; with all that was read.
    pub(super) async fn known_person(&self, id: &PersonId) -> Result<(Person, Snapshot), Refusal> {
        let one = BTreeSet::from([id.clone()]);
        let snapshot = match self.plane.directory.people(&one, &group_names(&self.plane.map)).await
        {
            Ok(snapshot) => snapshot,
            Err(error) => {
                let no = No::unavailable(&error).of(id);
                return Err(self.refuse(RefusalKind::Unavailable, no).await);
            }
        };
        match snapshot.people.get(id) {
            Some(person) if person.enabled => Ok((person.clone(), snapshot)),
            Some(_) => {
                let why = "Your account is disabled in the directory.";
                let no = No::new(ReasonCode::PersonDisabled, why, ASK_ADMIN).of(id);
                Err(self.refuse(RefusalKind::Denied, no).await)
            }
            None => Err(self.refuse(RefusalKind::Denied, unknown_person().of(id)).await),
        }
    }

    fn secret(&self) -> SessionToken {
        SessionToken::new(hex::encode(self.plane.entropy.bytes()))
    }
}

/// A refusal by SAML itself. The detail is made of our own words and settings.
fn rejected(rejection: &Rejection) -> No<'static> {
    No {
        code: rejection.code().as_str(),
        why: "The identity provider's answer was not accepted.".into(),
        remedy: format!("{TRY_AGAIN} If it happens again, ask your administrator."),
        detail: Some(format!("{}: {}", rejection.check().as_str(), rejection.detail())),
        person: None,
        team: None,
    }
}

fn unknown_person() -> No<'static> {
    No::new(ReasonCode::PersonUnknown, "The directory does not know you.", ASK_ADMIN)
}

fn browser_digest(secret: &SessionToken) -> String {
    digest(&["stagedoor browser", secret.reveal()])
}

fn later(now: Timestamp, seconds: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MAX)
}

fn signed_in(
    at: Timestamp,
    person: &PersonId,
    trusted: &Trusted,
    assertion: &VerifiedAssertion,
    origin: &Origin,
) -> AuditEntry {
    let mut details = BTreeMap::from([
        ("issuer".to_owned(), trusted.verifier.identity_provider().entity_id.clone()),
        ("key".to_owned(), assertion.key_fingerprint().to_owned()),
    ]);
    if let Some(address) = origin.address {
        details.insert("from".to_owned(), address.to_string());
    }
    AuditEntry {
        at,
        event: "sign-in".into(),
        code: ReasonCode::SignedIn.as_str().into(),
        person: Some(person.to_string()),
        team: None,
        details,
    }
}

//! Signing in: the identity provider's answer.

use super::begin::{begun as asked_at, no_metadata, outdated};
use super::choice::{Choice, NoChoice, Wishes};
use super::cookies::CookieUse;
use super::doorway::Doorway;
use super::trail::{DoorCheck, Trail, checking};
use super::trust::{Found, Trusted};
use super::whereabouts::seen_from;
use super::words::{ASK_ADMIN, TRY_AGAIN};
use super::{Accepted, No, Refusal, RefusalKind, SessionToken};
use super::{browser_digest, digest, later, session_id};
use crate::ports::{
    Actor, AuditEntry, AuditEvent, IdpSession, PendingLogin, PersonLookup, Session, Voucher,
};
use access::ids::PersonId;
use access::map::{MatchBy, NameIdFormat};
use access::network::Origin;
use access::reason::ReasonCode;
use access::snapshot::{Person, Snapshot};
use jiff::Timestamp;
use saml_sp::{NameId, Rejection, UnverifiedResponse, VerifiedAssertion};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// How long a portal session lasts at most: a working day. It opens nothing by itself; each opening
/// reads the directory again.
const SESSION_SECONDS: u32 = 8 * 60 * 60;

/// An identifier that the provider makes up anew each time (SAML core 8.3.8).
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// What a browser brought from the identity provider.
#[derive(Debug)]
struct Answer<'a> {
    saml_response: &'a str,
    relay_state: Option<&'a str>,
    /// The secrets of the sign-ins that it began.
    begun: &'a [SessionToken],
}

/// The sign-in that an assertion answers.
#[derive(Debug)]
struct Answered<'a> {
    login: PendingLogin,
    /// Its browser's secret.
    secret: &'a SessionToken,
}

impl Doorway {
    /// Takes the identity provider's answer (HTTP-POST binding) and opens a session.
    ///
    /// Every check of the door's order up to "person known and enabled" happens here; the first
    /// that fails ends it. `relay_state` can name a team and nothing else; `begun` are the secrets of the
    /// sign-ins that the browser began.
    pub(super) async fn accept(
        &self,
        saml_response: &str,
        relay_state: Option<&str>,
        begun: &[SessionToken],
        origin: &Origin,
    ) -> Result<Accepted, Refusal> {
        let started = Instant::now();
        let outcome = match self.admit_answer(begun, origin).await {
            Ok(()) => {
                let answer = Answer { saml_response, relay_state, begun };
                let mut trail = Trail::default();
                let span = tracing::info_span!("sign-in", code = Empty);
                let work = self.admit(&answer, &mut trail).instrument(span.clone());
                let outcome = checking(work).await;
                let code = outcome.as_ref().map_or_else(|refusal| refusal.code, |_| "signed-in");
                span.record("code", code);
                if let Some(check) = trail.stopped_at(&outcome) {
                    self.counter.count(|counts| *counts.rejected.entry(check).or_default() += 1);
                }
                self.keep(trail, &outcome).await;
                outcome
            }
            // Nothing was looked at, so there is nothing to keep.
            Err(refusal) => Err(refusal),
        };
        self.counter.sign_in(&outcome, |counts| counts.accepted += 1);
        self.counter.count(|counts| counts.sign_in_took.observe(started.elapsed()));
        outcome
    }

    async fn admit(&self, answer: &Answer<'_>, trail: &mut Trail) -> Result<Accepted, Refusal> {
        let now = self.plane.clock.now();
        let (trusted, assertion) = match self.verify(answer.saml_response, now, trail) {
            Ok(verified) => verified,
            Err((kind, no)) => return Err(self.refuse(kind, no).await),
        };
        trail.reach(DoorCheck::PendingLogin);
        let answered = self.pending_login(&trusted, &assertion, answer.begun, now).await?;
        let pending = answered.as_ref().map(|answered| &answered.login);
        trail.reach(DoorCheck::Replay);
        self.claim(&assertion, now).await?;
        trail.reach(DoorCheck::Person);
        let (person, snapshot) = self.person_of(&trusted, &assertion, trail).await?;
        trail.reach(DoorCheck::Team);
        let rights = self.rights_of(&person, &snapshot);
        let wishes = Wishes {
            selector: trusted.settings.team.as_ref(),
            attributes: assertion.attributes(),
            begun: pending.and_then(|login| login.team.as_ref()),
            relay_state: answer.relay_state.filter(|_| pending.is_none()),
            rights: &rights,
        };
        let choice = match self.choice(&wishes) {
            Ok(choice) => choice,
            Err(NoChoice::Refused(no)) => {
                return Err(self.refuse(RefusalKind::Denied, no.of(&person.id)).await);
            }
            Err(NoChoice::Attribute(rejection)) => {
                trail.attributes(Err(&rejection));
                let no = rejected(&rejection);
                return Err(self.refuse(RefusalKind::Denied, no.of(&person.id)).await);
            }
        };
        trail.attributes(Ok(()));
        trail.reach(DoorCheck::Session);
        let entry =
            signed_in(now, &person.id, &trusted, &assertion).with("checks", trail.told(false));
        let asked = pending.map(asked_at);
        let (token, session) = self.session_of(&trusted, &assertion, &person.id, &choice, now);
        self.open_session(&assertion, &session, &entry, asked).await?;
        let seconds = session.expires.as_second().saturating_sub(now.as_second());
        let expires_seconds = u64::try_from(seconds).unwrap_or(0);
        let begun = answered.map(|answered| answered.secret.clone());
        Ok(Accepted { token, expires_seconds, team: choice.team, domain: choice.domain, begun })
    }

    /// A session that is not open yet, and its token.
    fn session_of(
        &self,
        trusted: &Trusted,
        assertion: &VerifiedAssertion,
        person: &PersonId,
        choice: &Choice,
        now: Timestamp,
    ) -> (SessionToken, Session) {
        let expires = [assertion.session_not_on_or_after(), Some(later(now, SESSION_SECONDS))]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(now);
        let token = self.cookie_keys.sign(CookieUse::Session, self.plane.entropy.bytes());
        let session = Session {
            id: session_id(&token),
            person: person.clone(),
            begun: now,
            expires,
            team: choice.team.clone().filter(|_| choice.only),
            idp_session: IdpSession {
                subject: subject_digest(assertion.issuer(), assertion.name_id().value()),
                index: assertion.session_index().map(index_digest),
            },
            voucher: Voucher {
                idp: trusted.key.clone(),
                fingerprint: assertion.key_fingerprint().to_owned(),
            },
        };
        (token, session)
    }

    /// Writes the sign-in down and keeps its session. `asked`: when we made the request that it answers.
    async fn open_session(
        &self,
        assertion: &VerifiedAssertion,
        session: &Session,
        entry: &AuditEntry,
        asked: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        // Nobody gets in unwritten, so the entry comes first.
        let opened = match self.plane.audit.append(entry).await {
            Ok(()) => self.plane.sessions.open(session).await,
            Err(error) => Err(error),
        };
        if let Err(error) = opened {
            let no = No::unavailable(&error).of(&session.person);
            return Err(self.refuse(RefusalKind::Unavailable, no).await);
        }
        self.still_signed_in(assertion, session, asked).await?;
        if assertion.used_weak_algorithms() {
            let issuer = assertion.issuer();
            tracing::warn!(issuer, "signed in by weak algorithms, which the map allows");
            self.counter.count(|counts| counts.accepted_weak += 1);
        }
        Ok(())
    }

    /// Ends a session again whose provider ended it while it was being opened, perhaps at another
    /// replica. Nobody has its token yet.
    async fn still_signed_in(
        &self,
        assertion: &VerifiedAssertion,
        session: &Session,
        asked: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        let sessions = &self.plane.sessions;
        let (idp_session, issued) = (&session.idp_session, assertion.issued_at());
        let ended = sessions.is_logged_out(idp_session, issued, asked, session.begun).await;
        if ended == Ok(false) {
            return Ok(());
        }
        if let Err(error) = sessions.close(&session.id).await {
            tracing::warn!(%error, "a session that nobody has a token of stays until it lapses");
        }
        let why = "Your identity provider has signed you out meanwhile.";
        let (kind, no) = ended.as_ref().map_or_else(
            |error| (RefusalKind::Unavailable, No::unavailable(error)),
            |_| (RefusalKind::Denied, No::new(ReasonCode::LoggedOutMeanwhile, why, TRY_AGAIN)),
        );
        Err(self.refuse(kind, no.of(&session.person)).await)
    }

    /// Keeps what each check said. It is there to find faults with: a store that fails is logged.
    async fn keep(&self, trail: Trail, outcome: &Result<Accepted, Refusal>) {
        let now = self.plane.clock.now();
        if trail.person.is_none() && !self.strangers_kept.may_be_written_down(now) {
            return;
        }
        let reference = match outcome {
            Ok(_) => self.reference(),
            Err(refusal) => refusal.reference.clone(),
        };
        let attempt = trail.attempt(now, &reference, outcome);
        if let Err(error) = self.ports.attempts.record(&attempt).await {
            tracing::error!(%error, "attempt to sign in not kept");
        }
    }

    /// The assertion, if the provider that it names signed it for us and all of SAML's checks hold.
    fn verify(
        &self,
        saml_response: &str,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<(Arc<Trusted>, VerifiedAssertion), (RefusalKind, No<'static>)> {
        let failed = |rejection: &Rejection, trail: &mut Trail| {
            trail.saml(&rejection.outcomes());
            (RefusalKind::Denied, rejected(rejection))
        };
        let unverified = UnverifiedResponse::peek_form(saml_response)
            .map_err(|rejection| failed(&rejection, trail))?;
        let found = unverified.issuer().map_or(Found::Nobody, |id| self.trust.by_entity_id(id));
        let trusted = match found {
            Found::Nobody => {
                let why = "Your identity provider is not trusted here.";
                let no = No::new(ReasonCode::UnknownIdp, why, ASK_ADMIN);
                trail.no_issuer(no.code);
                return Err((RefusalKind::Denied, no));
            }
            Found::WithoutMetadata(key) => {
                let no = no_metadata(&key);
                trail.idp = Some(key);
                trail.no_issuer(no.code);
                return Err((RefusalKind::Unavailable, no));
            }
            Found::Trusted(trusted) => trusted,
        };
        trail.idp = Some(trusted.key.clone());
        if !trusted.is_current(now) {
            let no = outdated();
            trail.no_issuer(no.code);
            return Err((RefusalKind::Denied, no));
        }
        let expected = unverified.in_response_to();
        let assertion = trusted
            .verifier
            .verify_form(saml_response, now, expected)
            .map_err(|rejection| failed(&rejection, trail))?;
        trail.saml(&assertion.outcomes());
        Ok((trusted, assertion))
    }

    /// The sign-in that the assertion answers, if it answers one: begun here, not yet answered, in
    /// this very browser, with this very provider. A provider who could answer for another one could
    /// have the requests that it sees answered elsewhere, in somebody else's name.
    async fn pending_login<'a>(
        &self,
        trusted: &Trusted,
        assertion: &VerifiedAssertion,
        begun: &'a [SessionToken],
        now: Timestamp,
    ) -> Result<Option<Answered<'a>>, Refusal> {
        // Without a request the verifier has refused already, unless the map allows it.
        let Some(request_id) = assertion.in_response_to() else { return Ok(None) };
        let login = match self.ports.logins.take(request_id, now).await {
            Ok(login) => login,
            Err(error) => {
                return Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await);
            }
        };
        let secret = login.as_ref().and_then(|login| {
            let mut ours =
                begun.iter().filter(|cookie| self.cookie_keys.made(CookieUse::Login, cookie));
            ours.find(|secret| login.browser == browser_digest(secret))
        });
        let no = match (login, secret) {
            (Some(login), Some(secret)) if login.idp == trusted.key => {
                return Ok(Some(Answered { login, secret }));
            }
            (Some(_), Some(_)) => No::new(
                ReasonCode::OtherIdp,
                "This sign-in was begun with another identity provider.",
                TRY_AGAIN,
            ),
            (Some(_), None) => No::new(
                ReasonCode::OtherBrowser,
                "This sign-in was begun in another browser, or in this one before several others.",
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
        trail: &mut Trail,
    ) -> Result<(Person, Snapshot), Refusal> {
        let lookup = match named(&trusted.settings, assertion) {
            Ok(lookup) => lookup,
            Err(Unnamed::Attribute(rejection)) => {
                trail.attributes(Err(&rejection));
                return Err(self.refuse(RefusalKind::Denied, rejected(&rejection)).await);
            }
            Err(Unnamed::Refused(no)) => return Err(self.refuse(RefusalKind::Denied, no).await),
        };
        let (directory, among) = (&self.plane.directory, &trusted.settings.directories);
        let found = if among.is_empty() {
            directory.find(&lookup).await
        } else {
            directory.find_among(among, &lookup).await
        };
        let id = match found {
            Ok(Some(id)) => id,
            Ok(None) => return Err(self.refuse(RefusalKind::Denied, unknown_person()).await),
            Err(error) => {
                return Err(self.refuse(RefusalKind::Unavailable, No::unavailable(&error)).await);
            }
        };
        let snapshot = self.read_person(&id).await?;
        // Whoever is not meant is none of the browser's business, nor of the log's.
        let found = snapshot.people.get(&id);
        if found.is_some_and(|person| !lookup.means(person, &self.plane.map.directories)) {
            return Err(self.refuse(RefusalKind::Denied, unknown_person()).await);
        }
        trail.person = Some(id.clone());
        self.admitted(&id, snapshot).await
    }

    /// The person, read from the directory now, if known, enabled and not offboarded by command;
    /// with all that was read.
    pub(super) async fn known_person(&self, id: &PersonId) -> Result<(Person, Snapshot), Refusal> {
        let snapshot = self.read_person(id).await?;
        self.admitted(id, snapshot).await
    }

    async fn read_person(&self, id: &PersonId) -> Result<Snapshot, Refusal> {
        match self.plane.read_person(id).await {
            Ok(snapshot) => Ok(snapshot),
            Err(error) => {
                let no = No::unavailable(&error).of(id);
                Err(self.refuse(RefusalKind::Unavailable, no).await)
            }
        }
    }

    async fn admitted(
        &self,
        id: &PersonId,
        snapshot: Snapshot,
    ) -> Result<(Person, Snapshot), Refusal> {
        match snapshot.people.get(id) {
            Some(_) if snapshot.offboarded.contains_key(id) => {
                let why = "An administrator has ended your access.";
                let no = No::new(ReasonCode::Offboarded, why, ASK_ADMIN).of(id);
                Err(self.refuse(RefusalKind::Denied, no).await)
            }
            Some(person) if person.enabled => Ok((person.clone(), snapshot)),
            Some(_) => {
                let why = "Your account is disabled in the directory.";
                let no = No::new(ReasonCode::PersonDisabled, why, ASK_ADMIN).of(id);
                Err(self.refuse(RefusalKind::Denied, no).await)
            }
            None => Err(self.refuse(RefusalKind::Denied, unknown_person().of(id)).await),
        }
    }
}

/// Why an assertion names nobody.
enum Unnamed {
    /// An attribute is not as it must be.
    Attribute(Rejection),
    /// The name is not of the agreed kind.
    Refused(No<'static>),
}

/// Whom the assertion names, by what the map says of the provider.
fn named(
    settings: &access::map::IdentityProvider,
    assertion: &VerifiedAssertion,
) -> Result<PersonLookup, Unnamed> {
    let refused = |code| {
        let why = "The identity provider names you in a way that is not agreed with it.";
        Unnamed::Refused(No::new(code, why, ASK_ADMIN))
    };
    let name_id = assertion.name_id();
    let attribute = settings.person.attribute.as_ref();
    let fits = match settings.name_id_format {
        Some(format) => has_format(name_id, format),
        // Where it is the name that counts, one that changes every time names nobody.
        None => attribute.is_some() || name_id.format() != Some(TRANSIENT),
    };
    if !fits {
        return Err(refused(ReasonCode::NameIdFormat));
    }
    let value = match attribute {
        Some(name) => assertion.attributes().single(name).map_err(Unnamed::Attribute)?,
        None => name_id.value(),
    };
    let lookup = match settings.person.matches {
        MatchBy::UserName => Some(PersonLookup::UserName(value.to_owned())),
        MatchBy::Id => PersonId::parse(value).ok().map(PersonLookup::Id),
    };
    lookup.ok_or_else(|| refused(ReasonCode::PersonUnnamed))
}

/// Whether a name has the format. No format at all means unspecified (SAML core 2.2.2).
fn has_format(name_id: &NameId, format: NameIdFormat) -> bool {
    name_id.format().unwrap_or(NameIdFormat::Unspecified.uri()) == format.uri()
}

/// A refusal by SAML itself. The detail is made of our own words and settings.
pub(super) fn rejected(rejection: &Rejection) -> No<'static> {
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

/// Under which a subject's sessions are found when its provider logs it out. Of the name only the
/// value counts: providers are not consistent about formats and qualifiers.
pub(super) fn subject_digest(issuer: &str, name_id: &str) -> String {
    digest(&["stagedoor subject", issuer, name_id])
}

pub(super) fn index_digest(session_index: &str) -> String {
    digest(&["stagedoor session index", session_index])
}

fn signed_in(
    at: Timestamp,
    person: &PersonId,
    trusted: &Trusted,
    assertion: &VerifiedAssertion,
) -> AuditEntry {
    let mut details = BTreeMap::from([
        ("issuer".to_owned(), trusted.metadata().entity_id.clone()),
        ("key".to_owned(), assertion.key_fingerprint().to_owned()),
    ]);
    if assertion.used_weak_algorithms() {
        details.insert("algorithms".to_owned(), "weak".to_owned());
    }
    let entry = AuditEntry::new(at, AuditEvent::SignIn, ReasonCode::SignedIn.as_str());
    let entry = AuditEntry { details, ..entry };
    seen_from(entry.by(Actor::Person(person.clone())).about(person))
}

//! A refusal: what happened, why, what would work, and a number to quote.

use super::cookies::CookieUse;
use super::doorway::Doorway;
use super::trail::checks;
use super::whereabouts::seen_from;
use super::{SessionToken, browser_digest};
use crate::limits::TooMany;
use crate::ports::{Actor, AuditEntry, AuditEvent, REFERENCE};
use access::ids::{PersonId, TeamKey};
use access::network::Origin;
use access::reason::ReasonCode;
use std::collections::BTreeMap;
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

/// A refusal in the making.
#[derive(Debug)]
pub(super) struct No<'a> {
    pub(super) code: &'static str,
    pub(super) why: String,
    pub(super) remedy: String,
    /// For the admin, not for the page. Holds nothing of the assertion.
    pub(super) detail: Option<String>,
    pub(super) person: Option<&'a PersonId>,
    pub(super) team: Option<&'a TeamKey>,
}

impl<'a> No<'a> {
    pub(super) fn new(code: ReasonCode, why: &str, remedy: &str) -> Self {
        Self {
            code: code.as_str(),
            why: why.into(),
            remedy: remedy.into(),
            detail: None,
            person: None,
            team: None,
        }
    }

    /// The decision hangs on something that cannot be read now.
    pub(super) fn unavailable(detail: &impl ToString) -> Self {
        Self {
            detail: Some(detail.to_string()),
            ..Self::new(
                ReasonCode::Unavailable,
                "Something this needs does not answer at the moment, so nobody is let in.",
                "Try again in a minute.",
            )
        }
    }

    pub(super) fn of(self, person: &'a PersonId) -> Self {
        Self { person: Some(person), ..self }
    }

    pub(super) fn on(self, team: &'a TeamKey) -> Self {
        Self { team: Some(team), ..self }
    }
}

impl Doorway {
    /// Lets an address ask so often and not more.
    pub(super) async fn admit_address(&self, origin: &Origin) -> Result<(), Refusal> {
        let now = self.plane.clock.now();
        match self.addresses.admit(origin.counted_as(), now) {
            Ok(()) => Ok(()),
            Err(too_many) => Err(self.refuse_for_now(too_many, None).await),
        }
    }

    /// Lets an answer in so often and not more: where it comes from nowhere, by the sign-in that this browser
    /// began here. Whoever else comes from nowhere and asks a lot keeps nobody from ending what they began. For
    /// everybody can begin, and as often as they like, all these answers together have a limit, too.
    pub(super) async fn admit_answer(
        &self,
        begun: &[SessionToken],
        origin: &Origin,
    ) -> Result<(), Refusal> {
        let begun = begun.iter().find(|cookie| self.cookie_keys.made(CookieUse::Login, cookie));
        let Some(begun) = begun.filter(|_| origin.counted_as().is_none()) else {
            return self.admit_address(origin).await;
        };
        let now = self.plane.clock.now();
        let one = self.begun.admit(&browser_digest(begun), now);
        match one.and_then(|()| self.begun_by_all.admit(&(), now)) {
            Ok(()) => Ok(()),
            Err(too_many) => Err(self.refuse_for_now(too_many, None).await),
        }
    }

    /// Lets a person open so often and not more.
    pub(super) async fn admit_person(&self, person: &PersonId) -> Result<(), Refusal> {
        match self.people.admit(person, self.plane.clock.now()) {
            Ok(()) => Ok(()),
            Err(too_many) => Err(self.refuse_for_now(too_many, Some(person)).await),
        }
    }

    pub(super) async fn refuse_for_now(
        &self,
        too_many: TooMany,
        person: Option<&PersonId>,
    ) -> Refusal {
        let TooMany { retry_after_seconds } = too_many;
        let no = No::new(
            ReasonCode::TooManyRequests,
            "Too many requests came from where you are, or in your name.",
            "Wait a little, then try again.",
        );
        self.refuse(RefusalKind::TooManyRequests { retry_after_seconds }, No { person, ..no }).await
    }

    /// A number to quote.
    pub(super) fn reference(&self) -> String {
        hex::encode(self.plane.entropy.bytes()).chars().take(10).collect()
    }

    /// Writes a refusal down and makes it presentable.
    pub(super) async fn refuse(&self, kind: RefusalKind, no: No<'_>) -> Refusal {
        let reference = self.reference();
        let mut details = BTreeMap::from([(REFERENCE.to_owned(), reference.clone())]);
        if let Some(detail) = &no.detail {
            details.insert("detail".to_owned(), detail.clone());
        }
        if let Some(checks) = checks() {
            details.insert("checks".to_owned(), checks);
        }
        tracing::info!(code = no.code, %reference, detail = no.detail, "refused");
        let now = self.plane.clock.now();
        let asks_on = matches!(kind, RefusalKind::SignedOut | RefusalKind::TooManyRequests { .. });
        let may_be_written_down = match no.person.filter(|_| !asks_on) {
            Some(person) => self.refused.admit(&(person.clone(), no.code), now).is_ok(),
            None => self.strangers.may_be_written_down(now),
        };
        if may_be_written_down {
            let entry = AuditEntry {
                actor: no.person.cloned().map_or(Actor::Anonymous, Actor::Person),
                person: no.person.map(ToString::to_string),
                team: no.team.map(ToString::to_string),
                details,
                ..AuditEntry::new(now, AuditEvent::Refused, no.code)
            };
            self.plane.record(seen_from(entry)).await;
        }
        Refusal { kind, code: no.code, why: no.why, remedy: no.remedy, reference }
    }
}

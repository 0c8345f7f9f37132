//! What the door hands to the pages.

use super::mine::{LastOpened, Running, Tool};
use crate::ports::PresignedUrl;
use access::ids::{DomainKey, TeamKey};
use access::map::About;
use access::snapshot::Person;
use saml_sp::PostForm;
use std::fmt;

/// The secret that a browser shows to be recognised. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// Takes a token from a cookie, or a fresh one.
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// The token, for the `Set-Cookie` header and the store's lookup.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(redacted)")
    }
}

/// How a browser gets to the identity provider. Does not print: it holds the request's id.
#[derive(Clone, PartialEq, Eq)]
pub enum Departure {
    /// By a redirect to this address (HTTP-Redirect binding).
    Redirect(String),
    /// By a form that it posts at once (HTTP-POST binding).
    Post(PostForm),
}

impl fmt::Debug for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redirect(_) => f.write_str("Redirect(redacted)"),
            Self::Post(form) => form.fmt(f),
        }
    }
}

/// A sign-in that begins: send the browser there.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// The way to the identity provider, with the `AuthnRequest`.
    pub departure: Departure,
    /// Secret for the browser that begins; the answer must come with it.
    pub browser: SessionToken,
    /// How long the identity provider may take, in seconds.
    pub expires_seconds: u64,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun")
            .field("expires_seconds", &self.expires_seconds)
            .finish_non_exhaustive()
    }
}

/// A sign-in that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The new session's secret.
    pub token: SessionToken,
    /// How long the session lasts, in seconds.
    pub expires_seconds: u64,
    /// The team to open at once: named by the application tile, or chosen before signing in.
    pub team: Option<TeamKey>,
    /// The domain that the application stands for, where the person has several teams there to
    /// choose from or came for one of them ([`TeamCard::domain`]).
    pub domain: Option<DomainKey>,
    /// The secret of the sign-in that was answered, if it began here: it is good for nothing more.
    pub begun: Option<SessionToken>,
}

/// A message by which an identity provider asks to end sessions, as it came.
#[derive(Clone, Copy)]
pub enum LogoutMessage<'m> {
    /// The query, without its question mark (HTTP-Redirect).
    Query(&'m str),
    /// The fields of a form (HTTP-POST).
    Form {
        /// `SAMLRequest`.
        saml_request: &'m str,
        /// `RelayState`.
        relay_state: Option<&'m str>,
    },
}

impl fmt::Debug for LogoutMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogoutMessage(..)")
    }
}

/// Sessions that an identity provider ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    /// Where the browser takes our answer; `None` if the provider wants none.
    pub location: Option<String>,
}

/// What the person sees first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyWork {
    /// Who is signed in.
    pub person: Person,
    /// A card a team, in the order of the team's keys.
    pub teams: Vec<TeamCard>,
    /// Whether there is a team that the person may ask for, or break glass for.
    pub may_ask: bool,
    /// Whether the person has a role in the administration.
    pub administers: bool,
}

/// A team as the portal shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamCard {
    /// Its key.
    pub team: TeamKey,
    /// What the map says of it.
    pub about: About,
    /// The persona's key, if the team has one.
    pub persona: Option<String>,
    /// The domain its profile is in.
    pub domain: DomainKey,
    /// The domain's Region.
    pub region: String,
    /// When access ends, if a grant says so.
    pub until: Option<jiff::Timestamp>,
    /// Why the team cannot be opened from where the person is, in the map's words.
    pub blocked: Option<String>,
    /// What can be opened straight away, besides Studio.
    pub tools: Vec<Tool>,
    /// What of the person's own runs there.
    pub running: Running,
    /// When the person opened it last.
    pub opened: LastOpened,
}

/// What came of *Open Studio*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Go there now.
    Ready(PresignedUrl),
    /// The profile is being made; ask again in a moment.
    Preparing(Preparing),
}

/// How far a first opening is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preparing {
    /// Whether `SageMaker` has accepted the profile (else somebody else is at it).
    pub profile_requested: bool,
}

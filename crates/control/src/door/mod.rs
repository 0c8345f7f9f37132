//! The door: SAML response → verified assertion → entitlement → network rule → profile →
//! presigned URL.
//!
//! A session exists only because an assertion was verified here, and a presigned URL only because a
//! session's person is entitled to the team *now*: the directory is read again at each opening.

mod opening;
mod refusal;
mod sign_in;
mod strangers;
mod underway;
mod view;

pub use refusal::{Refusal, RefusalKind};
pub use view::{Accepted, Begun, MyWork, Opening, Preparing, SessionToken, TeamCard};

use crate::plane::Plane;
use crate::ports::{AuditEntry, LoginRequests, Presign, ReplayCache, SessionId};
use access::ids::{IdpKey, PersonId, TeamKey};
use access::map;
use access::reason::ReasonCode;
use saml_sp::{ServiceProvider, SpMetadata, Unsolicited, Verifier};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use strangers::Strangers;
use underway::Underway;

/// The door could not be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// The public URL does not suit.
    #[error("public URL `{0}` must be https, or http on a loopback address, without path or query")]
    PublicUrl(String),
    /// The map names an identity provider whose metadata was not given.
    #[error("there is no metadata for identity provider `{0}`")]
    NoMetadata(IdpKey),
    /// Two identity providers of the map are one and the same.
    #[error("identity providers `{0}` and `{1}` have the same entity id")]
    SameEntity(IdpKey, IdpKey),
    /// The identity provider cannot be asked.
    #[error("the metadata of identity provider `{0}` has no HTTP-Redirect address for sign-in")]
    NoRedirect(IdpKey),
}

/// What the door needs besides the plane.
#[derive(Debug, Clone)]
pub struct DoorPorts {
    /// Makes presigned URLs.
    pub presign: Arc<dyn Presign>,
    /// Remembers assertions that were used.
    pub replay: Arc<dyn ReplayCache>,
    /// Remembers sign-ins that were begun.
    pub logins: Arc<dyn LoginRequests>,
}

/// An identity provider of the map together with its pinned keys.
#[derive(Debug, Clone)]
struct Trusted {
    settings: map::IdentityProvider,
    verifier: Verifier,
}

/// The way in.
#[derive(Debug, Clone)]
pub struct Door {
    plane: Plane,
    ports: DoorPorts,
    identity_providers: BTreeMap<IdpKey, Trusted>,
    service_provider: ServiceProvider,
    secure: bool,
    /// Openings that are being worked on.
    underway: Underway,
    strangers: Arc<Strangers>,
}

impl Door {
    /// Sets the door up for people who reach it at `public_url`, with the parsed metadata of each
    /// identity provider of the map.
    pub fn new(
        plane: Plane,
        ports: DoorPorts,
        public_url: &str,
        mut metadata: BTreeMap<IdpKey, saml_sp::IdentityProvider>,
    ) -> Result<Self, DoorError> {
        let origin = public_url.trim_end_matches('/');
        let secure = is_secure(origin).ok_or_else(|| DoorError::PublicUrl(public_url.into()))?;
        let service_provider = ServiceProvider {
            entity_id: format!("{origin}/saml/metadata"),
            acs_url: format!("{origin}/saml/acs"),
        };
        let mut identity_providers: BTreeMap<IdpKey, Trusted> = BTreeMap::new();
        for (key, settings) in &plane.map.identity_providers {
            let idp = metadata.remove(key).ok_or_else(|| DoorError::NoMetadata(key.clone()))?;
            let same = identity_providers
                .iter()
                .find(|(_, t)| t.verifier.identity_provider().entity_id == idp.entity_id);
            if let Some((other, _)) = same {
                return Err(DoorError::SameEntity(other.clone(), key.clone()));
            }
            if idp.sso_redirect_url.is_none() && !settings.allow_unsolicited {
                return Err(DoorError::NoRedirect(key.clone()));
            }
            let unsolicited =
                if settings.allow_unsolicited { Unsolicited::Allow } else { Unsolicited::Refuse };
            let verifier =
                Verifier::new(service_provider.clone(), idp).with_unsolicited(unsolicited);
            let trusted = Trusted { settings: settings.clone(), verifier };
            identity_providers.insert(key.clone(), trusted);
        }
        let (underway, strangers) = (Underway::default(), Arc::default());
        Ok(Self { plane, ports, identity_providers, service_provider, secure, underway, strangers })
    }

    /// Metadata for identity providers: our entity id and where answers go.
    pub fn sp_metadata(&self) -> String {
        SpMetadata {
            service_provider: self.service_provider.clone(),
            want_assertions_signed: true,
            name_id_formats: vec![
                "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".into(),
                "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified".into(),
            ],
        }
        .to_xml()
    }

    /// The identity providers that a person can begin to sign in with.
    pub fn identity_providers(&self) -> Vec<IdpKey> {
        self.identity_providers
            .iter()
            .filter(|(_, t)| t.verifier.identity_provider().sso_redirect_url.is_some())
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Whether cookies must be `Secure`: false only for plain HTTP on a loopback address.
    pub fn secure_cookies(&self) -> bool {
        self.secure
    }

    /// A key that only a page made for this session can know, for one purpose: forms carry it, so
    /// that no other site can send them.
    pub fn form_key(&self, token: &SessionToken, purpose: &str) -> String {
        digest(&["stagedoor form", token.reveal(), purpose])
    }

    /// Writes a refusal down and makes it presentable.
    async fn refuse(&self, kind: RefusalKind, no: No<'_>) -> Refusal {
        let reference: String = hex::encode(self.plane.entropy.bytes()).chars().take(10).collect();
        let mut details = BTreeMap::from([("reference".to_owned(), reference.clone())]);
        if let Some(detail) = &no.detail {
            details.insert("detail".to_owned(), detail.clone());
        }
        tracing::info!(code = no.code, %reference, detail = no.detail, "refused");
        let now = self.plane.clock.now();
        if no.person.is_none() && !self.strangers.may_be_written_down(now) {
            return Refusal { kind, code: no.code, why: no.why, remedy: no.remedy, reference };
        }
        self.plane
            .record(AuditEntry {
                at: now,
                event: "refused".into(),
                code: no.code.into(),
                person: no.person.map(ToString::to_string),
                team: no.team.map(ToString::to_string),
                details,
            })
            .await;
        Refusal { kind, code: no.code, why: no.why, remedy: no.remedy, reference }
    }
}

/// A refusal in the making.
struct No<'a> {
    code: &'static str,
    why: String,
    remedy: String,
    /// For the admin, not for the page. Holds nothing of the assertion.
    detail: Option<String>,
    person: Option<&'a PersonId>,
    team: Option<&'a TeamKey>,
}

impl<'a> No<'a> {
    fn new(code: ReasonCode, why: &str, remedy: &str) -> Self {
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
    fn unavailable(detail: &impl ToString) -> Self {
        Self {
            detail: Some(detail.to_string()),
            ..Self::new(
                ReasonCode::Unavailable,
                "Something this needs does not answer at the moment, so nobody is let in.",
                "Try again in a minute.",
            )
        }
    }

    fn of(self, person: &'a PersonId) -> Self {
        Self { person: Some(person), ..self }
    }

    fn on(self, team: &'a TeamKey) -> Self {
        Self { team: Some(team), ..self }
    }
}

/// The id under which a token's session is kept.
fn session_id(token: &SessionToken) -> SessionId {
    SessionId(digest(&["stagedoor session", token.reveal()]))
}

/// SHA-256 over the parts, each with its length, in hexadecimal.
fn digest(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(hasher.finalize())
}

/// Whether a public URL is https; `None` if it is neither that nor http on a loopback address, or
/// if it is more than an origin.
fn is_secure(origin: &str) -> Option<bool> {
    let (secure, rest) = match origin.split_once("://")? {
        ("https", rest) => (true, rest),
        ("http", rest) => (false, rest),
        _ => return None,
    };
    let plain = !rest.is_empty() && !rest.contains(['/', '?', '#', '@']);
    let host = match rest.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => rest.split(':').next()?,
    };
    let loopback =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    (plain && (secure || loopback)).then_some(secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert_eq!(is_secure("https://door.example.com"), Some(true));
        assert_eq!(is_secure("http://127.0.0.1:8080"), Some(false));
        assert_eq!(is_secure("http://[::1]:8080"), Some(false));
        assert_eq!(is_secure("http://localhost"), Some(false));
        for bad in
            ["http://door.example.com", "https://a/b", "https://u@a", "ftp://a", "a", "https://"]
        {
            assert_eq!(is_secure(bad), None, "{bad}");
        }
    }

    #[test]
    fn digests_keep_their_parts_apart() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}

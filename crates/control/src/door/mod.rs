//! The door: SAML response → verified assertion → entitlement → network rule → profile →
//! presigned URL.
//!
//! A session exists only because an assertion was verified here, and a presigned URL only because a
//! session's person is entitled to the team *now*: the directory is read again at each opening.

mod begin;
mod choice;
mod cookies;
mod counts;
mod limits;
mod log_out;
mod opening;
mod publish;
mod readiness;
mod refusal;
mod settings;
mod sign_in;
mod strangers;
mod trail;
mod trust;
mod underway;
mod view;
mod words;

pub use cookies::CookieKeys;
pub use counts::DoorCounts;
pub use refusal::{Refusal, RefusalKind};
pub use settings::{DoorError, DoorPorts, DoorSettings};
pub use trust::{KeyStatus, RenewalFailure, TrustStatus};
pub use view::{
    Accepted, Begun, Departure, LoggedOut, LogoutMessage, MyWork, Opening, Preparing, SessionToken,
    TeamCard,
};

use crate::plane::Plane;
use crate::ports::SessionId;
use access::ids::{IdpKey, PersonId};
use access::map::AccessMap;
use counts::Counter;
use jiff::{SignedDuration, Timestamp};
use limits::Limiter;
use refusal::No;
use saml_sp::{ServiceProvider, ServiceProviderKey};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use strangers::Strangers;
use trust::Trust;
use underway::Underway;

/// The way in. Clones are the same door.
#[derive(Debug, Clone)]
pub struct Door {
    plane: Plane,
    ports: DoorPorts,
    trust: Arc<Trust>,
    service_provider: ServiceProvider,
    /// Where identity providers send their log-outs.
    logout_url: String,
    /// Our own, the one that signs first.
    keys: Vec<ServiceProviderKey>,
    cookie_keys: CookieKeys,
    secure: bool,
    /// Openings that are being worked on.
    underway: Underway,
    /// Refusals of people nobody knows that are audited.
    strangers: Arc<Strangers>,
    /// Attempts of people nobody knows that are kept.
    strangers_kept: Arc<Strangers>,
    /// Who asked to sign in, by where from.
    addresses: Arc<Limiter<Option<IpAddr>>>,
    /// Who asked to open Studio.
    people: Arc<Limiter<PersonId>>,
    counter: Arc<Counter>,
}

impl Door {
    /// Sets the door up, with the metadata of identity providers of the map as far as it is there.
    /// A provider without metadata refuses sign-ins until [`Self::renew`] brings it.
    ///
    /// # Errors
    /// The public URL does not suit, or metadata that was given contradicts the map.
    pub fn new(
        plane: Plane,
        ports: DoorPorts,
        settings: DoorSettings,
        metadata: BTreeMap<IdpKey, saml_sp::IdentityProvider>,
    ) -> Result<Self, DoorError> {
        let origin = settings.public_url.trim_end_matches('/');
        let secure = settings::is_secure(origin)
            .ok_or_else(|| DoorError::PublicUrl(settings.public_url.clone()))?;
        let service_provider = ServiceProvider {
            entity_id: format!("{origin}/saml/metadata"),
            acs_url: format!("{origin}/saml/acs"),
        };
        if settings.keys.is_empty()
            && let Some(idp) = publish::must_sign(&plane.map.identity_providers)
        {
            return Err(DoorError::NoSigningKey(idp.clone()));
        }
        let trust = Trust::new(
            service_provider.clone(),
            settings.keys.clone(),
            &plane.map.identity_providers,
        );
        let now = plane.clock.now();
        for (key, idp) in metadata {
            trust.take(&key, idp, now)?;
        }
        Ok(Self {
            plane,
            ports,
            trust: Arc::new(trust),
            service_provider,
            logout_url: format!("{origin}/saml/logout"),
            keys: settings.keys,
            cookie_keys: settings.cookie_keys,
            secure,
            underway: Underway::default(),
            strangers: Arc::default(),
            strangers_kept: Arc::default(),
            addresses: Arc::new(Limiter::new(settings.sign_ins_per_minute)),
            people: Arc::new(Limiter::new(settings.openings_per_minute)),
            counter: Arc::default(),
        })
    }

    /// Takes fresh metadata of a provider, in one step: whoever signs in meets the old or the new.
    ///
    /// # Errors
    /// The metadata will not do. What was known before stays, and [`Self::trust`] shows the failure.
    pub fn renew(
        &self,
        idp: &IdpKey,
        metadata: saml_sp::IdentityProvider,
    ) -> Result<(), DoorError> {
        let now = self.plane.clock.now();
        let renewed = match metadata.valid_until.filter(|end| *end <= now) {
            Some(end) => Err(DoorError::Expired { idp: idp.clone(), end }),
            None => self.trust.take(idp, metadata, now),
        };
        if let Err(error) = &renewed {
            self.trust.failed(idp, error.to_string(), now);
        }
        renewed
    }

    /// Remembers that a provider's metadata could not be fetched or read, for [`Self::trust`].
    pub fn renewal_failed(&self, idp: &IdpKey, message: impl Into<String>) {
        self.trust.failed(idp, message.into(), self.plane.clock.now());
    }

    /// How much each identity provider of the map is trusted now.
    pub fn trust(&self) -> Vec<TrustStatus> {
        self.trust.status()
    }

    /// What happened since the start.
    pub fn counts(&self) -> DoorCounts {
        self.counter.read()
    }

    /// The identity providers that a person can begin to sign in with.
    pub fn identity_providers(&self) -> Vec<IdpKey> {
        let known = self.trust.all();
        known.iter().filter(|t| t.address().is_some()).map(|t| t.key.clone()).collect()
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
}

/// Whether a door would take this metadata for the identity providers of a map, as far as it is
/// there.
///
/// # Errors
/// What contradicts the map, or two providers that are one.
pub fn check_metadata(
    map: &AccessMap,
    metadata: BTreeMap<IdpKey, saml_sp::IdentityProvider>,
    now: Timestamp,
) -> Result<(), DoorError> {
    let nobody = ServiceProvider { entity_id: String::new(), acs_url: String::new() };
    let trust = Trust::new(nobody, Vec::new(), &map.identity_providers);
    metadata.into_iter().try_for_each(|(key, idp)| trust.take(&key, idp, now))
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

/// What a login cookie is remembered by.
fn browser_digest(cookie: &SessionToken) -> String {
    digest(&["stagedoor browser", cookie.reveal()])
}

fn later(now: Timestamp, seconds: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_keep_their_parts_apart() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}

//! What it takes to set the door up.

use super::CookieKeys;
use crate::ports::{Attempts, LoginRequests, Presign, ReplayCache};
use access::ids::IdpKey;
use jiff::Timestamp;
use saml_sp::ServiceProviderKey;
use std::num::NonZeroU32;
use std::sync::Arc;

/// The door could not be set up, or metadata was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// The public URL does not suit.
    #[error("public URL `{0}` must be https, or http on a loopback address, without path or query")]
    PublicUrl(String),
    /// The map does not have the identity provider.
    #[error("there is no identity provider `{0}` in the map")]
    UnknownIdp(IdpKey),
    /// Two identity providers of the map are one and the same.
    #[error("identity providers `{0}` and `{1}` have the same entity id")]
    SameEntity(IdpKey, IdpKey),
    /// The metadata is of somebody else.
    #[error("the metadata of identity provider `{idp}` is not that of entity `{expected}`")]
    OtherEntity {
        /// The provider.
        idp: IdpKey,
        /// Whose it must be: by the map, or by the metadata before.
        expected: String,
    },
    /// None of its signing certificates may be believed.
    #[error(
        "the metadata of identity provider `{0}` holds no signing certificate that the map pins"
    )]
    NotPinned(IdpKey),
    /// The identity provider cannot be asked.
    #[error("the metadata of identity provider `{0}` has no address for sign-in by its binding")]
    NoAddress(IdpKey),
    /// Requests are to be signed and there is nothing to sign with.
    #[error("the map says `sign_requests` of identity provider `{0}`, and there is no signing key")]
    NoSigningKey(IdpKey),
    /// The metadata says itself that it is over.
    #[error("the metadata of identity provider `{idp}` was valid until {end}")]
    Expired {
        /// The provider.
        idp: IdpKey,
        /// The end.
        end: Timestamp,
    },
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
    /// Remembers what each check said of the last answers.
    pub attempts: Arc<dyn Attempts>,
}

/// How the door is run.
#[derive(Debug, Clone)]
pub struct DoorSettings {
    /// Where people reach it: https, or http on a loopback address, without a path.
    pub public_url: String,
    /// What cookies are signed with.
    pub cookie_keys: CookieKeys,
    /// Our own keys, the one that signs requests first. All are published and all decrypt, so that
    /// a new one can be made known before it signs.
    pub keys: Vec<ServiceProviderKey>,
    /// How often a minute one address (of IPv6: one /64) may begin or answer a sign-in. An office
    /// behind one address signs in at nine, so it is generous; each costs less than a millisecond.
    pub sign_ins_per_minute: NonZeroU32,
    /// How often a minute one person may open Studio. The waiting page asks every two seconds, and
    /// there may be several of them.
    pub openings_per_minute: NonZeroU32,
}

impl DoorSettings {
    /// Without keys of our own; 300 sign-ins a minute for each address, 120 openings for each
    /// person.
    pub fn new(public_url: impl Into<String>, cookie_keys: CookieKeys) -> Self {
        const SIGN_INS: NonZeroU32 = NonZeroU32::MIN.saturating_add(299);
        const OPENINGS: NonZeroU32 = NonZeroU32::MIN.saturating_add(119);
        Self {
            public_url: public_url.into(),
            cookie_keys,
            keys: Vec::new(),
            sign_ins_per_minute: SIGN_INS,
            openings_per_minute: OPENINGS,
        }
    }
}

/// Whether a public URL is https; `None` if it is neither that nor http on a loopback address, or
/// if it is more than an origin.
pub(super) fn is_secure(origin: &str) -> Option<bool> {
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
}

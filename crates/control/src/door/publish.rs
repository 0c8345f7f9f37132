//! What identity providers are told about us.

use super::{Door, KeyStatus};
use access::ids::IdpKey;
use access::map::{self, NameIdFormat};
use saml_sp::{ServiceProviderKey, SpMetadata};
use std::collections::BTreeMap;

impl Door {
    /// Our own keys and the ends of their certificates, the one that signs first.
    pub fn keys(&self) -> Vec<KeyStatus> {
        let status = |key: &ServiceProviderKey| KeyStatus {
            fingerprint: key.fingerprint().to_owned(),
            not_after: key.not_after(),
        };
        self.keys.iter().map(status).collect()
    }

    /// Metadata for identity providers: our entity id and where answers go.
    pub fn sp_metadata(&self) -> String {
        SpMetadata {
            service_provider: self.service_provider.clone(),
            want_assertions_signed: true,
            name_id_formats: vec![
                NameIdFormat::EmailAddress.uri().into(),
                NameIdFormat::Unspecified.uri().into(),
            ],
        }
        .to_xml()
    }
}

/// A provider whose requests the map wants signed.
pub(super) fn must_sign(settings: &BTreeMap<IdpKey, map::IdentityProvider>) -> Option<&IdpKey> {
    settings.iter().find(|(_, idp)| idp.sign_requests).map(|(key, _)| key)
}

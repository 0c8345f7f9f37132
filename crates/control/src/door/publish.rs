//! What identity providers are told about us.

use super::KeyStatus;
use super::doorway::Doorway;
use access::ids::IdpKey;
use access::map::{self, NameIdFormat};
use saml_sp::{Encryption, LogoutService, MetadataFlavour, ServiceProviderKey, SpMetadata};
use std::collections::BTreeMap;

impl Doorway {
    /// Our own keys and the ends of their certificates, the one that signs first.
    pub(super) fn keys(&self) -> Vec<KeyStatus> {
        let status = |key: &ServiceProviderKey| KeyStatus {
            fingerprint: key.fingerprint().to_owned(),
            not_after: key.not_after(),
        };
        self.keys.iter().map(status).collect()
    }

    /// Metadata for identity providers: our entity id, our keys, and where answers and log-outs go.
    pub(super) fn sp_metadata(&self, flavour: MetadataFlavour) -> String {
        let idps = &self.plane.map.identity_providers;
        let encryption = if self.keys.is_empty() {
            Encryption::Off
        } else if idps.values().any(|idp| idp.allow_cbc) {
            Encryption::GcmOrCbc
        } else {
            Encryption::Gcm
        };
        SpMetadata {
            service_provider: self.service_provider.clone(),
            keys: self.keys.clone(),
            sign_requests: must_sign(idps).is_some(),
            want_assertions_signed: true,
            encryption,
            name_id_formats: vec![
                NameIdFormat::EmailAddress.uri().into(),
                NameIdFormat::Unspecified.uri().into(),
            ],
            logout: Some(LogoutService {
                redirect_url: self.logout_url.clone(),
                post_url: Some(self.logout_url.clone()),
            }),
            valid_until: None,
            flavour,
        }
        .to_xml()
    }
}

/// A provider whose requests the map wants signed.
pub(super) fn must_sign(settings: &BTreeMap<IdpKey, map::IdentityProvider>) -> Option<&IdpKey> {
    settings.iter().find(|(_, idp)| idp.sign_requests).map(|(key, _)| key)
}

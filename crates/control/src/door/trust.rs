//! Whom the door trusts: each identity provider of the map with its metadata, which can change while
//! the door serves.
//!
//! What is pinned is the *key*. A certificate past its end still verifies: in SAML it only carries
//! the key, nobody checks its chain, and refusing it would lock everybody out at a moment that the
//! certificate alone decides. The door says so in its log and in [`Door::trust`](super::Door::trust),
//! for health and metrics. The end of the *metadata* (`validUntil`) is different: with it the
//! provider itself says until when it vouches for these keys, so from then on nobody is let in.

use super::DoorError;
use crate::ports::Session;
use access::ids::IdpKey;
use access::map::{self, Directories, MetadataSource, RequestBinding, TeamSelector};
use access::reason::ReasonCode;
use jiff::Timestamp;
use saml_sp::{
    AlgorithmPolicy, ClockSkew, EncryptionPolicy, IdentityProvider, PinnedKey, ServiceProvider,
    ServiceProviderKey, Unsolicited, Verifier,
};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// An identity provider of the map, together with its pinned keys.
#[derive(Debug)]
pub(super) struct Trusted {
    pub(super) key: IdpKey,
    pub(super) settings: map::IdentityProvider,
    pub(super) verifier: Verifier,
}

impl Trusted {
    pub(super) fn metadata(&self) -> &IdentityProvider {
        self.verifier.identity_provider()
    }

    pub(super) fn clock_skew(&self) -> ClockSkew {
        clock_skew(&self.settings)
    }

    pub(super) fn algorithms(&self) -> AlgorithmPolicy {
        algorithms(&self.settings)
    }

    /// Whether the provider still vouches for its metadata.
    pub(super) fn is_current(&self, now: Timestamp) -> bool {
        self.metadata().valid_until.is_none_or(|end| end > now)
    }

    /// Whether our requests are signed: where the map says so, or the provider asks for it.
    pub(super) fn signs_requests(&self) -> bool {
        self.settings.sign_requests || self.metadata().wants_signed_requests
    }

    /// Where requests to sign in go, by the binding of the map.
    pub(super) fn address(&self) -> Option<&str> {
        address(&self.settings, self.metadata())
    }
}

/// The map's bounds are those of the type.
fn clock_skew(settings: &map::IdentityProvider) -> ClockSkew {
    ClockSkew::from_secs(settings.clock_skew_seconds).unwrap_or_default()
}

fn algorithms(settings: &map::IdentityProvider) -> AlgorithmPolicy {
    if settings.allow_weak_algorithms {
        AlgorithmPolicy::AllowWeak
    } else {
        AlgorithmPolicy::default()
    }
}

/// What is known of an identity provider that was asked for.
#[derive(Debug)]
pub(super) enum Found {
    /// The map does not have it.
    Nobody,
    /// The map has it, and its metadata was never read.
    WithoutMetadata(IdpKey),
    /// It can be believed what it signs.
    Trusted(Arc<Trusted>),
}

/// How much an identity provider is trusted now, for health and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustStatus {
    /// Its key in the map.
    pub idp: IdpKey,
    /// Its entity id; `None` while its metadata was never read. Nobody signs in with it then.
    pub entity_id: Option<String>,
    /// Until when the metadata may be used, if it says so.
    pub valid_until: Option<Timestamp>,
    /// The keys that are believed. One past its `not_after` still is; announce it before.
    pub keys: Vec<KeyStatus>,
    /// How often it is fetched again, in seconds; `None` where it comes from a file.
    pub refresh_seconds: Option<u64>,
    /// When the metadata was last taken.
    pub taken_at: Option<Timestamp>,
    /// The last renewal that failed, if none succeeded after it.
    pub last_failure: Option<RenewalFailure>,
}

impl TrustStatus {
    /// What this metadata means for a provider of the map, for whoever has no door. What a door would not
    /// take is a failure of `now`, and nothing is known of the provider by it.
    pub fn of(
        idp: &IdpKey,
        settings: &map::IdentityProvider,
        metadata: Option<IdentityProvider>,
        now: Timestamp,
    ) -> Self {
        let metadata = metadata.map(|metadata| acceptable(idp, settings, None, metadata));
        match metadata.transpose() {
            Ok(metadata) => Self::known(idp, settings, metadata.as_ref()),
            Err(error) => Self {
                last_failure: Some(RenewalFailure { at: now, message: error.to_string() }),
                ..Self::known(idp, settings, None)
            },
        }
    }

    fn known(
        idp: &IdpKey,
        settings: &map::IdentityProvider,
        metadata: Option<&IdentityProvider>,
    ) -> Self {
        let keys = metadata.into_iter().flat_map(|metadata| &metadata.keys);
        Self {
            idp: idp.clone(),
            entity_id: metadata.map(|metadata| metadata.entity_id.clone()),
            valid_until: metadata.and_then(|metadata| metadata.valid_until),
            keys: keys.map(key_status).collect(),
            refresh_seconds: match settings.metadata {
                MetadataSource::File(_) => None,
                MetadataSource::Url { refresh_seconds, .. } => Some(refresh_seconds),
            },
            taken_at: None,
            last_failure: None,
        }
    }
}

/// A key that is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStatus {
    /// SHA-256 of the certificate, or of the bare key: 64 lower-case hexadecimal digits.
    pub fingerprint: String,
    /// End of the certificate; `None` for a bare key.
    pub not_after: Option<Timestamp>,
}

/// A renewal of metadata that failed; what was known before is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewalFailure {
    /// When.
    pub at: Timestamp,
    /// Why, for the admin.
    pub message: String,
}

#[derive(Debug)]
struct Provider {
    settings: map::IdentityProvider,
    trusted: Option<Arc<Trusted>>,
    taken_at: Option<Timestamp>,
    last_failure: Option<RenewalFailure>,
}

impl Provider {
    /// Whether its metadata comes from the place where that of the other one came from.
    fn is_read_where(&self, other: &Self) -> bool {
        match (&self.settings.metadata, &other.settings.metadata) {
            (MetadataSource::File(new), MetadataSource::File(old)) => new == old,
            (MetadataSource::Url { url: new, .. }, MetadataSource::Url { url: old, .. }) => {
                new == old
            }
            _ => false,
        }
    }
}

/// All identity providers of the map.
#[derive(Debug)]
pub(super) struct Trust {
    service_provider: ServiceProvider,
    /// Our own keys, which decrypt.
    keys: Vec<ServiceProviderKey>,
    providers: RwLock<BTreeMap<IdpKey, Provider>>,
}

impl Trust {
    /// The providers of the map, none of them known yet.
    pub(super) fn new(
        service_provider: ServiceProvider,
        keys: Vec<ServiceProviderKey>,
        settings: &BTreeMap<IdpKey, map::IdentityProvider>,
    ) -> Self {
        let provider = |settings: &map::IdentityProvider| Provider {
            settings: settings.clone(),
            trusted: None,
            taken_at: None,
            last_failure: None,
        };
        let providers = settings.iter().map(|(key, s)| (key.clone(), provider(s))).collect();
        Self { service_provider, keys, providers: RwLock::new(providers) }
    }

    /// Takes metadata in place of what was known, if all is well with it.
    pub(super) fn take(
        &self,
        key: &IdpKey,
        metadata: IdentityProvider,
        now: Timestamp,
    ) -> Result<(), DoorError> {
        let mut providers = self.write();
        let known = providers.get(key).ok_or_else(|| DoorError::UnknownIdp(key.clone()))?;
        let before = known.trusted.as_ref().map(|trusted| trusted.metadata().entity_id.as_str());
        let metadata = acceptable(key, &known.settings, before, metadata)?;
        let is_same = |other: &Provider| {
            other.trusted.as_ref().is_some_and(|t| t.metadata().entity_id == metadata.entity_id)
                || other.settings.entity_id.as_ref() == Some(&metadata.entity_id)
        };
        if let Some((other, _)) = providers.iter().find(|(k, p)| *k != key && is_same(p)) {
            return Err(DoorError::SameEntity(other.clone(), key.clone()));
        }
        for pinned in metadata.keys.iter().filter(|k| k.not_after().is_some_and(|e| e <= now)) {
            let fingerprint = pinned.fingerprint();
            tracing::warn!(idp = %key, fingerprint, "a pinned certificate is past its end");
        }
        if let Some(provider) = providers.get_mut(key) {
            let settings = provider.settings.clone();
            let verifier = self.verifier(&settings, metadata);
            provider.trusted = Some(Arc::new(Trusted { key: key.clone(), settings, verifier }));
            provider.taken_at = Some(now);
            provider.last_failure = None;
        }
        Ok(())
    }

    /// Takes metadata that was `taken_at` its place before the settings were what they are now. What a
    /// file says must agree with them. What was fetched may be the very thing that they do not believe any
    /// more, and the former settings not believe what is at its address now: it is passed over, and nobody
    /// gets in by the provider until it is fetched anew.
    pub(super) fn take_if_believed(
        &self,
        key: &IdpKey,
        metadata: IdentityProvider,
        taken_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), DoorError> {
        match self.take(key, metadata, taken_at) {
            Err(error @ (DoorError::NotPinned(_) | DoorError::OtherEntity { .. }))
                if self.is_fetched(key) =>
            {
                self.failed(key, error.to_string(), now);
                Ok(())
            }
            taken => taken,
        }
    }

    fn is_fetched(&self, key: &IdpKey) -> bool {
        let providers = self.read();
        let source = providers.get(key).map(|provider| &provider.settings.metadata);
        matches!(source, Some(MetadataSource::Url { .. }))
    }

    /// Takes over what `before` knows of the providers that nothing is known of yet and whose
    /// metadata comes from where it came from before, as [`Self::take_if_believed`] does.
    pub(super) fn keep_of(&self, before: &Self, now: Timestamp) -> Result<(), DoorError> {
        for (key, known) in &*before.read() {
            let missing = {
                let providers = self.read();
                let same = providers.get(key).filter(|new| new.is_read_where(known));
                same.is_some_and(|new| new.trusted.is_none())
            };
            if !missing {
                continue;
            }
            if let (Some(trusted), Some(at)) = (&known.trusted, known.taken_at) {
                self.take_if_believed(key, trusted.metadata().clone(), at, now)?;
            }
            if let Some(provider) = self.write().get_mut(key)
                && provider.last_failure.is_none()
            {
                provider.last_failure.clone_from(&known.last_failure);
            }
        }
        Ok(())
    }

    fn verifier(&self, settings: &map::IdentityProvider, metadata: IdentityProvider) -> Verifier {
        let unsolicited =
            if settings.allow_unsolicited { Unsolicited::Allow } else { Unsolicited::Refuse };
        let encryption =
            if settings.allow_cbc { EncryptionPolicy::AllowCbc } else { EncryptionPolicy::GcmOnly };
        Verifier::new(self.service_provider.clone(), metadata)
            .with_unsolicited(unsolicited)
            .with_algorithms(algorithms(settings))
            .with_clock_skew(clock_skew(settings))
            .with_decryption(self.keys.clone(), encryption)
    }

    /// Remembers that a renewal failed.
    pub(super) fn failed(&self, key: &IdpKey, message: String, now: Timestamp) {
        let mut providers = self.write();
        let Some(provider) = providers.get_mut(key) else { return };
        if provider.trusted.is_some() {
            tracing::warn!(idp = %key, error = message, "identity provider metadata was not renewed");
        } else {
            let code = ReasonCode::IdpMetadataMissing;
            tracing::error!(idp = %key, %code, error = message, "nobody can sign in by an identity provider");
        }
        provider.last_failure = Some(RenewalFailure { at: now, message });
    }

    /// The provider of this key.
    pub(super) fn by_key(&self, key: &IdpKey) -> Found {
        match self.read().get(key) {
            None => Found::Nobody,
            Some(Provider { trusted: Some(trusted), .. }) => Found::Trusted(Arc::clone(trusted)),
            Some(Provider { trusted: None, .. }) => Found::WithoutMetadata(key.clone()),
        }
    }

    /// The provider of this entity id.
    pub(super) fn by_entity_id(&self, entity_id: &str) -> Found {
        let providers = self.read();
        let mut trusted = providers.values().filter_map(|provider| provider.trusted.as_ref());
        if let Some(trusted) = trusted.find(|t| t.metadata().entity_id == entity_id) {
            return Found::Trusted(Arc::clone(trusted));
        }
        let named = |provider: &Provider| provider.settings.entity_id.as_deref() == Some(entity_id);
        let missing = providers.iter().find(|(_, provider)| named(provider));
        missing.map_or(Found::Nobody, |(key, _)| Found::WithoutMetadata(key.clone()))
    }

    /// Whether what a session was opened on still holds: the map has the provider, binds it to no other
    /// team than the session's and to no other directory than its person's, and believes the
    /// certificate that its assertion was verified by. `None`: nothing is known of the provider at the
    /// moment.
    pub(super) fn vouches_for(&self, session: &Session, all: &Directories) -> Option<bool> {
        let trusted = match self.by_key(&session.voucher.idp) {
            Found::Trusted(trusted) => trusted,
            Found::WithoutMetadata(_) => return None,
            Found::Nobody => return Some(false),
        };
        let is_bound_elsewhere = match &trusted.settings.team {
            Some(TeamSelector::Team(team)) => session.team.as_ref() != Some(team),
            _ => false,
        };
        let among = &trusted.settings.directories;
        let may_name = among.is_empty() || among.contains(&all.source_of(session.person.as_str()));
        let signed = |key: &PinnedKey| key.fingerprint() == session.voucher.fingerprint;
        Some(!is_bound_elsewhere && may_name && trusted.metadata().keys.iter().any(signed))
    }

    /// Every provider whose metadata is known.
    pub(super) fn all(&self) -> Vec<Arc<Trusted>> {
        self.read().values().filter_map(|provider| provider.trusted.clone()).collect()
    }

    pub(super) fn status(&self) -> Vec<TrustStatus> {
        let status = |(key, provider): (&IdpKey, &Provider)| TrustStatus {
            taken_at: provider.taken_at,
            last_failure: provider.last_failure.clone(),
            ..TrustStatus::known(
                key,
                &provider.settings,
                provider.trusted.as_ref().map(|trusted| trusted.metadata()),
            )
        };
        self.read().iter().map(status).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<IdpKey, Provider>> {
        self.providers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<IdpKey, Provider>> {
        self.providers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The metadata as it may be used: of the entity that is expected, by the map or by what was known
/// `before`, with the pinned keys alone.
fn acceptable(
    key: &IdpKey,
    settings: &map::IdentityProvider,
    before: Option<&str>,
    mut metadata: IdentityProvider,
) -> Result<IdentityProvider, DoorError> {
    let expected = settings.entity_id.as_deref().or(before);
    if let Some(expected) = expected.filter(|expected| *expected != metadata.entity_id) {
        return Err(DoorError::OtherEntity { idp: key.clone(), expected: expected.to_owned() });
    }
    let pinned = &settings.certificate_fingerprints;
    if !pinned.is_empty() {
        // Only what the map pins is believed. A new certificate that the provider announces is
        // for the map first, so it does no harm to pass it over here.
        metadata.keys.retain(|key| pinned.iter().any(|pin| pin.as_str() == key.fingerprint()));
        if metadata.keys.is_empty() {
            return Err(DoorError::NotPinned(key.clone()));
        }
    }
    if address(settings, &metadata).is_none() && !settings.allow_unsolicited {
        return Err(DoorError::NoAddress(key.clone()));
    }
    Ok(metadata)
}

fn address<'a>(
    settings: &map::IdentityProvider,
    metadata: &'a IdentityProvider,
) -> Option<&'a str> {
    match settings.request_binding {
        RequestBinding::Redirect => metadata.sso_redirect_url.as_deref(),
        RequestBinding::Post => metadata.sso_post_url.as_deref(),
    }
}

fn key_status(key: &PinnedKey) -> KeyStatus {
    KeyStatus { fingerprint: key.fingerprint().to_owned(), not_after: key.not_after() }
}

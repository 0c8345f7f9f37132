//! The door as one map and one set of keys have it: what a sign-in or an opening holds to its end.

use super::counts::Counter;
use super::own_apps::OwnApps;
use super::strangers::Strangers;
use super::trust::Trust;
use super::underway::Underway;
use super::{CookieKeys, DoorError, DoorPorts, DoorSettings, publish, settings};
use crate::limits::{AddressLimiter, Limiter, UNSEEN};
use crate::plane::Plane;
use access::ids::{IdpKey, PersonId};
use access::map::AccessMap;
use saml_sp::{IdentityProvider, ServiceProvider, ServiceProviderKey};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

/// How many answers a minute may come of one sign-in that was begun here, where nobody knows from where. One
/// is enough, and a browser sends it again when its reader does.
const ANSWERS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// How many times as many such answers all may send together as may be asked for from nowhere: twice, for
/// readers send theirs again.
const ANSWERS_OF_ALL: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// How many refusals of one person, each for the same reason, are audited in a minute. No human being is refused as
/// often; the others stand in the log of the process, which rotates.
const AUDITED: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);

/// The door, by the map of its plane.
#[derive(Debug)]
pub(super) struct Doorway {
    pub(super) plane: Plane,
    pub(super) ports: DoorPorts,
    pub(super) trust: Trust,
    pub(super) service_provider: ServiceProvider,
    /// Where identity providers send their log-outs.
    pub(super) logout_url: String,
    /// Our own, the one that signs first.
    pub(super) keys: Vec<ServiceProviderKey>,
    pub(super) cookie_keys: CookieKeys,
    pub(super) secure: bool,
    /// Openings that are being worked on.
    pub(super) underway: Underway,
    /// What runs in people's own profiles.
    pub(super) own_apps: OwnApps,
    /// Refusals of people nobody knows that are audited.
    pub(super) strangers: Arc<Strangers>,
    /// Refusals of each person by each code that are audited.
    pub(super) refused: Arc<Limiter<(PersonId, &'static str)>>,
    /// Attempts of people nobody knows that are kept.
    pub(super) strangers_kept: Arc<Strangers>,
    /// Who asked to sign in, by where from.
    pub(super) addresses: Arc<AddressLimiter>,
    /// By the browser that began to sign in, for those of whom no address is known.
    pub(super) begun: Arc<Limiter<String>>,
    /// All of these together.
    pub(super) begun_by_all: Arc<Limiter<()>>,
    /// Who asked to open Studio.
    pub(super) people: Arc<Limiter<PersonId>>,
    pub(super) counter: Arc<Counter>,
}

impl Doorway {
    pub(super) fn new(
        plane: Plane,
        ports: DoorPorts,
        settings: DoorSettings,
        metadata: BTreeMap<IdpKey, IdentityProvider>,
    ) -> Result<Self, DoorError> {
        let origin = settings.public_url.trim_end_matches('/');
        let secure = settings::is_secure(origin)
            .ok_or_else(|| DoorError::PublicUrl(settings.public_url.clone()))?;
        let service_provider = ServiceProvider {
            entity_id: format!("{origin}/saml/metadata"),
            acs_url: format!("{origin}/saml/acs"),
        };
        enough_keys(&plane.map, &settings.keys)?;
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
            trust,
            service_provider,
            logout_url: format!("{origin}/saml/logout"),
            keys: settings.keys,
            cookie_keys: settings.cookie_keys,
            secure,
            underway: Underway::default(),
            own_apps: OwnApps::default(),
            strangers: Arc::default(),
            refused: Arc::new(Limiter::new(AUDITED)),
            strangers_kept: Arc::default(),
            addresses: Arc::new(AddressLimiter::new(settings.sign_ins_per_minute)),
            begun: Arc::new(Limiter::new(ANSWERS)),
            begun_by_all: Arc::new(Limiter::new(
                settings.sign_ins_per_minute.saturating_mul(UNSEEN).saturating_mul(ANSWERS_OF_ALL),
            )),
            people: Arc::new(Limiter::new(settings.openings_per_minute)),
            counter: Arc::default(),
        })
    }

    /// The same door by another map and other keys, with what is known of identity providers.
    pub(super) fn followed_by(
        &self,
        map: Arc<AccessMap>,
        keys: Vec<ServiceProviderKey>,
        metadata: BTreeMap<IdpKey, IdentityProvider>,
    ) -> Result<Self, DoorError> {
        enough_keys(&map, &keys)?;
        let now = self.plane.clock.now();
        let trust =
            Trust::new(self.service_provider.clone(), keys.clone(), &map.identity_providers);
        for (key, idp) in metadata {
            trust.take_if_believed(&key, idp, now, now)?;
        }
        trust.keep_of(&self.trust, now)?;
        Ok(Self {
            plane: Plane { map, ..self.plane.clone() },
            ports: self.ports.clone(),
            trust,
            service_provider: self.service_provider.clone(),
            logout_url: self.logout_url.clone(),
            keys,
            cookie_keys: self.cookie_keys.clone(),
            secure: self.secure,
            underway: self.underway.clone(),
            own_apps: self.own_apps.clone(),
            strangers: Arc::clone(&self.strangers),
            refused: Arc::clone(&self.refused),
            strangers_kept: Arc::clone(&self.strangers_kept),
            addresses: Arc::clone(&self.addresses),
            begun: Arc::clone(&self.begun),
            begun_by_all: Arc::clone(&self.begun_by_all),
            people: Arc::clone(&self.people),
            counter: Arc::clone(&self.counter),
        })
    }

    pub(super) fn renew(&self, idp: &IdpKey, metadata: IdentityProvider) -> Result<(), DoorError> {
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
}

/// Where the map wants requests signed there must be a key.
fn enough_keys(map: &AccessMap, keys: &[ServiceProviderKey]) -> Result<(), DoorError> {
    match publish::must_sign(&map.identity_providers).filter(|_| keys.is_empty()) {
        Some(idp) => Err(DoorError::NoSigningKey(idp.clone())),
        None => Ok(()),
    }
}

//! The door: SAML response → verified assertion → entitlement → network rule → profile →
//! presigned URL.
//!
//! A session exists only because an assertion was verified here, and a presigned URL only because a
//! session's person is entitled to the team *now*: the directory is read again at each opening.

mod begin;
mod choice;
mod cookies;
mod counts;
mod doorway;
mod log_out;
mod mine;
mod my_access;
mod opening;
mod own_apps;
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
mod whereabouts;
mod words;

pub use cookies::CookieKeys;
pub use counts::DoorCounts;
pub use mine::{EndedSessions, LastOpened, MyAccess, OwnApp, OwnSession, Running, Tool};
pub use refusal::{Refusal, RefusalKind};
pub use settings::{DoorError, DoorPorts, DoorSettings};
pub use trail::check_meaning;
pub use trust::{KeyStatus, RenewalFailure, TrustStatus};
pub use view::{
    Accepted, Begun, Departure, LoggedOut, LogoutMessage, MyWork, Opening, Preparing, SessionToken,
    TeamCard,
};
pub use whereabouts::coming_from;

use crate::desk::SignedIn;
use crate::plane::Plane;
use crate::ports::SessionId;
use access::ids::{IdpKey, TeamKey};
use access::map::AccessMap;
use access::network::Origin;
use doorway::Doorway;
use jiff::{SignedDuration, Timestamp};
use refusal::No;
use saml_sp::{MetadataFlavour, ServiceProvider, ServiceProviderKey};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use trust::Trust;

/// The way in. Clones are the same door.
///
/// The map and our own keys can be replaced while it serves ([`Self::replace`]); whatever began
/// before ends by what was in force when it began.
#[derive(Debug, Clone)]
pub struct Door {
    doorway: Arc<RwLock<Arc<Doorway>>>,
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
        let doorway = Doorway::new(plane, ports, settings, metadata)?;
        Ok(Self { doorway: Arc::new(RwLock::new(Arc::new(doorway))) })
    }

    /// Puts another map and other keys of our own in force, for the door and for whatever takes the
    /// plane's [`current`](Plane::current) map, in one step. `metadata` is what was read afresh; of
    /// the other providers of the map, what is known of those whose metadata comes from the same
    /// place is kept. Nobody gets in by a provider whose metadata is fetched and was of another entity, or
    /// of keys that the map does not pin any more, until it is [renewed](Self::renew).
    ///
    /// # Errors
    /// Metadata of a file contradicts the map, or the map wants requests signed and there is no key. Nothing
    /// has changed then.
    pub fn replace(
        &self,
        map: Arc<AccessMap>,
        keys: Vec<ServiceProviderKey>,
        metadata: BTreeMap<IdpKey, saml_sp::IdentityProvider>,
    ) -> Result<(), DoorError> {
        let mut doorway = self.doorway.write().unwrap_or_else(PoisonError::into_inner);
        let next = doorway.followed_by(Arc::clone(&map), keys, metadata)?;
        next.plane.live.replace(map);
        *doorway = Arc::new(next);
        Ok(())
    }

    /// [`Self::replace`]s the map alone.
    ///
    /// # Errors
    /// As there.
    pub fn replace_map(&self, map: Arc<AccessMap>) -> Result<(), DoorError> {
        let keys = self.now().keys.clone();
        self.replace(map, keys, BTreeMap::new())
    }

    /// The door by what is in force now.
    fn now(&self) -> Arc<Doorway> {
        Arc::clone(&self.doorway.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins to sign in: where to send the browser, and the cookie it must come back with.
    ///
    /// # Errors
    /// There is no such way in, or it is closed now.
    pub async fn begin(
        &self,
        idp: &IdpKey,
        team: Option<&TeamKey>,
        origin: &Origin,
    ) -> Result<Begun, Refusal> {
        coming_from(origin, self.now().begin(idp, team, origin)).await
    }

    /// Takes the identity provider's answer (HTTP-POST binding) and opens a session.
    ///
    /// Every check of the door's order up to "person known and enabled" happens here; the first
    /// that fails ends it. `relay_state` can name a team and nothing else; `begun` are the secrets of
    /// the sign-ins that this browser began ([`Begun::browser`]).
    ///
    /// # Errors
    /// The first check that failed.
    pub async fn accept(
        &self,
        saml_response: &str,
        relay_state: Option<&str>,
        begun: &[SessionToken],
        origin: &Origin,
    ) -> Result<Accepted, Refusal> {
        let doorway = self.now();
        let accepting = doorway.accept(saml_response, relay_state, begun, origin);
        coming_from(origin, accepting).await
    }

    /// The teams of the person who is signed in.
    ///
    /// # Errors
    /// Nobody is signed in, or the person may not be any more.
    pub async fn my_work(&self, token: &SessionToken, origin: &Origin) -> Result<MyWork, Refusal> {
        coming_from(origin, self.now().my_work(token, origin)).await
    }

    /// Opens Studio for a team: a link, or word that the profile is being made. Call it again then.
    ///
    /// # Errors
    /// The person may not, or it cannot be done now.
    pub async fn open(
        &self,
        token: &SessionToken,
        team: &TeamKey,
        origin: &Origin,
    ) -> Result<Opening, Refusal> {
        self.open_with(token, team, Tool::Studio, origin).await
    }

    /// Opens Studio for a team at one of its tools.
    ///
    /// # Errors
    /// The person may not, or it cannot be done now.
    pub async fn open_with(
        &self,
        token: &SessionToken,
        team: &TeamKey,
        tool: Tool,
        origin: &Origin,
    ) -> Result<Opening, Refusal> {
        coming_from(origin, self.now().open(token, team, tool, origin)).await
    }

    /// How far an opening is, without asking for the link: `None` once nothing but the link is
    /// missing. What [`Self::open`] would begin is begun by this too.
    ///
    /// # Errors
    /// The person may not, or it cannot be done now.
    pub async fn look(
        &self,
        token: &SessionToken,
        team: &TeamKey,
        origin: &Origin,
    ) -> Result<Option<Preparing>, Refusal> {
        coming_from(origin, self.now().look(token, team, origin)).await
    }

    /// Why the person who is signed in has their teams, what they did at the door, and their
    /// sessions.
    ///
    /// # Errors
    /// Nobody is signed in, or the person may not be any more.
    pub async fn my_access(
        &self,
        token: &SessionToken,
        origin: &Origin,
    ) -> Result<MyAccess, Refusal> {
        coming_from(origin, self.now().my_access(token, origin)).await
    }

    /// Ends sessions of the person who is signed in: the one with this handle, or all.
    ///
    /// # Errors
    /// Nobody is signed in, or the store cannot be used.
    pub async fn end_sessions(
        &self,
        token: &SessionToken,
        handle: Option<&str>,
    ) -> Result<EndedSessions, Refusal> {
        self.now().end_sessions_of_mine(token, handle).await
    }

    /// What runs of the person's own for a team, read now.
    ///
    /// # Errors
    /// The person may not, or Studio cannot be read.
    pub async fn my_apps(
        &self,
        token: &SessionToken,
        team: &TeamKey,
    ) -> Result<Vec<OwnApp>, Refusal> {
        self.now().my_apps(token, team).await
    }

    /// Asks for all apps of the person's own for a team to be stopped, and says how many were.
    ///
    /// # Errors
    /// The person may not, nothing may be changed, or it cannot be done now.
    pub async fn stop_my_apps(
        &self,
        token: &SessionToken,
        team: &TeamKey,
    ) -> Result<usize, Refusal> {
        self.now().stop_my_apps(token, team).await
    }

    /// Who is signed in, and for which team, by the session alone: the directory is not asked
    /// whether they may be still.
    ///
    /// # Errors
    /// Nobody is signed in, or the store cannot be read.
    pub async fn who(&self, token: &SessionToken) -> Result<SignedIn, Refusal> {
        self.now().session(token).await.map(SignedIn::from)
    }

    /// Ends the session. There is nothing to end for a cookie that is not ours.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn sign_out(&self, token: &SessionToken) -> Result<(), Refusal> {
        self.now().sign_out(token).await
    }

    /// Ends the sessions that an identity provider asks to end (single log-out), and says where to
    /// send the browser with the answer.
    ///
    /// # Errors
    /// The message is not believed, or the store cannot be used.
    pub async fn log_out(
        &self,
        message: LogoutMessage<'_>,
        origin: &Origin,
    ) -> Result<LoggedOut, Refusal> {
        coming_from(origin, self.now().log_out(message, origin)).await
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
        self.now().renew(idp, metadata)
    }

    /// Remembers that a provider's metadata could not be fetched or read, for [`Self::trust`].
    pub fn renewal_failed(&self, idp: &IdpKey, message: impl Into<String>) {
        let doorway = self.now();
        doorway.trust.failed(idp, message.into(), doorway.plane.clock.now());
    }

    /// How much each identity provider of the map is trusted now.
    pub fn trust(&self) -> Vec<TrustStatus> {
        self.now().trust.status()
    }

    /// Our own keys and the ends of their certificates, the one that signs first.
    pub fn keys(&self) -> Vec<KeyStatus> {
        self.now().keys()
    }

    /// Metadata for identity providers: our entity id, our keys, and where answers and log-outs go.
    pub fn sp_metadata(&self, flavour: MetadataFlavour) -> String {
        self.now().sp_metadata(flavour)
    }

    /// What happened since the start.
    pub fn counts(&self) -> DoorCounts {
        self.now().counter.read()
    }

    /// What people call a team: its title in the map, else its key.
    pub fn title_of(&self, team: &str) -> String {
        let doorway = self.now();
        let known = TeamKey::parse(team).ok();
        let known = known.and_then(|team| doorway.plane.map.teams.get(&team));
        known.and_then(|team| team.about.title.clone()).unwrap_or_else(|| team.to_owned())
    }

    /// What time it is, by the clock that the door goes by.
    pub fn time(&self) -> Timestamp {
        self.now().plane.clock.now()
    }

    /// The identity providers that a person can begin to sign in with.
    pub fn identity_providers(&self) -> Vec<IdpKey> {
        let known = self.now().trust.all();
        known.iter().filter(|t| t.address().is_some()).map(|t| t.key.clone()).collect()
    }

    /// Whether cookies must be `Secure`: false only for plain HTTP on a loopback address.
    pub fn secure_cookies(&self) -> bool {
        self.now().secure
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

//! Requests to log out: a genuine one by each binding, and who may ask.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use saml_sp::{
    AlgorithmPolicy, ClockSkew, IdentityProvider, PinnedKey, ReceivedLogoutRequest, Rejection,
    ServiceProviderKey,
};

/// Both by python3-saml, with the key of `sp.pem`.
const QUERY: &str = fixture!("python3-saml-logout-sha256.txt");
const FORM: &str = fixture!("python3-saml-logout-form.xml");

/// Where log-outs go, and what may ever be accepted there.
pub struct LogoutDoor {
    identity_provider: IdentityProvider,
    now: Timestamp,
    genuine: BTreeSet<String>,
}

/// The door of the genuine requests.
pub static LOGOUT_DOOR: LazyLock<LogoutDoor> = LazyLock::new(LogoutDoor::new);

impl LogoutDoor {
    /// # Panics
    /// When a seed is refused: then nothing would be tested.
    fn new() -> Self {
        let key = ServiceProviderKey::from_pem(fixture!("sp.pem")).unwrap();
        let mut identity_provider = crate::pinned(&[]);
        identity_provider.keys =
            vec![PinnedKey::from_certificate_der(key.certificate_der()).unwrap()];
        let now = "2026-11-21T06:11:40Z".parse().unwrap();
        let mut door = Self { identity_provider, now, genuine: BTreeSet::new() };
        let form = STANDARD.encode(FORM);
        for received in [
            ReceivedLogoutRequest::from_query(QUERY.trim_end()),
            ReceivedLogoutRequest::from_form(&form, None),
        ] {
            let said = door.verify(received).expect("a genuine request is refused");
            door.genuine.insert(said);
        }
        door
    }

    /// What a request says that is accepted.
    fn verify(&self, received: Result<ReceivedLogoutRequest, Rejection>) -> Option<String> {
        let received = received.ok()?;
        let (url, skew) = ("https://sp.example/saml/slo", ClockSkew::default());
        let policy = AlgorithmPolicy::AllowWeak;
        let request = received.verify(&self.identity_provider, url, self.now, skew, policy).ok()?;
        Some(format!(
            "{} {} {:?} {:?} {:?} {}",
            request.id(),
            request.issuer(),
            request.name_id().value(),
            request.name_id().format(),
            request.session_indexes(),
            request.replay_until(),
        ))
    }

    /// Takes bytes as a query, as the deflated message of a query, and as the message of a form.
    ///
    /// # Panics
    /// When anything is accepted that is not genuine.
    pub fn judge(&self, data: &[u8]) {
        let encoded = STANDARD.encode(data);
        let (_, signed_so) = QUERY.trim_end().split_once('&').unwrap();
        let query = std::str::from_utf8(data).ok().map(ReceivedLogoutRequest::from_query);
        let deflated = ReceivedLogoutRequest::from_query(&format!(
            "SAMLRequest={}&{signed_so}",
            encoded.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
        ));
        let form = ReceivedLogoutRequest::from_form(&encoded, None);
        for received in query.into_iter().chain([deflated, form]) {
            if let Some(said) = self.verify(received) {
                assert!(self.genuine.contains(&said), "accepted, and nobody signed: {said}");
            }
        }
    }
}

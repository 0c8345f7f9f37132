//! What the fuzz targets share: genuine responses with their verifiers, and a mutator that knows XML.

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../crates/saml-sp/tests/fixtures/", $name))
    };
}

/// The crate around it would bring a client of LDAP and its TLS along.
#[path = "../../crates/ldap/src/dn.rs"]
pub mod dn;
mod encrypt;
mod logout;
mod splice;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use saml_sp::{
    EncryptionPolicy, IdentityProvider, PinnedKey, ServiceProvider, ServiceProviderKey,
    VerifiedAssertion, Verifier,
};

pub use encrypt::encrypted;
pub use logout::{LOGOUT_DOOR, LogoutDoor};
pub use splice::splice;

const REQUEST: &str = "_request1";

macro_rules! fixtures {
    ($($name:literal,)*) => { &[$(fixture!($name),)*] };
}

/// Signed by the keys of `rsa2048.crt`, `p256.crt` and `p384.crt`.
const PLAIN: &[&str] = fixtures![
    "signxml-assertion.xml",
    "signxml-response.xml",
    "signxml-both.xml",
    "signxml-ecdsa-p256.xml",
    "signxml-ecdsa-p384.xml",
    "xmlsec-assertion.xml",
    "xmlsec-both-sha512.xml",
    "xmlsec-rich-assertion.xml",
    "xmlsec-rich-response.xml",
    "xmlsec-rich-both.xml",
    "pysaml2-assertion.xml",
    "pysaml2-response.xml",
    "pysaml2-both.xml",
];
const SSP: &[&str] = fixtures!["ssp-assertion.xml", "ssp-response.xml", "ssp-both.xml",];
const SAML_IDP: &[&str] =
    fixtures!["saml-idp-assertion.xml", "saml-idp-response.xml", "saml-idp-both.xml",];
const NANOIDP: &[&str] = fixtures!["nanoidp-assertion.xml",];
/// Signed by the key of `encrypted-idp.crt`, encrypted for `throw-away-sp.pem`.
const ENCRYPTED: &[&str] = fixtures![
    "encrypted-pysaml2-cbc128-both.xml",
    "encrypted-pysaml2-cbc256-response.xml",
    "encrypted-pysaml2-gcm128-assertion.xml",
    "encrypted-simplesamlphp-cbc128-both.xml",
    "encrypted-simplesamlphp-cbc128-response.xml",
    "encrypted-simplesamlphp-gcm128-assertion.xml",
    "encrypted-simplesamlphp-gcm256-both.xml",
    "encrypted-xmlsec-cbc128-response.xml",
    "encrypted-xmlsec-cbc256-both.xml",
    "encrypted-xmlsec-context-assertion.xml",
    "encrypted-xmlsec-context-response.xml",
    "encrypted-xmlsec-gcm128-assertion.xml",
    "encrypted-xmlsec-gcm192-both.xml",
    "encrypted-xmlsec-gcm256-both.xml",
    "encrypted-xmlsec-gcm256-response.xml",
];
pub(crate) const OUR_KEY: &str = fixture!("throw-away-sp.pem");

/// A verifier, and all that it may ever accept.
pub struct Door {
    verifier: Verifier,
    /// Five seconds after the last of the genuine responses was issued.
    now: Timestamp,
    /// What each genuine response says.
    genuine: BTreeSet<String>,
}

/// The doors of responses that are not encrypted.
pub static PLAIN_DOORS: LazyLock<Vec<Door>> = LazyLock::new(|| {
    let own = pinned(&[fixture!("rsa2048.crt"), fixture!("p256.crt"), fixture!("p384.crt")]);
    let of = |metadata: &str| IdentityProvider::from_metadata(metadata.as_bytes(), None).unwrap();
    vec![
        Door::new(own, PLAIN),
        Door::new(of(fixture!("ssp-metadata.xml")), SSP),
        Door::new(of(fixture!("saml-idp-metadata.xml")), SAML_IDP),
        Door::new(of(fixture!("nanoidp-metadata.xml")), NANOIDP),
    ]
});

/// The door of encrypted responses, and that of plain ones which somebody encrypted for us.
pub static ENCRYPTED_DOORS: LazyLock<[Door; 2]> = LazyLock::new(|| {
    let own = pinned(&[fixture!("rsa2048.crt"), fixture!("p256.crt"), fixture!("p384.crt")]);
    [Door::new(pinned(&[fixture!("encrypted-idp.crt")]), ENCRYPTED), Door::new(own, PLAIN)]
});

impl Door {
    /// # Panics
    /// When a seed is refused: then nothing would be tested.
    fn new(identity_provider: IdentityProvider, seeds: &'static [&'static str]) -> Self {
        let service_provider = ServiceProvider {
            entity_id: "https://sp.example/saml".to_owned(),
            acs_url: "https://sp.example/saml/acs".to_owned(),
        };
        let keys = vec![ServiceProviderKey::from_pem(OUR_KEY).unwrap()];
        let verifier = Verifier::new(service_provider, identity_provider)
            .with_decryption(keys, EncryptionPolicy::AllowCbc);
        let latest = seeds.iter().filter_map(|xml| issued(xml)).max();
        let now = latest.expect("no seed") + SignedDuration::from_secs(5);
        let mut door = Self { verifier, now, genuine: BTreeSet::new() };
        for seed in seeds {
            let accepted = door.verify(seed.as_bytes()).expect("a genuine response is refused");
            door.genuine.insert(claims(&accepted));
        }
        door
    }

    fn verify(&self, xml: &[u8]) -> Option<VerifiedAssertion> {
        self.verifier.verify_xml(xml, self.now, Some(REQUEST)).ok()
    }

    /// # Panics
    /// When anything is accepted that is not genuine.
    pub fn judge(&self, xml: &[u8]) {
        if let Some(accepted) = self.verify(xml) {
            let said = claims(&accepted);
            assert!(self.genuine.contains(&said), "accepted, and nobody signed: {said}");
        }
    }
}

fn issued(xml: &str) -> Option<Timestamp> {
    let (_, rest) = xml.split_once("IssueInstant=\"")?;
    rest.split_once('"')?.0.parse().ok()
}

fn pinned(certificates: &[&str]) -> IdentityProvider {
    let key = |pem: &&str| {
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        PinnedKey::from_certificate_der(&STANDARD.decode(base64).unwrap()).unwrap()
    };
    let metadata = fixture!("ssp-metadata.xml");
    let mut provider = IdentityProvider::from_metadata(metadata.as_bytes(), None).unwrap();
    provider.entity_id = "https://idp.example/metadata".to_owned();
    provider.keys = certificates.iter().map(key).collect();
    provider
}

/// Everything that a caller can read.
fn claims(assertion: &VerifiedAssertion) -> String {
    let attributes: Vec<_> = assertion
        .attributes()
        .iter()
        .map(|(name, attribute)| {
            format!("{name}={:?}/{:?}", attribute.values(), attribute.friendly_name())
        })
        .collect();
    format!(
        "{} {} {} {:?} {:?} {} {:?} {:?} {} {}",
        assertion.assertion_id(),
        assertion.issuer(),
        assertion.name_id().value(),
        assertion.name_id().format(),
        assertion.in_response_to(),
        assertion.authn_instant(),
        assertion.session_index(),
        assertion.session_not_on_or_after(),
        assertion.replay_until(),
        attributes.join(" "),
    )
}

/// Line ends as both parsers want them (XML 1.0, section 2.11).
pub fn normalised(xml: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(xml).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Some(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Every genuine response.
pub(crate) fn seeds() -> impl Iterator<Item = &'static str> {
    [PLAIN, SSP, SAML_IDP, NANOIDP, ENCRYPTED].into_iter().flatten().copied()
}

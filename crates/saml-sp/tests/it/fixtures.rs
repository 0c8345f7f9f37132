//! Responses of our own writing that other XML libraries signed; `fixtures/make.py` says how.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml_sp::{AlgorithmPolicy, KeyKind, PinnedKey, ReasonCode, Rejection, VerifiedAssertion};

use crate::support::*;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/", $name))
    };
}

const RSA2048: &[u8] = fixture!("rsa2048.crt");
const RSA1024: &[u8] = fixture!("rsa1024.crt");
const P256: &[u8] = fixture!("p256.crt");
const P384: &[u8] = fixture!("p384.crt");

pub(crate) fn certificate(pem: &[u8]) -> PinnedKey {
    PinnedKey::from_certificate_der(&STANDARD.decode(certificate_text(pem)).unwrap()).unwrap()
}

/// The base64 of a certificate, on one line.
pub(crate) fn certificate_text(pem: &[u8]) -> String {
    let pem = std::str::from_utf8(pem).unwrap();
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

pub(crate) fn verify_fixture(xml: &[u8], pem: &[u8]) -> Result<VerifiedAssertion, Rejection> {
    verifier_with(vec![certificate(pem)]).verify_xml(xml, now(), Some(REQUEST))
}

pub(crate) const GENUINE: &[(&str, &[u8], &[u8])] = &[
    ("signxml-assertion", fixture!("signxml-assertion.xml"), RSA2048),
    ("signxml-response", fixture!("signxml-response.xml"), RSA2048),
    ("signxml-both", fixture!("signxml-both.xml"), RSA2048),
    ("signxml-ecdsa-p256", fixture!("signxml-ecdsa-p256.xml"), P256),
    ("signxml-ecdsa-p384", fixture!("signxml-ecdsa-p384.xml"), P384),
    ("xmlsec-assertion", fixture!("xmlsec-assertion.xml"), RSA2048),
    ("xmlsec-both-sha512", fixture!("xmlsec-both-sha512.xml"), RSA2048),
    ("xmlsec-rich-assertion", fixture!("xmlsec-rich-assertion.xml"), RSA2048),
    ("xmlsec-rich-response", fixture!("xmlsec-rich-response.xml"), RSA2048),
    ("xmlsec-rich-both", fixture!("xmlsec-rich-both.xml"), RSA2048),
];

#[test]
fn genuine_responses_of_other_stacks_are_accepted() {
    for (name, xml, pem) in GENUINE {
        let assertion = verify_fixture(xml, pem).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(assertion.name_id().value(), "ana@example.com", "{name}");
        assert_eq!(assertion.attributes().single("ssouserid"), Ok("u-1001"), "{name}");
        assert_eq!(assertion.attributes().single("teamid"), Ok("fraud"), "{name}");
        assert_eq!(assertion.in_response_to(), Some(REQUEST), "{name}");
        assert_eq!(assertion.key_fingerprint(), certificate(pem).fingerprint(), "{name}");
        let signed_by = assertion.signed_by();
        let response = ["response", "both", "p384"].iter().any(|part| name.contains(part));
        let assertion = !["response", "p384"].iter().any(|part| name.contains(part));
        assert_eq!((signed_by.response, signed_by.assertion), (response, assertion), "{name}");
    }
}

#[test]
fn texts_survive_canonicalisation_as_they_were_meant() {
    for (name, xml, pem) in GENUINE.iter().filter(|(name, ..)| name.contains("rich")) {
        let assertion = verify_fixture(xml, pem).unwrap();
        let groups = assertion.attributes().values("groups");
        assert_eq!(groups, ["Zoë's & \"José\" > 😀", "a<b>&c", "line\r\nend"], "{name}");
        let user = assertion.attributes().get("ssouserid").unwrap();
        assert_eq!(user.friendly_name(), Some("User \"id\"\t\n<1>"), "{name}");
        assert_eq!(
            assertion.attributes().single("structured").unwrap_err().code(),
            ReasonCode::AttributeNotText
        );
        assert_eq!(assertion.session_not_on_or_after(), Some(at("2026-11-21T18:00:00Z")));
    }
}

#[test]
fn genuine_responses_are_refused_under_every_other_key() {
    for (name, xml, pem) in GENUINE {
        for other in [RSA2048, P256, P384].iter().filter(|other| *other != pem) {
            let code = verify_fixture(xml, other).unwrap_err().code();
            assert_eq!(code, ReasonCode::SignatureInvalid, "{name}");
        }
    }
}

#[track_caller]
fn weak(xml: &[u8], pem: &[u8], code: ReasonCode) {
    refused(verify_fixture(xml, pem), code);
    let lenient = verifier_with(vec![certificate(pem)]).with_algorithms(AlgorithmPolicy::AllowWeak);
    let assertion = lenient.verify_xml(xml, now(), Some(REQUEST)).unwrap();
    assert_eq!(assertion.name_id().value(), "ana@example.com");
    assert!(assertion.used_weak_algorithms());
}

#[test]
fn sha1_signatures_need_the_weak_switch() {
    weak(fixture!("weak-sha1.xml"), RSA2048, ReasonCode::AlgorithmWeak);
}

#[test]
fn sha1_digests_need_the_weak_switch() {
    weak(fixture!("weak-sha1-digest.xml"), RSA2048, ReasonCode::AlgorithmWeak);
}

#[test]
fn rsa_1024_needs_the_weak_switch() {
    assert_eq!(certificate(RSA1024).kind(), KeyKind::Rsa { bits: 1024 });
    weak(fixture!("weak-rsa1024.xml"), RSA1024, ReasonCode::KeyWeak);
}

#[test]
fn the_weak_switch_does_not_mark_strong_signatures() {
    let (_, xml, pem) = GENUINE[0];
    let lenient = verifier_with(vec![certificate(pem)]).with_algorithms(AlgorithmPolicy::AllowWeak);
    assert!(!lenient.verify_xml(xml, now(), Some(REQUEST)).unwrap().used_weak_algorithms());
}

#[test]
fn a_weak_key_beside_a_strong_one_is_never_tried() {
    let keys = vec![certificate(RSA1024), certificate(RSA2048)];
    let xml = fixture!("weak-rsa1024.xml");
    refused(
        verifier_with(keys).verify_xml(xml, now(), Some(REQUEST)),
        ReasonCode::SignatureInvalid,
    );
}

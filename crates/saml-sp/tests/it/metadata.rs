//! Identity provider metadata.

use std::error::Error as _;

use saml_sp::{IdentityProvider, KeyKind, MetadataError, PinnedKey};

use crate::fixtures::certificate;
use crate::support::*;

const PYSAML2: &str = include_str!("../fixtures/pysaml2-metadata.xml");
const RSA2048: &str = include_str!("../fixtures/rsa2048.crt");
const P256: &str = include_str!("../fixtures/p256.crt");

fn base64(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn key_descriptor(attributes: &str, pem: &str) -> String {
    format!(
        "<KeyDescriptor{attributes}><KeyInfo xmlns=\"{DS}\"><X509Data><X509Certificate>\n {} \n\
         </X509Certificate></X509Data></KeyInfo></KeyDescriptor>",
        base64(pem)
    )
}

fn metadata(keys: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{IDP}\" \
         validUntil=\"2027-01-01T00:00:00Z\"><IDPSSODescriptor \
         protocolSupportEnumeration=\"{SAMLP}\">{keys}<NameIDFormat/>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"https://idp.example/post\"/>\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.example/sso?a=1&amp;b=2\"/></IDPSSODescriptor></EntityDescriptor>"
    )
}

fn read(xml: &str) -> Result<IdentityProvider, MetadataError> {
    IdentityProvider::from_metadata(xml.as_bytes(), None)
}

#[test]
fn metadata_of_another_stack_is_read_and_verifies_its_responses() {
    let idp = read(PYSAML2).unwrap();
    assert_eq!(idp.entity_id, IDP);
    assert_eq!(idp.sso_redirect_url.as_deref(), Some("https://idp.example/sso"));
    assert_eq!(idp.sso_post_url.as_deref(), Some("https://idp.example/sso/post"));
    assert_eq!(idp.keys, [certificate(RSA2048.as_bytes())]);
    let xml = include_bytes!("../fixtures/pysaml2-both.xml");
    let verifier = verifier_with(idp.keys);
    let assertion = verifier.verify_xml(xml, now(), Some(REQUEST)).unwrap();
    assert_eq!(assertion.name_id().value(), "ana@example.com");
}

#[test]
fn signing_keys_are_pinned_and_encryption_keys_are_not() {
    let keys = key_descriptor("", RSA2048)
        + &key_descriptor(" use=\"signing\"", P256)
        + &key_descriptor(" use=\"signing\"", RSA2048);
    let idp = read(&metadata(&keys)).unwrap();
    let kinds: Vec<_> = idp.keys.iter().map(PinnedKey::kind).collect();
    assert_eq!(kinds, [KeyKind::Rsa { bits: 2048 }, KeyKind::P256]);
    assert_eq!(idp.valid_until, Some(at("2027-01-01T00:00:00Z")));
    assert_eq!(idp.sso_redirect_url.as_deref(), Some("https://idp.example/sso?a=1&b=2"));
    assert_eq!(idp.keys[0].not_after(), Some(at("2036-11-18T01:45:04Z")));
    assert_eq!(
        idp.keys[0].fingerprint(),
        "84b0d1b56e45e0d5337937581adb08164edbc86b4f37cc60e6b1426a14596df4"
    );

    let only_encryption = metadata(&key_descriptor(" use=\"encryption\"", RSA2048));
    let error = read(&only_encryption).unwrap_err();
    assert_eq!(error, MetadataError::NoSigningKey { entity_id: IDP.to_owned() });
    assert_eq!(
        error.to_string(),
        "metadata of `https://idp.example/metadata` holds no signing certificate; \
         nothing could be verified"
    );
}

#[test]
fn a_certificate_that_cannot_be_read_fails_the_whole() {
    let broken = key_descriptor("", "AAAA") + &key_descriptor("", RSA2048);
    let error = read(&metadata(&broken)).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "not a DER X.509 certificate");
    let none = "<KeyDescriptor></KeyDescriptor>";
    let count = |count| MetadataError::CertificateCount { entity_id: IDP.to_owned(), count };
    assert_eq!(read(&metadata(none)), Err(count(0)));
    let two = key_descriptor("", RSA2048).replace(
        "</X509Data>",
        &format!("<X509Certificate>{}</X509Certificate></X509Data>", base64(P256)),
    );
    assert_eq!(read(&metadata(&two)), Err(count(2)));
    let garbage = key_descriptor("", "!");
    let encoding = MetadataError::CertificateEncoding { entity_id: IDP.to_owned() };
    assert_eq!(read(&metadata(&garbage)), Err(encoding));
}

#[test]
fn a_list_needs_the_entity_id_when_it_holds_several() {
    let one = metadata(&key_descriptor("", RSA2048));
    let one = one.split_once("?>").unwrap().1.to_owned();
    let other = one.replace(IDP, "https://other.example/");
    let list = format!(
        "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         validUntil=\"2026-12-01T00:00:00Z\">{one}{other}</EntitiesDescriptor>"
    );
    assert_eq!(read(&list), Err(MetadataError::SeveralIdentityProviders { count: 2 }));
    let chosen = IdentityProvider::from_metadata(list.as_bytes(), Some(IDP)).unwrap();
    assert_eq!(chosen.entity_id, IDP);
    assert_eq!(chosen.valid_until, Some(at("2026-12-01T00:00:00Z")));
    let absent = IdentityProvider::from_metadata(list.as_bytes(), Some("urn:x")).unwrap_err();
    assert_eq!(absent.to_string(), "metadata holds no identity provider `urn:x`");
}

/// Anybody in a federation can put anything into the extensions of his own entry.
#[test]
fn an_entity_inside_another_one_is_nobody() {
    let genuine = metadata(&key_descriptor("", RSA2048));
    let genuine = genuine.split_once("?>").unwrap().1;
    let planted = metadata(&key_descriptor("", P256));
    let planted = planted.split_once("?>").unwrap().1;
    let member = planted.replace(IDP, "https://member.example").replace(
        "<IDPSSODescriptor",
        &format!("<Extensions>{planted}</Extensions><IDPSSODescriptor"),
    );
    let list = |entities: &str| {
        let name = "EntitiesDescriptor";
        let xml = format!(
            "<{name} xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\"><{name}>{entities}</{name}></{name}>"
        );
        IdentityProvider::from_metadata(xml.as_bytes(), Some(IDP))
    };
    let both = list(&format!("{member}{genuine}")).unwrap();
    assert_eq!(both.keys, [certificate(RSA2048.as_bytes())]);
    let gone = MetadataError::NoIdentityProvider { entity_id: Some(IDP.to_owned()) };
    assert_eq!(list(&member), Err(gone));
    assert_eq!(read(&member).unwrap().entity_id, "https://member.example");
}

#[test]
fn what_is_no_metadata_is_refused() {
    assert_eq!(read("<a/>"), Err(MetadataError::NotMetadata));
    let html = read("<!DOCTYPE html><html></html>").unwrap_err();
    assert_eq!(html.to_string(), "identity provider metadata is not readable");
    assert!(html.source().unwrap().to_string().contains("xml-doctype"));
    let script =
        metadata(&key_descriptor("", RSA2048)).replace("https://idp.example/post", "javascript:x");
    assert_eq!(
        read(&script),
        Err(MetadataError::SsoUrl { entity_id: IDP.to_owned(), url: "javascript:x".to_owned() })
    );
    let when = metadata(&key_descriptor("", RSA2048)).replace("2027-01-01T00:00:00Z", "tomorrow");
    assert_eq!(read(&when), Err(MetadataError::ValidUntil { entity_id: IDP.to_owned() }));
}

#[test]
fn the_shortest_wish_to_be_fetched_again_counts() {
    let plain = metadata(&key_descriptor("", RSA2048));
    assert_eq!(read(&plain).unwrap().cache_duration, None);
    let with = |entity: &str, role: &str| {
        let xml = plain.replace(" entityID=", &format!(" cacheDuration=\"{entity}\" entityID="));
        let role = format!("<IDPSSODescriptor cacheDuration=\"{role}\" ");
        let duration = read(&xml.replace("<IDPSSODescriptor ", &role)).unwrap().cache_duration;
        duration.map(|duration| duration.as_secs())
    };
    assert_eq!(with("PT6H", "P1D"), Some(6 * 3600));
    assert_eq!(with("P1DT1H", "P30D"), Some(25 * 3600));
    // How long a month is, nobody knows; a wish that cannot be understood is none.
    for wish in ["P1M", "-PT1H", "PT0S", "soon", ""] {
        assert_eq!(with(wish, wish), None, "{wish}");
    }
}

#[test]
fn single_log_out_and_the_wish_for_signed_requests_are_read() {
    let service = |attributes: &str| format!("<SingleLogoutService {attributes}/><NameIDFormat/>");
    let with = |attributes: &str| {
        metadata(&key_descriptor("", RSA2048))
            .replace("<NameIDFormat/>", &service(attributes))
            .replace("<IDPSSODescriptor ", "<IDPSSODescriptor WantAuthnRequestsSigned=\"true\" ")
    };
    let bindings = "urn:oasis:names:tc:SAML:2.0:bindings";
    let redirect = format!(
        "Binding=\"{bindings}:HTTP-Redirect\" Location=\"https://idp.example/slo\" \
         ResponseLocation=\"https://idp.example/slo/done\""
    );
    let idp = read(&with(&redirect)).unwrap();
    assert_eq!(idp.slo_redirect_url.as_deref(), Some("https://idp.example/slo"));
    assert_eq!(idp.slo_response_url.as_deref(), Some("https://idp.example/slo/done"));
    assert_eq!(idp.slo_post_url, None);
    assert!(idp.wants_signed_requests);

    let post =
        format!("Binding=\"{bindings}:HTTP-POST\" Location=\"https://idp.example/slo/post\"");
    let idp = read(&with(&post)).unwrap();
    assert_eq!(idp.slo_post_url.as_deref(), Some("https://idp.example/slo/post"));
    assert_eq!((idp.slo_redirect_url, idp.slo_response_url), (None, None));

    let soap = format!("Binding=\"{bindings}:SOAP\" Location=\"urn:not-for-browsers\"");
    assert_eq!(read(&with(&soap)).unwrap().slo_redirect_url, None);
    let script = redirect.replace("https://idp.example/slo/done", "javascript:x");
    let error = MetadataError::SloUrl { entity_id: IDP.to_owned(), url: "javascript:x".to_owned() };
    assert_eq!(read(&with(&script)), Err(error));

    let idp = read(&metadata(&key_descriptor("", RSA2048))).unwrap();
    assert!(!idp.wants_signed_requests);
    assert_eq!((idp.slo_redirect_url, idp.slo_post_url), (None, None));
}

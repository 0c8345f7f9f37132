//! What it issues is accepted, and what it is told to get wrong is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use demo_idp::{DemoIdp, DemoResponse, Signing};
use jiff::SignedDuration;
use saml_sp::{ReasonCode, SignedBy};

use crate::support::*;

fn code(idp: &DemoIdp, response: &DemoResponse<'_>) -> ReasonCode {
    let form = idp.issue_response(response).unwrap();
    verifier().verify_form(&form, now(), Some("_request1")).unwrap_err().code()
}

#[test]
fn right_responses_are_accepted_however_they_are_signed() {
    let idp = idp();
    for (signing, signed_by) in [
        (Signing::Assertion, SignedBy { response: false, assertion: true }),
        (Signing::Response, SignedBy { response: true, assertion: false }),
        (Signing::Both, SignedBy { response: true, assertion: true }),
    ] {
        let form = idp.issue_response(&DemoResponse { signing, ..right(&idp) }).unwrap();
        let assertion = verifier().verify_form(&form, now(), Some("_request1")).unwrap();
        assert_eq!(assertion.signed_by(), signed_by);
        assert_eq!(assertion.issuer(), "http://127.0.0.1:4801/metadata");
        assert_eq!(assertion.name_id().value(), "ana@example.com");
        let attributes = assertion.attributes();
        assert_eq!(attributes.single("ssouserid"), Ok("u-1001"));
        assert_eq!(attributes.single("teamid"), Ok("fraud"));
        assert_eq!(attributes.single("username"), Ok("ana"));
        assert_eq!(attributes.single("displayname"), Ok("Ana <Ruiz> & Söhne"));
        assert_eq!(assertion.assertion_id(), "_assertion1");
    }
}

#[test]
fn wrong_responses_are_refused_for_their_own_reason() {
    let idp = idp();
    let earlier = now().checked_sub(SignedDuration::from_mins(10)).unwrap();
    let later = now().checked_add(SignedDuration::from_mins(10)).unwrap();
    for (response, expected) in [
        (DemoResponse { signing: Signing::Nothing, ..right(&idp) }, ReasonCode::SignatureMissing),
        (DemoResponse { issued_at: earlier, ..right(&idp) }, ReasonCode::Expired),
        (DemoResponse { issued_at: later, ..right(&idp) }, ReasonCode::NotYetValid),
        (DemoResponse { audience: "urn:other", ..right(&idp) }, ReasonCode::AudienceMismatch),
        (DemoResponse { acs_url: "http://x/", ..right(&idp) }, ReasonCode::DestinationMismatch),
        (
            DemoResponse { in_response_to: Some("_2"), ..right(&idp) },
            ReasonCode::InResponseToMismatch,
        ),
        (DemoResponse { in_response_to: None, ..right(&idp) }, ReasonCode::InResponseToMissing),
    ] {
        assert_eq!(code(&idp, &response), expected, "{response:?}");
    }
}

#[test]
fn a_second_instance_is_a_forger() {
    let forger = make();
    assert_eq!(forger.entity_id(), idp().entity_id());
    assert_eq!(code(&forger, &right(&forger)), ReasonCode::SignatureInvalid);
}

#[test]
fn a_tampered_response_is_refused() {
    let form = idp().issue_response(&right(&idp())).unwrap();
    let xml = String::from_utf8(STANDARD.decode(form).unwrap()).unwrap();
    let tampered = xml.replace("ana@example.com", "bo@example.com");
    assert_ne!(tampered, xml);
    let result = verifier().verify_xml(tampered.as_bytes(), now(), Some("_request1"));
    assert_eq!(result.unwrap_err().code(), ReasonCode::DigestMismatch);
}

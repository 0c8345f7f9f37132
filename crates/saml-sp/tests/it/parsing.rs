//! Bytes that are refused before any signature is looked at, and texts that stay whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml_sp::{MAX_RESPONSE_BYTES, ReasonCode, Rejection, UnverifiedResponse, VerifiedAssertion};

use crate::support::*;

fn good() -> String {
    Document::default().signed_both()
}

fn verify_form(value: &str) -> Result<VerifiedAssertion, Rejection> {
    verifier().verify_form(value, now(), Some(REQUEST))
}

#[test]
fn truncated_and_garbage_base64_is_refused() {
    let form = STANDARD.encode(good());
    refused(verify_form(&form[..form.len() / 8 * 4]), ReasonCode::XmlMalformed);
    refused(verify_form(&form[..form.len() / 4 * 4 - 3]), ReasonCode::Base64Malformed);
    refused(verify_form(&form.replace('P', "%50")), ReasonCode::Base64Malformed);
    refused(verify_form("-_-_"), ReasonCode::Base64Malformed);
    refused(verify_form(""), ReasonCode::XmlMalformed);
    refused(verify_form(&STANDARD.encode([0xff, 0xfe])), ReasonCode::NotUtf8);
}

#[test]
fn oversize_is_refused_before_decoding_and_after() {
    let padding = " ".repeat(MAX_RESPONSE_BYTES);
    refused(verify(&(good() + &padding)), ReasonCode::TooLarge);
    refused(verify_form(&STANDARD.encode(good() + &padding)), ReasonCode::TooLarge);
    refused(verify_form(&"A".repeat(MAX_RESPONSE_BYTES * 2)), ReasonCode::TooLarge);
    let xml = good();
    let fill = " ".repeat(MAX_RESPONSE_BYTES - xml.len());
    let largest = STANDARD.encode(xml + &fill);
    assert_eq!(verify_form(&largest).unwrap().assertion_id(), "_assertion1");
}

#[test]
fn line_ends_changed_on_the_way_are_the_same_text() {
    let value = "a\n\u{e9}\nb";
    let statements = format!(
        "{AUTHN}<saml:AttributeStatement>{}</saml:AttributeStatement>",
        attribute("text", &[value])
    );
    let xml = Document { statements, ..Document::default() }.signed_both();
    for sent in ["a\r\n\u{e9}\r\nb", "a\r&#xe9;\rb", "a\r\n&#233;&#10;b"] {
        let result = verify(&xml.replace(value, sent)).unwrap();
        assert_eq!(result.attributes().single("text"), Ok(value), "{sent:?}");
    }
    refused(verify(&xml.replace(value, "a&#13;\n\u{e9}\nb")), ReasonCode::DigestMismatch);
}

#[test]
fn other_roots_are_refused() {
    refused(verify(&Document::default().assertion()), ReasonCode::NotAResponse);
    refused(verify("<a/>"), ReasonCode::NotAResponse);
    refused(verify("{}"), ReasonCode::XmlMalformed);
    let code = |xml: &str| UnverifiedResponse::peek_xml(xml.as_bytes()).unwrap_err().code();
    assert_eq!(code("<a/>"), ReasonCode::NotAResponse);
    assert_eq!(code("<!DOCTYPE a><a/>"), ReasonCode::XmlDoctype);
}

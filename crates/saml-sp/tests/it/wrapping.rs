//! Signature wrapping: a genuine signature, and another assertion beside it.
//!
//! XSW1 to XSW8 as in "On Breaking SAML" (Somorovsky et al., 2012) and the tools built on it.

use saml_sp::ReasonCode;

use crate::support::*;

/// The pieces an attacker has: a genuine signature, what it signs, and a forged copy.
struct Loot {
    signature: String,
    /// The genuine element without its signature.
    original: String,
    /// The genuine element with its signature.
    signed: String,
}

fn take(xml: &str, open: &str, close: &str) -> Loot {
    let signed = between(xml, open, close);
    let signature = between(signed, "<ds:Signature ", "</ds:Signature>").to_owned();
    Loot { original: signed.replace(&signature, ""), signed: signed.to_owned(), signature }
}

fn between<'x>(xml: &'x str, open: &str, close: &str) -> &'x str {
    &xml[xml.find(open).unwrap()..xml.rfind(close).unwrap() + close.len()]
}

fn response_loot() -> Loot {
    take(&Document::default().signed_response(), "<samlp:Response", "</samlp:Response>")
}

fn assertion_loot() -> Loot {
    take(&Document::default().signed_assertion(), "<saml:Assertion", "</saml:Assertion>")
}

/// An assertion for somebody else, under a new ID.
fn evil_assertion(signature: &str) -> String {
    let assertion =
        Document { assertion_id: "_evil".to_owned(), ..Document::default() }.assertion();
    assertion.replace("ana@example.com", "mallory@example.com").replacen(
        "</saml:Issuer>",
        &format!("</saml:Issuer>{signature}"),
        1,
    )
}

fn evil_response(before_issuer: &str, inside: &str) -> String {
    let document = Document { response_id: "_evil".to_owned(), ..Document::default() };
    document.response(inside).replacen("<saml:Issuer", &format!("{before_issuer}<saml:Issuer"), 1)
}

fn put_inside(signature: &str, what: &str) -> String {
    signature.replace("</ds:Signature>", &format!("{what}</ds:Signature>"))
}

/// The evil assertion of a forged response, whose ID must differ from that of the response.
fn evil_claims() -> String {
    evil_assertion("").replace("\"_evil\"", "\"_evil2\"")
}

#[test]
fn xsw1_original_response_inside_the_moved_signature() {
    let loot = response_loot();
    let signature = put_inside(&loot.signature, &loot.original);
    let xml = evil_response("", &format!("{signature}{}", evil_claims()));
    refused(verify(&xml), ReasonCode::AssertionMultiple);
}

#[test]
fn xsw2_original_response_before_the_moved_signature() {
    let loot = response_loot();
    let xml = evil_response(&loot.original, &format!("{}{}", loot.signature, evil_claims()));
    refused(verify(&xml), ReasonCode::AssertionMultiple);
}

#[test]
fn xsw3_evil_assertion_before_the_original() {
    let inside = format!("{}{}", evil_assertion(""), assertion_loot().signed);
    refused(verify(&Document::default().response(&inside)), ReasonCode::AssertionMultiple);
}

#[test]
fn xsw4_original_assertion_inside_the_evil_one() {
    let evil = evil_assertion("");
    let inside =
        evil.replace("</saml:Assertion>", &(assertion_loot().signed + "</saml:Assertion>"));
    refused(verify(&Document::default().response(&inside)), ReasonCode::AssertionMultiple);
}

#[test]
fn xsw5_original_assertion_after_the_evil_one_that_took_its_signature() {
    let loot = assertion_loot();
    let inside = format!("{}{}", evil_assertion(&loot.signature), loot.original);
    refused(verify(&Document::default().response(&inside)), ReasonCode::AssertionMultiple);
}

#[test]
fn xsw6_original_assertion_inside_the_signature_of_the_evil_one() {
    let loot = assertion_loot();
    let inside = evil_assertion(&put_inside(&loot.signature, &loot.original));
    refused(verify(&Document::default().response(&inside)), ReasonCode::AssertionMultiple);
}

#[test]
fn xsw7_evil_assertion_inside_extensions() {
    let extensions = format!("<samlp:Extensions>{}</samlp:Extensions>", evil_assertion(""));
    let inside = extensions + &assertion_loot().signed;
    refused(verify(&Document::default().response(&inside)), ReasonCode::AssertionMultiple);
}

#[test]
fn xsw8_original_assertion_inside_an_object_of_the_signature() {
    let loot = assertion_loot();
    let object = format!("<ds:Object>{}</ds:Object>", loot.original);
    let inside = evil_assertion(&put_inside(&loot.signature, &object));
    refused(verify(&Document::default().response(&inside)), ReasonCode::AssertionMultiple);
}

#[test]
fn two_genuine_assertions_are_refused() {
    let first = assertion_loot().signed;
    let other = Document { assertion_id: "_assertion2".to_owned(), ..Document::default() };
    let second = Signature::default().envelop(&other.assertion(), "_assertion2");
    let xml = Document::default().response(&(first + &second));
    refused(verify(&xml), ReasonCode::AssertionMultiple);
}

#[test]
fn the_only_assertion_inside_extensions_or_a_signature_is_refused() {
    let loot = assertion_loot();
    let extensions = format!("<samlp:Extensions>{}</samlp:Extensions>", loot.signed);
    refused(verify(&Document::default().response(&extensions)), ReasonCode::AssertionMisplaced);
    let object = put_inside(&loot.signature, &format!("<ds:Object>{}</ds:Object>", loot.original));
    refused(verify(&Document::default().response(&object)), ReasonCode::AssertionMisplaced);
}

#[test]
fn a_signature_taken_to_another_assertion_is_refused() {
    let signature = assertion_loot().signature;
    let xml = Document::default().response(&evil_assertion(&signature));
    refused(verify(&xml), ReasonCode::ReferenceMismatch);
    let same_id = xml.replace("\"_evil\"", "\"_assertion1\"");
    refused(verify(&same_id), ReasonCode::DigestMismatch);
}

#[test]
fn a_nested_response_is_refused() {
    let nested = format!("<samlp:Response xmlns:samlp=\"{SAMLP}\"></samlp:Response>");
    let inside = nested + &assertion_loot().signed;
    refused(verify(&Document::default().response(&inside)), ReasonCode::StructureUnexpected);
}

#[test]
fn duplicate_ids_are_refused_in_every_spelling() {
    let document = Document::default();
    let same = Document { response_id: "_assertion1".to_owned(), ..document.clone() };
    refused(verify(&same.signed_assertion()), ReasonCode::DuplicateId);
    let xml = document.signed_assertion();
    for spelling in ["Id", "id", "iD", "xml:id", "ID"] {
        let from = "<samlp:StatusCode ";
        let doubled = xml.replace(from, &format!("{from}{spelling}=\"_assertion1\" "));
        refused(verify(&doubled), ReasonCode::DuplicateId);
    }
    let two_on_one = xml.replace("<saml:Assertion ", "<saml:Assertion Id=\"_other\" ");
    refused(verify(&two_on_one), ReasonCode::DuplicateId);
}

#[test]
fn advice_and_encrypted_parts_are_refused_with_their_own_codes() {
    let conditions = Document::default().conditions + "<saml:Advice></saml:Advice>";
    let advice = Document { conditions, ..Document::default() };
    refused(verify(&advice.signed_both()), ReasonCode::AdviceRefused);
    let encrypted =
        format!("<saml:EncryptedAssertion xmlns:saml=\"{SAML}\"></saml:EncryptedAssertion>");
    refused(
        verify(&Document::default().response(&encrypted)),
        ReasonCode::EncryptedAssertionUnsupported,
    );
    let subject = subject("<saml:EncryptedID></saml:EncryptedID>", BEARER, &confirmation_data());
    let encrypted_id = Document { subject, ..Document::default() };
    refused(verify(&encrypted_id.signed_both()), ReasonCode::EncryptedAssertionUnsupported);
}

#[test]
fn other_namespaces_are_other_elements() {
    let xml = Document::default().signed_assertion();
    let spoofed_response = xml.replace(SAMLP, "urn:oasis:names:tc:SAML:1.1:protocol");
    refused(verify(&spoofed_response), ReasonCode::NotAResponse);
    let spoofed_assertion = xml.replace(SAML, "urn:example:assertion");
    refused(verify(&spoofed_assertion), ReasonCode::AssertionMissing);
    let spoofed_signature = xml.replace(DS, "urn:example:signature");
    refused(verify(&spoofed_signature), ReasonCode::StructureUnexpected);
}

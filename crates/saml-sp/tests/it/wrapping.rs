//! Signature wrapping: a genuine signature, and another assertion beside it.
//!
//! XSW1 to XSW8 as in "On Breaking SAML" (Somorovsky et al., 2012) and the tools built on it.

use saml_sp::ReasonCode;

use crate::support::*;

#[test]
fn advice_and_encrypted_parts_are_refused_with_their_own_codes() {
    let conditions = Document::default().conditions + "<saml:Advice></saml:Advice>";
    let advice = Document { conditions, ..Document::default() };
    refused(verify(&advice.signed_both()), ReasonCode::AdviceRefused);
    let encrypted =
        format!("<saml:EncryptedAssertion xmlns:saml=\"{SAML}\"></saml:EncryptedAssertion>");
    refused(verify(&Document::default().response(&encrypted)), ReasonCode::EncryptionMalformed);
    let subject = subject("<saml:EncryptedID></saml:EncryptedID>", BEARER, &confirmation_data());
    let encrypted_id = Document { subject, ..Document::default() };
    refused(verify(&encrypted_id.signed_both()), ReasonCode::EncryptedIdUnsupported);
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

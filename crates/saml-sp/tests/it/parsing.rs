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
fn a_doctype_is_refused() {
    for doctype in [
        "<!DOCTYPE Response>",
        "<!DOCTYPE r [<!ENTITY a \"ana\">]>",
        "<!DOCTYPE r SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE r [<!ATTLIST saml:Assertion ID ID #IMPLIED>]>",
    ] {
        refused(verify(&format!("{doctype}{}", good())), ReasonCode::XmlDoctype);
    }
    refused(verify(&good().replace("ana@", "&ana;@")), ReasonCode::XmlMalformed);
}

#[test]
fn a_processing_instruction_is_refused() {
    refused(verify(&format!("<?x y?>{}", good())), ReasonCode::XmlProcessingInstruction);
    let split = good().replace("ana@example.com", "ana@example.com<?x?>.evil.example");
    refused(verify(&split), ReasonCode::XmlProcessingInstruction);
}

#[test]
fn a_comment_inside_the_name_leaves_the_whole_name() {
    let whole = "<saml:NameID>ana@example.com.evil.example</saml:NameID>";
    let subject = subject(whole, BEARER, &confirmation_data());
    for xml in [
        Document { subject: subject.clone(), ..Document::default() }.signed_assertion(),
        Document { subject, ..Document::default() }.signed_response(),
    ] {
        let split = xml.replace("ana@example.com.", "ana@example.com<!-- -->.");
        assert_ne!(split, xml);
        assert_eq!(verify(&split).unwrap().name_id().value(), "ana@example.com.evil.example");
        let cdata = xml.replace("ana@example.com.", "ana@<![CDATA[example]]>.com.");
        assert_eq!(verify(&cdata).unwrap().name_id().value(), "ana@example.com.evil.example");
    }
}

#[test]
fn a_comment_inside_an_attribute_value_leaves_the_whole_value() {
    let split = good().replace("u-1001", "u-<!--x-->1001");
    assert_eq!(verify(&split).unwrap().attributes().single("ssouserid"), Ok("u-1001"));
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
fn trailing_bytes_and_second_roots_are_refused() {
    refused(verify(&(good() + "x")), ReasonCode::XmlMalformed);
    refused(verify(&(good() + "\0")), ReasonCode::XmlMalformed);
    refused(verify(&(good() + &good())), ReasonCode::XmlMalformed);
    refused(verify(&(good() + "<a/>")), ReasonCode::XmlMalformed);
    refused(verify(&format!("x{}", good())), ReasonCode::XmlMalformed);
}

#[test]
fn deep_nesting_is_refused() {
    let nest = format!("{}{}", "<x>".repeat(70), "</x>".repeat(70));
    let statements = format!(
        "{AUTHN}<saml:AttributeStatement>{}</saml:AttributeStatement>",
        attribute("a", &[&nest])
    );
    let xml = Document { statements, ..Document::default() }.signed_both();
    refused(verify(&xml), ReasonCode::XmlTooDeep);
}

#[test]
fn many_attributes_are_refused_cheaply() {
    let many =
        |count: usize| (0..count).map(|i| format!(" a{i}=\"\"")).collect::<Vec<_>>().concat();
    let one = good().replace("<saml:Subject>", &format!("<saml:Subject{}>", many(33)));
    refused(verify(&one), ReasonCode::XmlTooManyAttributes);
    let spread = format!("<x{}></x>", many(30)).repeat(140);
    let all = good().replace("</saml:Subject>", &format!("{spread}</saml:Subject>"));
    refused(verify(&all), ReasonCode::XmlTooManyAttributes);
}

#[test]
fn many_namespaces_are_refused() {
    let nest: Vec<_> =
        (0..60).map(|i| format!("<x xmlns:a{i}=\"u:{i}\" xmlns:b{i}=\"u:{i}\">")).collect();
    let nest = nest.concat() + &"</x>".repeat(60);
    let xml = good().replace("</saml:Subject>", &format!("{nest}</saml:Subject>"));
    refused(verify(&xml), ReasonCode::XmlTooManyNamespaces);
}

#[test]
fn many_elements_are_refused() {
    let xml = good().replace("</saml:Subject>", &("<x/>".repeat(4_100) + "</saml:Subject>"));
    refused(verify(&xml), ReasonCode::XmlTooManyElements);
}

#[test]
fn a_relative_namespace_is_refused() {
    for name in ["relative", "./x", "#x", "1:x", ":"] {
        let value = format!("<x xmlns=\"{name}\"></x>");
        let statements = format!(
            "{AUTHN}<saml:AttributeStatement>{}</saml:AttributeStatement>",
            attribute("a", &[&value])
        );
        let xml = Document { statements, ..Document::default() }.signed_both();
        refused(verify(&xml), ReasonCode::XmlRelativeNamespace);
    }
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

//! What a good response proves.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use saml_sp::{Check, CheckState, ReasonCode, SignedBy, Unsolicited, UnverifiedResponse};

use crate::support::*;

#[test]
fn response_signed_assertion_signed_and_both_are_accepted() {
    let document = Document::default();
    for (xml, signed_by) in [
        (document.signed_assertion(), SignedBy { response: false, assertion: true }),
        (document.signed_response(), SignedBy { response: true, assertion: false }),
        (document.signed_both(), SignedBy { response: true, assertion: true }),
    ] {
        let assertion = verify(&xml).unwrap();
        assert_eq!(assertion.signed_by(), signed_by);
        assert_eq!(assertion.assertion_id(), "_assertion1");
        assert_eq!(assertion.issuer(), IDP);
        assert_eq!(assertion.name_id().value(), "ana@example.com");
        assert_eq!(
            assertion.name_id().format(),
            Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
        );
        assert_eq!(assertion.attributes().single("ssouserid"), Ok("u-1001"));
        assert_eq!(assertion.attributes().single("teamid"), Ok("fraud"));
        assert_eq!(assertion.in_response_to(), Some(REQUEST));
        assert_eq!(assertion.authn_instant(), at("2026-11-21T09:58:00Z"));
        assert_eq!(assertion.session_index(), Some("_session1"));
        assert_eq!(assertion.session_not_on_or_after(), None);
        assert_eq!(assertion.replay_until(), at("2026-11-21T10:06:00Z"));
        assert_eq!(assertion.key_fingerprint(), pinned(key()).fingerprint());
        assert!(!assertion.used_weak_algorithms());
        let passed = assertion.outcomes().iter().filter(|o| o.state == CheckState::Passed).count();
        assert_eq!(passed, Check::ALL.len() - 2, "all but the attributes and decryption");
    }
}

#[test]
fn the_form_value_may_be_wrapped_or_unpadded() {
    let mut xml = Document::default().signed_assertion();
    while xml.len() % 3 == 0 {
        xml.push('\n');
    }
    let padded = STANDARD.encode(&xml);
    let wrapped = padded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap());
    let wrapped = wrapped.collect::<Vec<_>>().join("\r\n");
    for value in [padded, wrapped, STANDARD_NO_PAD.encode(&xml)] {
        let assertion = verifier().verify_form(&value, now(), Some(REQUEST)).unwrap();
        assert_eq!(assertion.assertion_id(), "_assertion1");
        let peek = UnverifiedResponse::peek_form(&value).unwrap();
        assert_eq!((peek.issuer(), peek.in_response_to()), (Some(IDP), Some(REQUEST)));
    }
}

#[test]
fn any_of_several_pinned_keys_verifies_during_a_roll_over() {
    let keys = vec![pinned(other_key()), pinned(key())];
    let xml = Document::default().signed_assertion();
    let assertion = verifier_with(keys).verify_xml(xml.as_bytes(), now(), Some(REQUEST)).unwrap();
    assert_eq!(assertion.key_fingerprint(), pinned(key()).fingerprint());
}

#[test]
fn ids_that_start_with_a_digit_are_accepted_from_others() {
    let assertion_id = "7f3a".to_owned();
    let xml = Document { assertion_id, ..Document::default() }.signed_both();
    assert_eq!(verify(&xml).unwrap().assertion_id(), "7f3a");
}

#[test]
fn unsolicited_responses_are_accepted_where_allowed() {
    let data = confirmation_data_with(&format!(
        "NotOnOrAfter=\"2026-11-21T10:05:00Z\" Recipient=\"{ACS}\""
    ));
    let document = Document {
        response_in_response_to: None,
        subject: subject(NAME_ID, BEARER, &data),
        ..Document::default()
    };
    let verifier = verifier().with_unsolicited(Unsolicited::Allow);
    for xml in [document.signed_assertion(), document.signed_response()] {
        let assertion = verifier.verify_xml(xml.as_bytes(), now(), None).unwrap();
        assert_eq!(assertion.in_response_to(), None);
        assert_eq!(UnverifiedResponse::peek_xml(xml.as_bytes()).unwrap().in_response_to(), None);
    }
}

#[test]
fn debug_output_holds_nothing_of_the_person() {
    let assertion = verify(&Document::default().signed_both()).unwrap();
    let shown = format!("{assertion:?} {:?} {:?}", assertion.name_id(), assertion.attributes());
    assert!(shown.contains("VerifiedAssertion"));
    for secret in ["ana", "u-1001", "fraud", "_assertion1", "_session1"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let attribute = assertion.attributes().get("teamid").unwrap();
    assert_eq!(format!("{attribute:?}"), "Attribute { values: 1, .. }");
}

#[test]
fn single_refuses_attributes_that_are_missing_empty_several_or_structured() {
    let split = attribute("split", &["a"]) + &attribute("split", &["b"]);
    let attributes = [
        attribute("several", &["a", "b"]),
        split,
        attribute("none", &[]),
        attribute("empty", &[""]),
        attribute("blank", &[" \n"]),
        attribute("tree", &["<saml:NameID>x</saml:NameID>"]),
        attribute("padded", &[" x "]),
    ];
    let statements = format!(
        "<saml:AttributeStatement>{}</saml:AttributeStatement>{AUTHN}",
        attributes.concat()
    );
    let assertion = verify(&Document { statements, ..Document::default() }.signed_both()).unwrap();
    let attributes = assertion.attributes();
    let code = |name| attributes.single(name).map_err(|rejection| rejection.code());
    assert_eq!(code("several"), Err(ReasonCode::AttributeMultiple));
    assert_eq!(code("split"), Err(ReasonCode::AttributeMultiple));
    assert_eq!(attributes.values("split"), ["a", "b"]);
    assert_eq!(code("none"), Err(ReasonCode::AttributeMissing));
    assert_eq!(code("empty"), Err(ReasonCode::AttributeMissing));
    assert_eq!(code("blank"), Err(ReasonCode::AttributeMissing));
    assert_eq!(code("absent"), Err(ReasonCode::AttributeMissing));
    assert_eq!(code("tree"), Err(ReasonCode::AttributeNotText));
    assert_eq!(code("padded"), Ok(" x "));
    let names: Vec<_> = attributes.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["blank", "empty", "none", "padded", "several", "split", "tree"]);
    let rejection = attributes.single("absent").unwrap_err();
    assert_eq!(rejection.detail(), "attribute `absent` is missing or empty");
}

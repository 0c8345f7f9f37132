//! Signatures that must not count: absent, foreign, or outside the fixed grammar.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml_sp::ReasonCode;

use crate::support::*;

fn signed_by(signature: &Signature<'_>) -> String {
    Document::default().signed_assertion_by(signature)
}

#[test]
fn unsigned_is_refused() {
    refused(verify(&Document::default().unsigned()), ReasonCode::SignatureMissing);
}

#[test]
fn a_wrong_key_is_refused() {
    let signature = Signature { key: other_key(), ..Signature::default() };
    refused(verify(&signed_by(&signature)), ReasonCode::SignatureInvalid);
}

#[test]
fn an_identity_provider_without_keys_is_refused() {
    let xml = Document::default().signed_assertion();
    let result = verifier_with(Vec::new()).verify_xml(xml.as_bytes(), now(), Some(REQUEST));
    refused(result, ReasonCode::KeysMissing);
}

#[test]
fn key_info_with_the_attackers_key_is_ignored() {
    let modulus = STANDARD.encode(b"attacker");
    let after_value = format!(
        "<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>\
         <ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>"
    );
    let forged =
        Signature { key: other_key(), after_value: after_value.clone(), ..Signature::default() };
    refused(verify(&signed_by(&forged)), ReasonCode::SignatureInvalid);
    let genuine = Signature { after_value, ..Signature::default() };
    assert_eq!(verify(&signed_by(&genuine)).unwrap().name_id().value(), "ana@example.com");
}

#[test]
fn a_tampered_subject_is_refused() {
    let document = Document::default();
    for xml in [document.signed_assertion(), document.signed_response(), document.signed_both()] {
        let tampered = xml.replace("ana@example.com", "mallory@example.com");
        assert_ne!(tampered, xml);
        refused(verify(&tampered), ReasonCode::DigestMismatch);
    }
}

#[test]
fn one_bad_signature_of_two_is_refused() {
    let document = Document::default();
    let outer_forged = Signature { key: other_key(), ..Signature::default() }
        .envelop(&document.signed_assertion(), "_response1");
    refused(verify(&outer_forged), ReasonCode::SignatureInvalid);
    let forged = Signature { key: other_key(), ..Signature::default() };
    let inner_forged =
        Signature::default().envelop(&document.signed_assertion_by(&forged), "_response1");
    refused(verify(&inner_forged), ReasonCode::SignatureInvalid);
}

#[test]
fn a_tampered_signed_info_is_refused() {
    let xml = Document::default().signed_assertion();
    let tampered = xml.replace("<ds:SignedInfo>", "<ds:SignedInfo Id=\"x\">");
    refused(verify(&tampered), ReasonCode::SignatureInvalid);
}

#[test]
fn hmac_with_the_public_key_as_secret_is_refused() {
    let hmac_method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    let signature = Signature {
        method: format!("<ds:SignatureMethod Algorithm=\"{hmac_method}\"></ds:SignatureMethod>"),
        ..Signature::default()
    };
    let xml = signed_by(&signature);
    let (start, end) =
        (xml.find("<ds:SignedInfo>").unwrap(), xml.find("<ds:SignatureValue>").unwrap());
    let canonical = xml[start..end].replacen(
        "<ds:SignedInfo>",
        &format!("<ds:SignedInfo xmlns:ds=\"{DS}\">"),
        1,
    );
    let secret = hmac::Key::new(hmac::HMAC_SHA256, b"public key");
    let value = STANDARD.encode(hmac::sign(&secret, canonical.as_bytes()));
    let value_start = end + "<ds:SignatureValue>".len();
    let value_end = xml.find("</ds:SignatureValue>").unwrap();
    let forged = format!("{}{value}{}", &xml[..value_start], &xml[value_end..]);
    refused(verify(&forged), ReasonCode::AlgorithmRefused);
}

#[test]
fn a_truncated_hmac_length_is_refused() {
    let signature = Signature {
        method: format!(
            "<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"><ds:HMACOutputLength>0\
             </ds:HMACOutputLength></ds:SignatureMethod>"
        ),
        ..Signature::default()
    };
    refused(verify(&signed_by(&signature)), ReasonCode::SignatureMalformed);
}

#[test]
fn unknown_algorithms_are_refused() {
    let digest_method = "http://www.w3.org/2001/04/xmldsig-more#md5".to_owned();
    let signature = Signature { digest_method, ..Signature::default() };
    refused(verify(&signed_by(&signature)), ReasonCode::AlgorithmRefused);
    for canonicalization in [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ] {
        let canonicalization = canonicalization.to_owned();
        let signature = Signature { canonicalization, ..Signature::default() };
        refused(verify(&signed_by(&signature)), ReasonCode::AlgorithmRefused);
    }
}

#[test]
fn other_transforms_are_refused() {
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
                 <ds:XPath>not(ancestor-or-self::saml:Subject)</ds:XPath></ds:Transform>";
    let xslt = transform("http://www.w3.org/TR/1999/REC-xslt-19991116");
    let (enveloped, c14n) = (transform(ENVELOPED), transform(C14N));
    let with_comments = transform("http://www.w3.org/2001/10/xml-exc-c14n#WithComments");
    for transforms in [
        format!("{enveloped}{xpath}{c14n}"),
        format!("{enveloped}{c14n}{xpath}"),
        format!("{enveloped}{xslt}{c14n}"),
        format!("{enveloped}{xslt}"),
        format!("{enveloped}{with_comments}"),
        format!("{c14n}{enveloped}"),
        format!("{enveloped}{enveloped}"),
        enveloped.clone(),
        c14n.clone(),
        String::new(),
    ] {
        let signature = Signature { transforms: transforms.clone(), ..Signature::default() };
        let result = verify(&signed_by(&signature));
        assert_eq!(result.unwrap_err().code(), ReasonCode::TransformsRefused, "{transforms}");
    }
}

#[test]
fn two_references_are_refused() {
    let after_reference = Signature::default().reference("_response1", "AAAA");
    let signature = Signature { after_reference, ..Signature::default() };
    refused(verify(&signed_by(&signature)), ReasonCode::ReferenceCount);
}

#[test]
fn a_reference_to_anything_but_the_parent_is_refused() {
    for uri in [
        "",
        "#",
        "#_response1",
        "#xpointer(id('_assertion1'))",
        "_assertion1",
        "https://evil.example/x",
    ] {
        let signature = Signature { uri: Some(uri.to_owned()), ..Signature::default() };
        let result = verify(&signed_by(&signature));
        assert_eq!(result.unwrap_err().code(), ReasonCode::ReferenceMismatch, "{uri}");
    }
}

#[test]
fn two_signed_infos_are_refused() {
    let xml = Document::default().signed_assertion();
    let (start, end) =
        (xml.find("<ds:SignedInfo>").unwrap(), xml.find("<ds:SignatureValue>").unwrap());
    let info = &xml[start..end];
    let evil = info
        .replace("DigestValue>", "DigestValue>AAAA")
        .replace("</ds:DigestValue>AAAA", "</ds:DigestValue>");
    for twice in [format!("{evil}{info}"), format!("{info}{evil}")] {
        refused(verify(&xml.replace(info, &twice)), ReasonCode::SignatureMalformed);
    }
}

#[test]
fn a_comment_inside_a_signature_is_refused() {
    let xml = Document::default().signed_assertion();
    for place in ["<ds:DigestValue>", "<ds:SignatureValue>", "<ds:SignedInfo>"] {
        let commented = xml.replace(place, &format!("{place}<!--x-->"));
        refused(verify(&commented), ReasonCode::SignatureMalformed);
    }
}

#[test]
fn objects_text_and_unknown_attributes_in_a_signature_are_refused() {
    let xml = Document::default().signed_assertion();
    for (from, to) in [
        ("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>"),
        ("</ds:Signature>", "text</ds:Signature>"),
        ("<ds:SignatureValue>", "<ds:SignatureValue x=\"\">"),
        ("<ds:Transforms>", "<ds:Transforms><![CDATA[x]]>"),
        ("<ds:DigestValue>", "<ds:DigestValue>!"),
    ] {
        refused(verify(&xml.replace(from, to)), ReasonCode::SignatureMalformed);
    }
}

#[test]
fn two_signatures_on_one_element_are_refused() {
    let document = Document::default();
    let signature = Signature::default().sign(&document.assertion(), "_assertion1");
    let xml = document.signed_assertion();
    let doubled = xml.replace("</saml:Assertion>", &format!("{signature}</saml:Assertion>"));
    refused(verify(&doubled), ReasonCode::SignatureMultiple);
}

#[test]
fn a_signature_anywhere_else_is_refused() {
    let document = Document::default();
    let signature = Signature::default().sign(&document.assertion(), "_assertion1");
    let unsigned = document.unsigned();
    for place in ["</saml:Subject>", "</samlp:Status>", "</saml:AttributeValue>"] {
        let at = unsigned.find(place).unwrap();
        let moved = format!("{}{signature}{}", &unsigned[..at], &unsigned[at..]);
        refused(verify(&moved), ReasonCode::SignatureMisplaced);
    }
}

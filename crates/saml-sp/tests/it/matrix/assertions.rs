//! Which assertion, under which ID, and whether it is signed at all.

use saml_sp::ReasonCode;

use super::wrapping::Loot;
use super::{Cases, MALLORY, Pins};
use crate::genuine::genuine;
use crate::support::{SAML, SAMLP};
use crate::surgery::Xml;

/// More than one assertion, or none, or twice what may be there once.
pub(super) fn several(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let loot = Loot::of(cases);
    let several = ReasonCode::AssertionMultiple;
    let assertion = &loot.signed_assertion;
    cases.refused("verbatim twice", xml.after("Assertion", assertion), ReasonCode::DuplicateId);
    let renamed = xml.with("Assertion", "ID", "_second");
    let second = renamed.unsigned().get("Assertion").to_owned();
    cases.refused("twice under two IDs", xml.after("Assertion", &second), several);
    cases.refused("twenty", xml.after("Assertion", &twenty(&loot.evil)), several);
    let empty = format!("<Assertion xmlns=\"{SAML}\"/>");
    cases.refused("empty before all", xml.before("Issuer", &empty), several);
    for place in ["Issuer", "Status", "Assertion"] {
        cases.refused(format!("empty after {place}"), xml.after(place, &empty), several);
    }
    for other in genuine().iter().filter(|other| other.stack != cases.genuine.stack) {
        let foreign = other.xml.unsigned();
        let prefixes = ["saml", "saml2", "ns1"].map(|prefix| format!("xmlns:{prefix}=\"{SAML}\" "));
        let holder = format!(
            "<Status xmlns=\"{SAMLP}\" {}xmlns:xs=\"urn:xs\" xmlns:xsi=\"urn:xsi\"",
            prefixes.concat()
        );
        let held = format!("{holder}>{}</Status>", foreign.get("Assertion"));
        cases.refused(
            format!("with that of {}", other.name()),
            xml.last_in("Status", &held),
            several,
        );
    }
    let unexpected = ReasonCode::StructureUnexpected;
    for name in ["AssertionIDRef", "AssertionURIRef", "Statement", "assertion"] {
        let extra = format!("<{name} xmlns=\"{SAML}\">x</{name}>");
        cases.refused(format!("with {name}"), xml.after("Assertion", &extra), unexpected);
        let alone = xml.replaced("Assertion", &extra);
        cases.refused(format!("{name} alone"), alone, ReasonCode::AssertionMissing);
    }
    cases.refused("none", xml.without("Assertion"), ReasonCode::AssertionMissing);
    for place in
        ["Assertion/Issuer", "Assertion/Subject", "Assertion/Conditions", "Issuer", "Status"]
    {
        let doubled = xml.after(place, xml.get(place));
        cases.refused(format!("two of {place}"), doubled, unexpected);
    }
    let extensions = format!("<Extensions xmlns=\"{SAMLP}\"/>").repeat(2);
    cases.refused("two Extensions", xml.after("Issuer", &extensions), unexpected);
    let response = format!("<Response xmlns=\"{SAMLP}\"/>");
    cases.refused("an inner Response", xml.after("Issuer", &response), unexpected);
}

fn twenty(evil: &Xml) -> String {
    let numbered = |number| evil.with("Assertion", "ID", &format!("_evil{number}"));
    (0..20).map(|number| numbered(number).get("Assertion").to_owned()).collect()
}

/// The assertion, or another one, somewhere below where it belongs.
pub(super) fn nested(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let empty = format!("<Assertion xmlns=\"{SAML}\" ID=\"_inner\" Version=\"2.0\"/>");
    for place in [
        "Issuer",
        "Status",
        "Assertion",
        "Assertion/Issuer",
        "Assertion/Subject",
        "Assertion/Subject/NameID",
        "Assertion/Subject/SubjectConfirmation/SubjectConfirmationData",
        "Assertion/Conditions",
        "Assertion/Conditions/AudienceRestriction/Audience",
        "Assertion/AuthnStatement/AuthnContext",
        "Assertion/AttributeStatement/Attribute/AttributeValue",
    ] {
        let nested = xml.last_in(place, &empty);
        cases.refused(format!("in {place}"), nested, ReasonCode::AssertionMultiple);
    }
    for signature in cases.genuine.signatures() {
        let nested = xml.last_in(&format!("{signature}/KeyInfo"), &empty);
        cases.refused(format!("in {signature}/KeyInfo"), nested, ReasonCode::AssertionMultiple);
        let nested = xml.last_in(&format!("{signature}/SignedInfo"), &empty);
        cases.refused(format!("in {signature}/SignedInfo"), nested, ReasonCode::AssertionMultiple);
    }
    for inside in ["", "<AssertionIDRef>_x</AssertionIDRef>", &empty, "text"] {
        let advice = format!("<Advice xmlns=\"{SAML}\">{inside}</Advice>");
        let advised = xml.after("Assertion/Conditions", &advice);
        cases.refused("with Advice", advised, ReasonCode::AdviceRefused);
    }
    // The only assertion, elsewhere.
    let assertion = xml.get("Assertion");
    for wrapper in [
        format!("<Extensions xmlns=\"{SAMLP}\">{assertion}</Extensions>"),
        format!("<Response xmlns=\"{SAMLP}\">{assertion}</Response>"),
        format!("<StatusDetail xmlns=\"{SAMLP}\">{assertion}</StatusDetail>"),
        format!("<Object xmlns=\"{}\">{assertion}</Object>", crate::support::DS),
        format!("<x xmlns=\"urn:x\">{assertion}</x>"),
        format!("<x xmlns=\"urn:x\"><y><z>{assertion}</z></y></x>"),
    ] {
        let moved = xml.replaced("Assertion", &wrapper);
        cases.refused("the only one wrapped", moved, ReasonCode::AssertionMisplaced);
    }
}

/// IDs that are there twice, spelled in two ways, or missing.
pub(super) fn ids(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let duplicate = ReasonCode::DuplicateId;
    let assertion_id = xml.attribute("Assertion", "ID").unwrap();
    let response_id = xml.attribute("", "ID").unwrap();
    let same = xml.with("", "ID", assertion_id);
    cases.refused("the response's is the assertion's", same, duplicate);
    let same = xml.with("Assertion", "ID", response_id);
    cases.refused("the assertion's is the response's", same, duplicate);
    for spelling in ["ID", "Id", "id", "iD", "xml:id", "xml:ID"] {
        for id in [assertion_id, response_id] {
            for place in ["Status", "Issuer", "Assertion/Subject", "Assertion/Conditions"] {
                let doubled = xml.tagged(place, &format!("{spelling}=\"{id}\""));
                cases.refused(format!("{spelling} at {place}"), doubled, duplicate);
            }
        }
        if spelling != "ID" {
            for place in ["", "Assertion"] {
                for value in ["_other", xml.attribute(place, "ID").unwrap()] {
                    let two = xml.tagged(place, &format!("{spelling}=\"{value}\""));
                    cases.refused(format!("two on one, {spelling} at `{place}`"), two, duplicate);
                }
            }
        }
    }
    let spelled = format!("xmlns:w=\"urn:w\" w:Id=\"{assertion_id}\"");
    let spelled = xml.tagged("Status", &spelled);
    cases.refused("in a foreign namespace", spelled, duplicate);
    for place in ["", "Assertion"] {
        let twice = xml.tagged(place, "ID=\"_other\"");
        cases.refused("the same attribute twice", twice, ReasonCode::XmlMalformed);
        let missing = ReasonCode::IdMissing;
        cases.refused("none", xml.without_attribute(place, "ID"), missing);
        cases.refused("empty", xml.with(place, "ID", ""), missing);
        for name in ["Id", "id", "AssertionID", "xml:id"] {
            let id = xml.attribute(place, "ID").unwrap();
            let respelled = xml.without_attribute(place, "ID");
            let respelled = respelled.tagged(place, &format!("{name}=\"{id}\""));
            cases.refused(format!("as {name} only"), respelled, missing);
        }
    }
    let target = cases.genuine.target();
    let id = xml.attribute(target, "ID").unwrap();
    for changed in
        [format!("{id} "), format!(" {id}"), format!("{id}x"), id.to_uppercase(), "x".to_owned()]
    {
        let renamed = xml.with(target, "ID", &changed);
        cases.refused("changed", renamed, ReasonCode::ReferenceMismatch);
    }
}

/// No signature, or what is none.
pub(super) fn signature_excluded(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let missing = ReasonCode::SignatureMissing;
    cases.refused("removed", xml.unsigned(), missing);
    let evil = xml.unsigned().filled("Assertion/Subject/NameID", MALLORY);
    cases.refused("removed and changed", evil, missing);
    let replace = |with: &dyn Fn(&str) -> String| {
        cases.genuine.signatures().iter().rev().fold(xml.clone(), |xml, path| {
            let signature = with(xml.get(path));
            xml.replaced(path, &signature)
        })
    };
    let commented = replace(&|signature| format!("<!--{signature}-->"));
    let text = replace(&|signature| format!("<![CDATA[{signature}]]>"));
    let escaped = replace(&|signature| signature.replace('<', "&lt;"));
    cases.refused("in a comment", commented, missing);
    cases.refused("as text", text, missing);
    cases.refused("escaped", escaped, missing);
    if cases.genuine.mode == "both" {
        let inner = xml.without("Assertion/Signature");
        cases.refused("the inner one removed", inner, ReasonCode::DigestMismatch);
        cases.harmless("the outer one removed", xml.without("Signature"));
        let evil = xml.without("Signature").filled("Assertion/Subject/NameID", MALLORY);
        cases.refused("the outer one removed, changed", evil, ReasonCode::DigestMismatch);
    }
    let malformed = ReasonCode::SignatureMalformed;
    for signature in cases.genuine.signatures() {
        cases.refused("emptied", xml.filled(signature, ""), malformed);
        for part in ["SignedInfo", "SignatureValue"] {
            let without = xml.without(&format!("{signature}/{part}"));
            cases.refused(format!("without {part}"), without, malformed);
        }
        let hollow = xml.filled(&format!("{signature}/SignedInfo"), "");
        cases.refused("without content", hollow, malformed);
        let none = xml.filled(&format!("{signature}/SignatureValue"), "");
        cases.refused("without a value", none, ReasonCode::SignatureInvalid);
        let digest = xml.filled(&format!("{signature}/SignedInfo/Reference/DigestValue"), "");
        cases.refused("without a digest", digest, ReasonCode::SignatureInvalid);
    }
    cases.refused("no key pinned", xml.clone(), ReasonCode::KeysMissing).pins = Pins::None;
}

/// What is signed, changed in one place.
pub(super) fn content_changed(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let mismatch = ReasonCode::DigestMismatch;
    for (place, with) in [
        ("Assertion/Subject/NameID", MALLORY),
        ("Assertion/Subject/NameID", " ana@example.com"),
        ("Assertion/Subject/NameID", "ana@example.com\n"),
        ("Assertion/Subject/NameID", "Ana@example.com"),
        ("Assertion/Subject/NameID", ""),
        ("Assertion/AttributeStatement/Attribute/AttributeValue", "root"),
        ("Assertion/AuthnStatement/AuthnContext/AuthnContextClassRef", "urn:x"),
        ("Assertion/Conditions/AudienceRestriction/Audience", "https://other.example/"),
        ("Assertion/Conditions/AudienceRestriction", ""),
    ] {
        cases.refused(format!("{place} is {with:?}"), xml.filled(place, with), mismatch);
    }
    for (place, name, value) in [
        ("Assertion", "IssueInstant", "2026-11-22T00:00:00Z"),
        ("Assertion/Subject/NameID", "Format", "urn:x"),
        ("Assertion/Subject/NameID", "NameQualifier", "x"),
        ("Assertion/Subject/SubjectConfirmation", "Method", "urn:x"),
        (
            "Assertion/Subject/SubjectConfirmation/SubjectConfirmationData",
            "Recipient",
            "https://x/",
        ),
        (
            "Assertion/Subject/SubjectConfirmation/SubjectConfirmationData",
            "NotOnOrAfter",
            "2099-01-01T00:00:00Z",
        ),
        ("Assertion/Subject/SubjectConfirmation/SubjectConfirmationData", "Address", "127.0.0.1"),
        ("Assertion/Conditions", "NotOnOrAfter", "2099-01-01T00:00:00Z"),
        ("Assertion/Conditions", "NotBefore", "2000-01-01T00:00:00Z"),
        ("Assertion/AuthnStatement", "SessionIndex", "_other"),
        ("Assertion/AttributeStatement/Attribute", "Name", "admin"),
    ] {
        cases.refused(format!("{name} of {place}"), xml.with(place, name, value), mismatch);
    }
    for place in [
        "Assertion/Subject",
        "Assertion/Conditions",
        "Assertion/AuthnStatement",
        "Assertion/AttributeStatement",
        "Assertion/AttributeStatement/Attribute",
    ] {
        cases.refused(format!("without {place}"), xml.without(place), mismatch);
    }
    let statement = xml.get("Assertion/AttributeStatement").replace("u-1001", "u-1");
    let doubled = xml.after("Assertion/AttributeStatement", &statement);
    cases.refused("another statement", doubled, mismatch);
    let text = xml.last_in("Assertion", "text");
    cases.refused("text at the end", text, mismatch);
    let space = xml.after("Assertion/Subject", "\n");
    cases.refused("a line end between elements", space, mismatch);
    if cases.genuine.signs_response() {
        for (place, name) in [("", "Consent"), ("", "IssueInstant"), ("Status/StatusCode", "x")] {
            let changed = xml.with(place, name, "2026-11-22T00:00:00Z");
            cases.refused(format!("{name} of `{place}`"), changed, mismatch);
        }
        let message = format!("<StatusMessage xmlns=\"{SAMLP}\">x</StatusMessage>");
        cases.refused("a status message", xml.last_in("Status", &message), mismatch);
        let extensions = format!("<Extensions xmlns=\"{SAMLP}\"/>");
        cases.refused("extensions", xml.after("Issuer", &extensions), mismatch);
    }
}

/// Encrypted parts beside, around or inside the genuine ones. What encryption itself can be made to
/// do is in `encrypted.rs`.
pub(super) fn encrypted_decoys(cases: &mut Cases<'_>) {
    const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
    let xml = cases.xml();
    let several = ReasonCode::AssertionMultiple;
    let data = format!(
        "<EncryptedData xmlns=\"{XENC}\"><EncryptionMethod Algorithm=\"{XENC}aes128-cbc\"/>\
         <CipherData><CipherValue>AAAA</CipherValue></CipherData></EncryptedData>"
    );
    let around = format!(
        "<EncryptedAssertion xmlns=\"{SAML}\">{}</EncryptedAssertion>",
        xml.get("Assertion")
    );
    cases.refused("around the assertion", xml.replaced("Assertion", &around), several);
    for (name, inside) in [("empty", ""), ("data", &data)] {
        let written = |element: &str| format!("<{element} xmlns=\"{SAML}\">{inside}</{element}>");
        let decoy = written("EncryptedAssertion");
        cases.refused(format!("{name} before"), xml.before("Assertion", &decoy), several);
        cases.refused(format!("{name} after"), xml.after("Assertion", &decoy), several);
        let key_info = format!("{}/KeyInfo", cases.genuine.signature());
        for place in ["Status", "Assertion", "Assertion/Subject", "Assertion/Conditions", &key_info]
        {
            let nested = xml.last_in(place, &decoy);
            cases.refused(format!("{name} in {place}"), nested, several);
        }
        let codes: &[ReasonCode] = if cases.genuine.signs_response() {
            // The signature around it comes first.
            &[ReasonCode::DigestMismatch]
        } else {
            &[ReasonCode::EncryptionMalformed, ReasonCode::DecryptionKeyMissing]
        };
        cases.either(format!("{name} instead"), xml.replaced("Assertion", &decoy), codes);
        let unsupported = ReasonCode::EncryptedIdUnsupported;
        for (element, place) in [
            ("EncryptedID", "Assertion/Subject/NameID"),
            ("EncryptedID", "Assertion/Issuer"),
            ("EncryptedAttribute", "Assertion/AttributeStatement/Attribute"),
        ] {
            let beside = xml.after(place, &written(element));
            cases.refused(format!("{element} {name} beside {place}"), beside, unsupported);
            let instead = xml.replaced(place, &written(element));
            cases.refused(format!("{element} {name} for {place}"), instead, unsupported);
        }
    }
}

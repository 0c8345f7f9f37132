//! Keys that the door does not trust, and algorithms that prove nothing.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml_sp::{AlgorithmPolicy, ReasonCode};

use super::{Cases, MALLORY, Pins, Want, forged};
use crate::genuine::genuine;
use crate::support::{DS, RSA_SHA256, SHA1, Signature, key, other_key};
use crate::surgery::Xml;

const INVALID: ReasonCode = ReasonCode::SignatureInvalid;
const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";

fn key_value(key: &RsaKeyPair) -> String {
    let modulus = STANDARD.encode(key.public_key().modulus().big_endian_without_leading_zero());
    let exponent = STANDARD.encode(key.public_key().exponent().big_endian_without_leading_zero());
    format!(
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus>\
         <ds:Exponent>{exponent}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
    )
}

fn public_key_der(key: &RsaKeyPair) -> Vec<u8> {
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    der.as_ref().to_vec()
}

/// What an attacker may write into `KeyInfo`.
fn key_infos(genuine_certificate: &str) -> Vec<(&'static str, String)> {
    let der = STANDARD.encode(public_key_der(other_key()));
    let x509 = |inside: &str| format!("<ds:X509Data>{inside}</ds:X509Data>");
    let certificate = |text: &str| format!("<ds:X509Certificate>{text}</ds:X509Certificate>");
    let foreign = include_str!("../../fixtures/p256.crt");
    let foreign: String = foreign.lines().filter(|line| !line.starts_with('-')).collect();
    vec![
        ("nothing", String::new()),
        ("the attacker's key", key_value(other_key())),
        (
            "the attacker's DER",
            format!(
                "<x:DEREncodedKeyValue xmlns:x=\"http://www.w3.org/2009/xmldsig11#\">{der}</x:DEREncodedKeyValue>"
            ),
        ),
        ("another certificate", x509(&certificate(&foreign))),
        ("the genuine certificate", x509(&certificate(genuine_certificate))),
        ("two certificates", x509(&(certificate(genuine_certificate) + &certificate(&foreign)))),
        ("both kinds", x509(&certificate(genuine_certificate)) + &key_value(other_key())),
        ("no certificate", x509(&certificate("AAAA"))),
        ("a name", "<ds:KeyName>idp</ds:KeyName>".to_owned()),
        ("a retrieval", "<ds:RetrievalMethod URI=\"https://evil.example/key\"/>".to_owned()),
        ("a file", "<ds:RetrievalMethod URI=\"file:///etc/passwd\"/>".to_owned()),
        ("a token", "<w:SecurityTokenReference xmlns:w=\"urn:w\"/>".to_owned()),
    ]
}

/// The attacker signs and says with which key.
fn forged_info(cases: &mut Cases<'_>, evil: &Xml, name: &str) {
    let certificate = cases.genuine.signature().to_owned() + "/KeyInfo/X509Data/X509Certificate";
    for (what, info) in key_infos(cases.xml().content(&certificate)) {
        let after_value = format!("<ds:KeyInfo>{info}</ds:KeyInfo>");
        let how = Signature { after_value, ..forged() };
        let xml = cases.genuine.signed_by(evil, &how);
        cases.refused(format!("{name}, KeyInfo with {what}"), xml, INVALID);
    }
}

/// `KeyInfo` proves nothing, and changes nothing.
pub(super) fn key_info(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let evil = xml.filled("Assertion/Subject/NameID", MALLORY);
    forged_info(cases, &evil, "forged");
    forged_info(cases, xml, "signed over");
    let outer = cases.genuine.signature();
    let certificate = xml.content(&format!("{outer}/KeyInfo/X509Data/X509Certificate")).to_owned();
    for (what, info) in key_infos(&certificate) {
        let written = format!("<ds:KeyInfo xmlns:ds=\"{DS}\">{info}</ds:KeyInfo>");
        let changed = xml.replaced(&format!("{outer}/KeyInfo"), &written);
        cases.harmless(format!("genuine with {what}"), changed);
        let twice = xml.after(&format!("{outer}/KeyInfo"), &written);
        cases.refused(format!("second with {what}"), twice, ReasonCode::SignatureMalformed);
        let early = xml.before(&format!("{outer}/SignatureValue"), &written);
        cases.refused(format!("early with {what}"), early, ReasonCode::SignatureMalformed);
        // One stack writes its own in this very way.
        if cases.genuine.mode == "both" && what != "the genuine certificate" {
            let inner = xml.replaced("Assertion/Signature/KeyInfo", &written);
            cases.refused(format!("inner with {what}"), inner, ReasonCode::DigestMismatch);
        }
    }
    cases.harmless("genuine without", xml.without(&format!("{outer}/KeyInfo")));
    let free = format!("<ds:KeyInfo xmlns:ds=\"{DS}\">{}</ds:KeyInfo>", key_value(other_key()));
    for place in ["Issuer", "Assertion/Issuer"] {
        let beside = xml.after(place, &free);
        cases.refused("outside a signature", beside, ReasonCode::StructureUnexpected);
    }
}

/// Good signatures by keys that are not this provider's.
pub(super) fn foreign_keys(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let evil = xml.filled("Assertion/Subject/NameID", MALLORY);
    for edited in [xml, &evil] {
        let forgery = cases.genuine.signed_by(edited, &forged());
        cases.refused("by the attacker", forgery.clone(), INVALID);
        cases.refused("by the attacker, under our key", forgery, INVALID).pins = Pins::Ours;
        let ours = cases.genuine.signed_by(edited, &Signature::default());
        cases.refused("by ours, under the provider's key", ours, INVALID);
    }
    cases.refused("the provider's, under our key", xml.clone(), INVALID).pins = Pins::Ours;
    if cases.genuine.mode == "both" {
        let outer = xml.signed("", &forged());
        cases.refused("only the inner one is genuine", outer, INVALID);
        let inner = xml.signed("Assertion", &forged());
        cases.refused("only the outer value is genuine", inner, INVALID);
        let inner = xml.signed("Assertion", &forged()).signed("", &Signature::default());
        cases.refused("the inner one forged", inner, INVALID).pins = Pins::Ours;
        let outer = xml.signed("Assertion", &Signature::default()).signed("", &forged());
        cases.refused("the outer one forged", outer, INVALID).pins = Pins::Ours;
    } else {
        // A forged second signature spoils the genuine one.
        let other = if cases.genuine.signs_response() { "Assertion" } else { "" };
        cases.refused("a second one, forged", xml.signed(other, &forged()), INVALID);
    }
    // Another provider, which uses this one's name, and one which uses its own.
    for other in genuine().iter().filter(|other| other.stack != cases.genuine.stack) {
        let own = other.xml.clone();
        cases.refused(format!("{} as it is", other.name()), own, ReasonCode::IssuerMismatch);
        let renamed = Xml(other.xml.0.replace(other.issuer(), cases.genuine.issuer()));
        cases.refused(format!("{} renamed", other.name()), renamed.clone(), INVALID);
        let renamed = other.signed_by(&renamed, &forged());
        cases.refused(format!("{} renamed, signed", other.name()), renamed, INVALID);
    }
    // The value of another genuine response of the same provider.
    for other in genuine().iter().filter(|other| other.stack == cases.genuine.stack) {
        if other.mode != cases.genuine.mode {
            let value = format!("{}/SignatureValue", cases.genuine.signature());
            let theirs = other.xml.content(&format!("{}/SignatureValue", other.signature()));
            cases.refused("the value of another", xml.filled(&value, theirs), INVALID);
            let theirs = other.xml.get(other.signature());
            let replaced = xml.replaced(cases.genuine.signature(), theirs);
            if namespaced(theirs) {
                cases.refused("the signature of another", replaced, ReasonCode::ReferenceMismatch);
            }
        }
    }
}

/// Whether a signature declares its own namespace, so that it can be moved as it is.
fn namespaced(signature: &str) -> bool {
    signature.split('>').next().unwrap().contains("xmlns")
}

fn method(signature: &str) -> String {
    format!("{signature}/SignedInfo/SignatureMethod")
}

fn reference(signature: &str) -> String {
    format!("{signature}/SignedInfo/Reference")
}

/// An RSA public key is no HMAC secret.
pub(super) fn hmac(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let outer = cases.genuine.signature();
    let certificate = xml.content(&format!("{outer}/KeyInfo/X509Data/X509Certificate"));
    let certificate: String = certificate.split_ascii_whitespace().collect();
    let der = STANDARD.decode(&certificate).unwrap();
    let secrets = [
        ("nothing", Vec::new()),
        ("the certificate", der),
        ("the certificate's base64", certificate.clone().into_bytes()),
        (
            "the certificate's PEM",
            format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n")
                .into_bytes(),
        ),
        ("the public key", public_key_der(key())),
    ];
    let lengths = ["0", "1", "8", "80", "-1"]
        .map(|bits| format!("<HMACOutputLength xmlns=\"{DS}\">{bits}</HMACOutputLength>"));
    for (uri, algorithm) in [
        ("http://www.w3.org/2000/09/xmldsig#hmac-sha1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", hmac::HMAC_SHA256),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha512", hmac::HMAC_SHA512),
    ] {
        let named = xml.with(&method(outer), "Algorithm", uri);
        let canonical = named.canonical(&format!("{outer}/SignedInfo"), None);
        for (name, secret) in &secrets {
            let value = hmac::sign(&hmac::Key::new(algorithm, secret), canonical.as_bytes());
            let value = named.filled(&format!("{outer}/SignatureValue"), &STANDARD.encode(value));
            let refused = ReasonCode::AlgorithmRefused;
            cases.refused(format!("{uri} under {name}"), value.clone(), refused);
            let case = cases.refused(format!("{uri} under {name}, lenient"), value, refused);
            case.algorithms = AlgorithmPolicy::AllowWeak;
        }
        for length in &lengths {
            let short = named.filled(&method(outer), length);
            let short = short.filled(&format!("{outer}/SignatureValue"), "AA==");
            cases.refused(format!("{uri} cut"), short, ReasonCode::SignatureMalformed);
        }
    }
    for length in &lengths {
        let short = xml.filled(&method(outer), length);
        cases.refused("RSA cut", short, ReasonCode::SignatureMalformed);
    }
}

/// Values and digests that are cut, padded or no base64.
pub(super) fn truncated(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    for signature in cases.genuine.signatures() {
        let place = format!("{signature}/SignatureValue");
        let text: String = xml.content(&place).split_ascii_whitespace().collect();
        let value = STANDARD.decode(&text).unwrap();
        let flip = |at: usize| {
            let mut value = value.clone();
            value[at] ^= 1;
            value
        };
        for (name, bytes) in [
            ("one byte", value[..1].to_vec()),
            ("16 bytes", value[..16].to_vec()),
            ("half", value[..value.len() / 2].to_vec()),
            ("all but one", value[..value.len() - 1].to_vec()),
            ("all but the first", value[1..].to_vec()),
            ("one more", [value.as_slice(), &[0]].concat()),
            ("one more before", [&[0], value.as_slice()].concat()),
            ("twice", value.repeat(2)),
            ("zeros", vec![0; value.len()]),
            ("one", [vec![0; value.len() - 1], vec![1]].concat()),
            ("all ones", vec![0xff; value.len()]),
            ("backwards", value.iter().rev().copied().collect()),
            ("first bit", flip(0)),
            ("last bit", flip(value.len() - 1)),
            ("huge", vec![0x55; 20_000]),
        ] {
            let changed = xml.filled(&place, &STANDARD.encode(bytes));
            cases.refused(format!("{name} of {signature}"), changed, INVALID);
        }
        let malformed = ReasonCode::SignatureMalformed;
        for text in [
            "=",
            "!",
            "A",
            "AAAA=",
            "AA",
            &text.replace('=', ""),
            &format!("{text}AAAA"),
            &text.replace('A', "_"),
        ] {
            let changed = xml.filled(&place, text);
            cases.either(format!("{text:.20} in {signature}"), changed, &[malformed, INVALID]);
        }
        let digest = format!("{}/DigestValue", reference(signature));
        let text = xml.content(&digest).to_owned();
        for changed in ["AAAA", &STANDARD.encode([0; 32]), &STANDARD.encode([0; 20])] {
            cases.refused("another digest", xml.filled(&digest, changed), INVALID);
        }
        for changed in ["=", "!", &text.replace('=', ""), &text[..10]] {
            let code = if changed.len() % 4 == 0 { INVALID } else { malformed };
            cases.refused("a broken digest", xml.filled(&digest, changed), code);
        }
    }
    for digest_bytes in [0, 1, 16, 20, 31] {
        let how = Signature { digest_bytes, ..Signature::default() };
        let cut = cases.genuine.signed_by(xml, &how);
        let case = cases.refused(
            format!("{digest_bytes} bytes of digest, signed"),
            cut,
            ReasonCode::DigestMismatch,
        );
        case.pins = Pins::Ours;
    }
}

/// Algorithms and keys below the line; above it only with the switch, and only when genuine.
pub(super) fn weak(cases: &mut Cases<'_>) {
    let xml = cases.xml();
    let lenient = AlgorithmPolicy::AllowWeak;
    let (weak, refused) = (ReasonCode::AlgorithmWeak, ReasonCode::AlgorithmRefused);
    for signature in cases.genuine.signatures() {
        let named =
            xml.with(&method(signature), "Algorithm", "http://www.w3.org/2000/09/xmldsig#rsa-sha1");
        cases.refused("named SHA-1", named.clone(), weak);
        cases.refused("named SHA-1, lenient", named, INVALID).algorithms = lenient;
        let named = xml.with(&format!("{}/DigestMethod", reference(signature)), "Algorithm", SHA1);
        cases.refused("named SHA-1 digest", named.clone(), weak);
        cases.refused("named SHA-1 digest, lenient", named, INVALID).algorithms = lenient;
        for uri in [
            &format!("{MORE}rsa-md5"),
            &format!("{MORE}rsa-ripemd160"),
            &format!("{MORE}rsa-sha224"),
            &format!("{MORE}ecdsa-sha1"),
            &format!("{MORE}RSA-SHA256"),
            &format!("{RSA_SHA256} "),
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
            "http://www.w3.org/2000/09/xmldsig#rsa-sha256",
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
            "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
            "http://www.w3.org/2009/xmldsig11#dsa-sha256",
            "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
            "none",
            "",
        ] {
            let named = xml.with(&method(signature), "Algorithm", uri);
            cases.refused(format!("signature by {uri}"), named.clone(), refused);
            cases.refused(format!("signature by {uri}, lenient"), named, refused).algorithms =
                lenient;
        }
        for uri in [
            &format!("{MORE}md5"),
            &format!("{MORE}sha224"),
            "http://www.w3.org/2001/04/xmlenc#ripemd160",
            "http://www.w3.org/2001/04/xmlenc#SHA256",
            "",
        ] {
            let place = format!("{}/DigestMethod", reference(signature));
            let named = xml.with(&place, "Algorithm", uri);
            cases.refused(format!("digest by {uri}"), named.clone(), refused);
            cases.refused(format!("digest by {uri}, lenient"), named, refused).algorithms = lenient;
        }
        for other in ["rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384"] {
            let named = xml.with(&method(signature), "Algorithm", &format!("{MORE}{other}"));
            cases.refused(format!("under the name {other}"), named, INVALID);
        }
        for part in ["SignatureMethod", "Reference/DigestMethod"] {
            let place = format!("{signature}/SignedInfo/{part}");
            let nameless = xml.without_attribute(&place, "Algorithm");
            cases.refused(
                format!("{part} without a name"),
                nameless,
                ReasonCode::SignatureMalformed,
            );
        }
    }
    let how = Signature { digest_method: SHA1.to_owned(), ..Signature::default() };
    let digested = cases.genuine.signed_by(xml, &how);
    cases.refused("SHA-1 digest, signed", digested.clone(), weak).pins = Pins::Ours;
    let case = cases.push("SHA-1 digest, signed, lenient", digested, Want::Genuine);
    (case.pins, case.algorithms) = (Pins::Ours, lenient);
    cases.refused("a short key", xml.clone(), ReasonCode::KeyWeak).pins = Pins::Short;
    let case = cases.refused("a short key, lenient", xml.clone(), INVALID);
    (case.pins, case.algorithms) = (Pins::Short, lenient);
}

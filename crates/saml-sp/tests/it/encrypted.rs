//! Encrypted assertions: of other stacks (`fixtures/make_encrypted.py` says how they were made), and
//! of our own making for everything that must be refused.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml_sp::{
    Check, CheckState, EncryptionPolicy, ReasonCode, Rejection, ServiceProviderKey,
    VerifiedAssertion, Verifier,
};

use crate::fixtures::certificate;
use crate::support::*;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name))
    };
}

const OURS: &str = fixture!("throw-away-sp.pem");
const OTHER: &str = fixture!("sp.pem");
const IDP_CERTIFICATE: &str = fixture!("encrypted-idp.crt");
const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const GCM: &str = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
const CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";

fn our_key(pem: &str) -> ServiceProviderKey {
    ServiceProviderKey::from_pem(pem).unwrap()
}

mod stacks {
    use super::*;

    fn verify(
        xml: &str,
        key: &str,
        policy: EncryptionPolicy,
    ) -> Result<VerifiedAssertion, Rejection> {
        verifier_with(vec![certificate(IDP_CERTIFICATE.as_bytes())])
            .with_decryption(vec![our_key(key)], policy)
            .verify_xml(xml.as_bytes(), now(), Some(REQUEST))
    }

    const GCM_ONES: &[(&str, &str)] = &[
        (
            "simplesamlphp-gcm128-assertion",
            fixture!("encrypted-simplesamlphp-gcm128-assertion.xml"),
        ),
        ("simplesamlphp-gcm256-both", fixture!("encrypted-simplesamlphp-gcm256-both.xml")),
        ("pysaml2-gcm128-assertion", fixture!("encrypted-pysaml2-gcm128-assertion.xml")),
        ("xmlsec-gcm128-assertion", fixture!("encrypted-xmlsec-gcm128-assertion.xml")),
        ("xmlsec-gcm192-both", fixture!("encrypted-xmlsec-gcm192-both.xml")),
        ("xmlsec-gcm256-both", fixture!("encrypted-xmlsec-gcm256-both.xml")),
        ("xmlsec-gcm256-response", fixture!("encrypted-xmlsec-gcm256-response.xml")),
        ("xmlsec-context-assertion", fixture!("encrypted-xmlsec-context-assertion.xml")),
        ("xmlsec-context-response", fixture!("encrypted-xmlsec-context-response.xml")),
    ];

    const CBC_SIGNED: &[(&str, &str)] = &[
        ("simplesamlphp-cbc128-both", fixture!("encrypted-simplesamlphp-cbc128-both.xml")),
        ("simplesamlphp-cbc128-response", fixture!("encrypted-simplesamlphp-cbc128-response.xml")),
        ("pysaml2-cbc128-both", fixture!("encrypted-pysaml2-cbc128-both.xml")),
        ("pysaml2-cbc256-response", fixture!("encrypted-pysaml2-cbc256-response.xml")),
        ("xmlsec-cbc128-response", fixture!("encrypted-xmlsec-cbc128-response.xml")),
        ("xmlsec-cbc256-both", fixture!("encrypted-xmlsec-cbc256-both.xml")),
    ];

    const CBC_UNSIGNED: &[(&str, &str)] = &[
        (
            "simplesamlphp-cbc256-assertion",
            fixture!("encrypted-simplesamlphp-cbc256-assertion.xml"),
        ),
        ("xmlsec-cbc256-assertion", fixture!("encrypted-xmlsec-cbc256-assertion.xml")),
    ];

    #[track_caller]
    fn accepted(name: &str, xml: &str, policy: EncryptionPolicy) {
        let assertion = verify(xml, OURS, policy).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(assertion.was_encrypted(), "{name}");
        assert_eq!(assertion.name_id().value(), "ana@example.com", "{name}");
        assert_eq!(assertion.attributes().single("ssouserid"), Ok("u-1001"), "{name}");
        assert_eq!(assertion.attributes().single("teamid"), Ok("fraud"), "{name}");
        assert_eq!(assertion.in_response_to(), Some(REQUEST), "{name}");
        let idp = certificate(IDP_CERTIFICATE.as_bytes());
        assert_eq!(assertion.key_fingerprint(), idp.fingerprint(), "{name}");
        let signed_by = assertion.signed_by();
        let response = name.ends_with("response") || name.ends_with("both");
        let inner = name.ends_with("assertion") || name.ends_with("both");
        assert_eq!((signed_by.response, signed_by.assertion), (response, inner), "{name}");
        assert!(!assertion.used_weak_algorithms(), "{name}");
    }

    #[test]
    fn aes_gcm_of_other_stacks_is_accepted_by_default() {
        for (name, xml) in GCM_ONES {
            accepted(name, xml, EncryptionPolicy::default());
            accepted(name, xml, EncryptionPolicy::AllowCbc);
        }
    }

    #[test]
    fn aes_cbc_of_other_stacks_is_accepted_by_permission_inside_a_signed_response() {
        for (name, xml) in CBC_SIGNED {
            refused(verify(xml, OURS, EncryptionPolicy::GcmOnly), ReasonCode::EncryptionCbcRefused);
            accepted(name, xml, EncryptionPolicy::AllowCbc);
        }
    }

    #[test]
    fn aes_cbc_in_an_unsigned_response_is_refused_even_by_permission() {
        for (_, xml) in CBC_UNSIGNED {
            for policy in [EncryptionPolicy::GcmOnly, EncryptionPolicy::AllowCbc] {
                refused(verify(xml, OURS, policy), ReasonCode::EncryptionCbcRefused);
            }
        }
    }

    #[test]
    fn triple_des_and_rsa_pkcs1_are_refused_by_name() {
        for (xml, named) in [
            (fixture!("encrypted-pysaml2-3des-both.xml"), "Triple DES"),
            (fixture!("encrypted-xmlsec-3des-both.xml"), "Triple DES"),
            (fixture!("encrypted-xmlsec-rsa15-both.xml"), "RSA PKCS#1 v1.5"),
        ] {
            let rejection = verify(xml, OURS, EncryptionPolicy::AllowCbc).unwrap_err();
            assert_eq!(rejection.code(), ReasonCode::EncryptionAlgorithmRefused);
            assert!(rejection.detail().contains(named), "{rejection}");
        }
    }

    #[test]
    fn encryption_alone_proves_nothing() {
        let xml = fixture!("encrypted-xmlsec-unsigned.xml");
        refused(verify(xml, OURS, EncryptionPolicy::GcmOnly), ReasonCode::SignatureMissing);
    }

    #[test]
    fn another_key_fails_and_one_of_several_is_enough() {
        for (name, xml) in GCM_ONES.iter().chain(CBC_SIGNED) {
            let policy = EncryptionPolicy::AllowCbc;
            refused(verify(xml, OTHER, policy), ReasonCode::DecryptionFailed);
            let keys = vec![our_key(OTHER), our_key(OURS)];
            let verifier = verifier_with(vec![certificate(IDP_CERTIFICATE.as_bytes())])
                .with_decryption(keys, policy);
            let outcome = verifier.verify_xml(xml.as_bytes(), now(), Some(REQUEST));
            assert!(outcome.is_ok(), "{name}: {outcome:?}");
        }
    }

    #[test]
    fn without_a_key_the_refusal_says_so() {
        let (_, xml) = GCM_ONES[0];
        let verifier = verifier_with(vec![certificate(IDP_CERTIFICATE.as_bytes())]);
        let outcome = verifier.verify_xml(xml.as_bytes(), now(), Some(REQUEST));
        refused(outcome, ReasonCode::DecryptionKeyMissing);
    }

    #[test]
    fn the_same_answer_under_a_key_of_another_identity_provider_is_refused() {
        for (_, xml) in GCM_ONES.iter().chain(CBC_SIGNED) {
            let outcome = verifier()
                .with_decryption(vec![our_key(OURS)], EncryptionPolicy::AllowCbc)
                .verify_xml(xml.as_bytes(), now(), Some(REQUEST));
            refused(outcome, ReasonCode::SignatureInvalid);
        }
    }

    #[test]
    fn every_flipped_bit_of_a_ciphertext_is_refused() {
        for (name, xml) in GCM_ONES.iter().chain(CBC_SIGNED) {
            let expected = if name.ends_with("assertion") {
                ReasonCode::DecryptionFailed
            } else {
                ReasonCode::DigestMismatch
            };
            let values: Vec<_> = xml.match_indices("CipherValue>").map(|(at, _)| at).collect();
            assert_eq!(values.len(), 4, "{name}");
            for pair in values.chunks(2) {
                let start = pair[0] + "CipherValue>".len();
                let end = pair[0] + xml[pair[0]..].find("</").unwrap();
                // First, middle and last: IV or key, text, and tag or padding.
                for at in [start, start + (end - start) / 2, end - 6] {
                    let at = at + xml[at..].find(|c: char| c.is_ascii_alphanumeric()).unwrap();
                    let other = if &xml[at..=at] == "A" { "B" } else { "A" };
                    let changed = format!("{}{other}{}", &xml[..at], &xml[at + 1..]);
                    refused(verify(&changed, OURS, EncryptionPolicy::AllowCbc), expected);
                }
            }
        }
    }
}

/// How to encrypt, in canonical form. The default is right in every way.
#[derive(Debug, Clone)]
struct Encryption {
    /// Whose certificate the key is wrapped for.
    to: &'static str,
    method: &'static str,
    /// The content's key, of the length that AES-128 wants.
    key: Vec<u8>,
    /// Inside `EncryptionMethod` of the wrapped key.
    parameters: &'static str,
    /// For AES-CBC: what the last byte says instead of the length of the padding.
    padding: Option<u8>,
}

impl Default for Encryption {
    fn default() -> Self {
        Self { to: OURS, method: GCM, key: vec![7; 16], parameters: "", padding: None }
    }
}

impl Encryption {
    fn cbc() -> Self {
        Self { method: CBC, ..Self::default() }
    }

    /// An `EncryptedAssertion` with `plaintext`.
    fn encrypt(&self, plaintext: &str) -> String {
        self.encrypt_bytes(plaintext.as_bytes())
    }

    fn encrypt_bytes(&self, plaintext: &[u8]) -> String {
        let (key, content) = (self.encrypted_key(""), self.content(plaintext));
        encrypted_assertion(&encrypted_data("", self.method, &key, &content))
    }

    fn encrypted_key(&self, attributes: &str) -> String {
        format!(
            "<xenc:EncryptedKey xmlns:xenc=\"{XENC}\"{attributes}><xenc:EncryptionMethod \
             Algorithm=\"{OAEP}\">{}</xenc:EncryptionMethod><xenc:CipherData>\
             <xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>",
            self.parameters,
            STANDARD.encode(self.wrapped_key())
        )
    }

    fn wrapped_key(&self) -> Vec<u8> {
        let block = self.to.split("-----").nth(2).unwrap().replace('\n', "");
        let private = PrivateDecryptingKey::from_pkcs8(&STANDARD.decode(block).unwrap()).unwrap();
        let public = OaepPublicEncryptingKey::new(private.public_key()).unwrap();
        let mut wrapped = vec![0; public.ciphertext_size()];
        public.encrypt(&OAEP_SHA1_MGF1SHA1, &self.key, &mut wrapped, None).unwrap();
        wrapped
    }

    fn content(&self, plaintext: &[u8]) -> Vec<u8> {
        let key = [7; 16];
        let mut text = plaintext.to_vec();
        if self.method == GCM {
            let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
            let nonce = Nonce::assume_unique_for_key([9; 12]);
            key.seal_in_place_append_tag(nonce, Aad::empty(), &mut text).unwrap();
            [[9; 12].as_slice(), &text].concat()
        } else {
            let padding = 16 - text.len() % 16;
            text.resize(text.len() + padding, 0xaa);
            *text.last_mut().unwrap() = self.padding.unwrap_or(u8::try_from(padding).unwrap());
            let key = EncryptingKey::cbc(UnboundCipherKey::new(&AES_128, &key).unwrap()).unwrap();
            let context = EncryptionContext::Iv128([9; 16].into());
            key.less_safe_encrypt(&mut text, context).unwrap();
            [[9; 16].as_slice(), &text].concat()
        }
    }
}

fn encrypted_data(attributes: &str, method: &str, key_info: &str, content: &[u8]) -> String {
    format!(
        "<xenc:EncryptedData xmlns:xenc=\"{XENC}\"{attributes} Type=\"{XENC}Element\">\
         <xenc:EncryptionMethod Algorithm=\"{method}\"></xenc:EncryptionMethod>\
         <ds:KeyInfo xmlns:ds=\"{DS}\">{}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{}\
         </xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>",
        key_info.replace(&format!(" xmlns:xenc=\"{XENC}\""), ""),
        STANDARD.encode(content)
    )
}

fn encrypted_assertion(inside: &str) -> String {
    format!("<saml:EncryptedAssertion xmlns:saml=\"{SAML}\">{inside}</saml:EncryptedAssertion>")
}

/// The default document's assertion with its signature.
fn signed_inside() -> String {
    let document = Document::default();
    Signature::default().envelop(&document.assertion(), &document.assertion_id)
}

fn in_response(inside: &str) -> String {
    Document::default().response(inside)
}

fn in_signed_response(inside: &str) -> String {
    Signature::default().envelop(&in_response(inside), "_response1")
}

fn decrypting() -> Verifier {
    verifier().with_decryption(vec![our_key(OURS)], EncryptionPolicy::GcmOnly)
}

fn open(xml: &str) -> Result<VerifiedAssertion, Rejection> {
    decrypting().verify_xml(xml.as_bytes(), now(), Some(REQUEST))
}

fn open_cbc(xml: &str) -> Result<VerifiedAssertion, Rejection> {
    verifier().with_decryption(vec![our_key(OURS)], EncryptionPolicy::AllowCbc).verify_xml(
        xml.as_bytes(),
        now(),
        Some(REQUEST),
    )
}

fn encrypt(plaintext: &str) -> String {
    Encryption::default().encrypt(plaintext)
}

/// The state of one row of the debugger.
fn row(rows: &[saml_sp::CheckOutcome], check: Check) -> CheckState {
    rows.iter().find(|row| row.check == check).unwrap().state
}

mod order {
    use super::*;

    #[test]
    fn signed_inside_outside_or_both_is_accepted() {
        let plain = Document::default().assertion();
        for (xml, response, assertion) in [
            (in_response(&encrypt(&signed_inside())), false, true),
            (in_signed_response(&encrypt(&plain)), true, false),
            (in_signed_response(&encrypt(&signed_inside())), true, true),
        ] {
            let verified = open(&xml).unwrap();
            let by = verified.signed_by();
            assert_eq!((by.response, by.assertion), (response, assertion));
            assert_eq!(verified.name_id().value(), "ana@example.com");
            assert_eq!(verified.attributes().single("teamid"), Ok("fraud"));
            assert!(verified.was_encrypted());
            assert_eq!(row(&verified.outcomes(), Check::Decryption), CheckState::Passed);
        }
        let verified = verify(&Document::default().signed_both()).unwrap();
        assert!(!verified.was_encrypted());
        assert_eq!(row(&verified.outcomes(), Check::Decryption), CheckState::NotRun);
    }

    /// AD FS leaves it out of the Response.
    #[test]
    fn a_request_that_only_the_ciphertext_names_is_told_to_be_looked_up() {
        let document = Document { response_in_response_to: None, ..Document::default() };
        let xml = document.response(&encrypt(&signed_inside()));
        let verify = |xml: &str, expected| {
            let result = decrypting().verify_xml(xml.as_bytes(), now(), expected);
            result.map(|a| a.in_response_to().map(str::to_owned)).map_err(|r| r.code())
        };
        assert_eq!(verify(&xml, None), Ok(Some(REQUEST.to_owned())));
        assert_eq!(verify(&xml, Some(REQUEST)), Ok(Some(REQUEST.to_owned())));
        assert_eq!(verify(&xml, Some("_other")), Err(ReasonCode::InResponseToMismatch));
        // Where the Response says it too, the caller could have known.
        let outside = in_response(&encrypt(&signed_inside()));
        assert_eq!(verify(&outside, None), Err(ReasonCode::InResponseToUnexpected));
        // What answers nothing stays unsolicited.
        let data = confirmation_data().replace(&format!("InResponseTo=\"{REQUEST}\" "), "");
        let subject = subject(NAME_ID, BEARER, &data);
        let document = Document { response_in_response_to: None, subject, ..Document::default() };
        let inside = Signature::default().envelop(&document.assertion(), &document.assertion_id);
        let xml = document.response(&encrypt(&inside));
        assert_eq!(verify(&xml, None), Err(ReasonCode::UnsolicitedRefused));
    }

    #[test]
    fn what_is_signed_nowhere_is_refused() {
        let xml = in_response(&encrypt(&Document::default().assertion()));
        refused(open(&xml), ReasonCode::SignatureMissing);
    }

    #[test]
    fn an_assertion_that_an_attacker_encrypts_to_us_is_refused() {
        let evil =
            Document::default().assertion().replace("ana@example.com", "mallory@example.com");
        refused(open(&in_response(&encrypt(&evil))), ReasonCode::SignatureMissing);
        let own_key = Signature { key: other_key(), ..Signature::default() };
        let signed = own_key.envelop(&evil, "_assertion1");
        refused(open(&in_response(&encrypt(&signed))), ReasonCode::SignatureInvalid);
        let changed = signed_inside().replace("ana@example.com", "mallory@example.com");
        refused(open(&in_response(&encrypt(&changed))), ReasonCode::DigestMismatch);
        let signed_for_other = Document {
            conditions: conditions(
                "NotBefore=\"2026-11-21T09:59:00Z\" NotOnOrAfter=\"2026-11-21T10:05:00Z\"",
                &audience("https://other.example/"),
            ),
            ..Document::default()
        };
        let signed = Signature::default().envelop(&signed_for_other.assertion(), "_assertion1");
        refused(open(&in_response(&encrypt(&signed))), ReasonCode::AudienceMismatch);
    }

    #[test]
    fn a_ciphertext_put_into_a_signed_response_is_refused_before_decryption() {
        let plain = Document::default().assertion();
        let genuine = encrypt(&plain);
        let evil = encrypt(&plain.replace("ana@example.com", "mallory@example.com"));
        let xml = in_signed_response(&genuine).replace(&genuine, &evil);
        let rejection = open(&xml).unwrap_err();
        assert_eq!(rejection.code(), ReasonCode::DigestMismatch);
        assert_eq!(row(&rejection.outcomes(), Check::Decryption), CheckState::NotRun);
        // Also without a key, and with one that is not for it: nothing was tried.
        let outcome = verifier().verify_xml(xml.as_bytes(), now(), Some(REQUEST));
        refused(outcome, ReasonCode::DigestMismatch);
    }

    #[test]
    fn every_signature_that_is_present_must_verify() {
        let own_key = Signature { key: other_key(), ..Signature::default() };
        let evil = own_key.envelop(&Document::default().assertion(), "_assertion1");
        let rejection = open(&in_signed_response(&encrypt(&evil))).unwrap_err();
        assert_eq!(rejection.code(), ReasonCode::SignatureInvalid);
        assert_eq!(row(&rejection.outcomes(), Check::Decryption), CheckState::Passed);
        let outer = own_key.envelop(&in_response(&encrypt(&signed_inside())), "_response1");
        refused(open(&outer), ReasonCode::SignatureInvalid);
    }

    #[test]
    fn a_failed_decryption_claims_nothing_about_signatures() {
        let encryption = Encryption { to: OTHER, ..Encryption::default() };
        let xml = in_response(&encryption.encrypt(&signed_inside()));
        let rows = open(&xml).unwrap_err().outcomes();
        assert_eq!(row(&rows, Check::Issuer), CheckState::Passed);
        let failed = CheckState::Failed(ReasonCode::DecryptionFailed);
        assert_eq!(row(&rows, Check::Decryption), failed);
        for check in [Check::SignatureForm, Check::Algorithm, Check::Signature, Check::Audience] {
            assert_eq!(row(&rows, check), CheckState::NotRun, "{check}");
        }
    }

    #[test]
    fn the_profile_is_checked_on_what_was_signed() {
        let inside = encrypt(&signed_inside());
        let nowhere = Document { destination: None, ..Document::default() }.response(&inside);
        assert!(open(&nowhere).is_ok());
        let signed = Signature::default().envelop(&nowhere, "_response1");
        refused(open(&signed), ReasonCode::DestinationMissing);
        let elsewhere = Document {
            destination: Some("https://other.example/".to_owned()),
            ..Document::default()
        };
        refused(open(&elsewhere.response(&inside)), ReasonCode::DestinationMismatch);
        let issuer = format!("<saml:Issuer>{IDP}/other</saml:Issuer>");
        let foreign = Document { issuer, ..Document::default() }.assertion();
        refused(open(&in_signed_response(&encrypt(&foreign))), ReasonCode::IssuerMismatch);
        let other =
            Document { response_issuer: Some("urn:other".to_owned()), ..Document::default() };
        refused(open(&other.response(&inside)), ReasonCode::IssuerMismatch);
        let later = decrypting().verify_xml(
            in_response(&inside).as_bytes(),
            at("2026-11-21T10:06:00Z"),
            Some(REQUEST),
        );
        refused(later, ReasonCode::Expired);
    }
}

mod secrecy {
    use super::*;

    #[test]
    fn every_cause_of_a_failed_decryption_is_one_refusal() {
        let good = Encryption::default();
        let signed = signed_inside();
        let content = good.content(signed.as_bytes());
        let with = |content: &[u8]| {
            let key = good.encrypted_key("");
            in_response(&encrypted_assertion(&encrypted_data("", GCM, &key, content)))
        };
        let flip = |at: usize| {
            let mut changed = content.clone();
            changed[at] ^= 1;
            with(&changed)
        };
        let long_key = Encryption { key: vec![7; 32], ..Encryption::default() };
        let empty_key = Encryption { key: Vec::new(), ..Encryption::default() };
        let other_key = Encryption { key: vec![8; 16], ..Encryption::default() };
        let to_other = Encryption { to: OTHER, ..Encryption::default() };
        let wrapped = STANDARD.encode(good.wrapped_key());
        let xml = with(&content);
        assert!(open(&xml).is_ok());
        let at = xml.find("<xenc:CipherValue>").unwrap() + "<xenc:CipherValue>".len();
        let with_wrapped =
            |value: &str| format!("{}{value}{}", &xml[..at], &xml[at + wrapped.len()..]);
        for (name, xml) in [
            ("a key for somebody else", in_response(&to_other.encrypt(&signed))),
            ("a wrapped key that is changed", with_wrapped(&STANDARD.encode([1; 256]))),
            ("a wrapped key that is too short", with_wrapped("AAAA")),
            (
                "a wrapped key that is larger than the modulus",
                with_wrapped(&STANDARD.encode([255; 256])),
            ),
            ("a content key of the wrong length", in_response(&long_key.encrypt(&signed))),
            ("an empty content key", in_response(&empty_key.encrypt(&signed))),
            ("another content key", in_response(&other_key.encrypt(&signed))),
            ("a changed nonce", flip(0)),
            ("a changed text", flip(40)),
            ("a changed tag", flip(content.len() - 1)),
            ("a short tag", with(&content[..content.len() - 4])),
            ("a nonce alone", with(&content[..12])),
            ("nothing", with(&[])),
            ("no UTF-8", in_response(&good.encrypt_bytes(b"<a>\xff</a>"))),
        ] {
            let rejection = open(&xml).unwrap_err();
            assert_eq!(rejection.code(), ReasonCode::DecryptionFailed, "{name}");
            let first = open(&flip(0)).unwrap_err();
            assert_eq!(rejection, first, "{name}");
            assert_eq!(rejection.outcomes(), first.outcomes(), "{name}");
        }
    }

    #[test]
    fn a_wrong_padding_is_the_same_refusal() {
        let xml = |padding| {
            let encryption = Encryption { padding, ..Encryption::cbc() };
            in_signed_response(&encryption.encrypt(&signed_inside()))
        };
        assert!(open_cbc(&xml(None)).is_ok());
        for padding in [0, 17, 255] {
            refused(open_cbc(&xml(Some(padding))), ReasonCode::DecryptionFailed);
        }
    }

    #[test]
    fn aes_cbc_is_refused_before_decryption_without_permission_or_signature() {
        for xml in [
            in_response(&Encryption::cbc().encrypt(&signed_inside())),
            in_response(&Encryption { padding: Some(0), ..Encryption::cbc() }.encrypt("x")),
        ] {
            refused(open(&xml), ReasonCode::EncryptionCbcRefused);
            refused(open_cbc(&xml), ReasonCode::EncryptionCbcRefused);
        }
        let signed = in_signed_response(&Encryption::cbc().encrypt(&signed_inside()));
        let rejection = open(&signed).unwrap_err();
        assert_eq!(rejection.code(), ReasonCode::EncryptionCbcRefused);
        assert!(rejection.detail().contains("`allow_cbc`"), "{rejection}");
        assert!(open_cbc(&signed).is_ok());
    }

    #[test]
    fn a_captured_aes_gcm_key_cannot_be_asked_about_as_aes_cbc() {
        let captured = in_response(&encrypt(&signed_inside()));
        assert!(open_cbc(&captured).is_ok());
        refused(open_cbc(&captured.replace(GCM, CBC)), ReasonCode::EncryptionCbcRefused);
    }

    #[test]
    fn a_captured_ciphertext_taken_out_of_its_signed_response_is_refused() {
        let plain = Document::default().assertion();
        refused(open(&in_response(&encrypt(&plain))), ReasonCode::SignatureMissing);
        let cbc = Encryption::cbc().encrypt(&plain);
        assert!(open_cbc(&in_signed_response(&cbc)).is_ok());
        refused(open_cbc(&in_response(&cbc)), ReasonCode::EncryptionCbcRefused);
    }

    #[test]
    fn no_more_keys_are_tried_than_the_bound_allows() {
        // Three of somebody else, then ours: with two keys of our own that is the fourth and
        // eighth attempt.
        let other = Encryption { to: OTHER, ..Encryption::default() }.encrypted_key("");
        let ours = Encryption::default().encrypted_key("");
        let content = Encryption::default().content(signed_inside().as_bytes());
        let xml = |keys: String| {
            in_response(&encrypted_assertion(&encrypted_data("", GCM, &keys, &content)))
        };
        assert!(open(&xml(other.repeat(3) + &ours)).is_ok());
        let stranger = fixture!("sp-next.pem");
        let verify = |xml: &str| {
            verifier()
                .with_decryption(vec![our_key(stranger), our_key(OURS)], EncryptionPolicy::GcmOnly)
                .verify_xml(xml.as_bytes(), now(), Some(REQUEST))
        };
        assert!(verify(&xml(other.clone() + &ours)).is_ok());
        refused(verify(&xml(other.repeat(2) + &ours)), ReasonCode::DecryptionFailed);
    }
}

mod form {
    use super::*;

    const SHA1: &str = "<ds:DigestMethod xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" \
        Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"></ds:DigestMethod>";
    const MGF1: &str = "<e:MGF xmlns:e=\"http://www.w3.org/2009/xmlenc11#\" \
        Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha1\"></e:MGF>";

    /// The default with one part replaced, in a response that is not signed.
    fn changed(from: &str, to: &str) -> String {
        let xml = in_response(&encrypt(&signed_inside()));
        assert!(xml.contains(from), "{from}");
        xml.replacen(from, to, 1)
    }

    #[test]
    fn what_the_grammar_has_not_is_refused() {
        let malformed = ReasonCode::EncryptionMalformed;
        let data = "<xenc:EncryptedData xmlns:xenc";
        let second = between(&encrypt("x"), "<xenc:EncryptedData", "</xenc:EncryptedData>");
        let cipher = "<xenc:CipherData><xenc:CipherValue></xenc:CipherValue></xenc:CipherData>";
        for (from, to) in [
            ("</saml:EncryptedAssertion>", format!("{second}</saml:EncryptedAssertion>")),
            (
                "</saml:EncryptedAssertion>",
                "<saml:X></saml:X></saml:EncryptedAssertion>".to_owned(),
            ),
            ("</saml:EncryptedAssertion>", "text</saml:EncryptedAssertion>".to_owned()),
            ("<saml:EncryptedAssertion ", "<saml:EncryptedAssertion a=\"\" ".to_owned()),
            ("<xenc:EncryptedData ", "<xenc:EncryptedData Encoding=\"\" ".to_owned()),
            ("#Element\"", "#Content\"".to_owned()),
            (&format!(" Type=\"{XENC}Element\""), String::new()),
            (
                data,
                format!(
                    "<xenc:EncryptedData xmlns:x=\"urn:x\" x:Type=\"{XENC}Element\" xmlns:xenc"
                ),
            ),
            ("<ds:KeyInfo", "<!--c--><ds:KeyInfo".to_owned()),
            ("<xenc:CipherValue>", "<xenc:CipherValue><!--c-->".to_owned()),
            ("<xenc:CipherValue>", "<xenc:CipherValue>*".to_owned()),
            ("<xenc:CipherValue>", "<xenc:CipherValue><a></a>".to_owned()),
            ("<xenc:CipherValue>", "<xenc:CipherValue Id=\"_v\">".to_owned()),
            ("<xenc:CipherData>", "<xenc:CipherData>text".to_owned()),
            ("<xenc:CipherData>", format!("{cipher}<xenc:CipherData>")),
            (
                "</xenc:EncryptedData>",
                "<xenc:EncryptionProperties></xenc:EncryptionProperties></xenc:EncryptedData>"
                    .to_owned(),
            ),
            ("<ds:KeyInfo xmlns:ds", "<ds:KeyInfo other=\"\" xmlns:ds".to_owned()),
            ("<xenc:EncryptedKey>", "<ds:MgmtData></ds:MgmtData><xenc:EncryptedKey>".to_owned()),
            (
                "<xenc:EncryptedKey>",
                "<xenc:AgreementMethod></xenc:AgreementMethod><xenc:EncryptedKey>".to_owned(),
            ),
            ("<xenc:EncryptedKey>", "<xenc:EncryptedKey Type=\"urn:x\">".to_owned()),
            ("<xenc:EncryptedKey>", "<xenc:EncryptedKey Carried=\"\">".to_owned()),
            (
                &format!("<xenc:EncryptionMethod Algorithm=\"{OAEP}\">"),
                "<xenc:EncryptionMethod>".to_owned(),
            ),
            (
                &format!("<xenc:EncryptionMethod Algorithm=\"{GCM}\"></xenc:EncryptionMethod>"),
                String::new(),
            ),
            (
                &format!("<xenc:EncryptionMethod Algorithm=\"{GCM}\">"),
                format!(
                    "<xenc:EncryptionMethod Algorithm=\"{GCM}\"><xenc:KeySize>128</xenc:KeySize>"
                ),
            ),
        ] {
            let xml = changed(from, &to);
            let outcome = open(&xml);
            assert_eq!(outcome.as_ref().map_err(Rejection::code).err(), Some(malformed), "{to}");
            refused(outcome, malformed);
        }
    }

    fn between(xml: &str, open: &str, close: &str) -> String {
        xml[xml.find(open).unwrap()..xml.rfind(close).unwrap() + close.len()].to_owned()
    }

    #[test]
    fn ciphertext_from_elsewhere_is_refused() {
        let reference =
            "<xenc:CipherReference URI=\"https://other.example/\"></xenc:CipherReference>";
        let xml = in_response(&encrypt(&signed_inside()));
        for value in xml.match_indices("<xenc:CipherValue>").map(|(at, _)| at) {
            let end = value + xml[value..].find("</xenc:CipherValue>").unwrap() + 19;
            let elsewhere = format!("{}{reference}{}", &xml[..value], &xml[end..]);
            let rejection = open(&elsewhere).unwrap_err();
            assert_eq!(rejection.code(), ReasonCode::EncryptionMalformed);
            assert!(rejection.detail().contains("CipherReference"), "{rejection}");
        }
    }

    #[test]
    fn keys_are_found_inside_and_beside_the_data() {
        let encryption = Encryption::default();
        let content = encryption.content(signed_inside().as_bytes());
        let open_with = |info: &str, beside: &str| {
            let data = encrypted_data(" Id=\"_data\"", GCM, info, &content);
            open(&in_response(&encrypted_assertion(&(data + beside))))
        };
        let retrieval =
            |uri: &str| format!("<ds:RetrievalMethod URI=\"{uri}\"></ds:RetrievalMethod>");
        let list = |uri: &str| {
            let list = format!(
                "</xenc:CipherData><xenc:ReferenceList><xenc:DataReference URI=\"{uri}\">\
                 </xenc:DataReference></xenc:ReferenceList><xenc:CarriedKeyName>k\
                 </xenc:CarriedKeyName>"
            );
            encryption.encrypted_key(" Id=\"_key\"").replace("</xenc:CipherData>", &list)
        };
        let key = encryption.encrypted_key(" Id=\"_key\" Recipient=\"urn:anybody\"");
        let name = "<ds:KeyName>k</ds:KeyName><ds:X509Data></ds:X509Data>";
        let inside = encryption.encrypted_key("");
        for (info, beside) in [
            ("", key.as_str()),
            (name, &key),
            (&(name.to_owned() + &inside), ""),
            (&retrieval("#_key"), &key),
            (&retrieval("#_key"), &list("#_data")),
            ("", &list("#_data")),
        ] {
            assert!(open_with(info, beside).is_ok(), "{info} {beside}");
        }
        let typed =
            retrieval("#_key").replace(" URI", &format!(" Type=\"{XENC}EncryptedKey\" URI"));
        assert!(open_with(&typed, &key).is_ok());
        let transformed = retrieval("#_key").replace("></", "><ds:Transforms></ds:Transforms></");
        for (info, beside) in [
            ("", ""),
            (name, ""),
            (&retrieval("#_other"), &key),
            (&retrieval("https://other.example/"), &key),
            (&retrieval(""), &key),
            (&typed.replace("EncryptedKey", "DerivedKey"), &key),
            (&transformed, &key),
            (&retrieval("#_key").repeat(5), &key),
            ("", &list("#_other")),
            ("", &list("#_data").replace("DataReference", "KeyReference")),
            ("", &inside.repeat(5)),
            (&inside.repeat(2), &inside.repeat(3)),
        ] {
            refused(open_with(info, beside), ReasonCode::EncryptionMalformed);
        }
    }

    #[test]
    fn parameters_of_oaep_are_read() {
        let with = |parameters| {
            let encryption = Encryption { parameters, ..Encryption::default() };
            open(&in_response(&encryption.encrypt(&signed_inside())))
        };
        for accepted in [SHA1, MGF1, "<xenc:OAEPparams> </xenc:OAEPparams>"] {
            assert!(with(accepted).is_ok(), "{accepted}");
        }
        refused(
            with("<xenc:OAEPparams>AAAA</xenc:OAEPparams>"),
            ReasonCode::EncryptionAlgorithmRefused,
        );
        refused(with("<xenc:KeySize>128</xenc:KeySize>"), ReasonCode::EncryptionMalformed);
    }

    #[test]
    fn algorithms_are_refused_by_name_before_a_key_is_looked_for() {
        let xml = in_response(&encrypt(&signed_inside()));
        let rsa15 = xml.replace("rsa-oaep-mgf1p", "rsa-1_5");
        let triple_des = xml.replace(GCM, &format!("{XENC}tripledes-cbc"));
        for (xml, named) in [(rsa15, "RSA PKCS#1 v1.5"), (triple_des, "Triple DES")] {
            for verifier in [verifier(), decrypting()] {
                let rejection =
                    verifier.verify_xml(xml.as_bytes(), now(), Some(REQUEST)).unwrap_err();
                assert_eq!(rejection.code(), ReasonCode::EncryptionAlgorithmRefused);
                assert!(rejection.detail().contains(named), "{rejection}");
            }
        }
    }

    #[test]
    fn line_breaks_in_ciphertext_are_no_part_of_it() {
        for line_break in ["\r\n", "&#13;\n", " ", "\t"] {
            let xml = changed("<xenc:CipherValue>", &format!("<xenc:CipherValue>{line_break}"));
            assert!(open(&xml).is_ok(), "{line_break:?}");
        }
    }
}

mod plaintext {
    use super::*;

    /// What becomes of a plaintext, whether the identity provider signed the response or not.
    #[track_caller]
    fn judged(plaintext: &str, code: ReasonCode) {
        refused(open(&in_response(&encrypt(plaintext))), code);
        refused(open(&in_signed_response(&encrypt(plaintext))), code);
    }

    #[test]
    fn more_or_less_than_one_assertion_is_refused() {
        let signed = signed_inside();
        let unexpected = ReasonCode::StructureUnexpected;
        judged(&signed.repeat(2), unexpected);
        judged("", unexpected);
        judged("text", unexpected);
        judged(&format!("{signed} "), unexpected);
        judged(&format!("text{signed}"), unexpected);
        judged(&format!("<!--c-->{signed}"), unexpected);
        judged(&in_response(&signed), unexpected);
        judged(&encrypt(&signed), unexpected);
        judged(&signed.replace(SAML, "urn:example:assertion"), unexpected);
    }

    #[test]
    fn further_assertions_inside_it_are_refused() {
        let inside = |what: &str| {
            signed_inside().replace("</saml:Subject>", &format!("{what}</saml:Subject>"))
        };
        let other = Document { assertion_id: "_other".to_owned(), ..Document::default() };
        judged(&inside(&other.assertion()), ReasonCode::AssertionMultiple);
        judged(&inside(&encrypt(&other.assertion())), ReasonCode::AssertionMultiple);
        judged(&inside("<saml:Advice></saml:Advice>"), ReasonCode::AdviceRefused);
        judged(
            &inside("<saml:EncryptedID></saml:EncryptedID>"),
            ReasonCode::EncryptedIdUnsupported,
        );
        judged(
            &inside("<saml:EncryptedAttribute></saml:EncryptedAttribute>"),
            ReasonCode::EncryptedIdUnsupported,
        );
        let nested = signed_inside()
            .replace("<saml:Subject>", "<saml:Subject><x>")
            .replace("</saml:Subject>", "</x></saml:Subject>");
        judged(&nested, ReasonCode::DigestMismatch);
    }

    #[test]
    fn the_bounds_and_the_strict_parser_apply_to_it() {
        let signed = signed_inside();
        judged(&format!("<!DOCTYPE a>{signed}"), ReasonCode::XmlDoctype);
        judged(&format!("<?pi?>{signed}"), ReasonCode::XmlProcessingInstruction);
        judged(&format!("<?xml version=\"1.0\"?>{signed}"), ReasonCode::XmlProcessingInstruction);
        judged(&signed[..signed.len() - 1], ReasonCode::XmlMalformed);
        judged(&format!("{signed}<!--"), ReasonCode::XmlMalformed);
        judged("<saml:Assertion>", ReasonCode::XmlMalformed);
        let inside = |what: &str| {
            signed
                .replace("</saml:AttributeStatement>", &format!("{what}</saml:AttributeStatement>"))
        };
        judged(&inside(&"<a/>".repeat(5_000)), ReasonCode::XmlTooManyElements);
        judged(
            &inside(&format!("{}{}", "<a>".repeat(70), "</a>".repeat(70))),
            ReasonCode::XmlTooDeep,
        );
        let spaces: Vec<_> = (0..20).map(|n| format!(" xmlns:n{n}=\"urn:n\"")).collect();
        let spaces = spaces.concat();
        judged(&inside(&format!("<a{spaces}/>")), ReasonCode::XmlTooManyNamespaces);
        judged(&inside("<a xmlns=\"relative\"/>"), ReasonCode::XmlRelativeNamespace);
        // No ciphertext within the bound holds more plaintext than the bound.
        judged(&inside(&"x".repeat(128 * 1024)), ReasonCode::TooLarge);
    }

    #[test]
    fn it_cannot_leave_its_place() {
        let signed = signed_inside();
        for around in [
            "</context><context>",
            "</context>",
            "</saml:EncryptedAssertion>",
            "</samlp:Response>",
            "<![CDATA[",
        ] {
            judged(&format!("{signed}{around}"), ReasonCode::XmlMalformed);
            judged(&format!("{around}{signed}"), ReasonCode::XmlMalformed);
        }
    }

    #[test]
    fn ids_are_unique_over_it_and_the_response() {
        let assertion = |id: &str| {
            let document = Document { assertion_id: id.to_owned(), ..Document::default() };
            Signature::default().envelop(&document.assertion(), id)
        };
        judged(&assertion("_response1"), ReasonCode::DuplicateId);
        let encryption = Encryption::default();
        let (key, content) = (
            encryption.encrypted_key(" Id=\"_key\""),
            encryption.content(assertion("_key").as_bytes()),
        );
        let data = encrypted_data(" Id=\"_data\"", GCM, &key, &content);
        refused(open(&in_response(&encrypted_assertion(&data))), ReasonCode::DuplicateId);
    }

    #[test]
    fn namespaces_come_from_the_place_of_the_encrypted_assertion() {
        let bare = Document::default().assertion().replace(&format!(" xmlns:saml=\"{SAML}\""), "");
        let xml = in_signed_response(&encrypt(&bare));
        assert_eq!(open(&xml).unwrap().name_id().value(), "ana@example.com");
        // What the signature does not cover cannot give a prefix a meaning.
        let used = bare.replace("<saml:Subject>", "<saml:Subject x:a=\"\">");
        let xml = in_signed_response(&encrypt(&used));
        let bound = xml.replace("<samlp:Response ", "<samlp:Response xmlns:x=\"urn:x\" ");
        refused(open(&xml), ReasonCode::XmlMalformed);
        refused(open(&bound), ReasonCode::XmlMalformed);
    }

    #[test]
    fn comments_in_it_do_not_cut_texts() {
        let split = Document::default()
            .assertion()
            .replace("ana@example.com", "ana@example.com<!-- -->.evil.example");
        let verified = open(&in_signed_response(&encrypt(&split))).unwrap();
        assert_eq!(verified.name_id().value(), "ana@example.com.evil.example");
    }

    #[test]
    fn a_signature_elsewhere_in_it_is_refused() {
        let signature = Signature::default().sign(&Document::default().assertion(), "_assertion1");
        let moved = Document::default()
            .assertion()
            .replace("<saml:Subject>", &format!("<saml:Subject>{signature}"));
        judged(&moved, ReasonCode::SignatureMisplaced);
        let twice =
            signed_inside().replace("<saml:Subject>", &format!("{signature}<saml:Subject>"));
        judged(&twice, ReasonCode::SignatureMultiple);
        let other = Signature { uri: Some("#_response1".to_owned()), ..Signature::default() };
        judged(
            &other.envelop(&Document::default().assertion(), "_assertion1"),
            ReasonCode::ReferenceMismatch,
        );
    }
}

mod wrapping {
    use super::*;

    #[test]
    fn an_assertion_beside_the_encrypted_one_is_refused() {
        let genuine = encrypt(&signed_inside());
        let evil = Document { assertion_id: "_evil".to_owned(), ..Document::default() }
            .assertion()
            .replace("ana@example.com", "mallory@example.com");
        let multiple = ReasonCode::AssertionMultiple;
        refused(open(&in_response(&(evil.clone() + &genuine))), multiple);
        refused(open(&in_response(&(genuine.clone() + &evil))), multiple);
        refused(open(&in_response(&genuine.repeat(2))), multiple);
        let extensions = format!("<samlp:Extensions>{evil}</samlp:Extensions>{genuine}");
        refused(open(&in_response(&extensions)), multiple);
        let inside = genuine
            .replace("</saml:EncryptedAssertion>", &(evil.clone() + "</saml:EncryptedAssertion>"));
        refused(open(&in_response(&inside)), multiple);
        let inside_key = genuine.replace("<xenc:EncryptedKey>", &(evil + "<xenc:EncryptedKey>"));
        refused(open(&in_response(&inside_key)), multiple);
        let signed = in_signed_response(&genuine);
        let added =
            signed.replace("</samlp:Status>", &format!("</samlp:Status>{}", signed_inside()));
        refused(open(&added), multiple);
    }

    #[test]
    fn an_encrypted_assertion_elsewhere_is_refused() {
        let genuine = encrypt(&signed_inside());
        let extensions = format!("<samlp:Extensions>{genuine}</samlp:Extensions>");
        refused(open(&in_response(&extensions)), ReasonCode::AssertionMisplaced);
        let nested = encrypted_assertion(&genuine);
        refused(open(&in_response(&nested)), ReasonCode::AssertionMultiple);
    }

    #[test]
    fn a_signature_inside_the_encrypted_assertion_is_refused() {
        let signature = Signature::default().sign(&Document::default().assertion(), "_assertion1");
        let genuine = encrypt(&Document::default().assertion());
        let inside =
            genuine.replace("<xenc:EncryptedKey>", &(signature.clone() + "<xenc:EncryptedKey>"));
        refused(open(&in_response(&inside)), ReasonCode::SignatureMisplaced);
        refused(open(&in_signed_response(&inside)), ReasonCode::SignatureMisplaced);
        let twice = in_signed_response(&genuine)
            .replace("</saml:Issuer><ds", &format!("</saml:Issuer>{signature}<ds"));
        refused(open(&twice), ReasonCode::SignatureMultiple);
    }

    #[test]
    fn another_namespace_is_another_element() {
        let xml = in_response(&encrypt(&signed_inside()));
        refused(open(&xml.replace(XENC, "urn:example:enc#")), ReasonCode::EncryptionMalformed);
        let renamed = xml.replace(
            &format!("EncryptedAssertion xmlns:saml=\"{SAML}\""),
            "EncryptedAssertion xmlns:saml=\"urn:example:assertion\"",
        );
        refused(open(&renamed), ReasonCode::AssertionMissing);
    }
}

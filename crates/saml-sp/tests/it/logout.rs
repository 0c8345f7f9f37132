//! Requests of identity providers to end sessions: by query and by form, and each refusal by name.

use std::io::Write as _;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use saml_sp::{
    AlgorithmPolicy, ClockSkew, PinnedKey, ReasonCode, ReceivedLogoutRequest, Rejection,
    ServiceProviderKey, VerifiedLogoutRequest,
};

use crate::support::{
    C14N, DS, ENVELOPED, IDP, RSA_SHA256, SAML, SAMLP, SHA256, at, idp, key, now, other_key, pinned,
};

/// Made by python3-saml with the key of `sp.pem`: line breaks in the message, and `Signature` before
/// `SigAlg` in the query.
const PYTHON3_SAML: &str = include_str!("../fixtures/python3-saml-logout-sha256.txt");
/// The same by form, signed inside.
const PYTHON3_SAML_FORM: &str = include_str!("../fixtures/python3-saml-logout-form.xml");
/// The query with RSA-SHA1.
const PYTHON3_SAML_SHA1: &str = include_str!("../fixtures/python3-saml-logout-sha1.txt");

const SLO: &str = "https://sp.example/saml/logout";
const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";

/// A request in canonical form; each part can be wrong on purpose.
struct Request {
    attributes: String,
    issuer: &'static str,
    signature: String,
    subject: &'static str,
}

const ANA: &str = "<saml:NameID>ana@example.com</saml:NameID>\
                   <samlp:SessionIndex>_session1</samlp:SessionIndex>";

impl Default for Request {
    fn default() -> Self {
        Self {
            attributes: format!(
                "Destination=\"{SLO}\" ID=\"_logout1\" IssueInstant=\"2026-11-21T10:00:00Z\" \
                 Version=\"2.0\""
            ),
            issuer: IDP,
            signature: String::new(),
            subject: ANA,
        }
    }
}

impl Request {
    fn with(from: &str, to: &str) -> Self {
        let request = Self::default();
        assert!(request.attributes.contains(from), "{from}");
        Self { attributes: request.attributes.replace(from, to), ..request }
    }

    fn xml(&self) -> String {
        let Self { attributes, issuer, signature, subject } = self;
        format!(
            "<samlp:LogoutRequest xmlns:saml=\"{SAML}\" xmlns:samlp=\"{SAMLP}\" {attributes}>\
             <saml:Issuer>{issuer}</saml:Issuer>{signature}{subject}</samlp:LogoutRequest>"
        )
    }

    /// The document that is digested: exclusive canonical form declares prefixes where they are used.
    fn canonical(&self) -> String {
        self.xml()
            .replacen(&format!(" xmlns:saml=\"{SAML}\""), "", 1)
            .replace("<saml:Issuer>", &format!("<saml:Issuer xmlns:saml=\"{SAML}\">"))
            .replace("<saml:NameID>", &format!("<saml:NameID xmlns:saml=\"{SAML}\">"))
    }

    /// The form field, signed inside.
    fn form(&self) -> String {
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.canonical().as_bytes());
        let inside = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{C14N}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#_logout1\"><ds:Transforms><ds:Transform Algorithm=\"{ENVELOPED}\">\
             </ds:Transform><ds:Transform Algorithm=\"{C14N}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod><ds:DigestValue>{}\
             </ds:DigestValue></ds:Reference>",
            STANDARD.encode(digest)
        );
        let signed = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{inside}</ds:SignedInfo>");
        let value = sign(key(), signed.as_bytes());
        let signature = format!(
            "<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>{inside}</ds:SignedInfo>\
             <ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
        );
        STANDARD.encode(Self { signature, attributes: self.attributes.clone(), ..*self }.xml())
    }

    /// The query, signed beside.
    fn query(&self) -> String {
        signed_query(&self.unsigned_query("&RelayState=their%20state"))
    }

    fn unsigned_query(&self, more: &str) -> String {
        let message = STANDARD.encode(deflated(self.xml().as_bytes()));
        format!("SAMLRequest={}{more}", escaped(&message))
    }
}

fn sign(key: &RsaKeyPair, message: &[u8]) -> String {
    let mut value = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut value).unwrap();
    STANDARD.encode(value)
}

fn signed_query_by(query: &str, key: &RsaKeyPair, uri: &str) -> String {
    let signed = format!("{query}&SigAlg={}", escaped(uri));
    let value = sign(key, signed.as_bytes());
    format!("{signed}&Signature={}", escaped(&value))
}

fn signed_query(query: &str) -> String {
    signed_query_by(query, key(), RSA_SHA256)
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn judged(received: &ReceivedLogoutRequest) -> Result<VerifiedLogoutRequest, Rejection> {
    let provider = idp(vec![pinned(key())]);
    received.verify(&provider, SLO, now(), ClockSkew::default(), AlgorithmPolicy::Strict)
}

fn by_query(query: &str) -> Result<VerifiedLogoutRequest, Rejection> {
    judged(&ReceivedLogoutRequest::from_query(query)?)
}

fn by_form(form: &str) -> Result<VerifiedLogoutRequest, Rejection> {
    judged(&ReceivedLogoutRequest::from_form(form, None)?)
}

#[track_caller]
fn refused(result: Result<VerifiedLogoutRequest, Rejection>, code: ReasonCode) {
    assert_eq!(result.map_err(|rejection| rejection.code()), Err(code));
}

/// The same wrong request, by either way.
#[track_caller]
fn refused_both(request: &Request, code: ReasonCode) {
    refused(by_query(&request.query()), code);
    refused(by_form(&request.form()), code);
}

#[test]
fn a_signed_request_names_whose_sessions_end() {
    let received = ReceivedLogoutRequest::from_query(&Request::default().query()).unwrap();
    assert_eq!(received.issuer(), Some(IDP));
    assert_eq!(received.relay_state(), Some("their state"));
    for request in [judged(&received).unwrap(), by_form(&Request::default().form()).unwrap()] {
        assert_eq!(request.id(), "_logout1");
        assert_eq!(request.issuer(), IDP);
        assert_eq!(request.name_id().value(), "ana@example.com");
        assert_eq!(request.session_indexes().iter().collect::<Vec<_>>(), ["_session1"]);
        assert_eq!(request.replay_until(), at("2026-11-21T10:06:00Z"));
        assert!(!format!("{request:?}{received:?}").contains("ana"));
    }
}

/// The verdict on a request that python3-saml made.
fn python3_saml(query: &str, policy: AlgorithmPolicy) -> Result<VerifiedLogoutRequest, Rejection> {
    let received = ReceivedLogoutRequest::from_query(query.trim_end())?;
    assert_eq!(received.relay_state(), Some("https://idp.example/done?a=1&b=ü"));
    python3_saml_judged(&received, policy)
}

fn python3_saml_judged(
    received: &ReceivedLogoutRequest,
    policy: AlgorithmPolicy,
) -> Result<VerifiedLogoutRequest, Rejection> {
    let key = ServiceProviderKey::from_pem(include_str!("../fixtures/sp.pem")).unwrap();
    let provider = idp(vec![PinnedKey::from_certificate_der(key.certificate_der()).unwrap()]);
    let (url, now) = ("https://sp.example/saml/slo", at("2026-11-21T06:11:40Z"));
    received.verify(&provider, url, now, ClockSkew::default(), policy)
}

#[test]
fn a_request_of_another_stack_is_read() {
    let by_query = python3_saml(PYTHON3_SAML, AlgorithmPolicy::Strict).unwrap();
    let form = STANDARD.encode(PYTHON3_SAML_FORM);
    let form = ReceivedLogoutRequest::from_form(&form, None).unwrap();
    let by_form = python3_saml_judged(&form, AlgorithmPolicy::Strict).unwrap();
    for request in [by_query, by_form] {
        assert_eq!(request.name_id().value(), "ana@example.com");
        assert_eq!(request.session_indexes().iter().collect::<Vec<_>>(), ["_session1"]);
    }
}

/// Escapes with lower-case digits.
fn in_lower_case(escaped: &str) -> String {
    let mut pieces = escaped.split('%');
    let first = pieces.next().unwrap().to_owned();
    pieces.fold(first, |text, piece| {
        let (digits, rest) = piece.split_at(2);
        format!("{text}%{}{rest}", digits.to_lowercase())
    })
}

/// As Lambda gets a query through a REST API, which hands over the values alone.
fn written_anew(query: &str) -> String {
    let value = |value: &str| {
        let decoded =
            percent_decode_str(&value.replace('+', " ")).decode_utf8().unwrap().into_owned();
        escaped(&decoded)
    };
    let pairs = query.trim_end().split('&').map(|pair| pair.split_once('=').unwrap());
    let mut pairs: Vec<_> = pairs.map(|(name, text)| format!("{name}={}", value(text))).collect();
    pairs.sort();
    pairs.join("&")
}

#[test]
fn a_request_whose_query_a_gateway_wrote_anew_is_read() {
    let anew = written_anew(PYTHON3_SAML);
    assert!(anew.contains("SigAlg=http%3A%2F%2Fwww%2Ew3%2Eorg%2F"), "{anew}");
    let request = python3_saml(&anew, AlgorithmPolicy::Strict).unwrap();
    assert_eq!(request.name_id().value(), "ana@example.com");
    let message = STANDARD.encode(deflated(Request::default().xml().as_bytes()));
    for blank in ["%20", "+"] {
        let unreserved = |text: &str| escaped(text).replace("%2E", ".").replace("%2D", "-");
        let signed = format!(
            "SAMLRequest={}&RelayState=their{blank}state%2F%C3%BC&SigAlg={}",
            unreserved(&message),
            unreserved(RSA_SHA256)
        );
        for signed in [in_lower_case(&signed), signed] {
            let query = format!("{signed}&Signature={}", escaped(&sign(key(), signed.as_bytes())));
            for query in [written_anew(&query), query] {
                assert_eq!(by_query(&query).unwrap().id(), "_logout1", "{query}");
                let other = query.replace("their", "other");
                refused(by_query(&other), ReasonCode::SignatureInvalid);
            }
        }
    }
}

#[test]
fn an_unescaped_plus_sign_is_a_digit_of_base64() {
    let request = Request::default();
    // A message whose base64 has one.
    let message = (0..200)
        .map(|n| Request {
            attributes: format!("{} N=\"{n}\"", request.attributes),
            ..Request::default()
        })
        .map(|request| STANDARD.encode(deflated(request.xml().as_bytes())))
        .find(|message| message.contains('+'))
        .unwrap();
    by_query(&signed_query(&format!("SAMLRequest={message}"))).unwrap();
}

#[test]
fn the_order_of_parameters_is_that_of_the_binding_and_not_of_the_query() {
    let query = Request::default().query();
    let mut parameters: Vec<_> = query.split('&').collect();
    parameters.reverse();
    by_query(&format!("lang=en&{}", parameters.join("&"))).unwrap();
}

#[test]
fn a_request_that_is_not_signed_by_the_provider_is_refused() {
    let unsigned = Request::default().unsigned_query("");
    refused(by_query(&unsigned), ReasonCode::SignatureMissing);
    refused(
        by_query(&format!("{unsigned}&SigAlg={}", escaped(RSA_SHA256))),
        ReasonCode::SignatureMissing,
    );
    let forged = signed_query_by(&unsigned, other_key(), RSA_SHA256);
    refused(by_query(&forged), ReasonCode::SignatureInvalid);
    let unsigned = STANDARD.encode(Request::default().xml());
    refused(by_form(&unsigned), ReasonCode::SignatureMissing);
}

#[test]
fn whatever_of_a_signed_query_is_changed_is_refused() {
    let query = Request::default().query();
    let other =
        Request { subject: "<saml:NameID>ben@example.com</saml:NameID>", ..Request::default() };
    let message = |query: &str| query.split('&').next().unwrap().to_owned();
    let swapped = query.replace(&message(&query), &message(&other.query()));
    refused(by_query(&swapped), ReasonCode::SignatureInvalid);
    let relayed = query.replace("their%20state", "elsewhere");
    refused(by_query(&relayed), ReasonCode::SignatureInvalid);
    refused(
        by_query(&query.replace("&RelayState=their%20state", "")),
        ReasonCode::SignatureInvalid,
    );
    for name in ["SAMLRequest", "RelayState", "SigAlg", "Signature"] {
        refused(by_query(&format!("{query}&{name}=x")), ReasonCode::QueryMalformed);
    }
}

#[test]
fn whatever_of_a_signed_form_is_changed_is_refused() {
    let xml = String::from_utf8(STANDARD.decode(Request::default().form()).unwrap()).unwrap();
    let changed = |from: &str, to: &str| {
        let changed = xml.replacen(from, to, 1);
        assert_ne!(changed, xml);
        by_form(&STANDARD.encode(changed))
    };
    refused(changed("ana@", "ben@"), ReasonCode::DigestMismatch);
    refused(changed("URI=\"#_logout1\"", "URI=\"\""), ReasonCode::ReferenceMismatch);
    refused(changed("ID=\"_logout1\"", "ID=\"_logout2\""), ReasonCode::ReferenceMismatch);
    let wrapped = format!("<samlp:Extensions xmlns:samlp=\"{SAMLP}\">{xml}</samlp:Extensions>");
    let evil =
        Request { subject: "<saml:NameID>ben@example.com</saml:NameID>", ..Request::default() };
    let evil =
        evil.xml().replace("</samlp:LogoutRequest>", &format!("{wrapped}</samlp:LogoutRequest>"));
    refused(by_form(&STANDARD.encode(&evil)), ReasonCode::DuplicateId);
    let evil = evil.replacen("ID=\"_logout1\"", "ID=\"_evil\"", 1);
    refused(by_form(&STANDARD.encode(evil)), ReasonCode::SignatureMisplaced);
}

#[test]
fn what_no_binding_writes_is_refused() {
    let parameter = |value: &str| format!("SAMLRequest={}", escaped(value));
    for (query, code) in [
        (String::new(), ReasonCode::QueryMalformed),
        (signed_query("RelayState=x"), ReasonCode::QueryMalformed),
        (signed_query("SAMLRequest=%ff%fe"), ReasonCode::QueryMalformed),
        (signed_query("SAMLRequest=***"), ReasonCode::QueryMalformed),
        (signed_query(&parameter(&STANDARD.encode("not deflated"))), ReasonCode::QueryMalformed),
        (signed_query(&parameter(&STANDARD.encode(deflated(b"no xml")))), ReasonCode::XmlMalformed),
        (
            signed_query(&parameter(&STANDARD.encode(deflated(b"<!DOCTYPE a><a/>")))),
            ReasonCode::XmlDoctype,
        ),
        (
            signed_query(&parameter(&STANDARD.encode(deflated(b"<Response/>")))),
            ReasonCode::NotALogoutRequest,
        ),
        (
            signed_query(&parameter(&STANDARD.encode(deflated(&vec![b' '; 50_000_000])))),
            ReasonCode::TooLarge,
        ),
        (format!("{}&x={}", Request::default().query(), "x".repeat(20_000)), ReasonCode::TooLarge),
        (
            format!("{}&SAMLEncoding=urn:other", Request::default().query()),
            ReasonCode::QueryMalformed,
        ),
    ] {
        refused(by_query(&query), code);
    }
}

#[test]
fn a_request_of_somebody_else_to_somebody_else_or_about_nobody_is_refused() {
    let foreign = Request { issuer: "https://other.example", ..Request::default() };
    refused_both(&foreign, ReasonCode::IssuerMismatch);
    let elsewhere = Request::with(SLO, "https://sp.example/saml/acs");
    refused_both(&elsewhere, ReasonCode::DestinationMismatch);
    let nowhere = Request::with(&format!("Destination=\"{SLO}\" "), "");
    refused_both(&nowhere, ReasonCode::DestinationMissing);
    refused_both(&Request::with("\"2.0\"", "\"1.1\""), ReasonCode::VersionUnsupported);
    for (subject, code) in [
        ("", ReasonCode::SubjectMissing),
        ("<saml:NameID> </saml:NameID>", ReasonCode::SubjectMissing),
        (
            "<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>",
            ReasonCode::StructureUnexpected,
        ),
        ("<saml:EncryptedID></saml:EncryptedID>", ReasonCode::EncryptedIdUnsupported),
        (
            "<saml:NameID>a</saml:NameID><samlp:Other></samlp:Other>",
            ReasonCode::StructureUnexpected,
        ),
        // An index that cannot be read does not become all sessions.
        (
            "<saml:NameID>a</saml:NameID><samlp:SessionIndex><b>x</b></samlp:SessionIndex>",
            ReasonCode::TextRefused,
        ),
    ] {
        refused(by_query(&Request { subject, ..Request::default() }.query()), code);
    }
    let all =
        Request { subject: "<saml:NameID>ana@example.com</saml:NameID>", ..Request::default() };
    assert!(by_query(&all.query()).unwrap().session_indexes().is_empty());
}

#[test]
fn a_request_is_acted_upon_for_five_minutes() {
    let issued = |time: &str| Request::with("2026-11-21T10:00:00Z", time);
    for good in ["2026-11-21T10:01:00Z", "2026-11-21T09:54:01Z"] {
        assert_eq!(by_query(&issued(good).query()).unwrap().issued_at(), at(good));
    }
    refused_both(&issued("2026-11-21T10:01:01Z"), ReasonCode::NotYetValid);
    refused_both(&issued("2026-11-21T09:54:00Z"), ReasonCode::Expired);
    refused_both(&issued("yesterday"), ReasonCode::TimeMalformed);
    let ends =
        |time: &str| Request::with(" Version=", &format!(" NotOnOrAfter=\"{time}\" Version="));
    assert_eq!(
        by_query(&ends("2026-11-21T09:59:30Z").query()).unwrap().replay_until(),
        at("2026-11-21T10:00:30Z")
    );
    refused_both(&ends("2026-11-21T09:59:00Z"), ReasonCode::Expired);
    refused_both(&ends("later"), ReasonCode::TimeMalformed);
}

#[test]
fn weak_algorithms_need_the_switch_and_unknown_ones_never_pass() {
    let unsigned = Request::default().unsigned_query("");
    let weak = signed_query_by(&unsigned, key(), RSA_SHA1);
    refused(by_query(&weak), ReasonCode::AlgorithmWeak);
    let sha1 = |policy| python3_saml(PYTHON3_SAML_SHA1, policy);
    refused(sha1(AlgorithmPolicy::Strict), ReasonCode::AlgorithmWeak);
    assert_eq!(sha1(AlgorithmPolicy::AllowWeak).unwrap().name_id().value(), "ana@example.com");
    let hmac = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    let unknown = signed_query_by(&unsigned, key(), hmac);
    refused(by_query(&unknown), ReasonCode::AlgorithmRefused);
    let received = ReceivedLogoutRequest::from_query(&Request::default().query()).unwrap();
    let keyless = idp(Vec::new());
    let result =
        received.verify(&keyless, SLO, now(), ClockSkew::default(), AlgorithmPolicy::Strict);
    refused(result, ReasonCode::KeysMissing);
}

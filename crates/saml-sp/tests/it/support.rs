//! Building and signing responses in tests.
//!
//! The documents are *written* in canonical form, so that signing needs no canonicalisation and
//! the one under test is not its own judge. The fixtures, signed by other stacks, judge it.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use saml_sp::{
    IdentityProvider, PinnedKey, ReasonCode, Rejection, ServiceProvider, VerifiedAssertion,
    Verifier,
};

pub(crate) const IDP: &str = "https://idp.example/metadata";
pub(crate) const SP: &str = "https://sp.example/saml";
pub(crate) const ACS: &str = "https://sp.example/saml/acs";
pub(crate) const REQUEST: &str = "_request1";
pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(crate) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(crate) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(crate) const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(crate) const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

static KEY: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
static OTHER_KEY: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

/// The identity provider's key.
pub(crate) fn key() -> &'static RsaKeyPair {
    &KEY
}

/// An attacker's key.
pub(crate) fn other_key() -> &'static RsaKeyPair {
    &OTHER_KEY
}

pub(crate) fn pinned(key: &RsaKeyPair) -> PinnedKey {
    let der: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    PinnedKey::from_public_key_der(der.as_ref()).unwrap()
}

/// The moment at which every default document is valid.
pub(crate) fn now() -> Timestamp {
    at("2026-11-21T10:00:00Z")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn idp(keys: Vec<PinnedKey>) -> IdentityProvider {
    IdentityProvider { keys, ..IdentityProvider::without_keys(IDP.to_owned()) }
}

pub(crate) fn verifier_with(keys: Vec<PinnedKey>) -> Verifier {
    let sp = ServiceProvider { entity_id: SP.to_owned(), acs_url: ACS.to_owned() };
    Verifier::new(sp, idp(keys))
}

pub(crate) fn verifier() -> Verifier {
    verifier_with(vec![pinned(key())])
}

/// The default verifier's answer to a response to `REQUEST`.
pub(crate) fn verify(xml: &str) -> Result<VerifiedAssertion, Rejection> {
    verifier().verify_xml(xml.as_bytes(), now(), Some(REQUEST))
}

/// Everything that a caller can read, in one comparable text.
pub(crate) fn claims(assertion: &VerifiedAssertion) -> String {
    let attributes: Vec<_> = assertion
        .attributes()
        .iter()
        .map(|(name, attribute)| {
            format!("{name}={:?}/{:?}", attribute.values(), attribute.friendly_name())
        })
        .collect();
    format!(
        "{} {} {} {:?} {:?} {} {:?} {:?} {} {}",
        assertion.assertion_id(),
        assertion.issuer(),
        assertion.name_id().value(),
        assertion.name_id().format(),
        assertion.in_response_to(),
        assertion.authn_instant(),
        assertion.session_index(),
        assertion.session_not_on_or_after(),
        assertion.replay_until(),
        attributes.join(" "),
    )
}

/// Asserts the reason code, and that the detail quotes nothing of the person.
#[track_caller]
pub(crate) fn refused(result: Result<VerifiedAssertion, Rejection>, code: ReasonCode) {
    match result {
        Ok(assertion) => panic!("accepted, expected {code}: {assertion:?}"),
        Err(rejection) => {
            assert_eq!(rejection.code(), code, "{rejection}");
            let shown = format!("{rejection} {rejection:?}");
            for secret in ["ana@", "mallory@", "u-1001"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
}

/// A response by parts. The default is a good one.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) response_id: String,
    /// Attributes of the Response, in canonical order, beside ID, `IssueInstant` and `Version`.
    pub(crate) destination: Option<String>,
    pub(crate) response_in_response_to: Option<String>,
    pub(crate) response_issuer: Option<String>,
    pub(crate) status: String,
    pub(crate) assertion_id: String,
    pub(crate) issue_instant: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) conditions: String,
    pub(crate) statements: String,
}

pub(crate) const NAME_ID: &str = "<saml:NameID \
    Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">ana@example.com</saml:NameID>";
pub(crate) const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
pub(crate) const AUTHN: &str = "<saml:AuthnStatement AuthnInstant=\"2026-11-21T09:58:00Z\" \
    SessionIndex=\"_session1\"><saml:AuthnContext><saml:AuthnContextClassRef>\
    urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>\
    </saml:AuthnContext></saml:AuthnStatement>";
pub(crate) const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

impl Default for Document {
    fn default() -> Self {
        Self {
            response_id: "_response1".to_owned(),
            destination: Some(ACS.to_owned()),
            response_in_response_to: Some(REQUEST.to_owned()),
            response_issuer: Some(IDP.to_owned()),
            status: format!("<samlp:StatusCode Value=\"{SUCCESS}\"></samlp:StatusCode>"),
            assertion_id: "_assertion1".to_owned(),
            issue_instant: "2026-11-21T10:00:00Z".to_owned(),
            issuer: format!("<saml:Issuer>{IDP}</saml:Issuer>"),
            subject: subject(NAME_ID, BEARER, &confirmation_data()),
            conditions: conditions(
                "NotBefore=\"2026-11-21T09:59:00Z\" NotOnOrAfter=\"2026-11-21T10:05:00Z\"",
                &audience(SP),
            ),
            statements: format!(
                "{AUTHN}<saml:AttributeStatement>{}{}</saml:AttributeStatement>",
                attribute("ssouserid", &["u-1001"]),
                attribute("teamid", &["fraud"]),
            ),
        }
    }
}

pub(crate) fn subject(name_id: &str, method: &str, data: &str) -> String {
    format!(
        "<saml:Subject>{name_id}<saml:SubjectConfirmation Method=\"{method}\">{data}\
         </saml:SubjectConfirmation></saml:Subject>"
    )
}

pub(crate) fn confirmation_data() -> String {
    confirmation_data_with(&format!(
        "InResponseTo=\"{REQUEST}\" NotOnOrAfter=\"2026-11-21T10:05:00Z\" Recipient=\"{ACS}\""
    ))
}

pub(crate) fn confirmation_data_with(attributes: &str) -> String {
    format!("<saml:SubjectConfirmationData {attributes}></saml:SubjectConfirmationData>")
}

pub(crate) fn conditions(window: &str, inside: &str) -> String {
    format!("<saml:Conditions {window}>{inside}</saml:Conditions>")
}

pub(crate) fn audience(audience: &str) -> String {
    format!(
        "<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>\
         </saml:AudienceRestriction>"
    )
}

pub(crate) fn attribute(name: &str, values: &[&str]) -> String {
    let values: Vec<_> = values
        .iter()
        .map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>"))
        .collect();
    format!("<saml:Attribute Name=\"{name}\">{}</saml:Attribute>", values.concat())
}

impl Document {
    /// The assertion in canonical form, unsigned.
    pub(crate) fn assertion(&self) -> String {
        let Self { assertion_id, issue_instant, issuer, subject, conditions, statements, .. } =
            self;
        format!(
            "<saml:Assertion xmlns:saml=\"{SAML}\" ID=\"{assertion_id}\" \
             IssueInstant=\"{issue_instant}\" Version=\"2.0\">{issuer}{subject}{conditions}\
             {statements}</saml:Assertion>"
        )
    }

    /// The Response around `inside`, in canonical form when that is.
    pub(crate) fn response(&self, inside: &str) -> String {
        let optional = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!(" {name}=\"{value}\"")).unwrap_or_default()
        };
        let issuer = self.response_issuer.as_ref().map_or_else(String::new, |issuer| {
            format!("<saml:Issuer xmlns:saml=\"{SAML}\">{issuer}</saml:Issuer>")
        });
        let (id, instant) = (&self.response_id, &self.issue_instant);
        let status = &self.status;
        format!(
            "<samlp:Response xmlns:samlp=\"{SAMLP}\"{} ID=\"{id}\"{} IssueInstant=\"{instant}\" \
             Version=\"2.0\">{issuer}<samlp:Status>{status}</samlp:Status>{inside}\
             </samlp:Response>",
            optional("Destination", &self.destination),
            optional("InResponseTo", &self.response_in_response_to),
        )
    }

    pub(crate) fn unsigned(&self) -> String {
        self.response(&self.assertion())
    }

    pub(crate) fn signed_assertion(&self) -> String {
        self.signed_assertion_by(&Signature::default())
    }

    pub(crate) fn signed_assertion_by(&self, signature: &Signature<'_>) -> String {
        self.response(&signature.envelop(&self.assertion(), &self.assertion_id))
    }

    pub(crate) fn signed_response(&self) -> String {
        Signature::default().envelop(&self.unsigned(), &self.response_id)
    }

    pub(crate) fn signed_both(&self) -> String {
        Signature::default().envelop(&self.signed_assertion(), &self.response_id)
    }
}

/// How to sign. The default is right in every way.
pub(crate) struct Signature<'k> {
    pub(crate) key: &'k RsaKeyPair,
    pub(crate) method: String,
    pub(crate) digest_method: String,
    pub(crate) canonicalization: String,
    /// Instead of `#` and the ID.
    pub(crate) uri: Option<String>,
    pub(crate) transforms: String,
    /// Further `Reference` elements or anything else at the end of `SignedInfo`.
    pub(crate) after_reference: String,
    /// After `SignatureValue`.
    pub(crate) after_value: String,
    /// How many bytes of the digest are given.
    pub(crate) digest_bytes: usize,
}

pub(crate) fn transform(algorithm: &str) -> String {
    format!("<ds:Transform Algorithm=\"{algorithm}\"></ds:Transform>")
}

impl Default for Signature<'static> {
    fn default() -> Self {
        Self {
            key: key(),
            method: format!("<ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>"),
            digest_method: SHA256.to_owned(),
            canonicalization: C14N.to_owned(),
            uri: None,
            transforms: transform(ENVELOPED) + &transform(C14N),
            after_reference: String::new(),
            after_value: String::new(),
            digest_bytes: usize::MAX,
        }
    }
}

impl Signature<'_> {
    /// Signs a canonical element and puts the signature after its first issuer, or first thing.
    pub(crate) fn envelop(&self, element: &str, id: &str) -> String {
        let signature = self.sign(element, id);
        let at = match element.find("</saml:Issuer>") {
            Some(at) => at + "</saml:Issuer>".len(),
            None => element.find('>').unwrap() + 1,
        };
        format!("{}{signature}{}", &element[..at], &element[at..])
    }

    /// The `Signature` over a canonical element.
    pub(crate) fn sign(&self, element: &str, id: &str) -> String {
        let algorithm = match self.digest_method.as_str() {
            SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            _ => &digest::SHA256,
        };
        let digest = digest::digest(algorithm, element.as_bytes());
        let given = digest.as_ref().len().min(self.digest_bytes);
        let digest = STANDARD.encode(&digest.as_ref()[..given]);
        let reference = self.reference(id, &digest);
        let inside = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{}\"></ds:CanonicalizationMethod>{}{reference}{}",
            self.canonicalization, self.method, self.after_reference
        );
        let canonical = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{inside}</ds:SignedInfo>");
        let mut value = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), canonical.as_bytes(), &mut value)
            .unwrap();
        format!(
            "<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>{inside}</ds:SignedInfo>\
             <ds:SignatureValue>{}</ds:SignatureValue>{}</ds:Signature>",
            STANDARD.encode(value),
            self.after_value
        )
    }

    pub(crate) fn reference(&self, id: &str, digest: &str) -> String {
        let uri = self.uri.clone().unwrap_or_else(|| format!("#{id}"));
        format!(
            "<ds:Reference URI=\"{uri}\"><ds:Transforms>{}</ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>",
            self.transforms, self.digest_method
        )
    }
}

//! Responses of whole identity providers, with their metadata; `fixtures/capture.py` and
//! `fixtures/make.py` say how they were made.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use saml_sp::{
    AlgorithmPolicy, IdentityProvider, ReasonCode, Rejection, ServiceProvider, SignedBy,
    VerifiedAssertion, Verifier,
};

use crate::reference_c14n::canonicalize;
use crate::support::{ACS, REQUEST, SP, Signature, claims};
use crate::surgery::Xml;

macro_rules! responses {
    ($($stack:literal, $mode:literal;)*) => { &[$((
        $stack,
        $mode,
        include_str!(concat!("../fixtures/", $stack, "-", $mode, ".xml")),
        include_str!(concat!("../fixtures/", $stack, "-metadata.xml")),
    ),)*] };
}

/// Stack, what is signed, the response, the metadata.
const RESPONSES: &[(&str, &str, &str, &str)] = responses! {
    "ssp", "response";
    "ssp", "assertion";
    "ssp", "both";
    "saml-idp", "response";
    "saml-idp", "assertion";
    "saml-idp", "both";
    "pysaml2", "response";
    "pysaml2", "assertion";
    "pysaml2", "both";
    "nanoidp", "assertion";
};

/// A response which an identity provider sent to us, and that provider.
#[derive(Debug)]
pub(crate) struct Genuine {
    pub(crate) stack: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) xml: Xml,
    pub(crate) provider: IdentityProvider,
    /// Base64 of the certificate in the metadata.
    pub(crate) certificate: String,
}

static GENUINE: LazyLock<Vec<Genuine>> = LazyLock::new(|| {
    let read = |&(stack, mode, xml, metadata): &(&'static str, &'static str, &str, &str)| Genuine {
        stack,
        mode,
        xml: Xml(xml.to_owned()),
        provider: IdentityProvider::from_metadata(metadata.as_bytes(), None).unwrap(),
        certificate: Xml(metadata.to_owned())
            .content("//X509Certificate")
            .split_ascii_whitespace()
            .collect(),
    };
    RESPONSES.iter().map(read).collect()
});

/// All of them, in a fixed order.
pub(crate) fn genuine() -> &'static [Genuine] {
    &GENUINE
}

impl Genuine {
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.stack, self.mode)
    }

    pub(crate) fn signs_response(&self) -> bool {
        self.mode != "assertion"
    }

    pub(crate) fn signs_assertion(&self) -> bool {
        self.mode != "response"
    }

    /// The outermost signed element.
    pub(crate) fn target(&self) -> &'static str {
        if self.signs_response() { "" } else { "Assertion" }
    }

    /// The outermost signature.
    pub(crate) fn signature(&self) -> &'static str {
        if self.signs_response() { "Signature" } else { "Assertion/Signature" }
    }

    /// Every signature.
    pub(crate) fn signatures(&self) -> Vec<&'static str> {
        ["Signature", "Assertion/Signature"].into_iter().filter(|path| self.xml.has(path)).collect()
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.provider.entity_id
    }

    /// Five seconds after it was issued.
    pub(crate) fn now(&self) -> Timestamp {
        let issued: Timestamp =
            self.xml.attribute("Assertion", "IssueInstant").unwrap().parse().unwrap();
        issued + SignedDuration::from_secs(5)
    }

    pub(crate) fn verifier(&self) -> Verifier {
        let sp = ServiceProvider { entity_id: SP.to_owned(), acs_url: ACS.to_owned() };
        Verifier::new(sp, self.provider.clone())
    }

    pub(crate) fn verify(&self, xml: &[u8]) -> Result<VerifiedAssertion, Rejection> {
        self.verifier().verify_xml(xml, self.now(), Some(REQUEST))
    }

    /// What the unchanged response says.
    pub(crate) fn claims(&self) -> String {
        claims(&self.verify(self.xml.0.as_bytes()).unwrap())
    }

    /// Signs an edited response anew, at the places where this one is signed.
    #[track_caller]
    pub(crate) fn signed_by(&self, edited: &Xml, how: &Signature<'_>) -> Xml {
        let mut xml = edited.clone();
        if self.signs_assertion() {
            xml = xml.signed("Assertion", how);
        }
        if self.signs_response() {
            xml = xml.signed("", how);
        }
        xml
    }
}

#[test]
fn responses_of_whole_providers_are_accepted() {
    for genuine in genuine() {
        let name = genuine.name();
        let assertion = genuine.verify(genuine.xml.0.as_bytes());
        let assertion = assertion.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(assertion.name_id().value(), "ana@example.com", "{name}");
        assert_eq!(assertion.attributes().single("ssouserid"), Ok("u-1001"), "{name}");
        assert_eq!(assertion.attributes().single("teamid"), Ok("fraud"), "{name}");
        assert_eq!(assertion.in_response_to(), Some(REQUEST), "{name}");
        assert_eq!(assertion.issuer(), genuine.issuer(), "{name}");
        let signed_by =
            SignedBy { response: genuine.signs_response(), assertion: genuine.signs_assertion() };
        assert_eq!(assertion.signed_by(), signed_by, "{name}");
        let key = assertion.key_fingerprint();
        assert_eq!(key, genuine.provider.keys[0].fingerprint(), "{name}");
        assert!(!assertion.used_weak_algorithms(), "{name}");
    }
}

#[test]
fn values_of_whole_providers_keep_their_characters() {
    let groups = |stack: &str| {
        let genuine = genuine().iter().find(|genuine| genuine.stack == stack).unwrap();
        let assertion = genuine.verify(genuine.xml.0.as_bytes()).unwrap();
        let attributes = assertion.attributes();
        (attributes.values("groups").to_vec(), attributes.values("displayName").to_vec())
    };
    let (ssp, name) = groups("ssp");
    assert_eq!(ssp, ["ml-eng", "platform & admins"]);
    assert_eq!(name, ["Ana Ångström"]);
    let (saml_idp, name) = groups("saml-idp");
    assert_eq!(saml_idp, ["ml-eng", "platform"]);
    assert_eq!(name, ["Ana <\"Ångström\"> & co"]);
    let (nanoidp, name) = groups("nanoidp");
    assert_eq!(nanoidp, ["ml-eng", "platform"]);
    assert_eq!(name, Vec::<String>::new());
}

#[test]
fn a_provider_that_signs_with_sha1_needs_the_weak_switch() {
    let xml = include_bytes!("../fixtures/ssp-weak-sha1.xml");
    let genuine = genuine().iter().find(|genuine| genuine.stack == "ssp").unwrap();
    assert_eq!(genuine.verify(xml).unwrap_err().code(), ReasonCode::AlgorithmWeak);
    let lenient = genuine.verifier().with_algorithms(AlgorithmPolicy::AllowWeak);
    let assertion = lenient.verify_xml(xml, genuine.now(), Some(REQUEST)).unwrap();
    assert_eq!(assertion.name_id().value(), "ana@example.com");
    assert!(assertion.used_weak_algorithms());
}

/// The tests' own canonicalisation gives the bytes that each provider digested.
#[test]
fn the_reference_canonicalisation_is_that_of_every_provider() {
    use aws_lc_rs::digest;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut compared = 0;
    for genuine in genuine() {
        let xml = &genuine.xml;
        for signature in genuine.signatures() {
            let target = signature.trim_end_matches("Signature").trim_end_matches('/');
            let omit = xml.place(signature);
            let canonical = canonicalize(&xml.0, &xml.place(target), Some(&omit));
            let digest = STANDARD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
            let value = xml.content(&format!("{signature}/SignedInfo/Reference/DigestValue"));
            assert_eq!(digest, value, "{} {signature}", genuine.name());
            compared += 1;
        }
    }
    assert_eq!(compared, 13);
}

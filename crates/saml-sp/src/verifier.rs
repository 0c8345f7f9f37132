//! The verifier: configuration, the order of the checks, and the step from bytes that somebody
//! sent to bytes that the identity provider signed.

mod encrypted;

use crate::dom::Node;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::{SignedDuration, Timestamp};

use crate::assertion::{SignedBy, VerifiedAssertion};
use crate::bounds::{self, MAX_RESPONSE_BYTES};
use crate::c14n::{self, MAX_ELEMENT_BYTES, MAX_SIGNED_INFO_BYTES, Unrepresentable};
use crate::crypto::{AlgorithmPolicy, Suite};
use crate::dom;
use crate::encryption::EncryptionPolicy;
use crate::idp_metadata::IdentityProvider;
use crate::keys::PinnedKey;
use crate::profile::{Proof, Question, SignedTree};
use crate::rejection::{ReasonCode, Rejection};
use crate::response::{ResponseTree, Shape, SignatureForms};
use crate::signature::SignatureForm;
use crate::sp_key::ServiceProviderKey;

/// Who we are to the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProvider {
    /// Our entity id, which assertions must name as an audience.
    pub entity_id: String,
    /// Absolute URL of our assertion consumer service, compared byte by byte with `Destination`
    /// and `Recipient`.
    pub acs_url: String,
}

/// By how much the clocks of the identity provider and ours may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSkew(SignedDuration);

impl ClockSkew {
    /// Two minutes. More would keep assertions alive long after their end.
    pub const MAX: Self = Self(SignedDuration::from_secs(120));

    /// A skew in whole seconds; `None` above 120.
    pub fn from_secs(seconds: u32) -> Option<Self> {
        let skew = Self(SignedDuration::from_secs(i64::from(seconds)));
        (skew.0 <= Self::MAX.0).then_some(skew)
    }

    /// As a duration between zero and two minutes.
    pub fn as_duration(self) -> SignedDuration {
        self.0
    }
}

impl Default for ClockSkew {
    /// One minute.
    fn default() -> Self {
        Self(SignedDuration::from_secs(60))
    }
}

/// Whether responses that answer no request are accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unsolicited {
    /// Refused, which protects people from being signed in as somebody else.
    #[default]
    Refuse,
    /// Accepted, for sign-in that starts at the identity provider's tiles.
    Allow,
    /// Not asked: without an expected request, whatever the response answers is accepted. Only for
    /// looking at a response that was sent to somebody else; a door with this would let a stranger
    /// sign people in.
    NotChecked,
}

/// Verifies the responses of one identity provider to one service provider.
#[derive(Debug, Clone)]
pub struct Verifier {
    pub(crate) service_provider: ServiceProvider,
    pub(crate) identity_provider: IdentityProvider,
    pub(crate) clock_skew: ClockSkew,
    pub(crate) unsolicited: Unsolicited,
    algorithms: AlgorithmPolicy,
    decryption_keys: Vec<ServiceProviderKey>,
    encryption_policy: EncryptionPolicy,
}

impl Verifier {
    /// The strictest settings: skew of one minute, strong algorithms, no unsolicited responses, no
    /// key for encrypted ones.
    pub fn new(service_provider: ServiceProvider, identity_provider: IdentityProvider) -> Self {
        Self {
            service_provider,
            identity_provider,
            clock_skew: ClockSkew::default(),
            unsolicited: Unsolicited::default(),
            algorithms: AlgorithmPolicy::default(),
            decryption_keys: Vec::new(),
            encryption_policy: EncryptionPolicy::default(),
        }
    }

    /// Replaces the tolerated clock difference.
    #[must_use]
    pub fn with_clock_skew(self, clock_skew: ClockSkew) -> Self {
        Self { clock_skew, ..self }
    }

    /// Replaces the rule for responses that answer no request.
    #[must_use]
    pub fn with_unsolicited(self, unsolicited: Unsolicited) -> Self {
        Self { unsolicited, ..self }
    }

    /// Replaces the allow-list of algorithms.
    #[must_use]
    pub fn with_algorithms(self, algorithms: AlgorithmPolicy) -> Self {
        Self { algorithms, ..self }
    }

    /// Decrypts encrypted assertions with any of these keys, in their order; give those whose
    /// certificates are in our metadata.
    #[must_use]
    pub fn with_decryption(
        self,
        keys: Vec<ServiceProviderKey>,
        encryption_policy: EncryptionPolicy,
    ) -> Self {
        Self { decryption_keys: keys, encryption_policy, ..self }
    }

    /// The service provider it verifies for.
    pub fn service_provider(&self) -> &ServiceProvider {
        &self.service_provider
    }

    /// The identity provider whose responses it accepts.
    pub fn identity_provider(&self) -> &IdentityProvider {
        &self.identity_provider
    }

    /// Verifies the value of the form field `SAMLResponse` (HTTP-POST binding).
    ///
    /// `expected` is the id of the one pending request of this browser which the response must
    /// answer, or `None` when there is no such request. Where only an encrypted assertion says which
    /// request it answers, nobody can expect it: give `None`, and look up
    /// [`VerifiedAssertion::in_response_to`] as for any other.
    ///
    /// # Errors
    /// The first check that fails, in the order of [`Check`](crate::Check).
    pub fn verify_form(
        &self,
        saml_response: &str,
        now: Timestamp,
        expected: Option<&str>,
    ) -> Result<VerifiedAssertion, Rejection> {
        self.verify_xml(&decode_form(saml_response)?, now, expected)
    }

    /// Verifies the bytes of a Response; see [`Self::verify_form`].
    ///
    /// # Errors
    /// The first check that fails, in the order of [`Check`](crate::Check).
    pub fn verify_xml(
        &self,
        xml: &[u8],
        now: Timestamp,
        expected: Option<&str>,
    ) -> Result<VerifiedAssertion, Rejection> {
        let text = bounds::admit(xml, &bounds::RESPONSE)?;
        let document = dom::parse(&text, &bounds::RESPONSE)?;
        match Shape::read(&document)? {
            Shape::Plain(tree) => self.verify_plain(&tree, now, expected),
            Shape::Encrypted(tree) => self.verify_encrypted(&tree, now, expected),
        }
    }

    fn verify_plain(
        &self,
        unverified: &ResponseTree<'_, '_>,
        now: Timestamp,
        expected: Option<&str>,
    ) -> Result<VerifiedAssertion, Rejection> {
        unverified.check_status()?;
        unverified.check_issuers(&self.identity_provider.entity_id)?;
        let forms = unverified.signature_forms()?;
        let suites = self.suites(&forms)?;
        let signed = verify_signatures(&forms, &suites)?;

        // From here on nothing is read but what was signed.
        let document = dom::parse(&signed.xml, &bounds::RESPONSE).map_err(|_| not_canonical())?;
        let tree = if signed.by.response {
            let Shape::Plain(tree) = Shape::read(&document)? else { return Err(not_canonical()) };
            tree.check_status()?;
            tree.check_issuers(&self.identity_provider.entity_id)?;
            SignedTree { response: Some(tree.response), assertion: tree.assertion }
        } else {
            SignedTree { response: None, assertion: document.root_element() }
        };
        let question = Question {
            verifier: self,
            now,
            expected,
            tree,
            unsigned_response: unverified.response,
        };
        question.answer(Proof {
            signed_by: signed.by,
            key_fingerprint: signed.key.fingerprint().to_owned(),
            used_weak_algorithms: signed.is_weak,
            was_encrypted: false,
        })
    }

    /// The check [`crate::Check::Algorithm`], for every signature before any is computed.
    fn suites(&self, forms: &SignatureForms<'_, '_>) -> Result<Suites<'_>, Rejection> {
        let select = |form: &Option<SignatureForm<'_, '_>>| {
            form.as_ref()
                .map(|form| Suite::select(form, &self.identity_provider.keys, self.algorithms))
                .transpose()
        };
        Ok(Suites { response: select(&forms.response)?, assertion: select(&forms.assertion)? })
    }
}

/// The algorithms and keys for the signatures of [`SignatureForms`].
struct Suites<'k> {
    response: Option<Suite<'k>>,
    assertion: Option<Suite<'k>>,
}

/// Canonical bytes under a verified signature.
struct Signed<'k> {
    xml: String,
    key: &'k PinnedKey,
    by: SignedBy,
    is_weak: bool,
}

/// Verifies every signature that is present. What is returned are the bytes of the outermost one:
/// a signed Response covers its assertion.
fn verify_signatures<'k>(
    forms: &SignatureForms<'_, '_>,
    suites: &Suites<'k>,
) -> Result<Signed<'k>, Rejection> {
    let mut verified: Option<Signed<'k>> = None;
    let by = SignedBy { response: forms.response.is_some(), assertion: forms.assertion.is_some() };
    let pairs = [(&forms.assertion, &suites.assertion), (&forms.response, &suites.response)];
    for (form, suite) in pairs {
        if let (Some(form), Some(suite)) = (form, suite) {
            let (xml, key) = verify_signature(form, suite)?;
            let inner_is_weak = verified.is_some_and(|inner| inner.is_weak);
            let is_weak = inner_is_weak || suite.is_weak(key);
            verified = Some(Signed { xml, key, by, is_weak });
        }
    }
    verified.ok_or_else(|| {
        Rejection::new(
            ReasonCode::SignatureMissing,
            "neither the response nor the assertion is signed",
        )
    })
}

/// Verifies one signature and returns the canonical form of the element it covers.
///
/// The signature value comes first: nobody without the key can make us digest their element.
pub(crate) fn verify_signature<'k>(
    form: &SignatureForm<'_, '_>,
    suite: &Suite<'k>,
) -> Result<(String, &'k PinnedKey), Rejection> {
    let signed_info =
        canonical(form.signed_info, None, &form.signed_info_prefixes, MAX_SIGNED_INFO_BYTES)?;
    let key = suite.verify(signed_info.as_bytes(), &form.value).ok_or_else(|| {
        Rejection::new(
            ReasonCode::SignatureInvalid,
            "no pinned key of the identity provider verifies the signature",
        )
    })?;
    let target = canonical(form.parent, Some(form.node), &form.target_prefixes, MAX_ELEMENT_BYTES)?;
    if !suite.digest_matches(target.as_bytes(), &form.digest) {
        return Err(Rejection::new(
            ReasonCode::DigestMismatch,
            "the signed element was changed after it was signed",
        ));
    }
    Ok((target, key))
}

fn canonical(
    apex: Node<'_, '_>,
    omit: Option<Node<'_, '_>>,
    prefixes: &[&str],
    most: usize,
) -> Result<String, Rejection> {
    c14n::canonicalize(apex, omit, prefixes, most).map_err(|Unrepresentable| not_canonical())
}

fn not_canonical() -> Rejection {
    Rejection::new(
        ReasonCode::CanonicalizationFailed,
        "the signed element has no usable canonical form",
    )
}

/// Decodes the value of the form field `SAMLResponse`. Line breaks and missing padding are
/// accepted, as senders differ there.
pub(crate) fn decode_form(value: &str) -> Result<Vec<u8>, Rejection> {
    /// Four characters for three bytes, and line breaks every 64 characters or more.
    const MAX_FORM_BYTES: usize = MAX_RESPONSE_BYTES / 3 * 4 + MAX_RESPONSE_BYTES / 16;
    const LENIENT_PADDING: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if value.len() > MAX_FORM_BYTES {
        return Err(Rejection::new(
            ReasonCode::TooLarge,
            format!("the document is larger than {MAX_RESPONSE_BYTES} bytes"),
        ));
    }
    LENIENT_PADDING
        .decode(value)
        .or_else(|_| {
            let mut characters = value.as_bytes().to_vec();
            characters.retain(|byte| !byte.is_ascii_whitespace());
            LENIENT_PADDING.decode(characters)
        })
        .map_err(|_| Rejection::new(ReasonCode::Base64Malformed, "the form value is not base64"))
}

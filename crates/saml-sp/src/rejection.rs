//! The checks of the door in their order, and the stable reason codes of every refusal.

use std::borrow::Cow;
use std::fmt;

macro_rules! checks {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $text:literal, )+) => {
        /// One step of verification. The order of the variants is the order in which they run;
        /// the first failure ends it.
        ///
        /// Algorithms come before the signature itself: a refused algorithm is never computed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Check { $( $(#[doc = $doc])+ $variant, )+ }

        impl Check {
            /// Every check, in the order in which they run.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// Stable kebab-case name, part of the debugger's JSON.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }

            /// What holds where the check does: a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $( Self::$variant => concat!($($doc),+).trim_ascii(), )+ }
            }
        }
    };
}

checks! {
    /// The form value and the XML are within their size bounds.
    Size = "size",
    /// The form value is base64 and holds UTF-8.
    Encoding = "encoding",
    /// Well-formed XML inside the bounds: no DTD, no processing instruction.
    Xml = "xml",
    /// One Response with one Assertion and unique IDs.
    Structure = "structure",
    /// The identity provider says that authentication succeeded.
    Status = "status",
    /// The issuer is the configured identity provider.
    Issuer = "issuer",
    /// An encrypted assertion can be decrypted. Where the Response is signed, its signature has
    /// been verified before; the decrypted assertion goes through all the checks.
    Decryption = "decryption",
    /// A signature is present, at its fixed place, in the fixed grammar.
    SignatureForm = "signature-form",
    /// Algorithms and key sizes are allowed.
    Algorithm = "algorithm",
    /// A pinned key verifies the signature, and the digest covers what is read.
    Signature = "signature",
    /// The assertion is for this service provider.
    Audience = "audience",
    /// The Response was sent to this assertion consumer service.
    Destination = "destination",
    /// The bearer confirmation names this assertion consumer service.
    Recipient = "recipient",
    /// Now lies inside every validity window.
    Time = "time",
    /// The assertion answers the expected request, or unsolicited ones are allowed.
    InResponseTo = "in-response-to",
    /// The assertion states an authentication of a named subject.
    Statement = "statement",
    /// The attributes that the caller asks for are there, once.
    Attributes = "attributes",
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! reason_codes {
    ($( $check:ident { $( $(#[doc = $doc:literal])+ $variant:ident = $text:literal, )+ } )+) => {
        /// Why a response was refused. The text of [`Self::as_str`] is a contract: it appears on
        /// the refusal page, in logs, metrics and the debugger, and never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ReasonCode { $( $( $(#[doc = $doc])+ $variant, )+ )+ }

        impl ReasonCode {
            /// Every code, in the order of the checks.
            pub const ALL: &'static [Self] = &[ $( $( Self::$variant, )+ )+ ];

            /// Stable kebab-case code.
            pub fn as_str(self) -> &'static str {
                match self { $( $( Self::$variant => $text, )+ )+ }
            }

            /// What it means: a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $( $( Self::$variant => concat!($($doc),+).trim_ascii(), )+ )+ }
            }

            /// The check which this code belongs to.
            pub fn check(self) -> Check {
                match self { $( $( Self::$variant )|+ => Check::$check, )+ }
            }
        }
    };
}

reason_codes! {
    Size {
        /// The form value or the XML is larger than the bound.
        TooLarge = "too-large",
    }
    Encoding {
        /// The form value is not base64.
        Base64Malformed = "base64-malformed",
        /// A message in a query is not what the HTTP-Redirect binding writes: a parameter is missing
        /// or there twice, or its value is not deflated base64.
        QueryMalformed = "query-malformed",
        /// The bytes are not UTF-8, or the XML declaration names another encoding.
        NotUtf8 = "not-utf8",
    }
    Xml {
        /// Not a well-formed XML document with one root.
        XmlMalformed = "xml-malformed",
        /// A DOCTYPE, however harmless.
        XmlDoctype = "xml-doctype",
        /// A processing instruction other than the XML declaration.
        XmlProcessingInstruction = "xml-processing-instruction",
        /// Elements nest deeper than the bound.
        XmlTooDeep = "xml-too-deep",
        /// More elements than the bound.
        XmlTooManyElements = "xml-too-many-elements",
        /// More attributes on one element or in all than the bound.
        XmlTooManyAttributes = "xml-too-many-attributes",
        /// More namespace declarations on one element, in scope, or in all than the bound.
        XmlTooManyNamespaces = "xml-too-many-namespaces",
        /// More character and entity references and CDATA sections than the bound.
        XmlTooManyEscapes = "xml-too-many-escapes",
        /// A namespace name that is not an absolute URI; canonical XML is undefined for it.
        XmlRelativeNamespace = "xml-relative-namespace",
    }
    Structure {
        /// The root is not a SAML 2.0 protocol Response.
        NotAResponse = "not-a-response",
        /// The root is not a SAML 2.0 protocol `LogoutRequest`.
        NotALogoutRequest = "not-a-logout-request",
        /// `Version` is missing or not 2.0.
        VersionUnsupported = "version-unsupported",
        /// The Response or the Assertion has no ID.
        IdMissing = "id-missing",
        /// Two attributes named ID (in any case, in any namespace) have one value or one owner.
        DuplicateId = "duplicate-id",
        /// An encrypted name or attribute. Only whole assertions are decrypted.
        EncryptedIdUnsupported = "encrypted-id-unsupported",
        /// `Advice` could carry further assertions.
        AdviceRefused = "advice-refused",
        /// No assertion in the Response.
        AssertionMissing = "assertion-missing",
        /// More than one assertion anywhere in the document.
        AssertionMultiple = "assertion-multiple",
        /// The assertion is not a child of the root.
        AssertionMisplaced = "assertion-misplaced",
        /// An element is where the grammar has none, or twice where it is allowed once.
        StructureUnexpected = "structure-unexpected",
    }
    Status {
        /// The Response carries no status.
        StatusMissing = "status-missing",
        /// The top-level status is not success.
        StatusNotSuccess = "status-not-success",
    }
    Issuer {
        /// The assertion names no issuer.
        IssuerMissing = "issuer-missing",
        /// The Response or the Assertion is issued by someone else.
        IssuerMismatch = "issuer-mismatch",
    }
    Decryption {
        /// The encrypted assertion does not follow the fixed grammar.
        EncryptionMalformed = "encryption-malformed",
        /// An encryption or key transport algorithm outside the allow-list.
        EncryptionAlgorithmRefused = "encryption-algorithm-refused",
        /// AES-CBC, which the configuration does not allow, or in a Response that is not signed.
        EncryptionCbcRefused = "encryption-cbc-refused",
        /// The assertion is encrypted, and no decryption key is configured.
        DecryptionKeyMissing = "decryption-key-missing",
        /// The assertion cannot be decrypted. One code for every cause, so that it tells nothing.
        DecryptionFailed = "decryption-failed",
    }
    SignatureForm {
        /// Neither the Response nor the Assertion is signed.
        SignatureMissing = "signature-missing",
        /// A signature which is not a direct child of the Response or the Assertion.
        SignatureMisplaced = "signature-misplaced",
        /// Two signatures on one element.
        SignatureMultiple = "signature-multiple",
        /// The signature does not follow the fixed grammar.
        SignatureMalformed = "signature-malformed",
        /// Not exactly one `Reference`.
        ReferenceCount = "reference-count",
        /// The reference is not `#` and the ID of the signature's parent.
        ReferenceMismatch = "reference-mismatch",
        /// Transforms other than enveloped-signature and exclusive canonicalisation, in that order.
        TransformsRefused = "transforms-refused",
    }
    Algorithm {
        /// No key is pinned for the identity provider.
        KeysMissing = "keys-missing",
        /// A canonicalisation, signature or digest algorithm outside the allow-list.
        AlgorithmRefused = "algorithm-refused",
        /// SHA-1, which only the legacy switch allows.
        AlgorithmWeak = "algorithm-weak",
        /// Every pinned RSA key is shorter than 2048 bits, which only the legacy switch allows.
        KeyWeak = "key-weak",
    }
    Signature {
        /// No pinned key verifies the signature value.
        SignatureInvalid = "signature-invalid",
        /// The signed digest is not the digest of the element.
        DigestMismatch = "digest-mismatch",
        /// The element has no canonical form, or its canonical form is not what was parsed.
        CanonicalizationFailed = "canonicalization-failed",
    }
    Audience {
        /// No conditions or no audience restriction.
        AudienceMissing = "audience-missing",
        /// An audience restriction does not name this service provider.
        AudienceMismatch = "audience-mismatch",
        /// A condition that is not understood makes the assertion's validity indeterminate.
        ConditionUnknown = "condition-unknown",
    }
    Destination {
        /// A signed Response names no destination.
        DestinationMissing = "destination-missing",
        /// The Response was sent to another address.
        DestinationMismatch = "destination-mismatch",
    }
    Recipient {
        /// No bearer subject confirmation.
        BearerMissing = "bearer-missing",
        /// The bearer confirmation names no recipient.
        RecipientMissing = "recipient-missing",
        /// The bearer confirmation names another recipient.
        RecipientMismatch = "recipient-mismatch",
    }
    Time {
        /// A time is missing where required or is not `xs:dateTime` with a time zone.
        TimeMalformed = "time-malformed",
        /// `NotOnOrAfter` is missing.
        NotOnOrAfterMissing = "not-on-or-after-missing",
        /// Now is before `NotBefore`, or before the time of issue, by more than the skew.
        NotYetValid = "not-yet-valid",
        /// Now is at or after `NotOnOrAfter`, by more than the skew.
        Expired = "expired",
        /// The session at the identity provider has ended.
        SessionExpired = "session-expired",
    }
    InResponseTo {
        /// Nothing signed says which request is answered, but one is expected.
        InResponseToMissing = "in-response-to-missing",
        /// The response answers another request.
        InResponseToMismatch = "in-response-to-mismatch",
        /// The response answers a request, but none is pending.
        InResponseToUnexpected = "in-response-to-unexpected",
        /// The response answers no request, and the configuration does not allow that.
        UnsolicitedRefused = "unsolicited-refused",
    }
    Statement {
        /// The assertion does not say that anyone was authenticated.
        AuthnStatementMissing = "authn-statement-missing",
        /// No subject, or a subject without a name.
        SubjectMissing = "subject-missing",
        /// Elements where a plain text is required.
        TextRefused = "text-refused",
        /// An attribute without a name.
        AttributeUnnamed = "attribute-unnamed",
    }
    Attributes {
        /// The attribute is absent, or has no value or an empty one.
        AttributeMissing = "attribute-missing",
        /// The attribute has several values where one is required.
        AttributeMultiple = "attribute-multiple",
        /// The attribute's value is not plain text.
        AttributeNotText = "attribute-not-text",
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal. Safe to show and to log as it is: it never holds anything taken from the response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("refused ({code}): {detail}")]
pub struct Rejection {
    code: ReasonCode,
    detail: Cow<'static, str>,
    was_decrypted: bool,
}

impl Rejection {
    /// `detail` must be fixed text or come from the configuration, never from the response.
    pub(crate) fn new(code: ReasonCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), was_decrypted: false }
    }

    /// Notes that the assertion had been decrypted before this was found.
    pub(crate) fn after_decryption(self) -> Self {
        Self { was_decrypted: true, ..self }
    }

    /// The stable reason code.
    pub fn code(&self) -> ReasonCode {
        self.code
    }

    /// The check that failed.
    pub fn check(&self) -> Check {
        self.code.check()
    }

    /// One sentence in plain words, from fixed text and the configuration only.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Every check with its result: those before the failure passed, those after it did not run.
    /// [`Check::Decryption`] passed only where something was decrypted.
    pub fn outcomes(&self) -> Vec<CheckOutcome> {
        let failed = self.check();
        outcomes(|check| match check.cmp(&failed) {
            std::cmp::Ordering::Equal => CheckState::Failed(self.code),
            _ if check == Check::Decryption && self.was_decrypted => CheckState::Passed,
            _ if check == Check::Decryption => CheckState::NotRun,
            std::cmp::Ordering::Less => CheckState::Passed,
            std::cmp::Ordering::Greater => CheckState::NotRun,
        })
    }
}

/// What became of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckState {
    /// It held.
    Passed,
    /// It ended the verification.
    Failed(ReasonCode),
    /// An earlier check failed, it is a later caller's question, or there was nothing to check.
    NotRun,
}

/// One row of the debugger's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckOutcome {
    /// Which check.
    pub check: Check,
    /// Its result.
    pub state: CheckState,
}

/// One row for every check.
pub(crate) fn outcomes(state: impl Fn(Check) -> CheckState) -> Vec<CheckOutcome> {
    Check::ALL.iter().map(|&check| CheckOutcome { check, state: state(check) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_kebab_case_and_grouped_in_the_order_of_the_checks() {
        let mut seen = BTreeSet::new();
        let mut last = Check::Size;
        for code in ReasonCode::ALL {
            let text = code.as_str();
            assert!(
                text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
            assert!(seen.insert(text), "{text} twice");
            assert!(code.check() >= last, "{text} is out of order");
            last = code.check();
        }
        assert_eq!(last, Check::Attributes);
    }

    #[test]
    fn outcomes_split_at_the_failed_check() {
        let rejection = Rejection::new(ReasonCode::AudienceMismatch, "x");
        let rows = rejection.outcomes();
        assert_eq!(rows.len(), Check::ALL.len());
        let state = |wanted: Check| rows.iter().find(|row| row.check == wanted).unwrap().state;
        assert_eq!(state(Check::Signature), CheckState::Passed);
        assert_eq!(state(Check::Audience), CheckState::Failed(ReasonCode::AudienceMismatch));
        assert_eq!(state(Check::Time), CheckState::NotRun);
    }
}

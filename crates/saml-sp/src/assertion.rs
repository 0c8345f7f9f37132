//! What a successful verification proves.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::Check;
use crate::rejection::{CheckOutcome, CheckState, ReasonCode, Rejection, outcomes};
use crate::verifier::ClockSkew;

/// An assertion that was issued longer ago is refused, however long it says that it is valid: whoever
/// takes assertions in has to remember log-outs for as long.
pub const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);

/// An assertion whose signature, addressee and time were verified. Only
/// [`Verifier`](crate::Verifier) makes one, so whoever holds one holds a proof.
///
/// It is not `Clone`: one assertion signs in once. Its `Debug` shows nothing of the person.
pub struct VerifiedAssertion(Claims);

/// The claims, read from the verified bytes.
pub(crate) struct Claims {
    pub(crate) assertion_id: String,
    pub(crate) issuer: String,
    pub(crate) name_id: NameId,
    pub(crate) attributes: Attributes,
    pub(crate) in_response_to: Option<String>,
    pub(crate) issued_at: Timestamp,
    pub(crate) authn_instant: Timestamp,
    pub(crate) session_index: Option<String>,
    pub(crate) session_not_on_or_after: Option<Timestamp>,
    pub(crate) not_on_or_after: Timestamp,
    pub(crate) clock_skew: ClockSkew,
    pub(crate) signed_by: SignedBy,
    pub(crate) key_fingerprint: String,
    pub(crate) used_weak_algorithms: bool,
    pub(crate) was_encrypted: bool,
}

impl VerifiedAssertion {
    pub(crate) fn new(claims: Claims) -> Self {
        Self(claims)
    }

    /// The assertion's ID, unique for its issuer. To be remembered until [`Self::replay_until`].
    pub fn assertion_id(&self) -> &str {
        &self.0.assertion_id
    }

    /// From this moment on the verifier itself refuses the assertion as expired, so that its ID
    /// may be forgotten: the earliest `NotOnOrAfter` plus the clock skew.
    pub fn replay_until(&self) -> Timestamp {
        let end = self.0.not_on_or_after.checked_add(self.0.clock_skew.as_duration());
        end.unwrap_or(Timestamp::MAX)
    }

    /// Entity id of the identity provider.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The subject.
    pub fn name_id(&self) -> &NameId {
        &self.0.name_id
    }

    /// The subject's attributes.
    pub fn attributes(&self) -> &Attributes {
        &self.0.attributes
    }

    /// The id of the request which it answers; `None` when it is unsolicited.
    pub fn in_response_to(&self) -> Option<&str> {
        self.0.in_response_to.as_deref()
    }

    /// When it was issued, by the identity provider's clock; not longer ago than [`MAX_AGE`] and the
    /// clock skew. A log-out that was asked for later ends its session
    /// ([`VerifiedLogoutRequest::issued_at`](crate::VerifiedLogoutRequest::issued_at)).
    pub fn issued_at(&self) -> Timestamp {
        self.0.issued_at
    }

    /// When the person was authenticated, by the identity provider's clock.
    pub fn authn_instant(&self) -> Timestamp {
        self.0.authn_instant
    }

    /// The identity provider's handle of its session, for single log-out.
    pub fn session_index(&self) -> Option<&str> {
        self.0.session_index.as_deref()
    }

    /// When the identity provider wants our session to end at the latest.
    pub fn session_not_on_or_after(&self) -> Option<Timestamp> {
        self.0.session_not_on_or_after
    }

    /// What was signed.
    pub fn signed_by(&self) -> SignedBy {
        self.0.signed_by
    }

    /// [`PinnedKey::fingerprint`](crate::PinnedKey::fingerprint) of the key that verified it, which
    /// tells how far a roll-over has come.
    pub fn key_fingerprint(&self) -> &str {
        &self.0.key_fingerprint
    }

    /// Whether it was accepted only because of
    /// [`AlgorithmPolicy::AllowWeak`](crate::AlgorithmPolicy::AllowWeak); worth a warning.
    pub fn used_weak_algorithms(&self) -> bool {
        self.0.used_weak_algorithms
    }

    /// Whether it was encrypted for this service provider. That says who could read it, and
    /// nothing about who wrote it.
    pub fn was_encrypted(&self) -> bool {
        self.0.was_encrypted
    }

    /// Every check with its result, as [`Rejection::outcomes`] gives it. The attributes are not
    /// checked until the caller asks for them.
    pub fn outcomes(&self) -> Vec<CheckOutcome> {
        outcomes(|check| match check {
            Check::Decryption if !self.was_encrypted() => CheckState::NotRun,
            Check::Attributes => CheckState::NotRun,
            _ => CheckState::Passed,
        })
    }
}

impl fmt::Debug for VerifiedAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedAssertion")
            .field("issuer", &self.0.issuer)
            .field("not_on_or_after", &self.0.not_on_or_after)
            .field("signed_by", &self.0.signed_by)
            .field("key_fingerprint", &self.0.key_fingerprint)
            .field("used_weak_algorithms", &self.0.used_weak_algorithms)
            .field("was_encrypted", &self.0.was_encrypted)
            .finish_non_exhaustive()
    }
}

/// Which elements carried a signature; all of them were verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedBy {
    /// The Response.
    pub response: bool,
    /// The Assertion.
    pub assertion: bool,
}

/// The name of a subject. Personal: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct NameId {
    value: String,
    format: Option<String>,
}

impl NameId {
    pub(crate) fn new(value: String, format: Option<String>) -> Self {
        Self { value, format }
    }

    /// The whole text, never empty, as it was signed: neither trimmed nor cut at a comment.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The format's URI, such as `urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress`.
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }
}

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameId").field("format", &self.format).finish_non_exhaustive()
    }
}

/// One attribute. Personal: `Debug` does not show its values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attribute {
    pub(crate) values: Vec<String>,
    pub(crate) friendly_name: Option<String>,
    pub(crate) has_structure: bool,
}

impl Attribute {
    /// Its text values, in the order of the document.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Its name for people.
    pub fn friendly_name(&self) -> Option<&str> {
        self.friendly_name.as_deref()
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attribute").field("values", &self.values.len()).finish_non_exhaustive()
    }
}

/// The attributes of a subject, by name. Several `Attribute` elements of one name are one entry.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes(BTreeMap<String, Attribute>);

impl Attributes {
    pub(crate) fn new(attributes: BTreeMap<String, Attribute>) -> Self {
        Self(attributes)
    }

    /// The attribute of this `Name`, or else the only one with this `FriendlyName`, which some
    /// providers show in place of a URI or an OID; `None` if there is neither.
    ///
    /// # Errors
    /// [`ReasonCode::AttributeMultiple`] when several attributes have the friendly name: which one
    /// is meant would be a guess.
    pub fn find(&self, name: &str) -> Result<Option<&Attribute>, Rejection> {
        if let Some(attribute) = self.0.get(name) {
            return Ok(Some(attribute));
        }
        let mut friendly = self.0.values().filter(|a| a.friendly_name.as_deref() == Some(name));
        let found = friendly.next();
        if friendly.next().is_some() {
            let what = format!("`{name}` is the friendly name of more than one attribute");
            return Err(Rejection::new(ReasonCode::AttributeMultiple, what));
        }
        Ok(found)
    }

    /// The one value of an attribute that must have exactly one, named as by [`Self::find`].
    ///
    /// # Errors
    /// [`ReasonCode::AttributeMissing`] when it is absent or empty,
    /// [`ReasonCode::AttributeMultiple`] when it has several values or several attributes could be
    /// meant, and [`ReasonCode::AttributeNotText`] when a value holds elements. The detail names
    /// `name`, which comes from the configuration.
    pub fn single(&self, name: &str) -> Result<&str, Rejection> {
        let refuse = |code, what| Rejection::new(code, format!("attribute `{name}` {what}"));
        let missing = || refuse(ReasonCode::AttributeMissing, "is missing or empty");
        let attribute = self.find(name)?.ok_or_else(missing)?;
        if attribute.has_structure {
            return Err(refuse(ReasonCode::AttributeNotText, "is not plain text"));
        }
        match attribute.values.as_slice() {
            [value] if !value.trim().is_empty() => Ok(value),
            [] | [_] => Err(missing()),
            _ => Err(refuse(ReasonCode::AttributeMultiple, "has more than one value")),
        }
    }

    /// All text values of an attribute; empty when it is absent.
    pub fn values(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Attribute::values)
    }

    /// One attribute.
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.get(name)
    }

    /// All attributes in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.0.iter().map(|(name, attribute)| (name.as_str(), attribute))
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attributes").field("count", &self.0.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(of: &[(&str, Option<&str>, &[&str])]) -> Attributes {
        let attribute = |(name, friendly, values): &(&str, Option<&str>, &[&str])| {
            let attribute = Attribute {
                values: values.iter().map(|&value| value.to_owned()).collect(),
                friendly_name: friendly.map(str::to_owned),
                has_structure: false,
            };
            ((*name).to_owned(), attribute)
        };
        Attributes::new(of.iter().map(attribute).collect())
    }

    #[test]
    fn a_friendly_name_is_looked_at_only_where_no_name_fits() {
        let found = attributes(&[
            ("urn:oid:0.9.2342.19200300.100.1.3", Some("mail"), &["ada@example.com"]),
            ("urn:oid:2.5.4.42", Some("title"), &["Ada"]),
            ("title", Some("mail too"), &["Countess"]),
        ]);
        assert_eq!(found.single("mail"), Ok("ada@example.com"));
        assert_eq!(found.single("title"), Ok("Countess"));
        assert_eq!(found.find("Mail"), Ok(None));
        assert_eq!(found.single("Mail").unwrap_err().code(), ReasonCode::AttributeMissing);
    }

    #[test]
    fn a_friendly_name_of_two_attributes_names_neither() {
        let twice = attributes(&[("a", Some("mail"), &["x"]), ("b", Some("mail"), &["y"])]);
        let rejection = twice.single("mail").unwrap_err();
        assert_eq!(rejection.code(), ReasonCode::AttributeMultiple);
        assert_eq!(rejection.detail(), "`mail` is the friendly name of more than one attribute");
        assert_eq!(twice.single("a"), Ok("x"));
        let several = attributes(&[("a", Some("mail"), &["x", "y"])]);
        assert_eq!(several.single("mail").unwrap_err().code(), ReasonCode::AttributeMultiple);
    }
}

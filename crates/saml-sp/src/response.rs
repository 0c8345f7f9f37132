//! The shape of a Response: one assertion, at one place, with unique IDs.
//!
//! What is read here is not verified yet and can only lead to a refusal.

use std::collections::BTreeSet;

use crate::dom::{Document, Node};

use crate::dom::{self, DSIG, SAML, SAMLP};
use crate::rejection::{ReasonCode, Rejection};
use crate::signature::SignatureForm;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// A document whose shape is that of a Response with one assertion.
#[derive(Debug)]
pub(crate) enum Shape<'a, 'x> {
    Plain(ResponseTree<'a, 'x>),
    Encrypted(EncryptedTree<'a, 'x>),
}

/// A Response with one Assertion, and no other of its relatives anywhere.
#[derive(Debug)]
pub(crate) struct ResponseTree<'a, 'x> {
    pub(crate) response: Node<'a, 'x>,
    pub(crate) assertion: Node<'a, 'x>,
    response_id: &'a str,
    assertion_id: &'a str,
    /// Every `Signature` element, wherever it stands.
    signatures: Vec<Node<'a, 'x>>,
}

/// A Response with one `EncryptedAssertion`, and no other of its relatives anywhere.
#[derive(Debug)]
pub(crate) struct EncryptedTree<'a, 'x> {
    pub(crate) response: Node<'a, 'x>,
    pub(crate) encrypted: Node<'a, 'x>,
    response_id: &'a str,
    signatures: Vec<Node<'a, 'x>>,
}

impl<'a, 'x> Shape<'a, 'x> {
    /// The check [`crate::Check::Structure`].
    pub(crate) fn read(document: &'a Document<'x>) -> Result<Self, Rejection> {
        let response = document.root_element();
        if !dom::is(response, SAMLP, "Response") {
            return Err(Rejection::new(
                ReasonCode::NotAResponse,
                "the root element is not a SAML 2.0 Response",
            ));
        }
        check_unique_ids(&[response])?;
        let census = Census::take(response)?;
        let assertion = census.only_assertion(response)?;
        check_children(response, &[(DSIG, "Signature"), (SAML, "Issuer")], SAMLP, RESPONSE_PARTS)?;
        if dom::is(assertion, SAML, "EncryptedAssertion") {
            return Ok(Self::Encrypted(EncryptedTree {
                response,
                encrypted: assertion,
                response_id: versioned_id(response)?,
                signatures: census.signatures,
            }));
        }
        check_children(assertion, &[(DSIG, "Signature")], SAML, ASSERTION_PARTS)?;
        Ok(Self::Plain(ResponseTree {
            response,
            assertion,
            response_id: versioned_id(response)?,
            assertion_id: versioned_id(assertion)?,
            signatures: census.signatures,
        }))
    }
}

/// The elements whose number and place decide.
#[derive(Debug)]
struct Census<'a, 'x> {
    /// `Assertion` and `EncryptedAssertion`.
    assertions: Vec<Node<'a, 'x>>,
    signatures: Vec<Node<'a, 'x>>,
}

impl<'a, 'x> Census<'a, 'x> {
    fn take(root: Node<'a, 'x>) -> Result<Self, Rejection> {
        let mut census = Self { assertions: Vec::new(), signatures: Vec::new() };
        for node in root.descendants().filter(Node::is_element) {
            let tag = node.tag_name();
            match (tag.namespace().unwrap_or_default(), tag.name()) {
                (SAML, "Assertion" | "EncryptedAssertion") => census.assertions.push(node),
                (DSIG, "Signature") => census.signatures.push(node),
                (SAML, "EncryptedID" | "EncryptedAttribute") => {
                    return Err(Rejection::new(
                        ReasonCode::EncryptedIdUnsupported,
                        "the assertion holds an encrypted name or attribute; have the identity \
                         provider encrypt the whole assertion instead",
                    ));
                }
                (SAML, "Advice") => {
                    return Err(Rejection::new(
                        ReasonCode::AdviceRefused,
                        "the assertion holds Advice",
                    ));
                }
                _ => {}
            }
        }
        Ok(census)
    }

    fn only_assertion(&self, response: Node<'a, 'x>) -> Result<Node<'a, 'x>, Rejection> {
        match self.assertions.as_slice() {
            [] => {
                Err(Rejection::new(ReasonCode::AssertionMissing, "the response holds no assertion"))
            }
            [one] if one.parent() == Some(response) => Ok(*one),
            [_] => Err(Rejection::new(
                ReasonCode::AssertionMisplaced,
                "the assertion is not a child of the response",
            )),
            _ => Err(several_assertions()),
        }
    }
}

impl<'a, 'x> ResponseTree<'a, 'x> {
    /// The check [`crate::Check::Status`].
    pub(crate) fn check_status(&self) -> Result<(), Rejection> {
        check_status(self.response)
    }

    /// The check [`crate::Check::Issuer`].
    pub(crate) fn check_issuers(&self, entity_id: &str) -> Result<(), Rejection> {
        check_issuer(self.assertion, entity_id)?;
        check_response_issuer(self.response, entity_id)
    }

    /// The signatures at their two allowed places: of the Response, and of the Assertion. None is
    /// anywhere else. The check [`crate::Check::SignatureForm`].
    pub(crate) fn signature_forms(&self) -> Result<SignatureForms<'a, 'x>, Rejection> {
        let (mut response, mut assertion) = (None, None);
        for &node in &self.signatures {
            let parent = node.parent();
            let (place, parent, id) = if parent == Some(self.response) {
                (&mut response, self.response, self.response_id)
            } else if parent == Some(self.assertion) {
                (&mut assertion, self.assertion, self.assertion_id)
            } else {
                return Err(misplaced());
            };
            if place.is_some() {
                return Err(two_signatures());
            }
            *place = Some(SignatureForm::read(node, parent, id)?);
        }
        Ok(SignatureForms { response, assertion })
    }
}

impl<'a, 'x> EncryptedTree<'a, 'x> {
    /// The check [`crate::Check::Status`].
    pub(crate) fn check_status(&self) -> Result<(), Rejection> {
        check_status(self.response)
    }

    /// The check [`crate::Check::Issuer`], as far as it can be done without the assertion.
    pub(crate) fn check_issuer(&self, entity_id: &str) -> Result<(), Rejection> {
        check_response_issuer(self.response, entity_id)
    }

    /// The signature of the Response, if it has one. None is anywhere else.
    pub(crate) fn signature_forms(&self) -> Result<SignatureForms<'a, 'x>, Rejection> {
        let response = match self.signatures.as_slice() {
            [] => None,
            all if all.iter().any(|node| node.parent() != Some(self.response)) => {
                return Err(misplaced());
            }
            [one] => Some(SignatureForm::read(*one, self.response, self.response_id)?),
            _ => return Err(two_signatures()),
        };
        Ok(SignatureForms { response, assertion: None })
    }

    /// The Response with what was decrypted in the place of the encrypted assertion. `document` is
    /// the plaintext inside a root element that is not part of it.
    ///
    /// The check [`crate::Check::Structure`] for both together. The signatures are those of the
    /// assertion: that of the Response covers the ciphertext.
    pub(crate) fn with_decrypted<'d>(
        &self,
        document: &'d Document<'x>,
    ) -> Result<ResponseTree<'d, 'x>, Rejection>
    where
        'a: 'd,
    {
        let mut inside = document.root_element().children();
        let (Some(assertion), None) = (inside.next(), inside.next()) else {
            return Err(not_one_assertion());
        };
        if !dom::is(assertion, SAML, "Assertion") {
            return Err(not_one_assertion());
        }
        check_unique_ids(&[self.response, assertion])?;
        let census = Census::take(assertion)?;
        if census.assertions.len() != 1 {
            return Err(several_assertions());
        }
        check_children(assertion, &[(DSIG, "Signature")], SAML, ASSERTION_PARTS)?;
        Ok(ResponseTree {
            response: self.response,
            assertion,
            response_id: self.response_id,
            assertion_id: versioned_id(assertion)?,
            signatures: census.signatures,
        })
    }
}

fn check_status(response: Node<'_, '_>) -> Result<(), Rejection> {
    let code = dom::only_child(response, SAMLP, "Status")?
        .map(|status| dom::only_child(status, SAMLP, "StatusCode"))
        .transpose()?
        .flatten();
    match code.map(|code| dom::attribute(code, "Value")) {
        Some(Some(SUCCESS)) => Ok(()),
        None => Err(Rejection::new(ReasonCode::StatusMissing, "the response carries no status")),
        Some(_) => Err(Rejection::new(
            ReasonCode::StatusNotSuccess,
            "the identity provider reports that authentication did not succeed",
        )),
    }
}

fn check_response_issuer(response: Node<'_, '_>, entity_id: &str) -> Result<(), Rejection> {
    match dom::only_child(response, SAML, "Issuer")? {
        Some(_) => check_issuer(response, entity_id),
        None => Ok(()),
    }
}

fn misplaced() -> Rejection {
    Rejection::new(
        ReasonCode::SignatureMisplaced,
        "a signature is not a direct child of the response or the assertion",
    )
}

fn two_signatures() -> Rejection {
    Rejection::new(ReasonCode::SignatureMultiple, "one element has two signatures")
}

fn several_assertions() -> Rejection {
    Rejection::new(ReasonCode::AssertionMultiple, "the document holds more than one assertion")
}

fn not_one_assertion() -> Rejection {
    Rejection::new(
        ReasonCode::StructureUnexpected,
        "what was encrypted is not one assertion and nothing else",
    )
}

/// The signatures of a Response, by what they sign.
#[derive(Debug)]
pub(crate) struct SignatureForms<'a, 'x> {
    pub(crate) response: Option<SignatureForm<'a, 'x>>,
    pub(crate) assertion: Option<SignatureForm<'a, 'x>>,
}

/// Compares the issuer of a Response or an Assertion with the configured one, exactly.
pub(crate) fn check_issuer(node: Node<'_, '_>, entity_id: &str) -> Result<(), Rejection> {
    const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    let issuer = dom::only_child(node, SAML, "Issuer")?.ok_or_else(|| {
        Rejection::new(ReasonCode::IssuerMissing, "the assertion names no issuer")
    })?;
    let is_entity = dom::attribute(issuer, "Format").is_none_or(|format| format == ENTITY);
    if is_entity && dom::whole_text(issuer).as_deref() == Some(entity_id) {
        Ok(())
    } else {
        Err(Rejection::new(
            ReasonCode::IssuerMismatch,
            format!("the issuer is not the configured identity provider `{entity_id}`"),
        ))
    }
}

/// What may stand in a Response, beside its signature and its issuer.
const RESPONSE_PARTS: &[(&str, Times)] =
    &[("Extensions", Times::AtMostOnce), ("Status", Times::AtMostOnce)];

/// What may stand in an Assertion, beside its signature. Statements come in any order.
const ASSERTION_PARTS: &[(&str, Times)] = &[
    ("Issuer", Times::AtMostOnce),
    ("Subject", Times::AtMostOnce),
    ("Conditions", Times::AtMostOnce),
    ("AuthnStatement", Times::Any),
    ("AttributeStatement", Times::Any),
    ("AuthzDecisionStatement", Times::Any),
];

/// How often a child may appear. An absent child is the concern of the check that needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    AtMostOnce,
    Any,
}

/// Refuses children that the grammar has not, and second ones where it has one. The assertion
/// inside a response has been counted before; the number of signatures has its own code.
fn check_children(
    node: Node<'_, '_>,
    foreign: &[(&str, &str)],
    namespace: &str,
    parts: &[(&str, Times)],
) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    for child in node.children().filter(Node::is_element) {
        let tag = child.tag_name();
        let name = (tag.namespace().unwrap_or_default(), tag.name());
        let is_assertion = matches!(name, (SAML, "Assertion" | "EncryptedAssertion"));
        let known = is_assertion && namespace == SAMLP
            || foreign.contains(&name)
            || name.0 == namespace && parts.iter().any(|(local, _)| *local == name.1);
        let many = name == (DSIG, "Signature")
            || name.0 == namespace && parts.contains(&(name.1, Times::Any));
        if !known || (!seen.insert(name) && !many) {
            return Err(Rejection::new(
                ReasonCode::StructureUnexpected,
                "an element is where the grammar has none, or appears twice",
            ));
        }
    }
    Ok(())
}

/// Every attribute that some library might take for an ID: any case, any namespace. A verifier and
/// a reader which disagree about them can be made to look at different elements.
pub(crate) fn check_unique_ids(roots: &[Node<'_, '_>]) -> Result<(), Rejection> {
    /// Genuine responses have two, and a few more in signatures.
    const MOST: usize = 32;
    let duplicate = |detail| Rejection::new(ReasonCode::DuplicateId, detail);
    let mut seen: Vec<&str> = Vec::new();
    for node in roots.iter().flat_map(|root| root.descendants()) {
        let mut ids = node.attributes().iter().filter(|a| a.name().eq_ignore_ascii_case("id"));
        if let Some(id) = ids.next() {
            if seen.contains(&id.value()) || ids.next().is_some() {
                return Err(duplicate("two ID attributes have one value or stand on one element"));
            }
            if seen.len() >= MOST {
                return Err(duplicate(
                    "more than 32 ID attributes, which are too many to tell apart",
                ));
            }
            seen.push(id.value());
        }
    }
    Ok(())
}

/// The ID of a Response or Assertion of SAML 2.0.
pub(crate) fn versioned_id<'a>(node: Node<'a, '_>) -> Result<&'a str, Rejection> {
    if dom::attribute(node, "Version") != Some("2.0") {
        return Err(Rejection::new(
            ReasonCode::VersionUnsupported,
            "the response or the assertion is not of SAML version 2.0",
        ));
    }
    dom::attribute(node, "ID").filter(|id| !id.is_empty()).ok_or_else(|| {
        Rejection::new(ReasonCode::IdMissing, "the response or the assertion has no ID")
    })
}

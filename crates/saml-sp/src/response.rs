//! The shape of a Response: one assertion, at one place, with unique IDs.
//!
//! What is read here is not verified yet and can only lead to a refusal.

use std::collections::BTreeSet;

use crate::dom::{Document, Node};

use crate::dom::{self, DSIG, SAML, SAMLP};
use crate::rejection::{ReasonCode, Rejection};
use crate::signature::SignatureForm;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// A document whose shape is that of a Response with one Assertion.
#[derive(Debug)]
pub(crate) struct ResponseTree<'a, 'x> {
    pub(crate) response: Node<'a, 'x>,
    pub(crate) assertion: Node<'a, 'x>,
    response_id: &'a str,
    assertion_id: &'a str,
    /// Every `Signature` element of the document, wherever it stands.
    signatures: Vec<Node<'a, 'x>>,
}

impl<'a, 'x> ResponseTree<'a, 'x> {
    /// The check [`crate::Check::Structure`].
    pub(crate) fn read(document: &'a Document<'x>) -> Result<Self, Rejection> {
        let response = document.root_element();
        if !dom::is(response, SAMLP, "Response") {
            return Err(Rejection::new(
                ReasonCode::NotAResponse,
                "the root element is not a SAML 2.0 Response",
            ));
        }
        check_unique_ids(response)?;
        let mut signatures = Vec::new();
        let mut assertions = Vec::new();
        for node in response.descendants().filter(Node::is_element) {
            let tag = node.tag_name();
            match (tag.namespace().unwrap_or_default(), tag.name()) {
                (SAML, "Assertion") => assertions.push(node),
                (DSIG, "Signature") => signatures.push(node),
                (SAML, "EncryptedAssertion" | "EncryptedID" | "EncryptedAttribute") => {
                    return Err(Rejection::new(
                        ReasonCode::EncryptedAssertionUnsupported,
                        "encrypted assertions are not supported; turn encryption off at the \
                         identity provider",
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
        let assertion = only_assertion(response, &assertions)?;
        check_children(response, &[(DSIG, "Signature"), (SAML, "Issuer")], SAMLP, RESPONSE_PARTS)?;
        check_children(assertion, &[(DSIG, "Signature")], SAML, ASSERTION_PARTS)?;
        let response_id = versioned_id(response)?;
        let assertion_id = versioned_id(assertion)?;
        Ok(Self { response, assertion, response_id, assertion_id, signatures })
    }

    /// The check [`crate::Check::Status`].
    pub(crate) fn check_status(&self) -> Result<(), Rejection> {
        let code = dom::only_child(self.response, SAMLP, "Status")?
            .map(|status| dom::only_child(status, SAMLP, "StatusCode"))
            .transpose()?
            .flatten();
        match code.map(|code| dom::attribute(code, "Value")) {
            Some(Some(SUCCESS)) => Ok(()),
            None => {
                Err(Rejection::new(ReasonCode::StatusMissing, "the response carries no status"))
            }
            Some(_) => Err(Rejection::new(
                ReasonCode::StatusNotSuccess,
                "the identity provider reports that authentication did not succeed",
            )),
        }
    }

    /// The check [`crate::Check::Issuer`].
    pub(crate) fn check_issuers(&self, entity_id: &str) -> Result<(), Rejection> {
        check_issuer(self.assertion, entity_id)?;
        match dom::only_child(self.response, SAML, "Issuer")? {
            Some(_) => check_issuer(self.response, entity_id),
            None => Ok(()),
        }
    }

    /// The signatures at their two allowed places: of the Response, and of the Assertion. At least
    /// one is present, and none is anywhere else. The check [`crate::Check::SignatureForm`].
    pub(crate) fn signature_forms(&self) -> Result<SignatureForms<'a, 'x>, Rejection> {
        let (mut response, mut assertion) = (None, None);
        for &node in &self.signatures {
            let parent = node.parent();
            let (place, parent, id) = if parent == Some(self.response) {
                (&mut response, self.response, self.response_id)
            } else if parent == Some(self.assertion) {
                (&mut assertion, self.assertion, self.assertion_id)
            } else {
                return Err(Rejection::new(
                    ReasonCode::SignatureMisplaced,
                    "a signature is not a direct child of the response or the assertion",
                ));
            };
            if place.is_some() {
                return Err(Rejection::new(
                    ReasonCode::SignatureMultiple,
                    "one element has two signatures",
                ));
            }
            *place = Some(SignatureForm::read(node, parent, id)?);
        }
        if response.is_none() && assertion.is_none() {
            return Err(Rejection::new(
                ReasonCode::SignatureMissing,
                "neither the response nor the assertion is signed",
            ));
        }
        Ok(SignatureForms { response, assertion })
    }
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
        let known = name == (SAML, "Assertion") && namespace == SAMLP
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

fn only_assertion<'a, 'x>(
    response: Node<'a, 'x>,
    assertions: &[Node<'a, 'x>],
) -> Result<Node<'a, 'x>, Rejection> {
    match assertions {
        [] => Err(Rejection::new(ReasonCode::AssertionMissing, "the response holds no assertion")),
        [one] if one.parent() == Some(response) => Ok(*one),
        [_] => Err(Rejection::new(
            ReasonCode::AssertionMisplaced,
            "the assertion is not a child of the response",
        )),
        _ => Err(Rejection::new(
            ReasonCode::AssertionMultiple,
            "the document holds more than one assertion",
        )),
    }
}

/// Every attribute that some library might take for an ID: any case, any namespace. A verifier and
/// a reader which disagree about them can be made to look at different elements.
fn check_unique_ids(root: Node<'_, '_>) -> Result<(), Rejection> {
    /// Genuine responses have two, and a few more in signatures.
    const MOST: usize = 32;
    let duplicate = |detail| Rejection::new(ReasonCode::DuplicateId, detail);
    let mut seen: Vec<&str> = Vec::new();
    for node in root.descendants() {
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
fn versioned_id<'a>(node: Node<'a, '_>) -> Result<&'a str, Rejection> {
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

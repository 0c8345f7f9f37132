//! The fixed grammar of an XML signature, as it is read before anything is computed.
//!
//! ```text
//! Signature
//!   SignedInfo
//!     CanonicalizationMethod   exclusive C14N [InclusiveNamespaces]
//!     SignatureMethod
//!     Reference URI="#parent"
//!       Transforms: enveloped-signature, exclusive C14N [InclusiveNamespaces]
//!       DigestMethod
//!       DigestValue
//!   SignatureValue
//!   [KeyInfo]                  never looked at
//! ```
//!
//! No comments, no text between elements, no `Object`, no further attributes or children.

use crate::dom::Node;
use std::borrow::Cow;

use base64::Engine as _;

use crate::dom::{self, DSIG};
use crate::rejection::{ReasonCode, Rejection};
use crate::xml::Attribute;

const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// Most prefixes in one `PrefixList`. Each is looked up at each element, in `SignedInfo` before any
/// key has vouched for it. Genuine lists name one to six.
const MAX_LISTED_PREFIXES: usize = 32;

/// A signature that follows the grammar. Nothing in it has been verified.
#[derive(Debug)]
pub(crate) struct SignatureForm<'a, 'x> {
    pub(crate) node: Node<'a, 'x>,
    pub(crate) parent: Node<'a, 'x>,
    pub(crate) signed_info: Node<'a, 'x>,
    /// `PrefixList` for the canonical form of `SignedInfo`.
    pub(crate) signed_info_prefixes: Vec<&'a str>,
    /// `PrefixList` for the canonical form of the signed element.
    pub(crate) target_prefixes: Vec<&'a str>,
    pub(crate) canonicalization: &'a str,
    pub(crate) signature_method: &'a str,
    pub(crate) digest_method: &'a str,
    pub(crate) digest: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

impl<'a, 'x> SignatureForm<'a, 'x> {
    /// Reads the signature which is a child of `parent`, whose ID is `id`.
    pub(crate) fn read(
        node: Node<'a, 'x>,
        parent: Node<'a, 'x>,
        id: &str,
    ) -> Result<Self, Rejection> {
        if node.descendants().any(|n| n.is_comment()) {
            return Err(malformed("a signature holds a comment"));
        }
        only_attributes(node, &["Id"])?;
        let mut parts = elements(node)?;
        let signed_info = expect(parts.next(), "SignedInfo")?;
        let value = base64_text(expect(parts.next(), "SignatureValue")?)?;
        if let Some(part) = parts.next() {
            expect(Some(part), "KeyInfo")?;
        }
        end(parts.next())?;

        only_attributes(signed_info, &["Id"])?;
        let mut parts = elements(signed_info)?;
        let canonicalization = expect(parts.next(), "CanonicalizationMethod")?;
        let signature_method = expect(parts.next(), "SignatureMethod")?;
        let references = dom::children(signed_info, DSIG, "Reference").count();
        if references != 1 {
            return Err(Rejection::new(
                ReasonCode::ReferenceCount,
                "a signature has not exactly one reference",
            ));
        }
        let reference = expect(parts.next(), "Reference")?;
        end(parts.next())?;

        let uri = dom::attribute(reference, "URI");
        if uri.and_then(|uri| uri.strip_prefix('#')) != Some(id) {
            return Err(Rejection::new(
                ReasonCode::ReferenceMismatch,
                "a signature refers to something else than the element it stands in",
            ));
        }
        only_attributes(reference, &["URI", "Id"])?;
        let mut parts = elements(reference)?;
        let transforms = parts.next().filter(|n| dom::is(*n, DSIG, "Transforms"));
        let target_prefixes =
            transforms.map_or_else(|| Err(transforms_refused()), read_transforms)?;
        let digest_method = expect(parts.next(), "DigestMethod")?;
        let digest = base64_text(expect(parts.next(), "DigestValue")?)?;
        end(parts.next())?;

        Ok(Self {
            node,
            parent,
            signed_info,
            signed_info_prefixes: inclusive_prefixes(canonicalization)?,
            target_prefixes,
            canonicalization: algorithm(canonicalization)?,
            signature_method: childless_algorithm(signature_method)?,
            digest_method: childless_algorithm(digest_method)?,
            digest,
            value,
        })
    }

    /// Whether `SignedInfo` is canonicalised by the one algorithm that is supported.
    pub(crate) fn has_exclusive_canonicalization(&self) -> bool {
        self.canonicalization == EXCLUSIVE_C14N
    }
}

/// Exactly enveloped-signature and then exclusive C14N; returns the latter's prefix list.
fn read_transforms<'a>(transforms: Node<'a, '_>) -> Result<Vec<&'a str>, Rejection> {
    only_attributes(transforms, &[])?;
    let list: Vec<_> = elements(transforms)?.collect();
    let [enveloped, exclusive] = list.as_slice() else { return Err(transforms_refused()) };
    for (node, wanted) in [(enveloped, ENVELOPED), (exclusive, EXCLUSIVE_C14N)] {
        if !dom::is(*node, DSIG, "Transform") || dom::attribute(*node, "Algorithm") != Some(wanted)
        {
            return Err(transforms_refused());
        }
        only_attributes(*node, &["Algorithm"])?;
    }
    end(elements(*enveloped)?.next())?;
    inclusive_prefixes(*exclusive)
}

/// The prefix list inside an exclusive C14N method; empty when it has none.
fn inclusive_prefixes<'a>(method: Node<'a, '_>) -> Result<Vec<&'a str>, Rejection> {
    let mut parts = elements(method)?;
    let Some(inclusive) = parts.next() else { return Ok(Vec::new()) };
    end(parts.next())?;
    if !dom::is(inclusive, EXCLUSIVE_C14N, "InclusiveNamespaces") {
        return Err(malformed("a canonicalisation method has an unknown parameter"));
    }
    only_attributes(inclusive, &["PrefixList"])?;
    end(elements(inclusive)?.next())?;
    let list = dom::attribute(inclusive, "PrefixList").unwrap_or_default();
    let prefixes: Vec<_> = list
        .split_ascii_whitespace()
        .take(MAX_LISTED_PREFIXES + 1)
        .map(|prefix| if prefix == "#default" { "" } else { prefix })
        .collect();
    if prefixes.len() > MAX_LISTED_PREFIXES {
        return Err(malformed("a canonicalisation method lists too many prefixes"));
    }
    Ok(prefixes)
}

/// The child elements, after making sure that only whitespace stands between them.
fn elements<'a, 'x>(
    node: Node<'a, 'x>,
) -> Result<impl Iterator<Item = Node<'a, 'x>> + use<'a, 'x>, Rejection> {
    let is_blank = |n: Node<'_, '_>| n.text().unwrap_or_default().trim_ascii().is_empty();
    if node.children().any(|n| n.is_text() && !is_blank(n)) {
        return Err(malformed("a signature holds text where the grammar has none"));
    }
    Ok(node.children().filter(Node::is_element))
}

fn expect<'a, 'x>(node: Option<Node<'a, 'x>>, local: &str) -> Result<Node<'a, 'x>, Rejection> {
    node.filter(|n| dom::is(*n, DSIG, local))
        .ok_or_else(|| malformed("a signature has not the children of the fixed grammar"))
}

fn end(node: Option<Node<'_, '_>>) -> Result<(), Rejection> {
    match node {
        None => Ok(()),
        Some(_) => Err(malformed("a signature has more children than the fixed grammar")),
    }
}

fn only_attributes(node: Node<'_, '_>, allowed: &[&str]) -> Result<(), Rejection> {
    let is_allowed = |a: &Attribute<'_>| a.namespace().is_none() && allowed.contains(&a.name());
    if node.attributes().iter().all(is_allowed) {
        Ok(())
    } else {
        Err(malformed("a signature has an attribute which the fixed grammar has not"))
    }
}

fn algorithm<'a>(method: Node<'a, '_>) -> Result<&'a str, Rejection> {
    only_attributes(method, &["Algorithm"])?;
    dom::attribute(method, "Algorithm")
        .ok_or_else(|| malformed("a signature method names no algorithm"))
}

/// For methods whose parameters (such as `HMACOutputLength`) are refused.
fn childless_algorithm<'a>(method: Node<'a, '_>) -> Result<&'a str, Rejection> {
    end(elements(method)?.next())?;
    algorithm(method)
}

fn base64_text(node: Node<'_, '_>) -> Result<Vec<u8>, Rejection> {
    only_attributes(node, &["Id"])?;
    let mut text = dom::whole_text(node)
        .map(Cow::into_owned)
        .ok_or_else(|| malformed("a signature has elements where the grammar has text"))?;
    text.retain(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'));
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|_| malformed("a signature or digest value is not base64"))
}

fn malformed(detail: &'static str) -> Rejection {
    Rejection::new(ReasonCode::SignatureMalformed, detail)
}

fn transforms_refused() -> Rejection {
    Rejection::new(
        ReasonCode::TransformsRefused,
        "the transforms are not exactly enveloped-signature and exclusive canonicalisation",
    )
}

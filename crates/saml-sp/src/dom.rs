//! Reading the tree by expanded names.

use std::borrow::Cow;

use crate::rejection::{ReasonCode, Rejection};
use crate::xml::Attribute;
pub(crate) use crate::xml::{Document, Node, parse};

/// SAML 2.0 assertions.
pub(crate) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// SAML 2.0 protocol messages.
pub(crate) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// SAML 2.0 metadata.
pub(crate) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// XML signatures.
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Whether a node is the element `{namespace}local`.
pub(crate) fn is(node: Node<'_, '_>, namespace: &str, local: &str) -> bool {
    node.is_element()
        && node.tag_name().name() == local
        && node.tag_name().namespace() == Some(namespace)
}

/// The child elements with one expanded name.
pub(crate) fn children<'a, 'x, 'n>(
    node: Node<'a, 'x>,
    namespace: &'n str,
    local: &'n str,
) -> impl Iterator<Item = Node<'a, 'x>> + use<'a, 'x, 'n> {
    node.children().filter(move |child| is(*child, namespace, local))
}

/// The child element with one expanded name, if any. Two are refused.
pub(crate) fn only_child<'a, 'x>(
    node: Node<'a, 'x>,
    namespace: &str,
    local: &str,
) -> Result<Option<Node<'a, 'x>>, Rejection> {
    let mut found = children(node, namespace, local);
    let first = found.next();
    if found.next().is_some() {
        return Err(Rejection::new(
            ReasonCode::StructureUnexpected,
            "an element appears twice where the grammar allows one",
        ));
    }
    Ok(first)
}

/// The attribute without a namespace.
pub(crate) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes()
        .iter()
        .find(|attribute| attribute.namespace().is_none() && attribute.name() == name)
        .map(Attribute::value)
}

/// The whole text of an element: every piece, whatever comments stood between them. `None` when
/// the element has child elements, because then its text is not the whole of it.
pub(crate) fn whole_text<'a>(node: Node<'a, '_>) -> Option<Cow<'a, str>> {
    let mut whole = Cow::Borrowed("");
    for child in node.children() {
        if child.is_element() {
            return None;
        }
        if let Some(text) = child.text() {
            whole += text;
        }
    }
    Some(whole)
}

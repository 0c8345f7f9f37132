//! The one parser, and reading by expanded names.

use roxmltree::ParsingOptions;
pub(crate) use roxmltree::{Document, Node};

use crate::bounds::Limits;
use crate::rejection::{ReasonCode, Rejection};

/// SAML 2.0 assertions.
pub(crate) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// SAML 2.0 protocol messages.
pub(crate) const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// SAML 2.0 metadata.
pub(crate) const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// XML signatures.
pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Parses text that has passed [`crate::bounds::admit`], or that is the canonical form of such.
pub(crate) fn parse<'x>(text: &'x str, limits: &Limits) -> Result<Document<'x>, Rejection> {
    // Elements, their texts, and comments; comments are not counted by the scan.
    let nodes_limit = u32::try_from(limits.elements.saturating_mul(4)).unwrap_or(u32::MAX);
    let options = ParsingOptions { allow_dtd: false, nodes_limit, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => {
            Rejection::new(ReasonCode::XmlDoctype, "the document holds a DOCTYPE")
        }
        roxmltree::Error::NodesLimitReached => {
            Rejection::new(ReasonCode::XmlTooManyElements, format!("more than {nodes_limit} nodes"))
        }
        // The parser's own message would quote the document.
        _ => Rejection::new(ReasonCode::XmlMalformed, "the document is not well-formed XML"),
    })
}

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
        .find(|attribute| attribute.namespace().is_none() && attribute.name() == name)
        .map(|attribute| attribute.value())
}

/// The whole text of an element: every piece, whatever comments stood between them. `None` when
/// the element has child elements, because then its text is not the whole of it.
pub(crate) fn whole_text(node: Node<'_, '_>) -> Option<String> {
    let mut text = String::new();
    for child in node.children() {
        if child.is_element() {
            return None;
        }
        if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
    }
    Some(text)
}

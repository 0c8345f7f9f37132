//! A document as an indented list of its elements, for people who look for what is wrong with it.

use std::fmt;

use crate::bounds;
use crate::dom::{self, DSIG, METADATA, Node, SAML, SAMLP};
use crate::rejection::Rejection;
use crate::verifier::decode_form;

/// XML encryption.
const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// XML encryption 1.1.
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

/// One element of a document that **nobody has verified**.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineLine {
    /// How many elements are around it: 0 for the root.
    pub depth: usize,
    /// Its name, with the prefix that is usual for its namespace, whatever prefix was sent:
    /// `saml:`, `samlp:`, `ds:`, `xenc:`, `xenc11:`, `md:`. Without a prefix: another namespace.
    pub name: String,
    /// Its attributes in the order of the document, without namespace declarations.
    pub attributes: Vec<(String, OutlineText)>,
    /// Its own text, if any besides white space; what stood before, between and after its children
    /// as one.
    pub text: Option<OutlineText>,
}

/// A text of a document, by who may see it.
#[derive(Clone, PartialEq, Eq)]
pub enum OutlineText {
    /// Says something about the message: addresses, times, algorithms, names of attributes.
    Plain(String),
    /// Says something about the person, or nobody knows what. `Debug` does not show it.
    Personal(String),
    /// Signatures, digests, keys, ciphertext and session indexes: only their length in characters.
    Opaque(usize),
}

impl fmt::Debug for OutlineText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.debug_tuple("Plain").field(text).finish(),
            Self::Personal(_) => f.write_str("Personal(..)"),
            Self::Opaque(characters) => f.debug_tuple("Opaque").field(characters).finish(),
        }
    }
}

/// Lists the elements of a document, in its order. It **must only be shown to people**: nothing of
/// it is verified.
///
/// # Errors
/// When it is not XML within the bounds of a response.
pub fn outline(xml: &[u8]) -> Result<Vec<OutlineLine>, Rejection> {
    let text = bounds::admit(xml, &bounds::RESPONSE)?;
    let document = dom::parse(&text, &bounds::RESPONSE)?;
    let mut lines = Vec::new();
    push(&mut lines, document.root_element(), 0, false);
    Ok(lines)
}

/// [`outline`] of the value of the form field `SAMLResponse`.
///
/// # Errors
/// When it is not base64, or not XML within the bounds of a response.
pub fn outline_form(saml_response: &str) -> Result<Vec<OutlineLine>, Rejection> {
    outline(&decode_form(saml_response)?)
}

/// Recursion is bounded by the depth that [`bounds::RESPONSE`] lets through.
fn push(lines: &mut Vec<OutlineLine>, node: Node<'_, '_>, depth: usize, inside_value: bool) {
    let namespace = node.tag_name().namespace().unwrap_or_default();
    let local = node.tag_name().name();
    let personal = inside_value || (namespace, local) == (SAML, "AttributeValue");
    let attributes = node
        .attributes()
        .iter()
        .map(|attribute| {
            let (name, value) = (attribute.name().to_owned(), attribute.value().to_owned());
            let text = match (namespace, name.as_str()) {
                (_, "SessionIndex") => opaque(&value),
                (SAML, "Address" | "DNSName") => OutlineText::Personal(value),
                (SAML | SAMLP | DSIG | XENC | XENC11 | METADATA, _) => OutlineText::Plain(value),
                _ => OutlineText::Personal(value),
            };
            (name, text)
        })
        .collect();
    let own: String = node.children().filter_map(|child| child.text()).collect();
    let text = (!own.trim().is_empty()).then(|| classify(namespace, local, personal, own));
    lines.push(OutlineLine { depth, name: qualified(namespace, local), attributes, text });
    for child in node.children().filter(Node::is_element) {
        push(lines, child, depth + 1, personal);
    }
}

/// What is not known to be about the message is taken to be about the person.
fn classify(namespace: &str, local: &str, personal: bool, text: String) -> OutlineText {
    match (namespace, local) {
        (DSIG | XENC | XENC11, _) | (SAMLP, "SessionIndex") => opaque(&text),
        _ if personal => OutlineText::Personal(text),
        (
            SAML,
            "Issuer"
            | "Audience"
            | "AuthnContextClassRef"
            | "AuthnContextDeclRef"
            | "AuthenticatingAuthority",
        )
        | (SAMLP, "StatusMessage") => OutlineText::Plain(text),
        _ => OutlineText::Personal(text),
    }
}

fn opaque(text: &str) -> OutlineText {
    OutlineText::Opaque(text.chars().filter(|c| !c.is_whitespace()).count())
}

fn qualified(namespace: &str, local: &str) -> String {
    let prefix = match namespace {
        SAML => "saml:",
        SAMLP => "samlp:",
        DSIG => "ds:",
        XENC => "xenc:",
        XENC11 => "xenc11:",
        METADATA => "md:",
        _ => "",
    };
    format!("{prefix}{local}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejection::ReasonCode;

    const RESPONSE: &str = concat!(
        "<p:Response xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol' ID='_1'",
        " xmlns='urn:oasis:names:tc:SAML:2.0:assertion'>\n",
        "<Issuer>https://idp.example</Issuer>",
        "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'>",
        "<SignatureValue>ab\ncd</SignatureValue></Signature>",
        "<Subject><NameID Format='f'>ana<!-- x -->@example.com</NameID></Subject>",
        "<AuthnStatement SessionIndex='_s1'><SubjectLocality Address='10.0.0.1'/></AuthnStatement>",
        "<Attribute Name='g'><AttributeValue>ml-1<b xmlns='' c='d'>ml-2</b></AttributeValue>",
        "</Attribute></p:Response>",
    );

    #[test]
    fn every_text_is_sorted_by_who_may_see_it() {
        let lines = outline(RESPONSE.as_bytes()).unwrap();
        let line = |name: &str| lines.iter().find(|line| line.name == name).unwrap();
        let plain = |text: &str| OutlineText::Plain(text.to_owned());
        let personal = |text: &str| OutlineText::Personal(text.to_owned());
        assert_eq!(line("samlp:Response").depth, 0);
        assert_eq!(line("samlp:Response").attributes, [("ID".to_owned(), plain("_1"))]);
        assert_eq!(line("samlp:Response").text, None);
        assert_eq!(line("saml:Issuer").text, Some(plain("https://idp.example")));
        assert_eq!(line("ds:SignatureValue").depth, 2);
        assert_eq!(line("ds:SignatureValue").text, Some(OutlineText::Opaque(4)));
        assert_eq!(line("saml:NameID").text, Some(personal("ana@example.com")));
        assert_eq!(line("saml:NameID").attributes, [("Format".to_owned(), plain("f"))]);
        let session = &line("saml:AuthnStatement").attributes;
        assert_eq!(session, &[("SessionIndex".to_owned(), OutlineText::Opaque(3))]);
        let locality = &line("saml:SubjectLocality").attributes;
        assert_eq!(locality, &[("Address".to_owned(), personal("10.0.0.1"))]);
        assert_eq!(line("saml:AttributeValue").text, Some(personal("ml-1")));
        assert_eq!(line("b").text, Some(personal("ml-2")));
        assert_eq!(line("b").attributes, [("c".to_owned(), personal("d"))]);
        assert_eq!(lines.len(), 11);
    }

    #[test]
    fn debug_shows_no_person() {
        let shown = format!("{:?}", outline(RESPONSE.as_bytes()).unwrap());
        for secret in ["ana", "10.0.0.1", "ml-1", "ml-2", "_s1", "abcd"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }

    #[test]
    fn what_is_no_bounded_xml_is_refused() {
        let code = |xml: &str| outline(xml.as_bytes()).unwrap_err().code();
        assert_eq!(code("junk"), ReasonCode::XmlMalformed);
        assert_eq!(code("<!DOCTYPE a><a/>"), ReasonCode::XmlDoctype);
        assert_eq!(code(&"<a>".repeat(65)), ReasonCode::XmlTooDeep);
    }
}

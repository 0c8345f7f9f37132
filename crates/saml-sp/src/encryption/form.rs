//! The fixed grammar of an encrypted assertion, as it is read before anything is computed.
//!
//! ```text
//! EncryptedAssertion
//!   EncryptedData Type="…#Element" [Id] [MimeType]
//!     EncryptionMethod
//!     [KeyInfo]                    EncryptedKey, RetrievalMethod URI="#key"; names are not looked at
//!     CipherData: CipherValue
//!   EncryptedKey*                  [Id] [Type] [Recipient]
//!     EncryptionMethod: [OAEPparams] [DigestMethod] [MGF]
//!     [KeyInfo]                    never looked at
//!     CipherData: CipherValue
//!     [ReferenceList: DataReference URI="#data"]
//!     [CarriedKeyName]             never looked at
//! ```
//!
//! No comments, no text between elements, nothing that is elsewhere (`CipherReference`), no further
//! attributes or children.

use base64::Engine as _;

use super::{XENC, XENC11, malformed, refused};
use crate::dom::{self, DSIG, Node};
use crate::rejection::Rejection;

const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
const ENCRYPTED_KEY: &str = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";
/// Most wrapped keys. One is usual; a sender may add one for each certificate in our metadata.
const MAX_KEYS: usize = 4;

/// An encrypted assertion that follows the grammar.
#[derive(Debug)]
pub(crate) struct EncryptedForm<'a> {
    pub(super) method: &'a str,
    pub(super) value: Vec<u8>,
    /// One to [`MAX_KEYS`].
    pub(super) keys: Vec<EncryptedKey<'a>>,
}

/// The content's key, wrapped for somebody.
#[derive(Debug)]
pub(super) struct EncryptedKey<'a> {
    id: Option<&'a str>,
    pub(super) method: &'a str,
    pub(super) digest: Option<&'a str>,
    pub(super) mask: Option<&'a str>,
    pub(super) value: Vec<u8>,
}

impl<'a> EncryptedForm<'a> {
    /// Reads a `saml:EncryptedAssertion`.
    pub(crate) fn read(node: Node<'a, '_>) -> Result<Self, Rejection> {
        if node.descendants().any(|n| n.is_comment()) {
            return Err(malformed("an encrypted assertion holds a comment"));
        }
        only_attributes(node, &[])?;
        let mut parts = Parts::of(node)?;
        let data = parts.expect(XENC, "EncryptedData")?;
        only_attributes(data, &["Id", "Type", "MimeType"])?;
        if dom::attribute(data, "Type") != Some(ELEMENT) {
            return Err(malformed("the encrypted data is not of type Element"));
        }
        let data_id = dom::attribute(data, "Id");
        let mut inside = Parts::of(data)?;
        let method = inside.expect(XENC, "EncryptionMethod")?;
        end(Parts::of(method)?)?;
        let mut key_nodes = Vec::new();
        let mut retrieved = Vec::new();
        if let Some(info) = inside.take(DSIG, "KeyInfo") {
            read_key_info(info, &mut key_nodes, &mut retrieved)?;
        }
        let value = read_cipher_data(inside.expect(XENC, "CipherData")?)?;
        end(inside)?;

        while let Some(sibling) = parts.take(XENC, "EncryptedKey") {
            key_nodes.push(sibling);
        }
        end(parts)?;
        if key_nodes.is_empty() || key_nodes.len() > MAX_KEYS {
            return Err(malformed("the encrypted data comes with no key or with too many"));
        }
        let keys = key_nodes
            .into_iter()
            .map(|key| EncryptedKey::read(key, data_id))
            .collect::<Result<Vec<_>, _>>()?;
        if !retrieved.iter().all(|id| keys.iter().any(|key| key.id == Some(id))) {
            return Err(malformed("the encrypted data refers to a key that is not beside it"));
        }
        Ok(Self { method: algorithm(method)?, value, keys })
    }
}

/// Keys inside the encrypted data, and references to keys beside it.
fn read_key_info<'a, 'x>(
    info: Node<'a, 'x>,
    keys: &mut Vec<Node<'a, 'x>>,
    retrieved: &mut Vec<&'a str>,
) -> Result<(), Rejection> {
    only_attributes(info, &["Id"])?;
    let mut parts = Parts::of(info)?;
    while let Some(part) = parts.next() {
        if dom::is(part, XENC, "EncryptedKey") {
            keys.push(part);
        } else if dom::is(part, DSIG, "RetrievalMethod") {
            only_attributes(part, &["URI", "Type"])?;
            end(Parts::of(part)?)?;
            let is_key = dom::attribute(part, "Type").is_none_or(|kind| kind == ENCRYPTED_KEY);
            let id = dom::attribute(part, "URI").and_then(|uri| uri.strip_prefix('#'));
            match id {
                Some(id) if is_key && retrieved.len() < MAX_KEYS => retrieved.push(id),
                _ => return Err(malformed("a key is to be retrieved from elsewhere")),
            }
        } else if !dom::is(part, DSIG, "KeyName") && !dom::is(part, DSIG, "X509Data") {
            return Err(malformed("the encrypted data names its key in an unknown way"));
        }
    }
    Ok(())
}

impl<'a> EncryptedKey<'a> {
    fn read(node: Node<'a, '_>, data_id: Option<&str>) -> Result<Self, Rejection> {
        only_attributes(node, &["Id", "Type", "Recipient"])?;
        if dom::attribute(node, "Type").is_some_and(|kind| kind != ENCRYPTED_KEY) {
            return Err(malformed("an encrypted key is of another type"));
        }
        let mut parts = Parts::of(node)?;
        let method = parts.expect(XENC, "EncryptionMethod")?;
        parts.take(DSIG, "KeyInfo");
        let value = read_cipher_data(parts.expect(XENC, "CipherData")?)?;
        if let Some(list) = parts.take(XENC, "ReferenceList") {
            check_reference_list(list, data_id)?;
        }
        parts.take(XENC, "CarriedKeyName");
        end(parts)?;

        let mut parameters = Parts::of(method)?;
        if let Some(label) = parameters.take(XENC, "OAEPparams")
            && dom::whole_text(label).is_none_or(|text| !text.trim_ascii().is_empty())
        {
            return Err(refused("the key is wrapped with RSA-OAEP and a label (OAEPparams)"));
        }
        // The schema leaves their order open.
        let mut mask = parameters.take(XENC11, "MGF");
        let digest = parameters.take(DSIG, "DigestMethod");
        mask = mask.or_else(|| parameters.take(XENC11, "MGF"));
        end(parameters)?;
        let named = |parameter: Option<Node<'a, '_>>| {
            parameter.map(|n| end(Parts::of(n)?).and_then(|()| algorithm(n))).transpose()
        };
        Ok(Self {
            id: dom::attribute(node, "Id"),
            method: algorithm(method)?,
            digest: named(digest)?,
            mask: named(mask)?,
            value,
        })
    }
}

#[cfg(test)]
impl<'a> EncryptedKey<'a> {
    pub(super) fn with_methods(
        method: &'a str,
        digest: Option<&'a str>,
        mask: Option<&'a str>,
    ) -> Self {
        Self { id: None, method, digest, mask, value: Vec::new() }
    }
}

/// A key that says what it is for is for the one encrypted data there is.
fn check_reference_list(list: Node<'_, '_>, data_id: Option<&str>) -> Result<(), Rejection> {
    only_attributes(list, &[])?;
    let mut parts = Parts::of(list)?;
    let reference = parts.expect(XENC, "DataReference")?;
    end(parts)?;
    only_attributes(reference, &["URI"])?;
    end(Parts::of(reference)?)?;
    let id = dom::attribute(reference, "URI").and_then(|uri| uri.strip_prefix('#'));
    if id.is_some() && id == data_id {
        Ok(())
    } else {
        Err(malformed("an encrypted key is for other data than it stands beside"))
    }
}

fn read_cipher_data(data: Node<'_, '_>) -> Result<Vec<u8>, Rejection> {
    only_attributes(data, &[])?;
    let mut parts = Parts::of(data)?;
    if parts.take(XENC, "CipherReference").is_some() {
        return Err(malformed("the ciphertext is elsewhere (CipherReference)"));
    }
    let value = parts.expect(XENC, "CipherValue")?;
    end(parts)?;
    only_attributes(value, &[])?;
    let mut text = dom::whole_text(value)
        .ok_or_else(|| malformed("an encrypted assertion has elements in place of ciphertext"))?
        .into_owned();
    text.retain(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'));
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|_| malformed("a ciphertext is not base64"))
}

fn algorithm<'a>(method: Node<'a, '_>) -> Result<&'a str, Rejection> {
    only_attributes(method, &["Algorithm"])?;
    dom::attribute(method, "Algorithm")
        .ok_or_else(|| malformed("an encryption method names no algorithm"))
}

/// The child elements of an element, in their order.
struct Parts<'a, 'x>(std::iter::Peekable<std::vec::IntoIter<Node<'a, 'x>>>);

impl<'a, 'x> Parts<'a, 'x> {
    /// Only whitespace may stand between them.
    fn of(node: Node<'a, 'x>) -> Result<Self, Rejection> {
        let mut elements = Vec::new();
        for child in node.children() {
            if child.is_element() {
                elements.push(child);
            } else if !child.text().unwrap_or_default().trim_ascii().is_empty() {
                return Err(malformed("an encrypted assertion holds text beside its ciphertext"));
            }
        }
        Ok(Self(elements.into_iter().peekable()))
    }

    fn next(&mut self) -> Option<Node<'a, 'x>> {
        self.0.next()
    }

    /// The next one, if it has this name.
    fn take(&mut self, namespace: &str, local: &str) -> Option<Node<'a, 'x>> {
        self.0.next_if(|node| dom::is(*node, namespace, local))
    }

    fn expect(&mut self, namespace: &str, local: &str) -> Result<Node<'a, 'x>, Rejection> {
        self.take(namespace, local).ok_or_else(|| {
            malformed("an encrypted assertion has not the children of the fixed grammar")
        })
    }
}

fn end(mut parts: Parts<'_, '_>) -> Result<(), Rejection> {
    match parts.next() {
        None => Ok(()),
        Some(_) => {
            Err(malformed("an encrypted assertion has more children than the fixed grammar"))
        }
    }
}

fn only_attributes(node: Node<'_, '_>, allowed: &[&str]) -> Result<(), Rejection> {
    for attribute in node.attributes() {
        if attribute.namespace().is_some() || !allowed.contains(&attribute.name()) {
            return Err(malformed(
                "an encrypted assertion has an attribute which the fixed grammar has not",
            ));
        }
    }
    Ok(())
}

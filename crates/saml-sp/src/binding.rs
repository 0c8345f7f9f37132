//! Sending our own messages by browser: the HTTP-Redirect and HTTP-POST bindings (SAML bindings
//! 3.4 and 3.5), signed or not.
//!
//! Our messages are *written* in exclusive canonical form: attributes in order, namespaces declared
//! where they are used, no empty-element tags. So what is sent is what is signed, and signing needs
//! no canonicalisation.

use std::fmt;
use std::io::Write as _;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::dom::DSIG;
use crate::escape;
use crate::sp_key::{ServiceProviderKey, SigningError};

pub(crate) const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
pub(crate) const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// SAML bindings 3.4.3 and 3.5.3, for what we send of our own.
const MAX_RELAY_STATE_BYTES: usize = 80;

/// For what we give back with a response. Identity providers keep addresses of their own in it, longer
/// than SAML allows, and do not know our answer without; so what came with a request that one signed
/// goes back to it.
const MAX_RETURNED_RELAY_STATE_BYTES: usize = 1_024;

/// Everything but the characters that RFC 3986 calls unreserved.
pub(crate) const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A message could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Longer than SAML bindings 3.4.3 allows, or than is given back.
    #[error("relay state has {bytes} bytes, more than {limit}")]
    RelayStateTooLong {
        /// Its length in bytes.
        bytes: usize,
        /// 80 with a request, 1,024 with a response.
        limit: usize,
    },
    /// The address of the identity provider is no absolute http or https URL.
    #[error("identity provider address `{url}` is not an absolute http or https URL")]
    Destination {
        /// The address as configured.
        url: String,
    },
    /// It could not be signed.
    #[error("message to the identity provider could not be signed")]
    Signing(#[from] SigningError),
}

/// A form which the browser posts to the identity provider (HTTP-POST binding).
#[derive(Clone, PartialEq, Eq)]
pub struct PostForm {
    /// Where to post it: an absolute http or https URL.
    pub action: String,
    /// Names and values of its hidden fields. The values need the escapes of HTML.
    pub fields: Vec<(&'static str, String)>,
}

impl fmt::Debug for PostForm {
    /// The address and the names of the fields; a value would show the id of a pending request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| *name).collect();
        f.debug_struct("PostForm").field("action", &self.action).field("fields", &names).finish()
    }
}

/// Which field carries a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Request,
    Response,
}

impl Kind {
    fn field(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }

    fn max_relay_state_bytes(self) -> usize {
        match self {
            Self::Request => MAX_RELAY_STATE_BYTES,
            Self::Response => MAX_RETURNED_RELAY_STATE_BYTES,
        }
    }
}

/// One of our messages: `id` is the ID of its root, and `xml` is in exclusive canonical form, with
/// a `saml:Issuer` as the root's first child.
#[derive(Debug)]
pub(crate) struct Message<'m> {
    pub(crate) kind: Kind,
    pub(crate) id: &'m str,
    pub(crate) destination: &'m str,
    pub(crate) xml: String,
}

impl Message<'_> {
    /// The URL to send the browser to. The signature is over the octets of the query as they are
    /// sent (SAML bindings 3.4.4.1); parameters of the address itself come before and stay unsigned.
    pub(crate) fn redirect_url(
        &self,
        relay_state: Option<&str>,
        signing: Option<&ServiceProviderKey>,
    ) -> Result<String, MessageError> {
        self.check(relay_state)?;
        let mut query = String::new();
        push_parameter(
            &mut query,
            self.kind.field(),
            &STANDARD.encode(deflate(self.xml.as_bytes())),
        );
        if let Some(relay_state) = relay_state {
            push_parameter(&mut query, "RelayState", relay_state);
        }
        if let Some(key) = signing {
            push_parameter(&mut query, "SigAlg", RSA_SHA256);
            let signature = key.sign_rsa_sha256(query.as_bytes())?;
            push_parameter(&mut query, "Signature", &STANDARD.encode(signature));
        }
        let separator = if self.destination.contains('?') { '&' } else { '?' };
        Ok(format!("{}{separator}{query}", self.destination))
    }

    /// The form to post, with the signature inside the message.
    pub(crate) fn post_form(
        &self,
        relay_state: Option<&str>,
        signing: Option<&ServiceProviderKey>,
    ) -> Result<PostForm, MessageError> {
        self.check(relay_state)?;
        let xml = match signing {
            Some(key) => &self.signed(key)?,
            None => &self.xml,
        };
        let mut fields = vec![(self.kind.field(), STANDARD.encode(xml))];
        if let Some(relay_state) = relay_state {
            fields.push(("RelayState", relay_state.to_owned()));
        }
        Ok(PostForm { action: self.destination.to_owned(), fields })
    }

    fn check(&self, relay_state: Option<&str>) -> Result<(), MessageError> {
        let limit = self.kind.max_relay_state_bytes();
        if let Some(bytes) = relay_state.map(str::len).filter(|bytes| *bytes > limit) {
            return Err(MessageError::RelayStateTooLong { bytes, limit });
        }
        if !is_web_url(self.destination) {
            return Err(MessageError::Destination { url: self.destination.to_owned() });
        }
        Ok(())
    }

    /// The message with an enveloped signature after its issuer, where the schema wants it.
    ///
    /// Identity providers verify with the key of our metadata; the certificate in `KeyInfo` tells
    /// them which one during a roll-over.
    fn signed(&self, key: &ServiceProviderKey) -> Result<String, SigningError> {
        const AFTER: &str = "</saml:Issuer>";
        let (before, after) = self.xml.split_once(AFTER).ok_or(SigningError)?;
        let digest = STANDARD.encode(digest::digest(&digest::SHA256, self.xml.as_bytes()));
        // The ID is ours: letters, digits, `_`, `-` and `.`.
        let inside = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE_C14N}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#{id}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
             <ds:Transform Algorithm=\"{EXCLUSIVE_C14N}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>",
            id = self.id,
        );
        // In the document the prefix is declared by the parent; canonical form declares it here.
        let canonical = format!("<ds:SignedInfo xmlns:ds=\"{DSIG}\">{inside}</ds:SignedInfo>");
        let value = STANDARD.encode(key.sign_rsa_sha256(canonical.as_bytes())?);
        Ok(format!(
            "{before}{AFTER}<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>{inside}\
             </ds:SignedInfo><ds:SignatureValue>{value}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo></ds:Signature>{after}",
            certificate = key.certificate_base64(),
        ))
    }
}

fn push_parameter(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.extend(utf8_percent_encode(value, QUERY_VALUE));
}

/// Raw DEFLATE, as the binding wants it.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to a Vec does not fail; if it did, the identity provider would refuse what is left.
    let written = encoder.write_all(bytes);
    debug_assert!(written.is_ok(), "writing to memory failed");
    encoder.finish().unwrap_or_default()
}

/// Writes `<name attribute="value"…>`. `attributes` must come in the order of canonical form:
/// namespace declarations first, then by name.
pub(crate) fn push_start(out: &mut String, name: &str, attributes: &[(&str, &str)]) {
    out.push('<');
    out.push_str(name);
    for (name, value) in attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape::push_attribute(out, value);
        out.push('"');
    }
    out.push('>');
}

/// Writes an element that holds a text; see [`push_start`].
pub(crate) fn push_element(out: &mut String, name: &str, attributes: &[(&str, &str)], text: &str) {
    push_start(out, name, attributes);
    escape::push_text(out, text);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Whether a text looks like `http://host…` or `https://host…`, without blanks or a fragment.
pub(crate) fn is_web_url(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.starts_with(['/', '?']))
        && url.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::PinnedKey;
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use flate2::read::DeflateDecoder;
    use std::io::Read as _;

    const XML: &str = "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
        ID=\"_request1\" Version=\"2.0\">\
        <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://sp.example/saml\
        </saml:Issuer><samlp:NameIDPolicy AllowCreate=\"true\"></samlp:NameIDPolicy>\
        </samlp:AuthnRequest>";

    fn key() -> ServiceProviderKey {
        ServiceProviderKey::from_pem(include_str!("../tests/fixtures/sp.pem")).unwrap()
    }

    fn message(destination: &str) -> Message<'_> {
        Message { kind: Kind::Request, id: "_request1", destination, xml: XML.to_owned() }
    }

    fn verifies(message: &str, base64: &str) -> bool {
        let signature = STANDARD.decode(base64).unwrap();
        let public = PinnedKey::from_certificate_der(key().certificate_der()).unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.bytes())
            .verify(message.as_bytes(), &signature)
            .is_ok()
    }

    #[test]
    fn the_redirect_url_carries_the_deflated_message_and_the_relay_state() {
        let url = message("https://idp.example/sso").redirect_url(Some("team one&x=1"), None);
        let url = url.unwrap();
        let query = url.strip_prefix("https://idp.example/sso?SAMLRequest=").unwrap();
        let (saml, relay) = query.split_once('&').unwrap();
        assert_eq!(relay, "RelayState=team%20one%26x%3D1");
        let saml = percent_encoding::percent_decode_str(saml).decode_utf8().unwrap();
        let mut xml = String::new();
        let deflated = STANDARD.decode(saml.as_bytes()).unwrap();
        DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
        assert_eq!(xml, XML);
    }

    #[test]
    fn the_redirect_signature_is_over_the_query_as_it_is_sent() {
        for (relay_state, destination) in
            [(Some("a+b"), "https://idp.example/sso"), (None, "https://idp.example/sso?tenant=1")]
        {
            let url = message(destination).redirect_url(relay_state, Some(&key())).unwrap();
            let (signed, signature) = url.split_once("&Signature=").unwrap();
            let signed = signed.split_at(signed.find("SAMLRequest=").unwrap()).1;
            let names: Vec<_> = signed.split('&').filter_map(|p| p.split_once('=')).collect();
            let rsa_sha256 = "http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256";
            assert_eq!(names.last(), Some(&("SigAlg", rsa_sha256)));
            assert_eq!(names.len(), 2 + usize::from(relay_state.is_some()));
            let signature = percent_encoding::percent_decode_str(signature).decode_utf8().unwrap();
            assert!(verifies(signed, &signature), "{url}");
            assert!(!verifies(&url, &signature));
        }
    }

    #[test]
    fn an_address_with_a_query_gets_an_ampersand() {
        let url = message("https://idp.example/sso?tenant=1").redirect_url(None, None).unwrap();
        assert!(url.starts_with("https://idp.example/sso?tenant=1&SAMLRequest="), "{url}");
        assert!(!url.contains("RelayState") && !url.contains("Sig"), "{url}");
    }

    /// The expected document was accepted by libxmlsec1: `xmlsec1 --verify --id-attr:ID
    /// AuthnRequest --pubkey-cert-pem sp.crt`. Signing is deterministic, so it stays that document.
    #[test]
    fn the_posted_message_is_the_one_that_libxmlsec1_verifies() {
        let form = message("https://idp.example/sso").post_form(Some("fraud"), Some(&key()));
        let form = form.unwrap();
        assert_eq!(form.action, "https://idp.example/sso");
        let [("SAMLRequest", saml), ("RelayState", relay)] = form.fields.as_slice() else {
            panic!("{form:?}");
        };
        assert_eq!(relay, "fraud");
        let xml = String::from_utf8(STANDARD.decode(saml).unwrap()).unwrap();
        assert_eq!(xml, include_str!("../tests/fixtures/sp-signed-request.xml").trim_end());
    }

    #[test]
    fn an_unsigned_form_holds_the_message_as_it_is_and_debug_does_not_show_it() {
        let form = message("https://idp.example/sso").post_form(None, None).unwrap();
        assert_eq!(form.fields, [("SAMLRequest", STANDARD.encode(XML))]);
        assert_eq!(
            format!("{form:?}"),
            "PostForm { action: \"https://idp.example/sso\", fields: [\"SAMLRequest\"] }"
        );
    }

    #[test]
    fn long_relay_states_and_other_schemes_are_refused() {
        let long = "x".repeat(81);
        let too_long = MessageError::RelayStateTooLong { bytes: 81, limit: 80 };
        let good = message("https://idp.example/sso");
        assert_eq!(good.redirect_url(Some(&long), None), Err(too_long.clone()));
        assert_eq!(good.post_form(Some(&long), None), Err(too_long));
        for url in
            ["javascript:alert(1)", "idp.example/sso", "https://", "https:///x", "http://a b"]
        {
            let error = MessageError::Destination { url: url.to_owned() };
            assert_eq!(message(url).redirect_url(None, None), Err(error.clone()));
            assert_eq!(message(url).post_form(None, None), Err(error));
        }
    }
}

//! Asking the identity provider to authenticate somebody (HTTP-Redirect binding).

use std::fmt;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::dom::{SAML, SAMLP};
use crate::escape;
use crate::instant;

/// Everything but the characters that RFC 3986 calls unreserved.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The id of a request: what `InResponseTo` must repeat.
///
/// It starts with a letter or an underscore, as XML demands and Entra ID enforces.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// Makes an id of 160 random bits, more than the 128 that SAML core 1.3.4 asks for. The caller
    /// draws them from a cryptographic source: a guessable id would not bind an answer to a browser.
    pub fn from_random(random: [u8; 20]) -> Self {
        Self(format!("_{}", hex::encode(random)))
    }

    /// Takes back an id that was stored; `None` unless it is 1 to 128 characters of letters,
    /// digits, `_`, `-` and `.`, and starts with a letter or `_`.
    pub fn parse(id: &str) -> Option<Self> {
        let starts = id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        (starts && plain && id.len() <= 128).then(|| Self(id.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RequestId {
    /// Not shown: who knows the id of a pending request could have an assertion made for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestId(..)")
    }
}

/// A request could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthnRequestError {
    /// Longer than SAML bindings 3.4.3 allows.
    #[error("relay state has {bytes} bytes, more than the 80 which SAML allows")]
    RelayStateTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The address of the identity provider is no absolute http or https URL.
    #[error("single sign-on address `{url}` is not an absolute http or https URL")]
    SsoUrl {
        /// The address as configured.
        url: String,
    },
}

/// An unsigned request for authentication, to be answered by HTTP-POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnRequest {
    /// Its id, to be kept as pending for this browser.
    pub id: RequestId,
    /// Now.
    pub issue_instant: Timestamp,
    /// Our entity id.
    pub issuer: String,
    /// Where the answer must go.
    pub acs_url: String,
    /// The identity provider's single sign-on address for HTTP-Redirect.
    pub destination: String,
    /// Whether the person must authenticate anew, whatever session the identity provider has.
    pub force_authn: bool,
}

impl AuthnRequest {
    /// The request as XML.
    pub fn to_xml(&self) -> String {
        let mut xml = format!("<samlp:AuthnRequest xmlns:samlp=\"{SAMLP}\" xmlns:saml=\"{SAML}\"");
        let issue_instant = instant::format(self.issue_instant);
        let mut attribute = |name: &str, value: &str| {
            xml.push(' ');
            xml.push_str(name);
            xml.push_str("=\"");
            escape::push_attribute(&mut xml, value);
            xml.push('"');
        };
        attribute("ID", self.id.as_str());
        attribute("Version", "2.0");
        attribute("IssueInstant", &issue_instant);
        attribute("Destination", &self.destination);
        attribute("AssertionConsumerServiceURL", &self.acs_url);
        attribute("ProtocolBinding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST");
        if self.force_authn {
            attribute("ForceAuthn", "true");
        }
        xml.push_str("><saml:Issuer>");
        escape::push_text(&mut xml, &self.issuer);
        xml.push_str("</saml:Issuer></samlp:AuthnRequest>");
        xml
    }

    /// The URL to send the browser to. `relay_state` comes back with the answer, unprotected: an
    /// opaque handle or a team's name, never an address to go to.
    ///
    /// # Errors
    /// When the relay state is too long or the destination is not an http or https URL.
    pub fn redirect_url(&self, relay_state: Option<&str>) -> Result<String, AuthnRequestError> {
        if let Some(bytes) = relay_state.map(str::len).filter(|bytes| *bytes > 80) {
            return Err(AuthnRequestError::RelayStateTooLong { bytes });
        }
        if !is_web_url(&self.destination) {
            return Err(AuthnRequestError::SsoUrl { url: self.destination.clone() });
        }
        let request = STANDARD.encode(deflate(self.to_xml().as_bytes()));
        let mut url = self.destination.clone();
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str("SAMLRequest=");
        url.extend(utf8_percent_encode(&request, QUERY_VALUE));
        if let Some(relay_state) = relay_state {
            url.push_str("&RelayState=");
            url.extend(utf8_percent_encode(relay_state, QUERY_VALUE));
        }
        Ok(url)
    }
}

/// Raw DEFLATE, as the binding wants it.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to a Vec does not fail; if it did, the identity provider would refuse what is left.
    let written = encoder.write_all(bytes);
    debug_assert!(written.is_ok(), "writing to memory failed");
    encoder.finish().unwrap_or_default()
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
    use flate2::read::DeflateDecoder;
    use std::io::Read as _;

    fn request() -> AuthnRequest {
        AuthnRequest {
            id: RequestId::from_random([0x0f; 20]),
            issue_instant: "2026-11-21T10:00:00.5Z".parse().unwrap(),
            issuer: "https://sp.example/saml/metadata".to_owned(),
            acs_url: "https://sp.example/saml/acs?a&b".to_owned(),
            destination: "https://idp.example/sso".to_owned(),
            force_authn: false,
        }
    }

    #[test]
    fn the_request_is_xml_with_escaped_values() {
        let expected = concat!(
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
            " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
            " ID=\"_0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f\" Version=\"2.0\"",
            " IssueInstant=\"2026-11-21T10:00:00Z\" Destination=\"https://idp.example/sso\"",
            " AssertionConsumerServiceURL=\"https://sp.example/saml/acs?a&amp;b\"",
            " ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\">",
            "<saml:Issuer>https://sp.example/saml/metadata</saml:Issuer></samlp:AuthnRequest>",
        );
        assert_eq!(request().to_xml(), expected);
        let forced = AuthnRequest { force_authn: true, ..request() }.to_xml();
        assert!(forced.contains(" ForceAuthn=\"true\">"), "{forced}");
    }

    #[test]
    fn the_redirect_url_carries_the_deflated_request_and_the_relay_state() {
        let url = request().redirect_url(Some("team one&x=1")).unwrap();
        let query = url.strip_prefix("https://idp.example/sso?SAMLRequest=").unwrap();
        let (saml, relay) = query.split_once('&').unwrap();
        assert_eq!(relay, "RelayState=team%20one%26x%3D1");
        let saml = percent_encoding::percent_decode_str(saml).decode_utf8().unwrap();
        let mut xml = String::new();
        let deflated = STANDARD.decode(saml.as_bytes()).unwrap();
        DeflateDecoder::new(deflated.as_slice()).read_to_string(&mut xml).unwrap();
        assert_eq!(xml, request().to_xml());
    }

    #[test]
    fn an_address_with_a_query_gets_an_ampersand() {
        let destination = "https://idp.example/sso?tenant=1".to_owned();
        let url = AuthnRequest { destination, ..request() }.redirect_url(None).unwrap();
        assert!(url.starts_with("https://idp.example/sso?tenant=1&SAMLRequest="), "{url}");
        assert!(!url.contains("RelayState"));
    }

    #[test]
    fn long_relay_states_and_other_schemes_are_refused() {
        assert_eq!(
            request().redirect_url(Some(&"x".repeat(81))),
            Err(AuthnRequestError::RelayStateTooLong { bytes: 81 })
        );
        for url in
            ["javascript:alert(1)", "idp.example/sso", "https://", "https:///x", "http://a b"]
        {
            let bad = AuthnRequest { destination: url.to_owned(), ..request() };
            let error = AuthnRequestError::SsoUrl { url: url.to_owned() };
            assert_eq!(bad.redirect_url(None), Err(error));
        }
    }

    #[test]
    fn ids_never_start_with_a_digit() {
        assert_eq!(RequestId::from_random([1; 20]).as_str(), format!("_{}", "01".repeat(20)));
        assert_eq!(RequestId::parse("_a1.b-").unwrap().as_str(), "_a1.b-");
        for bad in ["", "1a", "-a", "a b", "a\"", &"a".repeat(129)] {
            assert_eq!(RequestId::parse(bad), None, "{bad}");
        }
    }
}

//! Writing requests to log out, in exclusive canonical form like responses.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::canonical::{attribute, text};
use crate::response::instant;
use crate::signer::{DemoIdpError, Signer};

/// One request to end a person's sessions. Any field can be wrong on purpose.
#[derive(Debug, Clone)]
pub struct DemoLogout<'a> {
    /// The subject, as assertions name it.
    pub name_id: &'a str,
    /// Which session; none means all. That of an assertion of ours is its ID.
    pub session_index: Option<&'a str>,
    /// The service provider's log-out address.
    pub destination: &'a str,
    /// ID of the request; a name as XML has it, without characters to escape.
    pub id: &'a str,
    /// When it is issued.
    pub issued_at: Timestamp,
    /// What the service provider gives back with its answer. Only a query carries it.
    pub relay_state: Option<&'a str>,
}

/// The query of HTTP-Redirect, signed beside the message.
pub(crate) fn query(
    entity_id: &str,
    signer: &Signer,
    logout: &DemoLogout<'_>,
) -> Result<String, DemoIdpError> {
    let [head, tail] = xml(entity_id, logout);
    let message = deflate(format!("{head}{tail}").as_bytes())?;
    let mut query = format!("SAMLRequest={}", escaped(&STANDARD.encode(message)));
    if let Some(relay_state) = logout.relay_state {
        query.push_str("&RelayState=");
        query.push_str(&escaped(relay_state));
    }
    query.push_str("&SigAlg=");
    query.push_str(&escaped("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"));
    let value = STANDARD.encode(signer.sign_bytes(query.as_bytes())?);
    Ok(format!("{query}&Signature={}", escaped(&value)))
}

/// The form field of HTTP-POST, signed inside the message.
pub(crate) fn form(
    entity_id: &str,
    signer: &Signer,
    logout: &DemoLogout<'_>,
) -> Result<String, DemoIdpError> {
    let [head, tail] = xml(entity_id, logout);
    let signature = signer.sign(&format!("{head}{tail}"), logout.id)?;
    Ok(STANDARD.encode(format!("{head}{signature}{tail}")))
}

/// Cut where the schema puts the signature: after the issuer.
fn xml(entity_id: &str, logout: &DemoLogout<'_>) -> [String; 2] {
    const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
    let head = format!(
        "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         Destination=\"{}\" ID=\"{}\" IssueInstant=\"{}\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"{SAML}\">{}</saml:Issuer>",
        attribute(logout.destination),
        attribute(logout.id),
        instant(logout.issued_at),
        text(entity_id),
    );
    let index = logout
        .session_index
        .map(|index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", text(index)));
    let tail = format!(
        "<saml:NameID xmlns:saml=\"{SAML}\">{}</saml:NameID>{}</samlp:LogoutRequest>",
        text(logout.name_id),
        index.unwrap_or_default(),
    );
    [head, tail]
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>, DemoIdpError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).map_err(DemoIdpError::Deflate)?;
    encoder.finish().map_err(DemoIdpError::Deflate)
}

/// What RFC 3986 calls unreserved is left as it is, as identity providers do.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn escaped(value: &str) -> String {
    utf8_percent_encode(value, QUERY_VALUE).to_string()
}

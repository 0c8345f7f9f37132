//! Reading a service provider's request (HTTP-Redirect binding).

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use roxmltree::Document;

use crate::idp::DemoSp;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request<'s> {
    pub(crate) id: String,
    pub(crate) service_provider: &'s DemoSp,
}

/// A request for one of the known service providers, or a sentence that says what is wrong.
pub(crate) fn read<'s>(
    saml_request: &str,
    known: &'s [DemoSp],
) -> Result<Request<'s>, &'static str> {
    /// Requests have about 600 bytes; a bound keeps a deflate bomb small.
    const MAX_REQUEST_BYTES: u64 = 64 * 1024;
    const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
    const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

    let deflated = STANDARD.decode(saml_request).map_err(|_| "SAMLRequest is not base64.")?;
    let mut xml = String::new();
    DeflateDecoder::new(deflated.as_slice())
        .take(MAX_REQUEST_BYTES)
        .read_to_string(&mut xml)
        .map_err(|_| "SAMLRequest is not deflated text.")?;
    let document = Document::parse(&xml).map_err(|_| "SAMLRequest is not XML.")?;
    let root = document.root_element();
    if !root.has_tag_name((SAMLP, "AuthnRequest")) {
        return Err("SAMLRequest is not an AuthnRequest.");
    }
    let id = root.attribute("ID").ok_or("The request has no ID.")?.to_owned();
    let issuer = root
        .children()
        .find(|node| node.has_tag_name((SAML, "Issuer")))
        .and_then(|node| node.text())
        .ok_or("The request names no issuer.")?;
    let service_provider = known
        .iter()
        .find(|provider| provider.entity_id == issuer)
        .ok_or("The request comes from a service provider this demo does not know.")?;
    let asked = root.attribute("AssertionConsumerServiceURL");
    if asked.is_some_and(|url| url != service_provider.acs_url) {
        return Err("The request wants its answer at an address this demo does not know.");
    }
    Ok(Request { id, service_provider })
}

//! A look at a response that nobody has verified.

use std::borrow::Cow;

use crate::bounds;
use crate::dom::{self, SAML, SAMLP};
use crate::rejection::{ReasonCode, Rejection};
use crate::verifier::decode_form;

/// What a response says about itself, before anything is verified.
///
/// Anyone can write anything here. It **must only be used** to choose which identity provider's
/// [`Verifier`](crate::Verifier) to ask ([`Self::issuer`]) and to look up the pending request
/// ([`Self::in_response_to`]); the verifier then compares both with what was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedResponse {
    issuer: Option<String>,
    in_response_to: Option<String>,
}

impl UnverifiedResponse {
    /// Looks into the value of the form field `SAMLResponse`.
    ///
    /// # Errors
    /// When it is not base64 or not XML within the bounds, or its root is not a Response.
    pub fn peek_form(saml_response: &str) -> Result<Self, Rejection> {
        Self::peek_xml(&decode_form(saml_response)?)
    }

    /// Looks into the bytes of a response.
    ///
    /// # Errors
    /// When it is not XML within the bounds, or its root is not a Response.
    pub fn peek_xml(xml: &[u8]) -> Result<Self, Rejection> {
        let text = bounds::admit(xml, &bounds::RESPONSE)?;
        let document = dom::parse(&text, &bounds::RESPONSE)?;
        let response = document.root_element();
        if !dom::is(response, SAMLP, "Response") {
            return Err(Rejection::new(
                ReasonCode::NotAResponse,
                "the root element is not a SAML 2.0 Response",
            ));
        }
        let issuer = response
            .descendants()
            .filter(|node| dom::is(*node, SAML, "Issuer"))
            .find_map(dom::whole_text)
            .map(Cow::into_owned);
        let data = || response.descendants().find(|n| dom::is(*n, SAML, "SubjectConfirmationData"));
        let in_response_to = dom::attribute(response, "InResponseTo")
            .or_else(|| dom::attribute(data()?, "InResponseTo"))
            .map(str::to_owned);
        Ok(Self { issuer, in_response_to })
    }

    /// Who it claims to come from.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The request it claims to answer.
    pub fn in_response_to(&self) -> Option<&str> {
        self.in_response_to.as_deref()
    }
}

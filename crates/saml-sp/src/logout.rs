//! Single log-out of our own session (SAML core 3.7, profile 4.4): the identity provider asks, our
//! sessions end, and we answer.
//!
//! The other way round is not offered: who signs out here has ended our session, and the identity
//! provider's is its own.

mod request;

pub use request::{ReceivedLogoutRequest, VerifiedLogoutRequest};

use jiff::Timestamp;

use crate::authn_request::RequestId;
use crate::binding::{self, Kind, Message, MessageError};
use crate::dom::{SAML, SAMLP};
use crate::instant;
use crate::sp_key::ServiceProviderKey;

/// What became of a log-out that the identity provider asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutStatus {
    /// The person has no session here any more, or had none.
    Success,
    /// The sessions could not be ended; they may still be open.
    Failed,
}

impl LogoutStatus {
    fn uri(self) -> &'static str {
        match self {
            Self::Success => "urn:oasis:names:tc:SAML:2.0:status:Success",
            Self::Failed => "urn:oasis:names:tc:SAML:2.0:status:Responder",
        }
    }
}

/// Answers a log-out request of the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutResponse {
    /// Its id.
    pub id: RequestId,
    /// The id of the request.
    pub in_response_to: String,
    /// Now.
    pub issue_instant: Timestamp,
    /// Our entity id.
    pub issuer: String,
    /// The identity provider's address for answers, or its single log-out address.
    pub destination: String,
    /// The result.
    pub status: LogoutStatus,
}

impl LogoutResponse {
    /// The response as XML, unsigned, in exclusive canonical form.
    pub fn to_xml(&self) -> String {
        let issue_instant = instant::format(self.issue_instant);
        let attributes = [
            ("xmlns:samlp", SAMLP),
            ("Destination", self.destination.as_str()),
            ("ID", self.id.as_str()),
            ("InResponseTo", &self.in_response_to),
            ("IssueInstant", &issue_instant),
            ("Version", "2.0"),
        ];
        let mut xml = String::new();
        binding::push_start(&mut xml, "samlp:LogoutResponse", &attributes);
        binding::push_element(&mut xml, "saml:Issuer", &[("xmlns:saml", SAML)], &self.issuer);
        binding::push_start(&mut xml, "samlp:Status", &[]);
        binding::push_element(&mut xml, "samlp:StatusCode", &[("Value", self.status.uri())], "");
        xml.push_str("</samlp:Status></samlp:LogoutResponse>");
        xml
    }

    /// The URL to send the browser to (HTTP-Redirect binding). `relay_state` is what came with the
    /// request.
    ///
    /// # Errors
    /// When the relay state has more than 1,024 bytes or the destination is not an http or https URL.
    pub fn redirect_url(
        &self,
        relay_state: Option<&str>,
        signing: Option<&ServiceProviderKey>,
    ) -> Result<String, MessageError> {
        self.message().redirect_url(relay_state, signing)
    }

    fn message(&self) -> Message<'_> {
        Message {
            kind: Kind::Response,
            id: self.id.as_str(),
            destination: &self.destination,
            xml: self.to_xml(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_says_what_became_of_it_and_gives_the_relay_state_back() {
        let response = LogoutResponse {
            id: RequestId::parse("_answer1").unwrap(),
            in_response_to: "_theirs\"1".to_owned(),
            issue_instant: "2026-11-21T10:00:00Z".parse().unwrap(),
            issuer: "https://sp.example/saml".to_owned(),
            destination: "https://idp.example/slo".to_owned(),
            status: LogoutStatus::Success,
        };
        let expected = concat!(
            "<samlp:LogoutResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
            " Destination=\"https://idp.example/slo\" ID=\"_answer1\"",
            " InResponseTo=\"_theirs&quot;1\" IssueInstant=\"2026-11-21T10:00:00Z\"",
            " Version=\"2.0\"><saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
            "https://sp.example/saml</saml:Issuer><samlp:Status><samlp:StatusCode",
            " Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode>",
            "</samlp:Status></samlp:LogoutResponse>",
        );
        assert_eq!(response.to_xml(), expected);
        let url = response.redirect_url(Some("their state"), None).unwrap();
        assert!(url.starts_with("https://idp.example/slo?SAMLResponse="), "{url}");
        assert!(url.ends_with("&RelayState=their%20state"), "{url}");
        let long = "x".repeat(1_024);
        let url = response.redirect_url(Some(&long), None).unwrap();
        assert!(url.ends_with(&format!("&RelayState={long}")), "{url}");
        let too_long = MessageError::RelayStateTooLong { bytes: 1_025, limit: 1_024 };
        assert_eq!(response.redirect_url(Some(&format!("{long}x")), None), Err(too_long));
        let failed = LogoutResponse { status: LogoutStatus::Failed, ..response };
        assert!(failed.to_xml().contains("\"urn:oasis:names:tc:SAML:2.0:status:Responder\""));
    }
}

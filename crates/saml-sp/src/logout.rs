//! Our half of a single log-out (SAML core 3.7, profile 4.4): asking the identity provider to end
//! its session, and answering when it asks us to end ours.
//!
//! Our session ends *before* the browser leaves for the identity provider. So its `LogoutResponse`
//! changes nothing here and needs no verification: whoever comes back is signed out already.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::authn_request::RequestId;
use crate::binding::{self, Kind, Message, MessageError, PostForm};
use crate::dom::{SAML, SAMLP};
use crate::instant;
use crate::sp_key::ServiceProviderKey;

/// How long our request may be acted upon: a browser delivers it at once.
const REQUEST_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// Asks the identity provider to end its session of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Its id.
    pub id: RequestId,
    /// Now.
    pub issue_instant: Timestamp,
    /// Our entity id.
    pub issuer: String,
    /// The identity provider's single log-out address for the binding that is used.
    pub destination: String,
    /// The subject's name as the assertion gave it.
    pub name_id: String,
    /// The format of that name as the assertion gave it.
    pub name_id_format: Option<String>,
    /// The session to end, as the assertion gave it. Without one, every session of the person.
    pub session_index: Option<String>,
}

impl LogoutRequest {
    /// The request as XML, unsigned, in exclusive canonical form.
    pub fn to_xml(&self) -> String {
        let issue_instant = instant::format(self.issue_instant);
        let end = self.issue_instant.checked_add(REQUEST_LIFETIME).unwrap_or(Timestamp::MAX);
        let attributes = [
            ("xmlns:samlp", SAMLP),
            ("Destination", self.destination.as_str()),
            ("ID", self.id.as_str()),
            ("IssueInstant", &issue_instant),
            ("NotOnOrAfter", &instant::format(end)),
            ("Version", "2.0"),
        ];
        let mut xml = String::new();
        binding::push_start(&mut xml, "samlp:LogoutRequest", &attributes);
        binding::push_element(&mut xml, "saml:Issuer", &[("xmlns:saml", SAML)], &self.issuer);
        let mut attributes = vec![("xmlns:saml", SAML)];
        attributes.extend(self.name_id_format.as_deref().map(|format| ("Format", format)));
        binding::push_element(&mut xml, "saml:NameID", &attributes, &self.name_id);
        if let Some(session) = &self.session_index {
            binding::push_element(&mut xml, "samlp:SessionIndex", &[], session);
        }
        xml.push_str("</samlp:LogoutRequest>");
        xml
    }

    /// The URL to send the browser to (HTTP-Redirect binding). The profile wants the key; without
    /// one, most identity providers refuse.
    ///
    /// # Errors
    /// When the relay state is too long or the destination is not an http or https URL.
    pub fn redirect_url(
        &self,
        relay_state: Option<&str>,
        signing: Option<&ServiceProviderKey>,
    ) -> Result<String, MessageError> {
        self.message().redirect_url(relay_state, signing)
    }

    /// The form to let the browser post (HTTP-POST binding); see [`Self::redirect_url`].
    ///
    /// # Errors
    /// When the relay state is too long or the destination is not an http or https URL.
    pub fn post_form(
        &self,
        relay_state: Option<&str>,
        signing: Option<&ServiceProviderKey>,
    ) -> Result<PostForm, MessageError> {
        self.message().post_form(relay_state, signing)
    }

    fn message(&self) -> Message<'_> {
        Message {
            kind: Kind::Request,
            id: self.id.as_str(),
            destination: &self.destination,
            xml: self.to_xml(),
        }
    }
}

impl fmt::Debug for LogoutRequest {
    /// Where it goes; nothing of the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutRequest")
            .field("issue_instant", &self.issue_instant)
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}

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
    /// When the relay state is too long or the destination is not an http or https URL.
    pub fn redirect_url(
        &self,
        relay_state: Option<&str>,
        signing: Option<&ServiceProviderKey>,
    ) -> Result<String, MessageError> {
        self.message().redirect_url(relay_state, signing)
    }

    /// The form to let the browser post (HTTP-POST binding); see [`Self::redirect_url`].
    ///
    /// # Errors
    /// When the relay state is too long or the destination is not an http or https URL.
    pub fn post_form(
        &self,
        relay_state: Option<&str>,
        signing: Option<&ServiceProviderKey>,
    ) -> Result<PostForm, MessageError> {
        self.message().post_form(relay_state, signing)
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

    fn request() -> LogoutRequest {
        LogoutRequest {
            id: RequestId::parse("_logout1").unwrap(),
            issue_instant: "2026-11-21T10:00:00Z".parse().unwrap(),
            issuer: "https://sp.example/saml".to_owned(),
            destination: "https://idp.example/slo".to_owned(),
            name_id: "ana@example.com".to_owned(),
            name_id_format: Some(
                "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned(),
            ),
            session_index: Some("_session<1>".to_owned()),
        }
    }

    #[test]
    fn a_request_names_person_and_session_and_ends_soon() {
        let expected = concat!(
            "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
            " Destination=\"https://idp.example/slo\" ID=\"_logout1\"",
            " IssueInstant=\"2026-11-21T10:00:00Z\" NotOnOrAfter=\"2026-11-21T10:05:00Z\"",
            " Version=\"2.0\"><saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
            "https://sp.example/saml</saml:Issuer>",
            "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
            " Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">ana@example.com",
            "</saml:NameID><samlp:SessionIndex>_session&lt;1&gt;</samlp:SessionIndex>",
            "</samlp:LogoutRequest>",
        );
        assert_eq!(request().to_xml(), expected);
        let bare = LogoutRequest { name_id_format: None, session_index: None, ..request() };
        assert!(
            bare.to_xml()
                .ends_with(":assertion\">ana@example.com</saml:NameID></samlp:LogoutRequest>")
        );
        assert!(!format!("{:?}", request()).contains("ana@"));
    }

    #[test]
    fn a_response_says_what_became_of_it() {
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
        let failed = LogoutResponse { status: LogoutStatus::Failed, ..response };
        assert!(failed.to_xml().contains("\"urn:oasis:names:tc:SAML:2.0:status:Responder\""));
        let form = failed.post_form(None, None).unwrap();
        let names: Vec<_> = form.fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["SAMLResponse"]);
    }
}

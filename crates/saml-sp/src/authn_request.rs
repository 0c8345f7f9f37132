//! Asking the identity provider to authenticate somebody.

use std::fmt;

use jiff::Timestamp;

use crate::binding::{self, HTTP_POST, Kind, Message, MessageError, PostForm};
use crate::dom::{SAML, SAMLP};
use crate::instant;
use crate::sp_key::ServiceProviderKey;

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

/// A request for authentication (SAML core 3.4.1), to be answered by HTTP-POST.
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
    /// The identity provider's single sign-on address for the binding that is used.
    pub destination: String,
    /// Whether the person must authenticate anew, whatever session the identity provider has.
    pub force_authn: bool,
    /// The wanted format of the subject's name, a URI. `None` leaves it to the identity provider,
    /// which is right unless it demands a `NameIDPolicy`: one that cannot give the format that is
    /// asked for refuses to sign in at all (IAM Identity Center and ADFS do).
    pub name_id_format: Option<String>,
}

impl AuthnRequest {
    /// The request as XML, unsigned, in exclusive canonical form.
    pub fn to_xml(&self) -> String {
        let issue_instant = instant::format(self.issue_instant);
        let mut attributes = vec![
            ("xmlns:samlp", SAMLP),
            ("AssertionConsumerServiceURL", self.acs_url.as_str()),
            ("Destination", &self.destination),
        ];
        if self.force_authn {
            attributes.push(("ForceAuthn", "true"));
        }
        attributes.extend([
            ("ID", self.id.as_str()),
            ("IssueInstant", &issue_instant),
            ("ProtocolBinding", HTTP_POST),
            ("Version", "2.0"),
        ]);
        let mut xml = String::new();
        binding::push_start(&mut xml, "samlp:AuthnRequest", &attributes);
        binding::push_element(&mut xml, "saml:Issuer", &[("xmlns:saml", SAML)], &self.issuer);
        if let Some(format) = &self.name_id_format {
            // Without AllowCreate the identity provider must not name anybody for the first time.
            let attributes = [("AllowCreate", "true"), ("Format", format.as_str())];
            binding::push_element(&mut xml, "samlp:NameIDPolicy", &attributes, "");
        }
        xml.push_str("</samlp:AuthnRequest>");
        xml
    }

    /// The URL to send the browser to (HTTP-Redirect binding), signed with RSA-SHA256 when there
    /// is a key. `relay_state` comes back with the answer, unprotected: an opaque handle or a
    /// team's name, never an address to go to.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> AuthnRequest {
        AuthnRequest {
            id: RequestId::from_random([0x0f; 20]),
            issue_instant: "2026-11-21T10:00:00.5Z".parse().unwrap(),
            issuer: "https://sp.example/saml/metadata".to_owned(),
            acs_url: "https://sp.example/saml/acs?a&b".to_owned(),
            destination: "https://idp.example/sso".to_owned(),
            force_authn: false,
            name_id_format: None,
        }
    }

    #[test]
    fn the_request_is_canonical_xml_with_escaped_values() {
        let expected = concat!(
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
            " AssertionConsumerServiceURL=\"https://sp.example/saml/acs?a&amp;b\"",
            " Destination=\"https://idp.example/sso\"",
            " ID=\"_0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f\"",
            " IssueInstant=\"2026-11-21T10:00:00Z\"",
            " ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"",
            " Version=\"2.0\">",
            "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
            "https://sp.example/saml/metadata</saml:Issuer></samlp:AuthnRequest>",
        );
        assert_eq!(request().to_xml(), expected);
    }

    #[test]
    fn a_new_authentication_and_a_format_are_asked_for() {
        let xml = AuthnRequest {
            force_authn: true,
            name_id_format: Some(
                "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned(),
            ),
            ..request()
        }
        .to_xml();
        assert!(xml.contains("/sso\" ForceAuthn=\"true\" ID=\"_0f"), "{xml}");
        let policy = "</saml:Issuer><samlp:NameIDPolicy AllowCreate=\"true\" \
            Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\"></samlp:NameIDPolicy>\
            </samlp:AuthnRequest>";
        assert!(xml.ends_with(policy), "{xml}");
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

//! What the identity provider knows.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::canonical::{attribute, text};
use crate::logout::{self, DemoLogout};
use crate::response::{self, DemoResponse};
use crate::signer::{DemoIdpError, Signer};

/// Tells the time. The caller owns the clock.
pub type DemoClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Somebody who can sign in, by one click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPerson {
    /// What `POST /login` names the person by.
    pub user_name: String,
    /// What people read on the button.
    pub display_name: String,
    /// Stable id in the directory: the attribute `ssouserid`.
    pub user_id: String,
    /// The subject of assertions.
    pub email: String,
    /// One line under the name on the button, such as the groups the person is in.
    pub about: String,
}

/// A service provider which gets answers. Others are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoSp {
    /// Its entity id, the audience of assertions.
    pub entity_id: String,
    /// Its assertion consumer service, where the browser posts the response.
    pub acs_url: String,
}

/// A tile on the start page: a sign-in that starts at the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoTile {
    /// The attribute `teamid`.
    pub team: String,
    /// What people read.
    pub title: String,
}

/// Everything that a demo decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoIdpConfig {
    /// Where it is reached, such as `http://127.0.0.1:4801`, without a slash at the end.
    pub base_url: String,
    /// Who can sign in.
    pub people: Vec<DemoPerson>,
    /// Who gets answers. The first one is where sign-ins that start here go.
    pub service_providers: Vec<DemoSp>,
    /// What the start page offers; may be empty.
    pub tiles: Vec<DemoTile>,
}

/// The demo identity provider, with a key of its own that is made when it starts.
///
/// A second one of the same configuration has another key: a forger, for trying that out.
pub struct DemoIdp {
    pub(crate) config: DemoIdpConfig,
    pub(crate) clock: DemoClock,
    signer: Signer,
}

impl DemoIdp {
    /// Makes an RSA-2048 key and a self-signed certificate, which takes a moment.
    ///
    /// # Errors
    /// When the crypto library cannot make the key or the certificate.
    pub fn new(config: DemoIdpConfig, clock: DemoClock) -> Result<Self, DemoIdpError> {
        Ok(Self { config, clock, signer: Signer::generate()? })
    }

    /// The entity id, which is also the address of the metadata.
    pub fn entity_id(&self) -> String {
        format!("{}/metadata", self.config.base_url)
    }

    /// Where service providers send requests (HTTP-Redirect).
    pub fn sso_url(&self) -> String {
        format!("{}/sso", self.config.base_url)
    }

    /// The people who can sign in.
    pub fn people(&self) -> &[DemoPerson] {
        &self.config.people
    }

    /// A person by user name.
    pub fn person(&self, user_name: &str) -> Option<&DemoPerson> {
        self.config.people.iter().find(|person| person.user_name == user_name)
    }

    /// The metadata that `/metadata` serves.
    pub fn metadata_xml(&self) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\">\n\
             <!-- A demo. Never trust this identity provider in production. -->\n\
             <md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\" \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\n\
             <md:KeyDescriptor use=\"signing\">\
             <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             </md:KeyDescriptor>\n\
             <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\
             </md:NameIDFormat>\n\
             <md:SingleSignOnService \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{}\"/>\n\
             </md:IDPSSODescriptor>\n</md:EntityDescriptor>\n",
            attribute(&self.entity_id()),
            text(&self.signer.certificate_base64()),
            attribute(&self.sso_url()),
        )
    }

    /// Issues a response as the form field `SAMLResponse` carries it (base64), right or wrong as
    /// `response` says. The server itself issues only right ones.
    ///
    /// # Errors
    /// When the crypto library cannot sign.
    pub fn issue_response(&self, response: &DemoResponse<'_>) -> Result<String, DemoIdpError> {
        response::issue(&self.entity_id(), &self.signer, response)
    }

    /// The query of a signed request to log somebody out (HTTP-Redirect), without the question mark.
    /// The server itself has no log-out: this is for trying that of a service provider.
    ///
    /// # Errors
    /// When the crypto library cannot sign.
    pub fn logout_query(&self, logout: &DemoLogout<'_>) -> Result<String, DemoIdpError> {
        logout::query(&self.entity_id(), &self.signer, logout)
    }

    /// The same as the form field `SAMLRequest` carries it (HTTP-POST), signed inside.
    ///
    /// # Errors
    /// When the crypto library cannot sign.
    pub fn logout_form(&self, logout: &DemoLogout<'_>) -> Result<String, DemoIdpError> {
        logout::form(&self.entity_id(), &self.signer, logout)
    }
}

impl fmt::Debug for DemoIdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DemoIdp").field("config", &self.config).finish_non_exhaustive()
    }
}

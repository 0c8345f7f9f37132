//! Our metadata, to be given to the identity provider.

use std::fmt;

use jiff::Timestamp;

use crate::binding::{HTTP_POST, HTTP_REDIRECT};
use crate::dom::{DSIG, METADATA, SAMLP};
use crate::escape;
use crate::instant;
use crate::sp_key::ServiceProviderKey;
use crate::verifier::ServiceProvider;

/// Which identity provider the metadata is for. A flavour changes only what would not work
/// otherwise; the steps in the identity provider's screens are not its concern.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetadataFlavour {
    /// Everything that the metadata can say. Right for SimpleSAMLphp, `LemonLDAP::NG`, Shibboleth.
    #[default]
    Generic,
    /// AWS IAM Identity Center: no keys. It does not verify our requests and does not encrypt, and
    /// it refuses a file whose certificate has more than 2 KB.
    IdentityCenter,
    /// Microsoft Entra ID: as generic. It takes the certificates for request signing and for
    /// encryption in screens of their own, and it wants request ids that do not start with a
    /// digit, which [`RequestId`](crate::RequestId) keeps for everybody.
    Entra,
    /// Okta: as generic. It has no import; the values are typed in.
    Okta,
    /// AD FS: no encryption key unless CBC is offered. The key by itself turns encryption on there,
    /// and what it then sends is AES-CBC, whatever the metadata prefers.
    Adfs,
    /// Keycloak: no encryption key unless CBC is offered. Its import turns encryption on when there
    /// is one, and before a hand changes it the algorithm is AES-CBC.
    Keycloak,
    /// Google Workspace: no keys. It neither verifies requests nor encrypts.
    Google,
}

impl MetadataFlavour {
    /// Every flavour.
    pub const ALL: &'static [Self] = &[
        Self::Generic,
        Self::IdentityCenter,
        Self::Entra,
        Self::Okta,
        Self::Adfs,
        Self::Keycloak,
        Self::Google,
    ];

    /// Stable kebab-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::IdentityCenter => "identity-center",
            Self::Entra => "entra",
            Self::Okta => "okta",
            Self::Adfs => "adfs",
            Self::Keycloak => "keycloak",
            Self::Google => "google",
        }
    }

    /// The flavour of a name that [`Self::as_str`] gives.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|flavour| flavour.as_str() == name)
    }

    fn takes_keys(self) -> bool {
        !matches!(self, Self::IdentityCenter | Self::Google)
    }

    fn encrypts_with_cbc_unasked(self) -> bool {
        matches!(self, Self::Adfs | Self::Keycloak)
    }
}

impl fmt::Display for MetadataFlavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What we offer for encrypted assertions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encryption {
    /// No key is published for encryption.
    #[default]
    Off,
    /// AES-GCM with RSA-OAEP.
    Gcm,
    /// AES-CBC too, which protects nothing against change and so needs a signature outside of it.
    GcmOrCbc,
}

/// Where the identity provider sends its part of a single log-out. Requests and responses go to one
/// address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutService {
    /// Absolute URL for HTTP-Redirect.
    pub redirect_url: String,
    /// Absolute URL for HTTP-POST, when that is served.
    pub post_url: Option<String>,
}

/// What an identity provider needs to know about us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpMetadata {
    /// Entity id and address of the assertion consumer service.
    pub service_provider: ServiceProvider,
    /// Our keys, the one that signs first. All are published, so that the identity provider knows
    /// the next one before it is used.
    pub keys: Vec<ServiceProviderKey>,
    /// Whether we sign our requests. Some identity providers (SimpleSAMLphp, `LemonLDAP::NG`,
    /// Keycloak) begin to demand it by this. Without a published key the metadata says no.
    pub sign_requests: bool,
    /// Whether we ask for signed assertions. We accept a signed response as well; some identity
    /// providers (SimpleSAMLphp, `LemonLDAP::NG`) switch their signing by this.
    pub want_assertions_signed: bool,
    /// What may be encrypted for our keys.
    pub encryption: Encryption,
    /// Formats of the subject's name that we ask for, as URIs, the preferred one first.
    pub name_id_formats: Vec<String>,
    /// Single log-out, when it is served.
    pub logout: Option<LogoutService>,
    /// Until when the metadata may be used. `None` when somebody imports it once by hand: many
    /// identity providers would stop to work with us at that time.
    pub valid_until: Option<Timestamp>,
    /// Which identity provider it is for.
    pub flavour: MetadataFlavour,
}

impl SpMetadata {
    /// The metadata as an XML document. Elements come in the order of the schema.
    pub fn to_xml(&self) -> String {
        let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        let valid_until = self.valid_until.map(instant::format);
        let mut entity =
            vec![("xmlns:md", METADATA), ("entityID", self.service_provider.entity_id.as_str())];
        entity.extend(valid_until.as_deref().map(|end| ("validUntil", end)));
        push_tag(&mut xml, 0, "EntityDescriptor", &entity, Open);
        let keys = if self.flavour.takes_keys() { self.keys.as_slice() } else { &[] };
        let role = [
            ("AuthnRequestsSigned", boolean(self.sign_requests && !keys.is_empty())),
            ("WantAssertionsSigned", boolean(self.want_assertions_signed)),
            ("protocolSupportEnumeration", SAMLP),
        ];
        push_tag(&mut xml, 1, "SPSSODescriptor", &role, Open);
        for key in keys {
            push_key(&mut xml, "signing", key, &[]);
        }
        for key in keys {
            if let Some(methods) = self.encryption_methods() {
                push_key(&mut xml, "encryption", key, methods);
            }
        }
        if let Some(logout) = &self.logout {
            let services = [(HTTP_REDIRECT, Some(&logout.redirect_url))];
            for (binding, url) in
                services.into_iter().chain([(HTTP_POST, logout.post_url.as_ref())])
            {
                if let Some(url) = url {
                    let service = [("Binding", binding), ("Location", url)];
                    push_tag(&mut xml, 2, "SingleLogoutService", &service, Empty);
                }
            }
        }
        for format in &self.name_id_formats {
            push_text(&mut xml, 2, "md:NameIDFormat", format);
        }
        let consumer = [
            ("Binding", HTTP_POST),
            ("Location", self.service_provider.acs_url.as_str()),
            ("index", "0"),
            ("isDefault", "true"),
        ];
        push_tag(&mut xml, 2, "AssertionConsumerService", &consumer, Empty);
        xml.push_str("  </md:SPSSODescriptor>\n</md:EntityDescriptor>\n");
        xml
    }

    /// The algorithms for encryption, the preferred one first; `None` when nothing may be
    /// encrypted.
    fn encryption_methods(&self) -> Option<&'static [&'static str]> {
        const GCM: &[&str] = &[
            "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        ];
        const GCM_OR_CBC: &[&str] = &[
            "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        ];
        match self.encryption {
            Encryption::Off => None,
            Encryption::Gcm if self.flavour.encrypts_with_cbc_unasked() => None,
            Encryption::Gcm => Some(GCM),
            Encryption::GcmOrCbc => Some(GCM_OR_CBC),
        }
    }
}

fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// How a tag ends.
#[derive(Clone, Copy)]
enum TagEnd {
    Open,
    Empty,
}
use TagEnd::{Empty, Open};

/// One line with one tag of the metadata namespace.
fn push_tag(xml: &mut String, depth: usize, name: &str, attributes: &[(&str, &str)], end: TagEnd) {
    xml.push_str(&"  ".repeat(depth));
    xml.push_str("<md:");
    xml.push_str(name);
    for (name, value) in attributes {
        xml.push(' ');
        xml.push_str(name);
        xml.push_str("=\"");
        escape::push_attribute(xml, value);
        xml.push('"');
    }
    xml.push_str(match end {
        Open => ">\n",
        Empty => "/>\n",
    });
}

/// One line with an element that holds a text.
fn push_text(xml: &mut String, depth: usize, name: &str, text: &str) {
    xml.push_str(&"  ".repeat(depth));
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    escape::push_text(xml, text);
    xml.push_str("</");
    xml.push_str(name);
    xml.push_str(">\n");
}

fn push_key(xml: &mut String, purpose: &str, key: &ServiceProviderKey, methods: &[&str]) {
    push_tag(xml, 2, "KeyDescriptor", &[("use", purpose)], Open);
    xml.push_str("      <ds:KeyInfo xmlns:ds=\"");
    xml.push_str(DSIG);
    xml.push_str("\"><ds:X509Data>\n");
    push_text(xml, 4, "ds:X509Certificate", &key.certificate_base64());
    xml.push_str("      </ds:X509Data></ds:KeyInfo>\n");
    for method in methods {
        push_tag(xml, 3, "EncryptionMethod", &[("Algorithm", method)], Empty);
    }
    xml.push_str("    </md:KeyDescriptor>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<ServiceProviderKey> {
        [include_str!("../tests/fixtures/sp.pem"), include_str!("../tests/fixtures/sp-next.pem")]
            .map(|pem| ServiceProviderKey::from_pem(pem).unwrap())
            .into()
    }

    fn metadata() -> SpMetadata {
        SpMetadata {
            service_provider: ServiceProvider {
                entity_id: "https://sp.example/\"&".to_owned(),
                acs_url: "https://sp.example/saml/acs".to_owned(),
            },
            keys: vec![],
            sign_requests: false,
            want_assertions_signed: true,
            encryption: Encryption::Off,
            name_id_formats: vec![
                "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
            ],
            logout: None,
            valid_until: None,
            flavour: MetadataFlavour::Generic,
        }
    }

    fn full() -> SpMetadata {
        SpMetadata {
            keys: keys(),
            sign_requests: true,
            encryption: Encryption::Gcm,
            logout: Some(LogoutService {
                redirect_url: "https://sp.example/saml/slo".to_owned(),
                post_url: Some("https://sp.example/saml/slo".to_owned()),
            }),
            valid_until: Some("2027-01-01T00:00:00Z".parse().unwrap()),
            ..metadata()
        }
    }

    #[test]
    fn metadata_names_entity_and_consumer_service() {
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/&quot;&amp;">
  <md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/saml/acs" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"#;
        assert_eq!(metadata().to_xml(), expected);
        // To sign without a key would be a promise that cannot be kept.
        assert_eq!(SpMetadata { sign_requests: true, ..metadata() }.to_xml(), expected);
    }

    #[test]
    fn both_keys_of_a_roll_over_are_published_for_both_uses() {
        let [now, next] = [0, 1].map(|i| keys()[i].certificate_base64());
        let key = |purpose: &str, certificate: &str, methods: &str| {
            format!(
                r#"    <md:KeyDescriptor use="{purpose}">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
        <ds:X509Certificate>{certificate}</ds:X509Certificate>
      </ds:X509Data></ds:KeyInfo>
{methods}    </md:KeyDescriptor>
"#
            )
        };
        let gcm = r#"      <md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>
      <md:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/>
      <md:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>
"#;
        let expected = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/&quot;&amp;" validUntil="2027-01-01T00:00:00Z">
  <md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
{}{}{}{}    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://sp.example/saml/slo"/>
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/saml/slo"/>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/saml/acs" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"#,
            key("signing", &now, ""),
            key("signing", &next, ""),
            key("encryption", &now, gcm),
            key("encryption", &next, gcm),
        );
        assert_eq!(full().to_xml(), expected);
    }

    /// Number of signing keys, of encryption keys, and of CBC algorithms; `AuthnRequestsSigned`.
    fn offers(flavour: MetadataFlavour, encryption: Encryption) -> (usize, usize, usize, bool) {
        let xml = SpMetadata { encryption, flavour, ..full() }.to_xml();
        let count = |text: &str| xml.matches(text).count();
        let signed = xml.contains(" AuthnRequestsSigned=\"true\"");
        (count("use=\"signing\""), count("use=\"encryption\""), count("-cbc\"/>"), signed)
    }

    #[test]
    fn each_flavour_offers_what_its_identity_provider_can_take() {
        use MetadataFlavour as F;
        for flavour in [F::Generic, F::Entra, F::Okta] {
            assert_eq!(offers(flavour, Encryption::Off), (2, 0, 0, true), "{flavour}");
            assert_eq!(offers(flavour, Encryption::Gcm), (2, 2, 0, true), "{flavour}");
            assert_eq!(offers(flavour, Encryption::GcmOrCbc), (2, 2, 4, true), "{flavour}");
        }
        for flavour in [F::Adfs, F::Keycloak] {
            assert_eq!(offers(flavour, Encryption::Off), (2, 0, 0, true), "{flavour}");
            assert_eq!(offers(flavour, Encryption::Gcm), (2, 0, 0, true), "{flavour}");
            assert_eq!(offers(flavour, Encryption::GcmOrCbc), (2, 2, 4, true), "{flavour}");
        }
        for flavour in [F::IdentityCenter, F::Google] {
            assert_eq!(offers(flavour, Encryption::GcmOrCbc), (0, 0, 0, false), "{flavour}");
        }
    }

    #[test]
    fn flavours_have_the_names_of_the_command_line() {
        let names: Vec<_> = MetadataFlavour::ALL.iter().map(|flavour| flavour.as_str()).collect();
        assert_eq!(
            names,
            ["generic", "identity-center", "entra", "okta", "adfs", "keycloak", "google"]
        );
        for flavour in MetadataFlavour::ALL {
            assert_eq!(MetadataFlavour::parse(flavour.as_str()), Some(*flavour));
        }
        assert_eq!(MetadataFlavour::parse("ADFS"), None);
    }
}

//! Our metadata, to be given to the identity provider.

use crate::dom::METADATA;
use crate::escape;
use crate::verifier::ServiceProvider;

/// What an identity provider needs to know about us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpMetadata {
    /// Entity id and address of the assertion consumer service.
    pub service_provider: ServiceProvider,
    /// Whether we ask for signed assertions. We accept a signed response as well; some identity
    /// providers (SimpleSAMLphp, `LemonLDAP::NG`) switch their signing by this.
    pub want_assertions_signed: bool,
    /// Formats of the subject's name that we ask for, as URIs, the preferred one first.
    pub name_id_formats: Vec<String>,
}

impl SpMetadata {
    /// The metadata as an XML document.
    pub fn to_xml(&self) -> String {
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\""
        );
        escape::push_attribute(&mut xml, &self.service_provider.entity_id);
        xml.push_str(
            "\">\n  <md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"",
        );
        xml.push_str(if self.want_assertions_signed { "true" } else { "false" });
        xml.push_str("\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\n");
        for format in &self.name_id_formats {
            xml.push_str("    <md:NameIDFormat>");
            escape::push_text(&mut xml, format);
            xml.push_str("</md:NameIDFormat>\n");
        }
        xml.push_str(
            "    <md:AssertionConsumerService \
             Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"",
        );
        escape::push_attribute(&mut xml, &self.service_provider.acs_url);
        xml.push_str(
            "\" index=\"0\" isDefault=\"true\"/>\n  </md:SPSSODescriptor>\n</md:EntityDescriptor>\n",
        );
        xml
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_names_entity_and_consumer_service() {
        let metadata = SpMetadata {
            service_provider: ServiceProvider {
                entity_id: "https://sp.example/\"&".to_owned(),
                acs_url: "https://sp.example/saml/acs".to_owned(),
            },
            want_assertions_signed: true,
            name_id_formats: vec![
                "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
            ],
        };
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/&quot;&amp;">
  <md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/saml/acs" index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"#;
        assert_eq!(metadata.to_xml(), expected);
    }
}

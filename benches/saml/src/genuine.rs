//! Genuine responses: about 8 KB, as an identity provider with many groups sends them.

use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use saml_sp::{IdentityProvider, ServiceProvider, Verifier};

/// Entity id of the identity provider.
pub const IDP: &str = "https://idp.example.com/saml2/metadata";
/// Entity id of the service provider.
pub const SP: &str = "https://studio.example.com/saml";
/// Where responses go.
pub const ACS: &str = "https://studio.example.com/saml/acs";
/// The request that is answered.
pub const REQUEST: &str = "_5f2b1c9e7d4a4e0b9c7a1d3e5f708192";

const RESPONSE_ID: &str = "_a1b2c3d4e5f60718293a4b5c6d7e8f90";
const ASSERTION_ID: &str = "_0f9e8d7c6b5a49382716f5e4d3c2b1a0";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Declared for `xsi:type` values. No element uses it, so exclusive C14N leaves it out.
const XS: &str = " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";
const XSI: &str = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

/// Bytes of the assertion-signed response, give or take 2 %.
const BYTES: usize = 8192;

/// An identity provider, and one sign-in at it.
#[derive(Debug)]
pub struct Genuine {
    key: RsaKeyPair,
    /// DER of the certificate, in base64.
    certificate: String,
    /// When both verify.
    pub now: Timestamp,
    /// The assertion is signed, the response is not.
    pub assertion_signed: String,
    /// Both are signed.
    pub both_signed: String,
    /// Canonical form of the `SignedInfo` of [`Self::assertion_signed`].
    pub signed_info: String,
    /// The signature over [`Self::signed_info`].
    pub signature: Vec<u8>,
}

/// A signature over an element.
struct Enveloped {
    xml: String,
    signed_info: String,
    signature: Vec<u8>,
}

impl Genuine {
    /// A new key, and responses that are good for an hour.
    ///
    /// # Errors
    /// When the crypto library fails, or the size is not the wanted one.
    pub fn new(now: Timestamp) -> Result<Self> {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
            .context("cannot make a key")?;
        let certificate = CertificateParams::new(vec!["idp.example.com".to_owned()])
            .and_then(|params| params.self_signed(&pair))
            .context("cannot make a certificate")?;
        let key = RsaKeyPair::from_pkcs8(pair.serialized_der())
            .ok()
            .context("cannot read the key that was just made")?;
        let mut genuine = Self {
            key,
            certificate: STANDARD.encode(certificate.der()),
            now,
            assertion_signed: String::new(),
            both_signed: String::new(),
            signed_info: String::new(),
            signature: Vec::new(),
        };
        genuine.write()?;
        Ok(genuine)
    }

    fn write(&mut self) -> Result<()> {
        let empty = self.signed_assertion(0, 0)?.xml.len();
        let ten = self.signed_assertion(10, 0)?.xml.len();
        let frame = response(self.now, "")?.len();
        let groups = (BYTES - frame - empty) / ((ten - empty) / 10);
        let signed = self.signed_assertion(groups, 0)?;
        let rest = BYTES.saturating_sub(frame + signed.xml.len());
        let signed = self.signed_assertion(groups, rest)?;
        self.assertion_signed = response(self.now, &signed.xml)?;
        let size = self.assertion_signed.len();
        ensure!(size.abs_diff(BYTES) * 50 <= BYTES, "{size} bytes are not {BYTES}");
        let canonical = self.assertion_signed.replace(XS, "");
        self.both_signed = self.sign(&self.assertion_signed, &canonical, RESPONSE_ID)?.xml;
        self.signed_info = signed.signed_info;
        self.signature = signed.signature;
        Ok(())
    }

    /// The verifier as a door configures it, with one pinned key.
    ///
    /// # Errors
    /// When the certificate cannot be pinned.
    pub fn verifier(&self) -> Result<Verifier> {
        let metadata = format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
             entityID=\"{IDP}\"><md:IDPSSODescriptor \
             protocolSupportEnumeration=\"{SAMLP}\"><md:KeyDescriptor use=\"signing\">\
             <ds:KeyInfo xmlns:ds=\"{DS}\"><ds:X509Data><ds:X509Certificate>{}\
             </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
             </md:IDPSSODescriptor></md:EntityDescriptor>",
            self.certificate
        );
        let identity_provider = IdentityProvider::from_metadata(metadata.as_bytes(), Some(IDP))
            .context("the metadata")?;
        let service_provider =
            ServiceProvider { entity_id: SP.to_owned(), acs_url: ACS.to_owned() };
        Ok(Verifier::new(service_provider, identity_provider))
    }

    /// DER of the certificate in base64, as settings of others want it.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The key pair of the identity provider.
    pub fn key(&self) -> &RsaKeyPair {
        &self.key
    }

    fn signed_assertion(&self, groups: usize, padding: usize) -> Result<Enveloped> {
        let assertion = assertion(self.now, groups, padding)?;
        self.sign(&assertion, &assertion.replace(XS, ""), ASSERTION_ID)
    }

    /// Puts a signature after the issuer of an element whose canonical form is given.
    fn sign(&self, element: &str, canonical: &str, id: &str) -> Result<Enveloped> {
        let digest = STANDARD.encode(digest(&SHA256, canonical.as_bytes()));
        let inside = format!(
            "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">\
             </ds:CanonicalizationMethod><ds:SignatureMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform \
             Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
             <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>\
             </ds:Transforms><ds:DigestMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
        );
        let signed_info = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{inside}</ds:SignedInfo>");
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed_info.as_bytes(), &mut signature)
            .ok()
            .context("cannot sign")?;
        let block = format!(
            "<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>{inside}</ds:SignedInfo>\
             <ds:SignatureValue>{}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
            STANDARD.encode(&signature),
            self.certificate,
        );
        let xml = element.replacen("</saml:Issuer>", &format!("</saml:Issuer>{block}"), 1);
        Ok(Enveloped { xml, signed_info, signature })
    }
}

fn instants(now: Timestamp) -> Result<[String; 3]> {
    let at = |seconds| -> Result<String> {
        let shifted = now.checked_add(SignedDuration::from_secs(seconds)).context("the time")?;
        Ok(shifted.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    };
    Ok([at(-30)?, at(-1)?, at(3600)?])
}

/// A canonical Response around an assertion.
fn response(now: Timestamp, assertion: &str) -> Result<String> {
    let [_, issued, _] = instants(now)?;
    Ok(format!(
        "<samlp:Response xmlns:samlp=\"{SAMLP}\" Destination=\"{ACS}\" ID=\"{RESPONSE_ID}\" \
         InResponseTo=\"{REQUEST}\" IssueInstant=\"{issued}\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"{SAML}\">{IDP}</saml:Issuer><samlp:Status><samlp:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>\
         {assertion}</samlp:Response>"
    ))
}

/// An assertion that is canonical but for [`XS`].
fn assertion(now: Timestamp, groups: usize, padding: usize) -> Result<String> {
    let [begun, issued, end] = instants(now)?;
    let padding = "x".repeat(padding);
    let groups: Vec<String> = (0..groups)
        .map(|number| format!("ml-team-{number:03}-data-scientists"))
        .map(|group| value(&group))
        .collect();
    let attributes = [
        attribute("email", &value("ana.example@example.com")),
        attribute("displayName", &value(&format!("Ana Example{padding}"))),
        attribute("ssouserid", &value("9067f1a2c4-8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04")),
        attribute("teamid", &value("fraud")),
        attribute("groups", &groups.concat()),
    ];
    Ok(format!(
        "<saml:Assertion xmlns:saml=\"{SAML}\" ID=\"{ASSERTION_ID}\" IssueInstant=\"{issued}\" \
         Version=\"2.0\"><saml:Issuer>{IDP}</saml:Issuer><saml:Subject><saml:NameID \
         Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">ana.example@example.com\
         </saml:NameID><saml:SubjectConfirmation \
         Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData \
         InResponseTo=\"{REQUEST}\" NotOnOrAfter=\"{end}\" Recipient=\"{ACS}\">\
         </saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>\
         <saml:Conditions NotBefore=\"{begun}\" NotOnOrAfter=\"{end}\"><saml:AudienceRestriction>\
         <saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
         <saml:AuthnStatement AuthnInstant=\"{begun}\" SessionIndex=\"{ASSERTION_ID}\" \
         SessionNotOnOrAfter=\"{end}\"><saml:AuthnContext><saml:AuthnContextClassRef>\
         urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\
         </saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
         <saml:AttributeStatement>{}</saml:AttributeStatement></saml:Assertion>",
        attributes.concat()
    ))
}

fn attribute(name: &str, values: &str) -> String {
    format!(
        "<saml:Attribute Name=\"{name}\" \
         NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\">{values}</saml:Attribute>"
    )
}

fn value(text: &str) -> String {
    format!("<saml:AttributeValue{XS}{XSI} xsi:type=\"xs:string\">{text}</saml:AttributeValue>")
}

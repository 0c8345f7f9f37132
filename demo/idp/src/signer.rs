//! The key, its certificate, and XML signatures over elements that are canonical already.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

/// The demo identity provider could not be made or could not sign.
#[derive(Debug, thiserror::Error)]
pub enum DemoIdpError {
    /// No key or no certificate could be made.
    #[error("making the demo identity provider's key and certificate failed")]
    Certificate(#[source] rcgen::Error),
    /// The crypto library refused the key it had made.
    #[error("the crypto library refused the demo identity provider's key")]
    Key(#[source] aws_lc_rs::error::KeyRejected),
    /// A message could not be deflated.
    #[error("deflating a message failed")]
    Deflate(#[source] std::io::Error),
    /// Signing or drawing random bytes failed.
    #[error("the crypto library failed to {operation}")]
    Crypto {
        /// What it was asked to do.
        operation: &'static str,
    },
}

/// A throw-away key. It has no `Debug`, so that it cannot be printed.
pub(crate) struct Signer {
    key: RsaKeyPair,
    certificate_der: Vec<u8>,
}

impl Signer {
    pub(crate) fn generate() -> Result<Self, DemoIdpError> {
        let key_pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
            .map_err(DemoIdpError::Certificate)?;
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Stagedoor DEMO identity provider, never for production");
        let certificate = params.self_signed(&key_pair).map_err(DemoIdpError::Certificate)?;
        let key = RsaKeyPair::from_pkcs8(key_pair.serialized_der()).map_err(DemoIdpError::Key)?;
        Ok(Self { key, certificate_der: certificate.der().to_vec() })
    }

    pub(crate) fn certificate_base64(&self) -> String {
        STANDARD.encode(&self.certificate_der)
    }

    /// The enveloped signature for a canonical element with this ID (RSA-SHA256, SHA-256).
    pub(crate) fn sign(&self, canonical_element: &str, id: &str) -> Result<String, DemoIdpError> {
        const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
        const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
        let digest = digest::digest(&digest::SHA256, canonical_element.as_bytes());
        let inside = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE_C14N}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\">\
             </ds:SignatureMethod><ds:Reference URI=\"#{id}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"{DS}enveloped-signature\"></ds:Transform>\
             <ds:Transform Algorithm=\"{EXCLUSIVE_C14N}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\">\
             </ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
            STANDARD.encode(digest)
        );
        // Alone, SignedInfo declares its prefix; inside Signature that is inherited.
        let signed_info = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{inside}</ds:SignedInfo>");
        let value = self.sign_bytes(signed_info.as_bytes())?;
        Ok(format!(
            "<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>{inside}</ds:SignedInfo>\
             <ds:SignatureValue>{}</ds:SignatureValue></ds:Signature>",
            STANDARD.encode(value)
        ))
    }

    /// RSA-SHA256 over bytes.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, DemoIdpError> {
        let mut value = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut value)
            .map_err(|_| DemoIdpError::Crypto { operation: "sign a message" })?;
        Ok(value)
    }
}

/// A fresh ID for a response or an assertion.
pub(crate) fn random_id() -> Result<String, DemoIdpError> {
    let mut random = [0_u8; 20];
    aws_lc_rs::rand::fill(&mut random)
        .map_err(|_| DemoIdpError::Crypto { operation: "draw random bytes" })?;
    Ok(format!("_{}", hex::encode(random)))
}

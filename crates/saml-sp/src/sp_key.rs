//! Our own key: what we sign requests with, and what identity providers encrypt for us with.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::keys::PinnedKey;

/// A private RSA key of 2048 to 8192 bits and its certificate.
///
/// For a roll-over hold several: the first signs, all are published in the metadata, and all can
/// decrypt. So a new key goes to the end of the list, is moved to the front once every identity
/// provider has read the metadata, and the old one is dropped when nobody encrypts for it any more.
///
/// RSA, because every identity provider verifies it and encrypts for it; elliptic curves would
/// need key agreement, which few of them speak. Cloning is cheap. Two are equal when they have the
/// same certificate.
#[derive(Clone)]
pub struct ServiceProviderKey(Arc<Inner>);

struct Inner {
    signing: KeyPair,
    decrypting: OaepPrivateDecryptingKey,
    certificate: Vec<u8>,
    public: PinnedKey,
}

/// A service provider's key could not be taken. Never quotes the text that it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceProviderKeyError {
    /// Not PEM.
    #[error(
        "service provider key is not PEM; give one text with a `PRIVATE KEY` and a `CERTIFICATE`"
    )]
    Pem,
    /// The private key is protected by a passphrase.
    #[error(
        "service provider key is encrypted with a passphrase; decrypt it with \
         `openssl pkey -in KEY -out PLAIN` and protect the file or the secret that holds it"
    )]
    Encrypted,
    /// No private key in the text.
    #[error(
        "service provider key has no `PRIVATE KEY`; put the private key beside its certificate, \
         in one text"
    )]
    PrivateKeyMissing,
    /// Several private keys in the text.
    #[error("service provider key holds {count} private keys; give each its own text")]
    SeveralPrivateKeys {
        /// How many.
        count: usize,
    },
    /// No certificate in the text.
    #[error(
        "service provider key has no `CERTIFICATE`; make one with \
         `openssl req -x509 -key KEY -days 3650 -subj /CN=stagedoor` and append it"
    )]
    CertificateMissing,
    /// A certificate cannot be read.
    #[error(
        "certificate of the service provider key is not a DER X.509 certificate; export it anew"
    )]
    Certificate,
    /// No certificate in the text belongs to the private key.
    #[error(
        "certificate and private key of the service provider do not belong together; \
         give the certificate that was made with this key"
    )]
    Mismatch,
    /// The key is shorter than 2048 bits.
    #[error("service provider key is shorter than 2048 bits; make one with `-newkey rsa:3072`")]
    Weak,
    /// The key is longer than 8192 bits.
    #[error("service provider key is longer than 8192 bits; make one with `-newkey rsa:3072`")]
    TooLong,
    /// The key is no RSA key.
    #[error(
        "service provider key is not an RSA key; identity providers encrypt with RSA, \
         so make one with `-newkey rsa:3072`"
    )]
    NotRsa,
    /// The private key cannot be read.
    #[error(
        "private key of the service provider is not readable; export it as PKCS#8 with \
         `openssl pkcs8 -topk8 -nodes`"
    )]
    PrivateKey,
}

/// The crypto library did not sign, which it does not do with a key that it has accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("signing with the service provider's key failed")]
pub struct SigningError;

impl ServiceProviderKey {
    /// Reads one PEM text with one private key (`PRIVATE KEY` as in PKCS#8, or `RSA PRIVATE KEY`
    /// as in PKCS#1) and its certificate (`CERTIFICATE`), in any order. Further certificates, such
    /// as the rest of a chain, are ignored.
    ///
    /// # Errors
    /// When a part is missing, unreadable or encrypted, when the key is not RSA of 2048 to 8192
    /// bits, or when no certificate belongs to it.
    pub fn from_pem(pem: &str) -> Result<Self, ServiceProviderKeyError> {
        let mut certificates = Vec::new();
        let mut private_keys = Vec::new();
        // The parser's own error could quote a byte of the key.
        for block in pem::parse_many(pem).map_err(|_| ServiceProviderKeyError::Pem)? {
            let tag = block.tag().to_owned();
            let is_encrypted =
                block.headers().get("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED"));
            match tag.as_str() {
                _ if is_encrypted => return Err(ServiceProviderKeyError::Encrypted),
                "ENCRYPTED PRIVATE KEY" => return Err(ServiceProviderKeyError::Encrypted),
                "CERTIFICATE" => certificates.push(block.into_contents()),
                "PRIVATE KEY" | "RSA PRIVATE KEY" => {
                    private_keys.push((tag, Zeroizing::new(block.into_contents())));
                }
                other if other.ends_with(" PRIVATE KEY") => {
                    return Err(ServiceProviderKeyError::NotRsa);
                }
                _ => {}
            }
        }
        let signing = match private_keys.as_slice() {
            [(tag, der)] if tag == "PRIVATE KEY" => KeyPair::from_pkcs8(der),
            [(_, der)] => KeyPair::from_der(der),
            [] if certificates.is_empty() => return Err(ServiceProviderKeyError::Pem),
            [] => return Err(ServiceProviderKeyError::PrivateKeyMissing),
            several => {
                return Err(ServiceProviderKeyError::SeveralPrivateKeys { count: several.len() });
            }
        };
        Self::with_certificate(signing.map_err(private_key_error)?, certificates)
    }

    fn with_certificate(
        signing: KeyPair,
        certificates: Vec<Vec<u8>>,
    ) -> Result<Self, ServiceProviderKeyError> {
        if certificates.is_empty() {
            return Err(ServiceProviderKeyError::CertificateMissing);
        }
        let mut found = None;
        for der in certificates {
            let public = PinnedKey::from_certificate_der(&der)
                .map_err(|_| ServiceProviderKeyError::Certificate)?;
            if public.bytes() == signing.public_key().as_ref() {
                found = found.or(Some((der, public)));
            }
        }
        let (certificate, public) = found.ok_or(ServiceProviderKeyError::Mismatch)?;
        let decrypting = signing
            .as_der()
            .ok()
            .and_then(|der: Pkcs8V1Der<'_>| PrivateDecryptingKey::from_pkcs8(der.as_ref()).ok())
            .and_then(|key| OaepPrivateDecryptingKey::new(key).ok())
            .ok_or(ServiceProviderKeyError::PrivateKey)?;
        Ok(Self(Arc::new(Inner { signing, decrypting, certificate, public })))
    }

    /// The certificate, DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.0.certificate
    }

    /// The certificate as metadata holds it: base64 without line breaks.
    pub fn certificate_base64(&self) -> String {
        STANDARD.encode(&self.0.certificate)
    }

    /// End of the certificate's validity. Most identity providers do not look at it; some refuse
    /// requests after it.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.0.public.not_after()
    }

    /// SHA-256 of the certificate: 64 lower-case hex digits, as [`PinnedKey::fingerprint`].
    pub fn fingerprint(&self) -> &str {
        self.0.public.fingerprint()
    }

    /// The RSA PKCS#1 v1.5 signature with SHA-256 (`rsa-sha256` of RFC 4051).
    ///
    /// This scheme has no random part: one message under one key has one signature, so this is
    /// still a pure function. The crypto library's parameter for randomness goes unused.
    pub(crate) fn sign_rsa_sha256(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let mut signature = vec![0; self.0.signing.public_modulus_len()];
        self.0
            .signing
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SigningError)?;
        Ok(signature)
    }

    /// The private key for RSA-OAEP.
    pub(crate) fn decrypting_key(&self) -> &OaepPrivateDecryptingKey {
        &self.0.decrypting
    }
}

fn private_key_error(rejected: KeyRejected) -> ServiceProviderKeyError {
    match rejected.description_() {
        "TooSmall" => ServiceProviderKeyError::Weak,
        "TooLarge" => ServiceProviderKeyError::TooLong,
        "WrongAlgorithm" => ServiceProviderKeyError::NotRsa,
        _ => ServiceProviderKeyError::PrivateKey,
    }
}

impl PartialEq for ServiceProviderKey {
    fn eq(&self, other: &Self) -> bool {
        // One certificate holds one public key, and that belongs to one private key.
        self.0.certificate == other.0.certificate
    }
}

impl Eq for ServiceProviderKey {}

impl fmt::Debug for ServiceProviderKey {
    /// The certificate's fingerprint and end; nothing of the private key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceProviderKey")
            .field("fingerprint", &self.fingerprint())
            .field("not_after", &self.not_after())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    const SP: &str = include_str!("../tests/fixtures/sp.pem");
    /// Certificate first, and the key as PKCS#1.
    const NEXT: &str = include_str!("../tests/fixtures/sp-next.pem");
    const WEAK: &str = include_str!("../tests/fixtures/sp-weak.pem");
    const CURVE: &str = include_str!("../tests/fixtures/sp-ec.pem");

    /// The private key and the certificate of a text.
    fn parts(pem: &str) -> (String, String) {
        let blocks = pem::parse_many(pem).unwrap();
        let of = |end: &str| pem::encode(blocks.iter().find(|b| b.tag().ends_with(end)).unwrap());
        (of("PRIVATE KEY"), of("CERTIFICATE"))
    }

    #[track_caller]
    fn refused(pem: &str, error: ServiceProviderKeyError) {
        assert_eq!(ServiceProviderKey::from_pem(pem), Err(error));
    }

    #[test]
    fn both_forms_of_private_keys_are_read_in_any_order() {
        let key = ServiceProviderKey::from_pem(SP).unwrap();
        assert_eq!(
            key.fingerprint(),
            "436ef3b79dff56bdd468e26088f700dc3f8f52993dc3a671192e91e54bb45d8b"
        );
        assert_eq!(key.not_after(), Some("2036-11-18T04:46:00Z".parse().unwrap()));
        let (_, certificate) = parts(SP);
        let lines: String = certificate.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(key.certificate_base64(), lines);
        assert_eq!(key.certificate_der(), STANDARD.decode(lines).unwrap());

        let next = ServiceProviderKey::from_pem(NEXT).unwrap();
        assert_ne!(next, key);
        assert_eq!(ServiceProviderKey::from_pem(SP), Ok(key));
        let windows = NEXT.replace('\n', "\r\n");
        assert_eq!(ServiceProviderKey::from_pem(&windows), Ok(next));
    }

    #[test]
    fn the_matching_certificate_of_a_chain_is_taken() {
        let (private, certificate) = parts(SP);
        let (_, other) = parts(NEXT);
        let key = ServiceProviderKey::from_pem(&format!("{other}{private}{certificate}"));
        assert_eq!(key, ServiceProviderKey::from_pem(SP));
    }

    #[test]
    fn it_signs_what_its_certificate_verifies_and_always_the_same() {
        for pem in [SP, NEXT] {
            let key = ServiceProviderKey::from_pem(pem).unwrap();
            let signature = key.sign_rsa_sha256(b"message").unwrap();
            assert_eq!(key.sign_rsa_sha256(b"message").unwrap(), signature);
            let public = PinnedKey::from_certificate_der(key.certificate_der()).unwrap();
            let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.bytes());
            assert!(public.verify(b"message", &signature).is_ok());
            assert!(public.verify(b"massage", &signature).is_err());
        }
    }

    #[test]
    fn it_decrypts_what_was_encrypted_for_it() {
        let key = ServiceProviderKey::from_pem(SP).unwrap();
        let spki = key.0.signing.public_key().as_der().unwrap();
        let public = PublicEncryptingKey::from_der(spki.as_ref()).unwrap();
        let public = OaepPublicEncryptingKey::new(public).unwrap();
        let mut sealed = vec![0; public.ciphertext_size()];
        let sealed =
            public.encrypt(&OAEP_SHA1_MGF1SHA1, b"session key", &mut sealed, None).unwrap();
        let mut opened = vec![0; key.decrypting_key().min_output_size()];
        let decrypt = |key: &ServiceProviderKey, opened: &mut [u8]| {
            let opened = key.decrypting_key().decrypt(&OAEP_SHA1_MGF1SHA1, sealed, opened, None);
            opened.map(|bytes| bytes.to_vec()).ok()
        };
        assert_eq!(decrypt(&key, &mut opened).as_deref(), Some(b"session key".as_slice()));
        let other = ServiceProviderKey::from_pem(NEXT).unwrap();
        assert_eq!(decrypt(&other, &mut opened), None);
    }

    #[test]
    fn missing_parts_are_named() {
        let (private, certificate) = parts(SP);
        refused(&private, ServiceProviderKeyError::CertificateMissing);
        refused(&certificate, ServiceProviderKeyError::PrivateKeyMissing);
        let error = ServiceProviderKeyError::SeveralPrivateKeys { count: 2 };
        refused(&format!("{SP}{private}"), error);
        for no_pem in ["", "secret", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"] {
            refused(no_pem, ServiceProviderKeyError::Pem);
        }
        refused(&SP.replace("MII", "!!!"), ServiceProviderKeyError::Pem);
    }

    #[test]
    fn encrypted_keys_are_refused_with_the_way_out() {
        let (_, certificate) = parts(SP);
        let pkcs8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAA\n\
                     -----END ENCRYPTED PRIVATE KEY-----\n";
        let pkcs1 = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                     DEK-Info: AES-256-CBC,00\n\nMAAA\n-----END RSA PRIVATE KEY-----\n";
        for encrypted in [pkcs8, pkcs1] {
            let text = format!("{encrypted}{certificate}");
            refused(&text, ServiceProviderKeyError::Encrypted);
        }
        let shown = ServiceProviderKeyError::Encrypted.to_string();
        assert!(shown.contains("`openssl pkey -in KEY -out PLAIN`"), "{shown}");
    }

    #[test]
    fn a_foreign_certificate_is_refused() {
        let ((private, _), (_, certificate)) = (parts(SP), parts(NEXT));
        refused(&format!("{private}{certificate}"), ServiceProviderKeyError::Mismatch);
        let garbage = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n";
        refused(&format!("{private}{garbage}"), ServiceProviderKeyError::Certificate);
    }

    #[test]
    fn short_keys_curves_and_garbage_are_refused() {
        refused(WEAK, ServiceProviderKeyError::Weak);
        refused(CURVE, ServiceProviderKeyError::NotRsa);
        let sec1 = CURVE.replace("PRIVATE KEY", "EC PRIVATE KEY");
        refused(&sec1, ServiceProviderKeyError::NotRsa);
        let (_, certificate) = parts(SP);
        for tag in ["PRIVATE KEY", "RSA PRIVATE KEY"] {
            let garbage = format!("-----BEGIN {tag}-----\nMAAA\n-----END {tag}-----\n");
            refused(&format!("{garbage}{certificate}"), ServiceProviderKeyError::PrivateKey);
        }
    }

    #[test]
    fn debug_shows_the_fingerprint_and_no_key() {
        let shown = format!("{:?}", ServiceProviderKey::from_pem(SP).unwrap());
        assert_eq!(
            shown,
            "ServiceProviderKey { fingerprint: \
             \"436ef3b79dff56bdd468e26088f700dc3f8f52993dc3a671192e91e54bb45d8b\", \
             not_after: Some(2036-11-18T04:46:00Z), .. }"
        );
    }
}

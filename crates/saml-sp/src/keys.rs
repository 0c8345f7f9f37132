//! The identity provider's pinned public keys.

use std::fmt;

use aws_lc_rs::digest;
use jiff::Timestamp;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo, X509Certificate};
use x509_parser::public_key::PublicKey;

/// What kind of key this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with the size of its modulus in bits.
    Rsa {
        /// Size of the modulus in bits.
        bits: usize,
    },
    /// Elliptic curve P-256 (secp256r1).
    P256,
    /// Elliptic curve P-384 (secp384r1).
    P384,
}

/// A key could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not one DER X.509 certificate.
    #[error("not a DER X.509 certificate")]
    NotACertificate,
    /// The bytes are not one DER `SubjectPublicKeyInfo`.
    #[error("not a DER public key (SubjectPublicKeyInfo)")]
    NotAPublicKey,
    /// The key is neither RSA nor on P-256 or P-384.
    #[error("the public key is neither RSA nor on curve P-256 or P-384")]
    UnsupportedKey,
}

/// A public key that an identity provider is known to sign with, taken from its metadata or from
/// the configuration. Keys that come with a message are never made into one of these.
///
/// A certificate only carries the key here: its chain, names and validity prove nothing in SAML.
/// Its end is exposed, so that an expiry can be announced.
#[derive(Clone, PartialEq, Eq)]
pub struct PinnedKey {
    kind: KeyKind,
    /// PKCS#1 `RSAPublicKey`, or an uncompressed curve point.
    bytes: Vec<u8>,
    fingerprint: String,
    not_after: Option<Timestamp>,
}

impl PinnedKey {
    /// Takes the key of a DER X.509 certificate.
    ///
    /// # Errors
    /// When the bytes are not exactly one certificate, or its key is of an unsupported kind.
    pub fn from_certificate_der(der: &[u8]) -> Result<Self, KeyError> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| KeyError::NotACertificate)?;
        if !rest.is_empty() {
            return Err(KeyError::NotACertificate);
        }
        let not_after = certificate.validity().not_after.timestamp();
        let mut key = Self::from_spki(certificate.public_key(), der)?;
        key.not_after = Timestamp::from_second(not_after).ok();
        Ok(key)
    }

    /// Takes a DER `SubjectPublicKeyInfo` (what PEM calls `PUBLIC KEY`).
    ///
    /// # Errors
    /// When the bytes are not exactly one public key, or it is of an unsupported kind.
    pub fn from_public_key_der(der: &[u8]) -> Result<Self, KeyError> {
        let (rest, spki) =
            SubjectPublicKeyInfo::from_der(der).map_err(|_| KeyError::NotAPublicKey)?;
        if !rest.is_empty() {
            return Err(KeyError::NotAPublicKey);
        }
        Self::from_spki(&spki, der)
    }

    fn from_spki(spki: &SubjectPublicKeyInfo<'_>, der: &[u8]) -> Result<Self, KeyError> {
        let bytes = spki.subject_public_key.data.to_vec();
        let kind = match spki.parsed().map_err(|_| KeyError::UnsupportedKey)? {
            PublicKey::RSA(rsa) => KeyKind::Rsa { bits: rsa_bits(rsa.modulus) },
            PublicKey::EC(_) => {
                let curve = spki.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok());
                match curve.map(|oid| oid.to_id_string()).as_deref() {
                    Some("1.2.840.10045.3.1.7") => KeyKind::P256,
                    Some("1.3.132.0.34") => KeyKind::P384,
                    _ => return Err(KeyError::UnsupportedKey),
                }
            }
            _ => return Err(KeyError::UnsupportedKey),
        };
        let fingerprint = hex::encode(digest::digest(&digest::SHA256, der));
        Ok(Self { kind, bytes, fingerprint, not_after: None })
    }

    /// Kind and size.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// SHA-256 of the certificate (or of the bare key) it was made from: 64 lower-case hex digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// End of the certificate's validity; `None` for a bare key.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.not_after
    }

    /// The key in the encoding that the crypto library wants.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for PinnedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinnedKey")
            .field("kind", &self.kind)
            .field("fingerprint", &self.fingerprint)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// Size of a big-endian modulus without its leading zeros.
fn rsa_bits(modulus: &[u8]) -> usize {
    let mut rest = modulus;
    while let Some((0, tail)) = rest.split_first() {
        rest = tail;
    }
    let unused = rest.first().map_or(0, |byte| byte.leading_zeros() as usize);
    rest.len() * 8 - unused
}

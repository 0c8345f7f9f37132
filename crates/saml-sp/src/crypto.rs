//! The allow-list of algorithms, and the two computations of a signature check.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};

use crate::keys::{KeyKind, PinnedKey};
use crate::rejection::{ReasonCode, Rejection};
use crate::signature::SignatureForm;

/// Which algorithms and key sizes are allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AlgorithmPolicy {
    /// RSA of at least 2048 bits with SHA-256, SHA-384 or SHA-512; ECDSA on P-256 or P-384 with
    /// SHA-256 or SHA-384.
    #[default]
    Strict,
    /// In addition SHA-1 in signatures (RSA) and digests, and RSA from 1024 bits. Forgeable by an
    /// attacker with means: for tests and debugging, and for an identity provider which the
    /// administrator has named by hand. What was accepted this way says so:
    /// [`VerifiedAssertion::used_weak_algorithms`](crate::VerifiedAssertion::used_weak_algorithms).
    AllowWeak,
}

/// Smallest RSA modulus under [`AlgorithmPolicy::Strict`], in bits (NIST SP 800-131A).
const MIN_RSA_BITS: usize = 2048;

/// A signature algorithm of the allow-list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignatureAlgorithm {
    RsaSha1,
    RsaSha256,
    RsaSha384,
    RsaSha512,
    EcdsaSha256,
    EcdsaSha384,
}

/// A digest algorithm of the allow-list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DigestAlgorithm {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// The algorithms of one signature, allowed by policy, with the keys that fit them.
#[derive(Debug)]
pub(crate) struct Suite<'k> {
    signature: SignatureAlgorithm,
    digest: DigestAlgorithm,
    keys: Vec<&'k PinnedKey>,
}

impl<'k> Suite<'k> {
    /// Looks up the algorithms and the pinned keys that fit, or says what is not allowed.
    pub(crate) fn select(
        form: &SignatureForm<'_, '_>,
        keys: &'k [PinnedKey],
        policy: AlgorithmPolicy,
    ) -> Result<Self, Rejection> {
        if !form.has_exclusive_canonicalization() {
            return Err(refused("the canonicalisation algorithm is not exclusive C14N"));
        }
        Self::of(form.signature_method, form.digest_method, keys, policy)
    }

    /// The same for a signature over the octets of a query, which names no digest.
    pub(crate) fn detached(
        signature_method: &str,
        keys: &'k [PinnedKey],
        policy: AlgorithmPolicy,
    ) -> Result<Self, Rejection> {
        Self::of(signature_method, "http://www.w3.org/2001/04/xmlenc#sha256", keys, policy)
    }

    fn of(
        signature_method: &str,
        digest_method: &str,
        keys: &'k [PinnedKey],
        policy: AlgorithmPolicy,
    ) -> Result<Self, Rejection> {
        if keys.is_empty() {
            return Err(Rejection::new(
                ReasonCode::KeysMissing,
                "no signing key is pinned for the identity provider",
            ));
        }
        let signature = signature_algorithm(signature_method)
            .ok_or_else(|| refused("the signature algorithm is not on the allow-list"))?;
        let digest = digest_algorithm(digest_method)
            .ok_or_else(|| refused("the digest algorithm is not on the allow-list"))?;
        let allow_weak = policy == AlgorithmPolicy::AllowWeak;
        let is_weak = signature == SignatureAlgorithm::RsaSha1 || digest == DigestAlgorithm::Sha1;
        if is_weak && !allow_weak {
            return Err(Rejection::new(
                ReasonCode::AlgorithmWeak,
                "the signature or its digest uses SHA-1",
            ));
        }
        let fitting: Vec<_> = keys.iter().filter(|key| fits(signature, key.kind())).collect();
        let allowed: Vec<_> =
            fitting.iter().copied().filter(|key| allow_weak || !is_short(key.kind())).collect();
        if allowed.is_empty() && !fitting.is_empty() {
            return Err(Rejection::new(
                ReasonCode::KeyWeak,
                format!("every pinned RSA key is shorter than {MIN_RSA_BITS} bits"),
            ));
        }
        // No fitting key at all is left to the signature check: no key verifies it.
        Ok(Self { signature, digest, keys: allowed })
    }

    /// The pinned key which verifies `value` over `message`.
    pub(crate) fn verify(&self, message: &[u8], value: &[u8]) -> Option<&'k PinnedKey> {
        self.keys.iter().copied().find(|key| verify_with(self.signature, key, message, value))
    }

    /// Whether the digest of `message` is `expected`.
    pub(crate) fn digest_matches(&self, message: &[u8], expected: &[u8]) -> bool {
        let algorithm = match self.digest {
            DigestAlgorithm::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            DigestAlgorithm::Sha256 => &digest::SHA256,
            DigestAlgorithm::Sha384 => &digest::SHA384,
            DigestAlgorithm::Sha512 => &digest::SHA512,
        };
        // Both sides are public, so the comparison need not take constant time.
        digest::digest(algorithm, message).as_ref() == expected
    }

    /// Whether a strict policy would have refused this signature under the key that verified it.
    pub(crate) fn is_weak(&self, key: &PinnedKey) -> bool {
        self.signature == SignatureAlgorithm::RsaSha1
            || self.digest == DigestAlgorithm::Sha1
            || is_short(key.kind())
    }
}

fn refused(what: &'static str) -> Rejection {
    Rejection::new(ReasonCode::AlgorithmRefused, what)
}

fn signature_algorithm(uri: &str) -> Option<SignatureAlgorithm> {
    match uri {
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => Some(SignatureAlgorithm::RsaSha1),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => Some(SignatureAlgorithm::RsaSha256),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Some(SignatureAlgorithm::RsaSha384),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Some(SignatureAlgorithm::RsaSha512),
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => {
            Some(SignatureAlgorithm::EcdsaSha256)
        }
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => {
            Some(SignatureAlgorithm::EcdsaSha384)
        }
        _ => None,
    }
}

fn digest_algorithm(uri: &str) -> Option<DigestAlgorithm> {
    match uri {
        "http://www.w3.org/2000/09/xmldsig#sha1" => Some(DigestAlgorithm::Sha1),
        "http://www.w3.org/2001/04/xmlenc#sha256" => Some(DigestAlgorithm::Sha256),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(DigestAlgorithm::Sha384),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Some(DigestAlgorithm::Sha512),
        _ => None,
    }
}

fn is_short(kind: KeyKind) -> bool {
    matches!(kind, KeyKind::Rsa { bits } if bits < MIN_RSA_BITS)
}

/// Whether a key is of the algorithm's family. An RSA public key is never tried as an HMAC secret.
fn fits(algorithm: SignatureAlgorithm, kind: KeyKind) -> bool {
    let needs_curve =
        matches!(algorithm, SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384);
    needs_curve == matches!(kind, KeyKind::P256 | KeyKind::P384)
}

fn verify_with(
    algorithm: SignatureAlgorithm,
    key: &PinnedKey,
    message: &[u8],
    value: &[u8],
) -> bool {
    let by = |algorithm: &'static dyn VerificationAlgorithm, value: &[u8]| {
        UnparsedPublicKey::new(algorithm, key.bytes()).verify(message, value).is_ok()
    };
    let curve = |by_asn1, width| der_signature(value, width).is_some_and(|der| by(by_asn1, &der));
    match (algorithm, key.kind()) {
        (SignatureAlgorithm::RsaSha1, _) => {
            by(&lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, value)
        }
        (SignatureAlgorithm::RsaSha256, KeyKind::Rsa { bits }) if bits < MIN_RSA_BITS => {
            by(&lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, value)
        }
        (SignatureAlgorithm::RsaSha256, _) => by(&lc::RSA_PKCS1_2048_8192_SHA256, value),
        (SignatureAlgorithm::RsaSha384, _) => by(&lc::RSA_PKCS1_2048_8192_SHA384, value),
        (SignatureAlgorithm::RsaSha512, KeyKind::Rsa { bits }) if bits < MIN_RSA_BITS => {
            by(&lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, value)
        }
        (SignatureAlgorithm::RsaSha512, _) => by(&lc::RSA_PKCS1_2048_8192_SHA512, value),
        (SignatureAlgorithm::EcdsaSha256, KeyKind::P256) => curve(&lc::ECDSA_P256_SHA256_ASN1, 32),
        (SignatureAlgorithm::EcdsaSha384, KeyKind::P256) => curve(&lc::ECDSA_P256_SHA384_ASN1, 32),
        (SignatureAlgorithm::EcdsaSha256, KeyKind::P384) => curve(&lc::ECDSA_P384_SHA256_ASN1, 48),
        (SignatureAlgorithm::EcdsaSha384, KeyKind::P384) => curve(&lc::ECDSA_P384_SHA384_ASN1, 48),
        (_, KeyKind::Rsa { .. }) => false,
    }
}

/// XML signatures hold r and s side by side; the crypto library offers all pairs of curve and hash
/// only for the ASN.1 form.
fn der_signature(value: &[u8], width: usize) -> Option<Vec<u8>> {
    if value.len() != width * 2 {
        return None;
    }
    let (r, s) = value.split_at_checked(width)?;
    let (r, s) = (der_integer(r)?, der_integer(s)?);
    // At most 2 * (48 + 3) bytes, so a length is always one byte.
    let mut der = vec![0x30, u8::try_from(r.len() + s.len()).ok()?];
    der.extend(r);
    der.extend(s);
    Some(der)
}

fn der_integer(mut magnitude: &[u8]) -> Option<Vec<u8>> {
    while let Some((0, tail)) = magnitude.split_first() {
        magnitude = tail;
    }
    let padding = usize::from(magnitude.first()? >= &0x80);
    let mut der = vec![0x02, u8::try_from(magnitude.len() + padding).ok()?];
    der.resize(2 + padding, 0);
    der.extend_from_slice(magnitude);
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_signatures_become_minimal_der() {
        let mut value = vec![0; 64];
        value[31] = 1;
        value[32] = 0x80;
        let der = der_signature(&value, 32).unwrap();
        assert_eq!(der[..8], [0x30, 3 + 35, 0x02, 1, 1, 0x02, 33, 0]);
        assert_eq!(der[8], 0x80);
        assert_eq!(der.len(), 40);
        assert_eq!(der_signature(&value[1..], 32), None);
        assert_eq!(der_signature(&[0; 64], 32), None, "zero is no valid r or s");
    }

    #[test]
    fn hmac_and_pss_are_not_on_the_list() {
        for uri in [
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
            "",
        ] {
            assert_eq!(signature_algorithm(uri), None, "{uri}");
        }
        assert_eq!(digest_algorithm("http://www.w3.org/2001/04/xmldsig-more#md5"), None);
    }
}

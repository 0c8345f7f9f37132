//! How the content's key is wrapped: RSA-OAEP.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey,
};

use super::form::EncryptedKey;
use super::refused;
use crate::rejection::Rejection;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// Looks up how a key is wrapped, or says what is not allowed.
///
/// SHA-1 is allowed here: OAEP does not rest on its collision resistance (RFC 8017, section 8.1,
/// and NIST SP 800-131A), and most identity providers know nothing else.
pub(super) fn select(key: &EncryptedKey<'_>) -> Result<&'static OaepAlgorithm, Rejection> {
    // Both hashes default to SHA-1 (XML Encryption 1.1, section 5.5.2); the older name fixes the
    // one of the mask generation.
    let is_older = match key.method {
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p" => true,
        "http://www.w3.org/2009/xmlenc11#rsa-oaep" => false,
        "http://www.w3.org/2001/04/xmlenc#rsa-1_5" => {
            return Err(refused("the key is wrapped with RSA PKCS#1 v1.5; choose RSA-OAEP"));
        }
        _ => {
            return Err(refused(
                "the key is wrapped with an algorithm that is not on the allow-list",
            ));
        }
    };
    let unknown = || refused("the key is wrapped with RSA-OAEP and an unknown hash");
    let digest = key.digest.map_or(Some(Hash::Sha1), digest_hash).ok_or_else(unknown)?;
    let mask = key.mask.map_or(Some(Hash::Sha1), mask_hash).ok_or_else(unknown)?;
    match (digest, mask) {
        (Hash::Sha1, Hash::Sha1) => Ok(&OAEP_SHA1_MGF1SHA1),
        (Hash::Sha256, Hash::Sha256) if !is_older => Ok(&OAEP_SHA256_MGF1SHA256),
        (Hash::Sha384, Hash::Sha384) if !is_older => Ok(&OAEP_SHA384_MGF1SHA384),
        (Hash::Sha512, Hash::Sha512) if !is_older => Ok(&OAEP_SHA512_MGF1SHA512),
        _ => Err(refused(
            "the key is wrapped with RSA-OAEP under two hashes; choose the same for digest and \
             mask generation, or SHA-1 for both",
        )),
    }
}

fn digest_hash(uri: &str) -> Option<Hash> {
    match uri {
        "http://www.w3.org/2000/09/xmldsig#sha1" => Some(Hash::Sha1),
        "http://www.w3.org/2001/04/xmlenc#sha256" => Some(Hash::Sha256),
        // The second is what XML Encryption 1.1 calls it.
        "http://www.w3.org/2001/04/xmldsig-more#sha384"
        | "http://www.w3.org/2001/04/xmlenc#sha384" => Some(Hash::Sha384),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Some(Hash::Sha512),
        _ => None,
    }
}

fn mask_hash(uri: &str) -> Option<Hash> {
    match uri {
        "http://www.w3.org/2009/xmlenc11#mgf1sha1" => Some(Hash::Sha1),
        "http://www.w3.org/2009/xmlenc11#mgf1sha256" => Some(Hash::Sha256),
        "http://www.w3.org/2009/xmlenc11#mgf1sha384" => Some(Hash::Sha384),
        "http://www.w3.org/2009/xmlenc11#mgf1sha512" => Some(Hash::Sha512),
        _ => None,
    }
}

/// The content's key, or `None` whatever the reason.
pub(super) fn unwrap(
    key: &OaepPrivateDecryptingKey,
    algorithm: &'static OaepAlgorithm,
    wrapped: &[u8],
) -> Option<Vec<u8>> {
    let mut unwrapped = vec![0; key.min_output_size()];
    key.decrypt(algorithm, wrapped, &mut unwrapped, None).ok().map(|content| content.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejection::ReasonCode;
    use aws_lc_rs::rsa::EncryptionAlgorithmId as Id;

    const OLDER: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    const NEWER: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
    const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
    const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
    const MGF1_SHA1: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
    const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";

    fn chosen(
        method: &str,
        digest: Option<&str>,
        mask: Option<&str>,
    ) -> Result<Id, (ReasonCode, String)> {
        select(&EncryptedKey::with_methods(method, digest, mask))
            .map(OaepAlgorithm::id)
            .map_err(|rejection| (rejection.code(), rejection.detail().to_owned()))
    }

    #[test]
    fn the_hashes_are_sha1_unless_both_are_named() {
        let sha1 = Ok(Id::OaepSha1Mgf1sha1);
        assert_eq!(chosen(OLDER, None, None), sha1);
        assert_eq!(chosen(OLDER, Some(SHA1), None), sha1);
        assert_eq!(chosen(OLDER, Some(SHA1), Some(MGF1_SHA1)), sha1);
        assert_eq!(chosen(NEWER, None, None), sha1);
        assert_eq!(chosen(NEWER, Some(SHA256), Some(MGF1_SHA256)), Ok(Id::OaepSha256Mgf1sha256));
        for (bits, id) in [("384", Id::OaepSha384Mgf1sha384), ("512", Id::OaepSha512Mgf1sha512)] {
            let digest = format!("http://www.w3.org/2001/04/xmlenc#sha{bits}");
            let mask = format!("http://www.w3.org/2009/xmlenc11#mgf1sha{bits}");
            assert_eq!(chosen(NEWER, Some(&digest), Some(&mask)), Ok(id));
        }
    }

    #[test]
    fn two_hashes_are_refused_by_name() {
        for (method, digest, mask) in [
            (OLDER, Some(SHA256), None),
            (OLDER, Some(SHA256), Some(MGF1_SHA256)),
            (NEWER, Some(SHA256), None),
            (NEWER, None, Some(MGF1_SHA256)),
            (NEWER, Some(SHA256), Some("http://www.w3.org/2009/xmlenc11#mgf1sha512")),
        ] {
            let (code, detail) = chosen(method, digest, mask).unwrap_err();
            assert_eq!(code, ReasonCode::EncryptionAlgorithmRefused);
            assert!(detail.contains("under two hashes"), "{detail}");
        }
    }

    #[test]
    fn rsa_pkcs1_and_unknown_names_are_refused() {
        for (method, digest, mask, says) in [
            ("http://www.w3.org/2001/04/xmlenc#rsa-1_5", None, None, "PKCS#1 v1.5"),
            ("http://www.w3.org/2001/04/xmlenc#kw-aes128", None, None, "allow-list"),
            ("http://www.w3.org/2009/xmlenc11#ECDH-ES", None, None, "allow-list"),
            ("http://www.w3.org/2009/xmlenc11#rsa-oaep-mgf1p", None, None, "allow-list"),
            (OLDER, Some("http://www.w3.org/2001/04/xmldsig-more#md5"), None, "unknown hash"),
            (NEWER, None, Some("http://www.w3.org/2009/xmlenc11#mgf1sha224"), "unknown hash"),
        ] {
            let (code, detail) = chosen(method, digest, mask).unwrap_err();
            assert_eq!(code, ReasonCode::EncryptionAlgorithmRefused, "{method}");
            assert!(detail.contains(says), "{detail}");
        }
    }
}

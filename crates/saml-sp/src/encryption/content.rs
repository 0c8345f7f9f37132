//! The ciphers of the content: AES-GCM, and AES-CBC by permission.

use std::fmt;

use aws_lc_rs::aead::{self, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::cipher::{self, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::IV_LEN_128_BIT;

use super::{EncryptionPolicy, refused};
use crate::rejection::{ReasonCode, Rejection};

/// A cipher that policy allows here.
pub(super) enum ContentCipher {
    /// Nonce of 96 bits, ciphertext, tag of 128 bits (XML Encryption 1.1, section 5.2.4).
    Gcm(&'static aead::Algorithm),
    /// IV of 128 bits, ciphertext; the last byte counts the padding (section 5.2.3).
    Cbc(&'static cipher::Algorithm),
}

impl fmt::Debug for ContentCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gcm(algorithm) => f.debug_tuple("Gcm").field(algorithm).finish(),
            Self::Cbc(algorithm) => f.debug_tuple("Cbc").field(algorithm).finish(),
        }
    }
}

impl ContentCipher {
    pub(super) fn select(
        method: &str,
        policy: EncryptionPolicy,
        is_signed: bool,
    ) -> Result<Self, Rejection> {
        let cipher = match method {
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Self::Gcm(&aead::AES_128_GCM),
            "http://www.w3.org/2009/xmlenc11#aes192-gcm" => Self::Gcm(&aead::AES_192_GCM),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Self::Gcm(&aead::AES_256_GCM),
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Self::Cbc(&cipher::AES_128),
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => Self::Cbc(&cipher::AES_192),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Self::Cbc(&cipher::AES_256),
            "http://www.w3.org/2001/04/xmlenc#tripledes-cbc" => {
                return Err(refused("the assertion is encrypted with Triple DES"));
            }
            _ => {
                return Err(refused(
                    "the assertion is encrypted with an algorithm that is not on the allow-list",
                ));
            }
        };
        match (&cipher, policy) {
            (Self::Cbc(_), EncryptionPolicy::GcmOnly) => Err(Rejection::new(
                ReasonCode::EncryptionCbcRefused,
                "the assertion is encrypted with AES-CBC; choose AES-GCM at the identity provider, \
                 or have it sign the response and set `allow_cbc` for it in the access map",
            )),
            (Self::Cbc(_), EncryptionPolicy::AllowCbc) if !is_signed => Err(Rejection::new(
                ReasonCode::EncryptionCbcRefused,
                "the assertion is encrypted with AES-CBC in a response that is not signed; have \
                 the identity provider sign the response, or choose AES-GCM there",
            )),
            _ => Ok(cipher),
        }
    }

    /// The plaintext, or `None` whatever the reason.
    pub(super) fn open(&self, key: &[u8], value: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Gcm(algorithm) => open_gcm(algorithm, key, value),
            Self::Cbc(algorithm) => open_cbc(algorithm, key, value),
        }
    }
}

fn open_gcm(
    algorithm: &'static aead::Algorithm,
    key: &[u8],
    mut value: Vec<u8>,
) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let (nonce, sealed) = value.split_first_chunk_mut::<NONCE_LEN>()?;
    let nonce = Nonce::assume_unique_for_key(*nonce);
    key.open_in_place(nonce, Aad::empty(), sealed).ok().map(|plaintext| plaintext.to_vec())
}

fn open_cbc(
    algorithm: &'static cipher::Algorithm,
    key: &[u8],
    mut value: Vec<u8>,
) -> Option<Vec<u8>> {
    let key = DecryptingKey::cbc(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
    let (iv, blocks) = value.split_first_chunk_mut::<IV_LEN_128_BIT>()?;
    let context = DecryptionContext::Iv128((&*iv).into());
    let padded = &*key.decrypt(blocks, context).ok()?;
    // Unlike PKCS#7, only the last byte of the padding has a meaning.
    let padding = usize::from(*padded.last()?);
    let is_padding = (1..=algorithm.block_len()).contains(&padding);
    padded.get(..padded.len().checked_sub(padding)?).filter(|_| is_padding).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::cipher::{EncryptingKey, EncryptionContext};

    fn sealed(plaintext: &[u8]) -> Vec<u8> {
        let key = LessSafeKey::new(UnboundKey::new(&aead::AES_128_GCM, &[1; 16]).unwrap());
        let mut text = plaintext.to_vec();
        let nonce = Nonce::assume_unique_for_key([2; NONCE_LEN]);
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut text).unwrap();
        [[2; NONCE_LEN].as_slice(), &text].concat()
    }

    fn padded(blocks: &[u8]) -> Vec<u8> {
        let key = UnboundCipherKey::new(&cipher::AES_256, &[1; 32]).unwrap();
        let mut text = blocks.to_vec();
        let context = EncryptionContext::Iv128([2; IV_LEN_128_BIT].into());
        EncryptingKey::cbc(key).unwrap().less_safe_encrypt(&mut text, context).unwrap();
        [[2; IV_LEN_128_BIT].as_slice(), &text].concat()
    }

    #[test]
    fn gcm_opens_only_the_whole_under_its_key() {
        let gcm = ContentCipher::Gcm(&aead::AES_128_GCM);
        let value = sealed(b"text");
        assert_eq!(gcm.open(&[1; 16], value.clone()), Some(b"text".to_vec()));
        assert_eq!(gcm.open(&[3; 16], value.clone()), None, "another key");
        assert_eq!(gcm.open(&[1; 32], value.clone()), None, "a longer key");
        for at in 0..value.len() {
            let mut changed = value.clone();
            changed[at] ^= 1;
            assert_eq!(gcm.open(&[1; 16], changed), None, "byte {at}");
            assert_eq!(gcm.open(&[1; 16], value[..at].to_vec()), None, "cut at {at}");
        }
    }

    #[test]
    fn cbc_takes_the_length_of_the_padding_from_the_last_byte_alone() {
        let cbc = ContentCipher::Cbc(&cipher::AES_256);
        let open = |blocks: &[u8]| cbc.open(&[1; 32], padded(blocks));
        let block = |last: u8| [b"0123456789abcde".as_slice(), &[last]].concat();
        assert_eq!(open(&block(1)), Some(b"0123456789abcde".to_vec()));
        assert_eq!(open(&block(6)), Some(b"0123456789".to_vec()));
        assert_eq!(open(&block(16)), Some(Vec::new()));
        for last in [0, 17, 255] {
            assert_eq!(open(&block(last)), None, "{last}");
        }
        assert_eq!(open(b""), None, "no block at all");
        assert_eq!(cbc.open(&[1; 32], vec![0; 24]), None, "half a block");
        assert_eq!(cbc.open(&[1; 16], padded(&block(1))), None, "a shorter key");
    }

    #[test]
    fn ciphers_are_refused_by_name() {
        let code = |method, policy, is_signed| {
            ContentCipher::select(method, policy, is_signed).unwrap_err().code()
        };
        let cbc = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
        let cbc_code = ReasonCode::EncryptionCbcRefused;
        assert_eq!(code(cbc, EncryptionPolicy::GcmOnly, true), cbc_code);
        assert_eq!(code(cbc, EncryptionPolicy::AllowCbc, false), cbc_code);
        assert!(ContentCipher::select(cbc, EncryptionPolicy::AllowCbc, true).is_ok());
        for method in [
            "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
            "http://www.w3.org/2001/04/xmlenc#aes128-gcm",
            "http://www.w3.org/2009/xmlenc11#aes128-cbc",
            "http://www.w3.org/2001/04/xmlenc#kw-aes128",
            "",
        ] {
            let refused = ReasonCode::EncryptionAlgorithmRefused;
            assert_eq!(code(method, EncryptionPolicy::AllowCbc, true), refused, "{method}");
        }
    }
}

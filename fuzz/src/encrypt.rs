//! Encryption for us, which anybody can do: our public key is in our metadata.

use std::sync::LazyLock;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::OUR_KEY;

const KEY: [u8; 16] = [7; 16];
const NONCE: [u8; 12] = [9; 12];

/// The content key, wrapped for us: the one slow step, once.
static WRAPPED: LazyLock<String> = LazyLock::new(|| {
    let block = OUR_KEY.split("-----").nth(2).unwrap().replace('\n', "");
    let private = PrivateDecryptingKey::from_pkcs8(&STANDARD.decode(block).unwrap()).unwrap();
    let public = OaepPublicEncryptingKey::new(private.public_key()).unwrap();
    let mut wrapped = vec![0; public.ciphertext_size()];
    public.encrypt(&OAEP_SHA1_MGF1SHA1, &KEY, &mut wrapped, None).unwrap();
    STANDARD.encode(wrapped)
});

/// An otherwise good response to `_request1` with this for its encrypted assertion.
pub fn encrypted(plaintext: &[u8]) -> String {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &KEY).unwrap());
    let mut text = plaintext.to_vec();
    let nonce = Nonce::assume_unique_for_key(NONCE);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut text).unwrap();
    let content = STANDARD.encode([NONCE.as_slice(), &text].concat());
    format!(
        r##"<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" Destination="https://sp.example/saml/acs" ID="_response1" InResponseTo="_request1" IssueInstant="2026-11-21T10:00:00Z" Version="2.0"><a:Issuer>https://idp.example/metadata</a:Issuer><p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status><a:EncryptedAssertion><x:EncryptedData xmlns:x="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><x:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/><d:KeyInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#"><x:EncryptedKey><x:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/><x:CipherData><x:CipherValue>{}</x:CipherValue></x:CipherData></x:EncryptedKey></d:KeyInfo><x:CipherData><x:CipherValue>{content}</x:CipherValue></x:CipherData></x:EncryptedData></a:EncryptedAssertion></p:Response>"##,
        *WRAPPED
    )
}

//! Encrypted assertions: a strict subset of XML Encryption, on `aws-lc-rs`.
//!
//! <https://www.w3.org/TR/xmlenc-core1/>, as SAML core 2.3.4 uses it. General libraries decrypt
//! whatever the sender names; a door must refuse most of that, so the subset is our own: one fixed
//! grammar ([`form`]), RSA-OAEP for the key ([`transport`]), AES-GCM for the content, and AES-CBC
//! where the configuration allows it ([`content`]).
//!
//! # What an attacker can learn
//!
//! Encryption proves nothing about the sender: our public key is in our metadata, and anybody can
//! encrypt to it. So what comes out is judged like any other assertion, and nothing in it is
//! believed without a signature. The other danger is the reverse: that our answers decrypt, bit by
//! bit, what an attacker has captured. What closes that:
//!
//! * RSA PKCS#1 v1.5 is refused, so there is no padding to ask about (Bleichenbacher). OAEP is
//!   decoded by the library in constant time, and a wrong label hash, a wrong first byte and a
//!   wrong separator are one error (Manger). Whether OAEP held at all may show in the time taken;
//!   nobody can make it hold but by encrypting to us, which tells them nothing.
//! * Unwrapping, decryption, padding and text encoding fail with one code and one sentence,
//!   `decryption-failed`.
//! * AES-CBC has no integrity: whether a changed ciphertext has good padding, or decrypts to XML,
//!   is an oracle (Jager and Somorovsky 2011). It is therefore decrypted only inside a Response
//!   whose signature has been verified over that very ciphertext, which nobody else can change.
//! * For the same reason a captured AES-GCM key cannot be asked about under the name of AES-CBC
//!   (Jager, Paterson and Somorovsky 2013).
//! * What a verified plaintext looks like is reported by the ordinary codes. It is either the
//!   identity provider's or, under AES-GCM, of somebody who knew its key.

mod content;
mod form;
mod transport;

use self::content::ContentCipher;
pub(crate) use self::form::EncryptedForm;
use crate::dom::Node;
use crate::escape;
use crate::rejection::{ReasonCode, Rejection};
use crate::sp_key::ServiceProviderKey;

/// XML Encryption 1.0, which 1.1 kept.
const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// What XML Encryption 1.1 added.
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

/// Most private-key operations for one response. A genuine one costs one, or two while our own keys
/// roll over; nobody has vouched for the response when they are spent. Four and the largest
/// ciphertext together cost less than five times a genuine encrypted response.
const MAX_UNWRAPS: usize = 4;

/// Which ciphers an identity provider may encrypt assertions with. The key is always wrapped with
/// RSA-OAEP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EncryptionPolicy {
    /// AES-GCM with 128, 192 or 256 bits.
    #[default]
    GcmOnly,
    /// In addition AES-CBC, when the Response is signed: several identity providers know nothing
    /// else. An unsigned Response with AES-CBC is refused whatever its assertion says.
    AllowCbc,
}

/// Decrypts one assertion. `is_signed` says that the form was read from bytes under a verified
/// signature.
///
/// # Errors
/// An algorithm that is refused, before anything is computed; that there is no key; or
/// [`ReasonCode::DecryptionFailed`] for everything else.
pub(crate) fn decrypt(
    form: EncryptedForm<'_>,
    keys: &[ServiceProviderKey],
    policy: EncryptionPolicy,
    is_signed: bool,
) -> Result<String, Rejection> {
    let cipher = ContentCipher::select(form.method, policy, is_signed)?;
    let wrapped = form
        .keys
        .iter()
        .map(|key| Ok((transport::select(key)?, key.value.as_slice())))
        .collect::<Result<Vec<_>, Rejection>>()?;
    if keys.is_empty() {
        return Err(Rejection::new(
            ReasonCode::DecryptionKeyMissing,
            "the assertion is encrypted, and no decryption key is configured here; configure one, \
             or turn encryption off at the identity provider",
        ));
    }
    wrapped
        .iter()
        .flat_map(|(algorithm, value)| {
            keys.iter().map(move |key| (key.decrypting_key(), *algorithm, *value))
        })
        .filter(|(key, _, value)| key.key_size_bytes() == value.len())
        .take(MAX_UNWRAPS)
        .find_map(|(key, algorithm, value)| transport::unwrap(key, algorithm, value))
        .and_then(|key| cipher.open(&key, form.value))
        .and_then(|plaintext| String::from_utf8(plaintext).ok())
        .ok_or_else(|| {
            Rejection::new(
                ReasonCode::DecryptionFailed,
                "the assertion cannot be decrypted; was it encrypted with the current certificate \
                 of this service provider?",
            )
        })
}

/// The plaintext inside an element that declares what `place`, the encrypted assertion, has in
/// scope. By XML Encryption (section 4.4) the plaintext stands in place of what was encrypted, and
/// libxmlsec1 leaves out of it the declarations of its surroundings.
///
/// Whatever the plaintext holds, it cannot leave the element: a second root is not well-formed.
pub(crate) fn in_context(plaintext: &str, place: Node<'_, '_>) -> String {
    let mut text = String::from("<context");
    let mut declared = Vec::new();
    for declaration in place.ancestors().flat_map(|node| node.declarations()) {
        let prefix = declaration.prefix;
        if !declared.contains(&prefix) {
            declared.push(prefix);
            text.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            text.push_str(prefix);
            text.push_str("=\"");
            escape::push_attribute(&mut text, declaration.namespace);
            text.push('"');
        }
    }
    text.push('>');
    text.push_str(plaintext);
    text.push_str("</context>");
    text
}

fn malformed(detail: &'static str) -> Rejection {
    Rejection::new(ReasonCode::EncryptionMalformed, detail)
}

fn refused(detail: &'static str) -> Rejection {
    Rejection::new(ReasonCode::EncryptionAlgorithmRefused, detail)
}

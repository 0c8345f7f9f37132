//! The signature on our cookies.
//!
//! A cookie is `secret.mac`: 32 random bytes, and an HMAC-SHA-256 over them and over what the cookie
//! is for, both in hexadecimal. What is not ours is told by arithmetic alone, so that garbage never
//! reaches the store. The secret is what counts: whoever stole the key could sign, and would still
//! have to guess the 256 bits of somebody's session.

use super::SessionToken;
use crate::ports::{Entropy, Secrets, StoreError};
use aws_lc_rs::hmac;
use std::fmt;

/// What a cookie is for. One cannot be shown in place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CookieUse {
    /// Who is signed in.
    Session,
    /// Which browser began to sign in.
    Login,
}

impl CookieUse {
    const fn label(self) -> &'static str {
        match self {
            Self::Session => "stagedoor session cookie",
            Self::Login => "stagedoor login cookie",
        }
    }
}

/// The keys that cookies are signed with: one signs, and one more is still believed while it rolls
/// over. Shared by all replicas. Does not print.
#[derive(Clone)]
pub struct CookieKeys {
    current: hmac::Key,
    previous: Option<hmac::Key>,
}

impl CookieKeys {
    /// One key, by which all is signed and believed.
    pub fn new(current: [u8; 32]) -> Self {
        Self { current: hmac::Key::new(hmac::HMAC_SHA256, &current), previous: None }
    }

    /// Believes cookies of the key before this one too.
    #[must_use]
    pub fn with_previous(self, previous: [u8; 32]) -> Self {
        Self { previous: Some(hmac::Key::new(hmac::HMAC_SHA256, &previous)), ..self }
    }

    /// The keys of this generation from the store, made there if they are missing. A roll-over is a
    /// start with the next generation: cookies of the one before stay good. Begin with 1.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub async fn load(
        secrets: &dyn Secrets,
        entropy: &dyn Entropy,
        generation: u32,
    ) -> Result<Self, StoreError> {
        let name = |generation: u32| format!("cookie-key-{generation}");
        let current = secrets.get_or_create(&name(generation), entropy.bytes()).await?;
        let keys = Self::new(current);
        match generation.checked_sub(1).filter(|before| *before > 0) {
            Some(before) => {
                let previous = secrets.get_or_create(&name(before), entropy.bytes()).await?;
                Ok(keys.with_previous(previous))
            }
            None => Ok(keys),
        }
    }

    /// The cookie for a fresh secret.
    pub(super) fn sign(&self, purpose: CookieUse, secret: [u8; 32]) -> SessionToken {
        let secret = hex::encode(secret);
        let mac = hmac::sign(&self.current, &message(purpose, &secret));
        SessionToken::new(format!("{secret}.{}", hex::encode(mac)))
    }

    /// Whether we made the cookie for this purpose. Takes the same time whichever byte is wrong.
    pub(super) fn made(&self, purpose: CookieUse, cookie: &SessionToken) -> bool {
        let Some((secret, mac)) = cookie.reveal().split_once('.') else { return false };
        let Ok(mac) = hex::decode(mac) else { return false };
        let message = message(purpose, secret);
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        keys.any(|key| hmac::verify(key, &message, &mac).is_ok())
    }
}

impl fmt::Debug for CookieKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieKeys(redacted)")
    }
}

fn message(purpose: CookieUse, secret: &str) -> Vec<u8> {
    // The label has a fixed length for its purpose and ends in NUL, which no secret holds.
    [purpose.label().as_bytes(), &[0], secret.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_for_the_purpose_is_ours() {
        let keys = CookieKeys::new([7; 32]);
        let cookie = keys.sign(CookieUse::Session, [1; 32]);
        assert!(keys.made(CookieUse::Session, &cookie));
        assert!(!keys.made(CookieUse::Login, &cookie));
        assert!(!CookieKeys::new([8; 32]).made(CookieUse::Session, &cookie));
        let text = cookie.reveal();
        assert_eq!(text.len(), 129);
        let (secret, mac) = text.split_once('.').unwrap();
        for bad in [
            String::new(),
            ".".into(),
            secret.into(),
            format!("{secret}."),
            format!("{secret}.{}", mac.split_at(62).0),
            format!("{}.{mac}", "02".repeat(32)),
            format!("{text}.x"),
            format!("{secret}.{}", "0".repeat(64)),
        ] {
            assert!(!keys.made(CookieUse::Session, &SessionToken::new(bad.clone())), "{bad}");
        }
    }

    #[test]
    fn cookies_of_the_key_before_stay_good_and_those_of_older_ones_do_not() {
        let old = CookieKeys::new([1; 32]).sign(CookieUse::Session, [9; 32]);
        let next = CookieKeys::new([2; 32]).with_previous([1; 32]);
        assert!(next.made(CookieUse::Session, &old));
        let fresh = next.sign(CookieUse::Session, [9; 32]);
        assert_ne!(fresh, old);
        let after = CookieKeys::new([3; 32]).with_previous([2; 32]);
        assert!(after.made(CookieUse::Session, &fresh) && !after.made(CookieUse::Session, &old));
        assert_eq!(format!("{next:?}"), "CookieKeys(redacted)");
    }
}

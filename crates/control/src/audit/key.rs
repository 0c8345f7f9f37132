//! The key that entries are sealed with.

use aws_lc_rs::{hmac, rand};
use std::fmt;

/// The name of the secret that a store keeps as its key, where none is given.
pub const STORE_KEY: &str = "audit chain";

/// What a key's id is made of.
const ID: &[u8] = b"stagedoor audit key id";

/// A key of HMAC-SHA-256. Its `Debug` shows the id alone.
#[derive(Clone)]
pub struct ChainKey {
    id: String,
    key: hmac::Key,
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl ChainKey {
    /// A key of 32 bytes that nobody can guess.
    pub fn new(bytes: &[u8; 32]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let id = hex::encode(hmac::sign(&key, ID)).chars().take(16).collect();
        Self { id, key }
    }

    /// The key that a text holds: 64 hexadecimal digits, white space around them apart.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = hex::decode(text.trim()).ok()?;
        Some(Self::new(&<[u8; 32]>::try_from(bytes).ok()?))
    }

    /// Names the key, and tells nothing of it: 16 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// HMAC-SHA-256 in lower-case hexadecimal.
    pub(crate) fn mac(&self, bytes: &[u8]) -> String {
        hex::encode(hmac::sign(&self.key, bytes))
    }

    /// Whether `mac` is the one of `bytes`, compared in constant time.
    pub(crate) fn made(&self, bytes: &[u8], mac: &str) -> bool {
        hex::decode(mac).is_ok_and(|mac| hmac::verify(&self.key, bytes, &mac).is_ok())
    }
}

/// The key that seals, and those that sealed before.
#[derive(Debug, Clone)]
pub struct KeyRing {
    current: ChainKey,
    former: Vec<ChainKey>,
}

impl KeyRing {
    /// A ring with one key.
    pub fn new(current: ChainKey) -> Self {
        Self { current, former: Vec::new() }
    }

    /// With a key that sealed before.
    #[must_use]
    pub fn with_former(mut self, key: ChainKey) -> Self {
        self.former.push(key);
        self
    }

    /// The key that seals.
    pub fn current(&self) -> &ChainKey {
        &self.current
    }

    /// The key with this id.
    pub fn get(&self, id: &str) -> Option<&ChainKey> {
        std::iter::once(&self.current).chain(&self.former).find(|key| key.id == id)
    }
}

/// What there is to do where the log was sealed with a key that a process was not given.
pub const NAME_THE_KEY: &str = "set STAGEDOOR_AUDIT_KEY as the other processes have it, or name the former key in \
     STAGEDOOR_AUDIT_FORMER_KEYS (`store`: the one that the store keeps)";

/// Why nothing can be appended where the log was sealed with this key.
pub fn not_given(key: &str) -> String {
    format!("the audit log was sealed with key {key}, which was not given: {NAME_THE_KEY}")
}

/// Bytes for a new key; `None` if the machine has no randomness to give.
pub fn fresh_key() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).is_ok().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_and_not_shown() {
        let key = ChainKey::new(&[7; 32]);
        assert_eq!(key.id().len(), 16);
        assert_eq!(format!("{key:?}"), format!("ChainKey {{ id: \"{}\", .. }}", key.id()));
        assert!(!key.id().contains("0707"));
        let text = format!(" {}\n", "07".repeat(32));
        assert_eq!(ChainKey::parse(&text).unwrap().id(), key.id());
        for no in ["", "07", "zz", &"07".repeat(33), "my secret"] {
            assert!(ChainKey::parse(no).is_none(), "{no}");
        }
        assert_ne!(fresh_key(), fresh_key());
    }

    #[test]
    fn a_ring_finds_the_key_that_sealed() {
        let [old, new] = [[1; 32], [2; 32]].map(|bytes| ChainKey::new(&bytes));
        let ring = KeyRing::new(new.clone()).with_former(old.clone());
        assert_eq!(ring.current().id(), new.id());
        assert_eq!(ring.get(old.id()).unwrap().id(), old.id());
        assert!(ring.get("0000000000000000").is_none());
        let mac = new.mac(b"x");
        assert!(new.made(b"x", &mac));
        assert!(!new.made(b"y", &mac) && !old.made(b"x", &mac) && !new.made(b"x", "no hex"));
    }
}

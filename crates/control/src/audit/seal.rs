//! Sealing an entry into its place in a chain.

use super::canonical::{self, Standing};
use super::key::{ChainKey, KeyRing};
use crate::ports::{AuditEntry, ChainId, Seal, SealedEntry};
use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;

/// What the first entry of a chain has for the hash of the entry before.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The last entry of a chain, as far as the next one needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0: the chain is empty.
    pub seq: u64,
    /// Its hash; [`GENESIS`] for an empty chain.
    pub hash: String,
}

impl Head {
    /// Before the first entry.
    pub fn empty() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned() }
    }
}

/// Seals an entry as the next after `head`, and moves the head to it. The caller trims the time to
/// the microsecond ([`trimmed`]): it is what stores keep, and so what is sealed.
pub fn seal(entry: &AuditEntry, chain: &ChainId, head: &mut Head, key: &ChainKey) -> Seal {
    seal_placed(entry, chain, head, key, None)
}

/// The same for an entry of which there is a copy in the history of its person, at `place`: so that
/// the copy is believed there and nowhere else.
pub fn seal_placed(
    entry: &AuditEntry,
    chain: &ChainId,
    head: &mut Head,
    key: &ChainKey,
    place: Option<&str>,
) -> Seal {
    let seq = head.seq.saturating_add(1);
    let standing = Standing { chain, seq, prev: &head.hash, place, key: key.id() };
    let bytes = canonical::of_entry(entry, standing);
    let hash = sha256(bytes.as_bytes());
    let seal = Seal {
        chain: chain.clone(),
        seq,
        prev: std::mem::replace(&mut head.hash, hash.clone()),
        place: place.map(str::to_owned),
        hash,
        key: key.id().to_owned(),
        mac: key.mac(bytes.as_bytes()),
    };
    head.seq = seq;
    seal
}

/// What is wrong with an entry by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// No key of the ring has the id of its seal.
    UnknownKey,
    /// Its content is not what was sealed.
    Changed,
}

/// Looks at one entry by itself, without its neighbours.
pub(super) fn check(sealed: &SealedEntry, keys: &KeyRing) -> Result<(), Broken> {
    let SealedEntry { entry, seal } = sealed;
    let key = keys.get(&seal.key).ok_or(Broken::UnknownKey)?;
    let bytes = canonical::of_entry(entry, Standing::from(seal));
    if seal.hash != sha256(bytes.as_bytes()) || !key.made(bytes.as_bytes(), &seal.mac) {
        return Err(Broken::Changed);
    }
    Ok(())
}

/// Whether an entry is what was sealed, looked at without its neighbours.
pub fn is_whole(sealed: &SealedEntry, keys: &KeyRing) -> bool {
    check(sealed, keys).is_ok()
}

/// The last whole microsecond that is not after `at`.
pub fn trimmed(at: Timestamp) -> Timestamp {
    let micros = at.as_nanosecond().div_euclid(1_000);
    i64::try_from(micros)
        .ok()
        .and_then(|micros| Timestamp::from_microsecond(micros).ok())
        .unwrap_or(at)
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::AuditEvent;

    /// Figures that another program computes: `docs/audit.md` has the script.
    #[test]
    fn a_seal_is_what_others_compute() {
        let entry = AuditEntry::new(
            "2026-11-21T09:00:00Z".parse().unwrap(),
            AuditEvent::SignIn,
            "signed-in",
        );
        let (chain, key) = (ChainId("main".to_owned()), ChainKey::new(&[0x0b; 32]));
        let mut head = Head::empty();
        let seal = seal(&entry, &chain, &mut head, &key);
        assert_eq!((seal.seq, seal.prev.as_str()), (1, GENESIS));
        assert_eq!(head, Head { seq: 1, hash: seal.hash.clone() });
        assert_eq!(
            (seal.key.as_str(), seal.hash.as_str(), seal.mac.as_str()),
            (
                "6d1402e759477f4e",
                "08d14e9e230f41304281b1bf2edf2adfd738800dc984a5121d979b4f2e8e0b7f",
                "6f6fec858b66744815a76615e726d9c6e760fb9cc8c6f08015f9e420a2d16bbc"
            )
        );
        let mut sealed = SealedEntry { entry, seal };
        let keys = KeyRing::new(key);
        assert_eq!(check(&sealed, &keys), Ok(()));
        assert_eq!(check(&sealed, &KeyRing::new(ChainKey::new(&[1; 32]))), Err(Broken::UnknownKey));
        sealed.entry.code = "other".to_owned();
        assert_eq!(check(&sealed, &keys), Err(Broken::Changed));
    }

    #[test]
    fn times_are_trimmed_downwards_on_both_sides_of_1970() {
        for (nanos, micros) in [(1_999, 1), (-1, -1), (2_000, 2)] {
            let at = Timestamp::from_nanosecond(nanos).unwrap();
            assert_eq!(trimmed(at), Timestamp::from_microsecond(micros).unwrap());
        }
    }
}

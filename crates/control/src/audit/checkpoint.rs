//! Checkpoints: how far each chain went at some time, signed, to be kept where whoever can change the
//! log cannot.

use super::canonical::{CHECKPOINT_FORMAT, Canonical, time};
use super::key::KeyRing;
use crate::ports::{ChainHead, ChainId};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How far the log went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// [`CHECKPOINT_FORMAT`].
    pub format: String,
    /// When.
    pub at: Timestamp,
    /// How many entries there were ever, those of a removed beginning counted.
    pub entries: u64,
    /// Each chain, by its id.
    pub chains: Vec<ChainHead>,
    /// What signed it: the id of an audit key, or the ARN of a KMS key.
    pub key: String,
    /// Its signature: hexadecimal by an audit key, base64 by KMS.
    pub signature: String,
}

impl Checkpoint {
    /// A checkpoint of these chains, without signature yet.
    pub fn of(at: Timestamp, mut chains: Vec<ChainHead>, key: String) -> Self {
        chains.sort_by(|a, b| a.chain.cmp(&b.chain));
        let entries = chains.iter().map(|head| head.seq).sum();
        let format = CHECKPOINT_FORMAT.to_owned();
        Self { format, at: super::trimmed(at), entries, chains, key, signature: String::new() }
    }

    /// The bytes that are signed: canonical JSON (RFC 8785) without the signature.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let heads: Vec<String> = self
            .chains
            .iter()
            .map(|head| {
                let mut object = Canonical::object();
                object.text("chain", &head.chain.0);
                object.text("hash", &head.hash);
                object.number("seq", head.seq);
                object.end()
            })
            .collect();
        let mut object = Canonical::object();
        object.text("at", &time(self.at));
        object.raw("chains", &format!("[{}]", heads.join(",")));
        object.number("entries", self.entries);
        object.text("format", &self.format);
        object.text("key", &self.key);
        object.end().into_bytes()
    }

    /// Whether its signature holds.
    pub(super) async fn holds(&self, notary: &dyn Notary) -> Result<bool, PlaceError> {
        notary.made(&self.key, &self.signed_bytes(), &self.signature).await
    }

    /// How far it says that a chain went.
    pub fn head(&self, chain: &ChainId) -> Option<&ChainHead> {
        self.chains.iter().find(|head| head.chain == *chain)
    }

    /// One line of JSON.
    pub fn line(&self) -> String {
        let members = String::from_utf8(self.signed_bytes()).unwrap_or_default();
        let members = members.trim_end_matches('}');
        let mut signature = Canonical::object();
        signature.text("signature", &self.signature);
        let signature = signature.end();
        format!("{members},{}\n", signature.trim_start_matches('{'))
    }
}

/// A checkpoint could not be signed, judged, kept or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct PlaceError {
    /// What was asked.
    pub place: String,
    /// What went wrong.
    pub message: String,
}

/// Signs checkpoints, and tells whether a signature is its own.
#[async_trait]
pub trait Notary: Send + Sync + fmt::Debug {
    /// What a checkpoint names as its key.
    fn key(&self) -> String;

    /// The signature of these bytes.
    async fn sign(&self, bytes: &[u8]) -> Result<String, PlaceError>;

    /// Whether the signature is the one of these bytes by the key that a checkpoint names.
    async fn made(&self, key: &str, bytes: &[u8], signature: &str) -> Result<bool, PlaceError>;
}

#[async_trait]
impl Notary for KeyRing {
    fn key(&self) -> String {
        self.current().id().to_owned()
    }

    async fn sign(&self, bytes: &[u8]) -> Result<String, PlaceError> {
        Ok(self.current().mac(bytes))
    }

    async fn made(&self, key: &str, bytes: &[u8], signature: &str) -> Result<bool, PlaceError> {
        Ok(self.get(key).is_some_and(|key| key.made(bytes, signature)))
    }
}

/// Where checkpoints are kept, outside of the store.
#[async_trait]
pub trait CheckpointPlace: Send + Sync + fmt::Debug {
    /// Keeps one. What was kept before stays.
    async fn keep(&self, checkpoint: &Checkpoint) -> Result<(), PlaceError>;

    /// All that are kept, oldest first.
    async fn all(&self) -> Result<Vec<Checkpoint>, PlaceError>;

    /// The newest one.
    async fn newest(&self) -> Result<Option<Checkpoint>, PlaceError> {
        Ok(self.all().await?.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::ChainKey;

    #[tokio::test]
    async fn a_checkpoint_is_signed_over_these_bytes_and_comes_back_from_its_line() {
        let head = |chain: &str, seq| ChainHead {
            chain: ChainId(chain.to_owned()),
            seq,
            hash: format!("{seq:064x}"),
        };
        let keys = KeyRing::new(ChainKey::new(&[5; 32]));
        let at = "2026-11-21T09:00:00.123456789Z".parse().unwrap();
        let mut made = Checkpoint::of(at, vec![head("b", 2), head("a", 3)], keys.key());
        let bytes = made.signed_bytes();
        let [three, two] = [3, 2].map(|n| format!("{n:064x}"));
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            format!(
                "{{\"at\":\"2026-11-21T09:00:00.123456Z\",\"chains\":[{{\"chain\":\"a\",\
                 \"hash\":\"{three}\",\"seq\":3}},{{\"chain\":\"b\",\"hash\":\"{two}\",\"seq\":2}}],\
                 \"entries\":5,\"format\":\"stagedoor-audit-checkpoint/1\",\"key\":\"{}\"}}",
                keys.current().id()
            )
        );
        made.signature = keys.sign(&bytes).await.unwrap();
        let back: Checkpoint = serde_json::from_str(&made.line()).unwrap();
        assert_eq!(back, made);
        let made_by = |bytes: Vec<u8>| {
            let (keys, made) = (keys.clone(), made.clone());
            async move { keys.made(&made.key, &bytes, &made.signature).await.unwrap() }
        };
        assert!(made_by(back.signed_bytes()).await);
        let moved = Checkpoint { entries: 6, ..back };
        assert!(!made_by(moved.signed_bytes()).await);
    }
}

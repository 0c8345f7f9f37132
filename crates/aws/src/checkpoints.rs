//! Checkpoints of the audit log: signed by KMS, kept in S3.

use crate::client::kms::{GenerateMac, Kms, VerifyMac};
use crate::client::s3::S3;
use async_trait::async_trait;
use aws_smithy_types::base64;
use aws_types::SdkConfig;
use control::audit::{Checkpoint, CheckpointPlace, KeyRing, Notary, PlaceError};
use control::ports::CallError;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The one algorithm: the key must have the spec `HMAC_256`.
const ALGORITHM: &str = "HMAC_SHA_256";

/// Of what the key of entries is the MAC.
const DERIVED: &[u8] = b"stagedoor audit entry key 1";

/// Objects that are read side by side.
const AT_ONCE: usize = 16;

/// A KMS key for MACs.
#[derive(Debug, Clone)]
pub struct MacKey {
    kms: Kms,
    id: String,
    /// Keys that signed before there was one in KMS.
    before: Option<KeyRing>,
}

impl MacKey {
    pub(crate) fn new(sdk: &SdkConfig, id: &str) -> Self {
        Self { kms: Kms::new(sdk), id: id.to_owned(), before: None }
    }

    /// The same, which believes these keys too.
    #[must_use]
    pub fn with_former(self, keys: KeyRing) -> Self {
        Self { before: Some(keys), ..self }
    }

    /// The bytes that entries are sealed with: the MAC of a fixed text. KMS is asked once in the life
    /// of a process, and whoever may not use the key cannot find them out.
    ///
    /// # Errors
    /// The call fails, or the key is no key for HMAC-SHA-256.
    pub async fn derived(&self) -> Result<[u8; 32], CallError> {
        let mac = self.generated(DERIVED).await?;
        let bytes = base64::decode(&mac).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.ok_or_else(|| {
            crate::failure::unreadable("kms", "GenerateMac", "the MAC is not 32 bytes".to_owned())
        })
    }

    async fn generated(&self, message: &[u8]) -> Result<String, CallError> {
        let request = GenerateMac {
            key_id: self.id.clone(),
            mac_algorithm: ALGORITHM.to_owned(),
            message: base64::encode(message),
        };
        self.kms.generate_mac(&request).await?.mac.ok_or_else(|| {
            crate::failure::unreadable("kms", "GenerateMac", "the answer has no MAC".to_owned())
        })
    }

    fn failed(&self, error: &CallError) -> PlaceError {
        PlaceError { place: format!("KMS key {}", self.id), message: error.to_string() }
    }
}

/// What KMS makes the MAC of: it takes 4,096 bytes at most.
fn message(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

#[async_trait]
impl Notary for MacKey {
    fn key(&self) -> String {
        self.id.clone()
    }

    async fn sign(&self, bytes: &[u8]) -> Result<String, PlaceError> {
        self.generated(&message(bytes)).await.map_err(|error| self.failed(&error))
    }

    async fn made(&self, key: &str, bytes: &[u8], signature: &str) -> Result<bool, PlaceError> {
        if key != self.id {
            return match &self.before {
                Some(keys) => keys.made(key, bytes, signature).await,
                None => Ok(false),
            };
        }
        let request = VerifyMac {
            key_id: self.id.clone(),
            mac_algorithm: ALGORITHM.to_owned(),
            message: base64::encode(message(bytes)),
            mac: signature.to_owned(),
        };
        match self.kms.verify_mac(&request).await {
            Ok(answer) => Ok(answer.mac_valid == Some(true)),
            Err(error) if error.aws_code.as_deref() == Some("KMSInvalidMacException") => Ok(false),
            // What is no base64, or has another length.
            Err(error) if error.aws_code.as_deref() == Some("SerializationException") => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }
}

/// Checkpoints as objects of a bucket, each under a key of its own: nothing is written over, and
/// where the bucket locks objects by default nothing can be removed either.
#[derive(Debug, Clone)]
pub struct S3Checkpoints {
    s3: S3,
    bucket: String,
    prefix: String,
}

impl S3Checkpoints {
    pub(crate) fn new(sdk: &SdkConfig, bucket: &str, prefix: &str) -> Self {
        Self { s3: S3::new(sdk), bucket: bucket.to_owned(), prefix: prefix.to_owned() }
    }

    fn failed(&self, error: &dyn fmt::Display) -> PlaceError {
        let place = format!("s3://{}/{}", self.bucket, self.prefix);
        PlaceError { place, message: error.to_string() }
    }

    async fn keys(&self) -> Result<Vec<String>, PlaceError> {
        self.s3.keys(&self.bucket, &self.prefix).await.map_err(|error| self.failed(&error))
    }

    async fn read(&self, key: String) -> Result<Checkpoint, PlaceError> {
        let text = self.s3.get(&self.bucket, &key).await.map_err(|error| self.failed(&error))?;
        serde_json::from_str(&text)
            .map_err(|error| self.failed(&format!("{key} is no checkpoint: {error}")))
    }
}

#[async_trait]
impl CheckpointPlace for S3Checkpoints {
    async fn keep(&self, checkpoint: &Checkpoint) -> Result<(), PlaceError> {
        let text = checkpoint.line();
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        let digest: String = digest.chars().take(12).collect();
        // By time, so that the last one is the newest.
        let key = format!("{}{:.6}-{digest}.json", self.prefix, checkpoint.at);
        let put = self.s3.put_new(&self.bucket, &key, &text).await;
        put.map_err(|error| self.failed(&error))
    }

    async fn all(&self) -> Result<Vec<Checkpoint>, PlaceError> {
        let keys = self.keys().await?;
        stream::iter(keys).map(|key| self.read(key)).buffered(AT_ONCE).try_collect().await
    }

    async fn newest(&self) -> Result<Option<Checkpoint>, PlaceError> {
        match self.keys().await?.pop() {
            Some(key) => self.read(key).await.map(Some),
            None => Ok(None),
        }
    }
}

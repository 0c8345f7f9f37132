//! KMS, as far as it is called: the state and the policy of a key, and MACs.

use super::channel::Channel;
use super::endpoint::Service;
use super::json;
use aws_types::SdkConfig;
use control::ports::CallError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What operations' names are prefixed with in `x-amz-target`.
pub const TARGET_PREFIX: &str = "TrentService";

/// Request of `DescribeKey` and of `GetKeyPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct OfKey {
    pub key_id: String,
}

/// Answer of `DescribeKey`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct DescribeKeyOutput {
    pub key_metadata: Option<KeyMetadata>,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct KeyMetadata {
    pub arn: Option<String>,
    pub key_state: Option<String>,
    pub key_manager: Option<String>,
}

/// Answer of `GetKeyPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct GetKeyPolicyOutput {
    pub policy: Option<String>,
}

/// Request of `GenerateMac`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct GenerateMac {
    pub key_id: String,
    pub mac_algorithm: String,
    /// In base64.
    pub message: String,
}

/// Answer of `GenerateMac`. Its `Debug` does not show the MAC: a key can be made of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct GenerateMacOutput {
    pub mac: Option<String>,
}

impl fmt::Debug for GenerateMacOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerateMacOutput").finish_non_exhaustive()
    }
}

/// Request of `VerifyMac`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct VerifyMac {
    pub key_id: String,
    pub mac_algorithm: String,
    pub message: String,
    pub mac: String,
}

/// Answer of `VerifyMac`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct VerifyMacOutput {
    pub mac_valid: Option<bool>,
}

/// KMS in one account and Region.
#[derive(Debug, Clone)]
pub struct Kms(Channel);

impl Kms {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self(Channel::new(Service::Kms, sdk))
    }

    /// What the key is, and its state.
    pub async fn describe(&self, request: &OfKey) -> Result<DescribeKeyOutput, CallError> {
        json::call(&self.0, TARGET_PREFIX, "DescribeKey", request).await
    }

    /// The MAC of a message.
    pub async fn generate_mac(
        &self,
        request: &GenerateMac,
    ) -> Result<GenerateMacOutput, CallError> {
        json::call(&self.0, TARGET_PREFIX, "GenerateMac", request).await
    }

    /// Whether a MAC is the one of a message. One that is not is a refusal
    /// (`KMSInvalidMacException`).
    pub async fn verify_mac(&self, request: &VerifyMac) -> Result<VerifyMacOutput, CallError> {
        json::call(&self.0, TARGET_PREFIX, "VerifyMac", request).await
    }

    /// Its policy, as JSON text.
    pub async fn policy(&self, request: &OfKey) -> Result<GetKeyPolicyOutput, CallError> {
        json::call(&self.0, TARGET_PREFIX, "GetKeyPolicy", request).await
    }
}

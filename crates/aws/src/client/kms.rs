//! KMS, as far as it is called: the state and the policy of a key.

use super::channel::Channel;
use super::endpoint::Service;
use super::json;
use aws_types::SdkConfig;
use control::ports::CallError;
use serde::{Deserialize, Serialize};

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

    /// Its policy, as JSON text.
    pub async fn policy(&self, request: &OfKey) -> Result<GetKeyPolicyOutput, CallError> {
        json::call(&self.0, TARGET_PREFIX, "GetKeyPolicy", request).await
    }
}

//! Secrets Manager, as far as it is called: reading one secret.

use super::channel::Channel;
use super::endpoint::Service;
use super::json;
use aws_types::SdkConfig;
use control::ports::{CallError, FailureKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What operations' names are prefixed with in `x-amz-target`.
pub const TARGET_PREFIX: &str = "secretsmanager";

const OPERATION: &str = "GetSecretValue";

/// Request of `GetSecretValue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct GetSecretValue {
    pub secret_id: String,
    pub version_stage: Option<String>,
}

/// Answer of `GetSecretValue`. Its `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct GetSecretValueOutput {
    pub secret_string: Option<String>,
}

impl fmt::Debug for GetSecretValueOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetSecretValueOutput").finish_non_exhaustive()
    }
}

/// The text of a secret. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Takes a text that is not to be shown.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// The versions of a secret that matter while a key is rolled over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersions {
    /// `AWSCURRENT`.
    pub current: SecretText,
    /// `AWSPENDING`, while a rotation is under way, then `AWSPREVIOUS`, as far as they are there.
    pub others: Vec<SecretText>,
}

/// Secrets Manager in one account and Region.
#[derive(Debug, Clone)]
pub struct SecretsManager(Channel);

impl SecretsManager {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self(Channel::new(Service::SecretsManager, sdk))
    }

    /// One version of a secret.
    pub async fn get(&self, request: &GetSecretValue) -> Result<GetSecretValueOutput, CallError> {
        json::call(&self.0, TARGET_PREFIX, OPERATION, request).await
    }

    /// The current version of a secret, by name or ARN, and those around it.
    ///
    /// # Errors
    /// The call fails, or the secret is binary. That there is no other version is no error.
    pub async fn versions(&self, secret_id: &str) -> Result<SecretVersions, CallError> {
        let current = self.text(secret_id, "AWSCURRENT").await?;
        let mut others = Vec::new();
        for stage in ["AWSPENDING", "AWSPREVIOUS"] {
            match self.text(secret_id, stage).await {
                Ok(text) => others.push(text),
                Err(error) if error.kind == FailureKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(SecretVersions { current, others })
    }

    /// The text of the version of a secret that has this staging label.
    ///
    /// # Errors
    /// The call fails, or the secret is binary.
    pub async fn text(&self, secret_id: &str, stage: &str) -> Result<SecretText, CallError> {
        let request = GetSecretValue {
            secret_id: secret_id.to_owned(),
            version_stage: Some(stage.to_owned()),
        };
        self.get(&request).await?.secret_string.map(SecretText).ok_or_else(|| CallError {
            service: self.0.service_name(),
            operation: OPERATION,
            kind: FailureKind::Rejected,
            aws_code: None,
            message: format!("the {stage} version of the secret is binary, not text"),
        })
    }
}

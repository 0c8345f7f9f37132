//! Systems Manager's Parameter Store, as far as it is called: reading one parameter.

use super::channel::Channel;
use super::endpoint::Service;
use super::json;
use super::secrets::SecretText;
use aws_types::SdkConfig;
use control::ports::{CallError, FailureKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What operations' names are prefixed with in `x-amz-target`.
pub const TARGET_PREFIX: &str = "AmazonSSM";

const OPERATION: &str = "GetParameter";

/// Request of `GetParameter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct GetParameter {
    pub name: String,
    pub with_decryption: Option<bool>,
}

/// Answer of `GetParameter`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct GetParameterOutput {
    pub parameter: Option<Parameter>,
}

/// A parameter. Its `Debug` does not show the value.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct Parameter {
    pub value: Option<String>,
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameter").finish_non_exhaustive()
    }
}

/// Parameter Store in one account and Region.
#[derive(Debug, Clone)]
pub struct ParameterStore(Channel);

impl ParameterStore {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self(Channel::new(Service::Ssm, sdk))
    }

    /// One parameter, decrypted if it is asked for.
    pub async fn get(&self, request: &GetParameter) -> Result<GetParameterOutput, CallError> {
        json::call(&self.0, TARGET_PREFIX, OPERATION, request).await
    }

    /// The text of a parameter, by name or ARN, perhaps with `:version` or `:label` after it.
    ///
    /// # Errors
    /// The call fails, or the answer holds no value.
    pub async fn text(&self, name: &str) -> Result<SecretText, CallError> {
        let request = GetParameter { name: name.to_owned(), with_decryption: Some(true) };
        let value = self.get(&request).await?.parameter.and_then(|parameter| parameter.value);
        value.map(SecretText::new).ok_or_else(|| CallError {
            service: self.0.service_name(),
            operation: OPERATION,
            kind: FailureKind::Service,
            aws_code: None,
            message: "the answer holds no value".to_owned(),
        })
    }
}

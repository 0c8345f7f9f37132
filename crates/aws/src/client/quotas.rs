//! Service Quotas, as far as it is called.

use super::channel::Channel;
use super::endpoint::Service;
use super::json;
use aws_types::SdkConfig;
use control::ports::CallError;
use serde::{Deserialize, Serialize};

/// What operations' names are prefixed with in `x-amz-target`.
pub const TARGET_PREFIX: &str = "ServiceQuotasV20190624";

/// Request of `GetServiceQuota`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct GetServiceQuota {
    pub service_code: String,
    pub quota_code: String,
}

/// Answer of `GetServiceQuota`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct GetServiceQuotaOutput {
    pub quota: Option<ServiceQuota>,
}

/// A quota, as applied to the account in the Region.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "members of the service's own model")]
pub struct ServiceQuota {
    pub value: Option<f64>,
}

/// Service Quotas in one account and Region.
#[derive(Debug, Clone)]
pub struct ServiceQuotas(Channel);

impl ServiceQuotas {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self(Channel::new(Service::ServiceQuotas, sdk))
    }

    /// The quota's applied value.
    pub async fn get(&self, request: &GetServiceQuota) -> Result<GetServiceQuotaOutput, CallError> {
        json::call(&self.0, TARGET_PREFIX, "GetServiceQuota", request).await
    }
}

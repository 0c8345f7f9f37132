//! Execution roles.

use super::Studio;
use access::ids::RoleArn;
use access::observed::ObservedRole;
use control::ports::{CallError, DomainTarget, FailureKind};
use iam_policy::trust::allows_service;

/// The service that takes on execution roles; the same in every partition.
const PRINCIPAL: &str = "sagemaker.amazonaws.com";

impl Studio {
    /// Reads a role of the domain's account.
    pub(super) async fn read_role(
        &self,
        domain: &DomainTarget,
        role: &RoleArn,
    ) -> Result<ObservedRole, CallError> {
        let iam = self.spokes.of(domain).await;
        match iam.iam.get_role(role.role_name()).await {
            // Names are unique in an account whatever the path: the ARN tells whether this is the
            // role that was asked for. A profile given another ARN would not start.
            Ok(found) if found.arn != role.as_str() => Ok(ObservedRole::Missing),
            Ok(found) => Ok(match allows_service(&found.trust_policy, PRINCIPAL) {
                Ok(true) => ObservedRole::Trusted,
                Ok(false) => ObservedRole::Untrusted,
                Err(_) => ObservedRole::Unreadable,
            }),
            Err(e) if e.kind == FailureKind::NotFound => Ok(ObservedRole::Missing),
            Err(e) if e.kind == FailureKind::AccessDenied && e.service == "iam" => {
                Ok(ObservedRole::Unreadable)
            }
            Err(e) => Err(e),
        }
    }
}

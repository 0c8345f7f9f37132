//! Execution roles.

use super::Studio;
use access::ids::RoleArn;
use access::live_role::{AttachedPolicy, LiveRole, is_of_aws};
use access::observed::ObservedRole;
use control::ports::{CallError, DomainTarget, FailureKind, RoleFacts};
use iam_policy::PolicyError;
use iam_policy::trust::{ASSUME_ROLE, OnBehalf, SET_SOURCE_IDENTITY, allows_service};

/// The service that takes on execution roles; the same in every partition.
const PRINCIPAL: &str = "sagemaker.amazonaws.com";

impl Studio {
    /// Reads a role of the domain's account, as planning needs it.
    pub(super) async fn read_role(
        &self,
        domain: &DomainTarget,
        role: &RoleArn,
    ) -> Result<ObservedRole, CallError> {
        Ok(match self.inspect_role(domain, role).await? {
            // A profile given another ARN would not start.
            RoleFacts::Missing | RoleFacts::Elsewhere { .. } => ObservedRole::Missing,
            RoleFacts::Unreadable { .. } => ObservedRole::Unreadable,
            RoleFacts::Found { assumed_by_sagemaker: true, .. } => ObservedRole::Trusted,
            RoleFacts::Found { .. } => ObservedRole::Untrusted,
        })
    }

    /// Reads a role of the domain's account, with everything that its trust policy tells.
    pub(super) async fn inspect_role(
        &self,
        domain: &DomainTarget,
        role: &RoleArn,
    ) -> Result<RoleFacts, CallError> {
        let spoke = self.spokes.of(domain);
        match spoke.iam.get_role(role.role_name()).await {
            // Names are unique in an account whatever the path: the ARN tells whether this is the
            // role that was asked for.
            Ok(found) if found.arn != role.as_str() => Ok(RoleFacts::Elsewhere { arn: found.arn }),
            Ok(found) => Ok(trusted(&found.trust_policy, &on_behalf(domain, role))
                .unwrap_or_else(|e| RoleFacts::Unreadable { reason: e.to_string() })),
            Err(e) if e.kind == FailureKind::NotFound => Ok(RoleFacts::Missing),
            Err(e) if e.kind == FailureKind::AccessDenied && e.service == "iam" => {
                Ok(RoleFacts::Unreadable { reason: e.to_string() })
            }
            Err(e) => Err(e),
        }
    }

    /// Reads a role of the domain's account, with all its policies.
    pub(super) async fn read_live_role(
        &self,
        domain: &DomainTarget,
        role: &RoleArn,
    ) -> Result<LiveRole, CallError> {
        let (iam, name) = (&self.spokes.of(domain).iam, role.role_name());
        let found = iam.get_role(name).await?;
        let mut arns = iam.attached_policies(name).await?;
        arns.sort();
        let mut attached = Vec::new();
        for arn in arns {
            let document = if is_of_aws(&arn) { None } else { Some(iam.policy(&arn).await?) };
            attached.push(AttachedPolicy { arn, document });
        }
        let mut live = LiveRole {
            arn: found.arn,
            trust: found.trust_policy,
            max_session_seconds: found.max_session_seconds,
            boundary: found.boundary,
            tags: found.tags,
            attached,
            inline: std::collections::BTreeMap::new(),
        };
        for policy in iam.inline_policies(name).await? {
            let document = iam.inline_policy(name, &policy).await?;
            live.inline.insert(policy, document);
        }
        Ok(live)
    }
}

/// For whom `SageMaker` takes the role on: the domain, or what is in it. Which of these it names as
/// the source is not documented.
fn on_behalf(domain: &DomainTarget, role: &RoleArn) -> OnBehalf {
    let DomainTarget { account_id, region, domain_id, .. } = domain;
    let arn = |what| format!("arn:{}:sagemaker:{region}:{account_id}:{what}", role.partition());
    let within = |kind| arn(format!("{kind}/{domain_id}/x"));
    let parts = ["user-profile", "space"].map(within);
    let sources = [arn(format!("domain/{domain_id}"))].into_iter().chain(parts).collect();
    OnBehalf { account: account_id.to_string(), sources }
}

fn trusted(policy: &str, behalf: &OnBehalf) -> Result<RoleFacts, PolicyError> {
    let may = |action| allows_service(policy, PRINCIPAL, action, behalf);
    Ok(RoleFacts::Found {
        assumed_by_sagemaker: may(ASSUME_ROLE)?,
        source_identity: may(SET_SOURCE_IDENTITY)?,
    })
}

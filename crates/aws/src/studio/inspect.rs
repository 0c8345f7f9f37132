//! Facts for `doctor`.

use super::{SERVICE, Studio, auth_mode, role_in, status};
use crate::client::kms::OfKey;
use crate::client::sagemaker::DescribeDomain;
use crate::connect;
use crate::failure::unreadable;
use access::ids::RoleArn;
use access::live_role::LiveRole;
use async_trait::async_trait;
use control::ports::{
    AppNetwork, CallError, CallerIdentity, DomainFacts, DomainTarget, Inspect, KeyFacts,
    NetworkFacts, RoleFacts, RoleIdentity,
};

const OPERATION: &str = "DescribeDomain";

#[async_trait]
impl Inspect for Studio {
    async fn caller(&self, domain: &DomainTarget) -> Result<CallerIdentity, CallError> {
        connect::caller(&self.spokes.of(domain).sdk).await
    }

    async fn domain_facts(&self, domain: &DomainTarget) -> Result<DomainFacts, CallError> {
        let request = DescribeDomain { domain_id: domain.domain_id.as_str().to_owned() };
        let found = self.sagemaker(domain).call(&request).await?;
        let what = format!("domain {}", domain.domain_id);
        let identity = found.domain_settings.and_then(|s| s.execution_role_identity_config);
        let groups = found.default_user_settings.as_ref().and_then(|s| s.get("SecurityGroups"));
        let groups = groups.and_then(|groups| groups.as_array()).into_iter().flatten();
        let security_groups = groups.filter_map(|id| id.as_str()).map(str::to_owned).collect();
        Ok(DomainFacts {
            auth_mode: auth_mode(OPERATION, &what, found.auth_mode.as_deref())?,
            status: status(OPERATION, &what, found.status.as_deref())?,
            network: network(&what, found.app_network_access_type.as_deref())?,
            role_identity: role_identity(&what, identity.as_deref())?,
            default_execution_role: role_in(found.default_user_settings.as_ref()),
            space_execution_role: role_in(found.default_space_settings.as_ref()),
            name: found.domain_name,
            failure_reason: found.failure_reason,
            application_arn: found.single_sign_on_application_arn,
            home_file_system: found.home_efs_file_system_id,
            url: found.url,
            vpc: found.vpc_id,
            subnets: found.subnet_ids.unwrap_or_default(),
            security_groups,
            kms_key: found.kms_key_id,
        })
    }

    async fn network_facts(
        &self,
        domain: &DomainTarget,
        vpc: &str,
    ) -> Result<NetworkFacts, CallError> {
        let ec2 = &self.spokes.of(domain).ec2;
        let (endpoints, subnets, security_groups) =
            futures::try_join!(ec2.endpoints(vpc), ec2.subnets(vpc), ec2.security_groups(vpc))?;
        Ok(NetworkFacts { endpoints, subnets, security_groups })
    }

    async fn key_facts(&self, domain: &DomainTarget, key: &str) -> Result<KeyFacts, CallError> {
        const DESCRIBE: &str = "DescribeKey";
        let kms = &self.spokes.of(domain).kms;
        let request = OfKey { key_id: key.to_owned() };
        let missing = |member| unreadable("kms", DESCRIBE, format!("the answer has no {member}"));
        let found = kms.describe(&request).await?.key_metadata;
        let found = found.ok_or_else(|| missing("KeyMetadata"))?;
        let by_aws = found.key_manager.as_deref() == Some("AWS");
        // The policy of a key of AWS's own is not for anybody to change.
        let policy = if by_aws { None } else { Some(kms.policy(&request).await) };
        Ok(KeyFacts {
            arn: found.arn.ok_or_else(|| missing("Arn"))?,
            state: found.key_state.ok_or_else(|| missing("KeyState"))?,
            policy: policy.map(|answer| answer.map(|answer| answer.policy.unwrap_or_default())),
        })
    }

    async fn role_facts(
        &self,
        domain: &DomainTarget,
        role: &RoleArn,
    ) -> Result<RoleFacts, CallError> {
        self.inspect_role(domain, role).await
    }

    async fn live_role(
        &self,
        domain: &DomainTarget,
        role: &RoleArn,
    ) -> Result<LiveRole, CallError> {
        self.read_live_role(domain, role).await
    }
}

fn network(what: &str, found: Option<&str>) -> Result<AppNetwork, CallError> {
    match found {
        // The service's own default.
        Some("PublicInternetOnly") | None => Ok(AppNetwork::PublicInternetOnly),
        Some("VpcOnly") => Ok(AppNetwork::VpcOnly),
        Some(other) => {
            let message = format!("{what} has the unknown network access type `{other}`");
            Err(unreadable(SERVICE, OPERATION, message))
        }
    }
}

fn role_identity(what: &str, found: Option<&str>) -> Result<RoleIdentity, CallError> {
    match found {
        Some("USER_PROFILE_NAME") => Ok(RoleIdentity::UserProfileName),
        Some("DISABLED") | None => Ok(RoleIdentity::Disabled),
        Some(other) => {
            let message = format!("{what} has the unknown role identity setting `{other}`");
            Err(unreadable(SERVICE, OPERATION, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_domain_does_not_say_is_the_services_default() {
        assert_eq!(network("d", None), Ok(AppNetwork::PublicInternetOnly));
        assert_eq!(network("d", Some("VpcOnly")), Ok(AppNetwork::VpcOnly));
        assert_eq!(role_identity("d", None), Ok(RoleIdentity::Disabled));
        let known = role_identity("d", Some("USER_PROFILE_NAME"));
        assert_eq!(known, Ok(RoleIdentity::UserProfileName));
    }

    #[test]
    fn a_setting_that_is_not_known_is_an_error() {
        let error = network("domain d-x", Some("Mixed")).unwrap_err();
        assert_eq!(error.message, "domain d-x has the unknown network access type `Mixed`");
        assert!(role_identity("d", Some("ROLE")).is_err());
    }
}

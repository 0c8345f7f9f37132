//! Clients by account and Region: a hub reaches its spokes by assuming a role.

use crate::assignments::Assignments;
use crate::client::SageMaker;
use crate::client::iam::Iam;
use crate::client::quotas::ServiceQuotas;
use crate::connect::in_region;
use access::ids::{PersonId, Region};
use access::map::AssumeRole;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_types::SdkConfig;
use control::ports::DomainTarget;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Session name of everything but presigned URLs, as CloudTrail will show it.
const SESSION: &str = "stagedoor-control";

/// The longest role session name STS takes.
const SESSION_LENGTH: usize = 64;

/// The clients for one account and Region.
#[derive(Debug)]
pub(super) struct Spoke {
    pub(super) sdk: SdkConfig,
    pub(super) sagemaker: SageMaker,
    pub(super) quotas: ServiceQuotas,
    pub(super) iam: Iam,
}

/// Region, role and external id: what tells spokes apart. The account is the role's, or the
/// caller's own.
type Key = (String, Option<(String, Option<String>)>);

/// All clients that were needed so far. Each keeps its assumed role's credentials and renews them.
#[derive(Debug)]
pub(super) struct Spokes {
    sdk: SdkConfig,
    made: Mutex<BTreeMap<Key, Arc<Spoke>>>,
}

impl Spokes {
    pub(super) fn new(sdk: SdkConfig) -> Self {
        Self { sdk, made: Mutex::new(BTreeMap::new()) }
    }

    /// Assignments to applications of Identity Center, which is in the domain's Region.
    pub(super) fn assignments(&self, region: &Region) -> Assignments {
        Assignments::new(&in_region(&self.sdk, region))
    }

    /// The clients for a domain's account and Region.
    pub(super) async fn of(&self, domain: &DomainTarget) -> Arc<Spoke> {
        let role = domain
            .assume_role
            .as_ref()
            .map(|role| (role.arn.as_str().to_owned(), role.external_id.clone()));
        let key = (domain.region.as_str().to_owned(), role);
        let mut made = self.made.lock().await;
        if let Some(spoke) = made.get(&key) {
            return spoke.clone();
        }
        let sdk = self.settings(domain, SESSION).await;
        let spoke = Arc::new(Spoke {
            sagemaker: SageMaker::new(&sdk),
            quotas: ServiceQuotas::new(&sdk),
            iam: Iam::new(&sdk),
            sdk,
        });
        made.insert(key, spoke.clone());
        spoke
    }

    /// A client whose calls bear the person's name. Where a role is assumed, it is assumed anew:
    /// CloudTrail and Studio then show who asked.
    pub(super) async fn on_behalf_of(&self, domain: &DomainTarget, who: &PersonId) -> SageMaker {
        if domain.assume_role.is_none() {
            return self.of(domain).await.sagemaker.clone();
        }
        SageMaker::new(&self.settings(domain, &session_name(who)).await)
    }

    async fn settings(&self, domain: &DomainTarget, session: &str) -> SdkConfig {
        let sdk = in_region(&self.sdk, &domain.region);
        match &domain.assume_role {
            None => sdk,
            Some(role) => assuming(sdk, role, &domain.region, session).await,
        }
    }
}

async fn assuming(sdk: SdkConfig, role: &AssumeRole, region: &Region, session: &str) -> SdkConfig {
    let mut provider = AssumeRoleProvider::builder(role.arn.as_str())
        .session_name(session)
        .region(aws_types::region::Region::new(region.as_str().to_owned()))
        .configure(&sdk);
    if let Some(external_id) = &role.external_id {
        provider = provider.external_id(external_id);
    }
    let credentials = SharedCredentialsProvider::new(provider.build().await);
    // A cache of its own: the shared one keeps a limited number of principals.
    sdk.into_builder()
        .credentials_provider(credentials)
        .identity_cache(IdentityCache::lazy().build())
        .build()
}

/// `stagedoor-<person>`, in the characters and the length that STS allows.
fn session_name(who: &PersonId) -> String {
    let allowed =
        |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
    "stagedoor-".chars().chain(who.as_str().chars().map(allowed)).take(SESSION_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_keep_to_the_rules_of_sts() {
        let name = |id: &str| session_name(&PersonId::parse(id).unwrap());
        let long_id = "9067642ac1-0b1e2d3c-4444-5555-6666-777788889999";
        assert_eq!(name(long_id), format!("stagedoor-{long_id}"));
        assert_eq!(
            name("arn:aws:identitystore:::user/1"),
            "stagedoor-arn-aws-identitystore---user-1"
        );
        assert_eq!(name(&"x".repeat(128)).len(), 64);
    }
}

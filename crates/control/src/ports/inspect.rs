//! What `doctor` looks at: facts about domains, roles and callers that planning does not need.

use super::{CallError, DomainTarget};
use access::ids::RoleArn;
use access::live_role::LiveRole;
use access::observed::{AuthMode, ProfileStatus};
use async_trait::async_trait;
use std::fmt;

/// Where the apps of a domain reach the network (API `AppNetworkAccessType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppNetwork {
    /// Through `SageMaker`'s own network, straight to the internet.
    PublicInternetOnly,
    /// Only through the domain's VPC and subnets.
    VpcOnly,
}

/// Whether sessions of execution roles name the profile as their source identity (API
/// `ExecutionRoleIdentityConfig`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleIdentity {
    /// `USER_PROFILE_NAME`: `sts:SourceIdentity` holds the profile's name.
    UserProfileName,
    /// `DISABLED`, which is also what a domain that says nothing has.
    Disabled,
}

/// A domain, as far as it decides whether people can work in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainFacts {
    /// Its name.
    pub name: Option<String>,
    /// How people are authenticated.
    pub auth_mode: AuthMode,
    /// Its state; profiles and domains share the names of their states.
    pub status: ProfileStatus,
    /// What the service says about a failed state.
    pub failure_reason: Option<String>,
    /// Where its apps reach the network.
    pub network: AppNetwork,
    /// Whether CloudTrail can tell who used a shared execution role.
    pub role_identity: RoleIdentity,
    /// The Identity Center application of an SSO-mode domain. Domains made before October 2023
    /// have none that the API tells: people must be assigned by hand.
    pub application_arn: Option<String>,
    /// Its EFS file system; absent where the domain was made without one.
    pub home_file_system: Option<String>,
    /// Where people enter an SSO-mode domain.
    pub url: Option<String>,
    /// The execution role of profiles that name none.
    pub default_execution_role: Option<String>,
}

/// An execution role, as far as it decides whether a profile with it can work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleFacts {
    /// There is no role of that name in the domain's account.
    Missing,
    /// A role of that name has another ARN, because of its path or its account.
    Elsewhere {
        /// The ARN it has.
        arn: String,
    },
    /// It may not be read, or its trust policy makes no sense.
    Unreadable {
        /// Why not, safe to show.
        reason: String,
    },
    /// It is there.
    Found {
        /// Whether `SageMaker` may assume it.
        assumed_by_sagemaker: bool,
        /// Whether `SageMaker` may set a source identity when it does (`sts:SetSourceIdentity`);
        /// without it no app starts in a domain with [`RoleIdentity::UserProfileName`].
        source_identity: bool,
    },
}

/// Who makes the calls (STS `GetCallerIdentity`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The account.
    pub account: String,
    /// The ARN of the user or assumed role.
    pub arn: String,
}

/// Reads facts for people who look for a fault.
#[async_trait]
pub trait Inspect: Send + Sync + fmt::Debug {
    /// Who reads and changes this domain: the process's own principal, or a session of the role
    /// that it assumes.
    async fn caller(&self, domain: &DomainTarget) -> Result<CallerIdentity, CallError>;

    /// Reads the domain.
    async fn domain_facts(&self, domain: &DomainTarget) -> Result<DomainFacts, CallError>;

    /// Reads an execution role of the domain's account.
    async fn role_facts(
        &self,
        domain: &DomainTarget,
        role: &RoleArn,
    ) -> Result<RoleFacts, CallError>;

    /// Reads a role of the domain's account with all its policies.
    ///
    /// # Errors
    /// The role or one of its policies is not there any more, may not be read, or cannot be
    /// understood: what is missing would look like a permission that nobody gave.
    async fn live_role(&self, domain: &DomainTarget, role: &RoleArn)
    -> Result<LiveRole, CallError>;
}

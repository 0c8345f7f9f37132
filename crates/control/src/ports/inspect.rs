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
    /// The execution role of its shared spaces (API `DefaultSpaceSettings`), whoever makes them. Without
    /// one there can be none.
    pub space_execution_role: Option<String>,
    /// Its VPC (API `VpcId`).
    pub vpc: Option<String>,
    /// The subnets in which its apps get an address (API `SubnetIds`).
    pub subnets: Vec<String>,
    /// The security groups of its apps, where a profile names none (API `SecurityGroups` of
    /// `DefaultUserSettings`).
    pub security_groups: Vec<String>,
    /// The key that its volumes are encrypted with; absent: one of AWS's own.
    pub kms_key: Option<String>,
}

/// What is in a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkFacts {
    /// Its endpoints.
    pub endpoints: Vec<EndpointFacts>,
    /// Its subnets.
    pub subnets: Vec<SubnetFacts>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupFacts>,
}

/// A VPC endpoint (API `VpcEndpoint`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointFacts {
    /// Its id.
    pub id: String,
    /// The service's whole name, such as `com.amazonaws.eu-west-1.sagemaker.api`.
    pub service: String,
    /// Whether it is an interface with addresses of the VPC, rather than a gateway.
    pub interface: bool,
    /// Whether it works.
    pub available: bool,
    /// Whether the service's own name leads to it.
    pub private_dns: bool,
    /// The subnets in which an interface has addresses.
    pub subnets: Vec<String>,
    /// The security groups of an interface.
    pub security_groups: Vec<String>,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubnetFacts {
    /// Its id.
    pub id: String,
    /// Its availability zone.
    pub zone: String,
    /// Its IPv4 addresses.
    pub cidr: Option<String>,
    /// How many of them are free.
    pub free: u32,
}

/// A security group, with what it lets in over TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroupFacts {
    /// Its id.
    pub id: String,
    /// Its rules.
    pub ingress: Vec<Ingress>,
}

/// A rule of a security group that lets TCP in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingress {
    /// The first and the last port; absent: all.
    pub ports: Option<(i32, i32)>,
    /// From these IPv4 addresses.
    pub cidrs: Vec<String>,
    /// From members of these groups.
    pub groups: Vec<String>,
    /// From the addresses of these prefix lists, which are not read.
    pub prefix_lists: Vec<String>,
}

/// A key of KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its ARN.
    pub arn: String,
    /// Its state (API `KeyState`); only an `Enabled` key can be used.
    pub state: String,
    /// Its policy as JSON text; absent for a key of AWS's own.
    pub policy: Option<Result<String, CallError>>,
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

    /// Reads what is in a VPC of the domain's account and Region.
    async fn network_facts(
        &self,
        domain: &DomainTarget,
        vpc: &str,
    ) -> Result<NetworkFacts, CallError>;

    /// Reads a key of the domain's Region, by id or ARN.
    async fn key_facts(&self, domain: &DomainTarget, key: &str) -> Result<KeyFacts, CallError>;

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

//! Seeds: what exists in the simulated AWS before the first call.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The account which access keys belong to when a seed says nothing else.
pub const DEFAULT_ACCOUNT: &str = "111122223333";

/// What exists at the start. The default value is an empty AWS; [`Seed::standard`] has one IAM-mode
/// domain, Studio roles, an empty directory and a queue for its events.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    /// Start of the id generator: the same seed and the same calls give the same ids.
    pub random: u64,
    /// Region of everything here that names none.
    pub region: String,
    /// Account of access keys which `credentials` does not list, and of everything here that
    /// names none. Twelve digits.
    pub default_account: String,
    /// Further accounts of the organization; the others named in the seed belong to it as well.
    pub accounts: Vec<String>,
    /// Access keys with an identity of their own.
    pub credentials: Vec<SeedCredential>,
    /// IAM roles.
    pub roles: Vec<SeedRole>,
    /// Managed policies of IAM. Those of AWS are there anyway, as far as the simulator knows them.
    pub policies: Vec<SeedPolicy>,
    /// SageMaker domains.
    pub domains: Vec<SeedDomain>,
    /// The Identity Center directory of the organization.
    pub directory: Option<SeedDirectory>,
    /// User profiles, in service from the start.
    pub profiles: Vec<SeedProfile>,
    /// Spaces, in service from the start.
    pub spaces: Vec<SeedSpace>,
    /// Apps, in service from the start.
    pub apps: Vec<SeedApp>,
    /// SQS queues by name; those of `events` need not be listed.
    pub queues: Vec<String>,
    /// Secrets of Secrets Manager.
    pub secrets: Vec<SeedSecret>,
    /// VPCs with their subnets, security groups and endpoints.
    pub networks: Vec<SeedNetwork>,
    /// Keys of KMS.
    pub kms_keys: Vec<SeedKmsKey>,
    /// Buckets of S3.
    pub buckets: Vec<SeedBucket>,
    /// Parameters of Systems Manager's Parameter Store.
    pub parameters: Vec<SeedParameter>,
    /// How long states take.
    pub timing: Timing,
    /// Where changes of the directory are reported; absent, they are not.
    pub events: Option<SeedEvents>,
    /// Service quotas of every account and region.
    pub limits: Limits,
}

impl Default for Seed {
    fn default() -> Self {
        Self {
            random: 1,
            region: "eu-west-1".to_owned(),
            default_account: DEFAULT_ACCOUNT.to_owned(),
            accounts: Vec::new(),
            credentials: Vec::new(),
            roles: Vec::new(),
            policies: Vec::new(),
            domains: Vec::new(),
            directory: None,
            profiles: Vec::new(),
            spaces: Vec::new(),
            apps: Vec::new(),
            queues: Vec::new(),
            secrets: Vec::new(),
            networks: Vec::new(),
            kms_keys: Vec::new(),
            buckets: Vec::new(),
            parameters: Vec::new(),
            timing: Timing::default(),
            events: None,
            limits: Limits::default(),
        }
    }
}

/// An access key which belongs to somebody in particular.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedCredential {
    /// The access key id that signs, such as `AKIAHUBEXAMPLE`.
    pub access_key_id: String,
    /// Account it belongs to.
    pub account: String,
    /// ARN of the caller; absent: `arn:aws:iam::<account>:user/<access key id>`.
    pub arn: Option<String>,
    /// Actions refused to it, such as `sagemaker:CreateUserProfile` or `identitystore:*`.
    #[serde(default)]
    pub denied: Vec<String>,
    /// Session tags that pass into every session it opens, as those of EKS Pod Identity do.
    #[serde(default)]
    pub transitive_tags: BTreeMap<String, String>,
}

/// An IAM role.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRole {
    /// Name without path.
    pub name: String,
    /// Account; absent: the default account.
    pub account: Option<String>,
    /// Who may assume it.
    #[serde(default)]
    pub trust: Trust,
    /// Path; absent: `/`.
    pub path: Option<String>,
    /// Managed policies attached to it: ARNs, or names of `policies` in its account.
    #[serde(default)]
    pub attached: Vec<String>,
    /// Inline policies: documents by name.
    #[serde(default)]
    pub inline: BTreeMap<String, Value>,
    /// Its permissions boundary: an ARN, or a name of `policies` in its account.
    pub boundary: Option<String>,
    /// Longest session in seconds, 3,600 to 43,200; absent: 3,600.
    pub max_session_seconds: Option<u32>,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Actions refused to sessions of the role. Policies are kept and decide nothing.
    #[serde(default)]
    pub denied: Vec<String>,
}

/// A managed policy of IAM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedPolicy {
    /// Name without path.
    pub name: String,
    /// Account; absent: the default account.
    pub account: Option<String>,
    /// Path; absent: `/`.
    pub path: Option<String>,
    /// The policy document.
    pub document: Value,
}

/// A trust policy: a preset or a document.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Trust {
    /// A preset by name; `sagemaker` is the one there is.
    Preset(TrustPreset),
    /// Another account may assume the role.
    Account(TrustAccount),
    /// A policy document under the key `document`.
    Document(TrustDocument),
}

impl Default for Trust {
    fn default() -> Self {
        Self::Preset(TrustPreset::SageMaker)
    }
}

/// A trust policy as IAM takes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustDocument {
    /// The policy document.
    pub document: Value,
}

/// Trust policies with a name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrustPreset {
    /// `sagemaker.amazonaws.com` may assume the role.
    SageMaker,
}

/// Trust in another account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustAccount {
    /// The account whose principals may assume the role.
    pub account: String,
    /// The external id they must give; absent: none is needed.
    pub external_id: Option<String>,
    /// Whether they may name a source identity (`sts:SetSourceIdentity`).
    #[serde(default)]
    pub source_identity: bool,
}

/// A parameter of Parameter Store.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedParameter {
    /// Name, with its path if it has one: `/stagedoor/sp-key`.
    pub name: String,
    /// Account; absent: the default account.
    pub account: Option<String>,
    /// Region; absent: the region of the seed.
    pub region: Option<String>,
    /// Its value.
    pub value: String,
    /// Whether it is a `SecureString`, which is only shown to whoever asks for decryption.
    #[serde(default)]
    pub secure: bool,
}

/// A secret of Secrets Manager, with the versions that have a staging label.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSecret {
    /// Name, as it is before the six characters that AWS appends in the ARN.
    pub name: String,
    /// Account; absent: the default account.
    pub account: Option<String>,
    /// Region; absent: the region of the seed.
    pub region: Option<String>,
    /// The text of `AWSCURRENT`.
    pub current: String,
    /// The text of `AWSPREVIOUS`, if there is one.
    pub previous: Option<String>,
    /// The text of `AWSPENDING`, while a rotation is under way.
    pub pending: Option<String>,
}

/// A SageMaker domain.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedDomain {
    /// Domain id, such as `d-research`.
    pub id: String,
    /// Account; absent: the default account.
    pub account: Option<String>,
    /// Region; absent: the region of the seed.
    pub region: Option<String>,
    /// How people sign in.
    #[serde(default)]
    pub auth_mode: AuthMode,
    /// Name; absent: the id without `d-`.
    pub name: Option<String>,
    /// `DefaultUserSettings.ExecutionRole`.
    pub default_execution_role: Option<String>,
    /// `DefaultSpaceSettings.ExecutionRole`.
    pub space_execution_role: Option<String>,
    /// Whether the domain is from before 1 October 2023: `DescribeDomain` then tells no application
    /// of an SSO-mode domain, though it has one.
    #[serde(default)]
    pub before_october_2023: bool,
    /// Directory groups assigned to the application of an SSO-mode domain, by display name.
    #[serde(default)]
    pub assigned: Vec<String>,
    /// `AppNetworkAccessType` is `VpcOnly`, not `PublicInternetOnly`.
    #[serde(default)]
    pub vpc_only: bool,
    /// `ExecutionRoleIdentityConfig` is `USER_PROFILE_NAME`, not `DISABLED`.
    #[serde(default)]
    pub execution_role_identity: bool,
    /// `VpcId`.
    pub vpc: Option<String>,
    /// `SubnetIds`.
    #[serde(default)]
    pub subnets: Vec<String>,
    /// `DefaultUserSettings.SecurityGroups`.
    #[serde(default)]
    pub security_groups: Vec<String>,
    /// `KmsKeyId`.
    pub kms_key: Option<String>,
}

/// A VPC.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedNetwork {
    /// Such as `vpc-0a1b2c3d`.
    pub vpc: String,
    /// Account; absent: the default account.
    pub account: Option<String>,
    /// Region; absent: the region of the seed.
    pub region: Option<String>,
    /// Subnets.
    #[serde(default)]
    pub subnets: Vec<SeedSubnet>,
    /// Security groups.
    #[serde(default)]
    pub security_groups: Vec<SeedSecurityGroup>,
    /// Endpoints.
    #[serde(default)]
    pub endpoints: Vec<SeedEndpoint>,
}

/// A subnet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSubnet {
    /// Such as `subnet-0a1b2c3d`.
    pub id: String,
    /// Such as `eu-west-1a`.
    pub zone: String,
    /// Its addresses, such as `10.0.1.0/24`.
    pub cidr: String,
    /// How many addresses are free.
    #[serde(default = "addresses")]
    pub free: u32,
}

fn addresses() -> u32 {
    251
}

/// A security group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSecurityGroup {
    /// Such as `sg-0a1b2c3d`.
    pub id: String,
    /// What it lets in.
    #[serde(default)]
    pub ingress: Vec<SeedIngress>,
}

/// A rule of a security group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedIngress {
    /// The TCP port, or the first with `to`; absent: everything.
    pub port: Option<u16>,
    /// The last TCP port; absent: `port`.
    pub to: Option<u16>,
    /// From these addresses.
    pub cidr: Option<String>,
    /// From members of this group.
    pub group: Option<String>,
    /// From the addresses of this prefix list.
    pub prefix_list: Option<String>,
}

impl SeedIngress {
    /// The protocol as EC2 says it: `tcp`, or `-1` for everything.
    pub(crate) fn protocol(&self) -> &'static str {
        if self.port.is_some() { "tcp" } else { "-1" }
    }

    /// The first and the last port.
    pub(crate) fn ports(&self) -> Option<(u16, u16)> {
        self.port.map(|from| (from, self.to.unwrap_or(from)))
    }
}

/// A VPC endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedEndpoint {
    /// The service without `com.amazonaws.<region>.`, such as `sagemaker.api`. The endpoint of `s3`
    /// is a gateway's, all others are interfaces.
    pub service: String,
    /// Absent: made by the simulator.
    pub id: Option<String>,
    /// `State`; absent: `available`.
    pub state: Option<String>,
    /// `PrivateDnsEnabled`.
    #[serde(default = "enabled")]
    pub private_dns: bool,
    /// Subnets in which it has an address; absent: all of the VPC.
    pub subnets: Option<Vec<String>>,
    /// Its security groups.
    #[serde(default)]
    pub security_groups: Vec<String>,
}

/// A bucket of S3.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedBucket {
    /// Its name.
    pub name: String,
    /// Account; absent: the default account.
    pub account: Option<String>,
    /// Whether it locks objects by default; absent: not.
    #[serde(default)]
    pub lock: bool,
}

/// A key of KMS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedKmsKey {
    /// A UUID.
    pub id: String,
    /// Account; absent: the default account.
    pub account: Option<String>,
    /// Region; absent: the region of the seed.
    pub region: Option<String>,
    /// `KeyState`; absent: `Enabled`.
    pub state: Option<String>,
    /// `KeyUsage`: `ENCRYPT_DECRYPT` (if absent) or `GENERATE_VERIFY_MAC`, of the spec `HMAC_256`.
    pub usage: Option<String>,
    /// The key policy; absent: the account's IAM policies decide.
    pub policy: Option<Value>,
}

/// How people sign in to a domain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum AuthMode {
    /// By presigned URLs.
    #[default]
    #[serde(rename = "IAM")]
    Iam,
    /// By IAM Identity Center.
    #[serde(rename = "SSO")]
    Sso,
}

impl AuthMode {
    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Iam => "IAM",
            Self::Sso => "SSO",
        }
    }
}

/// An Identity Center instance and its directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedDirectory {
    /// Such as `d-906716eb24`.
    pub identity_store_id: String,
    /// Account which owns the instance; absent: the default account.
    pub account: Option<String>,
    /// Home region; absent: the region of the seed.
    pub region: Option<String>,
    /// Absent: made from the identity store id.
    pub instance_arn: Option<String>,
    /// People.
    #[serde(default)]
    pub users: Vec<SeedUser>,
    /// Groups.
    #[serde(default)]
    pub groups: Vec<SeedGroup>,
}

/// A person of the directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// Absent: generated.
    pub id: Option<String>,
    /// Unique, whatever the case.
    pub user_name: String,
    /// Absent: the user name.
    pub display_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The id that another system gave the person, as SCIM pushes it.
    pub external_id: Option<String>,
    /// Whether the person may sign in.
    #[serde(default = "enabled")]
    pub enabled: bool,
}

fn enabled() -> bool {
    true
}

/// A group of the directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedGroup {
    /// Absent: generated.
    pub id: Option<String>,
    /// Display name, unique.
    pub name: String,
    /// User names of its members.
    #[serde(default)]
    pub members: Vec<String>,
}

/// A user profile.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedProfile {
    /// Domain id.
    pub domain: String,
    /// Profile name.
    pub name: String,
    /// `UserSettings.ExecutionRole`.
    pub execution_role: Option<String>,
    /// `SingleSignOnUserValue`, in SSO-mode domains.
    pub sso_user: Option<String>,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// `UserSettings` besides the execution role.
    #[serde(default)]
    pub settings: serde_json::Map<String, Value>,
    /// When it was made; absent: at the beginning of 1970.
    pub made: Option<Timestamp>,
}

/// A space.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSpace {
    /// Domain id.
    pub domain: String,
    /// Space name.
    pub name: String,
    /// Profile name of the owner.
    pub owner: Option<String>,
    /// Shared instead of private.
    #[serde(default)]
    pub shared: bool,
    /// `SpaceDisplayName`.
    pub display_name: Option<String>,
    /// `SpaceSettings.AppType`.
    pub app_type: Option<String>,
    /// Size of its volume in GB, 5 to 16,384.
    pub volume_gb: Option<u32>,
}

/// An app of a profile or of a space.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedApp {
    /// Domain id.
    pub domain: String,
    /// Profile that launched it; give this or `space`.
    pub profile: Option<String>,
    /// Space it runs in; give this or `profile`.
    pub space: Option<String>,
    /// Such as `JupyterServer`.
    #[serde(rename = "type")]
    pub app_type: String,
    /// Absent: `default`.
    pub name: Option<String>,
    /// `ResourceSpec.InstanceType`, such as `ml.t3.medium`.
    pub instance_type: Option<String>,
    /// When it was started; absent: at the beginning of 1970.
    pub started: Option<Timestamp>,
}

/// How long states take, in seconds. The defaults are short enough to watch and long enough to
/// be noticed; `fast: true` makes all of them zero.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is the seconds of the change it names")]
pub struct Timing {
    pub fast: bool,
    pub domain_create: u64,
    pub domain_update: u64,
    pub domain_delete: u64,
    pub profile_create: u64,
    pub profile_update: u64,
    pub profile_delete: u64,
    pub space_create: u64,
    pub space_update: u64,
    pub space_delete: u64,
    pub app_create: u64,
    pub app_delete: u64,
    /// How long a deleted app stays listed; a day in AWS.
    pub app_listed_after_delete: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            fast: false,
            domain_create: 3,
            domain_update: 1,
            domain_delete: 3,
            profile_create: 2,
            profile_update: 1,
            profile_delete: 2,
            space_create: 1,
            space_update: 1,
            space_delete: 2,
            app_create: 3,
            app_delete: 4,
            app_listed_after_delete: 86_400,
        }
    }
}

impl Timing {
    /// States that change at once.
    pub fn instant() -> Self {
        Self { fast: true, ..Self::default() }
    }

    pub(crate) fn resolve(self) -> Self {
        if !self.fast {
            return self;
        }
        Self {
            fast: true,
            domain_create: 0,
            domain_update: 0,
            domain_delete: 0,
            profile_create: 0,
            profile_update: 0,
            profile_delete: 0,
            space_create: 0,
            space_update: 0,
            space_delete: 0,
            app_create: 0,
            app_delete: 0,
            app_listed_after_delete: self.app_listed_after_delete,
        }
    }
}

/// Where changes of the directory are reported, as EventBridge would deliver them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedEvents {
    /// Name of the SQS queue, in the account and region of the directory.
    pub queue: String,
    /// Whose events they look like.
    #[serde(default)]
    pub family: EventFamily,
}

/// Who tells of a change of the directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventFamily {
    /// The Identity Store API: `CreateGroupMembership`, `DeleteGroupMembership`.
    #[default]
    #[serde(rename = "identitystore")]
    IdentityStore,
    /// The console, Active Directory and older SCIM: `AddMemberToGroup`.
    SsoDirectory,
    /// SCIM with newer tokens: `PatchGroup`, with the values hidden.
    #[serde(rename = "identitystore-scim")]
    Scim,
    /// The Identity Store's own notifications, without `CloudTrail`: `User Updated`.
    Notification,
    /// All of them, each change told four times over. AWS tells a change by one record of a call and
    /// by a notification.
    All,
}

impl EventFamily {
    /// The families that tell of a change.
    pub(crate) fn members(self) -> &'static [Self] {
        match self {
            Self::IdentityStore => &[Self::IdentityStore],
            Self::SsoDirectory => &[Self::SsoDirectory],
            Self::Scim => &[Self::Scim],
            Self::Notification => &[Self::Notification],
            Self::All => &[Self::SsoDirectory, Self::IdentityStore, Self::Scim, Self::Notification],
        }
    }
}

/// Quotas of SageMaker in each account and region. AWS's default values are not published; these
/// are the simulator's.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is the greatest number of what it names")]
pub struct Limits {
    pub domains: usize,
    pub user_profiles: usize,
    pub spaces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { domains: 20, user_profiles: 5_000, spaces: 5_000 }
    }
}

/// A seed or fault file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Not YAML, or an unknown, missing or mistyped key; the text has line and column.
    #[error("cannot read the {what}: {problem}")]
    Syntax {
        /// `seed` or `faults`.
        what: &'static str,
        /// What is wrong, with line and column.
        problem: String,
    },
    /// Something refers to what the seed does not have, or breaks a rule of AWS.
    #[error("{what} `{name}` of the seed: {problem}")]
    Content {
        /// Kind of the thing, such as `profile`.
        what: &'static str,
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A fault rule that cannot work.
    #[error("fault rule {number}: {problem}")]
    Rule {
        /// Position in the file, from 1.
        number: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The seed used when none is given.
const DEFAULT_SEED: &str = include_str!("default-seed.yaml");

impl Seed {
    /// Reads a seed file; keys it does not know are errors with line and column.
    pub fn from_yaml(text: &str) -> Result<Self, SeedError> {
        read_yaml("seed", text)
    }

    /// The default seed as a file, to copy and change.
    pub fn default_yaml() -> &'static str {
        DEFAULT_SEED
    }

    /// The seed which is used when no file is given; the file is [`Seed::default_yaml`].
    pub fn standard() -> Result<Self, SeedError> {
        Self::from_yaml(DEFAULT_SEED)
    }
}

pub(crate) fn read_yaml<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, SeedError> {
    serde_saphyr::from_str(text)
        .map_err(|error| SeedError::Syntax { what, problem: error.to_string() })
}

//! The access map: what each group gets.
//!
//! The types of this module are what the rest of Stagedoor works with; they hold only values that
//! were checked. Reading them from YAML, with the place of every error, is [`parse()`].

mod administration;
mod adoptions;
mod apart;
mod cautions;
mod check;
pub mod codes;
mod decode;
mod diagnostic;
mod directories;
mod document;
mod format;
mod gifts;
mod grants;
mod identity_providers;
mod invariants;
mod mirroring;
mod named_group;
mod notifications;
mod parse;
mod places;
mod reference;
mod roles;
mod scalar;
mod schema;
mod shape;
mod table;
mod teams;
mod template;
mod temporary_access;

pub use administration::{AdminRole, Administration};
pub use cautions::Caution;
pub use diagnostic::{Diagnostic, Diagnostics, near_match};
pub use directories::{
    Directories, DirectoryKind, DirectorySource, FileDirectory, FileFormat, LdapAttributes,
    LdapBind, LdapCertificate, LdapDirectory, MatchKey, ScimDirectory,
};
pub use document::MAX_BYTES;
pub use gifts::{Gift, Gifts, GroupKey};
pub use identity_providers::{
    CertificateFingerprint, IdentityProvider, MatchBy, MetadataSource, NameIdFormat, PersonMatch,
    RequestBinding, TeamSelector,
};
pub use invariants::{Invariant, InvariantRule};
pub use mirroring::{MirrorTo, Mirroring};
pub use named_group::NamedGroup;
pub use notifications::{Encryption, MailSettings, Notifications, Topic, WebhookSettings};
pub use parse::{Source, parse};
pub use places::Places;
pub use reference::reference_markdown;
pub use roles::RoleSettings;
pub use schema::json_schema;
pub use table::{BadRows, Gives, GroupRef, MAX_ROWS, RowProblem, TableGrant};
pub use temporary_access::{
    BreakGlassNeeds, BreakGlassRule, RequestRule, TemporaryAccess, TemporaryRules,
};

pub(crate) use template::RoleValues;

pub use iam_policy::persona::Activity;

use crate::ids::{
    AccountId, DomainId, DomainKey, GroupId, IdpKey, IsolationClass, LandingUri, NetworkKey,
    PersonaKey, ProfileName, Region, RoleArn, SpaceName, TeamKey,
};
use crate::network::NetworkRule;
use arcstr::ArcStr;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The whole map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessMap {
    /// Which installation of Stagedoor owns what it tags: the value of `stagedoor:instance`.
    pub instance: String,
    /// The key of the tag that says whose a resource is.
    pub team_tag: String,
    /// Where people and groups come from.
    pub directories: Directories,
    /// Groups that are mirrored into another directory.
    pub mirror: Option<Mirroring>,
    /// What Stagedoor itself runs as; absent: nothing is said of it.
    pub hub: Option<Hub>,
    /// Whose assertions the door accepts.
    pub identity_providers: BTreeMap<IdpKey, IdentityProvider>,
    /// SageMaker domains.
    pub domains: BTreeMap<DomainKey, Domain>,
    /// Network rules. `anywhere` is always known and need not be written.
    pub networks: BTreeMap<NetworkKey, NetworkRule>,
    /// Named sets of ML activities. The role manager's own are always known and need not be written.
    pub personas: BTreeMap<PersonaKey, Persona>,
    /// Units of isolation.
    pub teams: BTreeMap<TeamKey, Team>,
    /// Which group gets which team, in the order of the map.
    pub grants: Vec<Grant>,
    /// Whether grants stand in the store's grant table too; [`Self::with_table`] adds them. Until it
    /// did, no plan is carried out.
    pub grants_from: Option<GrantsFrom>,
    /// What the grants give to each group, by its name or id.
    pub gifts: Gifts,
    /// Limits on what one plan may take away.
    pub guard: Guard,
    /// What happens to the profile of a person who loses a team.
    pub offboarding: Offboarding,
    /// How corrections reach the profiles that there are.
    pub rollout: Rollout,
    /// Access for a time.
    pub temporary_access: TemporaryAccess,
    /// Profiles that Stagedoor did not make and takes over.
    pub adopt: Vec<Adoption>,
    /// What must hold of everything that the map means in IAM, in the order of the map.
    pub invariants: Vec<Invariant>,
    /// Whose people may use the admin screens and the API, in the order of the map. Nobody's: there
    /// is the command line only.
    pub administration: Vec<Administration>,
    /// Where it is written, for people who look for it.
    pub places: Places,
    /// Who is told when something needs a person.
    pub notifications: Notifications,
    /// SHA-256 of the text the map was read from, in lower-case hexadecimal. A plan names it, so
    /// that a plan made from another map is refused.
    pub digest: String,
}

/// What Stagedoor itself runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Its role. On Lambda every function has its own, whose name begins with this one's.
    pub role: RoleArn,
    /// What runs it, and so may assume the role.
    pub service: HubService,
    /// From where it calls AWS; absent: not known.
    pub network: Option<NetworkKey>,
    /// The organization whose accounts may use the VPC endpoints: `o-…`.
    pub organization: Option<String>,
    /// ARN of the queue that events of the directory arrive in.
    pub queue: Option<String>,
    /// ARN of the queue of people to work on; on Lambda only.
    pub work_queue: Option<String>,
    /// ARN of the queue of work that must wait; on Lambda only.
    pub later_queue: Option<String>,
    /// ARN of the `DynamoDB` table that it keeps its state in.
    pub table: Option<String>,
    /// ARN of the KMS key that table, queues and secrets are encrypted with.
    pub key: Option<String>,
    /// ARN of the customer-managed KMS key that the identity store of the directory is encrypted with.
    pub directory_key: Option<String>,
    /// ARN of the KMS key that the audit log is sealed with.
    pub audit_key: Option<String>,
    /// Where checkpoints of the audit log are kept: `s3://BUCKET/PREFIX`.
    pub checkpoints: Option<String>,
    /// ARNs of the keys it reads from Secrets Manager.
    pub secrets: Vec<String>,
    /// ARNs of the keys it reads from Parameter Store.
    pub parameters: Vec<String>,
    /// ARNs of the Identity Center applications of SSO-mode domains.
    pub applications: Vec<String>,
    /// Where the map says so.
    pub place: Place,
}

/// What runs the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "AWS's own names")]
pub enum HubService {
    EcsTasks,
    Ec2,
    Lambda,
    EksPods,
}

impl HubService {
    /// Every one with its name in the map.
    pub const ALL: [(&'static str, Self); 4] = [
        ("ecs-tasks", Self::EcsTasks),
        ("ec2", Self::Ec2),
        ("lambda", Self::Lambda),
        ("eks-pods", Self::EksPods),
    ];

    /// The service principal that a trust policy names.
    pub const fn principal(self) -> &'static str {
        match self {
            Self::EcsTasks => "ecs-tasks.amazonaws.com",
            Self::Ec2 => "ec2.amazonaws.com",
            Self::Lambda => "lambda.amazonaws.com",
            Self::EksPods => "pods.eks.amazonaws.com",
        }
    }

    /// Whether sessions that it opens carry tags which pass into every session that they open in
    /// turn (EKS user guide, "List of session tags added by EKS Pod Identity"). Whoever lets one in
    /// must allow `sts:TagSession`, and so must the role that goes there.
    pub const fn tags_sessions(self) -> bool {
        matches!(self, Self::EksPods)
    }
}

/// A SageMaker domain. Its auth mode is read from the domain, never configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// SageMaker's id.
    pub domain_id: DomainId,
    /// The account the domain is in.
    pub account_id: AccountId,
    /// The Region the domain is in.
    pub region: Region,
    /// The role to assume to reach it; absent: the account Stagedoor itself runs in.
    pub assume_role: Option<AssumeRole>,
    /// The role to assume to ask for links into Studio; absent: they are asked for like everything
    /// else.
    pub presign_role: Option<AssumeRole>,
    /// The class of teams it is for. A team that asks for a class is placed in any of its domains.
    pub isolation: Option<IsolationClass>,
    /// What to do about profiles that Stagedoor did not make.
    pub unmanaged: Unmanaged,
    /// Its own limits on what one plan may take away; absent: the map's.
    pub guard: Option<Guard>,
}

/// What to do about profiles that carry none of Stagedoor's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unmanaged {
    /// List them; never change them.
    #[default]
    Report,
    /// Not even list them.
    Ignore,
    /// Take over those that are plainly an entitled person's: in an IAM-mode domain by the very name
    /// that Stagedoor would give, in an SSO-mode domain by the person it signs in. List the others.
    Adopt,
}

/// A profile that Stagedoor did not make and takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// Where it is.
    pub domain: DomainKey,
    /// Its name.
    pub profile: ProfileName,
    /// The user name of the person whose it becomes.
    pub person: String,
    /// The team for which.
    pub team: TeamKey,
    /// Where the map says so.
    pub place: Place,
}

/// A role in another account, and the secret-free handshake that guards it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRole {
    /// The role.
    pub arn: RoleArn,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// Whether a pass that changes something tells STS its change id as source identity. The role's
    /// trust policy must allow `sts:SetSourceIdentity` then.
    pub source_identity: bool,
}

/// A named set of ML activities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// Activities, in the order of the map.
    pub activities: Vec<Activity>,
    /// What its roles may use.
    pub role: RoleSettings,
}

/// The unit of isolation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The domains its profiles can be in, each with the execution role they get there, in the
    /// order of preference. Never empty.
    pub placements: Vec<Placement>,
    /// What its people may do.
    pub persona: Option<PersonaKey>,
    /// From where it may be opened.
    pub network: NetworkKey,
    /// How long a Studio session lasts, in seconds: 1,800 to 43,200 (`SageMaker`'s bounds).
    pub session_seconds: u32,
    /// How long a presigned link may be used, in seconds: 5 to 300 (the bounds of
    /// `CreatePresignedDomainUrl`). Whoever holds the link is let in, so it is short.
    pub link_seconds: u32,
    /// Where in Studio a link leads; absent: where the domain's settings say.
    pub landing: Option<LandingUri>,
    /// The space to open; absent: none in particular.
    pub space: Option<SpaceName>,
    /// Tags of its profiles, besides Stagedoor's own. The tag that says whose a resource is
    /// ([`AccessMap::team_tag`]) is among them, unless it is Stagedoor's own.
    pub tags: BTreeMap<String, String>,
    /// Passed through to `CreateUserProfile`. Never holds `ExecutionRole`.
    pub user_settings: serde_json::Map<String, serde_json::Value>,
    /// What its execution roles may use, in the place of what its persona's may.
    pub role: RoleSettings,
    /// What the portal shows.
    pub about: About,
    /// Where the map defines it.
    pub place: Place,
}

/// A domain that a team's profiles can be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The domain.
    pub domain: DomainKey,
    /// The execution role of the team's profiles there, in the domain's account. The template of
    /// the map (`{account_id}`, `{team}`, `{persona}`, `{region}`) is already filled in.
    pub execution_role: RoleArn,
}

impl AccessMap {
    /// The team of this domain whose links lead into the space of this name.
    pub(crate) fn team_of_space(&self, domain: &DomainKey, space: &str) -> Option<&TeamKey> {
        let of_team = |team: &Team| {
            let own = team.space.as_ref().filter(|_| team.placement(domain).is_some());
            own.is_some_and(|own| own.as_str().eq_ignore_ascii_case(space))
        };
        self.teams.iter().find_map(|(key, team)| of_team(team).then_some(key))
    }

    /// Whether one team alone is placed in the domain, and this is its execution role.
    pub fn is_only_teams_role(&self, domain: &DomainKey, role: &str) -> bool {
        let mut placed = self.teams.values().filter_map(|team| team.placement(domain));
        match (placed.next(), placed.next()) {
            (Some(only), None) => only.execution_role.as_str() == role,
            _ => false,
        }
    }
}

impl Team {
    /// What the team gets in this domain; `None` if it is not one of the team's.
    pub fn placement(&self, domain: &DomainKey) -> Option<&Placement> {
        self.placements.iter().find(|placement| &placement.domain == domain)
    }
}

/// What the portal shows of a team.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct About {
    /// A title for people; absent: the team's key.
    pub title: Option<String>,
    /// What the team is for.
    pub purpose: Option<String>,
    /// Whom to ask; a user name, in any case, where shared spaces are handed over.
    pub owner: Option<String>,
    /// How the data is classified.
    pub data_class: Option<String>,
}

/// This group gets this team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Display name of the directory group, compared exactly. With [`GrantTeam::Captured`] it holds
    /// `{team}`; it may hold `{persona}`, which stands for the team's own persona.
    pub group: String,
    /// Id of the group, where it is named by that: [`Self::group`] has the same text then.
    pub group_id: Option<GroupId>,
    /// Which directory the group is of, by its place in the order of precedence; absent: any, or the one that
    /// the id says.
    pub source: Option<usize>,
    /// The team.
    pub team: GrantTeam,
    /// Which grant wins where a person can have only one profile (SSO-mode domains): the highest.
    pub priority: i32,
    /// Not before this time.
    pub from: Option<jiff::Timestamp>,
    /// Not from this time on.
    pub until: Option<jiff::Timestamp>,
    /// Where the grant stands in the map.
    pub place: Place,
}

/// Where grants stand besides the map's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantsFrom {
    /// In the store's grant table, which `stagedoor mapping` writes. It is still to be read.
    Store,
    /// The same, and [`AccessMap::grants`] holds the table as it was at this version.
    StoreAt(u64),
}

/// The team a grant gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrantTeam {
    /// This one.
    Named(TeamKey),
    /// The one whose key stands in the group's name where the pattern says `{team}`.
    Captured,
}

/// A place in the map's text, or a row of the grant table, which has no line.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
pub struct Place {
    /// The file, as it was named when the map was read.
    #[schema(value_type = String)]
    pub file: ArcStr,
    /// Line, from 1; 0 of a row of the grant table.
    pub line: usize,
    /// Column in characters, from 1; 0 of a row of the grant table.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// Limits on what plans may take away without anybody agreeing to it. Either one trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// The most profiles that one plan may take away, and that all plans of 24 hours together may:
    /// else a loop could take everybody away, a few in each pass.
    pub max_removals: u32,
    /// The most profiles that one plan may take away, in percent of those owned; one is always
    /// within it, or a team of three could never lose a member.
    pub max_removals_percent: u32,
}

impl Default for Guard {
    fn default() -> Self {
        Self { max_removals: 5, max_removals_percent: 10 }
    }
}

/// What happens to the profile of a person who loses a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offboarding {
    /// How long the profile is kept, apps stopped, before it is deleted, in seconds.
    pub hold_seconds: u64,
    /// What becomes of spaces that the person owns and others work in.
    pub shared_spaces: SharedSpaces,
}

impl Default for Offboarding {
    /// Seven days: deleting a private space destroys its volume, so haste is the map's choice.
    fn default() -> Self {
        Self { hold_seconds: 7 * 24 * 3600, shared_spaces: SharedSpaces::Report }
    }
}

/// What becomes of spaces that a leaver owns and others work in. Their owner cannot be changed
/// (`UpdateSpace` has no ownership).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SharedSpaces {
    /// They stay, and the leaver's profile with them, until an admin has seen to them.
    #[default]
    Report,
    /// Once the hold is over, each is made anew, with the same settings, for the team's owner
    /// (`about.owner`, a user name of the directory who has a profile in the domain), and the old one
    /// is deleted. Its volume goes with it.
    HandOver,
}

/// How corrections reach the profiles that there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rollout {
    /// The teams whose profiles are changed; absent: all. Of the others a plan only says what would
    /// be done.
    pub enforce: Option<BTreeSet<TeamKey>>,
    /// As long as profiles of this team do not agree with the map, no other team's are corrected.
    pub canary: Option<TeamKey>,
    /// What to do where apps run that keep the former role or settings until they start anew.
    pub running_apps: RunningApps,
}

impl Rollout {
    /// Whether profiles of this team may be changed.
    pub fn enforces(&self, team: &TeamKey) -> bool {
        self.enforce.as_ref().is_none_or(|teams| teams.contains(team))
    }
}

/// What to do about a correction of a profile whose apps are running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunningApps {
    /// Correct the profile; the apps keep what they have until they start anew.
    #[default]
    Update,
    /// Wait until no app of the profile runs.
    Wait,
    /// Stop the apps, then correct the profile.
    Stop,
}

//! `SageMaker` Studio, as far as Stagedoor uses it.

use super::{CallError, ChangeId};
use access::ids::{
    AccountId, DomainId, DomainKey, GroupId, LandingUri, PersonId, ProfileName, Region, RoleArn,
    SpaceName, TeamKey,
};
use access::map::{AssumeRole, Domain};
use access::observed::{ObservedApp, ObservedDomain, ObservedRole};
use access::plan::SpaceHandover;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A domain and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainTarget {
    /// Its key in the access map.
    pub key: DomainKey,
    /// `SageMaker`'s id.
    pub domain_id: DomainId,
    /// The account it is in.
    pub account_id: AccountId,
    /// The Region it is in.
    pub region: Region,
    /// The role to assume first; absent: the caller's own account.
    pub assume_role: Option<AssumeRole>,
    /// The role to assume to ask for a link; absent: [`Self::assume_role`].
    pub presign_role: Option<AssumeRole>,
    /// Which pass makes the change, for the names of assumed roles' sessions; absent for readings.
    pub change: Option<ChangeId>,
}

impl DomainTarget {
    /// How to reach a domain of the map, for readings.
    pub fn of(key: &DomainKey, domain: &Domain) -> Self {
        Self {
            key: key.clone(),
            domain_id: domain.domain_id.clone(),
            account_id: domain.account_id.clone(),
            region: domain.region.clone(),
            assume_role: domain.assume_role.clone(),
            presign_role: domain.presign_role.clone(),
            change: None,
        }
    }
}

/// Which profiles to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileScope {
    /// All of the domain.
    All,
    /// All of the domain; and how many the other domains of its account have in the Region.
    Account,
    /// Only those with these names, as far as they exist.
    Named(BTreeSet<ProfileName>),
}

/// What a call that ensures something found to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    /// It was not so; the service accepted the change.
    Changed,
    /// It was so already, or the service is at it.
    NotNeeded,
}

/// A profile to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSpec {
    /// Its name.
    pub name: ProfileName,
    /// Its execution role.
    pub execution_role: RoleArn,
    /// Its other user settings, in the shape of the API's `UserSettings`.
    pub user_settings: serde_json::Map<String, serde_json::Value>,
    /// All its tags, Stagedoor's own included.
    pub tags: BTreeMap<String, String>,
    /// The user name it signs in; in SSO-mode domains only.
    pub sso_user: Option<String>,
}

/// What to change of a profile. What is absent or empty stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileUpdate {
    /// A new execution role.
    pub execution_role: Option<RoleArn>,
    /// New user settings besides the role.
    pub user_settings: Option<serde_json::Map<String, serde_json::Value>>,
    /// Tags to set.
    pub set_tags: BTreeMap<String, String>,
    /// Keys of tags to take away.
    pub remove_tags: BTreeSet<String>,
}

/// What an app belongs to. An app has exactly one owner (API `ListApps`: profile *or* space).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppOwner {
    /// The profile itself.
    Profile(ProfileName),
    /// A space.
    Space(String),
}

/// Reads what there is.
#[async_trait]
pub trait Observe: Send + Sync + fmt::Debug {
    /// Reads the domain, the profiles asked for with their tags and settings, and the apps and
    /// spaces of those profiles.
    async fn domain(
        &self,
        domain: &DomainTarget,
        scope: &ProfileScope,
    ) -> Result<ObservedDomain, CallError>;

    /// Reads an execution role of the domain's account and whether `SageMaker` may assume it.
    async fn role(&self, domain: &DomainTarget, role: &RoleArn) -> Result<ObservedRole, CallError>;
}

/// Changes what there is. Each call may be repeated.
#[async_trait]
pub trait Provision: Send + Sync + fmt::Debug {
    /// Makes the profile. A profile of that name that is there already is not an error here: the
    /// next reading tells whose it is.
    async fn create_profile(
        &self,
        domain: &DomainTarget,
        spec: &ProfileSpec,
    ) -> Result<Ensured, CallError>;

    /// Changes the profile's role, settings and tags.
    async fn update_profile(
        &self,
        domain: &DomainTarget,
        name: &ProfileName,
        update: &ProfileUpdate,
    ) -> Result<Ensured, CallError>;

    /// Asks for the app to be deleted. One that is gone or has failed needs nothing.
    /// One that is still starting cannot be stopped yet: the service is at it.
    async fn stop_app(
        &self,
        domain: &DomainTarget,
        owner: &AppOwner,
        app: &ObservedApp,
    ) -> Result<Ensured, CallError>;

    /// Assigns a group to the Identity Center application of a domain (API
    /// `CreateApplicationAssignment`).
    async fn assign(
        &self,
        domain: &DomainTarget,
        application: &str,
        group: &GroupId,
    ) -> Result<Ensured, CallError>;

    /// Makes a shared space anew, with the same settings, for another owner. The old one stays.
    async fn hand_over_space(
        &self,
        domain: &DomainTarget,
        handover: &SpaceHandover,
    ) -> Result<Ensured, CallError>;

    /// Asks for the space to be deleted. Its volume goes with it.
    async fn delete_space(&self, domain: &DomainTarget, space: &str) -> Result<Ensured, CallError>;

    /// Asks for the profile to be deleted. Its home directory stays on the file system.
    async fn delete_profile(
        &self,
        domain: &DomainTarget,
        name: &ProfileName,
    ) -> Result<Ensured, CallError>;
}

/// What a presigned URL is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignRequest {
    /// For whom; becomes the session name of the request where a role is assumed.
    pub person: PersonId,
    /// For which team.
    pub team: TeamKey,
    /// The profile to open.
    pub profile: ProfileName,
    /// How long the link may be used, in seconds: 5 to 300.
    pub expires_seconds: u32,
    /// How long the session lasts, in seconds: 1,800 to 43,200.
    pub session_seconds: u32,
    /// Where in Studio it leads; absent: where the domain's settings say.
    pub landing: Option<LandingUri>,
    /// The space to open, which must be there; absent: none in particular.
    pub space: Option<SpaceName>,
}

/// A link that lets its bearer into Studio. A secret: it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl(String);

impl PresignedUrl {
    /// Takes the link the service gave, after the adapter has checked that its host is a Studio
    /// host of the domain's Region (or the endpoint that the environment names).
    pub fn new(url: String) -> Self {
        Self(url)
    }

    /// The link, for the `Location` header and nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresignedUrl(redacted)")
    }
}

/// Makes presigned URLs.
#[async_trait]
pub trait Presign: Send + Sync + fmt::Debug {
    /// Asks `CreatePresignedDomainUrl`.
    async fn presign(
        &self,
        domain: &DomainTarget,
        request: &PresignRequest,
    ) -> Result<PresignedUrl, CallError>;
}

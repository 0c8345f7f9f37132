//! What AWS says there is.

use crate::ids::{DomainId, DomainKey, GroupId, PersonId, ProfileName, RoleArn, TeamKey};
use crate::pool::Pool;
use crate::tags::Tags;
use arcstr::ArcStr;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Tag that names the installation which owns a profile.
pub const TAG_INSTANCE: &str = "stagedoor:instance";
/// Tag that holds the directory id of the person a profile belongs to.
pub const TAG_PERSON: &str = "stagedoor:person";
/// Tag that holds the key of the team a profile belongs to.
pub const TAG_TEAM: &str = "stagedoor:team";
/// Tag that holds the time from which a profile is on its way out (RFC 3339). It is state kept in
/// AWS on purpose: a lost store loses no hold.
pub const TAG_LEAVING: &str = "stagedoor:leaving-since";
/// Tag of a profile on its way out to which somebody agreed by number (`--allow-removals`). The
/// guard does not count it against later plans.
pub const TAG_AGREED: &str = "stagedoor:leaving-agreed";
/// Tag of a profile that was taken from a team its person has no right to any more, and that stays for another
/// one, as in a domain in SSO mode: [`TeamLost`] as text, of the last such team. The guard goes by it.
pub const TAG_LOST: &str = "stagedoor:team-lost";
/// Every tag of Stagedoor's own starts with this; the map may set none of them.
pub const TAG_PREFIX: &str = "stagedoor:";

/// Keys of the tags that Stagedoor sets of its own. IAM tells the keys of tags apart without regard
/// to case, `aws:TagKeys` with it: a policy that guards them must compare without.
pub const TAG_KEYS: [&str; 6] =
    [TAG_INSTANCE, TAG_PERSON, TAG_TEAM, TAG_LEAVING, TAG_AGREED, TAG_LOST];

/// Everything that was read from AWS for one plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// By domain of the map. A domain that could not be read is absent here and in `unreadable`.
    pub domains: BTreeMap<DomainKey, ObservedDomain>,
    /// Domains that could not be read, and why, safe to show.
    pub unreadable: BTreeMap<DomainKey, String>,
    /// The execution roles of the map's teams. A role absent here was not looked at.
    pub roles: BTreeMap<RoleArn, ObservedRole>,
}

/// What can be done in a domain (API `DomainStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DomainState {
    /// Everything: `InService`.
    InService,
    /// `Pending` or `Updating`: nobody gets anything there before it is done.
    Changing,
    /// `Update_Failed`: nobody gets anything there before an admin has mended it.
    UpdateFailed,
    /// `Deleting`, `Failed` or `Delete_Failed`: nothing at all.
    Ending,
}

/// A domain as `SageMaker` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedDomain {
    /// How people are authenticated; fixed when the domain was made.
    pub auth_mode: AuthMode,
    /// What can be done in it.
    pub state: DomainState,
    /// The Identity Center application of an SSO-mode domain. Absent in IAM mode, and where the
    /// domain is from before 1 October 2023: those do not tell.
    pub application: Option<ObservedApplication>,
    /// Where people of an SSO-mode domain go to (API `DescribeDomain`, `Url`).
    pub url: Option<String>,
    /// The execution role of profiles that name none, where it has one.
    pub default_role: Option<String>,
    /// The EFS file system with the home directories of its profiles; absent where the domain was
    /// made without one.
    pub home_file_system: Option<String>,
    /// Profiles by case-folded name.
    pub profiles: BTreeMap<ArcStr, ObservedProfile>,
    /// Whose profiles were read.
    pub seen: Seen,
    /// What is known of this installation's profiles that were not read.
    pub unread: Unread,
    /// How many profiles the account may have in the Region, where Service Quotas said so.
    pub profile_quota: Option<u32>,
    /// How many profiles other domains of the account have in the Region, where that was asked for: the quota
    /// is for all of them.
    pub elsewhere: BTreeMap<DomainId, usize>,
}

impl ObservedDomain {
    /// The execution role that apps of one of its profiles have: its own, or the domain's.
    pub fn role_of<'a>(&'a self, profile: &'a ObservedProfile) -> Option<&'a str> {
        profile.execution_role.as_deref().or(self.default_role.as_deref())
    }
}

/// Whose profiles of a domain were read. Only for them it can be said that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Everybody's.
    Everybody,
    /// These people's, as far as their names and the index of the last full reading tell.
    People(BTreeSet<PersonId>),
}

impl Seen {
    /// Whether all profiles of this person were read.
    pub fn covers(&self, person: &PersonId) -> bool {
        match self {
            Self::Everybody => true,
            Self::People(people) => people.contains(person),
        }
    }
}

/// This installation's profiles of a domain that were not read, as of the last full reading. The
/// guard counts them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// How many there are.
    pub owned: usize,
    /// Since when those are on their way out to which nobody has agreed.
    pub leaving_since: Vec<jiff::Timestamp>,
}

/// The Identity Center application of an SSO-mode domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObservedApplication {
    /// Its ARN (API `DescribeDomain`, `SingleSignOnApplicationArn`).
    pub arn: String,
    /// Groups that are assigned to it.
    pub groups: BTreeSet<GroupId>,
    /// People who are assigned to it by themselves.
    pub people: BTreeSet<PersonId>,
}

/// How a domain authenticates people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthMode {
    /// By a presigned URL that an IAM principal asked for.
    #[serde(rename = "IAM")]
    Iam,
    /// By IAM Identity Center.
    #[serde(rename = "SSO")]
    Sso,
}

/// The state of an execution role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObservedRole {
    /// It exists, and its trust policy lets `SageMaker` assume it.
    Trusted,
    /// It exists, and its trust policy does not let `SageMaker` assume it.
    Untrusted,
    /// There is no such role.
    Missing,
    /// It could not be read.
    Unreadable,
}

/// A user profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedProfile {
    /// Its name, in the case `SageMaker` gave.
    pub name: ProfileName,
    /// Its state.
    pub status: ProfileStatus,
    /// Its own execution role; absent: it inherits the domain's.
    pub execution_role: Option<ArcStr>,
    /// Its user settings besides the execution role.
    pub user_settings: Arc<serde_json::Map<String, serde_json::Value>>,
    /// Its tags.
    pub tags: Tags,
    /// The user name it signs in, in an SSO-mode domain (API `SingleSignOnUserValue`).
    pub sso_user: Option<ArcStr>,
    /// POSIX uid of its home directory on the domain's file system.
    pub home_efs_uid: Option<ArcStr>,
    /// When its settings were last changed, where AWS says so: what was started before goes on with what it had.
    pub modified: Option<jiff::Timestamp>,
    /// Apps of the profile itself.
    pub apps: Vec<ObservedApp>,
    /// Spaces it owns, with their apps.
    pub spaces: Vec<ObservedSpace>,
}

/// State of a user profile or a space (API `UserProfileStatus`, `SpaceStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the service's own names")]
pub enum ProfileStatus {
    Pending,
    InService,
    Updating,
    Deleting,
    Failed,
    UpdateFailed,
    DeleteFailed,
}

/// A space owned by a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedSpace {
    /// Its name.
    pub name: String,
    /// Its state.
    pub status: ProfileStatus,
    /// Whether others work in it too.
    pub shared: bool,
    /// The size of its volume in GiB, where it has one of its own.
    pub volume_gib: Option<u32>,
    /// Its apps.
    pub apps: Vec<ObservedApp>,
}

/// An app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedApp {
    /// API `AppType`, such as `JupyterLab`.
    pub app_type: String,
    /// Its name.
    pub name: String,
    /// Its state.
    pub status: AppStatus,
    /// What it runs on (API `ResourceSpec.InstanceType`), where AWS says so.
    pub instance_type: Option<String>,
    /// When it was started, where AWS says so.
    pub since: Option<jiff::Timestamp>,
}

/// State of an app (API `AppStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the service's own names")]
pub enum AppStatus {
    Pending,
    InService,
    Deleting,
    Deleted,
    Failed,
}

impl ObservedApp {
    /// What plans call it: `JupyterLab/default`, or `SPACE/JupyterLab/default` in a space.
    pub fn called(&self, space: Option<&str>) -> String {
        let Self { app_type, name, .. } = self;
        match space {
            Some(space) => format!("{space}/{app_type}/{name}"),
            None => format!("{app_type}/{name}"),
        }
    }
}

impl AppStatus {
    /// Whether the app still stands in the way of deleting its owner. Deleted apps stay listed for
    /// a day; failed ones cannot be deleted and do not block.
    pub fn blocks_deletion(self) -> bool {
        matches!(self, Self::Pending | Self::InService | Self::Deleting)
    }
}

/// Whose a profile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership<'a> {
    /// This installation made it, for this person and team.
    Ours {
        /// Value of [`TAG_PERSON`].
        person: &'a PersonId,
        /// Value of [`TAG_TEAM`].
        team: &'a TeamKey,
    },
    /// Another installation of Stagedoor made it.
    OtherInstance(&'a str),
    /// It carries none, or not all, of Stagedoor's tags.
    Foreign,
}

/// A team that a person lost: with a profile that stays, or with one on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamLost {
    /// When.
    pub at: jiff::Timestamp,
    /// Which.
    pub team: TeamKey,
    /// Whether somebody agreed to it, so that the guard does not count it against later plans.
    pub agreed: bool,
}

/// The last word of [`TAG_LOST`] where somebody agreed.
const AGREED: &str = "agreed";

impl TeamLost {
    /// Reads what `Display` wrote: the time (RFC 3339), the team, and whether somebody agreed. A tag that says
    /// something else is as good as none.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let at = words.next()?.parse().ok()?;
        let team = TeamKey::parse(words.next()?).ok()?;
        let agreed = match words.next() {
            None => false,
            Some(word) => (word == AGREED).then_some(true)?,
        };
        words.next().is_none().then_some(Self { at, team, agreed })
    }
}

impl fmt::Display for TeamLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.team)?;
        if self.agreed { write!(f, " {AGREED}") } else { Ok(()) }
    }
}

impl ObservedProfile {
    /// The same with those of its apps, and of its spaces', alone that a plan names ([`ObservedApp::called`]).
    #[must_use]
    pub fn with_apps(&self, named: &[String]) -> Self {
        let mut only = self.clone();
        only.apps.retain(|app| named.contains(&app.called(None)));
        for space in &mut only.spaces {
            space.apps.retain(|app| named.contains(&app.called(Some(&space.name))));
        }
        only
    }

    /// Whose the profile is, by its tags alone. A name proves nothing.
    pub fn ownership(&self, instance: &str) -> Ownership<'_> {
        self.tags.ownership(instance)
    }

    /// Takes from the pool what other profiles have too: a company has a thousand profiles with the
    /// same settings, role and tags.
    pub fn share(&mut self, pool: &mut Pool) {
        self.tags.share(pool);
        self.user_settings = pool.settings(&self.user_settings);
        if let Some(role) = &mut self.execution_role {
            *role = pool.text(role);
        }
    }

    /// Since when the profile is on its way out. A tag that cannot be read is as good as none: the
    /// hold begins anew.
    pub fn leaving_since(&self) -> Option<jiff::Timestamp> {
        self.tags.get(TAG_LEAVING).and_then(|t| t.parse().ok())
    }

    /// The team that its person lost with it, while it stayed for another one.
    pub fn team_lost(&self) -> Option<TeamLost> {
        self.tags.get(TAG_LOST).and_then(TeamLost::parse)
    }

    /// The team from which it is on its way out. When a hold ends because the profile goes on for another team, this is
    /// what is left to be remembered: its person is not back.
    pub fn held_for(&self) -> Option<TeamLost> {
        let at = self.leaving_since()?;
        let team = self.tags.get(TAG_TEAM).and_then(|team| TeamKey::parse(team).ok())?;
        Some(TeamLost { at, team, agreed: self.tags.contains_key(TAG_AGREED) })
    }

    /// What the guard counts of this profile: that it is on its way out, or that its person lost a team with it.
    pub fn taken(&self) -> Option<TeamLost> {
        // What nobody agreed to is not hidden by what somebody did.
        match (self.held_for(), self.team_lost()) {
            (Some(leaving), Some(lost)) if leaving.agreed && !lost.agreed => Some(lost),
            (leaving, lost) => leaving.or(lost),
        }
    }

    /// Whether a plan that takes the profile from this team is the first to do so: nobody was told of it yet.
    pub fn is_untouched(&self, team: &TeamKey) -> bool {
        self.leaving_since().is_none() && self.team_lost().is_none_or(|lost| lost.team != *team)
    }

    /// The spaces that it owns alone.
    pub fn private_spaces(&self) -> impl Iterator<Item = &ObservedSpace> {
        self.spaces.iter().filter(|space| !space.shared)
    }

    /// The spaces that it owns and others work in.
    pub fn shared_spaces(&self) -> impl Iterator<Item = &ObservedSpace> {
        self.spaces.iter().filter(|space| space.shared)
    }

    /// Apps that run, or are starting or stopping, in the profile and its spaces.
    pub fn live_apps(&self) -> usize {
        let of_spaces = self.spaces.iter().flat_map(|s| &s.apps);
        self.apps.iter().chain(of_spaces).filter(|a| a.status.blocks_deletion()).count()
    }
}

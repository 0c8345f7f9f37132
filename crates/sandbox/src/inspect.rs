//! What a test or demo in the same process can see of the simulated AWS.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sandbox::Sandbox;
use crate::services::sso_admin;
use crate::state::{AppKey, Caller, Domain, Owner, Profile};
use crate::wire::error::ApiError;

/// Members of requests that name what a call is about, from the whole to the part.
const RESOURCE: [&str; 6] =
    ["DomainId", "UserProfileName", "SpaceName", "AppType", "AppName", "ResourceArn"];

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// When, on the virtual clock.
    pub at: Timestamp,
    /// Account of the caller; empty when the caller could not be told.
    pub account: String,
    /// Region of the credential scope.
    pub region: String,
    /// Session name of the caller, when it is a session of a role.
    pub session: Option<String>,
    /// The source identity of the caller's session; that of the new one for `AssumeRole`.
    pub source_identity: Option<String>,
    /// Signing name, such as `sagemaker`.
    pub service: &'static str,
    /// Operation.
    pub operation: &'static str,
    /// What the request names of SageMaker, as `d-research/ana--fraud` or an ARN; absent where it
    /// names nothing, or was refused before it was read.
    pub resource: Option<String>,
    /// HTTP status of the answer.
    pub status: u16,
    /// Error code of the answer; absent when it succeeded.
    pub error: Option<String>,
}

impl CallRecord {
    pub(crate) fn new(at: Timestamp, service: &'static str, operation: &'static str) -> Self {
        Self {
            at,
            account: String::new(),
            region: String::new(),
            session: None,
            source_identity: None,
            service,
            operation,
            resource: None,
            status: 200,
            error: None,
        }
    }

    /// Whose call it is.
    pub(crate) fn begin(&mut self, caller: &Caller, region: &str) {
        self.account.clone_from(&caller.account);
        self.region.push_str(region);
        let session = caller.role_arn.as_ref().and_then(|_| caller.arn.rsplit('/').next());
        self.session = session.map(str::to_owned);
        self.source_identity.clone_from(&caller.source_identity);
    }

    /// What it is about.
    pub(crate) fn name(&mut self, document: &Value) {
        let names = RESOURCE.iter().filter_map(|member| document.get(member)?.as_str());
        let path = names.collect::<Vec<_>>().join("/");
        self.resource = Some(path).filter(|path| !path.is_empty());
    }

    pub(crate) fn end(&mut self, error: Option<&ApiError>) {
        self.status = error.map_or(200, |error| error.status);
        self.error = error.map(|error| error.code.clone());
    }
}

/// A user profile, as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileView {
    /// Name as it was created.
    pub name: String,
    /// Such as `InService`.
    pub status: &'static str,
    /// The profile's own execution role, or else the domain's.
    pub execution_role: Option<String>,
    /// `SingleSignOnUserValue`.
    pub sso_user: Option<String>,
    /// `HomeEfsFileSystemUid`.
    pub home_uid: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// An app, as it is; deleted ones are listed for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppView {
    /// Name.
    pub name: String,
    /// Such as `JupyterServer`.
    pub app_type: String,
    /// Profile it belongs to, unless it belongs to a space.
    pub profile: Option<String>,
    /// Space it belongs to.
    pub space: Option<String>,
    /// Such as `InService`.
    pub status: &'static str,
}

/// A space, as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceView {
    /// Name.
    pub name: String,
    /// Profile name of its owner.
    pub owner: Option<String>,
    /// `Private` or `Shared`.
    pub sharing: Option<String>,
    /// Such as `InService`.
    pub status: &'static str,
}

impl Sandbox {
    /// Profiles of a domain, by name. Empty when there is no such domain there.
    pub fn profiles(&self, account: &str, region: &str, domain: &str) -> Vec<ProfileView> {
        self.domain(account, region, domain)
            .into_iter()
            .flat_map(|domain| domain.profiles.values().map(move |p| self.profile_view(domain, p)))
            .collect()
    }

    fn profile_view(&self, domain: &Domain, profile: &Profile) -> ProfileView {
        let arn = domain.profile_arn(&profile.name);
        ProfileView {
            name: profile.name.clone(),
            status: profile.life.status.word(),
            execution_role: domain.role_of(profile),
            sso_user: profile.sso_user.clone(),
            home_uid: profile.efs_uid.clone(),
            tags: self.world.tags.get(&arn).cloned().unwrap_or_default(),
        }
    }

    /// Apps of a domain.
    pub fn apps(&self, account: &str, region: &str, domain: &str) -> Vec<AppView> {
        let view = |(key, app): (&AppKey, &crate::state::App)| {
            let (profile, space) = match key.owner {
                Owner::Profile(_) => (Some(app.owner_name.clone()), None),
                Owner::Space(_) => (None, Some(app.owner_name.clone())),
            };
            let status = app.life.status.word();
            let (name, app_type) = (app.name.clone(), key.app_type.clone());
            AppView { name, app_type, profile, space, status }
        };
        let domain = self.domain(account, region, domain);
        domain.into_iter().flat_map(|domain| domain.apps.iter().map(view)).collect()
    }

    /// Spaces of a domain, by name.
    pub fn spaces(&self, account: &str, region: &str, domain: &str) -> Vec<SpaceView> {
        let view = |space: &crate::state::Space| SpaceView {
            name: space.name.clone(),
            owner: space.owner.clone(),
            sharing: space.sharing.clone(),
            status: space.life.status.word(),
        };
        let domain = self.domain(account, region, domain);
        domain.into_iter().flat_map(|domain| domain.spaces.values().map(view)).collect()
    }

    fn domain(&self, account: &str, region: &str, id: &str) -> Option<&Domain> {
        self.world
            .domains
            .get(id)
            .filter(|domain| domain.account == account && domain.region == region)
    }

    /// User names of the members of a group, by the group's display name.
    pub fn members(&self, group: &str) -> Vec<String> {
        let Some(directory) = &self.world.directory else { return Vec::new() };
        let id = directory.group_names.get(&group.to_lowercase());
        let mut names: Vec<String> = id
            .and_then(|id| directory.by_group.get(id))
            .into_iter()
            .flat_map(|members| members.keys())
            .filter_map(|user| directory.users.get(user)?.attributes.get("UserName")?.as_str())
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    /// Id of a directory user, by user name.
    pub fn user_id(&self, user_name: &str) -> Option<String> {
        let directory = self.world.directory.as_ref()?;
        directory.user_names.get(&user_name.to_lowercase()).cloned()
    }

    /// Whether a person, by id, may use the application of an SSO-mode domain.
    pub fn is_assigned(&self, account: &str, region: &str, domain: &str, user: &str) -> bool {
        let arn = self.domain(account, region, domain).and_then(|d| d.application_arn.as_ref());
        let application = arn.and_then(|arn| self.world.applications.get(arn));
        let directory = self.world.directory.as_ref();
        directory
            .zip(application)
            .is_some_and(|(directory, known)| sso_admin::is_assigned(directory, known, user))
    }

    /// Id of a directory group, by display name.
    pub fn group_id(&self, name: &str) -> Option<String> {
        let directory = self.world.directory.as_ref()?;
        directory.group_names.get(&name.to_lowercase()).cloned()
    }

    /// Calls in the order they came; the latest 100,000.
    pub fn calls(&self) -> impl Iterator<Item = &CallRecord> {
        self.calls.iter()
    }

    /// How often each operation was called, as `service:Operation`.
    pub fn call_counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// Presigned URLs given out so far.
    pub fn presigned_count(&self) -> usize {
        self.world.presigned_given
    }

    /// ARNs of all secrets.
    pub fn secret_arns(&self) -> Vec<String> {
        self.world.secrets.keys().cloned().collect()
    }

    /// Messages in all queues of a name, received or not.
    pub fn queue_depth(&self, name: &str) -> usize {
        let queues = self.world.queues.iter().filter(|((_, _, queue), _)| queue == name);
        queues.map(|(_, queue)| queue.messages.len()).sum()
    }

    /// Everything worth a look, as JSON; `GET /_sandbox/state` answers with it.
    pub fn state(&self, now: Timestamp) -> Value {
        self.state_at(self.virtual_time(now))
    }

    /// [`Sandbox::state`] at a time of the virtual clock.
    pub(crate) fn state_at(&self, now: Timestamp) -> Value {
        let domains: Vec<Value> =
            self.world.domains.values().map(|d| self.domain_state(d)).collect();
        let queues: BTreeMap<String, usize> = self
            .world
            .queues
            .iter()
            .map(|((account, region, name), queue)| {
                (format!("{account}/{region}/{name}"), queue.messages.len())
            })
            .collect();
        let directory = self.world.directory.as_ref().map(|directory| {
            let groups: BTreeMap<&String, Vec<String>> =
                directory.group_names.keys().map(|name| (name, self.members(name))).collect();
            json!({
                "identity_store_id": directory.id,
                "instance_arn": directory.instance_arn,
                "users": directory.users.len(),
                "groups": groups,
            })
        });
        json!({
            "now": now.to_string(),
            "domains": domains,
            "directory": directory,
            "roles": self.world.roles.values().map(crate::state::Role::arn).collect::<Vec<_>>(),
            "queues": queues,
            "presigned": self.presigned_count(),
            "calls": self.counts,
        })
    }

    fn domain_state(&self, domain: &Domain) -> Value {
        let place = (domain.account.as_str(), domain.region.as_str(), domain.id.as_str());
        let profiles: Vec<Value> = self
            .profiles(place.0, place.1, place.2)
            .into_iter()
            .map(|profile| {
                json!({
                    "name": profile.name,
                    "status": profile.status,
                    "execution_role": profile.execution_role,
                    "sso_user": profile.sso_user,
                    "home_uid": profile.home_uid,
                    "tags": profile.tags,
                })
            })
            .collect();
        let apps: Vec<Value> = self
            .apps(place.0, place.1, place.2)
            .into_iter()
            .map(|app| {
                json!({
                    "name": app.name,
                    "type": app.app_type,
                    "profile": app.profile,
                    "space": app.space,
                    "status": app.status,
                })
            })
            .collect();
        let spaces: Vec<Value> = self
            .spaces(place.0, place.1, place.2)
            .into_iter()
            .map(|space| {
                json!({
                    "name": space.name,
                    "owner": space.owner,
                    "sharing": space.sharing,
                    "status": space.status,
                })
            })
            .collect();
        json!({
            "id": domain.id,
            "account": domain.account,
            "region": domain.region,
            "auth_mode": domain.auth_mode.word(),
            "status": domain.life.status.word(),
            "profiles": profiles,
            "apps": apps,
            "spaces": spaces,
        })
    }
}

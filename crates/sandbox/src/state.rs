//! The state of the simulated AWS, and how it changes with time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::faults::EventFaults;
use crate::ids::Ids;
use crate::seed::{AuthMode, EventFamily, Limits, SeedSecurityGroup, SeedSubnet, Timing};

/// Status of a domain, profile, space or app; each service has a subset of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    InService,
    Updating,
    Deleting,
    Deleted,
    Failed,
    UpdateFailed,
    DeleteFailed,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InService => "InService",
            Self::Updating => "Updating",
            Self::Deleting => "Deleting",
            Self::Deleted => "Deleted",
            Self::Failed => "Failed",
            Self::UpdateFailed => "Update_Failed",
            Self::DeleteFailed => "Delete_Failed",
        }
    }
}

/// The life-cycle part of a resource.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// Order of creation over all resources.
    pub(crate) order: u64,
    pub(crate) status: Status,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// The change under way; a due change with another number is out of date.
    change: Option<u64>,
    /// The change under way will end badly.
    fails: bool,
}

impl Life {
    /// When it was made, for `CreationTime` order.
    pub(crate) fn created_position(&self) -> (i64, u64) {
        (self.created.as_millisecond(), self.order)
    }

    pub(crate) fn modified_position(&self) -> (i64, u64) {
        (self.modified.as_millisecond(), self.order)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Domain {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) auth_mode: AuthMode,
    pub(crate) application_arn: Option<String>,
    /// Made before applications had ARNs that `DescribeDomain` tells.
    pub(crate) old: bool,
    pub(crate) life: Life,
    /// Members given at creation and shown by `DescribeDomain`.
    pub(crate) members: Map<String, Value>,
    /// By lower-case name.
    pub(crate) profiles: BTreeMap<String, Profile>,
    pub(crate) spaces: BTreeMap<String, Space>,
    pub(crate) apps: BTreeMap<AppKey, App>,
}

#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) efs_uid: String,
    pub(crate) sso_user: Option<String>,
    pub(crate) settings: Map<String, Value>,
    pub(crate) life: Life,
}

#[derive(Debug, Clone)]
pub(crate) struct Space {
    pub(crate) name: String,
    pub(crate) efs_uid: String,
    /// Profile name of the owner, as it was given.
    pub(crate) owner: Option<String>,
    /// `Private` or `Shared`.
    pub(crate) sharing: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) settings: Map<String, Value>,
    pub(crate) life: Life,
}

/// Who an app belongs to, by lower-case name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Profile(String),
    Space(String),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AppKey {
    pub(crate) owner: Owner,
    pub(crate) app_type: String,
    /// In lower case.
    pub(crate) name: String,
}

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) name: String,
    /// Name of the profile or space as its owner wrote it.
    pub(crate) owner_name: String,
    pub(crate) resource_spec: Option<Value>,
    pub(crate) recovery_mode: Option<Value>,
    pub(crate) life: Life,
}

/// A presigned URL that was given out.
#[derive(Debug, Clone)]
pub(crate) struct Presigned {
    pub(crate) domain: String,
    /// Lower-case profile name.
    pub(crate) profile: String,
    pub(crate) space: Option<String>,
    pub(crate) landing: Option<String>,
    pub(crate) expires: Timestamp,
    pub(crate) session_seconds: i64,
    pub(crate) used: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Directory {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) instance_arn: String,
    pub(crate) users: BTreeMap<String, DirectoryEntry>,
    pub(crate) groups: BTreeMap<String, DirectoryEntry>,
    pub(crate) memberships: BTreeMap<String, Membership>,
    /// Group id → user id → membership id.
    pub(crate) by_group: BTreeMap<String, BTreeMap<String, String>>,
    /// User id → group id → membership id.
    pub(crate) by_user: BTreeMap<String, BTreeMap<String, String>>,
    /// Lower-case user name → user id.
    pub(crate) user_names: BTreeMap<String, String>,
    /// Lower-case display name → group id.
    pub(crate) group_names: BTreeMap<String, String>,
}

/// A user or a group: its attributes as the API shows them.
#[derive(Debug, Clone)]
pub(crate) struct DirectoryEntry {
    pub(crate) order: u64,
    pub(crate) attributes: Map<String, Value>,
    pub(crate) enabled: bool,
    pub(crate) revision: u64,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) order: u64,
    pub(crate) group: String,
    pub(crate) user: String,
    pub(crate) created: Timestamp,
}

/// An Identity Center application; here always that of an SSO-mode domain.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) order: u64,
    pub(crate) name: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) created: Timestamp,
    /// (`USER` or `GROUP`, id) → order of assignment.
    pub(crate) assignments: BTreeMap<(String, String), u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) order: u64,
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) trust: Value,
    pub(crate) description: Option<String>,
    pub(crate) max_session: i64,
    pub(crate) created: Timestamp,
    pub(crate) tags: Vec<Value>,
    /// ARNs of managed policies, in the order in which they were attached.
    pub(crate) attached: Vec<String>,
    /// Documents by name, as they were given.
    pub(crate) inline: BTreeMap<String, String>,
    /// ARN of the permissions boundary.
    pub(crate) boundary: Option<String>,
    pub(crate) denied: Vec<String>,
}

impl Role {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::{}:role{}{}", self.account, self.path, self.name)
    }
}

/// A managed policy of an account, or of AWS.
#[derive(Debug, Clone)]
pub(crate) struct ManagedPolicy {
    /// Twelve digits, or `aws`.
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) description: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) tags: Vec<Value>,
    /// Number of the version in force.
    pub(crate) default: u32,
    /// By number, from 1.
    pub(crate) versions: BTreeMap<u32, PolicyVersion>,
}

/// A version of a managed policy: its document as it was given.
#[derive(Debug, Clone)]
pub(crate) struct PolicyVersion {
    pub(crate) document: String,
    pub(crate) created: Timestamp,
}

impl ManagedPolicy {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::{}:policy{}{}", self.account, self.path, self.name)
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
    pub(crate) access_key_id: String,
    /// ARN of the role, when the caller is a session of one.
    pub(crate) role_arn: Option<String>,
    /// The source identity that stays with the session.
    pub(crate) source_identity: Option<String>,
    pub(crate) denied: Vec<String>,
    /// Session tags that pass into every session it opens.
    pub(crate) transitive_tags: BTreeMap<String, String>,
}

/// Temporary credentials that `AssumeRole` gave out.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) expires: Timestamp,
    pub(crate) caller: Caller,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("expires", &self.expires)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) messages: Vec<Message>,
    pub(crate) created: Timestamp,
    /// Deduplication ids of a FIFO queue, with the second and the message they were sent with.
    pub(crate) sent_once: BTreeMap<String, (i64, String)>,
}

impl Queue {
    /// Whether the order within a message group holds.
    pub(crate) fn is_fifo(&self) -> bool {
        self.attributes.get("FifoQueue").is_some_and(|value| value == "true")
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) attributes: Option<Value>,
    /// The message group, in a FIFO queue.
    pub(crate) group: Option<String>,
    pub(crate) sent: Timestamp,
    /// When it can be received next: after its delay, or after a visibility timeout.
    pub(crate) visible: Timestamp,
    pub(crate) receipt: Option<String>,
    pub(crate) received: u64,
    pub(crate) first_received: Option<Timestamp>,
}

/// A resource which changes by itself.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Domain(String),
    Profile(String, String),
    Space(String, String),
    App(String, AppKey),
}

/// What the faults do to the change which a call starts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Twist {
    pub(crate) stuck: bool,
    pub(crate) fails: bool,
}

/// A parameter of Parameter Store.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) secure: bool,
}

impl Parameter {
    pub(crate) fn arn(&self) -> String {
        let Self { account, region, name, .. } = self;
        // A path begins with the slash that the ARN has anyway.
        let slash = if name.starts_with('/') { "" } else { "/" };
        format!("arn:aws:ssm:{region}:{account}:parameter{slash}{name}")
    }
}

/// A secret of Secrets Manager.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) versions: Vec<SecretVersion>,
}

/// A version of a secret that has a staging label.
#[derive(Debug, Clone)]
pub(crate) struct SecretVersion {
    pub(crate) id: String,
    /// `AWSCURRENT`, `AWSPREVIOUS` or `AWSPENDING`.
    pub(crate) stage: &'static str,
    pub(crate) text: String,
}

/// A VPC with what is in it, as far as a domain's network hangs on it.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) vpc: String,
    pub(crate) subnets: Vec<SeedSubnet>,
    pub(crate) security_groups: Vec<SeedSecurityGroup>,
    pub(crate) endpoints: Vec<VpcEndpoint>,
}

/// A VPC endpoint.
#[derive(Debug, Clone)]
pub(crate) struct VpcEndpoint {
    pub(crate) id: String,
    /// Without `com.amazonaws.<region>.`.
    pub(crate) service: String,
    /// `Interface` or `Gateway`.
    pub(crate) kind: &'static str,
    pub(crate) state: String,
    pub(crate) private_dns: bool,
    pub(crate) subnets: Vec<String>,
    pub(crate) security_groups: Vec<String>,
}

/// A key of KMS.
#[derive(Debug, Clone)]
pub(crate) struct KmsKey {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) usage: String,
    pub(crate) policy: Value,
}

impl KmsKey {
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:kms:{}:{}:key/{}", self.region, self.account, self.id)
    }
}

/// A bucket of S3.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) account: String,
    /// Whether it locks objects by default: none can be deleted.
    pub(crate) lock: bool,
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
}

/// Account, region, name.
pub(crate) type QueueKey = (String, String, String);

/// Everything that exists.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) ids: Ids,
    pub(crate) default_account: String,
    pub(crate) accounts: BTreeSet<String>,
    pub(crate) timing: Timing,
    pub(crate) limits: Limits,
    pub(crate) domains: BTreeMap<String, Domain>,
    /// ARN of a SageMaker resource → its tags.
    pub(crate) tags: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) presigned: BTreeMap<String, Presigned>,
    /// Presigned URLs given out, those forgotten included.
    pub(crate) presigned_given: usize,
    pub(crate) directory: Option<Directory>,
    pub(crate) applications: BTreeMap<String, Application>,
    /// (account, lower-case name) → role.
    pub(crate) roles: BTreeMap<(String, String), Role>,
    /// Managed policies by ARN.
    pub(crate) policies: BTreeMap<String, ManagedPolicy>,
    pub(crate) credentials: BTreeMap<String, Caller>,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) queues: BTreeMap<QueueKey, Queue>,
    /// By ARN.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// VPCs, in the order of the seed.
    pub(crate) networks: Vec<Network>,
    pub(crate) kms_keys: Vec<KmsKey>,
    pub(crate) buckets: BTreeMap<String, Bucket>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) event_queue: Option<QueueKey>,
    pub(crate) event_family: EventFamily,
    pub(crate) event_faults: EventFaults,
    pub(crate) events_sent: u64,
    pub(crate) next_efs_uid: u64,
    order: u64,
    due: BTreeMap<(Timestamp, u64), Target>,
    stuck: Vec<(u64, Target)>,
}

impl World {
    pub(crate) fn empty(
        random: u64,
        default_account: &str,
        timing: Timing,
        limits: Limits,
    ) -> Self {
        Self {
            ids: Ids::new(random),
            default_account: default_account.to_owned(),
            accounts: BTreeSet::from([default_account.to_owned()]),
            timing: timing.resolve(),
            limits,
            domains: BTreeMap::new(),
            tags: BTreeMap::new(),
            presigned: BTreeMap::new(),
            presigned_given: 0,
            directory: None,
            applications: BTreeMap::new(),
            roles: BTreeMap::new(),
            policies: crate::services::iam::aws_managed(),
            credentials: BTreeMap::new(),
            sessions: BTreeMap::new(),
            queues: BTreeMap::new(),
            secrets: BTreeMap::new(),
            networks: Vec::new(),
            kms_keys: Vec::new(),
            buckets: BTreeMap::new(),
            parameters: Vec::new(),
            event_queue: None,
            event_family: EventFamily::default(),
            event_faults: EventFaults::default(),
            events_sent: 0,
            next_efs_uid: 200_005,
            order: 0,
            due: BTreeMap::new(),
            stuck: Vec::new(),
        }
    }

    /// The next number in the order of creation.
    pub(crate) fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// A home directory id which was never used before (a re-created profile gets a new one).
    pub(crate) fn new_efs_uid(&mut self) -> String {
        let uid = self.next_efs_uid;
        self.next_efs_uid += 5;
        uid.to_string()
    }

    /// A resource that exists from now on, in the status given.
    pub(crate) fn new_life(&mut self, now: Timestamp, status: Status) -> Life {
        let order = self.next_order();
        Life { order, status, created: now, modified: now, change: None, fails: false }
    }

    /// Starts a change of a resource, which ends after some seconds.
    pub(crate) fn begin(
        &mut self,
        target: Target,
        status: Status,
        now: Timestamp,
        seconds: u64,
        twist: Twist,
    ) {
        let change = self.next_order();
        let Some(life) = self.life_mut(&target) else { return };
        life.status = status;
        life.modified = now;
        life.change = Some(change);
        life.fails = twist.fails;
        if twist.stuck {
            self.stuck.push((change, target));
        } else {
            self.due.insert((later(now, seconds), change), target);
        }
    }

    /// Lets changes which a fault holds up end at once.
    pub(crate) fn unstick(&mut self, now: Timestamp) {
        for (change, target) in std::mem::take(&mut self.stuck) {
            self.due.insert((now, change), target);
        }
    }

    /// Forgets URLs and sessions which expired, once there are many: a long run stays small.
    pub(crate) fn forget_expired(&mut self, now: Timestamp) {
        const MANY: usize = 10_000;
        if self.presigned.len() >= MANY {
            self.presigned.retain(|_, presigned| presigned.expires > now);
        }
        if self.sessions.len() >= MANY {
            self.sessions.retain(|_, session| session.expires > now);
        }
    }

    /// Does everything that became due.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        while let Some(entry) = self.due.first_entry() {
            let (at, change) = *entry.key();
            if at > now {
                break;
            }
            let target = entry.remove();
            self.finish(&target, at, change);
        }
    }

    fn finish(&mut self, target: &Target, at: Timestamp, change: u64) {
        let listed_for = self.timing.app_listed_after_delete;
        let is_app = matches!(target, Target::App(..));
        let Some(life) = self.life_mut(target).filter(|life| life.change == Some(change)) else {
            return;
        };
        life.change = None;
        let next = match (life.status, life.fails) {
            (Status::Pending, true) => Status::Failed,
            (Status::Updating, true) => Status::UpdateFailed,
            (Status::Deleting, true) => Status::DeleteFailed,
            (Status::Deleting | Status::Deleted, _) => Status::Deleted,
            _ => Status::InService,
        };
        let gone = next == Status::Deleted && (!is_app || life.status == Status::Deleted);
        life.status = next;
        life.modified = at;
        if gone {
            self.remove(target);
        } else if next == Status::Deleted {
            // Metadata of a deleted app stays listed for a day.
            self.begin(target.clone(), Status::Deleted, at, listed_for, Twist::default());
        }
    }

    fn life_mut(&mut self, target: &Target) -> Option<&mut Life> {
        match target {
            Target::Domain(id) => self.domains.get_mut(id).map(|d| &mut d.life),
            Target::Profile(domain, name) => {
                self.domains.get_mut(domain)?.profiles.get_mut(name).map(|p| &mut p.life)
            }
            Target::Space(domain, name) => {
                self.domains.get_mut(domain)?.spaces.get_mut(name).map(|s| &mut s.life)
            }
            Target::App(domain, key) => {
                self.domains.get_mut(domain)?.apps.get_mut(key).map(|a| &mut a.life)
            }
        }
    }

    fn remove(&mut self, target: &Target) {
        let arn = match target {
            Target::Domain(id) => self.domains.remove(id).map(|domain| {
                if let Some(arn) = &domain.application_arn {
                    self.applications.remove(arn);
                }
                domain.arn()
            }),
            Target::Profile(domain, name) => self
                .domains
                .get_mut(domain)
                .and_then(|domain| domain.profiles.remove(name).map(|_| domain.profile_arn(name))),
            Target::Space(domain, name) => self
                .domains
                .get_mut(domain)
                .and_then(|domain| domain.spaces.remove(name).map(|_| domain.space_arn(name))),
            Target::App(domain, key) => self
                .domains
                .get_mut(domain)
                .and_then(|domain| domain.apps.remove(key).map(|_| domain.app_arn(key))),
        };
        if let Some(arn) = arn {
            self.tags.remove(&arn);
        }
    }
}

impl Domain {
    fn arn_of(&self, resource: &str) -> String {
        format!("arn:aws:sagemaker:{}:{}:{resource}", self.region, self.account)
    }

    pub(crate) fn arn(&self) -> String {
        self.arn_of(&format!("domain/{}", self.id))
    }

    /// ARNs have names in lower case, whatever was given.
    pub(crate) fn profile_arn(&self, name: &str) -> String {
        self.arn_of(&format!("user-profile/{}/{}", self.id, name.to_lowercase()))
    }

    pub(crate) fn space_arn(&self, name: &str) -> String {
        self.arn_of(&format!("space/{}/{}", self.id, name.to_lowercase()))
    }

    pub(crate) fn app_arn(&self, key: &AppKey) -> String {
        let owner = match &key.owner {
            Owner::Profile(name) | Owner::Space(name) => name,
        };
        let app_type = key.app_type.to_lowercase();
        self.arn_of(&format!("app/{}/{owner}/{app_type}/{}", self.id, key.name))
    }

    /// Whether sessions of execution roles name the profile as their source identity.
    pub(crate) fn names_profiles(&self) -> bool {
        let settings = self.members.get("DomainSettings");
        settings.and_then(|s| s.get("ExecutionRoleIdentityConfig")?.as_str())
            == Some("USER_PROFILE_NAME")
    }

    /// `DefaultUserSettings.ExecutionRole`.
    pub(crate) fn default_role(&self) -> Option<&str> {
        self.members.get("DefaultUserSettings")?.get("ExecutionRole")?.as_str()
    }

    /// The role that a profile's sessions run with.
    pub(crate) fn role_of(&self, profile: &Profile) -> Option<String> {
        let own = profile.settings.get("ExecutionRole").and_then(Value::as_str);
        own.or_else(|| self.default_role()).map(str::to_owned)
    }
}

/// A time some seconds later; the end of time if that cannot be told.
pub(crate) fn later(now: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

//! A directory, a Studio and a store in memory, with faults to switch on.

use access::ArcStr;
use access::entitlement::WantedGroups;
use access::ids::{
    GroupId, IdpKey, MembershipId, PersonId, ProfileName, RoleArn, TeamKey, TemporaryId,
};
use access::map::{AccessMap, Source, parse};
use access::naming::profile_name;
use access::observed::{
    AppStatus, AuthMode, ObservedApp, ObservedApplication, ObservedDomain, ObservedProfile,
    ObservedRole, ProfileStatus, Seen, TAG_INSTANCE, TAG_LEAVING, TAG_PERSON, TAG_TEAM, Unread,
};
use access::plan::SpaceHandover;
use access::snapshot::{Coverage, Group, Person, Snapshot};
use access::temporary::{AfterNote, Ending, TemporaryGrant};
use async_trait::async_trait;
use control::event::Membership;
use control::meter::Meter;
use control::plane::{Bell, LiveMap, Plane, Takeover};
use control::ports::{
    Acted, Actor, Answered, AppOwner, Attempt, Attempts, AuditEntry, AuditFilter, AuditLog,
    AuditPage, CallError, ChainHead, ChainId, ChainRow, ChangeId, Clock, Departure, Departures,
    Directory, DirectoryReading, DomainTarget, Ensured, Entropy, FailureKind, FederatedLogout,
    Freeze, GroupReading, IdpSession, LoginRequests, Memberships, Observe, PendingLogin,
    PersonLookup, Presign, PresignRequest, PresignedUrl, ProfileScope, ProfileSpec, ProfileUpdate,
    Provision, ReplayCache, Seal, SealedEntry, Secrets, Session, SessionId, Sessions, StoreError,
    Switch, TemporaryGrants, answered,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use store::SqliteStore;
use tokio::time::Instant;

pub(crate) const START: &str = "2026-11-21T09:00:00Z";

pub(crate) const MAP: &str = r#"
version: 1
directory:
  identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }
identity_providers:
  corp: { metadata: corp.xml }
  tiles:
    metadata: tiles.xml
    person: { attribute: ssouserid, matches: id }
    team_attribute: teamid
    allow_unsolicited: true
domains:
  research: { domain_id: d-abcdefghijkl, account_id: "111122223333", region: eu-west-1 }
networks:
  office: { any_of: [ { cidr: 10.100.10.0/24 } ], explain: "Use the office network or the VPN." }
teams:
  fraud: { domain: research, execution_role: "arn:aws:iam::111122223333:role/fraud", network: anywhere }
  trials: { domain: research, execution_role: "arn:aws:iam::111122223333:role/trials", network: office }
grants:
  - { group: ml-fraud, team: fraud }
  - { group: ml-trials, team: trials }
guard: { max_removals: 2, max_removals_percent: 100 }
offboarding: { hold: 7d }
"#;

/// What was done, which is written down.
pub(crate) fn written<T>(acted: Result<Acted<T>, impl std::fmt::Debug>) -> T {
    let Acted { done, unwritten } = acted.unwrap();
    assert_eq!(unwritten, None);
    done
}

/// What does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Directory,
    Domain,
    /// The next reading of the domain panics.
    DomainPanics,
    /// Changes of profiles are accepted and do not last.
    Forgetful,
    /// Changes of profiles are accepted, take eight seconds, and fail.
    FailsInTheEnd,
    /// A profile is made, and the answer to the first attempt is lost.
    AnswerLost,
    Tags,
    Presign,
    /// AWS does not allow links at all.
    LinksDenied,
    Sessions,
    LogOuts,
    Logins,
    Replay,
    Audit,
    Attempts,
    Secrets,
    Departures,
    Temporary,
    /// Once something was changed, an admin freezes everything.
    FreezesMeanwhile,
    /// Apps of profiles are not stopped; those of spaces are.
    StopApp,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Where people sign in by Identity Center, the application of the domain.
    pub(crate) application: Option<ObservedApplication>,
    pub(crate) people: BTreeMap<PersonId, Person>,
    pub(crate) groups: BTreeMap<String, BTreeSet<PersonId>>,
    pub(crate) profiles: BTreeMap<ArcStr, ObservedProfile>,
    pub(crate) faults: BTreeSet<Fault>,
    /// How long a reading of the directory takes.
    pub(crate) directory_takes: Duration,
    /// How long making a profile takes.
    pub(crate) changes_take: Duration,
    /// How long a reading of the domain takes.
    pub(crate) domain_takes: Duration,
    /// How much longer a reading of all its profiles takes.
    pub(crate) whole_domain_takes: Duration,
    /// Readings of the directory.
    pub(crate) reads: Vec<String>,
    /// Readings of the domain: the profiles asked for, or `all`.
    pub(crate) domain_reads: Vec<String>,
    /// People of whom the directory does not show everything.
    pub(crate) hidden: BTreeSet<PersonId>,
    /// Profiles that Studio refuses to make.
    pub(crate) unmakeable: BTreeSet<String>,
    /// Which pass made each change of a profile.
    pub(crate) changed_by: Vec<Option<ChangeId>>,
    /// What Studio is at, until when, and how the profile is then.
    under_way: BTreeMap<ArcStr, (Instant, ProfileStatus)>,
    /// Changes that Studio accepted.
    pub(crate) changes: Vec<String>,
    /// The request id that AWS answers with, if it tells one.
    pub(crate) request_id: Option<String>,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) departures: Vec<Departure>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    /// Orders of identity providers to end sessions.
    pub(crate) logged_out: Vec<FederatedLogout>,
    pub(crate) logins: BTreeMap<String, PendingLogin>,
    pub(crate) used: BTreeSet<String>,
    pub(crate) attempts: Vec<Attempt>,
    /// Links that were asked for.
    pub(crate) presigned: Vec<PresignRequest>,
    /// Session ids that were looked up.
    pub(crate) looked_up: u32,
    pub(crate) secrets: BTreeMap<String, [u8; 32]>,
    drawn: u64,
}

impl State {
    /// What is over by now is over.
    fn go_on(&mut self) {
        let over = self.under_way.extract_if(.., |_, (until, _)| *until <= Instant::now());
        for (name, (_, status)) in over.collect::<Vec<_>>() {
            if let Some(profile) = self.profiles.get_mut(&name) {
                profile.status = status;
            }
        }
    }

    /// Begins what takes a while and fails, if that is what goes wrong.
    fn begin(&mut self, name: &ProfileName, [now, then]: [ProfileStatus; 2]) {
        if self.faults.contains(&Fault::FailsInTheEnd) {
            let until = Instant::now() + Duration::from_secs(8);
            self.under_way.insert(name.folded(), (until, then));
            self.profiles.get_mut(&name.folded()).unwrap().status = now;
        }
    }
}

#[derive(Debug)]
pub(crate) struct World {
    state: Mutex<State>,
    /// Where queue, claims, switch and index are kept.
    pub(crate) store: Arc<SqliteStore>,
    started: Instant,
}

pub(crate) fn person_id(name: &str) -> PersonId {
    PersonId::parse(format!("p-{name}")).unwrap()
}

pub(crate) fn team(key: &str) -> TeamKey {
    TeamKey::parse(key).unwrap()
}

impl World {
    /// These people, all of them in `ml-fraud`, and Studio as it has to be for that.
    pub(crate) fn of(names: &[&str]) -> Arc<Self> {
        let world = Self {
            state: Mutex::default(),
            store: Arc::new(SqliteStore::in_memory().unwrap()),
            started: Instant::now(),
        };
        world.state().groups.insert("ml-fraud".into(), BTreeSet::new());
        world.state().groups.insert("ml-trials".into(), BTreeSet::new());
        for name in names {
            world.join(name, "ml-fraud");
            world.settle(name);
        }
        Arc::new(world)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn join(&self, name: &str, group: &str) {
        let person = Person {
            id: person_id(name),
            user_name: name.into(),
            display_name: name.into(),
            enabled: true,
        };
        let mut state = self.state();
        state.people.entry(person.id.clone()).or_insert(person);
        state.groups.entry(group.into()).or_default().insert(person_id(name));
    }

    /// Puts somebody with this id and name into the directory.
    pub(crate) fn enrol(&self, id: &str, name: &str) {
        let id = PersonId::parse(id).unwrap();
        let (user_name, display_name) = (name.to_owned(), name.to_owned());
        let person = Person { id: id.clone(), user_name, display_name, enabled: true };
        self.state().people.insert(id, person);
    }

    /// Names of all profiles.
    pub(crate) fn profile_names(&self) -> Vec<String> {
        self.state().profiles.values().map(|profile| profile.name.to_string()).collect()
    }

    pub(crate) fn leave(&self, name: &str, group: &str) {
        self.state().groups.get_mut(group).unwrap().remove(&person_id(name));
    }

    /// Gives the person a good profile for the team `fraud`, with an app that runs.
    pub(crate) fn settle(&self, name: &str) {
        let mut state = self.state();
        let name = profile_name(&state.people[&person_id(name)], &team("fraud"));
        let tags = [
            (TAG_INSTANCE, "default".to_owned()),
            (TAG_PERSON, format!("p-{}", name.as_str().split("--").next().unwrap())),
            (TAG_TEAM, "fraud".to_owned()),
        ];
        let app = ObservedApp {
            app_type: "JupyterLab".into(),
            name: "default".into(),
            status: AppStatus::InService,
            instance_type: None,
            since: None,
        };
        let profile = ObservedProfile {
            name: name.clone(),
            status: ProfileStatus::InService,
            execution_role: Some("arn:aws:iam::111122223333:role/fraud".into()),
            user_settings: Arc::default(),
            tags: tags.into_iter().collect(),
            sso_user: None,
            home_efs_uid: Some("200042".into()),
            modified: None,
            apps: vec![app],
            spaces: vec![],
        };
        state.profiles.insert(name.folded(), profile);
    }

    pub(crate) fn break_down(&self, fault: Fault) {
        self.state().faults.insert(fault);
    }

    pub(crate) fn mend(&self, fault: Fault) {
        self.state().faults.remove(&fault);
    }

    /// Names of profiles on their way out.
    pub(crate) fn leaving(&self) -> Vec<String> {
        let state = self.state();
        let leaving = state.profiles.values().filter(|p| p.tags.contains_key(TAG_LEAVING));
        leaving.map(|profile| profile.name.to_string()).collect()
    }

    /// Codes in the audit log under this event.
    pub(crate) fn audited(&self, event: &str) -> Vec<String> {
        let state = self.state();
        let entries = state.audit.iter().filter(|entry| entry.event == event);
        entries.map(|entry| entry.code.clone()).collect()
    }

    pub(crate) fn plane(self: &Arc<Self>, map: &str) -> Plane {
        let source = Source::from_bytes("access.yaml", map.into()).unwrap();
        let map: AccessMap = parse(&[source]).unwrap();
        Plane {
            map: Arc::new(map),
            live: LiveMap::default(),
            directory: self.clone(),
            mirror: None,
            observe: self.clone(),
            provision: self.clone(),
            sessions: self.clone(),
            queue: self.store.clone(),
            claims: self.store.clone(),
            switch: self.store.clone(),
            index: self.store.clone(),
            bell: Bell::default(),
            meter: Meter::default(),
            readings: control::desk::Readings::default(),
            askers: control::askers::Askers::default(),
            errands: control::errands::Errands::default(),
            observe_only: false,
            takeover: Takeover::default(),
            memberships: self.store.clone(),
            events: Arc::default(),
            chronicle: self.store.clone(),
            departures: self.clone(),
            actor: Actor::System,
            temporary: self.clone(),
            approvals: self.store.clone(),
            mirror_records: self.store.clone(),
            audit: self.clone(),
            clock: self.clone(),
            entropy: self.clone(),
        }
    }

    /// An admin freezes everything, if that is what goes wrong.
    async fn is_frozen_meanwhile(&self) {
        if !self.state().faults.remove(&Fault::FreezesMeanwhile) {
            return;
        }
        let freeze = Freeze { by: "root".into(), reason: "audit".into(), at: self.now() };
        self.store.freeze(&freeze).await.unwrap();
    }

    fn call(
        &self,
        fault: Fault,
        operation: &'static str,
    ) -> Result<MutexGuard<'_, State>, CallError> {
        let state = self.state();
        if state.faults.contains(&fault) {
            return Err(slow_down(operation));
        }
        Ok(state)
    }

    fn store(&self, fault: Fault) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state();
        if state.faults.contains(&fault) {
            return Err(StoreError { operation: "write", message: "disk full".into() });
        }
        Ok(state)
    }
}

fn slow_down(operation: &'static str) -> CallError {
    CallError {
        service: "aws",
        operation,
        kind: FailureKind::Throttled,
        aws_code: None,
        message: "slow down".into(),
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.started.elapsed()).unwrap();
        START.parse::<Timestamp>().unwrap() + elapsed
    }
}

impl Entropy for World {
    fn bytes(&self) -> [u8; 32] {
        let mut state = self.state();
        state.drawn += 1;
        let mut bytes = [0x5a; 32];
        bytes[..8].copy_from_slice(&state.drawn.to_le_bytes());
        bytes
    }
}

fn group_id(name: &str) -> GroupId {
    GroupId::parse(name).unwrap()
}

/// Memberships, each with the id `group:person`.
fn memberships_of(group: &str, members: &BTreeSet<PersonId>) -> BTreeMap<MembershipId, PersonId> {
    let id = |person: &PersonId| MembershipId::parse(format!("{group}:{person}")).unwrap();
    members.iter().map(|person| (id(person), person.clone())).collect()
}

fn snapshot(state: &State, coverage: Coverage, wanted: &WantedGroups) -> Snapshot {
    let groups = state.groups.iter().filter(|(name, _)| wanted.want(&group_id(name), name));
    let groups = groups.map(|(name, members)| {
        let id = GroupId::parse(name.clone()).unwrap();
        (id.clone(), Group { id, display_name: name.clone(), members: members.clone() })
    });
    let seen = |id: &PersonId| match &coverage {
        Coverage::Complete => true,
        Coverage::People(people) => people.contains(id),
    };
    let people = state.people.iter().filter(|(id, _)| seen(id));
    Snapshot {
        people: people.map(|(id, person)| (id.clone(), person.clone())).collect(),
        groups: groups.collect(),
        coverage,
        offboarded: BTreeMap::new(),
        barred: BTreeMap::new(),
        temporary: BTreeMap::new(),
    }
}

#[async_trait]
impl Directory for World {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        let takes = self.state().directory_takes;
        self.state().reads.push("everybody".into());
        tokio::time::sleep(takes).await;
        let state = self.call(Fault::Directory, "ListUsers")?;
        let snapshot = snapshot(&state, Coverage::Complete, groups);
        let memberships = Memberships::Complete(
            state
                .groups
                .iter()
                .map(|(name, members)| {
                    let members =
                        groups.want(&group_id(name), name).then(|| memberships_of(name, members));
                    (group_id(name), GroupReading { display_name: name.clone(), members })
                })
                .collect(),
        );
        let (particulars, aliases) = (BTreeMap::new(), BTreeMap::new());
        Ok(DirectoryReading { snapshot, memberships, particulars, aliases })
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        let takes = self.state().directory_takes;
        let names: Vec<&str> = people.iter().map(PersonId::as_str).collect();
        self.state().reads.push(names.join(" "));
        tokio::time::sleep(takes).await;
        let state = self.call(Fault::Directory, "DescribeUser")?;
        let coverage = Coverage::People(people - &state.hidden);
        let snapshot = snapshot(&state, coverage, groups);
        let theirs = |(name, members): (&String, &BTreeSet<PersonId>)| {
            let all = memberships_of(name, members).into_iter();
            let group = group_id(name);
            all.map(move |(id, person)| Membership { id, group: group.clone(), person })
                .filter(|membership| people.contains(&membership.person))
                .collect::<Vec<_>>()
        };
        let wanted = state.groups.iter().filter(|(name, _)| groups.want(&group_id(name), name));
        let memberships = Memberships::Some(wanted.flat_map(theirs).collect());
        let (particulars, aliases) = (BTreeMap::new(), BTreeMap::new());
        Ok(DirectoryReading { snapshot, memberships, particulars, aliases })
    }

    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        let state = self.call(Fault::Directory, "GetUserId")?;
        let found = state.people.values().find(|known| match person {
            PersonLookup::Id(id) => &known.id == id,
            // As a service may that compares without case and accents.
            PersonLookup::UserName(name) => loose(&known.user_name) == loose(name),
        });
        Ok(found.map(|person| person.id.clone()))
    }

    async fn find_group(&self, _: &str) -> Result<Option<GroupId>, CallError> {
        panic!("neither loop nor door looks for a group")
    }

    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        let mut state = self.call(Fault::Directory, "DescribeGroup")?;
        state.reads.push(format!("name of {group}"));
        Ok(state.groups.contains_key(group.as_str()).then(|| group.to_string()))
    }

    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        let mut state = self.call(Fault::Directory, "ListGroupMemberships")?;
        state.reads.push(format!("members of {group}"));
        let members = state.groups.get(group.as_str());
        Ok(members.map(|members| memberships_of(group.as_str(), members)))
    }
}

#[async_trait]
impl Observe for World {
    async fn domain(
        &self,
        _: &DomainTarget,
        scope: &ProfileScope,
    ) -> Result<ObservedDomain, CallError> {
        let is_defect = self.state().faults.remove(&Fault::DomainPanics);
        assert!(!is_defect, "a defect, made for the test");
        let takes = {
            let mut state = self.state();
            let (what, more) = match scope {
                ProfileScope::All | ProfileScope::Account => {
                    ("all".to_owned(), state.whole_domain_takes)
                }
                ProfileScope::Named(names) => {
                    let names: Vec<&str> = names.iter().map(ProfileName::as_str).collect();
                    (names.join(" "), Duration::ZERO)
                }
            };
            state.domain_reads.push(what);
            state.domain_takes + more
        };
        tokio::time::sleep(takes).await;
        let mut state = self.call(Fault::Domain, "DescribeDomain")?;
        state.go_on();
        let mut profiles = state.profiles.clone();
        if let ProfileScope::Named(names) = scope {
            profiles.retain(|_, profile| names.contains(&profile.name));
        }
        let application = state.application.clone();
        Ok(ObservedDomain {
            auth_mode: if application.is_some() { AuthMode::Sso } else { AuthMode::Iam },
            state: access::observed::DomainState::InService,
            application,
            url: None,
            default_role: None,
            home_file_system: None,
            profiles,
            seen: match scope {
                ProfileScope::All | ProfileScope::Account => Seen::Everybody,
                ProfileScope::Named(_) => Seen::People(BTreeSet::new()),
            },
            unread: Unread::default(),
            profile_quota: None,
            elsewhere: BTreeMap::new(),
        })
    }

    async fn role(&self, _: &DomainTarget, _: &RoleArn) -> Result<ObservedRole, CallError> {
        Ok(ObservedRole::Trusted)
    }
}

#[async_trait]
impl Provision for World {
    async fn create_profile(
        &self,
        target: &DomainTarget,
        spec: &ProfileSpec,
    ) -> Result<Ensured, CallError> {
        let takes = self.state().changes_take;
        tokio::time::sleep(takes).await;
        let mut state = self.state();
        state.changes.push(format!("create {}", spec.name));
        state.changed_by.push(target.change.clone());
        if state.unmakeable.contains(spec.name.as_str()) {
            return Err(slow_down("CreateUserProfile"));
        }
        let profile = ObservedProfile {
            name: spec.name.clone(),
            status: ProfileStatus::InService,
            execution_role: Some(spec.execution_role.as_str().into()),
            user_settings: spec.user_settings.clone().into(),
            tags: spec.tags.iter().collect(),
            sso_user: spec.sso_user.as_deref().map(Into::into),
            home_efs_uid: Some((200_100 + state.changes.len()).to_string().into()),
            modified: None,
            apps: vec![],
            spaces: vec![],
        };
        state.profiles.insert(spec.name.folded(), profile);
        state.begin(&spec.name, [ProfileStatus::Pending, ProfileStatus::Failed]);
        if let Some(request_id) = state.request_id.clone() {
            let operation = "CreateUserProfile";
            answered(Answered { service: "sagemaker", operation, request_id });
        }
        let is_lost = state.faults.contains(&Fault::AnswerLost);
        Ok(if is_lost { Ensured::NotNeeded } else { Ensured::Changed })
    }

    async fn update_profile(
        &self,
        target: &DomainTarget,
        name: &ProfileName,
        update: &ProfileUpdate,
    ) -> Result<Ensured, CallError> {
        let mut state = self.call(Fault::Tags, "AddTags")?;
        state.changed_by.push(target.change.clone());
        state.changes.push(format!("update {name}"));
        state.begin(name, [ProfileStatus::Updating, ProfileStatus::UpdateFailed]);
        if !state.faults.contains(&Fault::Forgetful) {
            let profile = state.profiles.get_mut(&name.folded()).unwrap();
            profile.tags.extend(update.set_tags.clone());
            for key in &update.remove_tags {
                profile.tags.remove(key);
            }
        }
        Ok(Ensured::Changed)
    }

    async fn stop_app(
        &self,
        _: &DomainTarget,
        owner: &AppOwner,
        app: &ObservedApp,
    ) -> Result<Ensured, CallError> {
        self.is_frozen_meanwhile().await;
        let mut state = self.state();
        let name = match owner {
            AppOwner::Profile(_) if state.faults.contains(&Fault::StopApp) => {
                return Err(slow_down("DeleteApp"));
            }
            AppOwner::Profile(name) => name,
            AppOwner::Space(space) => {
                state.changes.push(format!("stop {} of space {space}", app.app_type));
                return Ok(Ensured::Changed);
            }
        };
        state.changes.push(format!("stop {} of {name}", app.app_type));
        state.profiles.get_mut(&name.folded()).unwrap().apps.clear();
        Ok(Ensured::Changed)
    }

    async fn assign(
        &self,
        _: &DomainTarget,
        application: &str,
        group: &GroupId,
    ) -> Result<Ensured, CallError> {
        self.is_frozen_meanwhile().await;
        let mut state = self.state();
        state.changes.push(format!("assign {group}"));
        let known = state.application.as_mut().filter(|known| known.arn == application);
        known.unwrap().groups.insert(group.clone());
        Ok(Ensured::Changed)
    }

    async fn hand_over_space(
        &self,
        _: &DomainTarget,
        handover: &SpaceHandover,
    ) -> Result<Ensured, CallError> {
        panic!("no spaces here: {handover:?}")
    }

    async fn delete_space(&self, _: &DomainTarget, space: &str) -> Result<Ensured, CallError> {
        panic!("no spaces here: {space}")
    }

    async fn delete_profile(
        &self,
        _: &DomainTarget,
        name: &ProfileName,
    ) -> Result<Ensured, CallError> {
        let mut state = self.state();
        state.changes.push(format!("delete {name}"));
        state.profiles.remove(&name.folded());
        Ok(Ensured::Changed)
    }
}

#[async_trait]
impl Presign for World {
    async fn presign(
        &self,
        _: &DomainTarget,
        request: &PresignRequest,
    ) -> Result<PresignedUrl, CallError> {
        if self.state().faults.contains(&Fault::LinksDenied) {
            let kind = FailureKind::AccessDenied;
            let operation = "CreatePresignedDomainUrl";
            return Err(CallError { service: "sagemaker", kind, ..slow_down(operation) });
        }
        self.call(Fault::Presign, "CreatePresignedDomainUrl")?.presigned.push(request.clone());
        Ok(PresignedUrl::new(format!("https://studio.example/{}", request.profile)))
    }
}

#[async_trait]
impl Sessions for World {
    async fn open(&self, session: &Session) -> Result<(), StoreError> {
        self.store(Fault::Sessions)?.sessions.insert(session.id.clone(), session.clone());
        Ok(())
    }

    async fn get(&self, id: &SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let mut state = self.store(Fault::Sessions)?;
        state.looked_up += 1;
        Ok(state.sessions.get(id).filter(|session| session.expires > now).cloned())
    }

    async fn sessions_of(
        &self,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let state = self.store(Fault::Sessions)?;
        let own = state.sessions.values().filter(|s| &s.person == person && s.expires > now);
        let mut own: Vec<Session> = own.cloned().collect();
        own.sort_by_key(|session| std::cmp::Reverse(session.begun));
        Ok(own)
    }

    async fn close(&self, id: &SessionId) -> Result<(), StoreError> {
        self.store(Fault::Sessions)?.sessions.remove(id);
        Ok(())
    }

    async fn close_all(&self, person: &PersonId) -> Result<u64, StoreError> {
        let mut state = self.store(Fault::Sessions)?;
        let before = state.sessions.len();
        state.sessions.retain(|_, session| &session.person != person);
        Ok((before - state.sessions.len()) as u64)
    }

    async fn close_every(&self, idp: Option<&IdpKey>) -> Result<u64, StoreError> {
        let mut state = self.store(Fault::Sessions)?;
        let before = state.sessions.len();
        state.sessions.retain(|_, session| idp.is_some_and(|idp| session.voucher.idp != *idp));
        Ok((before - state.sessions.len()) as u64)
    }

    async fn close_federated(&self, logout: &FederatedLogout) -> Result<u64, StoreError> {
        let FederatedLogout { subject, indexes, .. } = logout;
        let mut state = self.store(Fault::Sessions)?;
        state.logged_out.push(logout.clone());
        let before = state.sessions.len();
        let named = |index: &Option<String>| {
            indexes.is_empty() || index.as_ref().is_none_or(|index| indexes.contains(index))
        };
        state.sessions.retain(|_, session| {
            session.idp_session.subject != *subject || !named(&session.idp_session.index)
        });
        Ok((before - state.sessions.len()) as u64)
    }

    async fn is_logged_out(
        &self,
        session: &IdpSession,
        issued: Timestamp,
        asked: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let state = self.store(Fault::LogOuts)?;
        Ok(state.logged_out.iter().any(|logout| {
            let FederatedLogout { subject, indexes, as_of, arrived, until } = logout;
            let index = session.index.as_ref();
            *subject == session.subject
                && (indexes.is_empty() || index.is_none_or(|index| indexes.contains(index)))
                && (*as_of >= issued && *until > now)
                && asked.is_none_or(|asked| *arrived >= asked)
        }))
    }
}

#[async_trait]
impl Attempts for World {
    async fn record(&self, attempt: &Attempt) -> Result<(), StoreError> {
        self.store(Fault::Attempts)?.attempts.push(attempt.clone());
        Ok(())
    }

    async fn newest_attempts(&self, _: u32) -> Result<Vec<Attempt>, StoreError> {
        panic!("the door reads no attempts")
    }
}

#[async_trait]
impl Secrets for World {
    async fn get_or_create(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        Ok(*self.store(Fault::Secrets)?.secrets.entry(name.into()).or_insert(fresh))
    }

    async fn kept(&self, name: &str) -> Result<Option<[u8; 32]>, StoreError> {
        Ok(self.store(Fault::Secrets)?.secrets.get(name).copied())
    }
}

#[async_trait]
impl LoginRequests for World {
    async fn begin(&self, login: &PendingLogin, _now: jiff::Timestamp) -> Result<(), StoreError> {
        self.store(Fault::Logins)?.logins.insert(login.request_id.clone(), login.clone());
        Ok(())
    }

    async fn take(&self, id: &str, now: Timestamp) -> Result<Option<PendingLogin>, StoreError> {
        let taken = self.store(Fault::Logins)?.logins.remove(id);
        Ok(taken.filter(|login| login.expires > now))
    }
}

#[async_trait]
impl ReplayCache for World {
    async fn claim(
        &self,
        issuer: &str,
        id: &str,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.store(Fault::Replay)?.used.insert(format!("{issuer} {id}")))
    }

    async fn is_claimed(&self, issuer: &str, id: &str, _: Timestamp) -> Result<bool, StoreError> {
        Ok(self.store(Fault::Replay)?.used.contains(&format!("{issuer} {id}")))
    }
}

/// An entry of this world's log, which is not sealed.
fn placed(number: usize, entry: &AuditEntry) -> SealedEntry {
    let seal = Seal {
        chain: ChainId("main".to_owned()),
        seq: number as u64 + 1,
        prev: String::new(),
        place: None,
        hash: String::new(),
        key: String::new(),
        mac: String::new(),
    };
    SealedEntry { entry: entry.clone(), seal }
}

#[async_trait]
impl AuditLog for World {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.store(Fault::Audit)?.audit.push(entry.clone());
        Ok(())
    }

    async fn foreign_key(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    async fn newest(&self, _: u32) -> Result<Vec<AuditEntry>, StoreError> {
        panic!("neither loop nor door reads the audit log")
    }

    async fn of_person(&self, person: &PersonId, _: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.store(Fault::Audit)?;
        let is_theirs = |entry: &&AuditEntry| entry.person.as_deref() == Some(person.as_str());
        Ok(state.audit.iter().filter(is_theirs).cloned().collect())
    }

    async fn page(
        &self,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AuditPage, StoreError> {
        let state = self.store(Fault::Audit)?;
        let before = cursor.map_or(usize::MAX, |cursor| cursor.parse().unwrap());
        let numbered = state.audit.iter().enumerate().rev();
        let admitted = numbered.filter(|(n, entry)| *n < before && filter.admits(entry));
        let mut found: Vec<(usize, SealedEntry)> =
            admitted.map(|(n, entry)| (n, placed(n, entry))).collect();
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|(n, _)| n.to_string());
        Ok(AuditPage { items: found.into_iter().map(|(_, entry)| entry).collect(), next })
    }

    async fn chains(&self) -> Result<Vec<ChainHead>, StoreError> {
        panic!("the log of this world is not sealed")
    }

    async fn chain(&self, _: &ChainId, _: u64, _: u32) -> Result<Vec<ChainRow>, StoreError> {
        panic!("the log of this world is not sealed")
    }

    async fn forget(&self, _: &ChainId, _: u64) -> Result<u64, StoreError> {
        panic!("the log of this world is not shortened")
    }
}

#[async_trait]
impl Departures for World {
    async fn depart(&self, departure: &Departure) -> Result<Departure, StoreError> {
        let mut state = self.store(Fault::Departures)?;
        let known = state
            .departures
            .iter_mut()
            .find(|known| (&known.person, &known.team) == (&departure.person, &departure.team));
        if let Some(known) = known {
            known.hold = known.hold.max(departure.hold);
            return Ok(known.clone());
        }
        state.departures.push(departure.clone());
        Ok(departure.clone())
    }

    async fn departures(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<Departure>, StoreError> {
        let state = self.store(Fault::Departures)?;
        let wanted = |d: &&Departure| people.is_none_or(|people| people.contains(&d.person));
        Ok(state.departures.iter().filter(wanted).cloned().collect())
    }

    async fn rejoin(
        &self,
        person: &PersonId,
        team: Option<&TeamKey>,
    ) -> Result<Vec<Departure>, StoreError> {
        let mut state = self.store(Fault::Departures)?;
        let ends = |d: &mut Departure| {
            &d.person == person && team.is_none_or(|team| d.team.as_ref() == Some(team))
        };
        Ok(state.departures.extract_if(.., ends).collect())
    }
}

#[async_trait]
impl TemporaryGrants for World {
    async fn give(&self, grant: &TemporaryGrant) -> Result<bool, StoreError> {
        drop(self.store(Fault::Temporary)?);
        self.store.give(grant).await
    }

    async fn temporary_grants(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<TemporaryGrant>, StoreError> {
        drop(self.store(Fault::Temporary)?);
        self.store.temporary_grants(people).await
    }

    async fn revoke(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        ending: &Ending,
    ) -> Result<Option<TemporaryGrant>, StoreError> {
        drop(self.store(Fault::Temporary)?);
        self.store.revoke(person, id, ending).await
    }

    async fn note(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        note: &AfterNote,
    ) -> Result<Option<TemporaryGrant>, StoreError> {
        drop(self.store(Fault::Temporary)?);
        self.store.note(person, id, note).await
    }

    async fn forget_temporary(&self, now: Timestamp) -> Result<u64, StoreError> {
        drop(self.store(Fault::Temporary)?);
        self.store.forget_temporary(now).await
    }
}

fn loose(name: &str) -> String {
    name.to_lowercase().replace('á', "a")
}

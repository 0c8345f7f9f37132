//! Small builders: a world of map, directory and AWS, and plans told in one line an action.

use access::check::{CheckedPlan, Removals, Violation, check};
use access::ids::{DomainId, DomainKey, GroupId, PersonId, ProfileName, RoleArn};
use access::map::{AccessMap, Source, parse};
use access::observed::{
    AppStatus, AuthMode, Observed, ObservedApp, ObservedDomain, ObservedProfile, ObservedRole,
    ObservedSpace, ProfileStatus, Seen, TAG_INSTANCE, TAG_LEAVING, TAG_PERSON, TAG_TEAM, Unread,
};
use access::plan::{Action, Kept, LostTeam, Plan, Stake, Step};
use access::planner::plan;
use access::snapshot::{Coverage, Group, Person, Snapshot};
use access::tags::Tags;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";

/// Two domains in two accounts, and two teams in the first. Tests write the rest.
const DOMAINS: &str = r#"domains:
  research: { domain_id: d-research, account_id: "111122223333", region: eu-west-1 }
  risk: { domain_id: d-risk, account_id: "444455556666", region: eu-west-1 }
"#;

pub(crate) const TEAMS: &str = r#"teams:
  fraud: { domain: research, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: anywhere }
  churn: { domain: research, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: anywhere }
grants:
  - { group: ml-fraud, team: fraud }
  - { group: ml-churn, team: churn }
"#;

pub(crate) fn map(rest: &str) -> AccessMap {
    map_of("{ identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }", rest)
}

/// A map whose people and groups come from there.
pub(crate) fn map_of(directory: &str, rest: &str) -> AccessMap {
    let text = format!("version: 1\ndirectory: {directory}\n{DOMAINS}{rest}");
    parse(&[Source { name: "access.yaml".into(), text: text.clone() }])
        .unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

pub(crate) fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

pub(crate) fn domain_key(key: &str) -> DomainKey {
    DomainKey::parse(key).unwrap()
}

/// So many profiles of another domain.
pub(crate) fn elsewhere(domain: &str, profiles: usize) -> BTreeMap<DomainId, usize> {
    BTreeMap::from([(DomainId::parse(domain).unwrap(), profiles)])
}

pub(crate) fn person_id(name: &str) -> PersonId {
    PersonId::parse(format!("id-{name}")).unwrap()
}

pub(crate) fn role(team: &str) -> RoleArn {
    RoleArn::parse(format!("arn:aws:iam::111122223333:role/studio-{team}")).unwrap()
}

/// Everything a plan is made from.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) map: AccessMap,
    pub(crate) snapshot: Snapshot,
    pub(crate) observed: Observed,
    pub(crate) now: jiff::Timestamp,
}

impl World {
    /// Nobody in the directory, and both domains empty.
    pub(crate) fn new(map_rest: &str) -> Self {
        let domain = || ObservedDomain {
            auth_mode: AuthMode::Iam,
            state: access::observed::DomainState::InService,
            profiles: BTreeMap::new(),
            application: None,
            url: None,
            default_role: None,
            home_file_system: None,
            seen: Seen::Everybody,
            unread: Unread::default(),
            profile_quota: None,
            elsewhere: BTreeMap::new(),
        };
        let domains = ["research", "risk"].map(|key| (domain_key(key), domain()));
        Self {
            map: map(map_rest),
            snapshot: Snapshot {
                people: BTreeMap::new(),
                groups: BTreeMap::new(),
                coverage: Coverage::Complete,
                offboarded: BTreeMap::new(),
                barred: BTreeMap::new(),
                temporary: BTreeMap::new(),
            },
            observed: Observed { domains: domains.into(), ..Observed::default() },
            now: at(NOW),
        }
    }

    /// A group and, with it, its members, who are people of the directory from now on.
    pub(crate) fn group(mut self, name: &str, members: &[&str]) -> Self {
        for member in members {
            self = self.person(member);
        }
        let id = GroupId::parse(format!("g{}-{name}", self.snapshot.groups.len())).unwrap();
        let members = members.iter().map(|name| person_id(name)).collect();
        let group = Group { id: id.clone(), display_name: name.into(), members };
        self.snapshot.groups.insert(id, group);
        self
    }

    pub(crate) fn person(mut self, name: &str) -> Self {
        let person = Person {
            id: person_id(name),
            user_name: name.into(),
            display_name: String::new(),
            enabled: true,
        };
        self.snapshot.people.insert(person.id.clone(), person);
        self
    }

    pub(crate) fn person_mut(&mut self, name: &str) -> &mut Person {
        self.snapshot.people.get_mut(&person_id(name)).unwrap()
    }

    pub(crate) fn domain_mut(&mut self, key: &str) -> &mut ObservedDomain {
        self.observed.domains.get_mut(&domain_key(key)).unwrap()
    }

    /// A profile in the domain `research`.
    pub(crate) fn profile(self, profile: ObservedProfile) -> Self {
        self.profile_in("research", profile)
    }

    pub(crate) fn profile_in(mut self, domain: &str, profile: ObservedProfile) -> Self {
        let before = self.domain_mut(domain).profiles.insert(profile.name.folded(), profile);
        assert_eq!(before, None);
        self
    }

    pub(crate) fn role(mut self, team: &str, state: ObservedRole) -> Self {
        self.observed.roles.insert(role(team), state);
        self
    }

    /// The directory was read for these people only.
    pub(crate) fn covering(mut self, people: &[&str]) -> Self {
        let people = people.iter().map(|name| person_id(name)).collect();
        self.snapshot.coverage = Coverage::People(people);
        self
    }

    pub(crate) fn at(mut self, now: &str) -> Self {
        self.now = at(now);
        self
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(&self.map, &self.snapshot, &self.observed, self.now)
    }

    pub(crate) fn check(
        &self,
        plan: Plan,
        removals: Removals,
    ) -> Result<CheckedPlan, Vec<Violation>> {
        check(plan, &self.map, &self.snapshot, &self.observed, removals)
    }

    /// The plan's actions and what it kept, one line each, after it has passed the check.
    pub(crate) fn told(&self) -> Vec<String> {
        let plan = self.plan();
        self.check(plan.clone(), Removals::Allowed(u32::MAX)).unwrap();
        let actions = plan.actions.iter().map(tell);
        actions.chain(plan.kept.iter().map(tell_kept)).collect()
    }
}

fn lost(loses: Option<&LostTeam>) -> String {
    let told = |lost: &LostTeam| {
        let announced = if lost.announced { ", announced" } else { "" };
        format!(" loses={}{announced}", lost.team)
    };
    loses.map(told).unwrap_or_default()
}

fn tell(action: &Action) -> String {
    let step = match &action.step {
        Step::Create { execution_role, user_settings, tags, sso_user } => {
            assert_eq!(tags.get(TAG_PERSON).map(String::as_str), Some(action.person.as_str()));
            assert_eq!(tags.get(TAG_TEAM).map(String::as_str), Some(action.team.as_str()));
            assert!(tags.contains_key(TAG_INSTANCE));
            let tags = tags.iter().filter(|(key, _)| !key.starts_with("stagedoor:"));
            let mut parts = vec![format!("create role={}", execution_role.role_name())];
            parts.extend(tags.map(|(key, value)| format!("{key}={value}")));
            parts.extend(sso_user.iter().map(|user| format!("user={user}")));
            if !user_settings.is_empty() {
                parts.push(format!("settings={}", Value::Object(user_settings.clone())));
            }
            parts.join(" ")
        }
        Step::Adopt { tags } => format!("adopt {}", tags[TAG_PERSON]),
        Step::StopApps { apps, loses } => {
            format!("stop {}{}", apps.join(" "), lost(loses.as_ref()))
        }
        Step::Update {
            old_role,
            new_role,
            user_settings,
            set_tags,
            remove_tags,
            restart,
            loses,
        } => {
            let old =
                old_role.iter().map(|old| format!("from={}", old.rsplit('/').next().unwrap()));
            let new = new_role.iter().map(|new| format!("role={}", new.role_name()));
            let settings =
                user_settings.iter().map(|set| format!("settings={}", Value::Object(set.clone())));
            let set = set_tags.iter().map(|(key, value)| format!("{key}={value}"));
            let removed = remove_tags.iter().map(|key| format!("-{key}"));
            let restart = restart.iter().map(|app| format!("restart={app}"));
            let parts = old.chain(new).chain(settings).chain(set).chain(removed).chain(restart);
            let parts = std::iter::once("update".to_owned()).chain(parts).collect::<Vec<_>>();
            parts.join(" ") + &lost(loses.as_ref())
        }
        Step::Hold { since, hold_seconds, stake, new } => {
            let since = since.map_or("now".to_owned(), |since| since.to_string());
            let days = hold_seconds / 86_400;
            format!("hold{} since={since} days={days}{}", marked(*new), tell_stake(stake))
        }
        Step::Remove { stake, new, hand_over } => {
            let handed =
                hand_over.iter().map(|h| format!(" {}->{}:{}", h.space, h.owner, h.new_name));
            format!("remove{}{}{}", marked(*new), tell_stake(stake), handed.collect::<String>())
        }
    };
    format!("{}/{}: {step} ({})", action.domain, action.profile, action.reason)
}

fn marked(new: bool) -> &'static str {
    if new { " new" } else { "" }
}

fn tell_stake(stake: &Stake) -> String {
    let apps = stake.apps.iter().map(|app| format!(" app={app}"));
    apps.chain(stake.spaces.iter().map(|space| format!(" space={space}"))).collect()
}

fn tell_kept(kept: &Kept) -> String {
    let profile = kept.profile.as_ref().map_or("*", |name| name.as_str());
    let detail = kept.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{}/{profile}: keep ({}{detail})", kept.domain, kept.reason)
}

/// This installation's profile, in agreement with the teams of [`TEAMS`].
pub(crate) fn ours(person: &str, team: &str) -> ObservedProfile {
    foreign(&format!("{person}--{team}"))
        .tagged(TAG_INSTANCE, "default")
        .tagged(TAG_PERSON, person_id(person).as_str())
        .tagged(TAG_TEAM, team)
        .with_role(role(team).as_str())
}

/// A person who is entitled and whose profile agrees.
pub(crate) fn settled() -> World {
    World::new(TEAMS)
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .profile(ours("alice", "fraud"))
}

/// A profile without tags and role.
pub(crate) fn foreign(name: &str) -> ObservedProfile {
    ObservedProfile {
        name: ProfileName::parse(name).unwrap(),
        status: ProfileStatus::InService,
        execution_role: None,
        user_settings: Arc::default(),
        tags: Tags::default(),
        sso_user: None,
        home_efs_uid: None,
        modified: None,
        apps: Vec::new(),
        spaces: Vec::new(),
    }
}

pub(crate) fn app(name: &str, status: AppStatus) -> ObservedApp {
    ObservedApp {
        app_type: "JupyterLab".into(),
        name: name.into(),
        status,
        instance_type: None,
        since: None,
    }
}

pub(crate) trait Build {
    fn named(self, name: &str) -> Self;
    fn status(self, status: ProfileStatus) -> Self;
    fn with_role(self, role: &str) -> Self;
    fn tagged(self, key: &str, value: &str) -> Self;
    fn leaving(self, since: &str) -> Self;
    fn settings(self, settings: Value) -> Self;
    fn app(self, name: &str, status: AppStatus) -> Self;
    fn space(self, name: &str, apps: &[ObservedApp]) -> Self;
}

impl Build for ObservedProfile {
    fn named(mut self, name: &str) -> Self {
        self.name = ProfileName::parse(name).unwrap();
        self
    }

    fn status(mut self, status: ProfileStatus) -> Self {
        self.status = status;
        self
    }

    fn with_role(mut self, role: &str) -> Self {
        self.execution_role = Some(role.into());
        self
    }

    fn tagged(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    fn leaving(self, since: &str) -> Self {
        self.tagged(TAG_LEAVING, since)
    }

    fn settings(mut self, settings: Value) -> Self {
        let Value::Object(settings) = settings else { panic!("settings are an object") };
        self.user_settings = Arc::new(settings);
        self
    }

    fn app(mut self, name: &str, status: AppStatus) -> Self {
        self.apps.push(app(name, status));
        self
    }

    fn space(mut self, name: &str, apps: &[ObservedApp]) -> Self {
        self.spaces.push(ObservedSpace {
            name: name.into(),
            status: ProfileStatus::InService,
            shared: false,
            volume_gib: None,
            apps: apps.to_vec(),
        });
        self
    }
}

/// The people whom these actions take something from.
pub(crate) fn losers(plan: &Plan) -> BTreeSet<PersonId> {
    plan.actions
        .iter()
        .filter(|action| matches!(action.step, Step::Hold { .. } | Step::Remove { .. }))
        .map(|action| action.person.clone())
        .collect()
}

//! A small installation, as read, for the tests of the desk's questions.

use super::Reading;
use crate::ports::StoreError;
use crate::survey::Survey;
use access::ids::{DomainKey, GroupId, PersonId, ProfileName, RoleArn};
use access::map::{AccessMap, Source, parse};
use access::observed::{
    AppStatus, AuthMode, Observed, ObservedApp, ObservedDomain, ObservedProfile, ObservedRole,
    ProfileStatus, Seen, TAG_INSTANCE, TAG_LEAVING, TAG_PERSON, TAG_TEAM, Unread,
};
use access::planner;
use access::snapshot::{Coverage, Group, Person, Snapshot};
use access::tags::Tags;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Two domains of one account, one of them unreadable, three teams.
pub(super) const MAP: &str = r#"version: 1
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
hub: { role: "arn:aws:iam::111122223333:role/Stagedoor", service: ecs-tasks }
domains:
  research: { domain_id: d-research, account_id: "111122223333", region: eu-west-1 }
  lab: { domain_id: d-lab, account_id: "444455556666", region: eu-west-1, assume_role: { arn: "arn:aws:iam::444455556666:role/Spoke" } }
networks:
  office: { any_of: [{ cidr: 203.0.113.0/24 }, { vpce: vpce-0abc }], explain: "Use the VPN." }
teams:
  fraud: { domain: research, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: office, persona: data-scientist, about: { title: Fraud models, owner: ana@example.com } }
  trials: { domain: research, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: anywhere, persona: mlops }
  probes: { domain: lab, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: office }
grants:
  - { group: ml-fraud, team: fraud }
  - { group: "ml-{team}-{persona}", team: "{team}", until: 2027-01-31 }
"#;

pub(super) fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

pub(super) fn person_id(name: &str) -> PersonId {
    PersonId::parse(format!("p-{name}")).unwrap()
}

fn map() -> AccessMap {
    parse(&[Source { name: "access.yaml".into(), text: MAP.into() }]).unwrap()
}

fn person(name: &str) -> (PersonId, Person) {
    let id = person_id(name);
    let person = Person {
        id: id.clone(),
        user_name: format!("{name}@example.com"),
        display_name: format!("{name} surname"),
        enabled: true,
    };
    (id, person)
}

fn group(name: &str, members: &[&str]) -> (GroupId, Group) {
    let id = GroupId::parse(format!("g-{name}")).unwrap();
    let members = members.iter().map(|name| person_id(name)).collect();
    (id.clone(), Group { id, display_name: name.to_owned(), members })
}

/// A profile of this installation.
fn profile(name: &str, person: &str, team: &str, more: &[(&str, &str)]) -> ObservedProfile {
    let person = format!("p-{person}");
    let own = [(TAG_INSTANCE, "default"), (TAG_PERSON, person.as_str()), (TAG_TEAM, team)];
    let tags: Tags = own
        .iter()
        .chain(more)
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    ObservedProfile {
        name: ProfileName::parse(name).unwrap(),
        status: ProfileStatus::InService,
        execution_role: Some(format!("arn:aws:iam::111122223333:role/studio-{team}").into()),
        user_settings: Arc::default(),
        tags,
        sso_user: None,
        home_efs_uid: None,
        modified: None,
        apps: Vec::new(),
        spaces: Vec::new(),
    }
}

fn observed() -> Observed {
    let mut opened = profile("ana-fraud", "ana", "fraud", &[]);
    opened.apps.push(ObservedApp {
        app_type: "JupyterLab".into(),
        name: "default".into(),
        status: AppStatus::InService,
        instance_type: None,
        since: None,
    });
    let left = profile("cy-fraud", "cy", "fraud", &[(TAG_LEAVING, "2026-11-20T12:00:00Z")]);
    let mut foreign = profile("made-by-hand", "ana", "fraud", &[]);
    foreign.tags = Tags::default();
    let profiles = [opened, left, foreign].into_iter();
    let domain = ObservedDomain {
        auth_mode: AuthMode::Iam,
        state: access::observed::DomainState::InService,
        application: None,
        url: None,
        default_role: None,
        home_file_system: None,
        profiles: profiles.map(|profile| (profile.name.folded(), profile)).collect(),
        seen: Seen::Everybody,
        unread: Unread::default(),
        profile_quota: Some(10),
        elsewhere: BTreeMap::new(),
    };
    let role = |team: &str| {
        RoleArn::parse(format!("arn:aws:iam::111122223333:role/studio-{team}")).unwrap()
    };
    Observed {
        domains: BTreeMap::from([(DomainKey::parse("research").unwrap(), domain)]),
        unreadable: BTreeMap::from([(
            DomainKey::parse("lab").unwrap(),
            "sts:AssumeRole failed: denied (aws-access-denied)".to_owned(),
        )]),
        roles: BTreeMap::from([
            (role("fraud"), ObservedRole::Trusted),
            (role("trials"), ObservedRole::Missing),
        ]),
    }
}

/// Ana and Bob have `fraud`, Bob has `trials` too; Cy has lost it and is on hold.
pub(super) fn reading() -> Reading {
    let snapshot = Snapshot {
        people: BTreeMap::from([person("ana"), person("bob"), person("cy")]),
        groups: BTreeMap::from([
            group("ml-fraud", &["ana", "bob"]),
            group("ml-trials-mlops", &["bob"]),
        ]),
        coverage: Coverage::Complete,
        offboarded: BTreeMap::new(),
        barred: BTreeMap::new(),
        temporary: BTreeMap::new(),
    };
    let (map, observed, at) = (map(), observed(), now());
    let plan = planner::plan(&map, &snapshot, &observed, at);
    let ticket = Err(StoreError { operation: "read", message: "a sample has none".into() });
    let failures = BTreeMap::new();
    let leaving = Vec::new();
    Reading {
        at,
        took: SignedDuration::from_secs(1),
        map: Arc::new(map),
        survey: Arc::new(Survey {
            snapshot,
            observed,
            failures,
            begun: at,
            now: at,
            ticket,
            leaving,
            implied: Vec::new(),
        }),
        plan: Arc::new(plan),
        violations: Arc::default(),
    }
}

/// Texts as a set, for comparisons in which the order says nothing.
pub(super) fn set<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    texts.into_iter().collect()
}

//! A reading of a small company, for the tests of this module.
//!
//! Ada and Ben are in fraud; Ben's profile has another role. Cem left fraud and is on hold since
//! yesterday, with an app that runs. Dan is gone and his profile not yet marked. Eve gets risk anew.

use super::Reading;
use crate::survey::Survey;
use access::ids::{DomainKey, GroupId, PersonId, ProfileName};
use access::map::{AccessMap, Source, parse};
use access::observed::{
    AppStatus, AuthMode, Observed, ObservedApp, ObservedDomain, ObservedProfile, ObservedRole,
    ObservedSpace, ProfileStatus, Seen, Unread,
};
use access::planner::plan;
use access::snapshot::{Coverage, Group, Person, Snapshot};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

const MAP: &str = r#"
version: 1
directory:
  identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }
domains:
  research: { domain_id: d-abcdefghijkl, account_id: "111122223333", region: eu-west-1 }
networks:
  office: { any_of: [ { cidr: 10.1.0.0/16 }, { vpce: vpce-0abc } ], explain: "Use the VPN." }
personas:
  scientist: { activities: [run-studio-apps] }
teams:
  fraud:
    domain: research
    persona: scientist
    execution_role: "arn:aws:iam::{account_id}:role/studio-{team}"
    network: office
    about: { title: Fraud models }
  risk:
    domain: research
    execution_role: "arn:aws:iam::{account_id}:role/studio-{team}"
    network: anywhere
grants:
  - { group: ml-fraud, team: fraud }
  - { group: ml-risk, team: risk }
offboarding: { hold: 7d }
"#;

pub(super) fn now() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

pub(super) fn id(name: &str) -> PersonId {
    PersonId::parse(format!("p-{name}")).unwrap()
}

/// The reading.
pub(super) fn reading() -> Reading {
    let map = Arc::new(parse(&[Source::from_bytes("access.yaml", MAP.into()).unwrap()]).unwrap());
    let survey = Survey {
        snapshot: snapshot(),
        observed: observed(&map),
        failures: BTreeMap::new(),
        begun: now(),
        now: now(),
        ticket: Err(crate::ports::StoreError { operation: "read", message: String::new() }),
        leaving: Vec::new(),
        implied: Vec::new(),
    };
    let plan = plan(&map, &survey.snapshot, &survey.observed, survey.now);
    Reading {
        at: now(),
        took: SignedDuration::ZERO,
        map,
        plan: Arc::new(plan),
        survey: Arc::new(survey),
        violations: Arc::default(),
    }
}

fn snapshot() -> Snapshot {
    let person = |name: &str, shown: &str| Person {
        id: id(name),
        user_name: name.to_owned(),
        display_name: shown.to_owned(),
        enabled: true,
    };
    let people = [
        person("ada", "Ada Lovelace"),
        person("ben", "Ben Bitdiddle"),
        person("cem", "Cem Yilmaz"),
        person("eve", ""),
    ];
    let group = |name: &str, members: &[&str]| {
        let id_of = GroupId::parse(name).unwrap();
        let members = members.iter().map(|name| id(name)).collect();
        (id_of.clone(), Group { id: id_of, display_name: name.to_owned(), members })
    };
    Snapshot {
        people: people.into_iter().map(|person| (person.id.clone(), person)).collect(),
        groups: BTreeMap::from([group("ml-fraud", &["ada", "ben"]), group("ml-risk", &["eve"])]),
        coverage: Coverage::Complete,
        offboarded: BTreeMap::new(),
        barred: BTreeMap::new(),
        temporary: BTreeMap::new(),
    }
}

fn observed(map: &AccessMap) -> Observed {
    let mut cem = profile(map, "cem", "fraud", "studio-fraud");
    cem.tags = tags(map, "cem", "fraud", Some("2026-11-20T09:00:00Z"));
    cem.spaces.push(ObservedSpace {
        name: "cem-lab".to_owned(),
        status: ProfileStatus::InService,
        shared: false,
        volume_gib: Some(20),
        apps: vec![ObservedApp {
            app_type: "JupyterLab".to_owned(),
            name: "default".to_owned(),
            status: AppStatus::InService,
            instance_type: Some("ml.t3.medium".to_owned()),
            since: "2026-11-21T06:00:00Z".parse().ok(),
        }],
    });
    let profiles = [
        profile(map, "ada", "fraud", "studio-fraud"),
        profile(map, "ben", "fraud", "somebody-elses"),
        cem,
        profile(map, "dan", "fraud", "studio-fraud"),
    ];
    let domain = ObservedDomain {
        auth_mode: AuthMode::Iam,
        state: access::observed::DomainState::InService,
        application: None,
        url: None,
        default_role: None,
        home_file_system: Some("fs-1".to_owned()),
        profiles: profiles.into_iter().map(|it| (it.name.folded(), it)).collect(),
        seen: Seen::Everybody,
        unread: Unread::default(),
        profile_quota: None,
        elsewhere: BTreeMap::new(),
    };
    let roles = map.teams.values().flat_map(|team| &team.placements);
    Observed {
        domains: BTreeMap::from([(DomainKey::parse("research").unwrap(), domain)]),
        unreadable: BTreeMap::new(),
        roles: roles.map(|it| (it.execution_role.clone(), ObservedRole::Trusted)).collect(),
    }
}

fn profile(map: &AccessMap, person: &str, team: &str, role: &str) -> ObservedProfile {
    ObservedProfile {
        name: ProfileName::parse(format!("{person}--{team}")).unwrap(),
        status: ProfileStatus::InService,
        execution_role: Some(format!("arn:aws:iam::111122223333:role/{role}").into()),
        user_settings: Arc::default(),
        tags: tags(map, person, team, None),
        sso_user: None,
        home_efs_uid: Some("200001".into()),
        modified: None,
        apps: Vec::new(),
        spaces: Vec::new(),
    }
}

fn tags(map: &AccessMap, person: &str, team: &str, leaving: Option<&str>) -> access::tags::Tags {
    let mut tags = vec![
        ("stagedoor:instance".to_owned(), map.instance.clone()),
        ("stagedoor:person".to_owned(), id(person).to_string()),
        ("stagedoor:team".to_owned(), team.to_owned()),
    ];
    tags.extend(leaving.map(|since| ("stagedoor:leaving-since".to_owned(), since.to_owned())));
    tags.into_iter().collect()
}

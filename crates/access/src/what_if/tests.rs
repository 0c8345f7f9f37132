//! Each step, with policies written by hand: what the generator writes is not what is tested here.

use super::*;
use crate::ids::GroupId;
use crate::map::{Source, parse};
use crate::observed::{ObservedDomain, Seen, Unread};
use crate::snapshot::{Coverage, Group, Person};
use iam_policy::bundle::{ControlPolicy, NamedPolicy, Role, RoleKind};
use iam_policy::{Document, Statement};
use std::collections::BTreeSet;

const MAP: &str = r#"version: 1
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
hub: { role: "arn:aws:iam::999988887777:role/Stagedoor", network: plane }
domains:
  research:
    domain_id: d-research
    account_id: "111122223333"
    region: eu-west-1
    assume_role: { arn: "arn:aws:iam::111122223333:role/Spoke" }
    presign_role: { arn: "arn:aws:iam::111122223333:role/Links" }
networks:
  plane: { any_of: [{ vpce: vpce-0aa }] }
  office: { any_of: [{ cidr: 10.100.10.0/24, vpc: vpc-0aa }] }
teams:
  fraud: { domain: research, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: office }
grants: [{ group: ml-fraud, team: fraud }]
"#;

const LINKS: &str = "arn:aws:iam::111122223333:role/Links";
const PROFILE: &str =
    "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-research/alice--fraud";

struct World {
    map: AccessMap,
    bundle: Bundle,
    snapshot: Snapshot,
    observed: Observed,
    documents: Documents,
    context: BTreeMap<String, Vec<String>>,
    person: PersonId,
    team: TeamKey,
    domain: DomainKey,
}

fn named(name: &str, statements: impl IntoIterator<Item = Statement>) -> NamedPolicy {
    NamedPolicy {
        name: name.to_owned(),
        description: String::new(),
        document: Document::new(statements),
    }
}

fn role(name: &str, policy: NamedPolicy) -> Role {
    Role {
        kind: RoleKind::Presign,
        partition: "aws".to_owned(),
        account_id: "111122223333".to_owned(),
        path: "/".to_owned(),
        name: name.to_owned(),
        description: String::new(),
        trust: Document::default(),
        managed: Vec::new(),
        inline: vec![policy],
        boundary: None,
        tags: BTreeMap::from([("Team".to_owned(), "fraud".to_owned())]),
        max_session_seconds: 3600,
    }
}

/// The link from the hub's endpoint, its use from the office inside its VPC.
fn links() -> NamedPolicy {
    let link = |sid: &str| {
        Statement::allow(sid).actions([LINK]).resources([PROFILE]).when(
            "StringEquals",
            "aws:ResourceTag/stagedoor:team",
            ["fraud"],
        )
    };
    named(
        "SignIn",
        [
            link("FromThePlane").when("StringEquals", "aws:SourceVpce", ["vpce-0aa"]),
            link("FromTheOffice").when("StringEquals", "aws:SourceVpc", ["vpc-0aa"]).when(
                "IpAddress",
                "aws:VpcSourceIp",
                ["10.100.10.0/24"],
            ),
        ],
    )
}

fn scp() -> ControlPolicy {
    let only = Statement::deny("LinksOnlyByStagedoor").actions([LINK]).resources(["*"]).when(
        "ArnNotLike",
        "aws:PrincipalArn",
        [LINKS],
    );
    let document = Document::new([only]);
    let accounts = BTreeSet::from(["111122223333".to_owned()]);
    let (name, description) = ("Guard".to_owned(), String::new());
    ControlPolicy { is_coarse: false, name, description, accounts, document }
}

fn world(members: &[&str]) -> World {
    let alice = PersonId::parse("id-alice").unwrap();
    let person = Person {
        id: alice.clone(),
        user_name: "alice".to_owned(),
        display_name: "Alice".to_owned(),
        enabled: true,
    };
    let groups = ["ml-fraud"].map(|name| Group {
        id: GroupId::parse(name).unwrap(),
        display_name: name.to_owned(),
        members: members.iter().map(|member| PersonId::parse(*member).unwrap()).collect(),
    });
    let of_role = named(
        "Persona",
        [Statement::allow("Jobs").actions(["sagemaker:CreateTrainingJob"]).resources(["*"]).when(
            "StringEquals",
            "aws:PrincipalTag/Team",
            ["${sagemaker:UserProfileName}", "fraud"],
        )],
    );
    World {
        map: parse(&[Source { name: "access.yaml".into(), text: MAP.into() }]).unwrap(),
        bundle: Bundle {
            roles: vec![role("Links", links()), role("studio-fraud", of_role)],
            scps: vec![scp()],
            ..Bundle::default()
        },
        snapshot: Snapshot {
            people: BTreeMap::from([(alice.clone(), person)]),
            groups: groups.map(|group| (group.id.clone(), group)).into(),
            coverage: Coverage::People(BTreeSet::from([alice.clone()])),
            offboarded: BTreeMap::new(),
            barred: BTreeMap::new(),
            temporary: BTreeMap::new(),
        },
        observed: Observed::default(),
        documents: Documents::default(),
        context: BTreeMap::new(),
        person: alice,
        team: TeamKey::parse("fraud").unwrap(),
        domain: DomainKey::parse("research").unwrap(),
    }
}

impl World {
    fn question<'a>(&'a self, from: &'a Origin) -> Question<'a> {
        Question {
            map: &self.map,
            bundle: &self.bundle,
            snapshot: &self.snapshot,
            observed: &self.observed,
            now: "2026-11-21T09:00:00Z".parse().unwrap(),
            person: &self.person,
            explained: None,
            team: &self.team,
            domain: &self.domain,
            from,
            principal: None,
            deed: None,
            context: &self.context,
            documents: &self.documents,
        }
    }
}

fn from(address: &str, vpc: Option<&str>) -> Origin {
    let address = Some(address.parse().unwrap());
    Origin { address, vpc: vpc.map(str::to_owned), ..Origin::default() }
}

/// Stage, whether it is allowed, and the statements it rests on.
fn steps(question: &Question<'_>) -> Vec<(Stage, bool, Vec<String>)> {
    let outcome = what_if(question).unwrap();
    assert_eq!(outcome.allowed, outcome.steps.iter().all(|step| step.allowed));
    let statements = |step: &Step| {
        let named = step.because.iter().filter_map(|reason| reason.statement.clone());
        named.collect()
    };
    outcome.steps.iter().map(|step| (step.stage, step.allowed, statements(step))).collect()
}

#[test]
fn everything_holds_from_the_office_inside_its_vpc() {
    let world = world(&["id-alice"]);
    let here = from("10.100.10.7", Some("vpc-0aa"));
    let full = "Everything".to_owned();
    assert_eq!(
        steps(&world.question(&here)),
        [
            (Stage::Entitlement, true, vec![]),
            (Stage::Network, true, vec![]),
            (Stage::Link, true, vec![full.clone(), "FromThePlane".to_owned()]),
            (Stage::Use, true, vec![full, "FromTheOffice".to_owned()]),
        ]
    );
}

/// Where the hub is of its network's ways in, the map does not say: AWS allows it by one of them.
#[test]
fn any_way_in_of_the_hubs_network_does() {
    let mut world = world(&["id-alice"]);
    let ways = "any_of: [{ cidr: 10.91.0.0/16 }, { vpce: vpce-0aa }]";
    let text = MAP.replace("any_of: [{ vpce: vpce-0aa }]", ways);
    world.map = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
    let here = from("10.100.10.7", Some("vpc-0aa"));
    let outcome = what_if(&world.question(&here)).unwrap();
    assert!(outcome.allowed, "{:?}", outcome.steps);
    assert_eq!(
        outcome.steps[2].text,
        format!("{LINKS} asks for the link from vpce-0aa: AWS allows it")
    );
    // By none of them it is denied, and one is told.
    let text = MAP.replace("any_of: [{ vpce: vpce-0aa }]", &ways.replace("0aa", "0bb"));
    world.map = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
    let outcome = what_if(&world.question(&here)).unwrap();
    assert_eq!(
        outcome.steps.iter().map(|s| s.allowed).collect::<Vec<_>>(),
        [true, true, false, true]
    );
}

#[test]
fn the_same_range_of_another_vpc_is_refused_by_door_and_aws() {
    let world = world(&["id-alice"]);
    for elsewhere in [from("10.100.10.7", Some("vpc-0bb")), from("203.0.113.9", None)] {
        let found = steps(&world.question(&elsewhere));
        let allowed: Vec<bool> = found.iter().map(|(_, allowed, _)| *allowed).collect();
        assert_eq!(allowed, [true, false, true, false], "{elsewhere:?}");
        // What would have allowed it is told.
        assert_eq!(found[3].2, ["FromThePlane", "FromTheOffice"]);
    }
}

#[test]
fn a_private_address_is_not_taken_for_a_public_one() {
    let world = world(&["id-alice"]);
    let outcome = what_if(&world.question(&from("10.100.10.7", None))).unwrap();
    assert_eq!(
        outcome.steps[3].text,
        "the link is used, from where AWS cannot tell: AWS denies it, for want of an allow"
    );
    let outcome = what_if(&world.question(&from("203.0.113.9", None))).unwrap();
    assert!(outcome.steps[3].text.starts_with("the link is used from 203.0.113.9: "));
}

#[test]
fn without_the_group_the_door_refuses_first() {
    let world = world(&[]);
    let here = from("10.100.10.7", Some("vpc-0aa"));
    let outcome = what_if(&world.question(&here)).unwrap();
    assert!(!outcome.allowed);
    assert_eq!(outcome.steps[0].code, Some(ReasonCode::NotAMember));
    assert_eq!(
        outcome.steps[0].text,
        "the group `ml-fraud` exists, and the person is not a member, access.yaml:16"
    );
}

#[test]
fn whoever_asks_from_the_console_is_denied_by_the_scp() {
    let world = world(&["id-alice"]);
    let here = from("10.100.10.7", Some("vpc-0aa"));
    let console = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Scientist_0a/alice";
    let question = Question { principal: Some(console), ..world.question(&here) };
    assert_eq!(steps(&question), [(Stage::Link, false, vec!["LinksOnlyByStagedoor".to_owned()])]);
    // Without it, whoever may do everything may do this.
    let documents = Documents { identity: None, scps: Some(Vec::new()) };
    let question = Question { documents: &documents, ..question };
    assert!(what_if(&question).unwrap().allowed);
}

#[test]
fn an_app_works_with_the_execution_role() {
    let world = world(&["id-alice"]);
    let here = from("10.100.10.7", Some("vpc-0aa"));
    let deed = |action| {
        Some(Deed { action, resource: "arn:aws:sagemaker:eu-west-1:111122223333:training-job/a" })
    };
    let question = Question { deed: deed("sagemaker:CreateTrainingJob"), ..world.question(&here) };
    let found = steps(&question);
    assert_eq!(found[2], (Stage::Deed, true, vec!["Everything".to_owned(), "Jobs".to_owned()]));
    let question = Question { deed: deed("sagemaker:DeleteModel"), ..question };
    assert!(!what_if(&question).unwrap().allowed);
    let context = BTreeMap::from([("aws:PrincipalTag/Team".to_owned(), vec!["risk".to_owned()])]);
    let question = Question {
        deed: deed("sagemaker:CreateTrainingJob"),
        context: &context,
        ..world.question(&here)
    };
    assert!(!what_if(&question).unwrap().allowed);
}

#[test]
fn a_resource_of_another_account_is_that_accounts() {
    let world = world(&["id-alice"]);
    let here = from("10.100.10.7", Some("vpc-0aa"));
    let send = || Statement::allow("Send").actions(["sqs:SendMessage"]).resources(["*"]);
    let own = send().when("StringEquals", "aws:ResourceAccount", ["111122223333"]);
    let ask = |statement: Statement, resource: &str| {
        let identity = Some(vec![named("mine.json", [statement])]);
        let documents = Documents { identity, scps: None };
        let deed = Some(Deed { action: "sqs:SendMessage", resource });
        let question = Question { deed, documents: &documents, ..world.question(&here) };
        what_if(&question).unwrap().steps.remove(2)
    };
    let (theirs, ours) =
        ("arn:aws:sqs:eu-west-1:999999999999:q", "arn:aws:sqs:eu-west-1:111122223333:q");
    let told = |step: &Step| -> Vec<String> {
        step.because.iter().map(|reason| format!("{}: {}", reason.layer, reason.text)).collect()
    };
    let there = "policy of the resource: the resource is account 999999999999's, so its own policy \
                 must allow it as well, and is not known here";
    // The statement applies, and is not enough.
    let step = ask(send(), theirs);
    assert_eq!(step.decision, Some(Decision::ImplicitlyDenied));
    assert_eq!(told(&step), [there]);
    // The statement is about resources of the domain's account.
    let step = ask(own.clone(), theirs);
    assert_eq!(step.decision, Some(Decision::ImplicitlyDenied));
    assert_eq!(
        told(&step),
        [
            there,
            "identity-based policies: no statement allows it",
            "identity-based policies: would allow it, but for StringEquals aws:ResourceAccount"
        ]
    );
    // As those are whose ARN says nothing else.
    for resource in [ours, "arn:aws:s3:::bucket/key", "*"] {
        assert!(ask(own.clone(), resource).allowed, "{resource}");
    }
}

#[test]
fn given_policies_take_the_place_of_the_maps() {
    let world = world(&["id-alice"]);
    let here = from("10.100.10.7", Some("vpc-0aa"));
    let identity =
        Some(vec![named("mine.json", [Statement::deny("No").actions([LINK]).resources(["*"])])]);
    let documents = Documents { identity, scps: None };
    let outcome = what_if(&Question { documents: &documents, ..world.question(&here) }).unwrap();
    let reason = &outcome.steps[3].because[0];
    assert_eq!(
        (reason.policy.as_deref(), reason.statement.as_deref()),
        (Some("mine.json"), Some("No"))
    );
    assert_eq!(outcome.steps[3].decision, Some(Decision::ExplicitlyDenied));
}

#[test]
fn in_sso_mode_no_policy_is_asked_and_no_network_rule_holds() {
    let mut world = world(&["id-alice"]);
    let domain = ObservedDomain {
        auth_mode: AuthMode::Sso,
        state: crate::observed::DomainState::InService,
        application: None,
        url: None,
        default_role: None,
        home_file_system: None,
        profiles: BTreeMap::new(),
        seen: Seen::Everybody,
        unread: Unread::default(),
        profile_quota: None,
        elsewhere: BTreeMap::new(),
    };
    world.observed.domains.insert(world.domain.clone(), domain);
    let outcome = what_if(&world.question(&from("203.0.113.9", None))).unwrap();
    let codes: Vec<_> = outcome.steps.iter().map(|step| step.code.unwrap()).collect();
    assert_eq!(codes, [ReasonCode::Entitled, ReasonCode::RuleNotEnforced]);
    assert!(outcome.allowed);
}

#[test]
fn what_the_map_does_not_say_is_no_answer() {
    let mut world = world(&["id-alice"]);
    let here = from("10.100.10.7", Some("vpc-0aa"));
    let elsewhere = DomainKey::parse("elsewhere").unwrap();
    let question = Question { domain: &elsewhere, ..world.question(&here) };
    assert_eq!(
        what_if(&question).unwrap_err().to_string(),
        "team fraud is not placed in elsewhere"
    );
    world.bundle.roles.clear();
    let deed = Some(Deed { action: "s3:GetObject", resource: "*" });
    let question = Question { deed, ..world.question(&here) };
    assert!(matches!(what_if(&question), Err(WhatIfError::NoPersona(_))));
    world.map.hub = None;
    assert!(matches!(what_if(&world.question(&here)), Err(WhatIfError::NoHub(_))));
}

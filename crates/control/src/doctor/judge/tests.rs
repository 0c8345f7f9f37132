//! Facts that simulated AWS cannot be brought to, and what follows from each.

use super::*;
use crate::ports::{CallerIdentity, FailureKind, RoleFacts};
use access::authorisation::authorisation;
use access::ids::RoleArn;
use access::live_role::{AttachedPolicy, LiveRole};
use access::map::{Source, parse};
use std::collections::BTreeMap;

const MAP: &str = r#"version: 1
directory: { identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 } }
domains:
  research: { domain_id: d-research, account_id: "111122223333", region: eu-west-2 }
networks:
  office: { any_of: [{ cidr: 10.0.0.0/8 }] }
teams:
  fraud: { domain: research, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: office, persona: data-scientist }
grants: [{ group: ml-fraud, team: fraud }]
hub: { role: "arn:aws:iam::111122223333:role/Stagedoor" }
"#;

fn map() -> AccessMap {
    parse(&[Source { name: "access.yaml".into(), text: MAP.into() }]).unwrap()
}

fn sound() -> DomainFacts {
    DomainFacts {
        name: None,
        auth_mode: AuthMode::Iam,
        status: ProfileStatus::InService,
        failure_reason: None,
        network: AppNetwork::VpcOnly,
        role_identity: RoleIdentity::UserProfileName,
        application_arn: None,
        home_file_system: None,
        url: None,
        default_execution_role: None,
        space_execution_role: None,
        vpc: None,
        subnets: Vec::new(),
        security_groups: Vec::new(),
        kms_key: None,
    }
}

fn caller(account: &str) -> CallerIdentity {
    let arn = format!("arn:aws:iam::{account}:role/Stagedoor");
    CallerIdentity { account: account.to_owned(), arn }
}

/// State and code of each check of the domain.
fn codes(account: &str, facts: DomainFacts, role: RoleFacts) -> Vec<(State, &'static str)> {
    let checks = checked(&map(), account, facts, role, None);
    checks.into_iter().skip(1).map(|check| (check.state, check.code)).collect()
}

fn checked(
    map: &AccessMap,
    account: &str,
    facts: DomainFacts,
    role: RoleFacts,
    live: Option<Result<LiveRole, CallError>>,
) -> Vec<Check> {
    let arn = RoleArn::parse("arn:aws:iam::111122223333:role/studio-fraud").unwrap();
    let reading = DomainReading {
        caller: Ok(caller(account)),
        facts: Ok(facts),
        roles: BTreeMap::from([(arn.clone(), Ok(role))]),
        live: live.into_iter().map(|live| (arn.clone(), live)).collect(),
        unmeant: BTreeMap::new(),
        space_role: None,
        network: None,
        key: None,
    };
    let key = map.domains.keys().next().unwrap().clone();
    let facts = Facts {
        directories: nothing_said(),
        mirror: None,
        caller: Some(Ok(caller("111122223333"))),
        meant: authorisation(map),
        domains: BTreeMap::from([(key, reading)]),
        around: None,
    };
    let checks = judge(map, &facts, None);
    assert_eq!((checks[0].about, checks[0].state), (About::Credentials, State::Ok));
    checks
}

fn trusted() -> RoleFacts {
    RoleFacts::Found { assumed_by_sagemaker: true, source_identity: true }
}

#[test]
fn a_sound_domain_has_nothing_to_tell() {
    assert_eq!(codes("111122223333", sound(), trusted()), [(State::Ok, "ok"); 5]);
}

#[test]
fn a_domain_reached_in_another_account_is_judged_no_further() {
    let found = codes("444455556666", sound(), trusted());
    assert_eq!(found, [(State::Failed, "account-mismatch")]);
}

#[test]
fn an_sso_mode_domain_needs_its_directory_in_its_own_region_and_no_network_rule() {
    let facts = DomainFacts { auth_mode: AuthMode::Sso, ..sound() };
    let found = codes("111122223333", facts, trusted());
    for expected in [
        (State::Failed, "region-mismatch"),
        (State::Warning, "assignment-manual"),
        (State::Failed, "rule-not-enforced"),
    ] {
        assert!(found.contains(&expected), "{found:?}");
    }
}

#[test]
fn what_is_wrong_with_a_role_is_told_apart() {
    let of = |role: RoleFacts| codes("111122223333", sound(), role)[4];
    let found = |assumed_by_sagemaker, source_identity| RoleFacts::Found {
        assumed_by_sagemaker,
        source_identity,
    };
    assert_eq!(of(RoleFacts::Missing), (State::Failed, "role-missing"));
    let elsewhere = RoleFacts::Elsewhere { arn: "arn".into() };
    assert_eq!(of(elsewhere), (State::Failed, "role-elsewhere"));
    let unreadable = RoleFacts::Unreadable { reason: "denied".into() };
    assert_eq!(of(unreadable), (State::Warning, "role-unreadable"));
    assert_eq!(of(found(false, true)), (State::Failed, "role-untrusted"));
    assert_eq!(of(found(true, false)), (State::Failed, "no-source-identity"));
    assert_eq!(of(found(true, true)), (State::Ok, "ok"));
}

#[test]
fn a_role_need_not_set_a_source_identity_where_the_domain_asks_for_none() {
    let facts = DomainFacts { role_identity: RoleIdentity::Disabled, ..sound() };
    let role = RoleFacts::Found { assumed_by_sagemaker: true, source_identity: false };
    let found = codes("111122223333", facts, role);
    assert_eq!(found[3..], [(State::Warning, "no-source-identity"), (State::Ok, "ok")]);
}

#[test]
fn a_failed_domain_tells_why() {
    let facts = DomainFacts {
        status: ProfileStatus::Failed,
        failure_reason: Some("no subnet".into()),
        network: AppNetwork::PublicInternetOnly,
        ..sound()
    };
    let found = codes("111122223333", facts, trusted());
    assert_eq!(found[0], (State::Failed, "domain-not-in-service"));
    assert_eq!(found[2], (State::Warning, "not-vpc-only"));
}

/// The role of the map's team as IAM would tell it, had it been rolled out.
fn live() -> LiveRole {
    let bundle = authorisation(&map()).unwrap();
    let role = bundle.roles.iter().find(|role| role.name == "studio-fraud").unwrap();
    LiveRole {
        arn: role.arn(),
        trust: role.trust.to_compact_json(),
        max_session_seconds: role.max_session_seconds,
        boundary: role.boundary.clone(),
        tags: role.tags.clone(),
        attached: Vec::new(),
        inline: role.policies().map(|p| (p.name.clone(), p.document.to_compact_json())).collect(),
    }
}

/// What is told of the role beside whether SageMaker may assume it.
fn of_live(live: Result<LiveRole, CallError>) -> Vec<(State, &'static str)> {
    let checks = checked(&map(), "111122223333", sound(), trusted(), Some(live));
    checks.into_iter().skip(6).map(|check| (check.state, check.code)).collect()
}

#[test]
fn a_role_is_held_against_the_map_with_all_its_policies() {
    assert_eq!(of_live(Ok(live())), [(State::Ok, "ok")]);
    let mut loose = live();
    loose.attached.push(AttachedPolicy {
        arn: "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess".to_owned(),
        document: None,
    });
    loose.inline.pop_last();
    loose.max_session_seconds = 43_200;
    assert_eq!(
        of_live(Ok(loose)),
        [
            (State::Failed, "role-full-access"),
            (State::Failed, "role-grants-more"),
            (State::Warning, "role-session"),
        ]
    );
}

#[test]
fn policies_that_may_not_be_read_are_a_warning_and_say_what_to_allow() {
    let denied = CallError {
        service: "iam",
        operation: "GetPolicy",
        kind: FailureKind::AccessDenied,
        aws_code: Some("AccessDenied".to_owned()),
        message: "no".to_owned(),
    };
    assert_eq!(of_live(Err(denied.clone())), [(State::Warning, "role-unreadable")]);
    let gone = CallError { kind: FailureKind::NotFound, ..denied };
    assert_eq!(of_live(Err(gone)), [(State::Failed, "aws-not-found")]);
}

#[test]
fn a_trust_policy_that_does_not_do_is_told_once() {
    let mut closed = live();
    closed.trust = r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned();
    let untrusted = RoleFacts::Found { assumed_by_sagemaker: false, source_identity: false };
    let checks = checked(&map(), "111122223333", sound(), untrusted, Some(Ok(closed)));
    let found: Vec<_> = checks.iter().skip(5).map(|check| check.code).collect();
    assert_eq!(found, ["role-untrusted", "ok"]);
}

#[test]
fn teams_without_persona_are_named_once_and_judged_by_what_gives_everything_alone() {
    let text = MAP.replace(", persona: data-scientist", "");
    let bare = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
    let checks = checked(&bare, "111122223333", sound(), trusted(), Some(Ok(live())));
    assert_eq!(checks.len(), 7);
    assert_eq!(
        (checks[1].state, checks[1].code, checks[1].text.as_str()),
        (
            State::Warning,
            "role-not-meant",
            "without a persona the map says nothing of what roles may do, so of their policies only \
             those of AWS that give everything are told: fraud"
        )
    );
    let mut loose = live();
    let arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess".to_owned();
    loose.attached.push(AttachedPolicy { arn, document: None });
    let checks = checked(&bare, "111122223333", sound(), trusted(), Some(Ok(loose)));
    let last = checks.last().unwrap();
    assert_eq!((last.state, last.code), (State::Failed, "role-full-access"));
    assert_eq!(
        last.text,
        "AmazonSageMakerFullAccess is attached to it, which gives every team's resources"
    );
}

#[test]
fn a_network_rule_that_no_rendered_role_asks_is_a_warning_of_each_team_that_has_one() {
    let told = |hub: &str| {
        let text =
            MAP.replace("hub: { role: \"arn:aws:iam::111122223333:role/Stagedoor\" }\n", hub);
        let map = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
        let checks = checked(&map, "111122223333", sound(), trusted(), None).into_iter();
        let of_rules =
            checks.filter(|check| matches!(check.about, About::AuthMode | About::NetworkRule));
        of_rules.map(|check| (check.state, check.code, check.text)).collect::<Vec<_>>()
    };
    let mode = "IAM mode: one profile for each person and team, opened through the door by a link that \
                lives seconds; the door asks network rules at each opening";
    assert_eq!(
        told(""),
        [
            (State::Ok, "ok", mode.to_owned()),
            (
                State::Warning,
                "rule-at-door-only",
                "team fraud may be opened from office only, which the door alone asks: a session that \
                 was opened there goes on from anywhere"
                    .to_owned()
            ),
        ]
    );
    let hub = "hub: { role: \"arn:aws:iam::111122223333:role/Stagedoor\" }\n";
    let asked = format!("{mode}, and the role that makes links is to ask them with every request");
    assert_eq!(told(hub), [(State::Ok, "ok", asked)]);
}

#[test]
fn a_map_of_which_no_roles_can_be_made_is_told_with_its_place() {
    let buckets: Vec<String> = (0..1200).map(|n| format!("bucket-{n:056}")).collect();
    let with = format!("persona: data-scientist, buckets: [{}] }}", buckets.join(", "));
    let text = MAP.replace("persona: data-scientist }", &with);
    let large = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
    let checks = checked(&large, "111122223333", sound(), trusted(), None);
    assert_eq!((checks[1].state, checks[1].code), (State::Failed, "map-role-too-large"));
    assert_eq!(checks[1].subject.as_deref(), Some("access.yaml:8"));
}

/// A directory that says nothing of itself.
fn nothing_said() -> crate::doctor::DirectoryFacts {
    let at = jiff::Timestamp::UNIX_EPOCH;
    crate::doctor::DirectoryFacts { at, each: Vec::new(), together: None }
}

#[test]
fn a_call_that_failed_is_told_without_the_code_that_stands_beside_it() {
    let error = CallError {
        service: "kms",
        operation: "DescribeKey",
        kind: FailureKind::NotFound,
        aws_code: Some("NotFoundException".into()),
        message: "no such key".into(),
    };
    let check = failed(About::KeyState, None, &error);
    assert_eq!(check.text, "kms:DescribeKey failed with NotFoundException: no such key");
    assert_eq!(error.to_string(), format!("{} ({})", check.text, check.code));
    let arn = RoleArn::parse("arn:aws:iam::111122223333:role/studio-fraud").unwrap();
    let reading = DomainReading {
        caller: Ok(caller("111122223333")),
        facts: Ok(sound()),
        roles: BTreeMap::from([(arn, Ok(trusted()))]),
        live: BTreeMap::new(),
        unmeant: BTreeMap::new(),
        space_role: None,
        network: None,
        key: Some(Err(error)),
    };
    let map = map();
    let checks = of_key(&reading, map.domains.values().next().unwrap(), None);
    let told: Vec<_> = checks.iter().map(|check| (check.state, check.code, &*check.text)).collect();
    let text = "the domain's key could not be read: kms:DescribeKey failed with NotFoundException: \
                no such key";
    assert_eq!(told, [(State::Failed, "aws-not-found", text)]);
}

#[test]
fn shared_spaces_run_as_a_role_that_may_do_nothing_or_is_the_only_teams() {
    use super::super::judge_roles::of_spaces;
    let judged =
        |map: &AccessMap, role: Option<&str>, live: Option<Result<LiveRole, CallError>>| {
            let key = map.domains.keys().next().unwrap();
            let space_execution_role = role.map(str::to_owned);
            let facts = DomainFacts { space_execution_role, ..sound() };
            of_spaces(map, key, (&facts, live.as_ref())).map(|check| (check.state, check.code))
        };
    let (own, other) = (
        "arn:aws:iam::111122223333:role/studio-fraud",
        "arn:aws:iam::111122223333:role/studio-spaces",
    );
    let live = |inline: &[&str]| {
        let inline = inline.iter().enumerate();
        Some(Ok(LiveRole {
            arn: other.to_owned(),
            trust: String::new(),
            max_session_seconds: 3600,
            boundary: None,
            tags: BTreeMap::new(),
            attached: Vec::new(),
            inline: inline.map(|(at, text)| (at.to_string(), (*text).to_owned())).collect(),
        }))
    };
    let allow = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let map = map();
    assert_eq!(judged(&map, None, None), None);
    assert_eq!(judged(&map, Some(other), live(&[])), Some((State::Ok, "ok")));
    let space_role = Some((State::Warning, "space-role"));
    assert_eq!(judged(&map, Some(other), live(&[allow])), space_role);
    assert_eq!(judged(&map, Some("arn:aws:iam::1:x"), None), space_role);
    assert_eq!(judged(&map, Some(own), live(&[allow])), Some((State::Ok, "ok")));
    let second = "  fraud: {";
    let text = MAP.replace(second, &format!(
        "  churn: {{ domain: research, execution_role: \"arn:aws:iam::111122223333:role/c\", network: office }}\n{second}"
    ));
    let two = parse(&[Source { name: "access.yaml".into(), text }]).unwrap();
    assert_eq!(judged(&two, Some(own), live(&[allow])), space_role);
    let denied = CallError {
        kind: FailureKind::AccessDenied,
        service: "iam",
        operation: "GetRole",
        aws_code: None,
        message: "no".to_owned(),
    };
    let unread = Some((State::Warning, "role-unreadable"));
    assert_eq!(judged(&two, Some(own), Some(Err(denied))), unread);
}

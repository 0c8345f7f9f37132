//! SSO-mode domains: their application, who is assigned to it, and profiles of people.

use crate::support::{BASE, Cloud, answering, connect, failure, name, role, spoke, target};
use access::ids::{DomainId, GroupId, PersonId};
use access::observed::{AuthMode, ObservedApplication, ObservedDomain};
use aws::assignments::Assignee;
use aws::client::sagemaker::DescribeDomain;
use control::ports::{
    DomainTarget, Ensured, FailureKind, Observe, ProfileScope, ProfileSpec, Provision,
};
use std::collections::{BTreeMap, BTreeSet};

fn seed() -> String {
    BASE.replace(
        "domains:",
        r#"  - { name: StagedoorSpoke, account: "444455556666", trust: { account: "111122223333" } }
directory:
  identity_store_id: d-906716eb24
  users: [ { user_name: "alice@example.com" }, { user_name: "bob@example.com" } ]
  groups: [ { name: ml-fraud, members: ["alice@example.com"] }, { name: ml-risk } ]
domains:
  - { id: d-sso, auth_mode: SSO, assigned: [ml-risk] }
  - { id: d-old, auth_mode: SSO, before_october_2023: true }
  - { id: d-spoke, account: "444455556666", auth_mode: SSO }"#,
    )
}

fn domain(id: &str) -> DomainTarget {
    DomainTarget { domain_id: DomainId::parse(id).unwrap(), ..target() }
}

fn spec(profile: &str, user: Option<&str>) -> ProfileSpec {
    ProfileSpec {
        name: name(profile),
        execution_role: role("studio-fraud"),
        user_settings: serde_json::Map::new(),
        tags: BTreeMap::new(),
        sso_user: user.map(str::to_owned),
    }
}

fn group(cloud: &Cloud, name: &str) -> GroupId {
    GroupId::parse(cloud.look().group_id(name).unwrap()).unwrap()
}

async fn read(cloud: &Cloud, id: &str) -> ObservedDomain {
    cloud.aws.studio().domain(&domain(id), &ProfileScope::All).await.unwrap()
}

async fn application(cloud: &Cloud) -> ObservedApplication {
    read(cloud, "d-sso").await.application.unwrap()
}

#[tokio::test]
async fn the_application_is_read_with_groups_and_people() {
    let cloud = Cloud::with(&seed()).await;
    let risk = group(&cloud, "ml-risk");
    let seen = application(&cloud).await;
    assert!(seen.arn.starts_with("arn:aws:sso::111122223333:application/ssoins-"), "{}", seen.arn);
    assert_eq!((seen.groups, seen.people), (BTreeSet::from([risk]), BTreeSet::new()));
    let alice = PersonId::parse(cloud.look().user_id("alice@example.com").unwrap()).unwrap();
    let assignments = cloud.aws.assignments(&target().region);
    assignments.ensure(&seen.arn, &Assignee::Person(alice.clone())).await.unwrap();
    assert_eq!(application(&cloud).await.people, BTreeSet::from([alice]));
}

#[tokio::test]
async fn an_old_domain_tells_no_application() {
    let cloud = Cloud::with(&seed()).await;
    let old = read(&cloud, "d-old").await;
    assert_eq!((old.auth_mode, old.application), (AuthMode::Sso, None));
    assert_eq!(read(&cloud, "d-research").await.application, None);
    assert_eq!(cloud.calls("sso:ListApplicationAssignments"), 0);
}

#[tokio::test]
async fn assignments_that_cannot_be_read_fail_the_reading() {
    let cloud = Cloud::with(&seed()).await;
    cloud.go_wrong(
        "rules: [{ operation: ListApplicationAssignments, error: { code: AccessDeniedException } }]",
    );
    let answer = cloud.aws.studio().domain(&domain("d-sso"), &ProfileScope::All).await;
    let (service, operation, kind, _) = failure(answer);
    assert_eq!(
        (service, operation, kind),
        ("sso-admin", "ListApplicationAssignments", FailureKind::AccessDenied)
    );
}

#[tokio::test]
async fn a_group_is_assigned_once() {
    let cloud = Cloud::with(&seed()).await;
    let (studio, fraud) = (cloud.aws.studio(), group(&cloud, "ml-fraud"));
    let arn = application(&cloud).await.arn;
    assert_eq!(studio.assign(&domain("d-sso"), &arn, &fraud).await, Ok(Ensured::Changed));
    assert_eq!(studio.assign(&domain("d-sso"), &arn, &fraud).await, Ok(Ensured::NotNeeded));
    assert!(application(&cloud).await.groups.contains(&fraud));
}

#[tokio::test]
async fn an_assignment_survives_a_lost_answer_and_throttling() {
    for fault in ["nth: 1, timeout_after_success: true", "first: 3, throttle: true"] {
        let cloud = Cloud::with(&seed()).await;
        let (studio, fraud) = (cloud.aws.studio(), group(&cloud, "ml-fraud"));
        let arn = application(&cloud).await.arn;
        cloud.go_wrong(&format!("rules: [{{ operation: CreateApplicationAssignment, {fault} }}]"));
        studio.assign(&domain("d-sso"), &arn, &fraud).await.unwrap();
        assert!(application(&cloud).await.groups.contains(&fraud), "{fault}");
    }
}

#[tokio::test]
async fn an_assignment_that_is_denied_is_told() {
    let cloud = Cloud::with(&seed()).await;
    let (studio, fraud) = (cloud.aws.studio(), group(&cloud, "ml-fraud"));
    let arn = application(&cloud).await.arn;
    cloud.go_wrong(
        "rules: [{ operation: CreateApplicationAssignment, error: { code: AccessDeniedException } }]",
    );
    let (service, _, kind, _) = failure(studio.assign(&domain("d-sso"), &arn, &fraud).await);
    assert_eq!((service, kind), ("sso-admin", FailureKind::AccessDenied));
}

#[tokio::test]
async fn the_application_of_a_spokes_domain_is_the_hubs_business() {
    let cloud = Cloud::with(&seed()).await;
    let (studio, fraud) = (cloud.aws.studio(), group(&cloud, "ml-fraud"));
    let there = spoke("d-spoke", "444455556666", None);
    let read = studio.domain(&there, &ProfileScope::All).await.unwrap();
    let arn = read.application.unwrap().arn;
    studio.assign(&there, &arn, &fraud).await.unwrap();
    let by = |service: &str| -> BTreeSet<(String, Option<String>)> {
        let sandbox = cloud.look();
        let calls = sandbox.calls().filter(|call| call.service == service);
        calls.map(|call| (call.account.clone(), call.session.clone())).collect()
    };
    assert_eq!(by("sso"), BTreeSet::from([("111122223333".to_owned(), None)]));
    let session = ("444455556666".to_owned(), Some("stagedoor-control".to_owned()));
    assert_eq!(by("sagemaker"), BTreeSet::from([session]));
}

/// The JSON body of the one request that making this profile sends.
async fn request_of(spec: &ProfileSpec) -> serde_json::Value {
    let (url, mut seen) = answering("200 OK", "{}").await;
    let made = connect(&url, "AKIASANDBOX").studio().create_profile(&target(), spec).await;
    assert_eq!(made, Ok(Ensured::Changed));
    let request = seen.recv().await.unwrap();
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn a_profile_for_sso_names_its_person_and_one_for_iam_names_nobody() {
    let sso = request_of(&spec("alice--fraud", Some("Alice@Example.com"))).await;
    assert_eq!(sso["SingleSignOnUserIdentifier"], "UserName");
    assert_eq!(sso["SingleSignOnUserValue"], "Alice@Example.com");
    let iam = request_of(&spec("alice--fraud", None)).await;
    let members: Vec<&String> = iam.as_object().unwrap().keys().collect();
    assert_eq!(members, ["DomainId", "Tags", "UserProfileName", "UserSettings"]);
}

#[tokio::test]
async fn a_person_has_one_profile_in_an_sso_domain() {
    let cloud = Cloud::with(&seed()).await;
    let (studio, there) = (cloud.aws.studio(), domain("d-sso"));
    let alice = Some("alice@example.com");
    let first = spec("alice--fraud", alice);
    assert_eq!(studio.create_profile(&there, &first).await, Ok(Ensured::Changed));
    assert_eq!(studio.create_profile(&there, &first).await, Ok(Ensured::NotNeeded));
    let seen = read(&cloud, "d-sso").await;
    assert_eq!(seen.profiles["alice--fraud"].sso_user.as_deref(), alice);
    let second = studio.create_profile(&there, &spec("alice--risk", alice)).await;
    assert_eq!(failure(second).2, FailureKind::InUse);
    let nobody = studio.create_profile(&there, &spec("eve--risk", Some("eve"))).await;
    assert_eq!(failure(nobody).2, FailureKind::Rejected);
    let unnamed = studio.create_profile(&there, &spec("eve--risk", None)).await;
    assert_eq!(failure(unnamed).2, FailureKind::Rejected);
    assert_eq!(read(&cloud, "d-sso").await.profiles.len(), 1);
}

#[tokio::test]
async fn a_profile_made_at_the_door_is_seen_without_role_and_tags() {
    let cloud = Cloud::with(&seed()).await;
    let arn = application(&cloud).await.arn;
    let fraud = group(&cloud, "ml-fraud");
    cloud.aws.studio().assign(&domain("d-sso"), &arn, &fraud).await.unwrap();
    cloud.visit("/studio/d-sso/login?user=alice@example.com");
    let seen = read(&cloud, "d-sso").await;
    let profile = seen.profiles.values().next().unwrap();
    assert_eq!(profile.sso_user.as_deref(), Some("alice@example.com"));
    assert_eq!((profile.execution_role.as_deref(), profile.tags.to_map().len()), (None, 0));
    let request = DescribeDomain { domain_id: "d-sso".to_owned() };
    let domain = cloud.aws.sagemaker(&target().region).call(&request).await.unwrap();
    assert_eq!(domain.auth_mode.as_deref(), Some("SSO"));
}

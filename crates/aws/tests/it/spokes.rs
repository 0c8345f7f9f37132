//! Domains of other accounts.

use crate::presign::request;
use crate::support::{BASE, Cloud, failure, name, spoke, target};
use access::observed::{DomainState, ObservedRole};
use control::ports::{
    CallError, ChangeId, DomainTarget, FailureKind, Inspect, Observe, Presign, ProfileScope,
    ProfileUpdate, Provision,
};

const SPOKE: &str = "444455556666";

fn seed() -> String {
    BASE.replace(
        "domains:",
        r#"  - { name: StagedoorSpoke, account: "444455556666", trust: { account: "111122223333", external_id: 7f1c } }
  - { name: studio-spoke, account: "444455556666", trust: sagemaker }
domains:
  - { id: d-spoke, account: "444455556666", auth_mode: IAM, default_execution_role: "arn:aws:iam::444455556666:role/studio-spoke" }"#,
    ) + "profiles:\n  - { domain: d-spoke, name: alice--fraud }\n"
}

#[tokio::test]
async fn a_domain_of_another_account_is_read_through_its_role() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    let domain = spoke("d-spoke", SPOKE, Some("7f1c"));
    let read = studio.domain(&domain, &ProfileScope::All).await.unwrap();
    assert_eq!(read.profiles.keys().collect::<Vec<_>>(), ["alice--fraud"]);
    let role = access::ids::RoleArn::parse(format!("arn:aws:iam::{SPOKE}:role/studio-spoke"));
    assert_eq!(studio.role(&domain, &role.unwrap()).await, Ok(ObservedRole::Trusted));
    assert_eq!(cloud.calls("sts:AssumeRole"), 1, "one role, many calls");
    let accounts: Vec<String> = cloud
        .look()
        .calls()
        .filter(|call| call.service == "sagemaker")
        .map(|call| call.account.clone())
        .collect();
    assert!(!accounts.is_empty() && accounts.iter().all(|account| account == SPOKE));
}

#[tokio::test]
async fn a_wrong_or_missing_external_id_is_denied_by_sts() {
    let cloud = Cloud::with(&seed()).await;
    for external_id in [Some("beef"), None] {
        let domain = spoke("d-spoke", SPOKE, external_id);
        let answer = cloud.aws.studio().domain(&domain, &ProfileScope::All).await;
        assert_eq!(
            failure(answer),
            ("sts", "AssumeRole", FailureKind::AccessDenied, Some("AccessDenied".to_owned()))
        );
    }
    assert_eq!(cloud.calls("sagemaker:DescribeDomain"), 0);
}

#[tokio::test]
async fn the_right_external_id_works_after_a_wrong_one() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    let scope = ProfileScope::All;
    studio.domain(&spoke("d-spoke", SPOKE, Some("beef")), &scope).await.unwrap_err();
    studio.domain(&spoke("d-spoke", SPOKE, Some("7f1c")), &scope).await.unwrap();
}

#[tokio::test]
async fn without_the_role_the_domain_is_not_there() {
    let cloud = Cloud::with(&seed()).await;
    let mut domain = spoke("d-spoke", SPOKE, None);
    domain.assume_role = None;
    let answer = cloud.aws.studio().domain(&domain, &ProfileScope::All).await;
    assert_eq!(failure(answer).2, FailureKind::NotFound);
}

#[tokio::test]
async fn every_link_through_a_role_is_asked_for_in_the_persons_name() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    let domain = spoke("d-spoke", SPOKE, Some("7f1c"));
    for _ in 0..2 {
        studio.presign(&domain, &request("alice--fraud")).await.unwrap();
    }
    assert_eq!(cloud.calls("sts:AssumeRole"), 2, "a session for each");
    studio.domain(&target(), &ProfileScope::All).await.unwrap();
    assert_eq!(cloud.calls("sts:AssumeRole"), 2, "none in the own account");
}

#[tokio::test]
async fn links_are_asked_for_through_the_role_for_links_and_nothing_else_is() {
    let links = "  - { name: Links, account: \"444455556666\", \
                 trust: { account: \"111122223333\", external_id: 9a2b } }\n";
    let denied = "external_id: 7f1c }, denied: [\"sagemaker:CreatePresignedDomainUrl\"]";
    let seed = seed().replace("domains:", &format!("{links}domains:"));
    let cloud = Cloud::with(&seed.replace("external_id: 7f1c }", denied)).await;
    let mut domain = spoke("d-spoke", SPOKE, Some("7f1c"));
    domain.presign_role = domain.assume_role.clone().map(|mut role| {
        role.arn = access::ids::RoleArn::parse(format!("arn:aws:iam::{SPOKE}:role/Links")).unwrap();
        role.external_id = Some("9a2b".to_owned());
        role
    });
    let studio = cloud.aws.studio();
    studio.presign(&domain, &request("alice--fraud")).await.unwrap();
    studio.domain(&domain, &ProfileScope::All).await.unwrap();
    assert_eq!(cloud.calls("sts:AssumeRole"), 2, "one for the link, one for the reading");
}

#[tokio::test]
async fn the_session_bears_the_persons_id() {
    let denied = seed().replace(
        "external_id: 7f1c }",
        "external_id: 7f1c }, denied: [\"sagemaker:CreatePresignedDomainUrl\", \"sagemaker:ListApps\"]",
    );
    let cloud = Cloud::with(&denied).await;
    let studio = cloud.aws.studio();
    let domain = spoke("d-spoke", SPOKE, Some("7f1c"));
    let session = |error: control::ports::CallError| {
        assert_eq!(error.kind, FailureKind::AccessDenied);
        let arn = error.message.split_whitespace().nth(1).unwrap().to_owned();
        arn.rsplit('/').next().unwrap().to_owned()
    };
    let refused = studio.presign(&domain, &request("alice--fraud")).await.unwrap_err();
    assert_eq!(session(refused), "stagedoor-0b1e2d3c-4444-5555-6666-77778888aaaa");
    let refused = studio.domain(&domain, &ProfileScope::All).await.unwrap_err();
    assert_eq!(session(refused), "stagedoor-control");
}

/// The spoke's domain, reached for a change; whether its sessions bear a source identity.
fn changing(change: u8, source_identity: bool) -> DomainTarget {
    let mut domain = spoke("d-spoke", SPOKE, Some("7f1c"));
    if let Some(role) = &mut domain.assume_role {
        role.source_identity = source_identity;
    }
    let at = "2026-11-21T09:00:00Z".parse().unwrap();
    DomainTarget { change: Some(ChangeId::new(at, [change; 32])), ..domain }
}

fn with_source_identity() -> String {
    seed().replace("external_id: 7f1c }", "external_id: 7f1c, source_identity: true }")
}

/// Session name and source identity of every call to `SageMaker` that changed tags.
fn who_tagged(cloud: &Cloud) -> Vec<(Option<String>, Option<String>)> {
    let sandbox = cloud.look();
    let calls = sandbox.calls().filter(|call| call.operation == "AddTags");
    calls.map(|call| (call.session.clone(), call.source_identity.clone())).collect()
}

async fn tag(studio: &aws::Studio, domain: &DomainTarget) -> Result<(), CallError> {
    let set_tags = [("Team".to_owned(), "fraud".to_owned())].into();
    let update = ProfileUpdate { set_tags, ..ProfileUpdate::default() };
    studio.update_profile(domain, &name("alice--fraud"), &update).await.map(|_| ())
}

#[tokio::test]
async fn a_session_bears_the_name_of_its_change() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    for change in [0xab, 0xab, 0xcd] {
        tag(&studio, &changing(change, false)).await.unwrap();
    }
    let first = Some("stagedoor-20261121T090000Z-abababababab".to_owned());
    let second = Some("stagedoor-20261121T090000Z-cdcdcdcdcdcd".to_owned());
    assert_eq!(who_tagged(&cloud), [(first.clone(), None), (first, None), (second, None)]);
    assert_eq!(cloud.calls("sts:AssumeRole"), 2, "one session for each change");
}

#[tokio::test]
async fn a_source_identity_is_the_sessions_name() {
    let cloud = Cloud::with(&with_source_identity()).await;
    let studio = cloud.aws.studio();
    tag(&studio, &changing(0xab, true)).await.unwrap();
    let name = Some("stagedoor-20261121T090000Z-abababababab".to_owned());
    assert_eq!(who_tagged(&cloud), [(name.clone(), name)]);
    let mut reading = changing(0xab, true);
    reading.change = None;
    studio.domain(&reading, &ProfileScope::All).await.unwrap();
    let last = cloud.look().calls().last().cloned().unwrap();
    assert_eq!(last.session.as_deref(), Some("stagedoor-control"));
    assert_eq!(last.source_identity.as_deref(), Some("stagedoor-control"));
}

#[tokio::test]
async fn a_role_that_takes_no_source_identity_refuses_it() {
    let cloud = Cloud::with(&seed()).await;
    let answer = tag(&cloud.aws.studio(), &changing(0xab, true)).await;
    assert_eq!(
        failure(answer),
        ("sts", "AssumeRole", FailureKind::AccessDenied, Some("AccessDenied".to_owned()))
    );
}

#[tokio::test]
async fn sessions_of_old_changes_are_given_up() {
    let cloud = Cloud::with(&seed()).await;
    let studio = cloud.aws.studio();
    for change in 0..65 {
        tag(&studio, &changing(change, false)).await.unwrap();
    }
    assert_eq!(cloud.calls("sts:AssumeRole"), 65);
    tag(&studio, &changing(64, false)).await.unwrap();
    tag(&studio, &changing(1, false)).await.unwrap();
    assert_eq!(cloud.calls("sts:AssumeRole"), 65, "64 are kept");
    tag(&studio, &changing(0, false)).await.unwrap();
    assert_eq!(cloud.calls("sts:AssumeRole"), 66, "the oldest was given up");
}

#[tokio::test]
async fn a_spoke_that_is_down_stops_no_other() {
    let faults = format!("rules: [{{ account: \"{SPOKE}\", latency_ms: 30000 }}]");
    let cloud = Cloud::failing(&seed(), &faults).await;
    let studio = cloud.aws.studio();
    let (hung, waiting) = (spoke("d-spoke", SPOKE, Some("7f1c")), studio.clone());
    let down = tokio::spawn(async move { waiting.domain(&hung, &ProfileScope::All).await });
    while cloud.calls("sagemaker:DescribeDomain") == 0 {
        tokio::task::yield_now().await;
    }
    let refused = studio.domain(&spoke("d-spoke", SPOKE, None), &ProfileScope::All).await;
    assert_eq!(failure(refused).1, "AssumeRole");
    let up = studio.domain(&target(), &ProfileScope::All).await;
    assert_eq!(up.unwrap().state, DomainState::InService);
    assert!(!down.is_finished(), "the other spoke still hangs");
    down.abort();
}

#[tokio::test]
async fn credentials_are_kept_until_they_lapse_and_then_asked_for_anew() {
    let there = spoke("d-spoke", SPOKE, Some("7f1c"));
    for (cloud, sessions) in
        [(Cloud::with(&seed()).await, 1), (Cloud::an_hour_behind(&seed()).await, 3)]
    {
        let studio = cloud.aws.studio();
        for _ in 0..3 {
            studio.domain_facts(&there).await.unwrap();
        }
        assert_eq!(cloud.calls("sts:AssumeRole"), sessions);
    }
}

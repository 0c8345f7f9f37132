//! Domains of other accounts.

use crate::presign::request;
use crate::support::{BASE, Cloud, failure, spoke, target};
use access::observed::ObservedRole;
use control::ports::{FailureKind, Observe, Presign, ProfileScope};

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

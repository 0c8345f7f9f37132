//! Links into Studio.

use crate::support::{BASE, Cloud, answering, connect, failure, name, target};
use access::ids::{PersonId, TeamKey};
use control::ports::{FailureKind, Presign, PresignRequest};

pub(crate) fn request(profile: &str) -> PresignRequest {
    PresignRequest {
        person: PersonId::parse("0b1e2d3c-4444-5555-6666-77778888aaaa").unwrap(),
        team: TeamKey::parse("fraud").unwrap(),
        profile: name(profile),
        expires_seconds: 5,
        session_seconds: 28_800,
    }
}

fn seed() -> String {
    format!("{BASE}\nprofiles:\n  - {{ domain: d-research, name: alice--fraud }}\n")
}

#[tokio::test]
async fn a_link_is_given_for_the_profile_and_does_not_print() {
    let cloud = Cloud::with(&seed()).await;
    let link = cloud.aws.studio().presign(&target(), &request("alice--fraud")).await.unwrap();
    let start = format!("{}/studio/d-research/auth?token=", cloud.url);
    assert!(link.reveal().starts_with(&start), "{}", link.reveal());
    assert_eq!(format!("{link:?}"), "PresignedUrl(redacted)");
    assert_eq!(cloud.look().presigned_count(), 1);
}

#[tokio::test]
async fn there_is_no_link_for_a_profile_that_is_not_there() {
    let cloud = Cloud::with(&seed()).await;
    let answer = cloud.aws.studio().presign(&target(), &request("bob--fraud")).await;
    let (service, operation, kind, _) = failure(answer);
    assert_eq!(
        (service, operation, kind),
        ("sagemaker", "CreatePresignedDomainUrl", FailureKind::NotFound)
    );
    assert_eq!(cloud.look().presigned_count(), 0);
}

#[tokio::test]
async fn durations_the_service_does_not_take_are_refused_by_it() {
    let cloud = Cloud::with(&seed()).await;
    let mut wrong = request("alice--fraud");
    wrong.expires_seconds = 4;
    let answer = cloud.aws.studio().presign(&target(), &wrong).await;
    let (_, _, kind, code) = failure(answer);
    assert_eq!((kind, code.as_deref()), (FailureKind::Rejected, Some("ValidationException")));
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_refused_and_not_repeated() {
    let body = r#"{"AuthorizedUrl":"https://evil.example/auth?token=hunter2"}"#;
    let (url, _seen) = answering("200 OK", body).await;
    let studio = connect(&url, "AKIASANDBOX").studio();
    let error = studio.presign(&target(), &request("alice--fraud")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "sagemaker:CreatePresignedDomainUrl failed: the link does not lead to a Studio host of \
         the domain's Region (aws-service-error)"
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_quoted() {
    let body = r#"{"AuthorizedUrl":["https://evil.example/auth?token=hunter2"]}"#;
    let (url, _seen) = answering("200 OK", body).await;
    let studio = connect(&url, "AKIASANDBOX").studio();
    let error = studio.presign(&target(), &request("alice--fraud")).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Service);
    assert_eq!(error.message, "cannot read the answer at line 1 column 17");
}

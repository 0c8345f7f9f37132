//! Links into Studio.

use crate::support::{BASE, Cloud, answering, connect, failure, name, target};
use access::ids::{LandingUri, PersonId, SpaceName, TeamKey};
use control::ports::{FailureKind, Presign, PresignRequest};

pub(crate) fn request(profile: &str) -> PresignRequest {
    PresignRequest {
        person: PersonId::parse("0b1e2d3c-4444-5555-6666-77778888aaaa").unwrap(),
        team: TeamKey::parse("fraud").unwrap(),
        profile: name(profile),
        expires_seconds: 5,
        session_seconds: 28_800,
        landing: None,
        space: None,
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
async fn the_landing_page_and_the_space_of_the_team_are_asked_for() {
    let (url, mut seen) = answering("200 OK", r#"{"AuthorizedUrl":"https://x"}"#).await;
    let studio = connect(&url, "AKIASANDBOX").studio();
    let landing = LandingUri::parse("app:JupyterLab:lab/tree").ok();
    let space = SpaceName::parse("shared-lab").ok();
    assert!(landing.is_some() && space.is_some());
    let wanted = PresignRequest { landing, space, ..request("alice--fraud") };
    let _refused_for_its_host = studio.presign(&target(), &wanted).await;
    let asked = seen.recv().await.unwrap();
    let body: serde_json::Value =
        serde_json::from_str(asked.split_once("\r\n\r\n").unwrap().1).unwrap();
    let expected = serde_json::json!({
        "DomainId": "d-research",
        "UserProfileName": "alice--fraud",
        "SessionExpirationDurationInSeconds": 28_800,
        "ExpiresInSeconds": 5,
        "SpaceName": "shared-lab",
        "LandingUri": "app:JupyterLab:lab/tree",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_space_that_is_not_there_gets_no_link() {
    let cloud = Cloud::with(&seed()).await;
    let wanted =
        PresignRequest { space: SpaceName::parse("nowhere").ok(), ..request("alice--fraud") };
    let (_, _, kind, _) = failure(cloud.aws.studio().presign(&target(), &wanted).await);
    assert_eq!((kind, cloud.look().presigned_count()), (FailureKind::NotFound, 0));
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

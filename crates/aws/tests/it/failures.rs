//! How calls fail, and how often they are tried before they do.

use crate::support::{ACCOUNT, BASE, Cloud, answering, connect, failure, spoke, target};
use access::observed::DomainState;
use control::ports::{CallError, FailureKind, Observe, ProfileScope};
use std::collections::BTreeSet;
use tokio::net::TcpListener;

async fn describe(aws: &aws::Aws) -> Result<bool, CallError> {
    let nobody = ProfileScope::Named(BTreeSet::new());
    aws.studio()
        .domain(&target(), &nobody)
        .await
        .map(|domain| domain.state == DomainState::InService)
}

async fn with_fault(fault: &str) -> (Cloud, Result<bool, CallError>) {
    let rule = format!("rules: [{{ operation: DescribeDomain, {fault} }}]");
    let cloud = Cloud::failing(BASE, &rule).await;
    let answer = describe(&cloud.aws).await;
    (cloud, answer)
}

#[tokio::test]
async fn throttled_calls_are_tried_again() {
    let (cloud, answer) = with_fault("first: 3, throttle: true").await;
    assert_eq!(answer, Ok(true));
    assert_eq!(cloud.calls("sagemaker:DescribeDomain"), 4);
}

#[tokio::test]
async fn calls_that_stay_throttled_fail_after_six_attempts() {
    let (cloud, answer) = with_fault("throttle: true").await;
    assert_eq!(
        failure(answer),
        (
            "sagemaker",
            "DescribeDomain",
            FailureKind::Throttled,
            Some("ThrottlingException".to_owned())
        )
    );
    assert_eq!(cloud.calls("sagemaker:DescribeDomain"), 6);
}

#[tokio::test]
async fn server_errors_are_tried_again() {
    let (cloud, answer) =
        with_fault("first: 2, error: { code: InternalFailure, status: 500 }").await;
    assert_eq!(answer, Ok(true));
    assert_eq!(cloud.calls("sagemaker:DescribeDomain"), 3);
}

#[tokio::test]
async fn refusals_are_told_apart_and_not_tried_again() {
    for (code, kind) in [
        ("AccessDeniedException", FailureKind::AccessDenied),
        ("UnrecognizedClientException", FailureKind::Credentials),
        ("ExpiredTokenException", FailureKind::Credentials),
        ("ResourceLimitExceeded", FailureKind::Quota),
        ("ResourceInUse", FailureKind::InUse),
        ("ResourceNotFound", FailureKind::NotFound),
        ("ValidationException", FailureKind::Rejected),
    ] {
        let (cloud, answer) = with_fault(&format!("error: {{ code: {code}, message: no }}")).await;
        let error = answer.unwrap_err();
        assert_eq!((error.kind, error.aws_code.as_deref()), (kind, Some(code)));
        assert_eq!(error.message, "no");
        assert_eq!(cloud.calls("sagemaker:DescribeDomain"), 1, "{code}");
    }
}

#[tokio::test]
async fn an_action_that_is_not_allowed_names_itself() {
    let seed = format!(
        "{BASE}\ncredentials:\n  - {{ access_key_id: AKIALITTLE, account: \"{ACCOUNT}\", denied: [\"sagemaker:DescribeDomain\"] }}\n"
    );
    let cloud = Cloud::with(&seed).await;
    let error = describe(&cloud.as_key("AKIALITTLE")).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::AccessDenied);
    assert!(error.message.contains("sagemaker:DescribeDomain"), "{}", error.message);
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let aws = connect(&url, "AKIASANDBOX");
    let error = describe(&aws).await.unwrap_err();
    assert_eq!((error.kind, error.aws_code), (FailureKind::Unreachable, None));
    assert_eq!(
        error.message, "tcp connect error: Connection refused (os error 111)",
        "the layers of the SDK are not told"
    );
    assert_eq!(failure(aws.caller().await).2, FailureKind::Unreachable);
}

#[tokio::test]
async fn a_role_that_cannot_be_asked_for_is_an_unreachable_sts() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let studio = connect(&url, "AKIASANDBOX").studio();
    let target = spoke("d-risk", "444455556666", Some("7f1c"));
    let error = studio.domain(&target, &ProfileScope::All).await.unwrap_err();
    assert_eq!(
        (error.service, error.operation, error.kind),
        ("sts", "AssumeRole", FailureKind::Unreachable)
    );
    assert_eq!(error.message, "tcp connect error: Connection refused (os error 111)");
}

#[tokio::test]
async fn a_page_of_html_is_the_services_fault() {
    for (status, kind) in [
        ("500 Internal Server Error", FailureKind::Service),
        ("404 Not Found", FailureKind::Service),
        ("403 Forbidden", FailureKind::AccessDenied),
    ] {
        let (url, _seen) = answering(status, "<!doctype html><title>proxy</title>").await;
        let error = describe(&connect(&url, "AKIASANDBOX")).await.unwrap_err();
        assert_eq!((error.kind, error.aws_code), (kind, None), "{status}");
    }
}

#[tokio::test]
async fn an_unknown_state_is_an_error_not_a_guess() {
    let body = r#"{"DomainId":"d-research","Status":"Frozen","AuthMode":"IAM"}"#;
    let (url, _seen) = answering("200 OK", body).await;
    let error = describe(&connect(&url, "AKIASANDBOX")).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Service);
    assert_eq!(error.message, "domain d-research has the unknown status `Frozen`");
}

#[tokio::test]
async fn the_caller_is_told() {
    let cloud = Cloud::with(BASE).await;
    let caller = cloud.aws.caller().await.unwrap();
    assert_eq!(caller.account, ACCOUNT);
    assert_eq!(caller.arn, format!("arn:aws:iam::{ACCOUNT}:user/sandbox"));
}

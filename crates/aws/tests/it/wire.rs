//! What goes over the wire.

use crate::support::{answering, connect, region};
use aws::client::sagemaker::{DescribeDomain, ListDomains, ListUserProfiles};
use control::ports::FailureKind;

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let prefix = format!("{name}: ");
    request.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default()
}

#[tokio::test]
async fn requests_look_like_those_of_the_sdk() {
    let (url, mut seen) = answering("200 OK", "{}").await;
    let sagemaker = connect(&url, "AKIASANDBOX").sagemaker(&region());
    sagemaker.call(&DescribeDomain { domain_id: "d-x".to_owned() }).await.unwrap();
    let request = seen.recv().await.unwrap();
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"DomainId\":\"d-x\"}"), "{request}");
    assert_eq!(header(&request, "content-type"), "application/x-amz-json-1.1");
    assert_eq!(header(&request, "x-amz-target"), "SageMaker.DescribeDomain");
    assert!(header(&request, "user-agent").starts_with("aws-sdk-rust/"));
    assert!(header(&request, "x-amz-user-agent").contains(" api/sagemaker/"));
    assert_eq!(header(&request, "amz-sdk-invocation-id").len(), 36);
    assert!(header(&request, "amz-sdk-request").starts_with("attempt=1; max=6"));
    let signature = header(&request, "authorization");
    assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIASANDBOX/"), "{signature}");
    assert!(signature.contains("/eu-west-1/sagemaker/aws4_request, "), "{signature}");
}

#[tokio::test]
async fn lists_ask_for_the_largest_page() {
    let (url, mut seen) = answering("200 OK", r#"{"UserProfiles":[]}"#).await;
    let sagemaker = connect(&url, "AKIASANDBOX").sagemaker(&region());
    let listed = sagemaker.all(&ListUserProfiles::default()).await.unwrap();
    assert!(listed.is_empty());
    assert!(seen.recv().await.unwrap().ends_with("{\"MaxResults\":100}"));
}

#[tokio::test]
async fn a_page_token_that_repeats_is_an_error() {
    let (url, _seen) = answering("200 OK", r#"{"Domains":[],"NextToken":"again"}"#).await;
    let sagemaker = connect(&url, "AKIASANDBOX").sagemaker(&region());
    let error = sagemaker.all(&ListDomains::default()).await.unwrap_err();
    assert_eq!(error.kind, FailureKind::Service);
    assert_eq!(error.message, "the same page token came twice");
}

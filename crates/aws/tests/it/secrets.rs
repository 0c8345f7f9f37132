//! Secrets of Secrets Manager, and parameters of Parameter Store.

use crate::support::{Cloud, failure, region};
use aws::SecretVersions;
use control::ports::FailureKind;

const SEED: &str = "secrets:\n  - { name: stagedoor/sp-key, current: new, previous: old }\n  \
                    - { name: alone, region: eu-central-1, current: one, pending: two }\n";

fn texts(versions: &SecretVersions) -> (&str, Vec<&str>) {
    (versions.current.reveal(), versions.others.iter().map(aws::SecretText::reveal).collect())
}

#[tokio::test]
async fn the_current_version_comes_first_and_others_as_far_as_they_are_there() {
    let cloud = Cloud::with(SEED).await;
    let secrets = cloud.aws.secrets("stagedoor/sp-key", Some(&region()));
    let versions = secrets.versions("stagedoor/sp-key").await.unwrap();
    assert_eq!(texts(&versions), ("new", vec!["old"]));
    assert_eq!(cloud.calls("secretsmanager:GetSecretValue"), 3);
    let shown = format!("{versions:?}");
    assert!(!shown.contains("new") && !shown.contains("old"), "{shown}");
}

#[tokio::test]
async fn an_arn_says_its_region() {
    let cloud = Cloud::with(SEED).await;
    let state = cloud.look().secret_arns();
    let arn = state.iter().find(|arn| arn.contains(":eu-central-1:")).unwrap();
    let versions = cloud.aws.secrets(arn, Some(&region())).versions(arn).await.unwrap();
    assert_eq!(texts(&versions), ("one", vec!["two"]));
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_not_found() {
    let cloud = Cloud::with(SEED).await;
    let answer = cloud.aws.secrets("other", Some(&region())).versions("other").await;
    let (service, operation, kind, _) = failure(answer);
    assert_eq!(
        (service, operation, kind),
        ("secretsmanager", "GetSecretValue", FailureKind::NotFound)
    );
}

const PARAMETERS: &str = "parameters:\n  - { name: /stagedoor/sp-key, value: hidden, secure: true }\n  \
                          - { name: plain, region: eu-central-1, value: shown }\n";

#[tokio::test]
async fn a_parameter_is_read_decrypted_and_does_not_print() {
    let cloud = Cloud::with(PARAMETERS).await;
    let store = cloud.aws.parameters("/stagedoor/sp-key", Some(&region()));
    let text = store.text("/stagedoor/sp-key").await.unwrap();
    assert_eq!(text.reveal(), "hidden");
    assert_eq!(format!("{text:?}"), "SecretText(..)");
    let arn = "arn:aws:ssm:eu-central-1:111122223333:parameter/plain";
    let elsewhere = cloud.aws.parameters(arn, Some(&region()));
    assert_eq!(elsewhere.text(arn).await.unwrap().reveal(), "shown");
    assert_eq!(cloud.calls("ssm:GetParameter"), 2);
}

#[tokio::test]
async fn a_parameter_that_is_not_there_is_not_found() {
    let cloud = Cloud::with(PARAMETERS).await;
    let answer = cloud.aws.parameters("other", Some(&region())).text("other").await;
    let (service, operation, kind, _) = failure(answer);
    assert_eq!((service, operation, kind), ("ssm", "GetParameter", FailureKind::NotFound));
}

//! Secrets of Secrets Manager.

use crate::support::{Cloud, failure, region};
use aws::SecretVersions;
use control::ports::FailureKind;

const SEED: &str = "secrets:\n  - { name: stagedoor/sp-key, current: new, previous: old }\n  \
                    - { name: alone, region: eu-central-1, current: one, pending: two }\n";

fn texts(versions: &SecretVersions) -> (&str, Vec<&str>) {
    (versions.current.reveal(), versions.others.iter().map(aws::KeyText::reveal).collect())
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

//! Checkpoints of the audit log in a bucket that locks what is in it.

use crate::support::{BASE, Cloud};
use control::audit::{Checkpoint, CheckpointPlace as _};

fn checkpoint(key: &str) -> Checkpoint {
    Checkpoint::of("2026-11-21T08:00:00Z".parse().unwrap(), Vec::new(), key.to_owned())
}

async fn cloud(faults: &str) -> Cloud {
    Cloud::failing(&format!("{BASE}buckets: [{{ name: marks, lock: true }}]\n"), faults).await
}

#[tokio::test]
async fn one_whose_answer_was_lost_is_kept_all_the_same() {
    let cloud = cloud("rules: [{ service: s3, nth: 1, timeout_after_success: true }]").await;
    let place = cloud.aws.checkpoints("marks", "a/");
    place.keep(&checkpoint("one")).await.unwrap();
    assert_eq!(place.all().await.unwrap(), [checkpoint("one")]);
    assert!(cloud.calls("s3:PutObject") > 1, "it was asked for again");
}

#[tokio::test]
async fn a_request_that_meets_another_one_for_its_key_is_made_again_and_not_for_ever() {
    let met = |times: u32| {
        format!(
            "rules: [{{ service: s3, operation: PutObject, first: {times}, error: {{ code: \
             ConditionalRequestConflict, status: 409 }} }}]"
        )
    };
    let cloud = cloud(&met(2)).await;
    let place = cloud.aws.checkpoints("marks", "a/");
    place.keep(&checkpoint("one")).await.unwrap();
    assert_eq!(place.all().await.unwrap(), [checkpoint("one")]);
    cloud.go_wrong(&met(99));
    let refused = place.keep(&checkpoint("two")).await.unwrap_err();
    assert!(refused.message.contains("ConditionalRequestConflict"), "{refused:?}");
}

#[tokio::test]
async fn what_somebody_else_put_there_is_no_checkpoint() {
    let faults = "rules: [{ service: s3, operation: PutObject, error: { code: \
                  PreconditionFailed, status: 412 } }]";
    let cloud = cloud(faults).await;
    let place = cloud.aws.checkpoints("marks", "a/");
    let refused = place.keep(&checkpoint("one")).await.unwrap_err();
    assert!(refused.message.contains("s3:PutObject"), "{refused:?}");
    assert_eq!(place.all().await.unwrap(), []);
}

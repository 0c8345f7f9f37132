//! The queue of wake-ups.

use crate::support::{Cloud, failure, region};
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use control::ports::{FailureKind, WakeQueue};

const SEED: &str = "queues: [stagedoor-events]\n";

async fn send(cloud: &Cloud, body: &str) {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&cloud.url)
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIASANDBOX", "secret", None, None, "test"))
        .build();
    let client = aws_sdk_sqs::Client::from_conf(config);
    let queue = client.get_queue_url().queue_name("stagedoor-events").send().await.unwrap();
    let url = queue.queue_url.unwrap();
    client.send_message().queue_url(url).message_body(body).send().await.unwrap();
}

#[tokio::test]
async fn messages_are_received_until_they_are_done() {
    let cloud = Cloud::with(SEED).await;
    let queue = cloud.aws.queue(&region(), "stagedoor-events");
    assert_eq!(queue.receive(0).await, Ok(vec![]), "an empty answer is normal");
    send(&cloud, r#"{"detail":{}}"#).await;
    let got = queue.receive(0).await.unwrap();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].body, r#"{"detail":{}}"#);
    queue.done(&got[0]).await.unwrap();
    assert_eq!(cloud.look().queue_depth("stagedoor-events"), 0);
    assert_eq!(cloud.calls("sqs:GetQueueUrl"), 2, "asked once by the queue, once by the test");
}

#[tokio::test]
async fn up_to_ten_messages_come_at_once() {
    let cloud = Cloud::with(SEED).await;
    for n in 0..12 {
        send(&cloud, &n.to_string()).await;
    }
    let queue = cloud.aws.queue(&region(), "stagedoor-events");
    assert_eq!(queue.receive(1).await.unwrap().len(), 10);
    assert_eq!(queue.receive(1).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_not_found() {
    let cloud = Cloud::with(SEED).await;
    let answer = cloud.aws.queue(&region(), "no-such-queue").receive(0).await;
    let (service, operation, kind, _) = failure(answer);
    assert_eq!((service, operation, kind), ("sqs", "GetQueueUrl", FailureKind::NotFound));
}

//! Reminders in queues.

use crate::support::Cloud;
use access::ids::PersonId;
use control::ports::{FailureKind, Reminders};
use jiff::Timestamp;
use std::collections::BTreeSet;

const SEED: &str = "queues: [stagedoor-work.fifo, stagedoor-later]\n";

fn person(number: u32) -> PersonId {
    PersonId::parse(format!("9067a1d2c4-0c7f1e52-6f41-4f0e-9a3b-{number:012}")).unwrap()
}

fn people(numbers: std::ops::Range<u32>) -> BTreeSet<PersonId> {
    numbers.map(person).collect()
}

fn url(cloud: &Cloud, name: &str) -> String {
    format!("{}/111122223333/{name}", cloud.url)
}

#[tokio::test]
async fn what_is_due_goes_to_one_queue_and_what_must_wait_to_the_other() {
    let cloud = Cloud::with(SEED).await;
    let (work, later) = ("stagedoor-work.fifo", "stagedoor-later");
    let queues = cloud.aws.reminders(Some(url(&cloud, work)), Some(url(&cloud, later)));
    let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
    let after = |seconds: i64| now + jiff::SignedDuration::from_secs(seconds);
    let depths = || {
        let look = cloud.look();
        (look.queue_depth(work), look.queue_depth(later))
    };

    queues.remind(&people(0..23), now, now).await.unwrap();
    assert_eq!((depths(), cloud.calls("sqs:SendMessageBatch")), ((23, 0), 3));
    queues.remind(&people(0..23), now, after(9)).await.unwrap();
    assert_eq!(depths(), (23, 0), "the same wake-up once more is the same message");
    queues.remind(&people(0..1), after(9), after(9)).await.unwrap();
    assert_eq!(depths(), (24, 0), "the next one is another");
    queues.remind(&people(0..2), after(900), now).await.unwrap();
    assert_eq!(depths(), (24, 2));
    queues.remind(&people(0..2), after(901), now).await.unwrap();
    assert_eq!(depths(), (24, 2), "no message waits so long");
}

#[tokio::test]
async fn without_a_queue_nothing_is_sent_and_a_wrong_one_is_told() {
    let cloud = Cloud::with(SEED).await;
    let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
    cloud.aws.reminders(None, None).remind(&people(0..1), now, now).await.unwrap();
    assert_eq!(cloud.calls("sqs:SendMessageBatch"), 0);
    let wrong = cloud.aws.reminders(Some(url(&cloud, "no-such.fifo")), None);
    let error = wrong.remind(&people(0..1), now, now).await.unwrap_err();
    assert_eq!((error.operation, error.kind), ("SendMessageBatch", FailureKind::NotFound));
}

//! Whoever is put into the queue gets a message, and a message that fails keeps nobody out of it.

use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{CallError, Clock, FailureKind, Reminders, Retry, WorkKey, WorkQueue};
use jiff::{SignedDuration, Timestamp};
use lambda::RemindingQueue;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use store::SqliteStore;

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        at(100)
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Remembers what was sent, and fails if told to.
#[derive(Debug, Default)]
struct Sent {
    lines: Mutex<Vec<String>>,
    fails: bool,
}

#[async_trait]
impl Reminders for Sent {
    async fn remind(
        &self,
        people: &BTreeSet<PersonId>,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), CallError> {
        let people: Vec<&str> = people.iter().map(PersonId::as_str).collect();
        let seconds = due.as_second() - now.as_second();
        self.lines.lock().unwrap().push(format!("{} in {seconds}", people.join(" ")));
        if !self.fails {
            return Ok(());
        }
        Err(CallError {
            service: "sqs",
            operation: "SendMessageBatch",
            kind: FailureKind::Unreachable,
            aws_code: None,
            message: String::new(),
        })
    }
}

fn key(id: &str) -> WorkKey {
    WorkKey::Person(PersonId::parse(id).unwrap())
}

fn queue(sent: &Arc<Sent>) -> RemindingQueue {
    let store = Arc::new(SqliteStore::in_memory().unwrap());
    RemindingQueue::new(store, Arc::clone(sent) as _, Arc::new(Stopped))
}

#[tokio::test]
async fn whoever_is_pushed_or_put_back_gets_a_message() {
    let sent = Arc::<Sent>::default();
    let queue = queue(&sent);
    queue.push(&[key("ada"), key("bob")].into(), at(100)).await.unwrap();
    queue.push(&[WorkKey::Everything].into(), at(100)).await.unwrap();
    let named = ["ada", "bob"].map(|id| PersonId::parse(id).unwrap()).into();
    let work =
        queue.take_people(&named, "me", at(100), SignedDuration::from_secs(60)).await.unwrap();
    let [ada, bob] = work.as_slice() else { panic!("{work:?}") };
    let retry = |due| Retry { due: at(due), tries: 1 };
    queue.again(&[(ada.lease.clone(), retry(105)), (bob.lease.clone(), retry(160))]).await.unwrap();
    assert_eq!(*sent.lines.lock().unwrap(), ["ada bob in 0", "ada in 5", "bob in 60"]);
}

#[tokio::test]
async fn a_message_that_is_not_sent_keeps_nobody_out_of_the_queue() {
    let sent = Arc::new(Sent { fails: true, ..Sent::default() });
    let queue = queue(&sent);
    queue.push(&[key("ada")].into(), at(100)).await.unwrap();
    assert_eq!(sent.lines.lock().unwrap().len(), 1);
    assert_eq!(queue.status(at(100)).await.unwrap().due, 1);
}

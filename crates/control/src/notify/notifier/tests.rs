//! What is told, how often, and what becomes of what does not arrive.

use super::*;
use crate::notify::Undelivered;
use async_trait::async_trait;
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
struct Memory(Mutex<BTreeMap<String, Notice>>);

#[async_trait]
impl Notices for Memory {
    async fn notices(&self) -> Result<BTreeMap<String, Notice>, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    async fn replace_notice(
        &self,
        key: &str,
        old: Option<&Notice>,
        new: Option<&Notice>,
    ) -> Result<bool, StoreError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(key) != old {
            return Ok(false);
        }
        match new {
            Some(new) => drop(all.insert(key.to_owned(), new.clone())),
            None => drop(all.remove(key)),
        }
        Ok(true)
    }
}

/// Remembers what it was told, or cannot be reached.
#[derive(Debug, Default)]
struct Room {
    told: Mutex<Vec<String>>,
    is_shut: Mutex<bool>,
}

impl Room {
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

#[async_trait]
impl Channel for Room {
    async fn tell(&self, message: &Message) -> Result<(), Undelivered> {
        if *self.is_shut.lock().unwrap() {
            return Err(Undelivered("the server answered 503".to_owned()));
        }
        self.told.lock().unwrap().push(message.subject());
        Ok(())
    }
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-21T{text}Z").parse().unwrap()
}

fn condition(topic: Topic, subject: &str) -> Condition {
    Condition {
        topic,
        subject: subject.to_owned(),
        headline: format!("{topic} {subject}"),
        text: "Something.".to_owned(),
        remedy: "Look.".to_owned(),
        page: "/admin",
    }
}

fn judged(conditions: &[Condition], known: &[Topic]) -> Judged {
    Judged {
        conditions: conditions.iter().cloned().collect(),
        known: known.iter().copied().collect(),
    }
}

fn all(conditions: &[Condition]) -> Judged {
    judged(conditions, &Topic::ALL)
}

struct Office {
    memory: Memory,
    room: Arc<Room>,
    channels: Channels,
    unusable: Unusable,
}

impl Office {
    fn new(about: &[Topic]) -> Self {
        let room = Arc::new(Room::default());
        let about = about.iter().copied().collect();
        let channels =
            BTreeMap::from([("webhook/ops".to_owned(), (Arc::clone(&room) as _, about))]);
        Self { memory: Memory::default(), room, channels, unusable: Unusable::new() }
    }

    async fn look(&self, judged: &Judged, now: &str) -> (Vec<String>, Round) {
        let notifier = Notifier {
            notices: &self.memory,
            channels: &self.channels,
            unusable: &self.unusable,
            instance: "demo",
            address: Some("https://door.example"),
            remind: SignedDuration::from_hours(24),
        };
        let round = notifier.look(judged, at(now)).await.unwrap();
        (self.room.told(), round)
    }
}

#[tokio::test]
async fn what_begins_is_told_once_and_its_end_once() {
    let office = Office::new(&Topic::ALL);
    let stuck = all(&[condition(Topic::OffboardingStuck, "research/bob")]);
    assert_eq!(office.look(&stuck, "10:00:00").await.0, ["offboarding-stuck research/bob"]);
    assert!(office.look(&stuck, "10:01:00").await.0.is_empty());
    let (told, round) = office.look(&all(&[]), "10:02:00").await;
    assert_eq!(told, ["Over: offboarding-stuck research/bob"]);
    assert_eq!(round, Round { told: 1, failed: BTreeMap::new() });
    assert!(office.look(&all(&[]), "10:03:00").await.0.is_empty());
    assert_eq!(office.look(&stuck, "10:04:00").await.0, ["offboarding-stuck research/bob"]);
}

#[tokio::test]
async fn what_goes_on_is_told_again_after_a_day() {
    let office = Office::new(&Topic::ALL);
    let stale = all(&[condition(Topic::SyncStale, "full-pass")]);
    assert_eq!(office.look(&stale, "00:00:00").await.0.len(), 1);
    assert!(office.look(&stale, "23:59:59").await.0.is_empty());
    let next_day = "2026-11-22T00:00:00Z".parse().unwrap();
    let notifier = Notifier {
        notices: &office.memory,
        channels: &office.channels,
        unusable: &office.unusable,
        instance: "demo",
        address: None,
        remind: SignedDuration::from_hours(24),
    };
    notifier.look(&stale, next_day).await.unwrap();
    assert_eq!(office.room.told(), ["Still: sync-stale full-pass"]);
}

#[tokio::test]
async fn what_was_not_looked_at_is_neither_new_nor_over() {
    let office = Office::new(&Topic::ALL);
    let guard = condition(Topic::GuardRefused, "plan");
    assert_eq!(office.look(&all(std::slice::from_ref(&guard)), "10:00:00").await.0.len(), 1);
    assert!(office.look(&judged(&[], &[Topic::SyncStale]), "10:01:00").await.0.is_empty());
    assert_eq!(office.look(&judged(&[], &[Topic::GuardRefused]), "10:02:00").await.0.len(), 1);
}

#[tokio::test]
async fn a_channel_is_told_what_it_asks_for() {
    let mut office = Office::new(&[Topic::GuardRefused]);
    let both =
        all(&[condition(Topic::GuardRefused, "plan"), condition(Topic::SyncStale, "full-pass")]);
    assert_eq!(office.look(&both, "10:00:00").await.0, ["guard-refused plan"]);
    // Asked for other things, it hears no end of what it heard before, and the store forgets it.
    office.channels.get_mut("webhook/ops").unwrap().1 = BTreeSet::from([Topic::SyncStale]);
    assert_eq!(office.look(&both, "10:01:00").await.0, ["sync-stale full-pass"]);
    assert_eq!(office.memory.notices().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_channel_was_told_stays_told_while_it_cannot_be_used() {
    let mut office = Office::new(&Topic::ALL);
    let both =
        all(&[condition(Topic::GuardRefused, "plan"), condition(Topic::SyncStale, "full-pass")]);
    assert_eq!(office.look(&both, "10:00:00").await.0.len(), 2);
    // Its secret cannot be read, on this replica or for now; the map still names it.
    let (name, (room, about)) = office.channels.pop_first().unwrap();
    office.unusable.insert(name.clone(), about.clone());
    assert!(office.look(&both, "10:01:00").await.0.is_empty());
    assert_eq!(office.memory.notices().await.unwrap().len(), 2);
    office.unusable.clear();
    office.channels.insert(name.clone(), (room, about));
    assert!(office.look(&both, "10:02:00").await.0.is_empty());
    // Of what the map no longer tells it, nothing is kept.
    office.channels.clear();
    office.unusable.insert(name, BTreeSet::from([Topic::GuardRefused]));
    assert!(office.look(&both, "10:03:00").await.0.is_empty());
    assert_eq!(office.memory.notices().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_channel_that_cannot_be_reached_keeps_nobody_else_from_hearing() {
    let mut office = Office::new(&Topic::ALL);
    let shut = Arc::new(Room::default());
    *shut.is_shut.lock().unwrap() = true;
    let about = BTreeSet::from(Topic::ALL);
    office.channels.insert("webhook/first".to_owned(), (shut, about));
    let many: Vec<Condition> =
        (0..100).map(|n| condition(Topic::OffboardingStuck, &format!("research/{n:02}"))).collect();
    let (told, round) = office.look(&all(&many), "10:00:00").await;
    assert_eq!((told.len(), round.told, round.failed.len()), (20, 20, 1));
}

#[tokio::test]
async fn a_channel_that_cannot_be_reached_is_tried_again_later_each_time() {
    let office = Office::new(&Topic::ALL);
    let two =
        all(&[condition(Topic::GuardRefused, "plan"), condition(Topic::SyncStale, "full-pass")]);
    *office.room.is_shut.lock().unwrap() = true;
    let (told, round) = office.look(&two, "10:00:00").await;
    assert!(told.is_empty());
    let why = "it cannot be told: the server answered 503".to_owned();
    assert_eq!(round.failed, BTreeMap::from([("webhook/ops".to_owned(), why)]));
    // The first waits a minute; the second was not tried and is tried now, and both fail.
    for now in ["10:00:30", "10:01:00", "10:02:00"] {
        office.look(&two, now).await;
    }
    let failures: Vec<u32> =
        office.memory.notices().await.unwrap().values().map(|notice| notice.failures).collect();
    assert_eq!(failures, [2, 2]);
    *office.room.is_shut.lock().unwrap() = false;
    let (told, _) = office.look(&two, "11:00:00").await;
    assert_eq!(told, ["guard-refused plan", "sync-stale full-pass"]);
    // What ends before anybody heard of it is no news.
    *office.room.is_shut.lock().unwrap() = true;
    office.look(&all(&[condition(Topic::AuditBroken, "chain")]), "11:00:01").await;
    *office.room.is_shut.lock().unwrap() = false;
    let quiet = judged(&[], &[Topic::AuditBroken]);
    assert!(office.look(&quiet, "12:30:00").await.0.is_empty());
    assert_eq!(office.memory.notices().await.unwrap().len(), 2);
}

#[tokio::test]
async fn of_two_replicas_one_tells() {
    let office = Office::new(&Topic::ALL);
    let stuck = all(&[condition(Topic::OffboardingStuck, "research/bob")]);
    let (first, second) =
        futures::join!(office.look(&stuck, "10:00:00"), office.look(&stuck, "10:00:00"));
    assert_eq!(first.0.len() + second.0.len(), 1);
    assert_eq!(first.1.told + second.1.told, 1);
}

#[tokio::test]
async fn many_things_at_once_come_in_portions() {
    let office = Office::new(&Topic::ALL);
    let many: Vec<Condition> =
        (0..50).map(|n| condition(Topic::OffboardingStuck, &format!("research/{n:02}"))).collect();
    let mut told = Vec::new();
    for now in ["10:00:00", "10:01:00", "10:02:00"] {
        told.push(office.look(&all(&many), now).await.0.len());
    }
    assert_eq!(told, [20, 20, 10]);
}

#[test]
fn pauses_double_up_to_an_hour() {
    let minutes: Vec<i64> = [1, 2, 3, 7, 40].map(|n| pause(n).as_mins()).into();
    assert_eq!(minutes, [1, 2, 4, 60, 60]);
}

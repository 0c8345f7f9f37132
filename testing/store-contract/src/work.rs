//! [`WorkQueue`].

use crate::race::{micros, race};
use access::ids::PersonId;
use control::ports::{Lease, MOST_PEOPLE_WAITING, QueueStatus, Retry, Work, WorkKey, WorkQueue};
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::sync::Arc;

fn person(id: &str) -> WorkKey {
    WorkKey::Person(PersonId::parse(id).unwrap())
}

fn lease_for(micros: i64) -> SignedDuration {
    SignedDuration::from_micros(micros)
}

async fn push(queue: &impl WorkQueue, keys: &[&str], due: i64) {
    let keys = keys.iter().map(|key| person(key)).collect();
    queue.push(&keys, micros(due)).await.unwrap();
}

async fn push_everything(queue: &impl WorkQueue, due: i64) {
    let keys = BTreeSet::from([WorkKey::Everything]);
    queue.push(&keys, micros(due)).await.unwrap();
}

/// Takes up to nine, with leases of 100.
async fn take(queue: &impl WorkQueue, now: i64) -> Vec<Work> {
    queue.take("me", micros(now), lease_for(100), 9).await.unwrap()
}

fn keys(work: &[Work]) -> Vec<&str> {
    work.iter()
        .map(|work| match &work.lease.key {
            WorkKey::Everything => "everything",
            WorkKey::Person(person) => person.as_str(),
        })
        .collect()
}

fn leases(work: &[Work]) -> Vec<Lease> {
    work.iter().map(|work| work.lease.clone()).collect()
}

pub async fn wake_ups_of_one_key_are_one_item_due_at_the_earliest(queue: &impl WorkQueue) {
    push(queue, &["ada", "bob"], 20).await;
    push(queue, &["ada"], 10).await;
    push(queue, &["ada"], 30).await;
    assert_eq!(keys(&take(queue, 9).await), [""; 0]);
    let ada = take(queue, 10).await;
    assert_eq!((keys(&ada), ada[0].since, ada[0].tries), (vec!["ada"], micros(10), 0));
    assert_eq!(keys(&take(queue, 20).await), ["bob"]);
    assert_eq!(keys(&take(queue, 50).await), [""; 0]);
}

pub async fn who_waits_longest_comes_first_and_everything_before_all(queue: &impl WorkQueue) {
    push(queue, &["cem"], 3).await;
    push(queue, &["ada"], 2).await;
    push(queue, &["bob"], 1).await;
    push_everything(queue, 5).await;
    let none = queue.take("me", micros(4), lease_for(100), 0).await.unwrap();
    assert_eq!(keys(&none), [""; 0]);
    let all = queue.take("me", micros(5), lease_for(100), 0).await.unwrap();
    assert_eq!(keys(&all), ["everything"]);
    let two = queue.take("me", micros(5), lease_for(100), 2).await.unwrap();
    assert_eq!(keys(&two), ["ada", "bob"]);
    assert_eq!(keys(&take(queue, 5).await), ["cem"]);
}

pub async fn done_is_gone(queue: &impl WorkQueue) {
    push(queue, &["ada"], 1).await;
    let ada = take(queue, 1).await;
    queue.done(&leases(&ada)).await.unwrap();
    queue.done(&leases(&ada)).await.unwrap();
    assert_eq!(keys(&take(queue, 999).await), [""; 0]);
}

pub async fn what_is_pushed_while_somebody_is_at_it_comes_once_more(queue: &impl WorkQueue) {
    push(queue, &["ada", "bob"], 1).await;
    let both = take(queue, 1).await;
    push(queue, &["ada", "bob"], 30).await;
    push(queue, &["ada", "bob"], 20).await;
    assert_eq!(keys(&take(queue, 40).await), [""; 0]);
    let [ada, bob] = both.as_slice() else { panic!("{both:?}") };
    queue.done(std::slice::from_ref(&ada.lease)).await.unwrap();
    let retry = Retry { due: micros(90), tries: 3 };
    queue.again(&[(bob.lease.clone(), retry)]).await.unwrap();
    assert_eq!(keys(&take(queue, 19).await), [""; 0]);
    let once_more = take(queue, 20).await;
    assert_eq!(keys(&once_more), ["ada", "bob"]);
    assert_eq!((once_more[0].since, once_more[0].tries), (micros(20), 0));
    assert_eq!((once_more[1].since, once_more[1].tries), (micros(1), 3));
    queue.done(&leases(&once_more)).await.unwrap();
    assert_eq!(keys(&take(queue, 999).await), [""; 0]);
}

pub async fn put_back_it_keeps_its_age_and_its_tries(queue: &impl WorkQueue) {
    push(queue, &["ada"], 1).await;
    let ada = take(queue, 5).await;
    let retry = Retry { due: micros(50), tries: 4 };
    queue.again(&[(ada[0].lease.clone(), retry)]).await.unwrap();
    assert_eq!(keys(&take(queue, 49).await), [""; 0]);
    let again = take(queue, 50).await;
    assert_eq!((again[0].since, again[0].tries), (micros(1), 4));
    assert_ne!(again[0].lease, ada[0].lease);
}

pub async fn a_lease_that_ran_out_is_due_and_its_holder_has_no_say(queue: &impl WorkQueue) {
    push(queue, &["ada"], 1).await;
    let lost = take(queue, 10).await;
    assert_eq!(keys(&take(queue, 109).await), [""; 0]);
    let mine = take(queue, 110).await;
    assert_eq!(keys(&mine), ["ada"]);
    let retry = Retry { due: micros(0), tries: 9 };
    queue.again(&[(lost[0].lease.clone(), retry)]).await.unwrap();
    queue.done(&leases(&lost)).await.unwrap();
    queue.renew(&leases(&lost), micros(9_999)).await.unwrap();
    assert_eq!(keys(&take(queue, 209).await), [""; 0]);
    assert_eq!(keys(&take(queue, 210).await), ["ada"]);
}

pub async fn a_lease_can_be_prolonged(queue: &impl WorkQueue) {
    push(queue, &["ada"], 1).await;
    let ada = take(queue, 10).await;
    queue.renew(&leases(&ada), micros(200)).await.unwrap();
    assert_eq!(keys(&take(queue, 199).await), [""; 0]);
    assert_eq!(keys(&take(queue, 200).await), ["ada"]);
}

pub async fn a_clock_set_back_leaves_no_lease_behind(queue: &impl WorkQueue) {
    push(queue, &["ada"], 1).await;
    assert_eq!(keys(&take(queue, 1_000_000).await), ["ada"]);
    assert_eq!(keys(&take(queue, 10).await), [""; 0]);
    assert_eq!(keys(&take(queue, 110).await), ["ada"]);
}

pub async fn people_can_be_taken_by_name(queue: &impl WorkQueue) {
    let named = |ids: &[&str]| ids.iter().map(|id| PersonId::parse(id).unwrap()).collect();
    let take_people = async |ids: &[&str], now: i64| {
        queue.take_people(&named(ids), "me", micros(now), lease_for(100)).await.unwrap()
    };
    push_everything(queue, 1).await;
    push(queue, &["ada", "bob", "cem"], 5).await;
    push(queue, &["dora"], 50).await;
    assert_eq!(keys(&take_people(&["ada"], 4).await), [""; 0]);
    let two = take_people(&["ada", "cem", "dora", "nobody"], 10).await;
    assert_eq!(keys(&two), ["ada", "cem"]);
    assert_eq!((two[0].since, two[0].tries), (micros(5), 0));
    // Leased, and pushed meanwhile: once more afterwards.
    push(queue, &["ada"], 20).await;
    assert_eq!(keys(&take_people(&["ada", "cem"], 30).await), [""; 0]);
    queue.done(&leases(&two)).await.unwrap();
    assert_eq!(keys(&take_people(&["ada", "cem"], 30).await), ["ada"]);
    // A lease that ran out, and one that a clock set back has left behind.
    assert_eq!(keys(&take_people(&["ada"], 130).await), ["ada"]);
    assert_eq!(keys(&take_people(&["ada"], 20).await), [""; 0]);
    assert_eq!(keys(&take_people(&["ada"], 120).await), ["ada"]);
    assert_eq!(keys(&take(queue, 10).await), ["everything"]);
    assert_eq!(keys(&take(queue, 10).await), ["bob"]);
}

pub async fn the_status_counts_what_waits_and_since_when(queue: &impl WorkQueue) {
    assert_eq!(queue.status(micros(10)).await, Ok(QueueStatus::default()));
    push(queue, &["ada"], 5).await;
    assert_eq!(keys(&take(queue, 5).await), ["ada"]);
    push(queue, &["bob", "cem"], 8).await;
    push(queue, &["dora"], 20).await;
    push_everything(queue, 900).await;
    queue.passed(micros(7)).await.unwrap();
    let status = QueueStatus {
        due: 2,
        later: 2,
        leased: 1,
        oldest: Some(micros(5)),
        last_full: Some(micros(7)),
    };
    assert_eq!(queue.status(micros(10)).await, Ok(status));
}

pub async fn of_racing_takers_one_gets_each(queue: Arc<impl WorkQueue + 'static>) {
    push(&*queue, &["ada"], 1).await;
    push_everything(&*queue, 1).await;
    let winners = race(|| {
        let queue = Arc::clone(&queue);
        async move { !take(&*queue, 5).await.is_empty() }
    });
    assert_eq!(winners.await, 2);
}

pub async fn of_too_many_people_everything_is_made(queue: &impl WorkQueue) {
    let made_up = |n: u32| person(&format!("p{n:05}"));
    queue.push(&(0..MOST_PEOPLE_WAITING).map(made_up).collect(), micros(5)).await.unwrap();
    let status = queue.status(micros(9)).await.unwrap();
    assert_eq!(status.due, u64::from(MOST_PEOPLE_WAITING));
    let mine = queue.take("me", micros(6), lease_for(100), 1).await.unwrap();
    assert_eq!(keys(&mine), ["p00000"]);
    push(queue, &["ana", "ben"], 9).await;
    assert_eq!(keys(&take(queue, 9).await), ["everything"]);
    assert_eq!(queue.status(micros(9)).await.unwrap().leased, 2);
}

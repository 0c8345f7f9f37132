//! What happens when the table cannot be reached, or not always.

use super::proxy::{Fate, Proxy};
use super::{fresh_table, handle};
use access::ids::{DomainId, PersonId, ProfileName, TeamKey};
use aws::DynamoStore;
use control::ports::{
    ChangeId, Claims as _, Intent, ProfileIndex as _, QueueStatus, StoreError, WorkKey,
    WorkQueue as _,
};
use dynamodb_peer::Peer;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use store_contract::micros;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A table, a handle that reaches it through a proxy, and one that reaches it directly.
async fn behind_a_proxy() -> (Peer, Proxy, DynamoStore, DynamoStore) {
    let (peer, direct) = fresh_table().await;
    let proxy = Proxy::before(&peer.endpoint).await;
    let store = handle(&proxy.endpoint);
    (peer, proxy, store, direct)
}

fn pass() -> ChangeId {
    ChangeId::new(micros(1), [1; 32])
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn keys(ids: &[&str]) -> BTreeSet<WorkKey> {
    ids.iter().map(|id| WorkKey::Person(person(id))).collect()
}

fn intents(ids: &[&str]) -> Vec<Intent> {
    let intent = |id: &&str| Intent {
        domain: DomainId::parse("d-research").unwrap(),
        profile: ProfileName::parse(format!("{id}--fraud")).unwrap(),
        person: person(id),
        team: TeamKey::parse("fraud").unwrap(),
    };
    ids.iter().map(intent).collect()
}

fn says(error: &StoreError, words: &[&str]) {
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[tokio::test]
async fn a_store_that_is_away_fails_every_port_and_says_so() {
    let (peer, store) = fresh_table().await;
    drop(peer);
    let away = ["gave no answer", "`stagedoor`", "AWS_ENDPOINT_URL_DYNAMODB"];
    says(&store.push(&keys(&["ada"]), micros(1)).await.unwrap_err(), &away);
    says(&store.take("me", micros(1), HOUR, 9).await.unwrap_err(), &away);
    says(&store.status(micros(1)).await.unwrap_err(), &away);
    says(&store.ticket(micros(1)).await.unwrap_err(), &away);
    says(&store.release(&pass(), micros(1)).await.unwrap_err(), &away);
    says(&store.look(&BTreeSet::new(), micros(1)).await.unwrap_err(), &away);
    says(&store.making(&intents(&["ada"])).await.unwrap_err(), &away);
    says(&store.prepare().await.unwrap_err(), &away);
}

#[tokio::test]
async fn throttled_calls_are_repeated_and_then_reported() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let mut left = 3;
    proxy.set(move |_| {
        left -= 1;
        if left >= 0 { Fate::Throttled } else { Fate::Pass }
    });
    store.push(&keys(&["ada"]), micros(1)).await.unwrap();
    assert_eq!(direct.status(micros(1)).await.unwrap().due, 1);
    proxy.set(|_| Fate::Throttled);
    let error = store.push(&keys(&["bob"]), micros(1)).await.unwrap_err();
    says(&error, &["is throttled", "`stagedoor`", "raise its maximum throughput"]);
    assert_eq!(direct.status(micros(1)).await.unwrap().due, 1);
}

#[tokio::test]
async fn people_are_pushed_all_or_none() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    proxy.set(|call| if call == "transactwriteitems" { Fate::Lost } else { Fate::Pass });
    store.push(&keys(&["ada", "bob", "cem"]), micros(1)).await.unwrap_err();
    assert_eq!(direct.status(micros(1)).await, Ok(QueueStatus::default()));
    proxy.set(|_| Fate::Pass);
    store.push(&keys(&["ada", "bob", "cem"]), micros(1)).await.unwrap();
    assert_eq!(direct.status(micros(1)).await.unwrap().due, 3);
}

#[tokio::test]
async fn what_was_written_and_not_answered_is_written_once() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let unanswered_once = |name: &'static str| {
        let mut is_first = true;
        move |call: &str| {
            if call == name && std::mem::take(&mut is_first) {
                Fate::Unanswered
            } else {
                Fate::Pass
            }
        }
    };
    proxy.set(unanswered_once("putitem"));
    store.push(&keys(&["ada"]), micros(1)).await.unwrap();
    // The taker whose lease was written has it, whatever became of the answer.
    proxy.set(unanswered_once("putitem"));
    let taken = store.take("me", micros(5), HOUR, 9).await.unwrap();
    assert_eq!(taken.len(), 1);
    proxy.set(unanswered_once("deleteitem"));
    store.done(&[taken[0].lease.clone()]).await.unwrap();
    assert_eq!(direct.status(micros(9)).await, Ok(QueueStatus::default()));
    proxy.set(unanswered_once("transactwriteitems"));
    store.making(&intents(&["ada", "bob"])).await.unwrap();
    let view = direct.look(&BTreeSet::from([person("ada")]), micros(9)).await.unwrap();
    assert_eq!(view.profiles.into_values().map(|rows| rows.len()).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn of_a_removal_that_could_not_be_told_the_guard_counts_nothing() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    proxy.set(|call| if call == "transactwriteitems" { Fate::Lost } else { Fate::Pass });
    let removals = intents(&["ada", "bob"]);
    store.leaving(&pass(), &removals, false, micros(10)).await.unwrap_err();
    let none = direct.look(&BTreeSet::from([person("ada")]), micros(11)).await.unwrap();
    assert_eq!((none.leaving.len(), none.profiles.len()), (0, 0));
    proxy.set(|_| Fate::Pass);
    assert_eq!(store.leaving(&pass(), &removals, false, micros(10)).await, Ok(vec![]));
    assert_eq!(direct.look(&BTreeSet::new(), micros(11)).await.unwrap().leaving.len(), 2);
}

#[tokio::test]
async fn a_claim_that_failed_midway_is_let_go_with_the_pass() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let people: BTreeSet<PersonId> = (0..6).map(|n| person(&format!("p{n}"))).collect();
    let ticket = store.ticket(micros(1)).await.unwrap();
    let mut writes = 0;
    proxy.set(move |call| {
        writes += usize::from(call == "putitem");
        if writes > 3 { Fate::Lost } else { Fate::Pass }
    });
    store.claim(&pass(), &people, &ticket, micros(2), HOUR).await.unwrap_err();
    proxy.set(|_| Fate::Pass);
    store.release(&pass(), micros(3)).await.unwrap();
    let (other, later) =
        (ChangeId::new(micros(1), [2; 32]), direct.ticket(micros(4)).await.unwrap());
    let claimed = direct.claim(&other, &people, &later, micros(5), HOUR).await.unwrap();
    assert_eq!(claimed, people);
}

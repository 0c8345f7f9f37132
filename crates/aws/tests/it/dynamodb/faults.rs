//! What happens when the table cannot be reached, or not always.

use super::proxy::{Fate, Proxy};
use super::{fresh_table, handle};
use access::ids::{DomainId, PersonId, ProfileName, TeamKey};
use access::observed::AuthMode;
use aws::DynamoStore;
use control::ports::{
    Approval, Approvals as _, AuditEntry, AuditEvent, AuditLog as _, ChangeId, Claims as _,
    Departures as _, Freeze, IndexReading, Intent, ProfileIndex as _, QueueStatus, RecordKind,
    ScimRecords as _, StoreError, Switch as _, WorkKey, WorkQueue as _,
};
use dynamodb_peer::Peer;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use store_contract::micros;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A table, a handle that reaches it through a proxy, and one that reaches it directly.
pub(super) async fn behind_a_proxy() -> (Peer, Proxy, DynamoStore, DynamoStore) {
    let (peer, direct) = fresh_table().await;
    let proxy = Proxy::before(&peer.endpoint).await;
    let store = handle(&proxy.endpoint);
    (peer, proxy, store, direct)
}

/// The operations that the table is asked for from now on, in the order in which they come.
fn heard(proxy: &Proxy) -> Arc<Mutex<Vec<String>>> {
    let calls: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&calls);
    proxy.set(move |call| {
        heard.lock().unwrap().push(call.to_owned());
        Fate::Pass
    });
    calls
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

fn domains() -> BTreeSet<DomainId> {
    BTreeSet::from([DomainId::parse("d-research").unwrap()])
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
    says(&store.look(&BTreeSet::new(), &domains()).await.unwrap_err(), &away);
    says(&store.count(&domains(), micros(1)).await.unwrap_err(), &away);
    says(&store.making(&intents(&["ada"]), 1).await.unwrap_err(), &away);
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
    store.making(&intents(&["ada", "bob"]), 1).await.unwrap();
    let view = direct.look(&BTreeSet::from([person("ada")]), &domains()).await.unwrap();
    assert_eq!(view.profiles.into_values().map(|rows| rows.len()).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn of_a_removal_that_could_not_be_told_the_guard_counts_nothing() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    proxy.set(|call| if call == "transactwriteitems" { Fate::Lost } else { Fate::Pass });
    let removals = intents(&["ada", "bob"]);
    store.leaving(&pass(), &removals, false, micros(10)).await.unwrap_err();
    let none = direct.look(&BTreeSet::from([person("ada")]), &domains()).await.unwrap();
    let counted = direct.count(&domains(), micros(11)).await.unwrap();
    assert_eq!((counted.leaving.len(), none.profiles.len()), (0, 0));
    proxy.set(|_| Fate::Pass);
    assert_eq!(store.leaving(&pass(), &removals, false, micros(10)).await, Ok(vec![]));
    assert_eq!(direct.count(&domains(), micros(11)).await.unwrap().leaving.len(), 2);
}

/// Whom another pass gets who begins to read now.
async fn free_for_others(store: &DynamoStore, people: &BTreeSet<PersonId>) -> BTreeSet<PersonId> {
    let other = ChangeId::new(micros(1), [2; 32]);
    let ticket = store.ticket(micros(8)).await.unwrap();
    store.claim(&other, people, &ticket, micros(9), HOUR).await.unwrap().people
}

fn six() -> BTreeSet<PersonId> {
    (0..6).map(|n| person(&format!("p{n}"))).collect()
}

#[tokio::test]
async fn a_claim_that_failed_midway_is_let_go_with_the_pass() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let ticket = store.ticket(micros(1)).await.unwrap();
    let mut writes = 0;
    proxy.set(move |call| {
        writes += usize::from(call == "putitem");
        match call {
            "transactwriteitems" => Fate::Cancelled,
            _ if writes > 3 => Fate::Lost,
            _ => Fate::Pass,
        }
    });
    store.claim(&pass(), &six(), &ticket, micros(2), HOUR).await.unwrap_err();
    assert!(free_for_others(&direct, &six()).await.len() < 6, "some are claimed");
    proxy.set(|_| Fate::Pass);
    store.release(&pass(), micros(3)).await.unwrap();
    assert_eq!(free_for_others(&direct, &six()).await, six());
}

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_let_go_with_the_pass() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let ticket = store.ticket(micros(1)).await.unwrap();
    let mut writes = 0;
    proxy.set(move |call| {
        writes += usize::from(call == "transactwriteitems");
        match writes {
            0 => Fate::Pass,
            1 if call == "transactwriteitems" => Fate::Unanswered,
            _ => Fate::Lost,
        }
    });
    store.claim(&pass(), &six(), &ticket, micros(2), HOUR).await.unwrap_err();
    assert_eq!(free_for_others(&direct, &six()).await, BTreeSet::new());
    proxy.set(|_| Fate::Pass);
    store.release(&pass(), micros(3)).await.unwrap();
    assert_eq!(free_for_others(&direct, &six()).await, six());
}

#[tokio::test]
async fn a_release_that_failed_is_made_good_by_the_next() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let ticket = store.ticket(micros(1)).await.unwrap();
    let claimed = store.claim(&pass(), &six(), &ticket, micros(2), HOUR).await.unwrap();
    assert_eq!(claimed.people, six());
    proxy.set(|call| if call == "transactwriteitems" { Fate::Lost } else { Fate::Pass });
    store.release(&pass(), micros(3)).await.unwrap_err();
    assert_eq!(free_for_others(&direct, &six()).await, BTreeSet::new());
    proxy.set(|_| Fate::Pass);
    store.release(&pass(), micros(4)).await.unwrap();
    assert_eq!(free_for_others(&direct, &six()).await, six());
}

#[tokio::test]
async fn a_transaction_that_is_cancelled_is_made_item_by_item() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    store.push(&keys(&["ada", "bob", "cem"]), micros(1)).await.unwrap();
    proxy.set(|call| if call == "transactwriteitems" { Fate::Cancelled } else { Fate::Pass });
    let taken = store.take("me", micros(5), HOUR, 9).await.unwrap();
    assert_eq!(taken.len(), 3);
    assert_eq!(direct.take("other", micros(6), HOUR, 9).await, Ok(vec![]));
    let leases: Vec<_> = taken.into_iter().map(|work| work.lease).collect();
    store.done(&leases).await.unwrap();
    assert_eq!(direct.status(micros(9)).await, Ok(QueueStatus::default()));
}

#[tokio::test]
async fn what_another_replica_changed_meanwhile_is_not_written_over() {
    let (peer, store) = fresh_table().await;
    let other = handle(&peer.endpoint);
    store.push(&keys(&["ada", "bob"]), micros(1)).await.unwrap();
    let taken = store.take("me", micros(5), HOUR, 9).await.unwrap();
    // Somebody changed after this replica took the work, and another replica was told of it.
    other.push(&keys(&["ada"]), micros(6)).await.unwrap();
    let leases: Vec<_> = taken.into_iter().map(|work| work.lease).collect();
    store.done(&leases).await.unwrap();
    let again = other.take("other", micros(9), HOUR, 9).await.unwrap();
    let left: Vec<_> = again.into_iter().map(|work| work.lease.key).collect();
    assert_eq!(left, Vec::from_iter(keys(&["ada"])), "her wake-up is not lost");
}

#[tokio::test]
async fn whom_another_replica_claimed_after_the_end_is_not_let_go_by_the_first() {
    let (peer, store) = fresh_table().await;
    let other = handle(&peer.endpoint);
    let (short, ada) = (SignedDuration::from_micros(10), BTreeSet::from([person("ada")]));
    let first = store.ticket(micros(1)).await.unwrap();
    store.claim(&pass(), &ada, &first, micros(2), short).await.unwrap();
    let (second, late) =
        (ChangeId::new(micros(1), [3; 32]), other.ticket(micros(20)).await.unwrap());
    assert_eq!(other.claim(&second, &ada, &late, micros(20), HOUR).await.unwrap().people, ada);
    store.release(&pass(), micros(21)).await.unwrap();
    let ticket = other.ticket(micros(22)).await.unwrap();
    let third = ChangeId::new(micros(1), [4; 32]);
    let got = other.claim(&third, &ada, &ticket, micros(22), HOUR).await.unwrap();
    assert_eq!(got.people, BTreeSet::new(), "the second has her still");
}

/// Asks again and again, as the loop does.
async fn insist<T>(mut call: impl AsyncFnMut() -> Result<T, StoreError>) -> T {
    for _ in 0..100 {
        if let Ok(done) = call().await {
            return done;
        }
    }
    panic!("it never succeeds");
}

/// The whole way of some people through the store, as a pass goes it.
async fn worked_off(store: &DynamoStore, ids: &[&str]) -> usize {
    insist(async || store.push(&keys(ids), micros(1)).await).await;
    let ticket = insist(async || store.ticket(micros(2)).await).await;
    let people: BTreeSet<PersonId> = ids.iter().map(|id| person(id)).collect();
    let work = insist(async || store.take_people(&people, "me", micros(5), HOUR).await).await;
    let claim = async || store.claim(&pass(), &people, &ticket, micros(6), HOUR).await;
    assert_eq!(insist(claim).await.people, people);
    insist(async || store.making(&intents(ids), 1).await).await;
    for id in ids {
        let entry = AuditEntry::new(micros(7), AuditEvent::CreatingProfile, "entitled");
        let entry = entry.about(&person(id));
        insist(async || store.append(&entry).await).await;
    }
    insist(async || store.release(&pass(), micros(8)).await).await;
    let leases: Vec<_> = work.into_iter().map(|work| work.lease).collect();
    insist(async || store.done(&leases).await).await;
    leases.len()
}

#[tokio::test]
async fn of_three_calls_two_are_throttled_and_nothing_is_lost_or_doubled() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let reading = IndexReading {
        domain: intents(&["ada"])[0].domain.clone(),
        auth_mode: AuthMode::Iam,
        asked: None,
        found: BTreeMap::new(),
    };
    direct.read(&reading, &direct.ticket(micros(0)).await.unwrap()).await.unwrap();
    // A third of the retries that a handle has: where they are used up, an operation of several calls
    // never gets through this.
    let mut calls = 0_u32;
    proxy.set(move |_| {
        calls += 1;
        if calls.is_multiple_of(3) { Fate::Pass } else { Fate::Throttled }
    });
    assert_eq!(worked_off(&store, &["ada", "bob", "cem"]).await, 3);
    assert_eq!(direct.status(micros(9)).await, Ok(QueueStatus::default()));
    assert_eq!(direct.count(&domains(), micros(9)).await.unwrap().owned.values().sum::<u64>(), 3);
    for id in ["ada", "bob", "cem"] {
        assert_eq!(direct.of_person(&person(id), 9).await.unwrap().len(), 1, "{id}");
    }
    let all: BTreeSet<PersonId> = ["ada", "bob", "cem"].map(person).into();
    assert_eq!(free_for_others(&direct, &all).await, all);
}

#[tokio::test]
async fn after_an_outage_work_goes_on_where_it_was() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    store.push(&keys(&["ada", "bob"]), micros(1)).await.unwrap();
    let taken = store.take("me", micros(5), HOUR, 9).await.unwrap();
    let leases: Vec<_> = taken.into_iter().map(|work| work.lease).collect();
    let ticket = store.ticket(micros(5)).await.unwrap();
    let two: BTreeSet<PersonId> = ["ada", "bob"].map(person).into();
    store.claim(&pass(), &two, &ticket, micros(6), HOUR).await.unwrap();
    proxy.set(|_| Fate::Lost);
    let away = ["gave no answer", "`stagedoor`"];
    says(&store.making(&intents(&["ada"]), 1).await.unwrap_err(), &away);
    let entry = AuditEntry::new(micros(7), AuditEvent::CreatingProfile, "entitled");
    says(&store.append(&entry.clone().about(&person("ada"))).await.unwrap_err(), &away);
    says(&store.release(&pass(), micros(8)).await.unwrap_err(), &away);
    says(&store.done(&leases).await.unwrap_err(), &away);
    assert_eq!(
        direct.status(micros(9)).await.unwrap().leased,
        2,
        "nobody else gets them meanwhile"
    );
    assert_eq!(free_for_others(&direct, &two).await, BTreeSet::new());
    proxy.set(|_| Fate::Pass);
    store.append(&entry.about(&person("ada"))).await.unwrap();
    store.release(&pass(), micros(10)).await.unwrap();
    store.done(&leases).await.unwrap();
    assert_eq!(direct.status(micros(11)).await, Ok(QueueStatus::default()));
    assert_eq!(direct.of_person(&person("ada"), 9).await.unwrap().len(), 1);
    assert_eq!(free_for_others(&direct, &two).await, two);
}

#[tokio::test]
async fn answers_that_get_lost_double_nothing() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let mut calls = 0_u32;
    proxy.set(move |_| {
        calls += 1;
        if calls.is_multiple_of(2) { Fate::Pass } else { Fate::Unanswered }
    });
    assert_eq!(worked_off(&store, &["ada", "bob"]).await, 2);
    assert_eq!(direct.status(micros(9)).await, Ok(QueueStatus::default()));
    for id in ["ada", "bob"] {
        assert_eq!(direct.of_person(&person(id), 9).await.unwrap().len(), 1, "{id}");
    }
    let two: BTreeSet<PersonId> = ["ada", "bob"].map(person).into();
    assert_eq!(free_for_others(&direct, &two).await, two);
}

#[tokio::test]
async fn what_is_asked_for_at_once_goes_in_one_call() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    direct.push(&keys(&["ada"]), micros(1)).await.unwrap();
    let calls = heard(&proxy);
    let (one, domains) = (BTreeSet::from([person("ada")]), domains());
    let (frozen, ticket, view, gone) = futures::join!(
        store.frozen(),
        store.ticket(micros(1)),
        store.look(&one, &domains),
        store.departures(Some(&one)),
    );
    assert_eq!((frozen.unwrap(), gone.unwrap()), (None, vec![]));
    assert_eq!((ticket.unwrap().at, view.unwrap().profiles.len()), (micros(1), 0));
    assert_eq!(*calls.lock().unwrap(), ["batchgetitem"]);
    // Of a call that fails everybody hears, each by the name of what they asked for.
    proxy.set(|_| Fate::Lost);
    let (frozen, ticket) = futures::join!(store.frozen(), store.ticket(micros(1)));
    let operations = (frozen.unwrap_err().operation, ticket.unwrap_err().operation);
    assert_eq!(operations, ("see whether it is frozen", "begin a pass"));
}

#[tokio::test]
async fn an_approval_that_was_taken_does_not_come_alive_when_its_call_arrives_again() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let approval = Approval {
        removals: "a".to_owned(),
        number: 7,
        by: "person:ana".to_owned(),
        why: None,
        at: micros(10),
        until: micros(100),
    };
    store.approve(&approval).await.unwrap();
    assert_eq!(direct.take_approval("a", micros(11)).await, Ok(Some(approval)));
    proxy.again().await;
    assert_eq!(direct.approvals(micros(12)).await, Ok(vec![]));
    assert_eq!(direct.take_approval("a", micros(12)).await, Ok(None));
}

#[tokio::test]
async fn a_freeze_stays_when_the_thaw_of_an_older_one_arrives_again() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let freeze = |reason: &str| Freeze { by: "ana".into(), reason: reason.into(), at: micros(7) };
    store.freeze(&freeze("an audit")).await.unwrap();
    assert_eq!(store.thaw(&freeze("an audit")).await, Ok(true));
    direct.freeze(&freeze("a fire")).await.unwrap();
    proxy.again().await;
    assert_eq!(direct.frozen().await, Ok(Some(freeze("a fire"))));
}

#[tokio::test]
async fn who_thaws_is_told_so_though_the_first_answer_is_lost() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let freeze = Freeze { by: "ana".into(), reason: "an audit".into(), at: micros(7) };
    store.freeze(&freeze).await.unwrap();
    let mut writes = 0;
    proxy.set(move |operation| {
        writes += u32::from(operation != "BatchGetItem");
        if writes == 1 { Fate::Unanswered } else { Fate::Pass }
    });
    assert_eq!(store.thaw(&freeze).await, Ok(true));
    assert_eq!(direct.frozen().await, Ok(None));
}

#[tokio::test]
async fn whoever_has_claimed_people_writes_down_what_it_does_in_one_call() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    let entry = |code| AuditEntry::new(micros(3), AuditEvent::CreatingProfile, code);
    let ticket = store.ticket(micros(1)).await.unwrap();
    // There is a key already, and an end to follow.
    direct.append(&entry("first")).await.unwrap();
    let people = BTreeSet::from([person("ada")]);
    let calls = heard(&proxy);
    store.claim(&pass(), &people, &ticket, micros(2), HOUR).await.unwrap();
    let mut claiming = std::mem::take(&mut *calls.lock().unwrap());
    claiming.sort();
    assert_eq!(claiming, ["batchgetitem", "query", "transactwriteitems", "updateitem"]);
    store.append(&entry("second")).await.unwrap();
    assert_eq!(*calls.lock().unwrap(), ["putitem"]);
    assert_eq!(direct.newest(9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_refused_key_fails_only_whoever_asked_for_it() {
    let (_peer, proxy, store, direct) = behind_a_proxy().await;
    direct.push(&keys(&["ada"]), micros(1)).await.unwrap();
    let calls = heard(&proxy);
    let long = "x".repeat(2_000);
    for id in ["", long.as_str()] {
        let ids = BTreeSet::from([id.to_owned()]);
        let (bad, frozen, ticket) = futures::join!(
            store.scim_records("corp", RecordKind::User, &ids),
            store.frozen(),
            store.ticket(micros(1)),
        );
        says(&bad.unwrap_err(), &["read pushed records", "ValidationException"]);
        assert_eq!((frozen.unwrap(), ticket.unwrap().at), (None, micros(1)));
        let mut calls = std::mem::take(&mut *calls.lock().unwrap());
        calls.sort();
        assert_eq!(calls, ["batchgetitem", "getitem", "getitem", "getitem"]);
    }
}

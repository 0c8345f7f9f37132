//! The audit log in a table: what an older version left, and many that append at once.

use super::proxy::{Fate, Proxy};
use super::table::{client, version};
use super::{TABLE, fresh_table, handle};
use access::ids::PersonId;
use aws::DynamoStore;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use control::audit::{
    ChainKey, ExportForm, Fault, Head, KeyRing, STORE_KEY, export, seal, verify_log,
};
use control::ports::{
    Actor, AuditEntry, AuditEvent, AuditFilter, AuditLog as _, ChainId, ChangeId, Claims as _,
    Secrets as _,
};
use dynamodb_peer::Peer;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use store_contract::micros;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// An entry as a version wrote it that did not seal: by day, over four partitions, and once more by
/// person.
async fn left_by_an_older_version(client: &Client, day: &str, shard: u32, micros: i64, who: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let stamp = format!("{day}T08:00:00.{micros:06}Z#00000000000000aa");
    let keys = [(format!("audit#{day}#{shard}"), stamp.clone()), (format!("history#{who}"), stamp)];
    for (pk, sk) in keys {
        client
            .put_item()
            .table_name(TABLE)
            .item("pk", text(&pk))
            .item("sk", text(&sk))
            .item("time", AttributeValue::N(micros.to_string()))
            .item("event", text("creating-profile"))
            .item("code", text("entitled"))
            .item("person", text(who))
            .item("team", text("fraud"))
            .item("details", text(r#"{"profile":"p--fraud"}"#))
            .send()
            .await
            .unwrap();
    }
    let put = client.put_item().table_name(TABLE).item("pk", text("audit-days"));
    put.item("sk", text(day)).send().await.unwrap();
}

async fn keys(store: &aws::DynamoStore) -> KeyRing {
    KeyRing::new(ChainKey::new(&store.get_or_create(STORE_KEY, [0; 32]).await.unwrap()))
}

#[tokio::test]
async fn what_a_version_left_that_did_not_seal_is_sealed_once_by_whoever_comes() {
    let (peer, store) = fresh_table().await;
    let client = client(&peer.endpoint);
    // More than one transaction of a day, and a day of its own.
    for number in 0..36 {
        let who = format!("person-{}", number % 3);
        let shard = u32::try_from(number % 4).unwrap();
        left_by_an_older_version(&client, "2026-11-19", shard, number, &who).await;
    }
    left_by_an_older_version(&client, "2026-11-20", 2, 100, "person-1").await;
    version(&client, "1").await;
    let prepared = (0..4).map(|_| {
        let store = handle(&peer.endpoint);
        async move { store.prepare().await }
    });
    for prepared in futures::future::join_all(prepared).await {
        assert_eq!(prepared, Ok(()));
    }
    let older =
        AuditFilter { event: Some("creating-profile".to_owned()), ..AuditFilter::default() };
    let all = store.page(&older, None, 100).await.unwrap().items;
    assert_eq!(all.len(), 37, "each once, whoever sealed it");
    let times: Vec<i64> = all.iter().map(|sealed| sealed.entry.at.as_microsecond()).collect();
    assert!(times.is_sorted_by(|newer, elder| newer > elder), "{times:?}");
    assert!(all.iter().all(|sealed| sealed.seal.chain.0 == "older"));
    assert!(all.iter().all(|sealed| sealed.entry.actor == Actor::System));
    let person = access::ids::PersonId::parse("person-1").unwrap();
    let history = store.of_person(&person, 100).await.unwrap();
    assert_eq!(history.len(), 13, "a copy each, none twice");

    // It holds, and says itself what was done to it.
    let verdict = verify_log(&store, &keys(&store).await, &[], &|_| {}).await.unwrap();
    assert!(verdict.ok, "{verdict:?}");
    let older = verdict.chains.iter().find(|chain| chain.chain.0 == "older").unwrap();
    assert_eq!((older.first, older.last), (1, 37));
    let sealed = AuditFilter { event: Some("audit-sealed".to_owned()), ..AuditFilter::default() };
    let told = store.page(&sealed, None, 10).await.unwrap().items;
    assert!((1..=4).contains(&told.len()), "{told:?}");
    assert_eq!(told[0].entry.details["chain"], "older");

    // Nothing of the former form is left, so the next start has nothing to do.
    for (pk, left) in [("audit-days", 0), ("audit#2026-11-19#0", 0), ("audit#2026-11-20#2", 0)] {
        let query = client.query().table_name(TABLE).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
        assert_eq!(query.send().await.unwrap().count(), left, "{pk}");
    }
    handle(&peer.endpoint).prepare().await.unwrap();
    let again = store.page(&sealed, None, 10).await.unwrap().items;
    assert_eq!(again.len(), told.len());
}

/// What it costs that many append at once, each from a process of its own: `--nocapture` prints it.
/// Clocks of replicas differ by ten seconds, and they are at one person in turn.
#[tokio::test]
async fn the_history_of_a_person_is_in_the_order_of_the_passes_whatever_their_clocks_say() {
    const SECOND: i64 = 1_000_000;
    let (peer, store) = fresh_table().await;
    let ahead = (store, 12 * SECOND);
    let behind = (handle(&peer.endpoint), 2 * SECOND);
    let alice = PersonId::parse("alice").unwrap();
    let people = BTreeSet::from([alice.clone()]);
    let turns = [
        (&ahead, AuditEvent::CreatingProfile),
        (&behind, AuditEvent::UpdatingProfile),
        (&behind, AuditEvent::OffboardingBegun),
        (&ahead, AuditEvent::DeletingProfile),
        (&behind, AuditEvent::CreatingProfile),
    ];
    for (number, ((store, clock), event)) in turns.into_iter().enumerate() {
        let now = micros(clock + SECOND * i64::try_from(number).unwrap());
        let pass = ChangeId::new(now, [u8::try_from(number).unwrap(); 32]);
        let ticket = store.ticket(now).await.unwrap();
        let minute = SignedDuration::from_mins(1);
        let claimed = store.claim(&pass, &people, &ticket, now, minute).await.unwrap();
        assert_eq!(claimed.people, people, "{event:?}");
        let entry = AuditEntry::new(now, event, "entitled").about(&alice).within(&pass);
        store.append(&entry).await.unwrap();
        store.release(&pass, now).await.unwrap();
    }
    for (store, _) in [&ahead, &behind] {
        let past = store.of_person(&alice, 100).await.unwrap();
        let told: Vec<(&str, i64)> =
            past.iter().map(|entry| (entry.event.as_str(), entry.at.as_second())).collect();
        // Each entry has the time of its writer.
        let wanted = [
            ("creating-profile", 12),
            ("updating-profile", 3),
            ("offboarding-begun", 4),
            ("deleting-profile", 15),
            ("creating-profile", 6),
        ];
        assert_eq!(told, wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_writers_at_once_lose_nothing_and_cost_a_bounded_number_of_calls() {
    const WRITERS: i64 = 32;
    const EACH: i64 = 3;
    let (peer, store) = fresh_table().await;
    let keys = keys(&store).await;
    let proxy = Proxy::before(&peer.endpoint).await;
    let calls: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
    let counted = Arc::clone(&calls);
    proxy.set(move |operation| {
        *counted.lock().unwrap().entry(operation.to_owned()).or_default() += 1;
        Fate::Pass
    });
    let start = Arc::new(Barrier::new(usize::try_from(WRITERS).unwrap()));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, start) = (handle(&proxy.endpoint), Arc::clone(&start));
        writers.spawn(async move {
            start.wait().await;
            // One after the other: nothing waits that could go along.
            for number in 0..EACH {
                let at = micros(writer * EACH + number);
                let entry =
                    AuditEntry::new(at, AuditEvent::OpenStudio, "opened").with("writer", writer);
                store.append(&entry).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    let verdict = verify_log(&store, &keys, &[], &|_| {}).await.unwrap();
    assert!(verdict.ok, "{verdict:?}");
    assert_eq!(verdict.entries, 96);
    let calls = calls.lock().unwrap();
    let all: u64 = calls.values().sum();
    let per_append = f64::from(u32::try_from(all).unwrap()) / 96.0;
    let _ = writeln!(
        std::io::stderr(),
        "audit chain, {WRITERS} writers of {EACH} entries each over {} chains: {per_append:.2} calls \
         per append ({calls:?})",
        verdict.chains.len()
    );
    // Ten tries at most, each a transaction, a look whether it was ours and the end of another chain.
    assert!((1.0..30.0).contains(&per_append), "{per_append}");
}

#[tokio::test]
async fn what_stands_in_no_place_of_ours_is_shown_to_nobody_and_found() {
    for place in ["0", "00000000000000000000", "5", "zz"] {
        let (peer, store) = fresh_table().await;
        let keys = keys(&store).await;
        let genuine = AuditEntry::new(micros(1), AuditEvent::SignIn, "signed-in");
        store.append(&genuine).await.unwrap();
        let chain = store.chains().await.unwrap().remove(0).chain;
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = client(&peer.endpoint).put_item().table_name(TABLE);
        let forged = [("event", "sign-in"), ("code", "forged"), ("actor", "system"), ("hash", "x")];
        let forged =
            forged.into_iter().chain([("prev", ""), ("key", "k"), ("mac", ""), ("stamp", "")]);
        let put = forged.fold(put, |put, (name, value)| put.item(name, text(value)));
        put.item("pk", text(&format!("audit-chain#{chain}")))
            .item("sk", text(place))
            .item("chain", text(&chain.0))
            .item("seq", AttributeValue::N("5".to_owned()))
            .item("time", AttributeValue::N("9".to_owned()))
            .send()
            .await
            .unwrap();
        assert_eq!(store.newest(9).await.unwrap(), std::slice::from_ref(&genuine), "{place}");
        let page = store.page(&AuditFilter::default(), None, 9).await.unwrap();
        let page: Vec<AuditEntry> = page.items.into_iter().map(|one| one.entry).collect();
        assert_eq!(page, std::slice::from_ref(&genuine), "{place}");
        let verdict = verify_log(&store, &keys, &[], &|_| {}).await.unwrap();
        assert!(!verdict.ok && verdict.entries <= 4, "{place}: {verdict:?}");
        let part = export(&store, &AuditFilter::default(), ExportForm::JsonLines, None, 9).await;
        let part = part.unwrap();
        assert!(part.lines.contains("signed-in") && part.next.is_none(), "{place}: {part:?}");
    }
}

type Item = BTreeMap<String, AttributeValue>;

/// What stands in a partition.
async fn standing(client: &Client, partition: &str) -> Vec<Item> {
    let query = client.query().table_name(TABLE).key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()));
    let items = query.send().await.unwrap().items.unwrap_or_default();
    items.into_iter().map(|item| item.into_iter().collect()).collect()
}

async fn put(client: &Client, item: Item) {
    client
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item.into_iter().collect()))
        .send()
        .await
        .unwrap();
}

/// The same item under another sort key.
fn moved(item: &Item, to: &str) -> Item {
    let mut item = item.clone();
    item.insert("sk".to_owned(), AttributeValue::S(to.to_owned()));
    item.insert("stamp".to_owned(), AttributeValue::S(to.to_owned()));
    item
}

/// Makes of the log what a version left that sealed without saying where the copies stand.
async fn sealed_by_an_older_version(client: &Client, keys: &KeyRing, log: &[AuditEntry]) {
    let (chain, mut head) = (ChainId("0".to_owned()), Head::empty());
    for entry in log {
        let seal = seal(entry, &chain, &mut head, keys.current());
        let stamp = format!("{:.6}#00000000000000aa", entry.at);
        let person = entry.person.clone().unwrap();
        let in_chain = (format!("audit-chain#{chain}"), format!("{:020}", seal.seq));
        for (pk, sk) in [in_chain, (format!("history#{person}"), stamp.clone())] {
            let texts = [
                ("pk", &*pk),
                ("sk", &*sk),
                ("stamp", &*stamp),
                ("event", &*entry.event),
                ("code", &*entry.code),
                ("actor", "system"),
                ("person", &*person),
                ("chain", "0"),
                ("prev", &*seal.prev),
                ("hash", &*seal.hash),
                ("key", &*seal.key),
                ("mac", &*seal.mac),
            ];
            let texts = texts.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.into())));
            let numbers =
                [("time", entry.at.as_microsecond().to_string()), ("seq", seal.seq.to_string())];
            let numbers = numbers.map(|(name, n)| (name.to_owned(), AttributeValue::N(n)));
            put(client, texts.into_iter().chain(numbers).collect()).await;
        }
    }
}

/// Each stands a while after the one before.
fn past_of(person: &PersonId) -> Vec<AuditEntry> {
    let events =
        [AuditEvent::CreatingProfile, AuditEvent::UpdatingProfile, AuditEvent::AdoptingProfile];
    let at =
        |(number, event)| AuditEntry::new(micros(number * 1_000), event, "entitled").about(person);
    (1_i64..).zip(events).map(at).collect()
}

/// What shortening writes down before.
async fn announced(store: &aws::DynamoStore, through: u64) {
    let entry = AuditEntry::new(micros(90_000), AuditEvent::AuditPruned, "audit-pruned");
    store.append(&entry.with("through.0", through)).await.unwrap();
}

#[tokio::test]
async fn shortening_that_breaks_off_anywhere_leaves_no_copy_without_its_entry() {
    let alice = PersonId::parse("alice").unwrap();
    for passing in 0..5 {
        let (peer, store) = fresh_table().await;
        let (client, keys) = (client(&peer.endpoint), keys(&store).await);
        let at = |number: i64| {
            AuditEntry::new(micros(number * 1_000), AuditEvent::SignIn, "signed-in").about(&alice)
        };
        let past: Vec<AuditEntry> = (1..=32).map(at).collect();
        sealed_by_an_older_version(&client, &keys, &past).await;
        announced(&store, 30).await;
        // Two calls remove the copies, two the entries but the last, one that.
        let proxy = Proxy::before(&peer.endpoint).await;
        let mut left = passing;
        proxy.set(move |operation| {
            if operation != "batchwriteitem" {
                return Fate::Pass;
            }
            let fate = if left > 0 { Fate::Pass } else { Fate::Lost };
            left -= i32::from(left > 0);
            fate
        });
        let chain = ChainId("0".to_owned());
        assert!(handle(&proxy.endpoint).forget(&chain, 30).await.is_err(), "{passing}");
        let people = BTreeSet::from(["alice".to_owned()]);
        assert_eq!(store.strays(&people).await, Ok(vec![]), "{passing}");
        store.forget(&chain, 30).await.unwrap();
        assert_eq!(standing(&client, "history#alice").await.len(), 2, "{passing}");
        assert_eq!(store.of_person(&alice, 99).await.unwrap(), past[30..], "{passing}");
        let verdict = verify_log(&store, &keys, &[], &|_| {}).await.unwrap();
        assert!(verdict.ok, "{passing}: {verdict:?}");
    }
}

#[tokio::test]
async fn a_copy_that_was_left_of_a_removed_entry_is_neither_shown_nor_found() {
    let alice = PersonId::parse("alice").unwrap();
    let (peer, store) = fresh_table().await;
    let (client, keys) = (client(&peer.endpoint), keys(&store).await);
    let past = past_of(&alice);
    sealed_by_an_older_version(&client, &keys, &past).await;
    let copies = standing(&client, "history#alice").await;
    announced(&store, 1).await;
    store.forget(&ChainId("0".to_owned()), 1).await.unwrap();
    put(&client, copies[0].clone()).await;
    assert_eq!(store.of_person(&alice, 9).await.unwrap(), past[1..]);
    let verdict = verify_log(&store, &keys, &[], &|_| {}).await.unwrap();
    assert!(verdict.ok, "{verdict:?}");

    // What is not what was sealed is found there as well, and so is what lacks its entry further on.
    let mut forged = copies[0].clone();
    forged.insert("code".to_owned(), AttributeValue::S("forged".to_owned()));
    put(&client, forged).await;
    let delete = client.delete_item().table_name(TABLE);
    let delete = delete.key("pk", AttributeValue::S("audit-chain#0".to_owned()));
    delete.key("sk", AttributeValue::S(format!("{:020}", 3))).send().await.unwrap();
    let strays = store.strays(&BTreeSet::from(["alice".to_owned()])).await.unwrap();
    let numbers: Vec<u64> = strays.into_iter().map(|stray| stray.entry.unwrap().seal.seq).collect();
    assert_eq!(numbers, [1, 3]);
    assert_eq!(store.of_person(&alice, 9).await.unwrap(), past[1..2]);
}

#[tokio::test]
async fn a_copy_that_stands_elsewhere_in_a_history_is_shown_to_nobody_and_found() {
    let alice = PersonId::parse("alice").unwrap();
    for older in [false, true] {
        let (peer, store) = fresh_table().await;
        let (client, keys) = (client(&peer.endpoint), keys(&store).await);
        let past = past_of(&alice);
        if older {
            sealed_by_an_older_version(&client, &keys, &past).await;
        } else {
            for entry in &past {
                store.append(entry).await.unwrap();
            }
        }
        let mine = AuditFilter { person: Some("alice".to_owned()), ..AuditFilter::default() };
        let shown = async || {
            let page = store.page(&mine, None, 9).await.unwrap().items;
            let mut page: Vec<AuditEntry> = page.into_iter().map(|one| one.entry).collect();
            page.reverse();
            assert_eq!(store.of_person(&alice, 9).await.unwrap(), page, "older: {older}");
            page
        };
        let verdict = async || verify_log(&store, &keys, &[], &|_| {}).await.unwrap();
        assert_eq!(shown().await, past, "older: {older}");
        assert!(verdict().await.ok, "older: {older}");

        // Doubled: what happened first stands at the end as well.
        let first = standing(&client, "history#alice").await.remove(0);
        let double = moved(&first, "2026-11-21T00:00:00.000000Z#00000000000000aa");
        put(&client, double.clone()).await;
        assert_eq!(shown().await, past, "older: {older}");
        let found = verdict().await;
        assert_eq!((found.ok, found.bad.len()), (false, 1), "{found:?}");
        assert_eq!((found.bad[0].seq, found.bad[0].fault), (1, Fault::Misplaced), "{found:?}");
        let detail = found.bad[0].detail.clone().unwrap();
        assert_eq!(
            detail,
            "in the history of alice, at 2026-11-21T00:00:00.000000Z#00000000000000aa"
        );

        // Moved: it stands at the end alone, and what was left of it is gone.
        let delete = client.delete_item().table_name(TABLE).key("pk", first["pk"].clone());
        delete.key("sk", first["sk"].clone()).send().await.unwrap();
        assert_eq!(shown().await, past[1..], "older: {older}");
        assert!(!verdict().await.ok);

        // Another's history.
        let mut others = first.clone();
        others.insert("pk".to_owned(), AttributeValue::S("history#bob".to_owned()));
        put(&client, others).await;
        let bob = PersonId::parse("bob").unwrap();
        assert_eq!(store.of_person(&bob, 9).await, Ok(vec![]), "older: {older}");
    }
}

fn ring(byte: u8) -> KeyRing {
    KeyRing::new(ChainKey::new(&[byte; 32]))
}

fn signed_in(micro: i64) -> AuditEntry {
    AuditEntry::new(micros(micro), AuditEvent::SignIn, "signed-in")
}

#[tokio::test]
async fn beside_a_log_of_others_no_key_is_drawn_and_whoever_lacks_the_key_of_a_chain_is_told() {
    let (peer, store) = fresh_table().await;
    let with = |keys: KeyRing| handle(&peer.endpoint).sealed_by(keys);
    assert_eq!(store.foreign_key().await, Ok(None));
    with(ring(7)).append(&signed_in(1)).await.unwrap();
    let sevens = ChainKey::new(&[7; 32]).id().to_owned();
    // Each time another process, which looks first at a chain that its name chooses.
    for _ in 0..20 {
        let keyless = handle(&peer.endpoint);
        assert_eq!(keyless.foreign_key().await, Ok(Some(sevens.clone())));
        let refused = keyless.append(&signed_in(0)).await.unwrap_err();
        let told = format!("was sealed with key {sevens}, which was not given: set STAGEDOOR");
        assert!(refused.message.contains(&told), "{refused}");
    }
    assert_eq!(store.chains().await.unwrap().len(), 1);
    assert_eq!(store.get_or_create(STORE_KEY, [9; 32]).await, Ok([9; 32]));
    assert_eq!(with(ring(8)).foreign_key().await, Ok(Some(sevens)));
    assert_eq!(with(seven_and_eight()).foreign_key().await, Ok(None));
}

/// Seals with the eighth key, and knows the seventh.
fn seven_and_eight() -> KeyRing {
    ring(8).with_former(ChainKey::new(&[7; 32]))
}

/// A table with a chain of the seventh key and one of the eighth. Where the eighth goes on with the
/// seventh's, as its name chooses, it is made anew.
async fn two_chains() -> (Peer, DynamoStore) {
    loop {
        let (peer, store) = fresh_table().await;
        let with = |keys: KeyRing| handle(&peer.endpoint).sealed_by(keys);
        with(ring(7)).append(&signed_in(1)).await.unwrap();
        with(seven_and_eight()).append(&signed_in(2)).await.unwrap();
        if store.chains().await.unwrap().len() == 2 {
            return (peer, store);
        }
    }
}

#[tokio::test]
async fn whoever_has_the_key_of_one_chain_goes_on_there_whichever_their_name_chooses() {
    let (peer, store) = two_chains().await;
    let with = |keys: KeyRing| handle(&peer.endpoint).sealed_by(keys);
    for number in 3..23 {
        for keys in [ring(7), ring(8)] {
            let store = with(keys);
            assert_eq!(store.foreign_key().await, Ok(None));
            store.append(&signed_in(number)).await.unwrap();
        }
    }
    assert!(verify_log(&store, &seven_and_eight(), &[], &|_| {}).await.unwrap().ok);
}

#[tokio::test]
async fn the_key_that_the_table_keeps_is_drawn_once_by_whoever_is_first() {
    let (peer, _) = fresh_table().await;
    for number in 0..20 {
        let store = handle(&peer.endpoint);
        assert_eq!(store.foreign_key().await, Ok(None));
        store.append(&signed_in(number)).await.unwrap();
    }
    let store = handle(&peer.endpoint);
    let verdict = verify_log(&store, &keys(&store).await, &[], &|_| {}).await.unwrap();
    assert_eq!((verdict.ok, verdict.entries), (true, 20));
}

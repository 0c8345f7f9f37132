//! Several replicas at one table.

use super::{fresh_table, handle};
use access::ids::{DomainId, PersonId, ProfileName, TeamKey};
use control::ports::{
    ChangeId, Claims, Intent, Lease, ProfileIndex as _, QueueStatus, WorkKey, WorkQueue as _,
};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use store_contract::micros;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

fn person(n: usize) -> PersonId {
    PersonId::parse(format!("person-{n:03}")).unwrap()
}

fn pass(n: usize) -> ChangeId {
    ChangeId::new(micros(1), [u8::try_from(n).unwrap(); 32])
}

/// What happens to people, as everybody together sees it.
#[derive(Debug, Default)]
struct World {
    /// How often each was pushed, before the push.
    asked: BTreeMap<WorkKey, u32>,
    /// How often each had been pushed when it was last taken.
    seen: BTreeMap<WorkKey, u32>,
    at: BTreeSet<WorkKey>,
}

/// Six takers and four pushers, each at a replica of its own, push and take forty people.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_taken_twice_and_no_wake_up_is_lost() {
    let (peer, store) = fresh_table().await;
    let world = Arc::new(Mutex::new(World::default()));
    let is_over = Arc::new(AtomicBool::new(false));
    let mut takers = JoinSet::new();
    for n in 0..6 {
        let (store, world) = (handle(&peer.endpoint), Arc::clone(&world));
        let is_over = Arc::clone(&is_over);
        takers.spawn(async move {
            loop {
                let was_over = is_over.load(Ordering::SeqCst);
                let hour = SignedDuration::from_hours(1);
                let taken = store.take(&format!("taker-{n}"), micros(10), hour, 7).await.unwrap();
                let leases: Vec<Lease> = taken.into_iter().map(|work| work.lease).collect();
                for Lease { key, .. } in &leases {
                    let mut world = world.lock().unwrap();
                    assert!(world.at.insert(key.clone()), "{key:?} is taken twice");
                    let asked = world.asked.get(key).copied().unwrap_or(0);
                    world.seen.insert(key.clone(), asked);
                }
                tokio::task::yield_now().await;
                for Lease { key, .. } in &leases {
                    world.lock().unwrap().at.remove(key);
                }
                store.done(&leases).await.unwrap();
                if was_over && leases.is_empty() {
                    return;
                }
            }
        });
    }
    let mut pushers = JoinSet::new();
    for n in 0..4 {
        let (store, world) = (handle(&peer.endpoint), Arc::clone(&world));
        pushers.spawn(async move {
            for turn in 0..30 {
                let people = (0..3).map(|k| WorkKey::Person(person((turn * 7 + n * 11 + k) % 40)));
                let keys: BTreeSet<WorkKey> = people.collect();
                for key in &keys {
                    *world.lock().unwrap().asked.entry(key.clone()).or_default() += 1;
                }
                store.push(&keys, micros(5)).await.unwrap();
            }
        });
    }
    pushers.join_all().await;
    is_over.store(true, Ordering::SeqCst);
    takers.join_all().await;
    assert_eq!(store.status(micros(10)).await, Ok(QueueStatus::default()));
    let world = world.lock().unwrap();
    assert_eq!(world.asked.len(), 40);
    assert_eq!(world.seen, world.asked, "each was taken after it was last pushed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_passes_are_never_at_one_person() {
    let (peer, _store) = fresh_table().await;
    let at: Arc<Mutex<BTreeMap<PersonId, usize>>> = Arc::default();
    let mut passes = JoinSet::new();
    for n in 0..12 {
        let (store, at) = (handle(&peer.endpoint), Arc::clone(&at));
        passes.spawn(async move {
            let mut got = 0;
            for turn in 0..6 {
                let ticket = store.ticket(micros(10)).await.unwrap();
                let wanted: BTreeSet<PersonId> =
                    (0..4).map(|k| person((n + turn + k * 3) % 10)).collect();
                let hour = SignedDuration::from_hours(1);
                let claimed =
                    store.claim(&pass(n), &wanted, &ticket, micros(11), hour).await.unwrap().people;
                for person in &claimed {
                    let before = at.lock().unwrap().insert(person.clone(), n);
                    assert_eq!(before, None, "{person} is claimed twice");
                }
                got += claimed.len();
                assert_eq!(
                    Claims::renew(&store, &pass(n), micros(9_999_999)).await,
                    Ok(claimed.len() as u64)
                );
                for person in &claimed {
                    assert_eq!(at.lock().unwrap().remove(person), Some(n));
                }
                store.release(&pass(n), micros(12)).await.unwrap();
            }
            got
        });
    }
    let got: usize = passes.join_all().await.into_iter().sum();
    assert!(got >= 10, "{got}");
}

fn intent(n: usize) -> Intent {
    Intent {
        domain: DomainId::parse("d-research").unwrap(),
        profile: ProfileName::parse(format!("p{n:03}--fraud")).unwrap(),
        person: person(n),
        team: TeamKey::parse("fraud").unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_any_two_passes_that_take_away_one_counts_the_other() {
    const PASSES: usize = 10;
    let (peer, store) = fresh_table().await;
    let start = Arc::new(Barrier::new(PASSES));
    let mut passes = JoinSet::new();
    for n in 0..PASSES {
        let (store, start) = (handle(&peer.endpoint), Arc::clone(&start));
        passes.spawn(async move {
            start.wait().await;
            // More than one transaction takes.
            let mine: Vec<Intent> = (0..40).map(|k| intent(n * 40 + k)).collect();
            let counted = store.leaving(&pass(n), &mine, false, micros(10)).await.unwrap();
            let names = counted.into_iter().map(|leaving| leaving.profile);
            (n, names.collect::<BTreeSet<ProfileName>>())
        });
    }
    let counted: BTreeMap<usize, BTreeSet<ProfileName>> =
        passes.join_all().await.into_iter().collect();
    let of = |n: usize| -> BTreeSet<ProfileName> {
        (0..40).map(|k| intent(n * 40 + k).profile).collect()
    };
    for a in 0..PASSES {
        assert!(counted[&a].is_disjoint(&of(a)), "a pass does not count itself");
        for b in 0..a {
            let (a_knows, b_knows) = (of(b).is_subset(&counted[&a]), of(a).is_subset(&counted[&b]));
            assert!(a_knows || b_knows, "neither {a} nor {b} counts the other");
        }
    }
    let domains = BTreeSet::from([intent(0).domain]);
    let all = store.count(&domains, micros(11)).await.unwrap();
    assert_eq!(all.leaving.len(), PASSES * 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn profiles_that_replicas_make_at_once_are_counted_once_each() {
    use access::observed::AuthMode;
    use control::ports::IndexReading;
    let (peer, store) = fresh_table().await;
    let reading = IndexReading {
        domain: intent(0).domain,
        auth_mode: AuthMode::Iam,
        asked: None,
        found: BTreeMap::new(),
    };
    let ticket = store.ticket(micros(1)).await.unwrap();
    store.read(&reading, &ticket).await.unwrap();
    let mut makers = JoinSet::new();
    for n in 0..8 {
        let store = handle(&peer.endpoint);
        makers.spawn(async move {
            for k in 0..5 {
                // Each is made by two replicas.
                let made = [intent((n / 2) * 10 + k * 2), intent((n / 2) * 10 + k * 2 + 1)];
                store.making(&made, 1).await.unwrap();
            }
        });
    }
    makers.join_all().await;
    let everybody = (0..40).map(person).collect();
    let domains = BTreeSet::from([intent(0).domain]);
    let view = store.look(&everybody, &domains).await.unwrap();
    let owned = store.count(&domains, micros(2)).await.unwrap().owned;
    assert_eq!(owned.into_values().collect::<Vec<_>>(), [40]);
    assert_eq!(view.profiles.into_values().map(|rows| rows.len()).collect::<Vec<_>>(), [40]);
}

//! [`Departures`], and the history of a person.

use crate::audit;
use crate::race::{RACERS, micros, race};
use access::ids::{PersonId, TeamKey};
use access::snapshot::Hold;
use control::ports::{AuditEntry, AuditLog, Departure, Departures};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn departure(id: &str, team: Option<&str>) -> Departure {
    Departure {
        person: person(id),
        user_name: Some(format!("{id}@example.com")),
        team: team.map(|key| TeamKey::parse(key).unwrap()),
        since: micros(1_000),
        by: "root".to_owned(),
        why: Some("left the company".to_owned()),
        hold: Hold::AsMapped,
    }
}

pub async fn a_departure_comes_back_as_it_was_put_in_force(store: &impl Departures) {
    let (all, one) = (departure("ana", None), departure("ana", Some("fraud")));
    let ben = Departure { why: None, user_name: None, ..departure("ben", None) };
    assert_eq!(store.departures(None).await, Ok(vec![]));
    for new in [&one, &all, &ben] {
        assert_eq!(store.depart(new).await.as_ref(), Ok(new));
    }
    let everybody = vec![all.clone(), one.clone(), ben.clone()];
    assert_eq!(store.departures(None).await, Ok(everybody));
    let some = |ids: &[&str]| ids.iter().map(|id| person(id)).collect::<BTreeSet<_>>();
    assert_eq!(store.departures(Some(&some(&["ana", "cleo"]))).await, Ok(vec![all, one]));
    assert_eq!(store.departures(Some(&some(&["ben"]))).await, Ok(vec![ben]));
    assert_eq!(store.departures(Some(&some(&[]))).await, Ok(vec![]));
}

pub async fn a_departure_begins_once_and_its_hold_is_skipped_for_good(store: &impl Departures) {
    store.depart(&departure("ana", None)).await.unwrap();
    let later = Departure {
        since: micros(2_000),
        by: "eva".to_owned(),
        why: None,
        user_name: None,
        hold: Hold::Skipped,
        ..departure("ana", None)
    };
    let skipped = Departure { by: "eva".to_owned(), hold: Hold::Skipped, ..departure("ana", None) };
    assert_eq!(store.depart(&later).await, Ok(skipped.clone()));
    let again = Departure { by: "eva".to_owned(), ..departure("ana", None) };
    assert_eq!(store.depart(&again).await, Ok(skipped));
}

pub async fn who_rejoins_one_team_or_all_is_forgotten_there(store: &impl Departures) {
    let (fraud, demand) = (departure("ana", Some("fraud")), departure("ana", Some("demand")));
    let ben = departure("ben", Some("fraud"));
    for new in [&fraud, &demand, &ben] {
        store.depart(new).await.unwrap();
    }
    let ana = person("ana");
    assert_eq!(store.rejoin(&ana, fraud.team.as_ref()).await, Ok(vec![fraud.clone()]));
    assert_eq!(store.rejoin(&ana, fraud.team.as_ref()).await, Ok(vec![]));
    store.depart(&fraud).await.unwrap();
    assert_eq!(store.rejoin(&ana, None).await, Ok(vec![demand, fraud]));
    assert_eq!(store.departures(None).await, Ok(vec![ben]));
}

pub async fn the_history_of_a_person_is_theirs_alone_oldest_first(log: &impl AuditLog) {
    let of = |id: Option<&str>, at| AuditEntry {
        person: id.map(str::to_owned),
        ..audit::entry(at, "signed-in")
    };
    for entry in [of(Some("ana"), 1), of(Some("ben"), 2), of(None, 3), of(Some("ana"), 4)] {
        log.append(&entry).await.unwrap();
    }
    let (ana, nobody) = (person("ana"), person("cleo"));
    let both = vec![of(Some("ana"), 1), of(Some("ana"), 4)];
    assert_eq!(log.of_person(&ana, 10).await, Ok(both));
    assert_eq!(log.of_person(&ana, 1).await, Ok(vec![of(Some("ana"), 4)]));
    assert_eq!(log.of_person(&nobody, 10).await, Ok(vec![]));
}

pub async fn racing_departures_of_a_person_are_all_kept(store: Arc<impl Departures + 'static>) {
    let number = AtomicUsize::new(0);
    let kept = race(|| {
        let team = format!("team-{}", number.fetch_add(1, Ordering::SeqCst));
        let store = Arc::clone(&store);
        async move { store.depart(&departure("ana", Some(&team))).await.is_ok() }
    });
    assert_eq!(kept.await, RACERS);
    let ana = BTreeSet::from([person("ana")]);
    assert_eq!(store.departures(Some(&ana)).await.unwrap().len(), RACERS);
    assert_eq!(store.rejoin(&person("ana"), None).await.unwrap().len(), RACERS);
}

pub async fn the_departures_of_many_people_are_found(store: &impl Departures) {
    let ids: Vec<String> = (0..130).map(|number| format!("person-{number:03}")).collect();
    for id in &ids {
        store.depart(&departure(id, None)).await.unwrap();
    }
    let all: Vec<Departure> = ids.iter().map(|id| departure(id, None)).collect();
    assert_eq!(store.departures(None).await, Ok(all.clone()));
    let people = ids.iter().map(|id| person(id)).chain([person("nobody")]).collect();
    assert_eq!(store.departures(Some(&people)).await, Ok(all));
}

//! [`AuditLog`].

use crate::race::{RACERS, micros, race};
use access::ids::PersonId;
use control::ports::{AuditEntry, AuditLog};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An entry with this code.
pub fn entry(at: i64, code: &str) -> AuditEntry {
    AuditEntry::new(micros(at), "sign-in", code)
}

pub async fn entries_come_back_as_written_in_the_order_of_writing(log: &impl AuditLog) {
    let full = AuditEntry {
        person: Some("ana".to_owned()),
        team: Some("fraud".to_owned()),
        details: BTreeMap::from([
            ("profile".to_owned(), "ana--fraud".to_owned()),
            ("why".to_owned(), "\"Grüße\"\n'; DROP TABLE audit; --\0".to_owned()),
        ]),
        ..entry(20, "ok")
    };
    assert_eq!(log.newest(10).await, Ok(vec![]));
    log.append(&full).await.unwrap();
    // A clock that was set back does not reorder the log; neither do twins vanish.
    log.append(&entry(-5, "earlier")).await.unwrap();
    log.append(&entry(-5, "earlier")).await.unwrap();
    let all = vec![entry(-5, "earlier"), entry(-5, "earlier"), full];
    assert_eq!(log.newest(10).await, Ok(all));
}

pub async fn only_the_newest_are_given(log: &impl AuditLog) {
    for (at, code) in [(1, "one"), (2, "two"), (3, "three")] {
        log.append(&entry(at, code)).await.unwrap();
    }
    assert_eq!(log.newest(2).await, Ok(vec![entry(3, "three"), entry(2, "two")]));
    assert_eq!(log.newest(0).await, Ok(vec![]));
    assert_eq!(log.newest(u32::MAX).await.unwrap().len(), 3);
}

pub async fn racing_entries_are_all_kept(log: Arc<impl AuditLog + 'static>) {
    let written = race(|| {
        let log = Arc::clone(&log);
        async move { log.append(&entry(1, "race")).await.is_ok() }
    });
    assert_eq!(written.await, RACERS);
    assert_eq!(log.newest(1_000).await, Ok(vec![entry(1, "race"); RACERS]));
}

pub async fn the_entries_of_many_days_are_one_log(log: &impl AuditLog) {
    const DAY: i64 = 24 * 3_600 * 1_000_000;
    let codes: Vec<String> = (0..40).map(|day| format!("day {day}")).collect();
    for (day, code) in codes.iter().enumerate() {
        let at = DAY * i64::try_from(day).unwrap();
        log.append(&entry(at, code)).await.unwrap();
        log.append(&entry(at + 1, code)).await.unwrap();
    }
    let newest = log.newest(5).await.unwrap();
    let told: Vec<&str> = newest.iter().map(|entry| entry.code.as_str()).collect();
    assert_eq!(told, ["day 39", "day 39", "day 38", "day 38", "day 37"]);
    assert_eq!(log.newest(1_000).await.unwrap().len(), 80);
}

pub async fn racing_entries_about_a_person_are_all_kept(log: Arc<impl AuditLog + 'static>) {
    let written = race(|| {
        let log = Arc::clone(&log);
        let about = AuditEntry { person: Some("ana".to_owned()), ..entry(1, "race") };
        async move { log.append(&about).await.is_ok() }
    });
    assert_eq!(written.await, RACERS);
    let ana = PersonId::parse("ana").unwrap();
    assert_eq!(log.of_person(&ana, 1_000).await.unwrap().len(), RACERS);
    assert_eq!(log.newest(1_000).await.unwrap().len(), RACERS);
}

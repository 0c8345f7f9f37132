//! [`AuditLog`].

use crate::race::{RACERS, micros, race};
use control::ports::{AuditEntry, AuditLog};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An entry with this code.
pub fn entry(at: i64, code: &str) -> AuditEntry {
    AuditEntry {
        at: micros(at),
        event: "sign-in".to_owned(),
        code: code.to_owned(),
        person: None,
        team: None,
        details: BTreeMap::new(),
    }
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

//! Reading the audit log: as an export, and as who had what at a time.

use access::ids::{PersonId, TeamKey};
use control::audit::{
    AsOf, ChainKey, ExportForm, ExportPart, HistoryError, KeyRing, Verification, everybody_at,
    export, person_at,
};
use control::ports::AuditEvent::{self, SignIn, SignOut};
use control::ports::{AuditEntry, AuditFilter, AuditLog as _, ChainId};
use jiff::Timestamp;
use store::SqliteStore;

fn key() -> ChainKey {
    ChainKey::new(&[1; 32])
}

async fn sealed(events: &[AuditEvent]) -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap().sealed_by(KeyRing::new(key()));
    for event in events {
        let entry = AuditEntry::new(jiff::Timestamp::UNIX_EPOCH, *event, "code");
        store.append(&entry).await.unwrap();
    }
    store
}

#[tokio::test]
async fn the_parts_of_an_export_are_the_log_as_it_was_sealed() {
    let store = sealed(&[SignIn, SignOut, SignIn, SignOut, SignIn]).await;
    for most in 1..7 {
        let (mut text, mut cursor, mut parts) = (String::new(), None, 0);
        loop {
            let all = AuditFilter::default();
            let part = export(&store, &all, ExportForm::JsonLines, cursor.as_ref(), most);
            let part = part.await.unwrap();
            assert!(part.entries <= most && part.unreadable.is_empty());
            text.push_str(&part.lines);
            parts += 1;
            cursor = part.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(parts, 5_u32.div_ceil(most));
        let keys = KeyRing::new(key());
        let mut verification = Verification::new(&keys);
        for line in text.lines() {
            verification.take_line(line).unwrap();
        }
        let verdict = verification.finish();
        assert!(verdict.ok, "{verdict:?}");
        assert_eq!((verdict.entries, verdict.chains[0].last), (5, 5));
    }
}

/// The JSON that Lambda answers a load balancer with has 1 MB at most.
#[tokio::test]
async fn a_part_fits_into_what_a_load_balancer_takes_from_lambda() {
    let store = SqliteStore::in_memory().unwrap();
    let long = "x".repeat(20_000);
    for _ in 0..60 {
        let entry = AuditEntry::new(at("01T08:00:00"), SignIn, "signed-in").with("from", &long);
        store.append(&entry).await.unwrap();
    }
    let all = AuditFilter::default();
    let part = export(&store, &all, ExportForm::JsonLines, None, 5_000).await.unwrap();
    assert!(part.next.is_some(), "{} of 60 are one part", part.entries);
    let told = serde_json::to_string(&part.lines).unwrap();
    assert!((640_000..1_000_000).contains(&told.len()), "{}", told.len());
}

#[tokio::test]
async fn a_filter_leaves_out_what_it_does_not_admit() {
    let store = sealed(&[SignIn, SignOut, SignIn]).await;
    let filter = AuditFilter { event: Some(SignIn.to_string()), ..AuditFilter::default() };
    let part = export(&store, &filter, ExportForm::Ocsf, None, 10).await.unwrap();
    assert_eq!((part.entries, part.lines.lines().count(), part.next), (2, 2, None));
    assert!(part.lines.lines().all(|line| line.contains("\"class_uid\"")), "{}", part.lines);
    let none = export(&sealed(&[]).await, &filter, ExportForm::Ocsf, None, 10).await.unwrap();
    assert_eq!(none, ExportPart::default());
}

fn at(time: &str) -> Timestamp {
    format!("2026-11-{time}Z").parse().unwrap()
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

async fn log() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    for (time, event, who) in [
        ("01T08:00:00", AuditEvent::CreatingProfile, "p-ana"),
        ("02T08:00:00", AuditEvent::CreatingProfile, "p-ben"),
        ("03T08:00:00", AuditEvent::OffboardingBegun, "p-ana"),
        ("04T08:00:00", AuditEvent::DeletingProfile, "p-ana"),
    ] {
        let entry = AuditEntry::new(at(time), event, "entitled")
            .about(&person(who))
            .on(&TeamKey::parse("fraud").unwrap())
            .with("domain", "research")
            .with("profile", format!("{who}--fraud"));
        store.append(&entry).await.unwrap();
    }
    store
}

fn codes(told: &AsOf) -> Vec<&'static str> {
    told.unknown.iter().map(|unknown| unknown.code).collect()
}

#[tokio::test]
async fn one_person_and_everybody_are_told_alike() {
    let store = log().await;
    for time in ["01T07:00:00", "01T08:00:00", "02T12:00:00", "03T12:00:00", "05T00:00:00"] {
        let all = everybody_at(&store, at(time), None, &|_| {}).await.unwrap();
        for who in ["p-ana", "p-ben"] {
            let one = person_at(&store, &person(who), at(time)).await.unwrap();
            let of_all = all.held.iter().filter(|held| held.person == who);
            assert_eq!(one.held, of_all.cloned().collect::<Vec<_>>(), "{who} at {time}");
            assert_eq!((one.known_since, &one.unknown), (all.known_since, &all.unknown));
        }
    }
    let all = everybody_at(&store, at("02T12:00:00"), None, &|_| {}).await.unwrap();
    let told: Vec<(&str, bool)> =
        all.held.iter().map(|held| (held.person.as_str(), held.could_open)).collect();
    assert_eq!(told, [("p-ana", true), ("p-ben", true)]);
    assert_eq!(codes(&all), ["log-begins", "past-stagedoor", "map-and-groups", "unheard"]);
}

#[tokio::test]
async fn what_the_log_cannot_know_is_said() {
    let store = log().await;
    let before = person_at(&store, &person("p-ana"), at("01T07:00:00")).await.unwrap();
    assert_eq!((codes(&before)[0], before.known_since), ("before-the-log", None));
    assert_eq!(
        before.unknown[0].text,
        "The log begins at 2026-11-01T08:00:00Z, later than that: of that time it knows nothing."
    );
    let empty = SqliteStore::in_memory().unwrap();
    let nothing = everybody_at(&empty, at("01T07:00:00"), None, &|_| {}).await.unwrap();
    assert_eq!((codes(&nothing)[0], nothing.held.len()), ("no-log", 0));

    let seals = store.chain(&ChainId("main".to_owned()), 0, 9).await.unwrap();
    let pruned = AuditEntry::new(at("06T08:00:00"), AuditEvent::AuditPruned, "audit-pruned")
        .with("through.main", 1);
    store.append(&pruned).await.unwrap();
    assert_eq!(seals.len(), 4);
    assert_eq!(store.forget(&ChainId("main".to_owned()), 1).await, Ok(1));
    let then = everybody_at(&store, at("02T12:00:00"), None, &|_| {}).await.unwrap();
    assert_eq!((codes(&then)[0], then.held.len()), ("shortened", 1));
    assert_eq!(then.known_since, Some(at("02T08:00:00")));
}

#[tokio::test]
async fn a_log_that_is_too_long_is_not_read_to_its_end() {
    let store = log().await;
    let told = everybody_at(&store, at("05T00:00:00"), Some(3), &|_| {}).await;
    assert_eq!(told, Err(HistoryError::TooLong { most: 3 }));
    assert!(everybody_at(&store, at("05T00:00:00"), Some(4), &|_| {}).await.is_ok());
}

//! [`Chronicle`].

use crate::race::{RACERS, micros, race};
use access::ids::{DomainId, DomainKey, PersonId, TeamKey};
use access::reason::ReasonCode;
use control::event::{Family, Outcome};
use control::ports::{COUNTED_DAYS, Chronicle, Found, Heard, NOTES_KEPT, Note, Noted};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn heard(event: &str) -> Note {
    let noted = Noted::Heard(Heard {
        family: Family::Scim,
        name: Some("PatchGroup".into()),
        event_id: Some(event.into()),
        happened: Some(micros(3)),
        outcome: Outcome::Person,
        people: Some(BTreeSet::from([PersonId::parse("ana").unwrap()])),
    });
    Note { at: micros(10), noted }
}

fn found() -> Note {
    let noted = Noted::Found(Found {
        person: PersonId::parse("bob").unwrap(),
        team: TeamKey::parse("fraud").unwrap(),
        domain: DomainKey::parse("research").unwrap(),
        gives: false,
        reason: ReasonCode::EntitlementLost,
    });
    Note { at: micros(11), noted }
}

fn event_of(note: &Note) -> Option<&str> {
    let Noted::Heard(heard) = &note.noted else { return None };
    heard.event_id.as_deref()
}

const DAY: Date = date(2026, 11, 21);

fn domain(name: &str) -> DomainId {
    DomainId::parse(name).unwrap()
}

pub async fn notes_come_back_as_written_newest_first(chronicle: &impl Chronicle) {
    assert_eq!(chronicle.notes(9).await, Ok(vec![]));
    let mut everybody = heard("first");
    if let Noted::Heard(heard) = &mut everybody.noted {
        (heard.people, heard.name, heard.happened) = (None, None, None);
        (heard.family, heard.outcome) = (Family::Other, Outcome::Malformed);
    }
    chronicle.remember(&[everybody.clone(), heard("second")]).await.unwrap();
    chronicle.remember(&[found()]).await.unwrap();
    chronicle.remember(&[]).await.unwrap();
    assert_eq!(chronicle.notes(9).await, Ok(vec![found(), heard("second"), everybody]));
    assert_eq!(chronicle.notes(1).await, Ok(vec![found()]));
    assert_eq!(chronicle.notes(0).await, Ok(vec![]));
}

pub async fn only_so_many_notes_are_given(chronicle: &impl Chronicle) {
    let many: Vec<Note> = (0..NOTES_KEPT + 3).map(|n| heard(&n.to_string())).collect();
    for some in many.chunks(100) {
        chronicle.remember(some).await.unwrap();
    }
    let kept = chronicle.notes(u32::MAX).await.unwrap();
    assert_eq!(kept.len(), NOTES_KEPT as usize);
    assert_eq!(event_of(kept.last().unwrap()), Some("3"));
}

pub async fn racing_notes_are_all_kept(chronicle: Arc<impl Chronicle + 'static>) {
    let written = race(|| {
        let chronicle = Arc::clone(&chronicle);
        async move { chronicle.remember(&[heard("same")]).await.is_ok() }
    });
    assert_eq!(written.await, RACERS);
    assert_eq!(chronicle.notes(1_000).await.unwrap().len(), RACERS);
}

pub async fn the_last_count_of_a_day_is_that_days(chronicle: &impl Chronicle) {
    assert_eq!(chronicle.profile_counts(DAY).await, Ok(BTreeMap::new()));
    let (one, other) = (domain("d-one"), domain("d-other"));
    let both = BTreeMap::from([(one.clone(), 41), (other.clone(), 7)]);
    let before = DAY.yesterday().unwrap();
    chronicle.count_profiles(before, &both).await.unwrap();
    chronicle.count_profiles(DAY, &BTreeMap::from([(one.clone(), 42)])).await.unwrap();
    chronicle.count_profiles(DAY, &BTreeMap::from([(one.clone(), 43)])).await.unwrap();
    let all = BTreeMap::from([
        (one.clone(), BTreeMap::from([(before, 41), (DAY, 43)])),
        (other, BTreeMap::from([(before, 7)])),
    ]);
    assert_eq!(chronicle.profile_counts(before).await, Ok(all));
    let today = BTreeMap::from([(one, BTreeMap::from([(DAY, 43)]))]);
    assert_eq!(chronicle.profile_counts(DAY).await, Ok(today));
}

pub async fn counts_of_as_many_days_as_are_kept_come_back(chronicle: &impl Chronicle) {
    let one = domain("d-one");
    let first = DAY.checked_sub(COUNTED_DAYS.days()).unwrap();
    for day in [first, DAY] {
        chronicle.count_profiles(day, &BTreeMap::from([(one.clone(), 5)])).await.unwrap();
    }
    let counts = chronicle.profile_counts(first).await.unwrap();
    assert_eq!(counts[&one], BTreeMap::from([(first, 5), (DAY, 5)]));
}

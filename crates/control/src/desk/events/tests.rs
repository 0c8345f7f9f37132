//! What is told of events and drift.

use super::super::sample::{now, person_id, reading, set};
use super::*;
use jiff::SignedDuration;

fn before(seconds: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_secs(seconds)).unwrap()
}

fn event(seconds_ago: i64, family: Family, people: Option<&[&str]>) -> Note {
    let noted = Noted::Heard(Heard {
        family,
        name: Some("RemoveMemberFromGroup".into()),
        event_id: Some(format!("e-{seconds_ago}")),
        happened: Some(before(seconds_ago + 4)),
        outcome: if people.is_some() { Outcome::Person } else { Outcome::Everything },
        people: people.map(|people| people.iter().map(|name| person_id(name)).collect()),
    });
    Note { at: before(seconds_ago), noted }
}

fn missed(seconds_ago: i64, person: &str) -> Note {
    let noted = Noted::Found(Found {
        person: person_id(person),
        team: TeamKey::parse("fraud").unwrap(),
        domain: DomainKey::parse("research").unwrap(),
        gives: false,
        reason: ReasonCode::EntitlementLost,
    });
    Note { at: before(seconds_ago), noted }
}

/// Newest first, as the store gives them.
fn notes() -> Vec<Note> {
    vec![
        event(10, Family::SsoDirectory, Some(&["ana", "bob", "cy", "dee"])),
        event(20, Family::Scim, None),
        missed(60, "bob"),
        missed(90, "zoe"),
        event(100, Family::SsoDirectory, Some(&["gone"])),
    ]
}

fn told(filter: &EventFilter) -> Events {
    let status = QueueStatus { due: 2, last_full: Some(before(60)), ..QueueStatus::default() };
    events_of(&reading(), &notes(), &status, filter).unwrap()
}

#[test]
fn what_arrived_is_counted_by_family_with_the_last_and_the_slowest() {
    let told = told(&EventFilter::default());
    let families: Vec<(&str, u64, Option<Timestamp>, Option<u64>)> = told
        .families
        .iter()
        .map(|count| (count.family.as_str(), count.events, count.last, count.slowest_seconds))
        .collect();
    let expected = [
        ("sso-directory", 2, Some(before(10)), Some(4)),
        ("identitystore", 0, None, None),
        ("identitystore-scim", 1, Some(before(20)), Some(4)),
        ("notification", 0, None, None),
    ];
    assert_eq!(families, expected);
    assert_eq!((told.waiting, told.last_full_sync), (2, Some(before(60))));
    assert_eq!(told.since, Some(before(104)));
}

#[test]
fn events_come_newest_first_with_some_of_the_people() {
    let all = told(&EventFilter::default()).events.items;
    let lines: Vec<(Option<u64>, Vec<&str>)> = all
        .iter()
        .map(|line| (line.people, line.named.iter().map(|named| named.name.as_str()).collect()))
        .collect();
    let expected = [
        (Some(4), vec!["ana surname", "bob surname", "cy surname"]),
        (None, vec![]),
        (Some(1), vec!["p-gone"]),
    ];
    assert_eq!(lines, expected);
    let scim = told(&EventFilter { family: Some(Family::Scim), ..EventFilter::default() });
    assert_eq!(scim.events.items.len(), 1);
    let first = Page { cursor: None, limit: 2 };
    let first = told(&EventFilter { events: first, ..EventFilter::default() });
    let second = Page { cursor: first.events.next, limit: 2 };
    let second = told(&EventFilter { events: second, ..EventFilter::default() });
    let ids: Vec<Option<&str>> =
        second.events.items.iter().map(|line| line.event_id.as_deref()).collect();
    assert_eq!(ids, [Some("e-100")]);
}

#[test]
fn what_no_event_told_of_says_whether_one_came_after_all() {
    let found = told(&EventFilter::default()).found;
    let lines: Vec<(&str, Option<Timestamp>)> =
        found.iter().map(|line| (line.person.name.as_str(), line.told_later)).collect();
    // Bob's event came late, but it happened after the pass: it tells of something else.
    assert_eq!(lines, [("bob surname", None), ("p-zoe", None)]);
    assert_eq!(found[0].meaning, "No grant gives the person this team any longer.");
    let mut notes = notes();
    if let Noted::Heard(heard) = &mut notes[0].noted {
        heard.happened = Some(before(70));
    }
    let snapshot = &reading().survey.snapshot;
    let line = found_line(snapshot, &notes, &notes[2]).unwrap();
    assert_eq!(line.told_later, Some(before(10)));
}

#[test]
fn drift_says_what_heals_it() {
    let told = told(&EventFilter::default());
    let codes = set(told.drift.items.iter().map(|line| line.code.as_str()));
    assert!(codes.contains("not-ours") && codes.contains("role-missing"), "{codes:?}");
    let foreign = told.drift.items.iter().find(|line| line.code == ReasonCode::NotOurs).unwrap();
    assert_eq!((foreign.profile.as_deref(), foreign.corrected), (Some("made-by-hand"), false));
    assert!(foreign.remedy.unwrap().starts_with("Take the profile over"));
    let counted: u64 = told.kinds.iter().map(|kind| kind.items).sum();
    assert_eq!(counted, u64::try_from(told.drift.items.len()).unwrap());
}

#[test]
fn a_window_reaches_whom_its_events_reached() {
    let window = |from: i64, until: i64| reached(&notes(), before(from), before(until));
    let (events, wake) = window(20, 0);
    let people = ["ana", "bob", "cy", "dee"].map(person_id);
    assert_eq!((events, wake), (1, Wake::People(people.into())));
    assert_eq!(window(104, 0), (3, Wake::Everything));
    assert_eq!(window(1_000, 500), (0, Wake::People(BTreeSet::new())));
    // The end is not part of it, the beginning is.
    assert_eq!(window(104, 104).0, 0);
    assert_eq!(window(104, 103).0, 1);
}

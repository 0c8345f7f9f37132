//! What is remembered of events, and of what full passes find.

use crate::reconciler::{Running, pass};
use crate::world::{MAP, World, person_id};
use control::event::{Family, Outcome};
use control::ports::{Chronicle, Found, Heard, Note, Noted};
use jiff::civil::Date;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

async fn notes(world: &Arc<World>) -> Vec<Note> {
    world.store.notes(9).await.unwrap()
}

fn heard(note: &Note) -> &Heard {
    match &note.noted {
        Noted::Heard(heard) => heard,
        Noted::Found(found) => panic!("{found:?}"),
    }
}

fn found(note: &Note) -> &Found {
    match &note.noted {
        Noted::Found(found) => found,
        Noted::Heard(heard) => panic!("{heard:?}"),
    }
}

#[tokio::test]
async fn an_event_is_noted_with_what_came_of_it_and_nothing_else_of_it() {
    let world = World::of(&["ada"]);
    let plane = world.plane(MAP);
    let long = "x".repeat(500);
    let event = json!({
        "eventSource": "sso-directory.amazonaws.com",
        "eventName": long,
        "eventID": "e-1",
        "eventTime": "2026-11-21T08:59:00Z",
        "requestParameters": {"secret": "SECRET"},
    });
    plane.hear(&event.to_string()).await;
    plane.hear("no event").await;
    // What comes from no directory is not worth a note.
    let other = json!({"eventSource": "s3.amazonaws.com", "eventName": "GetObject"});
    plane.hear(&other.to_string()).await;
    let notes = notes(&world).await;
    assert_eq!(notes.len(), 2);
    assert!(!format!("{notes:?}").contains("SECRET"));
    let malformed = heard(&notes[0]);
    assert_eq!((malformed.family, malformed.outcome), (Family::Other, Outcome::Malformed));
    assert_eq!((malformed.name.as_deref(), malformed.people.as_ref()), (None, None));
    let known = heard(&notes[1]);
    assert_eq!(known.family, Family::SsoDirectory);
    assert_eq!(known.event_id.as_deref(), Some("e-1"));
    assert_eq!(known.name.as_ref().map(String::len), Some(128));
    assert_eq!(known.happened, "2026-11-21T08:59:00Z".parse().ok());
}

#[tokio::test(start_paused = true)]
async fn what_no_event_had_told_of_is_noted_by_the_next_full_pass() {
    let world = World::of(&["ada", "bob"]);
    let running = Running::start(&world, MAP);
    pass(60).await;
    // What the first pass of a process finds says nothing about events.
    assert_eq!(notes(&world).await, []);
    world.leave("ada", "ml-fraud");
    pass(1_800).await;
    let noted = notes(&world).await;
    let [missed] = noted.as_slice() else { panic!("{noted:?}") };
    let missed = found(missed);
    assert_eq!((missed.person.clone(), missed.gives), (person_id("ada"), false));
    assert_eq!((missed.team.as_str(), missed.reason.as_str()), ("fraud", "entitlement-lost"));
    // Once is enough, however many passes follow.
    pass(3_600).await;
    assert_eq!(notes(&world).await.len(), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_event_had_told_of_is_not() {
    let world = World::of(&["ada", "bob"]);
    let running = Running::start(&world, MAP);
    pass(60).await;
    world.leave("ada", "ml-fraud");
    // It concerns everybody, and the pass that it wakes is a full one.
    let wake = running.plane.hear("no event").await.unwrap();
    running.wake(wake).await;
    pass(1_800).await;
    let noted = notes(&world).await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(heard(&noted[0]).outcome, Outcome::Malformed);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn every_full_pass_counts_the_profiles_of_the_day() {
    let world = World::of(&["ada", "bob"]);
    let running = Running::start(&world, MAP);
    pass(60).await;
    world.join("cyd", "ml-fraud");
    pass(1_800).await;
    let counts = world.store.profile_counts(Date::MIN).await.unwrap();
    let counts: Vec<&BTreeMap<Date, u64>> = counts.values().collect();
    let [days] = counts.as_slice() else { panic!("{counts:?}") };
    assert_eq!(days.values().copied().collect::<Vec<u64>>(), [3]);
    running.stop().await;
}

//! `stagedoor events replay`.

use crate::cloud::RESEARCH;
use crate::process::Run;
use crate::world::{ANA, BEN, CLEO, FAST, MAP, SEED, World, settled};
use serde_json::{Value, json};

/// An event of the shape that EventBridge delivers for a change made in the console.
const ADD_MEMBER: &str = include_str!("data/add-member-to-group.json");

/// The event, about this person and group.
fn event(name: &str, person: &str, group: &str) -> Value {
    let mut event: Value = serde_json::from_str(ADD_MEMBER).unwrap();
    event["detail"]["eventName"] = name.into();
    event["detail"]["requestParameters"]["groupId"] = group.into();
    event["detail"]["requestParameters"]["member"]["memberId"] = person.into();
    event
}

fn replay(world: &World, args: &[&str]) -> Run {
    world.run(&[&["events", "replay", "--poll", "20ms"], args].concat())
}

/// Nobody has a profile yet.
fn fresh() -> World {
    World::new(&format!("{SEED}{FAST}"), MAP)
}

#[test]
fn an_added_member_gets_a_profile_and_nobody_else_does() {
    let world = fresh();
    let group = world.cloud.group_id("ml-demand");
    world.write("event.json", &event("AddMemberToGroup", BEN, &group).to_string());
    let run = replay(&world, &["event.json"]).exits(0);
    assert_eq!(
        run.talk(),
        format!(
            "event.json: AddMemberToGroup 7d0c4c1e-3c0f-4a55-8f6f-0e3f6d2b9a10 → read {BEN} again\n  \
             ben--demand in research: created\n"
        )
    );
    assert_eq!(world.cloud.names(), ["ben--demand"]);
    // What the event says is not believed: the groups were read again.
    world.write("event.json", &event("AddMemberToGroup", CLEO, &group).to_string());
    replay(&world, &["event.json"]).exits(0);
    assert_eq!(world.cloud.names(), ["ben--demand"]);
}

#[test]
fn a_folder_of_events_is_replayed_as_one() {
    let world = fresh();
    std::fs::create_dir(world.path("events")).unwrap();
    world.write("events/1.json", &event("AddMemberToGroup", ANA, "g-1").to_string());
    let two = [event("AddMemberToGroup", ANA, "g-1"), event("AddMemberToGroup", BEN, "g-1")];
    let lines: Vec<String> = two.iter().map(Value::to_string).collect();
    world.write("events/2.jsonl", &lines.join("\n"));
    world.write("events/README.txt", "not an event");
    let run = replay(&world, &["events"]).exits(0);
    let talk = run.talk();
    for place in ["events/1.json: ", "events/2.jsonl:1: ", "events/2.jsonl:2: "] {
        assert_eq!(talk.matches(place).count(), 1, "{talk}");
    }
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
    assert_eq!(world.cloud.calls("sagemaker:CreateUserProfile"), 3);
}

#[test]
fn a_log_file_of_cloudtrail_is_read_record_by_record() {
    let world = fresh();
    let record = event("AddMemberToGroup", BEN, "g-1")["detail"].clone();
    let log = json!({"Records": [{"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin"}, record]});
    world.write("log.json", &log.to_string());
    replay(&world, &["log.json"]).exits(0).says(&[
        "log.json[0]: ConsoleLogin no eventID → concerns nobody's rights\n",
        &format!("→ read {BEN} again\n"),
    ]);
    assert_eq!(world.cloud.names(), ["ben--demand"]);
}

#[test]
fn a_dry_run_shows_what_would_be_done() {
    let world = fresh();
    world.write("event.json", &event("AddMemberToGroup", BEN, "g-1").to_string());
    let run = replay(&world, &["event.json", "--dry-run"]).exits(2);
    assert!(
        run.stdout.starts_with("GAINS\n  + Ben Okafor (ben) → demand  role studio-demand\n"),
        "{run:?}"
    );
    assert!(!run.stdout.contains("Ana"), "{}", run.stdout);
    assert_eq!(world.cloud.profiles(RESEARCH), []);
    assert!(!world.path("stagedoor.db").exists());
}

#[test]
fn a_call_that_failed_changes_nothing() {
    let world = fresh();
    let mut failed = event("AddMemberToGroup", BEN, "g-1");
    failed["detail"]["errorCode"] = "AccessDenied".into();
    world.write("event.json", &failed.to_string());
    let run = replay(&world, &["event.json"]).exits(0).prints("");
    assert!(
        run.talk().ends_with("No event concerns anybody's rights. Nothing to do.\n"),
        "{}",
        run.talk()
    );
    assert_eq!(world.cloud.look().calls().count(), 0);
}

#[test]
fn what_is_no_event_is_refused_with_its_place() {
    let world = fresh();
    world.write("good.json", &event("AddMemberToGroup", BEN, "g-1").to_string());
    for (garbage, place) in [
        ("[]", "garbage.json: the event is not a JSON object"),
        ("{}\nnot json\n", "garbage.json:2: the event is not a JSON object"),
        ("<xml/>", "garbage.json:1: the event is not a JSON object"),
    ] {
        world.write("garbage.json", garbage);
        replay(&world, &["garbage.json"]).exits(3).prints("").says(&["error: ", place]);
    }
    let document = replay(&world, &["nowhere.json", "--output", "json"]).exits(3).json();
    assert_eq!(document["code"], "event-unreadable");
    assert_eq!(world.cloud.look().calls().count(), 0);
}

#[test]
fn a_removed_member_is_offboarded() {
    let world = World::new(&settled(), MAP);
    world.cloud.leave("ana", "ml-fraud");
    // Ben has left too, but no event says so.
    world.cloud.leave("ben", "ml-demand");
    world.write("event.json", &event("RemoveMemberFromGroup", ANA, "g-1").to_string());
    replay(&world, &["event.json"]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    assert_eq!(world.cloud.changes(), ["AddTags", "DeleteUserProfile"]);
}

#[test]
fn an_event_that_names_nobody_has_everything_read_again() {
    let world = fresh();
    let mut masked = event("DeleteGroup", BEN, "g-1");
    masked["detail"]["requestParameters"] = json!({"groupId": "g-1"});
    world.write("event.json", &masked.to_string());
    replay(&world, &["event.json"]).exits(0).says(&["→ read everything again\n"]);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

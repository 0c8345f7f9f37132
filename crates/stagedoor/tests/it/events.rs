//! `stagedoor events replay`.

use crate::cloud::{RESEARCH, until};
use crate::process::{Run, Running};
use crate::world::{ANA, BEN, CLEO, FAST, MAP, SEED, World, settled};
use serde_json::{Value, json};
use std::time::Duration;

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
            "event.json: AddMemberToGroup 7d0c4c1e-3c0f-4a55-8f6f-0e3f6d2b9a10 → read {BEN} again\n\
             1 file, 1 event.\n  \
             sso-directory: person 1\n  \
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
        &format!("log.json[1]: AddMemberToGroup 7d0c4c1e-3c0f-4a55-8f6f-0e3f6d2b9a10 → read {BEN}"),
        "1 file, 2 events.\n  sso-directory: person 1\n  other: ignored 1\n",
    ]);
    assert_eq!(world.cloud.names(), ["ben--demand"]);
}

#[test]
fn a_dry_run_shows_what_would_be_done() {
    let world = fresh().without_store();
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
fn what_is_no_event_is_named_and_the_rest_goes_on() {
    for (garbage, problems) in [
        ("[]", vec!["events/2.json: the event is not a JSON object"]),
        ("<xml/>", vec!["events/2.json: the event is not a JSON object: expected value"]),
        (
            "{\"source\":\"aws.s3\"}\nnot json\n7\n",
            vec![
                "events/2.json:2: the event is not a JSON object: expected",
                "events/2.json:3: the event is not a JSON object\n",
            ],
        ),
        ("{\"Records\": 7}", vec!["events/2.json: `Records` is 7"]),
    ] {
        let world = fresh();
        std::fs::create_dir(world.path("events")).unwrap();
        world.write("events/1.json", &event("AddMemberToGroup", BEN, "g-1").to_string());
        world.write("events/2.json", garbage);
        world.write("events/3.json", &event("AddMemberToGroup", ANA, "g-1").to_string());
        let run = replay(&world, &["events"]).exits(1).says(&problems);
        assert!(run.talk().contains("could not be read (event-invalid)"), "{}", run.talk());
        assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
    }
}

#[test]
fn a_path_without_events_is_refused() {
    let world = fresh();
    let document = replay(&world, &["nowhere.json", "--output", "json"]).exits(3).json();
    assert_eq!(document["code"], "event-unreadable");
    std::fs::create_dir(world.path("empty")).unwrap();
    replay(&world, &["empty"]).exits(3).prints("").says(&["there is no event in it"]);
    assert_eq!(world.cloud.look().calls().count(), 0);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_trail_is_read_as_it_lies_in_its_bucket() {
    let world = fresh();
    let day = world.path("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/20");
    std::fs::create_dir_all(&day).unwrap();
    let log = json!({"Records": [event("AddMemberToGroup", BEN, "g-1")["detail"]]}).to_string();
    // As `cat a.gz b.gz` leaves them: one file of several members.
    let lines = ["AddMemberToGroup", "RemoveMemberFromGroup"];
    let lines = lines.map(|name| gzip(&format!("{}\n", event(name, BEN, "g-1")["detail"])));
    std::fs::write(day.join("3.jsonl.gz"), lines.concat()).unwrap();
    std::fs::write(day.join("1.json.gz"), gzip(&log)).unwrap();
    std::fs::write(day.join("2.json.gz"), &gzip(&log)[..40]).unwrap();
    let digest = json!({"digestS3Object": "x", "logFiles": []}).to_string();
    std::fs::write(day.join("digest.json.gz"), gzip(&digest)).unwrap();
    let run = replay(&world, &["AWSLogs", "--output", "json"]).exits(1);
    let document = run.json();
    assert_eq!((&document["files"], &document["events"]), (&json!(4), &json!(3)));
    assert_eq!(document["readAgain"], json!([BEN]));
    assert_eq!(document["changed"], 1);
    let broken = document["malformed"][0]["place"].as_str().unwrap();
    assert!(broken.ends_with("2026/11/20/2.json.gz"), "{broken}");
    assert_eq!(world.cloud.names(), ["ben--demand"]);
}

#[test]
fn only_the_events_of_the_window_are_acted_on() {
    let world = fresh();
    let at = |time: &str, person: &str| {
        let mut event = event("AddMemberToGroup", person, "g-1");
        event["detail"]["eventTime"] = time.into();
        event.to_string()
    };
    let lines = [
        at("2026-11-19T23:59:59Z", CLEO),
        at("2026-11-20T00:00:00Z", ANA),
        at("2026-11-20T11:59:59Z", ANA),
        at("2026-11-20T12:00:00Z", CLEO),
        // An event that does not say when it happened is not left out.
        at("once upon a time", BEN),
    ];
    world.write("events.jsonl", &lines.join("\n"));
    let window = ["--since", "2026-11-20", "--until", "2026-11-20T12:00:00Z"];
    let args = [&["events.jsonl", "--dry-run", "--output", "json"], &window[..]].concat();
    let document = replay(&world, &args).exits(2).json();
    assert_eq!(document["outsideWindow"], 2);
    assert_eq!(document["readAgain"], json!([ANA, BEN]));
    let outcomes = json!([{"family": "sso-directory", "outcome": "person", "events": 3}]);
    assert_eq!(document["outcomes"], outcomes);
    assert_eq!(document["plan"]["summary"]["gain"], 3);
    assert_eq!(world.cloud.names(), Vec::<String>::new());
    replay(&world, &["events.jsonl", "--since", "yesterday"]).exits(3);
}

/// The event that tells of a removal without saying whose.
fn ended(membership: &Value) -> Value {
    json!({"eventSource": "identitystore.amazonaws.com", "eventName": "DeleteGroupMembership",
        "requestParameters": {"identityStoreId": "d-906716eb24", "membershipId": membership}})
}

#[test]
fn a_membership_that_ended_is_known_from_the_last_full_reading() {
    let world = World::new(&settled(), MAP);
    world.apply(&[]).exits(0);
    let membership = world.cloud.membership_id("ana", "ml-fraud");
    world.cloud.leave("ana", "ml-fraud");
    world.cloud.leave("ben", "ml-demand");
    world.write("event.json", &ended(&membership).to_string());
    let dry = replay(&world, &["event.json", "--dry-run", "--output", "json"]).exits(2).json();
    assert_eq!(dry["readAgain"], json!([ANA]));
    replay(&world, &["event.json"]).exits(0).says(&[&format!("→ read {ANA} again\n")]);
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    // Nobody knows this one, so everything is read.
    let unknown = "00000000-0000-0000-0000-000000000000";
    world.write("event.json", &ended(&unknown.into()).to_string());
    replay(&world, &["event.json"]).exits(0).says(&["→ read everything again\n"]);
    assert_eq!(world.cloud.names(), ["ana--demand"]);
}

#[test]
fn a_membership_that_began_and_ended_in_the_window_is_known_from_its_beginning() {
    let world = fresh();
    let membership: Value = "b4b8c418-50f1-70c2-a3a2-0e5c1d7f2a66".into();
    let group = world.cloud.group_id("ml-demand");
    let begun = json!({"eventSource": "identitystore.amazonaws.com",
        "eventName": "CreateGroupMembership",
        "requestParameters": {"groupId": group, "memberId": {"userId": CLEO}},
        "responseElements": {"membershipId": membership}});
    // In the wrong order, as CloudTrail may deliver them.
    world.write("events.jsonl", &format!("{}\n{begun}", ended(&membership)));
    let dry = replay(&world, &["events.jsonl", "--dry-run", "--output", "json"]).exits(0).json();
    assert_eq!(dry["readAgain"], json!([CLEO]));
}

#[test]
fn a_group_is_read_once_for_all_its_events_and_nobody_else_is() {
    let world = World::new(&settled(), MAP);
    world.apply(&[]).exits(0);
    let group = world.cloud.group_id("ml-fraud");
    world.cloud.leave("ana", "ml-fraud");
    let patch = json!({"eventSource": "identitystore-scim.amazonaws.com",
        "eventName": "PatchGroup", "requestParameters": {"id": group}});
    world.write("events.jsonl", &format!("{patch}\n{patch}\n{patch}"));
    let before = world.cloud.calls("identitystore:ListUsers");
    replay(&world, &["events.jsonl"]).exits(0).says(&["  identitystore-scim: group 3\n"]);
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    assert_eq!(world.cloud.calls("identitystore:ListUsers"), before, "not everybody");
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

#[test]
fn rules_are_printed_to_be_pasted_and_pass_the_lint() {
    let world = fresh();
    let run = world.run(&["events", "pattern", "--family", "sso-directory"]).exits(0);
    world.write("rule.json", &run.stdout);
    world.run(&["events", "lint", "rule.json"]).exits(0).prints("rule.json: 1 rule, 1 warning.\n");
    let document = world.run(&["events", "pattern", "--output", "json"]).exits(0).json();
    assert_eq!(document["kind"], "EventRules");
    let rules = document["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 2);
    let resources: serde_json::Map<String, Value> = rules
        .iter()
        .map(|rule| {
            let properties = json!({"Name": rule["name"], "Description": rule["description"],
                "EventBusName": rule["eventBus"], "EventPattern": rule["pattern"]});
            let name = rule["name"].as_str().unwrap().replace('-', "");
            (name, json!({"Type": "AWS::Events::Rule", "Properties": properties}))
        })
        .collect();
    world.write("template.json", &json!({"Resources": resources}).to_string());
    let run = world.run(&["events", "lint", "template.json", "--output", "json"]).exits(0);
    assert_eq!((&run.json()["rules"], &run.json()["findings"]), (&json!(2), &json!([])));
}

#[test]
fn a_template_in_yaml_is_looked_into() {
    let world = fresh();
    world.write(
        "template.yaml",
        "Resources:
  Queue: { Type: AWS::SQS::Queue }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Targets: [{ Arn: !GetAtt Queue.Arn, Id: queue, Input: !Sub 'x ${Queue}' }]
      EventPattern:
        source: [aws.sso-directory]
        detail-type: AWS API Call via CloudTrail
",
    );
    let run = world.run(&["events", "lint", "template.yaml", "--output", "json"]).exits(1);
    let document = run.says(&["error: rule Rule: "]).json();
    assert_eq!((&document["kind"], &document["rules"]), (&json!("RuleFindings"), &json!(1)));
    assert_eq!(document["findings"][0]["code"], "value-not-in-list");
    assert_eq!(document["findings"][0]["severity"], "error");
    assert_eq!(document["findings"][0]["rule"], "Rule");
    let told = "template.yaml: 1 rule, 1 error: changes of the directory will be missed, ";
    assert!(world.run(&["events", "lint", "template.yaml"]).exits(1).stdout.starts_with(told));
    world.write("broken.json", "{\"source\": [}");
    world.run(&["events", "lint", "broken.json"]).exits(3).says(&["broken.json: expected value"]);
    world.run(&["events", "lint", "nowhere.json"]).exits(3).says(&["(rules-unreadable)"]);
}

/// Four people's worth of changes, told by one family; the timer never helps.
#[track_caller]
fn converges(family: &str, faults: &str) {
    let seed = format!("{SEED}{FAST}events: {{ queue: changes, family: {family} }}\n");
    let map = MAP.replace("max_removals_percent: 50", "max_removals_percent: 100");
    let world = World::new(&seed, &map);
    world.cloud.go_wrong(faults);
    let args = ["serve", "--listen", "127.0.0.1:0", "--recheck", "50ms", "--resync", "10h"];
    let args = [&args[..], &["--events-queue", "changes"]].concat();
    let mut server = Running::start(world.command(&args));
    let names = |expected: &[&str]| {
        until(&format!("{family}: {expected:?}"), || {
            // A minute of AWS's time a look: events that are late arrive.
            world.cloud.advance(Duration::from_mins(1));
            (world.cloud.names() == expected).then_some(())
        });
    };
    names(&["ana--demand", "ana--fraud", "ben--demand"]);
    world.cloud.join("cleo", "ml-fraud");
    names(&["ana--demand", "ana--fraud", "ben--demand", "cleo--fraud"]);
    world.cloud.leave("ana", "ml-fraud");
    names(&["ana--demand", "ben--demand", "cleo--fraud"]);
    world.cloud.disable("ben");
    names(&["ana--demand", "cleo--fraud"]);
    let demand = world.cloud.group_id("ml-demand");
    let renamed = json!([{"AttributePath": "displayName", "AttributeValue": "chess"}]);
    world.cloud.change("UpdateGroup", json!({"GroupId": demand, "Operations": renamed}));
    names(&["cleo--fraud"]);
    let fraud = world.cloud.group_id("ml-fraud");
    world.cloud.change("DeleteGroup", json!({"GroupId": fraud}));
    names(&[]);
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
}

#[test]
fn each_family_leads_to_the_same_state() {
    for family in ["sso-directory", "identitystore", "identitystore-scim", "notification"] {
        converges(family, "{}");
    }
}

#[test]
fn doubled_and_overtaken_events_lead_there_too() {
    for family in ["sso-directory", "identitystore-scim"] {
        converges(family, "events: { double: true, reorder: 2 }");
    }
}

#[test]
fn what_one_family_loses_another_tells() {
    converges("all", "events: { drop: 2, double: 3, delay_seconds: 5 }");
}

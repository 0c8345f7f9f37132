//! Whom the map names is told of what needs a person, by `serve` and by Lambda's timer; and what else
//! the timer does beside its work.

use crate::cloud::{PATIENCE, now, until};
use crate::desk_commands::room;
use crate::house::identity_provider;
use crate::invoker::Invoker;
use crate::lambda::tick;
use crate::process::Running;
use crate::world::{FAST, MAP, SEED, World, block_on, owned, settled};
use control::ports::{AuditEntry, AuditEvent, AuditLog, MetadataCopies, WorkKey, WorkQueue};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::mpsc::Receiver;
use store::SqliteStore;

/// So long before now.
fn ago(hours: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_hours(hours)).unwrap()
}

/// The map of these tests: an identity provider, and a room that hears of everything.
fn map() -> String {
    format!(
        "{MAP}\nidentity_providers:\n  corp:\n    metadata: corp.xml\n    person: {{ attribute: \
         ssouserid, matches: id }}\nnotifications:\n  webhooks:\n    ops: {{ url_from: \
         \"file:ops.url\" }}\n"
    )
}

/// A world whose room hears; the metadata of its identity provider ends in ten days.
fn world(seed: &str) -> (World, Receiver<Value>) {
    let world = World::new(seed, &map());
    let (room, heard) = room("200 OK");
    world.write("ops.url", &room);
    let end = now().checked_add(SignedDuration::from_hours(240)).unwrap();
    let end = end.strftime("%Y-%m-%dT%H:%M:%SZ");
    let (tag, valid) = ("EntityDescriptor ", format!("EntityDescriptor validUntil=\"{end}\" "));
    let metadata = identity_provider().metadata_xml();
    assert!(metadata.contains(tag), "{metadata}");
    world.write("corp.xml", &metadata.replacen(tag, &valid, 1));
    (world, heard)
}

/// Everybody leaves, which the guard refuses; somebody's profile has been on its way out for days, and
/// SageMaker will not delete it.
fn trouble() -> (World, Receiver<Value>) {
    let since = ago(240).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let leaving = owned("cleo", "fraud", &format!(", \"stagedoor:leaving-since\": \"{since}\""));
    let (world, heard) = world(&format!("{}{leaving}", settled()));
    world.cloud.go_wrong(
        "rules: [{ service: sagemaker, operation: DeleteUserProfile, error: { code: \
         ValidationException, message: no, status: 400 } }]",
    );
    for (person, group) in [("ana", "ml-fraud"), ("ana", "ml-demand"), ("ben", "ml-demand")] {
        world.cloud.leave(person, group);
    }
    (world, heard)
}

/// A directory that cannot be read, three hours after the last full pass.
fn silence() -> (World, Receiver<Value>) {
    let (world, heard) = world(&format!("{SEED}{FAST}"));
    let store = SqliteStore::open(world.path("stagedoor.db")).unwrap();
    block_on(store.passed(ago(3))).unwrap();
    world.cloud.go_wrong(
        "rules: [{ service: identitystore, error: { code: AccessDeniedException, \
         message: no, status: 400 } }]",
    );
    (world, heard)
}

/// A directory that is pushed, whose token ends within the hour.
fn pushed() -> (World, Receiver<Value>) {
    let (world, heard) = world(&format!("{SEED}{FAST}"));
    let read = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
    world.write("access.yaml", &map().replace(read, "scim: {}"));
    world.run(&["token", "create", "entra", "--scope", "scim", "--for", "1h"]).exits(0);
    (world, heard)
}

/// Waits until the room has heard each of these, whatever else it hears.
#[track_caller]
fn hears(heard: &Receiver<Value>, wanted: &[&str]) {
    let mut missing = wanted.to_vec();
    let mut all = Vec::new();
    while !missing.is_empty() {
        let Ok(message) = heard.recv_timeout(PATIENCE) else {
            panic!("nobody said {missing:?}, but: {all:#?}");
        };
        let text = message["text"].as_str().unwrap().to_owned();
        missing.retain(|wanted| !text.contains(wanted));
        all.push(text);
    }
}

const GUARD: &str = "The guard holds a plan back that takes 3 profiles away";
const STUCK: &str = "The offboarding of cleo--fraud in research is stuck";
const ENDS: &str = "The metadata of identity provider corp ends on";
const STALE: &str = "Nothing was read in full for more than 2 hours";
const TOKEN: &str = "SCIM token entra of directory scim ends on";

fn server(world: &World) -> Running {
    server_with(world, &[])
}

fn server_with(world: &World, more: &[&str]) -> Running {
    let flags = ["--listen", "127.0.0.1:0", "--recheck", "50ms", "--notify-every", "50ms"];
    let public = ["--public-url", "https://door.example.com"];
    Running::start(world.command(&[&["serve"], &flags[..], &public, more].concat()))
}

#[test]
fn serve_tells_of_a_refusing_guard_a_stuck_offboarding_and_an_ending_certificate() {
    let (world, heard) = trouble();
    let mut server = server(&world);
    hears(&heard, &[GUARD, STUCK, ENDS]);
    assert!(server.terminate().success(), "{}", server.said());
}

#[test]
fn serve_tells_that_nothing_was_read_for_hours() {
    let (world, heard) = silence();
    let mut server = server(&world);
    hears(&heard, &[STALE]);
    assert!(server.terminate().success(), "{}", server.said());
}

#[test]
fn serve_tells_of_a_token_that_ends_until_it_is_revoked() {
    let (world, heard) = pushed();
    let mut server = server(&world);
    hears(&heard, &[TOKEN]);
    world.run(&["token", "revoke", "entra"]).exits(0);
    hears(&heard, &[&format!("Over: {TOKEN}"), "Nobody can push people to directory scim"]);
    assert!(server.terminate().success(), "{}", server.said());
}

#[test]
fn serve_tells_of_broken_glass_long_before_the_next_full_pass() {
    let (world, heard) = world(&settled());
    let emergencies = "temporary_access:\n  longest: 8h\n  break_glass:\n    - { group: ml-demand, \
                       teams: [fraud], needs: reason, longest: 1h }\n";
    world.write("access.yaml", &format!("{}{emergencies}", map()));
    let mut server = server_with(&world, &["--resync", "1h"]);
    until("the first full pass is over", || {
        let store = SqliteStore::open(world.path("stagedoor.db")).unwrap();
        block_on(store.status(now())).unwrap().last_full
    });
    let glass = ["break-glass", "ben", "fraud", "--reason", "prod is down", "--by", "ben"];
    world.run(&glass).exits(0);
    hears(&heard, &["has team fraud by break-glass"]);
    assert!(server.terminate().success(), "{}", server.said());
}

#[test]
fn the_timer_tells_of_a_refusing_guard_a_stuck_offboarding_and_an_ending_certificate() {
    let (world, heard) = trouble();
    let mut invoker = Invoker::start(&world, &[]);
    invoker.answer(&tick());
    hears(&heard, &[GUARD, STUCK, ENDS]);
    // What was told is not told again at the next tick.
    invoker.answer(&tick());
    assert!(heard.try_recv().is_err());
}

/// A timer that has told of a guard which has nothing to refuse any more.
fn told_what_is_over() -> (World, Receiver<Value>, Invoker) {
    const GROUPS: [(&str, &str); 3] =
        [("ana", "ml-fraud"), ("ana", "ml-demand"), ("ben", "ml-demand")];
    let (world, heard) = world(&settled());
    for (person, group) in GROUPS {
        world.cloud.leave(person, group);
    }
    let mut timer = Invoker::start(&world, &[]);
    timer.answer(&tick());
    hears(&heard, &[GUARD, ENDS]);
    for (person, group) in GROUPS {
        world.cloud.join(person, group);
    }
    (world, heard, timer)
}

#[test]
fn of_two_warm_timers_the_one_that_read_everything_last_tells() {
    let (world, heard, mut first) = told_what_is_over();
    let store = SqliteStore::open(world.path("stagedoor.db")).unwrap();
    block_on(store.push(&BTreeSet::from([WorkKey::Everything]), now())).unwrap();
    let mut second = Invoker::start(&world, &[]);
    second.answer(&tick());
    hears(&heard, &[&format!("Over: {GUARD}")]);
    first.answer(&tick());
    let told: Vec<Value> = heard.try_iter().collect();
    assert_eq!(told, [Value::Null; 0], "{}", first.process.said());
}

/// The second one finds the guard content and a profile that it cannot make.
#[test]
fn of_two_warm_timers_the_one_that_read_last_tells_also_where_something_failed() {
    let (world, heard, mut first) = told_what_is_over();
    world.cloud.join("cleo", "ml-fraud");
    world.cloud.go_wrong(
        "rules: [{ service: sagemaker, operation: CreateUserProfile, error: { code: \
         ValidationException, message: no, status: 400 } }]",
    );
    let mut second = Invoker::start(&world, &[]);
    let failed = second.answer(&tick());
    assert_eq!((&failed["complete"], &failed["done"]), (&json!(1), &json!(0)));
    hears(&heard, &[&format!("Over: {GUARD}")]);
    first.answer(&tick());
    let told: Vec<Value> = heard.try_iter().collect();
    assert_eq!(told, [Value::Null; 0], "{}", first.process.said());
}

#[test]
fn the_timer_tells_that_nothing_was_read_for_hours() {
    let (world, heard) = silence();
    let mut invoker = Invoker::start(&world, &[]);
    invoker.answer(&tick());
    hears(&heard, &[STALE]);
}

#[test]
fn the_timer_tells_of_a_token_that_ends() {
    let (world, heard) = pushed();
    let mut invoker = Invoker::start(&world, &[]);
    invoker.answer(&tick());
    hears(&heard, &[TOKEN]);
}

/// Stagedoor's own certificate: Door alone has the key, and leaves for the timer when it ends.
#[test]
fn the_timer_tells_of_our_own_certificate_by_what_the_door_left() {
    const OWN: &str = "own-keys";
    let (world, heard) = world(&settled());
    world.run(&["saml", "key", "new", "--out", "sp.pem"]).exits(0);
    let key = world.path("sp.pem").display().to_string();
    let public = "https://door.example.com";
    let variables = [("STAGEDOOR_PUBLIC_URL", public), ("STAGEDOOR_SP_KEY_FILE", key.as_str())];
    let mut door = Invoker::start(&world, &variables);
    // It is hung before the first invocation.
    assert_eq!(door.answer(&json!({"detail-type": "x", "detail": {}})), Value::Null);
    let store = || SqliteStore::open(world.path("stagedoor.db")).unwrap();
    let left = block_on(store().metadata_copy(OWN)).unwrap().unwrap();
    let left: Value = serde_json::from_slice(&left).unwrap();
    assert!(left[0]["not_after"].as_str().unwrap().starts_with("203"), "ten years: {left}");
    let soon = now().checked_add(SignedDuration::from_hours(48)).unwrap();
    let ends = json!([{"fingerprint": "ab", "not_after": soon}]).to_string();
    block_on(store().keep_metadata(OWN, ends.as_bytes())).unwrap();
    let mut timer = Invoker::start(&world, &[]);
    timer.answer(&tick());
    hears(&heard, &["Stagedoor's own certificate ends on", ENDS]);
}

#[test]
fn the_timer_keeps_checkpoints_and_lets_go_of_what_is_old() {
    let seed = format!("{}buckets: [{{ name: anchors, lock: true }}]\n", settled());
    let world = World::new(&seed, MAP);
    let store = SqliteStore::open(world.path("stagedoor.db")).unwrap();
    for hours in [100, 90, 80] {
        let old = AuditEntry::new(ago(hours), AuditEvent::SignIn, "signed-in");
        block_on(store.append(&old)).unwrap();
    }
    drop(store);
    let variables = [
        ("STAGEDOOR_AUDIT_CHECKPOINTS", "s3://anchors/door"),
        ("STAGEDOOR_AUDIT_CHECKPOINT_EVERY", "1s"),
        ("STAGEDOOR_AUDIT_RETENTION", "3d"),
    ];
    let mut invoker = Invoker::start(&world, &variables);
    invoker.answer(&tick());
    let count =
        |event: AuditEvent| world.audit().iter().filter(|entry| entry.event == event).count();
    assert_eq!(count(AuditEvent::AuditCheckpoint), 1, "{}", invoker.process.said());
    assert_eq!(count(AuditEvent::MapLoaded), 1, "which map is in force is written down once");
    invoker.answer(&tick());
    assert_eq!((count(AuditEvent::MapLoaded), count(AuditEvent::SignIn)), (1, 0));
    assert_eq!(count(AuditEvent::AuditPruned), 1);
    let verify = ["audit", "verify", "--checkpoints", "s3://anchors/door", "--output", "json"];
    let verdict = world.run(&verify).exits(0).json();
    assert!(verdict["checkpoints"].as_u64() >= Some(1), "{verdict}");
}

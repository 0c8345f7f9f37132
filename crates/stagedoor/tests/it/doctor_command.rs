//! `stagedoor doctor`, of what stands in the store.

use crate::cloud::now;
use crate::mirror_command;
use crate::world::{FAST, MAP, SEED, World, block_on};
use access::ids::DirectoryName;
use control::meter::{MirrorSeen, PassOutcome};
use control::ports::{
    AuditEntry, AuditEvent, MirrorRecords, RecordChange, RecordKey, RecordKind, RecordMember,
    RecordWritten, ScimRecord, ScimRecords,
};
use serde_json::Value;
use std::fmt::Write as _;
use store::SqliteStore;

fn store(world: &World) -> SqliteStore {
    SqliteStore::open(world.path("stagedoor.db")).unwrap()
}

/// Writes a record as if it was pushed.
fn push(world: &World, kind: RecordKind, id: &str, name: &str, members: &[&str]) {
    let (key, member) = match kind {
        RecordKind::User => (RecordKey::UserName, "userName"),
        RecordKind::Group => (RecordKey::DisplayName, "displayName"),
    };
    let record = ScimRecord {
        kind,
        id: id.to_owned(),
        version: 1,
        created: now(),
        changed: now(),
        keys: [(key, name.to_owned())].into(),
        body: serde_json::json!({ member: name }).to_string(),
    };
    let of_user = |id: &&str| RecordMember { id: (*id).to_owned(), kind: RecordKind::User };
    let members = members.iter().map(of_user).collect();
    let entry = AuditEntry::new(now(), AuditEvent::SignIn, "pushed");
    let directory = DirectoryName::parse("scim").unwrap();
    let change = RecordChange::Create { record, members };
    let written = block_on(store(world).scim_write(directory.as_str(), &change, &entry)).unwrap();
    assert_eq!(written, RecordWritten::Done);
}

fn checks(world: &World, only: &str) -> Vec<(String, String, String)> {
    let run = world.run(&["doctor", "--only", only, "--output", "json"]).exits(0);
    let text = |check: &Value, key: &str| check[key].as_str().unwrap().to_owned();
    let checks = run.json()["checks"].as_array().unwrap().clone();
    checks.iter().map(|c| (text(c, "about"), text(c, "state"), text(c, "text"))).collect()
}

#[test]
fn people_who_were_pushed_are_read_and_nothing_is_left_behind() {
    let to = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
    let world = World::new(&format!("{SEED}{FAST}"), &MAP.replace(to, "scim: {}"));
    push(&world, RecordKind::User, "u-1", "ana", &[]);
    push(&world, RecordKind::Group, "g-1", "ml-fraud", &["u-1"]);
    push(&world, RecordKind::Group, "g-2", "ml-demand", &["u-1"]);
    world.run(&["token", "create", "idp", "--scope", "scim", "--for", "365d"]).exits(0);
    let before = world.audit();
    let found = checks(&world, "DIR,QUO");
    let wanted = found.last().unwrap();
    assert!(wanted.2.ends_with("profiles, 2 more to be made"), "{found:?}");
    assert!(found.iter().all(|(_, state, _)| state == "ok"), "{found:?}");
    assert_eq!(world.audit(), before);
    assert_eq!(world.cloud.names(), Vec::<String>::new());
}

#[test]
fn a_domain_that_the_map_lacks_fills_the_account_and_is_listed_once() {
    let more = "  - { id: d-second }\n  - { id: d-others }\ndirectory:\n";
    let mut seed = SEED.replace("directory:\n", more) + FAST;
    seed += "limits: { user_profiles: 122 }\nprofiles:\n";
    for n in 0..120 {
        writeln!(seed, "  - {{ domain: d-others, name: p{n} }}").unwrap();
    }
    let second =
        "  second: { domain_id: d-second, account_id: \"111122223333\", region: eu-west-1 }\n";
    let world = World::new(&seed, &MAP.replace("\nteams:\n", &format!("{second}\nteams:\n")));
    let run = world.run(&["doctor", "--only", "QUO", "--output", "json"]).exits(6);
    let check = &run.json()["checks"][0];
    assert_eq!((&check["state"], &check["code"]), (&"failed".into(), &"quota-reached".into()));
    assert_eq!(check["text"], "120 of 122 profiles, 3 more to be made");
    // Two pages with all of the account's, and one of the second domain.
    assert_eq!(world.cloud.calls("sagemaker:ListUserProfiles"), 3);
}

#[test]
fn what_the_guard_holds_of_mirrored_groups_is_told() {
    let world = mirror_command::world();
    let seen = MirrorSeen {
        at: now(),
        outcome: PassOutcome::Refused,
        settled: None,
        unsettled_since: Some(now()),
        refused: vec!["9 of 10 users".to_owned()],
        failed: None,
        failed_besides: 0,
        not_mirrored: None,
    };
    block_on(store(&world).keep_mirror_seen(&seen)).unwrap();
    let found = checks(&world, "DIR07");
    let states: Vec<&str> = found.iter().map(|(_, state, _)| state.as_str()).collect();
    assert_eq!(states, ["ok", "warning"], "{found:?}");
    assert_eq!(found[1].2, "what would be taken away is held back: 9 of 10 users");
}

#[test]
fn a_group_that_is_to_do_something_with_stagedoor_and_is_in_no_directory_is_told() {
    let to = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
    let map = MAP.replace(to, "scim: {}");
    let line = map.lines().count() + 2;
    let map = format!(
        "{map}administration:\n  - {{ group: nobodys, role: admin }}\n  - {{ group: ml-fraud, role: reader }}\n"
    );
    let world = World::new(&format!("{SEED}{FAST}"), &map);
    push(&world, RecordKind::User, "u-1", "ana", &[]);
    push(&world, RecordKind::Group, "g-1", "ml-fraud", &["u-1"]);
    push(&world, RecordKind::Group, "g-2", "ml-demand", &["u-1"]);
    let run = world.run(&["doctor", "--only", "DIR", "--output", "json"]).exits(0).json();
    let checks = run["checks"].as_array().unwrap();
    let told: Vec<&Value> =
        checks.iter().filter(|check| check["code"] == "group-missing").collect();
    let [told] = told.as_slice() else { panic!("{run:#}") };
    assert_eq!(told["state"], "warning");
    assert_eq!(told["subject"], format!("access.yaml:{line}, group `nobodys`"));
    assert_eq!(told["text"], "the directory `scim` has no such group, so nobody has what it gives");
}

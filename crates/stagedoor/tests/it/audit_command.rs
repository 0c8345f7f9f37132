//! `stagedoor audit`, against a store of the binary's own making.

use crate::world::{ANA, FAST, MAP, SEED, World, settled};
use serde_json::Value;
use std::fs;

/// Three profiles were made.
fn world() -> World {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.apply(&[]).exits(0);
    world
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn entries_are_listed_newest_first_and_by_what_they_say() {
    let world = world();
    let list = |more: &[&str]| {
        let args = [&["audit", "list", "--output", "json"], more].concat();
        world.run(&args).exits(0).json()
    };
    let all = list(&[]);
    let items = all["items"].as_array().unwrap();
    let numbers: Vec<u64> = items.iter().map(|item| item["seq"].as_u64().unwrap()).collect();
    assert!(numbers.len() >= 6 && numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    let made = list(&["--event", "creating-profile"]);
    let made = made["items"].as_array().unwrap();
    assert_eq!(made.len(), 3);
    assert!(made.iter().any(|entry| entry["person"] == ANA), "{made:?}");
    let change = made[0]["change"].as_str().unwrap();
    // AWS's own ids stand under the same change.
    let answered = list(&["--event", "aws-answered", "--change", change]);
    let answered = answered["items"].as_array().unwrap();
    assert_eq!(answered.len(), 3);
    assert_eq!(answered[0]["details"]["operation"], "sagemaker:CreateUserProfile");
    assert_eq!(answered[0]["details"]["request_id"].as_str().unwrap().len(), 36);
    let page = list(&["--limit", "2"]);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let next = list(&["--limit", "2", "--cursor", page["next"].as_str().unwrap()]);
    assert_eq!(next["items"][0], items[2]);
    let none = world.run(&["audit", "list", "--team", "nothing"]).exits(0);
    let told = "The log has no such entries about team nothing: teams stand in it by their key in the \
                map.\n";
    assert_eq!(none.stdout, told);
    let by_name = list(&["--person", "Ana", "--until", "2030-01-01"]);
    assert_eq!(by_name["items"], list(&["--person", ANA])["items"]);
    assert!(!by_name["items"].as_array().unwrap().is_empty());
    // The note is no part of what is printed.
    let by_name =
        world.run(&["audit", "list", "--person", "Ana", "--until", "2030-01-01"]).exits(0);
    assert_eq!(by_name.talk(), format!("note: `Ana` is taken for Ana Diaz (ana), {ANA}\n"));
    let told = "The log has no such entries about person ana: people stand in it by the directory's \
                id, and user names are looked up by the map.\n";
    let without = ["audit", "list", "--person", "ana", "--map", "none.yaml"];
    let none = world.run(&without).exits(0);
    assert_eq!(
        (&*none.stdout, &*none.talk()),
        (told, "note: there is no map at none.yaml, so `ana` is taken for an id\n")
    );
    let none = world.run(&["audit", "list", "--event", "log-out"]).exits(0);
    assert_eq!(none.stdout, "The log has no such entries.\n");
    // What nothing was ever written with is a slip, not an answer.
    for (args, told) in [
        (["--event", "creating-profiles"], "did you mean `creating-profile`?"),
        (["--event", "x"], "it is one of sign-in, refused, "),
        (["--code", "entitlement-los"], "did you mean `entitlement-lost`?"),
        (["--code", "x"], "`stagedoor schema --format reason-codes` has all"),
    ] {
        for command in ["list", "export"] {
            world.run(&["audit", command, args[0], args[1]]).exits(3).prints("").says(&[told]);
        }
    }
    for code in ["entitled", "signature-invalid", "aws-throttled", "directory-busy"] {
        world.run(&["audit", "list", "--code", code]).exits(0);
    }
    world.run(&["audit", "list", "--store", "none.db"]).exits(3).says(&["(store-missing)"]);
}

#[test]
fn a_log_that_was_changed_is_not_verified_and_the_entry_is_named() {
    let world = world();
    let whole = world.run(&["audit", "verify"]).exits(0);
    assert!(whole.stdout.contains("every entry is as it was sealed"), "{}", whole.stdout);
    // Somebody who can write the file, as long as nobody is looking.
    let path = world.path("stagedoor.db");
    let mut bytes = fs::read(&path).unwrap();
    let (old, new) = (b"creating-profile", b"creating-profilf");
    let at = bytes.windows(old.len()).rposition(|window| window == old).unwrap();
    bytes[at..at + new.len()].copy_from_slice(new);
    fs::write(&path, bytes).unwrap();
    let verdict = world.run(&["audit", "verify", "--output", "json"]).exits(6).json();
    assert_eq!(verdict["ok"], false);
    assert_eq!(verdict["bad"].as_array().unwrap().len(), 1);
    assert_eq!(verdict["bad"][0]["fault"], "changed");
    let number = verdict["bad"][0]["seq"].as_u64().unwrap();
    let told = world.run(&["audit", "verify"]).exits(6);
    let named = format!("bad entry main/{number}: it is not what was sealed");
    assert!(told.stdout.contains(&named), "{}", told.stdout);
}

#[test]
fn checkpoints_find_that_an_older_store_was_put_back() {
    let world = world();
    let before = fs::read(world.path("stagedoor.db")).unwrap();
    world.run(&["freeze", "--by", "olga", "--reason", "a test"]).exits(0);
    let checkpoint = ["audit", "checkpoint", "--checkpoints", "anchors.jsonl"];
    let made = world.run(&[&checkpoint[..], &["--output", "json"]].concat()).exits(0).json();
    let head = made["checkpoint"]["chains"][0].clone();
    assert_eq!((&head["chain"], &made["removed"]), (&"main".into(), &0.into()));
    let verify = ["audit", "verify", "--checkpoints", "anchors.jsonl", "--output", "json"];
    let verdict = world.run(&verify).exits(0).json();
    assert_eq!(
        (&verdict["checkpoints"], &verdict["chains"][0]["anchored"]),
        (&1.into(), &head["seq"])
    );

    fs::write(world.path("stagedoor.db"), before).unwrap();
    let verdict = world.run(&verify).exits(6).json();
    assert_eq!(verdict["bad"][0]["fault"], "cut-off");
    // Nothing is signed over it.
    world.run(&checkpoint).exits(6).says(&["Nothing is signed"]);
    assert_eq!(world.read("anchors.jsonl").lines().count(), 1);
    let accept = [&checkpoint[..], &["--accept", "restored after a disk failure"]].concat();
    world.run(&accept).exits(0);
    let told = world.run(&["audit", "list", "--event", "audit-checkpoint", "--output", "json"]);
    let told = told.exits(0).stdout;
    assert!(told.contains("restored after a disk failure"), "{told}");
    world.run(&verify).exits(6);

    let forged = world.read("anchors.jsonl").replace("\"entries\":", "\"entries\":1");
    world.write("anchors.jsonl", &forged);
    let verdict = world.run(&verify).exits(6).json();
    assert_eq!(verdict["bad"][0]["fault"], "bad-checkpoint");
    world.run(&["audit", "checkpoint"]).exits(3).says(&["--checkpoints FILE"]);
}

#[test]
fn an_export_is_verified_by_itself_and_events_have_their_class() {
    let world = world();
    let export = world.run(&["audit", "export"]).exits(0).stdout;
    world.write("log.jsonl", &export);
    world.run(&["audit", "verify", "--export", "log.jsonl"]).exits(0);
    let cut: Vec<&str> = export.lines().skip(1).collect();
    world.write("cut.jsonl", &(cut.join("\n") + "\n"));
    let verdict = world.run(&["audit", "verify", "--export", "cut.jsonl", "--output", "json"]);
    assert_eq!(verdict.exits(6).json()["bad"][0]["fault"], "missing");
    let filter = ["audit", "export", "--format", "ocsf", "--event", "creating-profile"];
    let events = lines(&world.run(&filter).exits(0).stdout);
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event["class_uid"] == 3_005 && event["activity_id"] == 1));
}

#[test]
fn a_key_of_ones_own_is_asked_of_every_process() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let with = |key: &str, args: &[&str]| {
        let mut command = world.command(args);
        command.env("STAGEDOOR_AUDIT_KEY", key);
        crate::process::run(command)
    };
    world.write("key", &format!("{}\n", "0b".repeat(32)));
    world.write("other", &"0c".repeat(32));
    world.write("short", "0b");
    let freeze = ["freeze", "--by", "olga", "--reason", "a test"];
    with("short", &freeze).exits(3).says(&["(audit-key-invalid)"]);
    // Whoever puts the key itself where its place belongs reads it nowhere.
    let key = "5e".repeat(32);
    let variable = format!("env:{key}");
    for (name, value, what) in [
        ("STAGEDOOR_AUDIT_KEY", &key, "STAGEDOOR_AUDIT_KEY, the file that it names: No such file"),
        (
            "STAGEDOOR_AUDIT_KEY",
            &variable,
            "STAGEDOOR_AUDIT_KEY, the environment variable that it names: it is not set",
        ),
        ("STAGEDOOR_AUDIT_FORMER_KEYS", &key, "STAGEDOOR_AUDIT_FORMER_KEYS, the file that it"),
    ] {
        let mut command = world.command(&[&freeze[..], &["--output", "json"]].concat());
        command.env("STAGEDOOR_AUDIT_KEY", "key").env(name, value);
        let run = crate::process::run(command).exits(3).says(&[what, "(audit-key-unreadable)"]);
        assert_eq!(run.json()["code"], "audit-key-unreadable");
        assert!(!format!("{}{}", run.stdout, run.stderr).contains(&key), "{}", run.stderr);
    }
    let help = world.run(&["freeze", "--help"]).stdout;
    assert!(help.contains("STAGEDOOR_AUDIT_KEY"), "{help}");
    with("key", &freeze).exits(0);
    with("key", &["audit", "verify"]).exits(0);
    // One that has not the key cannot go on with the chain, nor tell that it holds.
    with("other", &["thaw"]).exits(3).says(&["was sealed with key", "(audit-key-other)"]);
    let verdict = with("other", &["audit", "verify", "--output", "json"]).exits(6).json();
    assert_eq!(verdict["bad"][0]["fault"], "unknown-key");
    let told = with("other", &["audit", "verify"]).exits(6);
    assert_eq!(told.stdout.matches("bad entry").count(), 1, "{}", told.stdout);
    for part in ["not verified", "set STAGEDOOR_AUDIT_KEY as the other processes have it"] {
        assert!(told.stdout.contains(part), "{}", told.stdout);
    }
    let mut command = world.command(&["thaw"]);
    command.env("STAGEDOOR_AUDIT_KEY", "other").env("STAGEDOOR_AUDIT_FORMER_KEYS", "key");
    crate::process::run(command).exits(0);
}

/// A world whose log goes by a key that was given.
fn sealed_world() -> World {
    let world = World::new(&settled(), MAP);
    world.write("key", &"0b".repeat(32));
    world
}

fn with_key(world: &World, args: &[&str]) -> crate::process::Run {
    let mut command = world.command(args);
    command.env("STAGEDOOR_AUDIT_KEY", "key");
    crate::process::run(command).exits(0)
}

const IN_TIME: [&str; 4] = ["--poll", "20ms", "--timeout", "30s"];

#[test]
fn without_the_key_of_the_log_nothing_is_given_or_changed() {
    let world = sealed_world();
    let refused = |args: &[&str]| {
        let run = world.run(&[args, &["--output", "json"]].concat()).exits(3);
        assert_eq!(run.json()["code"], "audit-key-other", "{args:?}");
        run.says(&[
            "nothing was done: the audit log was sealed with key",
            "set STAGEDOOR_AUDIT_KEY",
        ]);
    };
    with_key(&world, &["freeze", "--by", "olga", "--reason", "a test"]);
    refused(&["thaw"]);
    with_key(&world, &["thaw"]);
    let entries = world.audit().len();
    refused(&["token", "create", "ci", "--scope", "see"]);
    refused(&["grant", "cleo", "fraud", "--for", "4h", "--reason", "x", "--by", "olga"]);
    refused(&["apply"]);
    refused(&["sync", "--person", "ana"]);
    assert_eq!(world.audit().len(), entries);
    let offboard = ["offboard", "ana", "--yes", "--by", "root"];
    with_key(&world, &[&offboard[..], &IN_TIME].concat());
    refused(&["restore", "ana"]);
    let status = world.run(&["offboard", "ana", "--status", "--output", "json"]).exits(0).json();
    assert_eq!(status["departures"].as_array().map(Vec::len), Some(1), "{status}");
    // Where there is nothing to do it needs no key.
    assert_eq!(world.run(&["thaw"]).exits(0).stdout, "It was not frozen. Nothing to do.\n");
    world.run(&["restore", "ben"]).exits(0);
    world.run(&["apply", "--dry-run"]);
}

/// What the entries of an event say, by the name of a detail.
fn said(world: &World, event: &str, name: &str) -> Vec<Option<String>> {
    let entries = world.audit();
    let of_event = entries.iter().filter(|entry| entry.event == event);
    of_event.map(|entry| entry.details.get(name).cloned()).collect()
}

#[test]
fn what_takes_away_acts_without_the_key_and_says_that_the_log_does_not_tell_of_it() {
    let world = sealed_world();
    with_key(&world, &["token", "create", "ci", "--scope", "see"]);
    let unwritten = |args: &[&str], done: &str, again: &str| {
        let lacks = format!("{done}, and the audit log does NOT tell of it");
        let said = [&*lacks, "was sealed with key", "STAGEDOOR_AUDIT_KEY", "(audit-unwritten)"];
        world.run(args).exits(1).says(&said).says(&[again]);
    };
    unwritten(&["sessions", "end", "--all", "--by", "olga"], "0 sessions ended", "Note who ended");
    let offboard = [&["offboard", "ana", "--yes", "--by", "olga"], &IN_TIME[..]].concat();
    unwritten(&offboard, "it is denied at the door", "Run the same command again");
    let run = world.run(&[&offboard[..], &["--output", "json"]].concat()).exits(1);
    assert_eq!(run.json()["code"], "audit-unwritten");
    let status = world.run(&["offboard", "ana", "--status", "--output", "json"]).exits(0).json();
    assert_eq!(status["departures"][0]["by"], "olga");
    // Nothing of the profile was begun unwritten, and the same again with the key does it all.
    let profile = world.cloud.profile("ana--fraud");
    assert!(!profile.tags.contains_key("stagedoor:leaving-since"), "{:?}", profile.tags);
    assert_eq!(said(&world, "person-offboarded", "by"), [None::<String>; 0]);
    with_key(&world, &offboard);
    assert!(!world.cloud.names().contains(&"ana--fraud".to_owned()));
    assert_eq!(said(&world, "person-offboarded", "by"), [Some("olga".to_owned())]);

    let entries = world.audit().len();
    let freeze = ["freeze", "--reason", "an emergency", "--by", "olga"];
    unwritten(&freeze, "everything is frozen", "stagedoor store status");
    assert_eq!(world.audit().len(), entries);
    let told = with_key(&world, &["freeze", "--reason", "another", "--by", "eva"]).stdout;
    assert!(told.starts_with("It was frozen by olga since "), "{told}");
    with_key(&world, &["audit", "verify"]);
}

#[test]
fn a_key_may_follow_the_one_that_the_store_kept() {
    let world = sealed_world();
    let freeze = ["freeze", "--by", "olga", "--reason", "a test"];
    world.run(&freeze).exits(0);
    let with = |former: &str, args: &[&str]| {
        let mut command = world.command(args);
        command.env("STAGEDOOR_AUDIT_KEY", "key").env("STAGEDOOR_AUDIT_FORMER_KEYS", former);
        crate::process::run(command)
    };
    with("", &["thaw"])
        .exits(3)
        .says(&["STAGEDOOR_AUDIT_FORMER_KEYS (`store`: the one that the store keeps)"]);
    with("", &["audit", "verify"]).exits(6);
    with("store", &["thaw"]).exits(0);
    with("store", &["audit", "verify"]).exits(0);
    // Who has the store's alone goes on with nothing any more.
    world.run(&["freeze", "--by", "eva", "--reason", "x"]).exits(1).says(&["(audit-unwritten)"]);
    world.run(&["thaw"]).exits(3).says(&["(audit-key-other)"]);
    world.run(&["audit", "verify"]).exits(6);
    // Of an export alone there is no store to ask.
    let export = with("store", &["audit", "export"]).exits(0).stdout;
    world.write("log.jsonl", &export);
    let apart = ["audit", "verify", "--export", "log.jsonl", "--store", "no.db"];
    with("store", &apart).exits(3).says(&["name the store, too", "(audit-key-missing)"]);
    with("store", &["audit", "verify", "--export", "log.jsonl"]).exits(0);
}

#[test]
fn what_is_older_than_it_is_kept_goes_as_far_as_a_checkpoint() {
    let world = world();
    let keep = |retention: &str| {
        let args = ["audit", "checkpoint", "--checkpoints", "a.jsonl", "--retention", retention];
        world.run(&[&args[..], &["--output", "json"]].concat()).exits(0).json()["removed"].clone()
    };
    assert_eq!(keep("400d"), 0);
    assert!(keep("0s").as_u64().unwrap() >= 5);
    let verdict = ["audit", "verify", "--checkpoints", "a.jsonl", "--output", "json"];
    let verdict = world.run(&verdict).exits(0).json();
    assert!(verdict["chains"][0]["first"].as_u64().unwrap() > 5, "{verdict}");
}

#[test]
fn checkpoints_in_a_locked_bucket_and_signed_by_kms_hold() {
    let more = "buckets: [{ name: anchors, lock: true }]\n\
                kms_keys: [{ id: 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0, usage: GENERATE_VERIFY_MAC }]\n";
    let world = World::new(&format!("{SEED}{FAST}{more}"), MAP);
    let run = |args: &[&str]| {
        let mut command = world.command(args);
        command.env("STAGEDOOR_AUDIT_KEY", "kms:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");
        command.env("STAGEDOOR_AUDIT_CHECKPOINTS", "s3://anchors/door");
        crate::process::run(command)
    };
    run(&["freeze", "--by", "olga", "--reason", "a test"]).exits(0);
    run(&["audit", "checkpoint"]).exits(0);
    run(&["thaw"]).exits(0);
    run(&["audit", "checkpoint"]).exits(0);
    let verdict = run(&["audit", "verify", "--output", "json"]).exits(0).json();
    assert_eq!(verdict["checkpoints"], 2);
    // By the store's own key nothing of it is believed.
    world.run(&["audit", "verify"]).exits(6);
}

#[test]
fn where_no_checkpoint_is_nothing_is_verified() {
    let world = world();
    let run = world.run(&["audit", "verify", "--checkpoints", "nowhere.jsonl"]).exits(6).prints("");
    run.says(&[
        "there is no checkpoint at nowhere.jsonl (checkpoint-missing)",
        "`stagedoor audit checkpoint`",
    ]);
    assert!(!world.exists("nowhere.jsonl"));
    world.write("empty.jsonl", "");
    world.run(&["audit", "verify", "--checkpoints", "empty.jsonl"]).exits(6).prints("");
    let export = world.run(&["audit", "verify", "--export", "empty.jsonl"]).exits(3).prints("");
    export.says(&["empty.jsonl: there is no entry in it", "(export-empty)"]);
}

#[test]
fn an_export_of_nobody_says_by_what_people_stand_in_the_log() {
    let world = world();
    let export = world.run(&["audit", "export", "--person", "zed"]).exits(0).prints("");
    export.says(&[
        "note: whom `zed` means is not known: the directory knows nobody called `zed`. ",
        "note: The log has no such entries about person zed: people stand in it by the directory's id",
    ]);
}

//! `stagedoor store`.

use crate::world::{FAST, MAP, SEED, World, settled};

fn world() -> World {
    let world = World::new(&format!("{SEED}{FAST}"), MAP).without_store();
    world.apply(&[]).exits(0);
    world
}

#[test]
fn the_status_tells_what_is_there_and_changes_nothing() {
    let world = world();
    let status = world.run(&["store", "status", "--output", "json"]).exits(0).json();
    assert_eq!(status["kind"], "StoreStatus");
    assert_eq!((&status["store"], &status["type"]), (&"stagedoor.db".into(), &"sqlite".into()));
    assert_eq!(status["schema"], status["knownSchema"]);
    assert_eq!((&status["writeAhead"], &status["faults"]), (&true.into(), &serde_json::json!([])));
    assert!(status["items"]["audit"].as_u64().unwrap() >= 3, "{status}");
    assert_eq!(status["queue"]["leased"], 0);
    world.run(&["store", "status", "--store", "none.db"]).exits(3).says(&["(store-missing)"]);
    assert!(!world.path("none.db").exists());
}

#[test]
fn a_backup_is_a_store_of_its_own_and_overwrites_nothing() {
    let world = world();
    world.run(&["freeze", "--reason", "audit"]).exits(0);
    let run = world.run(&["store", "backup", "copy.db", "--output", "json"]).exits(0).json();
    assert_eq!((&run["kind"], &run["verified"]), (&"StoreBackup".into(), &true.into()));
    world.run(&["thaw"]).exits(0);
    let copy = world.run(&["store", "status", "--store", "copy.db"]).exits(0);
    assert!(copy.stdout.contains("frozen by"), "{}", copy.stdout);
    world.run(&["store", "backup", "copy.db"]).exits(1).says(&["is there already"]);
    world
        .run(&["store", "backup", "x.db", "--store", "dynamodb:doors"])
        .exits(3)
        .says(&["aws dynamodb create-backup --table-name doors", "(store-backup-elsewhere)"]);
}

#[test]
fn a_store_is_made_once_and_migrated_once() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let made = world.run(&["store", "create", "new.db"]).exits(0);
    assert_eq!(made.stdout, "Made new.db. Use it with --store.\n");
    world.run(&["store", "create", "new.db"]).exits(3).says(&["(store-exists)"]);
    let again = world.run(&["store", "migrate", "--store", "new.db"]).exits(0);
    assert!(again.stdout.ends_with("already. Nothing to do.\n"), "{again:?}");
    let wrong = world.run(&["store", "create", "ddb:doors"]).exits(3);
    assert!(wrong.stderr.contains("write dynamodb:doors"), "{wrong:?}");
}

#[test]
fn what_only_matters_to_a_store_that_is_there_refuses_a_missing_file_and_makes_none() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let commands: [&[&str]; 17] = [
        &["offboard", "ana", "--status"],
        &["offboard", "ana", "--receipt"],
        &["receipt", "ana"],
        &["restore", "ana", "--dry-run"],
        &["freeze", "--reason", "audit"],
        &["thaw"],
        &["sessions", "end", "--all"],
        &["token", "list"],
        &["token", "revoke", "ci"],
        &["offboard", "ana", "--yes"],
        &["restore", "ana"],
        &["grant", "ana", "fraud", "--for", "1h", "--reason", "audit"],
        &["grant", "list"],
        &["grant", "revoke", "0123456789ab"],
        &["grant", "note", "0123456789ab", "audit"],
        &["break-glass", "ana", "fraud", "--reason", "audit"],
        &["mapping", "list"],
    ];
    for command in commands {
        let run = world.run(&[command, &["--store", "none.db"]].concat()).exits(3);
        let said = "there is no store none.db: name it with --store FILE or dynamodb:TABLE";
        run.prints("").says(&[said, "(store-missing)"]);
        assert!(!world.exists("none.db"), "{command:?}");
    }
    // The first token of an installation comes before its first server.
    let made = world.run(&["token", "create", "ci", "--scope", "see", "--store", "none.db"]);
    made.exits(0).says(&["note: there was no store at none.db, a new one is made"]);
}

#[test]
fn a_mistyped_store_undoes_no_offboarding_and_is_said_where_it_is_only_read() {
    let world = World::new(&settled(), &MAP.replace("hold: 0d", "hold: 7d"));
    world.run(&["offboard", "ana", "--yes", "--by", "root", "--poll", "20ms"]).exits(0);
    let before = world.cloud.changes();
    let note = "note: there is no store at none.db, so this knows of no freeze, of nobody whom an admin \
                offboarded and of nobody who has access for a time (--store names another)\n";
    let reading: [(&[&str], i32); 7] = [
        (&["plan"], 2),
        (&["drift"], 0),
        (&["apply", "--dry-run"], 2),
        (&["offboard", "ana", "--dry-run"], 0),
        (&["why", "ana", "fraud"], 0),
        (&["who-can", "fraud"], 0),
        (&["report"], 0),
    ];
    for (command, code) in reading {
        world.run(&[command, &["--store", "none.db"]].concat()).exits(code).says(&[note]);
    }
    world.write("event.json", "{}");
    let acting: [&[&str]; 3] =
        [&["apply"], &["sync", "--person", "ana"], &["events", "replay", "event.json"]];
    for command in acting {
        let run = world.run(&[command, &["--store", "none.db"]].concat()).exits(3).prints("");
        run.says(&[
            "error: there is no store none.db, but profiles of this installation (ana--demand in \
             research): a new store knows of no freeze",
            "`stagedoor store create FILE` makes an empty one (store-missing)",
        ]);
    }
    assert!(!world.exists("none.db"));
    assert_eq!(world.cloud.changes(), before);
    let doctor = ["doctor", "--only", "STO", "--store", "none.db", "--output", "json"];
    let check = world.run(&doctor).exits(0).json()["checks"][0].clone();
    assert_eq!(check["state"], "warning", "{check}");
    assert_eq!(check["text"], "there is no store none.db; a server would make it");
    world.run(&["store", "create", "none.db"]).exits(0);
    world.run(&["plan", "--store", "none.db"]).exits(2).says(&[]);
}

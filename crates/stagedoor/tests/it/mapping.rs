//! Grants in the store's table.

use crate::world::{FAST, MAP, SEED, World, block_on};
use access::ids::TeamKey;
use access::map::{Gives, GroupRef, TableGrant};
use control::ports::GrantTable;
use serde_json::json;
use store::SqliteStore;

/// A world whose map takes grants from the store, and has none of its own.
fn world() -> World {
    World::new(&format!("{SEED}{FAST}"), &map())
}

/// The map without grants of its own.
pub(crate) fn map() -> String {
    let (before, rest) = MAP.split_once("grants:\n").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    format!("{before}grants_from: store\n\n{after}")
}

fn put(world: &World, more: &[&str]) -> crate::process::Run {
    world.run(&[&["mapping", "put"], more, &["--by", "root"]].concat())
}

#[test]
fn a_row_gives_a_team_and_without_it_the_team_goes() {
    let world = world();
    let run = put(&world, &["ml-fraud", "--team", "fraud", "--reason", "ticket 7"]).exits(0);
    assert_eq!(
        run.stdout,
        "group `ml-fraud` gets team fraud. `stagedoor plan` shows who gains and who loses.\n"
    );
    let role = "arn:aws:iam::111122223333:role/studio-demand";
    put(&world, &["ml-demand", "--role", role, "--priority", "3"]).exits(0);
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
    let why = world.run(&["why", "ana", "fraud"]).exits(0);
    assert!(why.stdout.contains("table:ml-fraud"), "{}", why.stdout);

    let listed = world.run(&["mapping", "list", "--output", "json"]).exits(0).json();
    let rows = listed["mappings"].as_array().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row["row"]["group"]["name"].as_str(), row["team"].as_str()))
        .collect();
    assert_eq!(told, [(Some("ml-demand"), Some("demand")), (Some("ml-fraud"), Some("fraud"))]);

    world.run(&["mapping", "delete", "ml-fraud", "--dry-run"]).exits(2);
    world.run(&["plan"]).exits(0);
    world.run(&["mapping", "delete", "ml-fraud", "--by", "root"]).exits(0);
    world.run(&["mapping", "get", "ml-fraud"]).exits(5);
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    let told = world.store();
    assert!(told.contains("grant-written") && told.contains("grant-deleted"));
}

/// The id of a group, as Identity Center gives them.
const GROUP: &str = "9067a1d2c4-7f0c1b52-3d41-4e9a-8a6b-2f5d0c9e1b77";

#[test]
fn a_row_by_id_follows_the_group_through_a_rename() {
    let seed = SEED.replace("{ name: ml-fraud,", &format!("{{ id: {GROUP}, name: ml-fraud,"));
    let (before, rest) = MAP.split_once("grants:\n").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let map = format!("{before}grants_from: store\n\n{after}");
    let world = World::new(&format!("{seed}{FAST}"), &map);
    put(&world, &[GROUP, "--id", "--team", "fraud"]).exits(0);
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--fraud"]);
    let rename = json!({
        "GroupId": GROUP,
        "Operations": [{"AttributePath": "displayName", "AttributeValue": "fraud-and-abuse"}],
    });
    world.cloud.change("UpdateGroup", rename);
    world.run(&["plan"]).exits(0);
    let why = world.run(&["why", "ana", "fraud"]).exits(0);
    assert!(why.stdout.contains("fraud-and-abuse"), "{}", why.stdout);
}

/// A slip in a name would give nobody anything, and nobody would know.
#[test]
fn a_group_that_the_directory_does_not_know_is_told_of() {
    let world = world();
    let known = put(&world, &["ml-fraud", "--team", "fraud", "--output", "json"]).exits(0);
    assert_eq!(known.json()["groupKnown"], true);
    assert!(!known.stderr.contains("the directory knows no"), "{}", known.stderr);
    let note = "note: the directory knows no group `ml-frod`: the row gives nothing until it does";
    let slip = ["ml-frod", "--team", "fraud", "--output", "json"];
    let run = put(&world, &[&slip[..], &["--dry-run"]].concat()).exits(2).says(&[note]);
    assert_eq!(run.json()["groupKnown"], false);
    put(&world, &slip).exits(0).says(&[note]);
    let note = format!("note: the directory knows no group with id {GROUP}:");
    put(&world, &[GROUP, "--id", "--team", "fraud"]).exits(0).says(&[&note]);
    // Where the directory does not answer, the row is written all the same.
    let denied = "error: { code: AccessDeniedException, members: { Reason: x } }";
    let faults = format!("rules: [{{ service: identitystore, {denied} }}]");
    world.cloud.go_wrong(&faults);
    let note = "note: whether the directory knows the group cannot be told: ";
    put(&world, &["ml-demand", "--team", "demand"]).exits(0).says(&[note]);
    // Where there is nothing to write, it is not asked.
    let again = put(&world, &["ml-demand", "--team", "demand"]).exits(0);
    assert_eq!(again.stderr, "");
}

/// It waited for as long as the SDK tries, which is minutes.
#[test]
fn a_row_does_not_wait_for_a_directory_that_does_not_answer() {
    let world = world();
    world.cloud.go_wrong("rules: [{ service: identitystore, latency_ms: 20000 }]");
    let run = put(&world, &["ml-fraud", "--team", "fraud", "--output", "json"]).exits(0);
    assert_eq!(run.json()["groupKnown"], json!(null));
    run.says(&["note: whether the directory knows the group cannot be told: it does not answer"]);
}

/// No server would read what is written there.
#[test]
fn a_row_is_not_written_into_a_new_store_beside_profiles_that_are_there() {
    let world = world();
    put(&world, &["ml-fraud", "--team", "fraud"]).exits(0);
    world.apply(&[]).exits(0);
    let elsewhere = ["ml-demand", "--team", "demand", "--store", "none.db"];
    let said =
        "there is no store none.db, but profiles of this installation (ana--fraud in research)";
    put(&world, &elsewhere).exits(3).prints("").says(&[said, "(store-missing)"]);
    // There is nothing to delete, and AWS need not be asked for that.
    let before = world.cloud.calls("sagemaker:ListUserProfiles");
    for more in [&[] as &[&str], &["--dry-run"]] {
        let delete = ["mapping", "delete", "ml-demand", "--store", "none.db"];
        let said = "there is no store none.db: name it with --store";
        world.run(&[&delete, more].concat()).exits(3).says(&[said, "(store-missing)"]);
    }
    assert_eq!(world.cloud.calls("sagemaker:ListUserProfiles"), before);
    assert!(!world.exists("none.db"));
}

#[test]
fn a_table_that_was_never_written_stops_everything() {
    let world = world();
    for command in [&["plan"] as &[&str], &["apply"], &["why", "ana"]] {
        world.run(command).exits(3).prints("").says(&[
            "the map says `grants_from: store`, and the grant table of this store was never written",
            "(grants-invalid)",
        ]);
    }
    assert_eq!(world.cloud.names(), [""; 0]);
}

#[test]
fn what_the_map_cannot_take_is_refused() {
    let world = world();
    for (more, told) in [
        (
            &["ml", "--team", "frawd"] as &[&str],
            "the map has no team `frawd`, did you mean `fraud`?",
        ),
        (&["ml-{team}", "--team", "fraud"], "patterns stand in the map"),
        (
            &["ml", "--team", "fraud", "--from", "2027-02-01", "--until", "2027-01-01"],
            "the grant ends",
        ),
        (
            &["ml", "--role", "arn:aws:iam::111122223333:role/other"],
            "no team of the map has the execution role",
        ),
    ] {
        put(&world, more).exits(3).prints("").says(&[told, "(grant-refused)"]);
    }
    world.run(&["mapping", "delete", "ml"]).exits(3).says(&["(grant-unknown)"]);
    let listed = world.run(&["mapping", "list"]).exits(0);
    assert_eq!(listed.stdout, "The grant table is empty.\n");
    world.write("access.yaml", MAP);
    put(&world, &["ml", "--team", "fraud"])
        .exits(3)
        .says(&["add `grants_from: store` to the map first", "(grants-unused)"]);
}

#[test]
fn a_row_whose_team_is_gone_takes_nothing_from_anybody() {
    let world = world();
    put(&world, &["ml-fraud", "--team", "fraud"]).exits(0);
    put(&world, &["ml-demand", "--team", "demand"]).exits(0);
    world.apply(&[]).exits(0);
    let map = world.read("access.yaml").replace("  demand:\n", "  supply:\n");
    world.write("access.yaml", &map);
    world.run(&["apply"]).exits(3).says(&[
        "table:ml-demand",
        "no team `demand`",
        "(grants-invalid)",
    ]);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
    let listed = world.run(&["mapping", "list"]).exits(0);
    assert!(
        listed.stdout.contains("does not fit the map: the map has no team `demand`"),
        "{listed:?}"
    );
    world.run(&["mapping", "delete", "ml-demand"]).exits(0);
    world.run(&["plan"]).exits(2);
}

#[test]
fn a_plan_is_stale_once_the_table_changed() {
    let world = world();
    put(&world, &["ml-fraud", "--team", "fraud"]).exits(0);
    world.run(&["plan", "--out", "reviewed.json"]).exits(2);
    // It gives nobody anything, and was not looked at all the same.
    put(&world, &["ml-nobody", "--team", "fraud"]).exits(0);
    world.apply(&["reviewed.json"]).exits(1).says(&["(plan-stale)"]);
    assert_eq!(world.cloud.names(), [""; 0]);
}

#[test]
fn what_is_there_already_is_nothing_to_do() {
    let world = world();
    put(&world, &["ml-fraud", "--team", "fraud", "--dry-run"]).exits(2);
    put(&world, &["ml-fraud", "--team", "fraud"]).exits(0);
    let again = put(&world, &["ml-fraud", "--team", "fraud"]).exits(0);
    assert_eq!(again.stdout, "group `ml-fraud` has team fraud already. Nothing to do.\n");
    let other = put(&world, &["ml-fraud", "--team", "fraud", "--priority=-2", "--output", "json"]);
    let document = other.exits(0).json();
    assert_eq!((&document["changed"], &document["before"]["priority"]), (&true.into(), &0.into()));
}

/// What doctor says of the store, its table and the quota.
fn doctor(world: &World) -> Vec<String> {
    let run = world.run(&["doctor", "--only", "STO,QUO", "--output", "json"]);
    let checks = run.json()["checks"].as_array().unwrap().clone();
    let text = |check: &serde_json::Value, key: &str| check[key].as_str().unwrap().to_owned();
    checks
        .iter()
        .map(|c| format!("{} {} {}", text(c, "about"), text(c, "code"), text(c, "text")))
        .collect()
}

#[test]
fn doctor_sees_the_rows_and_whom_an_admin_offboarded_and_changes_nothing() {
    let world = world();
    let [store, table, ..] = &doctor(&world)[..] else { panic!() };
    assert!(store.starts_with("STO01 ok the store "), "{store}");
    assert!(table.starts_with("STO02 grants-invalid the map says `grants_from: store`"), "{table}");

    put(&world, &["ml-fraud", "--team", "fraud"]).exits(0);
    put(&world, &["ml-demand", "--team", "demand"]).exits(0);
    let before = world.audit();
    let found = doctor(&world);
    assert_eq!(found[1], "STO02 ok rows of the store's table that are grants: 2");
    assert!(found[2].ends_with("profiles, 3 more to be made"), "{found:?}");
    assert_eq!(world.audit(), before);

    world.run(&["offboard", "ana", "--yes", "--by", "root"]).exits(0);
    let found = doctor(&world);
    assert!(found[2].ends_with("profiles, 1 more to be made"), "{found:?}");
}

#[test]
fn a_row_for_what_is_no_group_is_refused_or_stops_nobody_else() {
    let world = world();
    for name in ["evil\u{1b}[2K\u{1b}[1A", "a\nb"] {
        let run = put(&world, &[name, "--team", "fraud"]).exits(3).prints("");
        run.says(&["is no name or id of a group", "(grant-refused)"]);
    }
    // Directories have such groups, and the map names them.
    for name in [" ml-fraud", "ml-fraud ", "ml\u{202e}fraud", "گروه\u{200c}ها"] {
        let run = put(&world, &[name, "--team", "fraud", "--dry-run"]).exits(2);
        assert!(!run.stdout.contains(['\u{200c}', '\u{202e}']), "{}", run.stdout);
        run.says(&["only a group of just this name gets anything"]);
    }
    put(&world, &["ml-fraud", "--team", "fraud"]).exits(0);
    let over = put(&world, &["ml-demand", "--team", "demand", "--until", "2020-01-01"]).exits(0);
    over.says(&["note: it ended at 2020-01-02T00:00:00Z, so it gives nothing"]);
    // One mistyped id is one group that is not there.
    put(&world, &["garbage", "--id", "--team", "fraud"]).exits(0);
    let why = world.run(&["why", "ana", "fraud"]).exits(0);
    assert!(why.stdout.starts_with("yes: "), "{}", why.stdout);
    let plan = world.run(&["plan"]).exits(2);
    assert!(plan.stdout.contains("! group `garbage`  group-missing"), "{}", plan.stdout);
}

/// Nothing takes ended rows away, so there may be thousands; something else may have written them.
#[test]
fn plan_tells_of_an_ended_row_once_and_writes_out_what_plays_with_a_terminal() {
    let world = world();
    let at = "2026-11-20T00:00:00Z".parse().unwrap();
    let row = TableGrant {
        group: GroupRef::Name("evil\u{1b}[2K".into()),
        gives: Gives::Team(TeamKey::parse("fraud").unwrap()),
        priority: 0,
        from: None,
        until: Some(at),
        by: "root".into(),
        at,
        why: None,
    };
    block_on(SqliteStore::open(world.path("stagedoor.db")).unwrap().put_grant(&row)).unwrap();
    let plan = world.run(&["plan"]).exits(0);
    assert_eq!(plan.talk(), "");
    let told: Vec<&str> = plan.stdout.lines().filter(|line| line.contains("evil")).collect();
    let meaning = "grant-not-in-force: ";
    assert!(matches!(told[..], [one] if one.contains(meaning)), "{}", plan.stdout);
    assert!(told[0].contains("group `evil\\u{1b}[2K`"), "{}", plan.stdout);
    assert!(told[0].ends_with("table:evil\\u{1b}[2K"), "{}", plan.stdout);
    assert!(!plan.stdout.contains('\u{1b}'), "{}", plan.stdout);
}

#[test]
fn names_of_groups_do_not_reach_the_terminal_as_commands() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let grant = "  - { group: \"evil\\e[2K\\e[1A\", team: fraud }\n";
    world.write("access.yaml", &MAP.replace("grants:\n", &format!("grants:\n{grant}")));
    for command in [&["plan"] as &[&str], &["doctor", "--only", "DIR"]] {
        let run = world.run(command);
        assert!(run.stdout.contains("evil\\u{1b}[2K"), "{command:?}: {}", run.stdout);
        let raw: Vec<char> = run.stdout.chars().filter(|c| c.is_control() && *c != '\n').collect();
        assert_eq!(raw, [] as [char; 0], "{command:?}");
    }
}

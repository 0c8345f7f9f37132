//! `plan --out FILE`, then `apply FILE`.

use crate::cloud::RESEARCH;
use crate::world::{FAST, MAP, SEED, World};

#[test]
fn a_plan_that_was_reviewed_is_carried_out() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    let plan = world.run(&["plan", "--out", "reviewed.json"]).exits(2);
    assert_eq!(
        plan.talk(),
        "Written to reviewed.json. Carry it out with `stagedoor apply --map access.yaml --store stagedoor.db reviewed.json`.\n"
    );
    world.apply(&["reviewed.json"]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

#[test]
fn a_plan_from_other_facts_is_refused_and_nothing_is_changed() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.run(&["plan", "--out", "reviewed.json"]).exits(2);
    world.cloud.join("cleo", "ml-fraud");
    let run = world.apply(&["reviewed.json"]).exits(1).prints("");
    assert_eq!(
        run.talk(),
        "error: the facts have changed since this plan was made; nothing was changed \
         (plan-stale)\n  Make a new one with `stagedoor plan --out FILE`.\n"
    );
    assert_eq!(world.cloud.profiles(RESEARCH), []);
    let document = world.apply(&["reviewed.json", "--output", "json"]).exits(1).json();
    assert_eq!(document["kind"], "Error");
    assert_eq!(document["code"], "plan-stale");
}

#[test]
fn a_plan_from_another_map_is_refused() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.run(&["plan", "--out", "reviewed.json"]).exits(2);
    world.write("access.yaml", &format!("{MAP}# the same, with a word more\n"));
    world.apply(&["reviewed.json"]).exits(1).says(&["(plan-stale)"]);
    assert_eq!(world.cloud.profiles(RESEARCH), []);
}

#[test]
fn a_plan_that_is_done_already_is_stale_too() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.run(&["plan", "--out", "reviewed.json"]).exits(2);
    world.apply(&["reviewed.json"]).exits(0);
    world.apply(&["reviewed.json"]).exits(1).says(&["(plan-stale)"]);
}

#[test]
fn a_tampered_plan_is_refused() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.run(&["plan", "--out", "reviewed.json"]).exits(2);
    let other = world.read("reviewed.json").replace("role/studio-demand", "role/studio-fraud");
    world.write("reviewed.json", &other);
    world.apply(&["reviewed.json"]).exits(1).says(&["(plan-stale)"]);
    assert_eq!(world.cloud.profiles(RESEARCH), []);
}

#[test]
fn what_is_no_plan_is_refused_before_aws_is_asked() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    for garbage in ["", "{}", "[1]", "not json"] {
        world.write("garbage.json", garbage);
        world.apply(&["garbage.json"]).exits(3).prints("").says(&[
            "error: garbage.json is no saved plan: ",
            "Make one with `stagedoor plan --out FILE`.",
        ]);
    }
    let document = world.apply(&["nowhere.json", "--output", "json"]).exits(3).json();
    assert_eq!(document["code"], "plan-unreadable");
    assert_eq!(world.cloud.look().calls().count(), 0);
}

#[test]
fn a_plan_of_a_version_with_other_names_is_refused_by_the_member_it_lacks() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.run(&["plan", "--out", "reviewed.json"]).exits(2);
    world.write("reviewed.json", &world.read("reviewed.json").replace("mapDigest", "map_digest"));
    world.apply(&["reviewed.json"]).exits(3).prints("").says(&[
        "error: reviewed.json is no saved plan: missing field `mapDigest` at line ",
        "Make one with `stagedoor plan --out FILE`.",
    ]);
}

#[test]
fn a_plan_that_cannot_be_written_is_an_error() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.run(&["plan", "--out", "no/such/folder.json"]).exits(1).says(&["no/such"]);
}

/// Without them another map or store is looked for where the command is run.
#[test]
fn the_command_that_carries_a_plan_out_names_map_and_store() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.write("b.yaml", MAP);
    world.write("it is.db", "");
    let there = ["plan", "--map", "b.yaml", "--store", "it is.db", "--out", "reviewed.json"];
    let command = "`stagedoor apply --map b.yaml --store 'it is.db' reviewed.json`";
    world.run(&there).exits(2).says(&[command]);
}

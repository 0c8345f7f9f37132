//! `stagedoor directory mirror`, from a file into the simulated Identity Center.

use crate::world::{FAST, MAP, SEED, World};
use serde_json::json;

pub(crate) const PEOPLE: &str = "\
people:
  - { user_name: dora, id: p1, display_name: Dora Ek, email: dora@corp.example, groups: [ml-mirror] }
  - { user_name: eli, id: p2, display_name: Eli, groups: [ml-mirror] }
  - { user_name: ana, id: p3, display_name: Ana Other, groups: [ml-mirror] }
groups: [ { name: ml-mirror, id: g1 } ]
";

const TO: &str = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";

pub(crate) fn world() -> World {
    let directory = format!("  file: people.yaml\n  mirror: {{ {TO}, groups: [ml-mirror] }}");
    let world = World::new(&format!("{SEED}{FAST}"), &MAP.replace(&format!("  {TO}"), &directory));
    world.write("people.yaml", PEOPLE);
    world
}

const MIRROR: [&str; 2] = ["directory", "mirror"];

#[test]
fn groups_of_a_file_are_mirrored_and_the_guard_holds_removals_back() {
    let world = world();
    let shown = world.run(&[&MIRROR[..], &["--dry-run"]].concat()).exits(2);
    assert_eq!(
        shown.stdout,
        "  + user dora (mirrored)
  + user eli (mirrored)
  + group ml-mirror (mirrored)
  + 2 members of ml-mirror (group-member)
4 changes into identity store d-906716eb24; 0 of 0 mirrored users and memberships are taken away, \
         1 may be.

Not mirrored:
  person ana: a user that is not Stagedoor's has the name (mirror-collision)
"
    );
    assert_eq!(world.cloud.calls("identitystore:CreateUser"), 0);
    let made = world.run(&MIRROR).exits(0);
    assert!(made.stdout.starts_with("4 changes made in identity store d-906716eb24."));
    let entries = world.audit();
    let mirrored = entries.iter().filter(|entry| entry.event == "mirroring").count();
    assert_eq!(mirrored, 4);
    let group = world.cloud.look().group_id("ml-mirror").unwrap();
    assert!(!group.is_empty());
    let again = world.run(&[&MIRROR[..], &["--dry-run", "--output", "json"]].concat()).exits(0);
    let plan = again.json();
    assert_eq!(
        (plan["kind"].as_str(), plan["actions"].as_array().unwrap().len()),
        (Some("MirrorPlan"), 0)
    );
    assert_eq!(plan["kept"][0]["reason"], "mirror-collision");
    assert_eq!(plan["guard"]["owned"], 4);

    // Who leaves loses a membership and is disabled: two, and the guard lets one go.
    let without = PEOPLE.replace("display_name: Eli, groups: [ml-mirror]", "display_name: Eli");
    world.write("people.yaml", &without);
    // As by cron: it is written down once.
    for _ in 0..2 {
        world.run(&MIRROR).exits(4).says(&["(guard-tripped)", "--allow-removals 2"]);
    }
    assert_eq!(world.cloud.calls("identitystore:DeleteGroupMembership"), 0);
    let approve = |number, more: &[&str]| {
        world.run(&[&MIRROR[..], &["--approve", number, "--by", "eva"], more].concat())
    };
    approve("1", &[]).exits(4).says(&["the guard holds 2 back, not 1", "(guard-tripped)"]);
    approve("2", &["--dry-run"]).exits(3);
    approve("2", &["--allow-removals", "2"]).exits(3);
    world.run(&[&MIRROR[..], &["--reason", "none"]].concat()).exits(3);
    let approved = approve("2", &["--reason", "Eli left", "--output", "json"]).exits(0).json();
    assert_eq!(approved["kind"], "MirrorApproval");
    assert_eq!(approved["target"], "identity store d-906716eb24");
    let approval = &approved["approval"];
    assert_eq!((&approval["number"], &approval["by"]), (&json!(2), &json!("eva")));
    assert_eq!(world.cloud.calls("identitystore:DeleteGroupMembership"), 0, "the server will");
    let written =
        world.audit().into_iter().find(|entry| entry.event == "removals-approved").unwrap();
    assert_eq!(written.details["why"], "Eli left");
    world.run(&["freeze", "--reason", "an audit", "--by", "root"]).exits(0);
    world.run(&[&MIRROR[..], &["--allow-removals", "2"]].concat()).exits(1).says(&["(frozen)"]);
    world.run(&["thaw", "--by", "root"]).exits(0);
    let allowed =
        ["--allow-removals", "2", "--by", "olga", "--reason", "Eli left", "--output", "json"];
    let done = world.run(&[&MIRROR[..], &allowed].concat());
    let done = done.exits(0).json();
    assert_eq!((done["kind"].as_str(), done["done"].as_u64()), (Some("MirrorResult"), Some(2)));
    assert_eq!(done["change"], agreed_and_applied(&world, &written.details["removals"]));
    assert_eq!(world.cloud.calls("identitystore:DeleteGroupMembership"), 1);
    assert_eq!(world.cloud.calls("identitystore:DeleteUser"), 0);
    // Nothing is held back by now.
    approve("2", &[]).exits(5).says(&["(nothing-to-approve)"]);
}

/// As with other guarded acts it is written down who refused, who agreed to how many and why, and what came of
/// it. The change that it was.
#[track_caller]
fn agreed_and_applied(world: &World, removals: &str) -> String {
    let entries = world.audit();
    let refused: Vec<_> = entries.iter().filter(|it| it.event == "mirror-refused").collect();
    assert_eq!((refused.len(), refused[0].code.as_str()), (1, "guard-tripped"));
    let agreed = entries.iter().find(|it| it.event == "removals-approved").unwrap();
    assert_eq!(agreed.actor.to_string(), "cli:olga");
    let details = ["of", "number", "limit", "why", "removals"].map(|name| &*agreed.details[name]);
    assert_eq!(details, ["mirror", "2", "1", "Eli left", removals]);
    let applied = entries.first().unwrap();
    assert_eq!((&*applied.event, &*applied.details["changed"]), ("mirror-applied", "2"));
    applied.change.clone().unwrap()
}

/// A new store knows of nobody whom an admin offboarded: they would be mirrored again.
#[test]
fn nothing_is_mirrored_from_a_new_store_beside_profiles_that_are_there() {
    let world = world();
    world.write(
        "people.yaml",
        &PEOPLE
            .replace(
                "[ml-mirror] }\n  - { user_name: eli",
                "[ml-mirror, ml-fraud] }\n  - { user_name: eli",
            )
            .replace("groups: [ {", "groups: [ { name: ml-fraud, id: g2 }, {"),
    );
    world.apply(&[]).exits(0);
    let before = world.cloud.changes();
    let elsewhere = [&MIRROR[..], &["--store", "none.db"]].concat();
    let said =
        "there is no store none.db, but profiles of this installation (dora--fraud in research)";
    world.run(&elsewhere).exits(3).prints("").says(&[said, "(store-missing)"]);
    let approve = [&elsewhere[..], &["--approve", "1"]].concat();
    world.run(&approve).exits(3).prints("").says(&["(store-missing)"]);
    assert!(!world.exists("none.db"));
    assert_eq!(world.cloud.changes(), before);
}

#[test]
fn a_map_that_mirrors_nothing_is_told_so() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    world.run(&MIRROR).exits(3).says(&["mirrors nothing", "(mirror-missing)"]);
}

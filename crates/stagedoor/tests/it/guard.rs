//! The guard: a plan that would take away too much is refused as a whole.

use crate::cloud::{RESEARCH, now};
use crate::world::{CLEO, MAP, World, block_on, owned, settled};
use access::ids::{PersonId, TeamKey, TemporaryId};
use access::temporary::{TemporaryGrant, TemporaryKind};
use control::ports::TemporaryGrants;
use jiff::SignedDuration;
use store::SqliteStore;

fn careful() -> World {
    let map = MAP.replace("max_removals_percent: 50", "max_removals_percent: 10");
    let world = World::new(&settled(), &map);
    world.cloud.leave("ana", "ml-fraud");
    world.cloud.leave("ben", "ml-demand");
    world.cloud.join("cleo", "ml-fraud");
    world
}

#[test]
fn too_many_removals_are_refused_and_nothing_at_all_is_done() {
    let world = careful();
    let before = world.cloud.profiles(RESEARCH);
    let run = world.apply(&[]).exits(4).prints("");
    assert_eq!(
        run.talk(),
        "error: nothing was changed: the plan takes away 2 of 3 profiles; at most 1 are allowed \
         (guard-tripped)\n  Ben Okafor (ben) ← demand  entitlement-lost\n  \
         Ana Diaz (ana) ← fraud  entitlement-lost\n  If this is meant, say so: `stagedoor apply --allow-removals 2`, with the same plan, map and store.\n"
    );
    assert_eq!(world.cloud.profiles(RESEARCH), before);
    assert_eq!(world.cloud.changes(), [""; 0]);
}

#[test]
fn a_refusal_is_a_document_for_programs_too() {
    let document = careful().apply(&["--output", "json"]).exits(4).json();
    assert_eq!(document["kind"], "Error");
    assert_eq!(document["code"], "guard-tripped");
    assert_eq!(
        document["remedy"],
        "If this is meant, say so: `stagedoor apply --allow-removals 2`, with the same plan, map and store."
    );
}

#[test]
fn who_says_how_many_may_go_is_obeyed() {
    let world = careful();
    world.apply(&["--allow-removals", "1"]).exits(4).says(&["at most 1 are allowed"]);
    assert_eq!(world.cloud.changes(), [""; 0]);
    world.apply(&["--allow-removals", "2"]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "cleo--fraud"]);
}

#[test]
fn what_is_on_its_way_out_already_is_not_counted_again() {
    // One a plan is allowed; the two leave one after the other, and the holds do not add up.
    let map = MAP
        .replace("max_removals_percent: 50", "max_removals_percent: 10")
        .replace("hold: 0d", "hold: 7d");
    let world = World::new(&settled(), &map);
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    world.cloud.leave("ben", "ml-demand");
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.changes(), ["AddTags", "AddTags"]);
}

/// Whoever gave access for a time agreed to its end. The list named more people than the number did.
#[test]
fn the_list_of_who_would_go_is_of_those_whom_the_guard_counts() {
    let map = MAP.replace("max_removals_percent: 50", "max_removals_percent: 10");
    let world = World::new(&format!("{}{}", settled(), owned("cleo", "fraud", "")), &map);
    let ended = TemporaryGrant {
        id: TemporaryId::parse("0f1e2d3c4b5a").unwrap(),
        person: PersonId::parse(CLEO).unwrap(),
        user_name: Some("cleo".into()),
        team: TeamKey::parse("fraud").unwrap(),
        from: now() - SignedDuration::from_hours(5),
        until: now() - SignedDuration::from_hours(1),
        kind: TemporaryKind::Grant,
        reason: "an audit".into(),
        ticket: None,
        by: "root".into(),
        approved_by: None,
        made: now() - SignedDuration::from_hours(5),
        ended: None,
        note: None,
    };
    let store = SqliteStore::open(world.path("stagedoor.db")).unwrap();
    assert_eq!(block_on(store.give(&ended)), Ok(true));
    world.cloud.leave("ana", "ml-fraud");
    world.cloud.leave("ben", "ml-demand");
    let told = world.run(&["plan"]).exits(2).stdout;
    let counts = "3 to lose. The guard counts 2 of these and lets 1 of 4 profiles go at a time; ";
    assert!(told.contains(counts), "{told}");
    assert_eq!(
        world.apply(&[]).exits(4).talk(),
        "error: nothing was changed: the plan takes away 2 of 4 profiles; at most 1 are allowed \
         (guard-tripped)\n  Ben Okafor (ben) ← demand  entitlement-lost\n  \
         Ana Diaz (ana) ← fraud  entitlement-lost\n  \
         besides, not counted: 1 whose access for a time has ended\n  If this is meant, say so: \
         `stagedoor apply --allow-removals 2`, with the same plan, map and store.\n"
    );
}

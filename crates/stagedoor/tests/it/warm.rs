//! A function that stays warm: what changes in the store between two invocations.

use crate::house::{self, PUBLIC, identity_provider};
use crate::invoker::{Guest, Invoker, Via};
use crate::lambda::{answer_of, tick};
use crate::world::{FAST, MAP, SEED, World, settled};

/// The map, with its grants in the store's table.
fn by_table(map: &str) -> String {
    let (before, rest) = map.split_once("grants:\n").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    format!("{before}grants_from: store\n\n{after}")
}

fn put(world: &World, group: &str, team: &str) {
    world.run(&["mapping", "put", group, "--team", team, "--by", "root"]).exits(0);
}

#[test]
fn a_row_written_between_two_ticks_is_carried_out_by_the_second() {
    let world = World::new(&format!("{SEED}{FAST}"), &by_table(MAP));
    put(&world, "ml-fraud", "fraud");
    let mut invoker = Invoker::start(&world, &[]);
    invoker.answer(&tick());
    assert_eq!(world.cloud.names(), ["ana--fraud"]);

    put(&world, "ml-demand", "demand");
    assert_eq!(invoker.answer(&tick())["everything"], 1, "whoever writes a row has all read");
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
    let said = invoker.process.said();
    assert_eq!(said.matches("the grants of the changed table are in force").count(), 1, "{said}");

    world.run(&["mapping", "delete", "ml-fraud", "--by", "root"]).exits(0);
    invoker.answer(&tick());
    let fraud = world.cloud.profiles(crate::cloud::RESEARCH);
    let fraud = fraud.into_iter().find(|profile| profile.name == "ana--fraud");
    assert!(fraud.is_none_or(|profile| profile.status == "Deleting"
        || profile.tags.contains_key("stagedoor:leaving-since")));
    assert!(invoker.terminate().success(), "{}", invoker.process.said());
}

#[test]
fn the_door_goes_by_the_table_of_the_moment() {
    let world = World::new(&settled(), &by_table(&house::map()));
    let idp = identity_provider();
    world.write("corp.xml", &idp.metadata_xml());
    put(&world, "ml-fraud", "fraud");
    let mut invoker = Invoker::start(&world, &[("STAGEDOOR_PUBLIC_URL", PUBLIC)]);
    let (inside, mut ana) = (Via::Http("10.100.10.7"), Guest::default());
    let form = answer_of(&idp, "ana");
    assert_eq!(ana.ask(&mut invoker, inside, "/saml/acs", Some(&form)).status, 303);
    let before = ana.ask(&mut invoker, inside, "/", None).body;
    let offers = |page: &str, team: &str| page.contains(&format!("action=\"/open/{team}\""));
    assert_eq!((offers(&before, "fraud"), offers(&before, "demand")), (true, false), "{before}");

    put(&world, "ml-demand", "demand");
    world.run(&["mapping", "delete", "ml-fraud", "--by", "root"]).exits(0);
    let after = ana.ask(&mut invoker, inside, "/", None).body;
    assert_eq!((offers(&after, "fraud"), offers(&after, "demand")), (false, true), "{after}");
}

//! The configuration of a server that runs is replaced, and what will not do is refused.

use crate::browser::Browser;
use crate::cloud::until;
use crate::house::identity_provider;
use crate::process::Running;
use crate::world::{FAST, MAP, SEED, World, settled};
use std::fs;
use std::os::unix::fs::symlink;

/// A server that looks at its files often, and its ops listener.
fn serve(world: &World, more: &[&str]) -> (Running, Browser) {
    let args = [
        &["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--recheck", "50ms"],
        more,
    ]
    .concat();
    let mut server = Running::start(world.command(&args));
    let ops = Browser::at(&server.word_after("Health and metrics on "));
    (server, ops)
}

const OFTEN: &[&str] = &["--reload-check", "20ms"];

/// `MAP`, where the group of one team gets the other one too.
fn more() -> String {
    MAP.replace(
        "  - { group: ml-demand, team: demand }\n",
        "  - { group: ml-demand, team: demand }\n  - { group: ml-demand, team: fraud }\n",
    )
}

fn good(ops: &Browser) -> bool {
    ops.get("/metrics").body.contains("\nstagedoor_config_last_reload_successful 1\n")
}

#[test]
fn another_map_is_taken_up_without_a_restart() {
    let world = World::new(&settled(), MAP);
    let (mut server, ops) = serve(&world, OFTEN);
    // As editors write: whole, beside, and then in place.
    world.write("access.yaml.new", &more());
    fs::rename(world.path("access.yaml.new"), world.path("access.yaml")).unwrap();
    until("Ben has a profile of fraud", || {
        world.cloud.names().contains(&"ben--fraud".to_owned()).then_some(())
    });
    assert!(good(&ops));
    let said = server.said();
    assert!(said.contains("\"code\":\"map-replaced\""), "{said}");
    let store = world.store();
    assert!(
        store.contains("map-replaced") && store.contains("{\"digest\":\""),
        "it is written down"
    );
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
}

#[test]
fn a_map_that_will_not_do_leaves_the_last_good_one_in_force() {
    let world = World::new(&settled(), MAP);
    let (mut server, ops) = serve(&world, OFTEN);
    assert!(good(&ops));
    world.write("access.yaml", &MAP.replace("team: fraud }", "team: frued }"));
    until("the refusal is told", || (!good(&ops)).then_some(()));
    let health: serde_json::Value = serde_json::from_str(&ops.get("/healthz").body).unwrap();
    let why = health["configuration"]["lastFailure"]["message"].as_str().unwrap();
    assert!(why.contains("access.yaml:25:") && why.contains("frued"), "{why}");
    assert_eq!(health["configuration"]["status"], "warning");
    // What is mended is taken up, also where it is what it was before.
    world.write("access.yaml", MAP);
    until("all is well again", || good(&ops).then_some(()));
    assert!(world.store().contains("map-refused"));
    assert_eq!(world.cloud.changes(), [""; 0]);
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
    assert!(server.said().contains("\"code\":\"map-refused\""), "{}", server.said());
}

#[test]
fn a_map_whose_metadata_comes_later_is_taken_up_when_it_is_there() {
    let world = World::new(&settled(), MAP);
    let public = ["--public-url", "https://door.example.com"];
    let (mut server, ops) = serve(&world, &[OFTEN, &public].concat());
    let idp = "identity_providers:\n  corp:\n    metadata: corp.xml\n    person: { attribute: \
               ssouserid, matches: id }\n";
    world.write("access.yaml", &format!("{}{idp}", more()));
    until("the refusal is told", || (!good(&ops)).then_some(()));
    let why = ops.get("/healthz").body;
    assert!(why.contains("corp.xml"), "{why}");
    // Nobody touches the map any more.
    world.write("corp.xml.new", &identity_provider().metadata_xml());
    fs::rename(world.path("corp.xml.new"), world.path("corp.xml")).unwrap();
    until("Ben has a profile of fraud", || {
        world.cloud.names().contains(&"ben--fraud".to_owned()).then_some(())
    });
    assert!(good(&ops));
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
    assert_eq!(server.said().matches("\"code\":\"map-refused\"").count(), 1, "{}", server.said());
}

#[test]
fn a_config_map_that_is_swapped_is_seen() {
    let world = World::new(&format!("{SEED}{FAST}"), MAP);
    for (version, text) in [("..v1", MAP.to_owned()), ("..v2", more())] {
        fs::create_dir_all(world.path("map").join(version)).unwrap();
        fs::write(world.path("map").join(version).join("access.yaml"), text).unwrap();
    }
    symlink("..v1", world.path("map/..data")).unwrap();
    symlink("..data/access.yaml", world.path("map/access.yaml")).unwrap();
    let (mut server, _) = serve(&world, &[&["--map", "map"], OFTEN].concat());
    until("the first pass is over", || (world.cloud.names().len() == 3).then_some(()));
    symlink("..v2", world.path("map/..data_tmp")).unwrap();
    fs::rename(world.path("map/..data_tmp"), world.path("map/..data")).unwrap();
    until("Ben has a profile of fraud", || {
        world.cloud.names().contains(&"ben--fraud".to_owned()).then_some(())
    });
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
}

#[test]
fn sighup_looks_at_once_and_a_change_that_needs_a_restart_says_so() {
    let world = World::new(&settled(), MAP);
    let (mut server, ops) = serve(&world, &["--reload-check", "1h"]);
    server.signal("HUP");
    until("it has looked", || server.said().contains("nothing has changed").then_some(()));
    world.write("access.yaml", &MAP.replace("instance: tests", "instance: other"));
    server.signal("HUP");
    until("the refusal is told", || (!good(&ops)).then_some(()));
    let health = ops.get("/healthz").body;
    assert!(health.contains("`instance` is another one than at the start: restart"), "{health}");
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
}

#[test]
fn what_could_not_be_read_for_a_secret_is_read_again() {
    let key = include_str!("../../../saml-sp/tests/fixtures/sp.pem").replace('\n', "\n      ");
    let secret = format!("secrets:\n  - name: stagedoor/sp-key\n    current: |\n      {key}\n");
    let seed = format!("{}{secret}", settled());
    let world = World::new(&seed, MAP);
    let (mut server, ops) =
        serve(&world, &[OFTEN, &["--sp-key-secret", "stagedoor/sp-key"]].concat());
    world.cloud.go_wrong(
        "rules: [{ service: secretsmanager, error: { code: AccessDeniedException, message: not now, \
         status: 400 } }]",
    );
    let asked = world.cloud.calls("secretsmanager:GetSecretValue");
    world.write("access.yaml", &more());
    until("the failure is told", || (!good(&ops)).then_some(()));
    until("it was tried again", || {
        (world.cloud.calls("secretsmanager:GetSecretValue") > asked + 2).then_some(())
    });
    // Nobody touches the file any more.
    world.cloud.go_wrong("rules: []");
    until("Ben has a profile of fraud", || {
        world.cloud.names().contains(&"ben--fraud".to_owned()).then_some(())
    });
    assert!(good(&ops));
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
    assert_eq!(server.said().matches("\"code\":\"map-refused\"").count(), 1, "{}", server.said());
}

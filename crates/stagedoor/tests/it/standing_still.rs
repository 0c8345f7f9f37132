//! A function's process stands still between invocations: what was begun has ended by then, or goes on.

use crate::cloud::{Cloud, until};
use crate::house::{self, PUBLIC, identity_provider};
use crate::invoker::{Guest, Invoker, Via};
use crate::lambda::answer_of;
use crate::saml_metadata::{Publisher, SILENT, map_with};
use crate::world::{World, settled};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const INSIDE: Via<'_> = Via::Http("10.100.10.7");

/// A door, and an admin who has signed in.
fn admin() -> (World, Invoker, Guest) {
    let map = house::map() + "administration:\n  - { group: ml-fraud, role: admin }\n";
    let world = World::new(&settled(), &map);
    let idp = identity_provider();
    world.write("corp.xml", &idp.metadata_xml());
    let mut invoker = Invoker::start(&world, &[("STAGEDOOR_PUBLIC_URL", PUBLIC)]);
    let mut ana = Guest::default();
    let form = answer_of(&idp, "ana");
    assert_eq!(ana.ask(&mut invoker, INSIDE, "/saml/acs", Some(&form)).status, 303);
    (world, invoker, ana)
}

/// The calls to Studio so far.
fn studio(cloud: &Cloud) -> BTreeMap<String, u64> {
    let all = cloud.look().call_counts().clone().into_iter();
    all.filter(|(name, _)| name.starts_with("sagemaker:")).collect()
}

#[test]
fn a_reading_that_an_admin_did_not_wait_for_is_finished_before_the_process_stands_still() {
    let (world, mut invoker, mut ana) = admin();
    let cloud = &world.cloud;
    cloud.go_wrong("rules: [{ operation: ListUserProfiles, latency_ms: 10000 }]");
    let first = ana.ask(&mut invoker, INSIDE, "/admin", None);
    assert_eq!(first.status, 503, "{}", first.body);
    invoker.rests();
    let read = studio(cloud);
    let second = ana.ask(&mut invoker, INSIDE, "/admin", None);
    assert_eq!(second.status, 200, "{}", second.body);
    invoker.rests();
    assert_eq!(studio(cloud), read, "the second look is answered from what the first one began");
}

#[test]
fn a_reading_that_takes_longer_than_an_invocation_has_left_ends_no_process() {
    let (world, mut invoker, mut ana) = admin();
    world.cloud.go_wrong("rules: [{ operation: ListUserProfiles, latency_ms: 60000 }]");
    let time = Duration::from_secs(11);
    let first = ana.ask_for(&mut invoker, INSIDE, "/admin", None, time);
    assert_eq!(first.status, 503, "{}", first.body);
    invoker.rests();
    assert_eq!(ana.ask_for(&mut invoker, INSIDE, "/", None, time).status, 200);
    invoker.rests();
}

#[test]
fn metadata_that_is_due_is_fetched_before_the_process_stands_still() {
    let idp = identity_provider();
    let publisher = Publisher::new(200, &idp.metadata_xml());
    let world = World::new(&settled(), &map_with(&publisher.url));
    let start = || Invoker::start(&world, &[("STAGEDOOR_PUBLIC_URL", PUBLIC)]);
    let get = |path: &str| {
        let http = json!({"method": "GET", "path": path, "sourceIp": "10.100.10.7"});
        json!({"version": "2.0", "rawPath": path, "requestContext": {"stage": "$default", "http": http}})
    };
    // It leaves a copy.
    assert_eq!(start().answer(&get("/saml/metadata"))["statusCode"], 200);
    publisher.now_says(SILENT, "");
    let mut invoker = start();
    assert_eq!(invoker.answer(&get("/saml/metadata"))["statusCode"], 200);
    invoker.rests();
    until("it is said that it cannot be fetched", || {
        invoker.process.said().contains("(idp-metadata-unreachable)").then_some(())
    });
}

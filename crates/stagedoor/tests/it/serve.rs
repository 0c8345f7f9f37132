//! `stagedoor serve` as a process: starting, stopping, refusing to start, and the loop.

use crate::browser::Browser;
use crate::cloud::until;
use crate::house::House;
use crate::process::Running;
use crate::world::{FAST, MAP, SEED, World, settled};
use std::net::TcpListener;

fn serve(world: &World, more: &[&str]) -> (Running, String) {
    let args = [&["serve", "--listen", "127.0.0.1:0", "--recheck", "50ms"], more].concat();
    let mut server = Running::start(world.command(&args));
    let base = server.word_after("Stagedoor listens on ");
    (server, base)
}

#[test]
fn it_serves_until_sigterm_and_ends_well() {
    let world = World::new(&settled(), MAP);
    let (mut server, base) = serve(&world, &[]);
    let browser = Browser::at(&base);
    let live = browser.get("/livez");
    assert_eq!((live.status, live.body.as_str()), (200, "live\n"));
    assert_eq!(browser.get("/readyz").status, 200);
    let metadata = browser.get("/saml/metadata");
    assert_eq!(metadata.status, 200);
    assert!(metadata.body.contains(&format!("Location=\"{base}/saml/acs\"")), "{}", metadata.body);
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
}

#[test]
fn sigterm_does_not_wait_for_a_long_poll_of_the_queue() {
    let seed = settled() + "events: { queue: stagedoor-events, family: sso-directory }\n";
    let world = World::new(&seed, MAP);
    let (mut server, _) = serve(&world, &["--events-queue", "stagedoor-events"]);
    until("it listens to the queue", || {
        (world.cloud.calls("sqs:ReceiveMessage") > 0).then_some(())
    });
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
}

#[test]
fn the_loop_makes_it_so_at_the_start_and_by_events() {
    let seed =
        format!("{SEED}{FAST}events: {{ queue: stagedoor-events, family: sso-directory }}\n");
    let world = World::new(&seed, MAP);
    let (mut server, _) = serve(&world, &["--events-queue", "stagedoor-events"]);
    until("the first pass is over", || (world.cloud.names().len() == 3).then_some(()));
    world.cloud.join("cleo", "ml-fraud");
    until("Cleo has a profile", || {
        world.cloud.names().contains(&"cleo--fraud".to_owned()).then_some(())
    });
    world.cloud.leave("ana", "ml-fraud");
    until("Ana's is gone", || {
        (!world.cloud.names().contains(&"ana--fraud".to_owned())).then_some(())
    });
    assert_eq!(server.terminate().code(), Some(0));
    world.assert_settled();
}

/// A map that was written from what exists enforces nothing at first; a week of looking on is for what it
/// would do.
#[test]
fn what_the_map_does_not_enforce_is_told_once() {
    let world = World::new(SEED, &format!("{MAP}\nrollout: {{ enforce: [] }}\n"));
    let (mut server, _) = serve(&world, &["--observe-only", "--resync", "1s"]);
    let told = |text: &str| -> Vec<serde_json::Value> {
        let lines = text.lines().filter(|line| line.contains("not-enforced"));
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    let profiles = |text: &str| -> Vec<String> {
        let mut profiles: Vec<String> = told(text)
            .iter()
            .filter(|line| line["message"] == "would be made (entitled)")
            .map(|line| line["profile"].as_str().unwrap().to_owned())
            .collect();
        profiles.sort();
        profiles
    };
    let first = ["ana--demand", "ana--fraud", "ben--demand"];
    until("the first pass is told of", || (profiles(&server.said()) == first).then_some(()));
    world.cloud.join("cleo", "ml-fraud");
    let all = ["ana--demand", "ana--fraud", "ben--demand", "cleo--fraud"];
    until("Cleo is told of, nobody else again", || (profiles(&server.said()) == all).then_some(()));
    assert_eq!(server.terminate().code(), Some(0));
    let said = told(&server.said());
    let warned: Vec<_> = said.iter().filter(|line| line["level"] == "WARN").collect();
    let numbers: Vec<_> = warned.iter().map(|line| line["profiles"].as_u64()).collect();
    assert_eq!(numbers, [Some(3), Some(1)], "{said:?}");
    assert_eq!(world.cloud.names(), [""; 0]);
}

#[test]
fn the_guard_holds_in_the_loop_too_and_keeps_nobody_out() {
    let map = MAP.replace("max_removals_percent: 50", "max_removals_percent: 10");
    let world = World::new(&settled(), &map);
    world.cloud.leave("ana", "ml-fraud");
    world.cloud.leave("ben", "ml-demand");
    world.cloud.join("cleo", "ml-fraud");
    let (mut server, _) = serve(&world, &[]);
    until("the refusal is logged", || {
        server.said().contains("\"code\":\"guard-tripped\"").then_some(())
    });
    until("Cleo has a profile", || (world.cloud.names().len() == 4).then_some(()));
    assert_eq!(server.terminate().code(), Some(0));
    assert_eq!(world.cloud.changes(), ["CreateUserProfile"]);
    assert!(world.store().contains("plan-refused"));
}

#[test]
fn health_and_metrics_are_on_a_listener_of_their_own() {
    let world = World::new(&settled(), MAP);
    let (mut server, base) = serve(&world, &["--ops-listen", "127.0.0.1:0"]);
    let ops = Browser::at(&server.word_after("Health and metrics on "));
    let metrics = ops.get("/metrics");
    assert_eq!(
        (metrics.status, metrics.header("content-type")),
        (200, "text/plain; version=0.0.4")
    );
    assert!(metrics.body.contains("\nstagedoor_build_info{version=\""), "{}", metrics.body);
    // This map has no identity provider: nobody is to sign in here, and all else is to be reached.
    assert_eq!(ops.get("/readyz").status, 200);
    assert_eq!(ops.get("/livez").status, 200);
    assert_eq!(ops.get("/saml/metadata").status, 404);
    // Once the domain is read it is known that nobody else lets them in.
    until("that is a warning", || {
        ops.get("/healthz").body.contains("nobody gets in").then_some(())
    });
    let health: serde_json::Value = serde_json::from_str(&ops.get("/healthz").body).unwrap();
    assert_eq!(health["status"], "warning");
    let why =
        "the map has no identity provider, and domain research is in IAM mode: nobody gets in";
    assert_eq!(health["nobodySignsIn"], why);
    let verbose = ops.get("/readyz?verbose");
    let ready: serde_json::Value = serde_json::from_str(&verbose.body).unwrap();
    assert_eq!((verbose.status, &ready["nobodySignsIn"]), (200, &why.into()));
    let public = Browser::at(&base);
    assert_eq!(public.get("/metrics").status, 404);
    assert_eq!(public.get("/healthz").status, 404);
    assert_eq!(server.terminate().code(), Some(0), "{}", server.said());
}

#[test]
fn a_port_in_use_is_bad_configuration() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let world = World::new(&settled(), MAP);
    let run = world.run(&["serve", "--listen", &address]).exits(3).prints("");
    assert!(
        run.talk()
            .starts_with(&format!("error: cannot listen on {address}: Address already in use")),
        "{}",
        run.talk()
    );
}

#[test]
fn what_would_make_an_unsafe_door_is_refused_at_the_start() {
    let world = World::new(&settled(), MAP);
    let serve = |args: &[&str]| {
        world.run(&[&["serve", "--listen", "127.0.0.1:0", "--output", "json"], args].concat())
    };
    for url in ["http://door.example.com", "https://door.example.com/path", "nonsense"] {
        let document = serve(&["--public-url", url]).exits(3).json();
        assert_eq!(document["code"], "door-invalid");
        let message = document["message"].as_str().unwrap();
        assert!(message.contains(url), "{message}");
    }
    let document = serve(&["--events-queue", "nope"]).exits(3).json();
    assert_eq!(document["code"], "events-queue-missing");
    let message = document["message"].as_str().unwrap();
    assert!(message.starts_with("there is no events queue `nope` in eu-west-1: "), "{message}");
    world.write(
        "access.yaml",
        &format!("{MAP}identity_providers: {{ corp: {{ metadata: corp.xml }} }}\n"),
    );
    assert_eq!(serve(&[]).exits(3).json()["code"], "idp-metadata-unreadable");
    world.write("access.yaml", &MAP.replace("version: 1", "version: 2"));
    assert_eq!(serve(&[]).exits(3).json()["code"], "map-invalid");
}

/// Weaknesses that the map consents to are no silent ones.
#[test]
fn what_weakens_the_door_is_warned_of_at_the_start() {
    let house = House::open(&settled());
    let log = house.log();
    let warning: Vec<&str> = log.lines().filter(|line| line.contains("map-unsolicited")).collect();
    let [warning] = warning.as_slice() else { panic!("{log}") };
    let warning: serde_json::Value = serde_json::from_str(warning).unwrap();
    assert_eq!(warning["level"], "WARN");
    assert_eq!(warning["key"], "identity_providers.corp.allow_unsolicited");
    assert_eq!(warning["code"], "map-unsolicited");
}

//! Several processes on one store: no double work, no lost work, and one door.

use crate::browser::Browser;
use crate::cloud::{Cloud, RESEARCH, until};
use crate::house::{self, House, Ids};
use crate::process::Running;
use crate::world::{MAP, World, settled};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many people come, and then leave.
const PEOPLE: usize = 12;

/// Longer than all the leases that were waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// When the others take over what a killed one was at.
const TAKEOVER: &str = "12s";

fn user_name(n: usize) -> String {
    format!("person-{n:02}")
}

/// Nobody is in the group yet. What is asked of Studio is done at once and answered late, so that
/// whoever is killed meanwhile never hears of it.
fn seed() -> String {
    let line = |n| {
        let name = user_name(n);
        format!("    - {{ id: 04c8e458-a021-702e-f9d1-{n:012}, user_name: {name} }}\n")
    };
    let users = (0..PEOPLE).map(line).collect::<Vec<String>>().concat();
    format!(
        "random: 1\ntiming: {{ fast: true }}\nevents: {{ queue: stagedoor-events, family: \
         sso-directory }}\nroles:\n  - {{ name: studio-default }}\n  - {{ name: studio-fraud }}\n  - {{ \
         name: studio-demand }}\ndomains:\n  - {{ id: d-research, default_execution_role: \
         \"arn:aws:iam::111122223333:role/studio-default\" }}\ndirectory:\n  identity_store_id: \
         d-906716eb24\n  users:\n{users}  groups:\n    - {{ name: ml-fraud }}\n    - {{ name: \
         ml-demand }}\n"
    )
}

const LATE: &str = "rules:
  - { operation: CreateUserProfile, latency_ms: 150 }
  - { operation: DeleteUserProfile, latency_ms: 150 }
";

fn serve(world: &World) -> Running {
    let words = ["serve", "--listen", "127.0.0.1:0", "--recheck", "50ms", "--resync", "12h"];
    let events = ["--events-queue", "stagedoor-events", "--takeover", TAKEOVER];
    let mut server = Running::start(world.command(&[&words[..], &events].concat()));
    server.word_after("Stagedoor listens on ");
    server
}

/// The profiles, once there are so many, all in service.
fn settled_at(cloud: &Cloud, count: usize) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let profiles = cloud.profiles(RESEARCH);
        if profiles.len() == count && profiles.iter().all(|p| p.status == "InService") {
            return profiles.into_iter().map(|profile| profile.name).collect();
        }
        assert!(Instant::now() < deadline, "{profiles:?}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// How often each profile was asked for by this operation, whatever AWS said.
pub(crate) fn asked(cloud: &Cloud, operation: &str) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for call in cloud.look().calls().filter(|call| call.operation == operation) {
        *asked.entry(call.resource.clone().unwrap()).or_default() += 1;
    }
    asked
}

/// How often each profile is in the audit log with this event.
pub(crate) fn written(world: &World, event: &str) -> BTreeMap<String, usize> {
    let entries = world.audit();
    let mut written = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.event == event) {
        *written.entry(format!("d-research/{}", entry.details["profile"])).or_default() += 1;
    }
    written
}

fn once_each() -> BTreeMap<String, usize> {
    (0..PEOPLE).map(|n| (format!("d-research/{}--fraud", user_name(n)), 1)).collect()
}

/// A replica is killed when so many calls were seen.
const KILLS: [u64; 2] = [2, 6];

/// Kills each replica in the middle of its work, and starts another one.
fn kill_in_turns(world: &World, replicas: &mut Vec<Running>, operation: &str) {
    for seen in KILLS {
        until("work is under way", || {
            (world.cloud.calls(&format!("sagemaker:{operation}")) >= seen).then_some(())
        });
        let mut victim = replicas.remove(0);
        victim.kill();
        replicas.push(serve(world));
    }
}

/// A map that lets everybody go.
fn map() -> String {
    MAP.replace(
        "max_removals: 5, max_removals_percent: 50",
        "max_removals: 100, max_removals_percent: 100",
    )
}

#[test]
fn replicas_do_everything_once_whichever_of_them_is_killed() {
    all_come_and_leave(&World::new(&seed(), &map()));
}

#[test]
fn replicas_on_one_table_do_everything_once_whichever_of_them_is_killed() {
    all_come_and_leave(&World::new(&seed(), &map()).on_dynamodb());
}

fn all_come_and_leave(world: &World) {
    world.cloud.go_wrong(LATE);
    let mut replicas = vec![serve(world), serve(world)];
    for n in 0..PEOPLE {
        world.cloud.join(&user_name(n), "ml-fraud");
    }
    kill_in_turns(world, &mut replicas, "CreateUserProfile");
    settled_at(&world.cloud, PEOPLE);
    for n in 0..PEOPLE {
        world.cloud.leave(&user_name(n), "ml-fraud");
    }
    kill_in_turns(world, &mut replicas, "DeleteUserProfile");
    settled_at(&world.cloud, 0);
    for replica in &mut replicas {
        assert_eq!(replica.terminate().code(), Some(0), "{}", replica.said());
    }

    for (operation, event) in
        [("CreateUserProfile", "creating-profile"), ("DeleteUserProfile", "deleting-profile")]
    {
        assert_eq!(asked(&world.cloud, operation), once_each(), "{operation}");
        assert_written(world, event);
    }
    assert_written(world, "offboarding-begun");
}

/// What is about to be done is written down first. So whoever is killed in between leaves an entry for
/// what another one writes down again, and does.
fn assert_written(world: &World, event: &str) {
    let (written, expected) = (written(world, event), once_each());
    assert!(written.keys().eq(expected.keys()), "{event}: {written:?}");
    assert!(written.values().all(|count| *count <= 1 + KILLS.len()), "{event}: {written:?}");
}

#[test]
fn an_assertion_is_good_for_one_replica_and_a_session_for_all() {
    one_door(&House::open(&settled()));
}

#[test]
fn an_assertion_is_good_for_one_replica_on_a_table_and_a_session_for_all() {
    let (world, idp) = (World::new(&settled(), &house::map()), house::identity_provider());
    world.write("corp.xml", &idp.metadata_xml());
    one_door(&House::over(world.on_dynamodb(), idp));
}

fn one_door(house: &House) {
    let (_second, base) = house.replica();
    let ids = Ids::new();
    let response = house.idp.issue_response(&house.response("ana", None, &ids)).unwrap();
    let post = |browser: &Browser| browser.post("/saml/acs", &[("SAMLResponse", &response)]);
    let here = house.browser();
    assert_eq!(post(&here).status, 303);
    post(&Browser::at(&base)).assert_refused("replayed");

    let there = here.moved(&base);
    let portal = there.get("/");
    assert_eq!(portal.teams(), ["fraud"]);
    assert_eq!(there.open("fraud", &portal.key("fraud")).status, 302);
    // Signed out at one is signed out at all.
    let (_, form) = portal.body.split_once("action=\"/sign-out\"").unwrap();
    let (_, key) = form.split_once("name=\"key\" value=\"").unwrap();
    let key = key.split('"').next().unwrap();
    let before = there.clone().moved(&house.base);
    assert_eq!(there.post("/sign-out", &[("key", key)]).status, 303);
    assert!(before.get("/").body.contains("Sign in with Corp"));
}

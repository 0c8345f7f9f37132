//! A function that is killed in the middle of an invocation: the next one goes on, nothing is lost,
//! nothing is done or written down twice.

use crate::cloud::{RESEARCH, until};
use crate::invoker::Invoker;
use crate::lambda::{QUEUES, poll, queue_url, tick};
use crate::replicas::{asked, written};
use crate::world::{FAST, MAP, SEED, World, settled};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is asked of Studio is done at once and answered late, so that whoever is killed meanwhile
/// never hears of it.
const LATE: &str = "rules:
  - { operation: CreateUserProfile, latency_ms: 3000 }
  - { operation: DeleteUserProfile, latency_ms: 3000 }
";

fn start(world: &World) -> Invoker {
    let work = queue_url(&world.cloud, "stagedoor-work.fifo");
    let later = queue_url(&world.cloud, "stagedoor-later");
    let variables = [
        ("STAGEDOOR_WORK_QUEUE", work.as_str()),
        ("STAGEDOOR_LATER_QUEUE", later.as_str()),
        ("STAGEDOOR_TAKEOVER", "3s"),
    ];
    Invoker::start(world, &variables)
}

/// Invokes, and kills the process once it has asked for this so often.
fn killed_while(world: &World, payload: &Value, operation: &str, times: u64) {
    let mut invoker = start(world);
    let before = world.cloud.calls(operation);
    invoker.begin(payload);
    until(operation, || (world.cloud.calls(operation) >= before + times).then_some(()));
    invoker.process.kill();
}

/// Each of these once.
fn once(names: &[&str]) -> BTreeMap<String, usize> {
    names.iter().map(|name| (format!("d-research/{name}"), 1)).collect()
}

/// Ticks until there are just these profiles, all in service.
fn ticks_until(world: &World, invoker: &mut Invoker, names: &[&str]) {
    until("all is settled", || {
        invoker.answer(&tick());
        let profiles = world.cloud.profiles(RESEARCH);
        let are_there =
            profiles.iter().map(|profile| profile.name.as_str()).eq(names.iter().copied());
        (are_there && profiles.iter().all(|profile| profile.status == "InService")).then_some(())
    });
}

fn a_timer_is_killed(world: &World) {
    world.cloud.go_wrong(LATE);
    killed_while(world, &tick(), "sagemaker:CreateUserProfile", 2);
    world.cloud.go_wrong("rules: []");
    let all = ["ana--demand", "ana--fraud", "ben--demand"];
    ticks_until(world, &mut start(world), &all);
    assert_eq!(asked(&world.cloud, "CreateUserProfile"), once(&all));
    assert_eq!(written(world, "creating-profile"), once(&all));
}

#[test]
fn a_timer_killed_while_it_makes_profiles() {
    a_timer_is_killed(&World::new(&format!("{SEED}{FAST}{QUEUES}"), MAP));
}

#[test]
fn a_timer_killed_while_it_makes_profiles_with_its_state_in_a_table() {
    a_timer_is_killed(&World::new(&format!("{SEED}{FAST}{QUEUES}"), MAP).on_dynamodb());
}

#[test]
fn a_worker_killed_while_it_takes_a_profile_away() {
    let world = World::new(&format!("{}{QUEUES}", settled()), MAP);
    let cloud = &world.cloud;
    let mut invoker = start(&world);
    invoker.answer(&tick());
    cloud.leave("ana", "ml-fraud");
    crate::lambda::deliver(cloud, &mut invoker, "stagedoor-events");
    assert!(invoker.terminate().success());
    let records = until("her work", || {
        Some(poll(cloud, "stagedoor-work.fifo")).filter(|records| !records.is_empty())
    });

    cloud.go_wrong(LATE);
    let message = json!({"Records": records});
    killed_while(&world, &message, "sagemaker:DeleteUserProfile", 1);
    cloud.go_wrong("rules: []");
    let mut invoker = start(&world);
    // Lambda hands the message over again. Whether her lease has ended or not, it is dealt with: the
    // table knows of her.
    assert_eq!(invoker.answer(&message), json!({"batchItemFailures": []}));
    ticks_until(&world, &mut invoker, &["ana--demand", "ben--demand"]);
    assert_eq!(asked(cloud, "DeleteUserProfile"), once(&["ana--fraud"]));
    for event in ["offboarding-begun", "deleting-profile"] {
        assert_eq!(written(&world, event), once(&["ana--fraud"]), "{event}");
    }
}

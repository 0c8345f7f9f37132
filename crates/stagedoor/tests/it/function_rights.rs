//! What each function on Lambda calls, recorded, against the role that is made for it.

use crate::cloud::Cloud;
use crate::house;
use crate::invoker::{Guest, Via};
use crate::lambda::{answer_of, deliver, door, door_of, key, key_of, tick, with_queues};
use crate::world::{BEN, FAST, SEED, settled};
use access::functions::Function;
use access::permissions::{ACTIONS, Feature};
use std::collections::{BTreeMap, BTreeSet};

/// What was called meanwhile, as `service:Action`: IAM knows a batch as what is in it.
fn called(cloud: &Cloud, work: impl FnOnce()) -> BTreeSet<String> {
    let before: BTreeMap<String, u64> = cloud.look().call_counts().clone();
    work();
    let after = cloud.look().call_counts().clone();
    let more = after.into_iter().filter(|(name, count)| before.get(name) != Some(count));
    more.map(|(name, _)| name.trim_end_matches("Batch").to_owned()).collect()
}

/// Calls that the role of the function, and of the spokes it assumes, does not allow.
fn beyond(function: Function, called: &BTreeSet<String>) -> Vec<String> {
    let may = |name: &str| {
        ACTIONS.iter().any(|action| {
            action.name == name && (function.has(action.feature) || action.feature == Feature::Free)
        })
    };
    called.iter().filter(|name| !may(name)).cloned().collect()
}

#[track_caller]
fn assert_within(function: Function, called: &BTreeSet<String>, some: &str) {
    assert_eq!(beyond(function, called), [""; 0], "{function:?}");
    assert!(called.contains(some), "{function:?} was at work: {called:?}");
}

#[test]
fn each_function_calls_only_what_its_role_allows() {
    let app = "apps:\n  - { domain: d-research, profile: ana--fraud, type: Canvas }\n";
    let (world, mut invoker) = with_queues(&(settled() + app));
    let cloud = &world.cloud;
    let timer = called(cloud, || drop(invoker.answer(&tick())));
    assert_within(Function::Timer, &timer, "sagemaker:ListUserProfiles");
    cloud.leave("ana", "ml-fraud");
    let hear = called(cloud, || drop(deliver(cloud, &mut invoker, "stagedoor-events")));
    assert_within(Function::Events, &hear, "sqs:SendMessage");
    let mut work = called(cloud, || drop(deliver(cloud, &mut invoker, "stagedoor-work.fifo")));
    while cloud.names().contains(&"ana--fraud".to_owned()) {
        work.extend(called(cloud, || drop(deliver(cloud, &mut invoker, "stagedoor-later"))));
    }
    assert_within(Function::Work, &work, "sagemaker:DeleteUserProfile");
    // Nobody else may do what they did.
    assert!(beyond(Function::Events, &work).contains(&"sagemaker:DeleteUserProfile".to_owned()));
}

#[test]
fn timer_makes_profiles_within_its_role() {
    let (world, mut invoker) = with_queues(&format!("{SEED}{FAST}"));
    let timer = called(&world.cloud, || drop(invoker.answer(&tick())));
    assert_within(Function::Timer, &timer, "sagemaker:CreateUserProfile");
    assert!(!beyond(Function::Events, &timer).is_empty());
}

#[test]
fn the_door_calls_only_what_its_role_allows() {
    let (world, idp, mut invoker) = door("vpce: vpce-0aaaa");
    let cloud = &world.cloud;
    let inside = Via::Rest("10.0.1.4", "vpce-0aaaa");
    let made = called(cloud, || {
        let mut ana = Guest::default();
        let form = answer_of(&idp, "ana");
        ana.ask(&mut invoker, inside, "/saml/acs", Some(&form));
        let page = ana.ask(&mut invoker, inside, "/", None);
        let open = key(&page.body, "demand");
        let opened = ana.ask(&mut invoker, inside, "/open/demand", Some(&open));
        assert_eq!(opened.status, 302, "{}", opened.body);
    });
    assert_within(Function::Door, &made, "sagemaker:CreatePresignedDomainUrl");
    let link = "sagemaker:CreatePresignedDomainUrl".to_owned();
    for other in [Function::Events, Function::Work, Function::Timer] {
        assert!(beyond(other, &made).contains(&link), "{other:?}");
    }
}

/// With the hub's own credentials: the application is of the organisation, not of the domain's account.
#[test]
fn the_door_reads_a_domain_in_sso_mode_within_its_role() {
    let seed =
        format!("{SEED}{FAST}").replace("{ id: d-research,", "{ id: d-research, auth_mode: SSO,");
    let (world, idp, mut invoker) = door_of(&seed, &house::map());
    let cloud = &world.cloud;
    cloud.join("cleo", "ml-fraud");
    let inside = Via::Rest("10.0.1.4", "vpce-0aaaa");
    let made = called(cloud, || {
        let mut cleo = Guest::default();
        let form = answer_of(&idp, "cleo");
        cleo.ask(&mut invoker, inside, "/saml/acs", Some(&form));
        let page = cleo.ask(&mut invoker, inside, "/", None);
        let open = key(&page.body, "fraud");
        cleo.ask(&mut invoker, inside, "/open/fraud", Some(&open));
    });
    assert_eq!(cloud.names(), ["ana", "ben", "cleo"]);
    assert_within(Function::Door, &made, "sso:ListApplicationAssignments");
}

/// Whoever stops their own apps and whoever offboards somebody waits for it: both are done at the door.
#[test]
fn the_door_takes_away_what_people_ask_for_within_its_role() {
    let app = "apps:\n  - { domain: d-research, profile: ana--fraud, type: Canvas }\n";
    let map = house::map() + "administration:\n  - { group: ml-fraud, role: admin }\n";
    let (world, idp, mut invoker) = door_of(&(settled() + app), &map);
    let cloud = &world.cloud;
    let inside = Via::Rest("10.0.1.4", "vpce-0aaaa");
    let mut ana = Guest::default();
    let form = answer_of(&idp, "ana");
    ana.ask(&mut invoker, inside, "/saml/acs", Some(&form));
    let mut send = |page: &str, action: &str, more: &str| {
        let shown = ana.ask(&mut invoker, inside, page, None);
        let form = key_of(&shown.body, action) + more;
        called(cloud, || {
            let sent = ana.ask(&mut invoker, inside, action, Some(&form));
            assert_eq!(sent.status, 303, "{}", sent.body);
        })
    };
    let stopped = send("/apps/fraud", "/apps/fraud/stop", "");
    assert_within(Function::Door, &stopped, "sagemaker:DeleteApp");
    let offboard = format!("/admin/people/{BEN}/offboard");
    let gone = send(&offboard, &offboard, "&reason=leaves&confirm=ben");
    assert_within(Function::Door, &gone, "sagemaker:DeleteUserProfile");
}

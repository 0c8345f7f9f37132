//! The desk: who may what, what it answers from, and what it does.

use crate::reconciler::{Running, pass, people};
use crate::world::{Fault, MAP, World, person_id};
use access::observed::{AppStatus, ObservedApp};
use access::reason::ReasonCode;
use control::desk::{
    Agreement, Caller, Desk, Leave, Refused, RefusedKind, Return, Right, SignedIn,
};
use control::event::Wake;
use control::ports::{Approval, Approvals, AuditLog, Switch};
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;

const NAMES: [&str; 6] = ["ada", "bob", "cem", "dora", "eva", "finn"];

fn desk(world: &Arc<World>, running: &Running) -> Desk {
    Desk::new(running.plane.clone(), world.store.clone())
}

fn admin() -> Caller {
    Caller::at_the_command_line("root")
}

/// Three of six are about to lose what they have, one more than the guard allows.
pub(crate) async fn refused() -> (Arc<World>, Running, Desk) {
    let world = World::of(&NAMES);
    for name in ["ada", "bob", "cem"] {
        world.leave(name, "ml-fraud");
    }
    let running = Running::start(&world, MAP);
    pass(60).await;
    assert!(world.leaving().is_empty());
    let desk = desk(&world, &running);
    (world, running, desk)
}

#[tokio::test(start_paused = true)]
async fn what_the_guard_refused_is_done_once_somebody_agreed_to_just_that() {
    let (world, running, desk) = refused().await;
    let removals = desk.reading().await.unwrap().plan.removals_digest().unwrap();
    let agreement =
        |number| Agreement { removals: removals.clone(), number, why: "the team moves".to_owned() };
    let other = Agreement { removals: "0".repeat(64), ..agreement(3) };
    for wrong in [agreement(2), agreement(4), other] {
        let refused = desk.approve(&admin(), &wrong).await.unwrap_err();
        assert_eq!(refused.code, ReasonCode::NothingToApprove);
    }
    let approved = desk.approve(&admin(), &agreement(3)).await.unwrap();
    assert_eq!((approved.number, approved.by.as_str()), (3, "root"));
    pass(60).await;
    assert_eq!(world.leaving(), ["ada--fraud", "bob--fraud", "cem--fraud"]);
    assert_eq!(world.audited("approval-honoured"), ["approved"]);
    assert_eq!(world.store.approvals(running.plane.clock.now()).await, Ok(vec![]));
    let written = world.store.newest(10).await.unwrap();
    let entry = written.iter().find(|entry| entry.event == "removals-approved").unwrap();
    assert_eq!(entry.details["number"], "3");

    // There is nothing more to agree to, and the guard is there for the next ones.
    let again = desk.approve(&admin(), &agreement(3)).await.unwrap_err();
    assert_eq!(again.code, ReasonCode::NothingToApprove);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn of_one_removal_more_an_approval_says_nothing() {
    let (world, running, desk) = refused().await;
    let now = running.plane.clock.now();
    let approval = Approval {
        removals: desk.reading().await.unwrap().plan.removals_digest().unwrap(),
        number: 3,
        by: "cli:root".to_owned(),
        why: None,
        at: now,
        until: now + SignedDuration::from_hours(1),
    };
    world.store.approve(&approval).await.unwrap();
    world.leave("dora", "ml-fraud");
    running.wake(Wake::Everything).await;
    pass(60).await;
    assert!(world.leaving().is_empty());
    // Nor is it spent where nothing may be changed.
    world.join("dora", "ml-fraud");
    desk.freeze(&admin(), "an audit").await.unwrap();
    running.wake(Wake::Everything).await;
    pass(60).await;
    assert!(world.leaving().is_empty());
    assert_eq!(world.store.approvals(running.plane.clock.now()).await, Ok(vec![approval]));
    desk.thaw(&admin()).await.unwrap();
    pass(60).await;
    assert_eq!(world.leaving(), ["ada--fraud", "bob--fraud", "cem--fraud"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_for_whoever_may_not_act() {
    let (world, running, desk) = refused().await;
    let seer = Caller::with_token("ci", [Right::See, Right::Audit].into());
    let leave = Leave { person: "dora".into(), team: None, skip_hold: false, why: String::new() };
    let back = Return { person: "dora".into(), team: None };
    let agreement = Agreement { removals: "0".repeat(64), number: 3, why: String::new() };
    let answers: [Option<Refused>; 7] = [
        desk.freeze(&seer, "x").await.err(),
        desk.thaw(&seer).await.err(),
        desk.approve(&seer, &agreement).await.err(),
        desk.offboard(&seer, &leave).await.err(),
        desk.restore(&seer, &back).await.err(),
        desk.sync(&seer, None).await.err(),
        desk.replay(&seer, &[]).await.err(),
    ];
    for refused in answers {
        assert_eq!(refused.unwrap().code, ReasonCode::RightMissing);
    }
    assert_eq!(world.store.frozen().await, Ok(None));
    assert_eq!(world.store.newest(10).await, Ok(vec![]));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn looking_costs_aws_nothing() {
    let world = World::of(&NAMES);
    let running = Running::start(&world, MAP);
    pass(60).await;
    let desk = desk(&world, &running);
    let first = desk.reading().await.unwrap();
    world.state().domain_reads.clear();
    for _ in 0..100 {
        assert_eq!(desk.reading().await.unwrap().at, first.at);
    }
    assert!(world.state().domain_reads.is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_reading_showed_half_way_is_read_again_once_it_is_over() {
    let world = World::of(&NAMES);
    let running = Running::start(&world, MAP);
    pass(60).await;
    let desk = desk(&world, &running);
    let looks = async || {
        let reading = desk.reading().await.unwrap();
        let profiles = &reading.survey.observed.domains.values().next().unwrap().profiles;
        (reading.at, profiles["ada--fraud"].live_apps())
    };
    world.leave("ada", "ml-fraud");
    running.wake(people(&["ada"])).await;
    pass(3).await;
    let at_it = ObservedApp {
        app_type: "JupyterLab".into(),
        name: "default".into(),
        status: AppStatus::Deleting,
        instance_type: None,
        since: None,
    };
    world.state().profiles.get_mut("ada--fraud").unwrap().apps = vec![at_it];
    let (half_way, apps) = looks().await;
    assert_eq!(apps, 1);
    // AWS ends what it is at, and the loop has nothing more to do.
    world.state().profiles.get_mut("ada--fraud").unwrap().apps.clear();
    let changes = world.state().changes.len();
    pass(60).await;
    assert_eq!(world.state().changes.len(), changes);
    let (over, apps) = looks().await;
    assert_eq!(apps, 0);
    assert!(over > half_way);
    // Where nothing is new, looking again costs AWS nothing.
    running.wake(people(&["ada", "bob"])).await;
    pass(60).await;
    assert_eq!(looks().await.0, over);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_directory_says_while_all_is_frozen_is_read_for_whoever_looks() {
    let world = World::of(&NAMES);
    let running = Running::start(&world, MAP);
    pass(60).await;
    let desk = desk(&world, &running);
    desk.freeze(&admin(), "an audit").await.unwrap();
    world.leave("ada", "ml-fraud");
    running.wake(people(&["ada"])).await;
    pass(60).await;
    assert_eq!(desk.reading().await.unwrap().plan.new_removals(), 1);
    assert!(world.leaving().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_loop_one_reading_serves_all_who_wait() {
    let world = World::of(&NAMES);
    let desk = Desk::new(world.plane(MAP), world.store.clone());
    let (one, two) = tokio::join!(desk.reading(), desk.reading());
    assert_eq!(one.unwrap().at, two.unwrap().at);
    assert_eq!(world.state().domain_reads, ["all"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_looks_after_hours_waits_for_a_new_reading() {
    let world = World::of(&NAMES);
    world.state().whole_domain_takes = Duration::from_secs(5);
    let desk = Desk::new(world.plane(MAP), world.store.clone());
    let first = desk.reading().await.unwrap().at;
    pass(20 * 60).await;
    assert_eq!(desk.reading().await.unwrap().at, first, "after minutes nobody waits for long");
    pass(2 * 3600).await;
    let began = desk.time();
    assert!(desk.reading().await.unwrap().at >= began);
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_stood_still_for_hours_is_made_anew() {
    const LONG: u64 = 3 * 3600;
    let world = World::of(&NAMES);
    world.state().whole_domain_takes = Duration::from_secs(LONG);
    let desk = Desk::new(world.plane(MAP), world.store.clone());
    assert_eq!(desk.reading().await.unwrap_err().kind, RefusedKind::Unavailable);
    pass(LONG - 10).await;
    world.state().whole_domain_takes = Duration::ZERO;
    let began = desk.time();
    assert!(desk.reading().await.unwrap().at >= began);
}

#[tokio::test(start_paused = true)]
async fn a_role_is_what_the_groups_give_now() {
    let map = format!(
        "{MAP}administration:\n  - {{ group: ml-fraud, role: reader }}\n  - {{ group: ml-trials, \
         role: admin }}\n"
    );
    let world = World::of(&["ada"]);
    let desk = Desk::new(world.plane(&map), world.store.clone());
    let ada = SignedIn { person: person_id("ada"), only: None };
    let rights = async || desk.caller(&ada).await.map(|caller| caller.rights().len());
    assert_eq!(rights().await, Ok(1));
    world.join("ada", "ml-trials");
    assert_eq!(rights().await, Ok(3), "of several roles the one that may most");
    world.leave("ada", "ml-trials");
    world.leave("ada", "ml-fraud");
    assert_eq!(rights().await.unwrap_err().code, ReasonCode::RightMissing);
    let nobody = Desk::new(world.plane(MAP), world.store.clone());
    assert_eq!(nobody.caller(&ada).await.unwrap_err().code, ReasonCode::RightMissing);
}

#[tokio::test(start_paused = true)]
async fn an_admin_offboards_somebody_and_takes_it_back() {
    let world = World::of(&NAMES);
    let running = Running::start(&world, MAP);
    pass(60).await;
    let desk = desk(&world, &running);
    let ada = person_id("ada").to_string();
    let leave = Leave { person: ada.clone(), team: None, skip_hold: false, why: "left".into() };
    let begun = desk.offboard(&admin(), &leave).await.unwrap();
    assert_eq!((begun.person.as_str(), begun.profiles, begun.halted), (ada.as_str(), 1, None));
    assert_eq!(world.leaving(), ["ada--fraud"]);
    let back = Return { person: ada.clone(), team: None };
    let restored = desk.restore(&admin(), &back).await.unwrap();
    assert_eq!((restored.ended, restored.teams), (1, vec!["fraud".to_owned()]));
    pass(60).await;
    assert!(world.leaving().is_empty());
    assert_eq!(world.audited("person-offboarded"), ["offboarded"]);
    assert_eq!(world.audited("person-restored"), ["returned"]);
    running.wake(people(&["ada"])).await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_an_admin_does_and_the_log_does_not_tell_of_is_done_and_said() {
    let world = World::of(&["ada"]);
    let desk = Desk::new(world.plane(MAP), world.store.clone());
    let ada = person_id("ada").to_string();
    let leave = Leave { person: ada.clone(), team: None, skip_hold: false, why: "left".into() };
    let unwritten = |refused: Refused, done: &str| {
        assert_eq!(
            (refused.kind, refused.code),
            (RefusedKind::Unwritten, ReasonCode::AuditUnwritten)
        );
        assert_eq!(refused.why, format!("{done}, and the audit log does not tell of it."));
    };
    world.break_down(Fault::Audit);
    let refused = desk.offboard(&admin(), &leave).await.unwrap_err();
    unwritten(refused, "The person is offboarded");
    assert_eq!(world.state().departures.len(), 1);
    let back = Return { person: ada, team: None };
    let refused = desk.restore(&admin(), &back).await.unwrap_err();
    unwritten(refused, "The offboarding is ended");
    assert_eq!(world.state().departures.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_offboarded_whom_the_directory_takes_for_somebody_else() {
    let world = World::of(&["ada"]);
    let desk = Desk::new(world.plane(MAP), world.store.clone());
    let of = |name: &str| Leave {
        person: name.to_owned(),
        team: None,
        skip_hold: false,
        why: String::new(),
    };
    let refused = desk.offboard(&admin(), &of("adá")).await.unwrap_err();
    assert_eq!(refused.code, ReasonCode::PersonUnknown);
    assert!(desk.offboard(&admin(), &of("ADA")).await.is_ok());
}

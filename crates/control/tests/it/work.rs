//! The loop and its queue: who is served when, by whom, and what is kept from being changed.

use crate::mirror::Unrenewed;
use crate::reconciler::{Running, pass, people, secs};
use crate::world::{Fault, MAP, World, person_id, team};
use access::check::{CheckedPlan, Removals};
use access::ids::{PersonId, ProfileName};
use access::observed::ObservedApplication;
use access::plan::{Action, Plan};
use async_trait::async_trait;
use control::event::Wake;
use control::meter::PassOutcome;
use control::pass::{Halt, Outcome};
use control::plane::Plane;
use control::ports::{
    CallError, ChangeId, Clock, Delivery, Freeze, Intent, Lease, ProfileIndex, QueueStatus, Retry,
    StoreError, Switch, WakeQueue, Work, WorkKey, WorkQueue,
};
use control::settle::{Audience, Patience, Unsettled};
use control::survey::{Scope, Survey};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn one(name: &str) -> Scope {
    Scope::People(BTreeSet::from([person_id(name)]))
}

fn made(world: &World, profile: &str) -> usize {
    let made = format!("create {profile}");
    world.state().changes.iter().filter(|change| **change == made).count()
}

#[tokio::test(start_paused = true)]
async fn a_pass_for_a_person_reads_that_persons_profiles_and_no_others() {
    let world = World::of(&["ada", "bob"]);
    let plane = world.plane(MAP);
    plane.survey(&one("ada")).await.unwrap();
    assert_eq!(world.state().domain_reads, ["all"], "nobody knows yet what there is");
    world.state().domain_reads.clear();
    let survey = plane.survey(&one("ada")).await.unwrap();
    assert_eq!(world.state().domain_reads, ["ada--fraud"]);
    let domain = survey.observed.domains.values().next().unwrap();
    assert_eq!((domain.profiles.len(), domain.unread.owned), (1, 0), "the guard need not count");
    assert!(plane.plan(&survey).is_empty());
    world.leave("ada", "ml-fraud");
    let survey = plane.survey(&one("ada")).await.unwrap();
    let domain = survey.observed.domains.values().next().unwrap();
    assert_eq!((domain.profiles.len(), domain.unread.owned), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn for_a_new_right_the_names_are_read_that_it_would_give() {
    let world = World::of(&["ada"]);
    let plane = world.plane(MAP);
    plane.survey(&Scope::Everything).await.unwrap();
    world.join("ada", "ml-trials");
    world.state().domain_reads.clear();
    let done = plane.pass(&one("ada"), Removals::Guarded, &|_, _| {}).await.unwrap();
    let read = world.state().domain_reads.join(" ");
    assert!(read.starts_with("ada--fraud ada--trials ada--trials--"), "{read}");
    assert_eq!(done.report.changed, 1);
    assert_eq!(made(&world, "ada--trials"), 1);
    // It is known from then on.
    world.state().domain_reads.clear();
    plane.survey(&one("ada")).await.unwrap();
    assert_eq!(world.state().domain_reads, ["ada--fraud ada--trials"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_about_to_lose_something_is_asked_about_after_studio() {
    let world = World::of(&["ada"]);
    let plane = world.plane(MAP);
    plane.survey(&Scope::Everything).await.unwrap();
    world.leave("ada", "ml-fraud");
    world.state().domain_takes = secs(10);
    let survey = async { plane.survey(&one("ada")).await.unwrap() };
    let back = async {
        pass(5).await;
        world.join("ada", "ml-fraud");
    };
    let (survey, ()) = tokio::join!(survey, back);
    assert!(plane.plan(&survey).is_empty());
}

#[tokio::test(start_paused = true)]
async fn people_are_served_beside_a_full_pass() {
    let world = World::of(&["ada"]);
    let running = Running::start(&world, MAP);
    pass(10).await;
    world.state().whole_domain_takes = secs(1_000);
    running.wake(Wake::Everything).await;
    pass(10).await;
    world.join("zoe", "ml-fraud");
    running.wake(people(&["zoe"])).await;
    pass(10).await;
    assert_eq!(made(&world, "zoe--fraud"), 1);
    // The full pass, which read before she came, takes nothing for a leftover.
    pass(1_200).await;
    assert_eq!(world.leaving(), [""; 0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nobody_is_read_alone_before_everything_was_read_once() {
    let world = World::of(&["ada"]);
    world.state().whole_domain_takes = secs(100);
    let running = Running::start(&world, MAP);
    running.wake(people(&["ada"])).await;
    pass(50).await;
    assert_eq!(world.state().domain_reads, ["all"]);
    pass(100).await;
    assert_eq!(world.state().domain_reads, ["all", "ada--fraud"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_who_is_stuck_never_makes_others_wait() {
    let world = World::of(&["ada"]);
    let running = Running::start(&world, MAP);
    pass(10).await;
    world.join("yan", "ml-fraud");
    world.state().unmakeable.insert("yan--fraud".into());
    running.wake(people(&["yan"])).await;
    pass(1_800).await;
    let tries = made(&world, "yan--fraud");
    assert!((5..15).contains(&tries), "{tries}");
    world.join("zoe", "ml-fraud");
    running.wake(people(&["zoe"])).await;
    pass(3).await;
    assert_eq!(made(&world, "zoe--fraud"), 1);
    // The reason is gone: the next try is not far.
    world.state().unmakeable.clear();
    pass(901).await;
    assert!(world.state().profiles.contains_key("yan--fraud"));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn two_replicas_share_the_work_and_never_do_it_twice() {
    let names: Vec<String> = (0..60).map(|n| format!("n{n:02}")).collect();
    let world = World::of(&[]);
    let replicas = [Running::start(&world, MAP), Running::start(&world, MAP)];
    pass(10).await;
    for name in &names {
        world.join(name, "ml-fraud");
    }
    for replica in &replicas {
        for name in &names {
            replica.wake(people(&[name])).await;
        }
    }
    pass(600).await;
    for name in &names {
        assert_eq!(made(&world, &format!("{name}--fraud")), 1, "{name}");
    }
    // Everything is read by one of them, at each start and then on the timer.
    world.state().reads.clear();
    pass(2_700).await;
    let full = world.state().reads.iter().filter(|read| *read == "everybody").count();
    assert_eq!(full, 3);
    for replica in replicas {
        replica.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_process_was_at_is_taken_up() {
    let world = World::of(&["ada"]);
    world.plane(MAP).survey(&Scope::Everything).await.unwrap();
    world.leave("ada", "ml-fraud");
    let key = BTreeSet::from([WorkKey::Person(person_id("ada")), WorkKey::Everything]);
    world.store.push(&key, world.now()).await.unwrap();
    for _ in 0..2 {
        let lease = SignedDuration::from_mins(5);
        assert_eq!(world.store.take("dead", world.now(), lease, 9).await.unwrap().len(), 1);
    }
    let running = Running::start(&world, MAP);
    // Its lease was longer than any that this loop gives.
    pass(55).await;
    assert_eq!(world.leaving(), [""; 0]);
    pass(10).await;
    assert_eq!(world.leaving(), ["ada--fraud"]);
    running.stop().await;
}

/// Another pass was at her between reading and acting.
#[tokio::test(start_paused = true)]
async fn a_stale_plan_is_not_carried_out() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    let plane = world.plane(MAP);
    let stale = plane.survey(&Scope::Everything).await.unwrap();
    let checked = plane.check(plane.plan(&stale), &stale, Removals::Guarded).unwrap();
    let first = plane.pass(&one("ada"), Removals::Guarded, &|_, _| {}).await.unwrap();
    assert_eq!(first.report.changed, 1);
    world.state().changes.clear();
    let report = plane.carry_out(&checked, &stale, &|_, _| {}).await;
    assert_eq!(report.yielded, BTreeSet::from([person_id("ada")]));
    assert_eq!((report.changed, world.state().changes.len()), (0, 0));
}

/// Whoever loses the group while a plan is carried out.
struct Meanwhile<'a>(&'a World);

impl Audience for Meanwhile<'_> {
    fn reading(&self) {}
    fn applying(&self, _: &Plan) {}
    fn acted(&self, _: &Action, _: &Outcome) {
        self.0.leave("bob", "ml-fraud");
    }
    fn pausing(&self) {}
}

#[tokio::test(start_paused = true)]
async fn of_what_turns_up_while_an_agreed_plan_is_carried_out_nothing_is_done() {
    let world = World::of(&["ada", "bob"]);
    world.leave("ada", "ml-fraud");
    let plane = world.plane(MAP);
    let survey = plane.survey(&Scope::Everything).await.unwrap();
    let agreed = plane.plan(&survey);
    let first = Some((survey, agreed.clone()));
    let patience = Patience { timeout: secs(60), poll: secs(5) };
    let narrow = |plan: Plan, _: &Survey| plan.within(&agreed);
    let (all, two) = (Scope::Everything, Removals::Allowed(2));
    let settled = plane.settle(&all, two, patience, first, &narrow, &Meanwhile(&world)).await;
    assert_eq!(settled.unwrap().changed, 1);
    assert_eq!(world.leaving(), ["ada--fraud"]);
    // Another plan finds it.
    let survey = plane.survey(&Scope::Everything).await.unwrap();
    assert_eq!(plane.plan(&survey).new_removals(), 1);
}

/// Ada is marked as leaving, and her app cannot be stopped: that is a removal of the agreed number all the same.
#[tokio::test(start_paused = true)]
async fn what_was_agreed_to_and_failed_half_way_leaves_no_room_for_another_removal() {
    let world = World::of(&["ada", "bob"]);
    world.leave("ada", "ml-fraud");
    world.join("zoe", "ml-fraud");
    world.break_down(Fault::StopApp);
    let plane = world.plane(MAP);
    let patience = Patience { timeout: secs(60), poll: secs(5) };
    let (all, one) = (Scope::Everything, Removals::Allowed(1));
    let as_it_is = |plan: Plan, _: &Survey| plan;
    let settled = plane.settle(&all, one, patience, None, &as_it_is, &Meanwhile(&world)).await;
    let Err(Unsettled::Refused(plan, _)) = settled else { panic!("{settled:?}") };
    assert_eq!(plan.new_removals(), 1);
    assert_eq!(world.leaving(), ["ada--fraud"]);
}

/// Two groups of an SSO-mode domain are to be assigned to its application.
async fn to_be_assigned(world: &Arc<World>) -> (Plane, CheckedPlan, Survey) {
    world.join("bob", "ml-trials");
    let (arn, groups, people) = ("arn:app".to_owned(), BTreeSet::new(), BTreeSet::new());
    world.state().application = Some(ObservedApplication { arn, groups, people });
    let plane = world.plane(MAP);
    let survey = plane.survey(&Scope::Everything).await.unwrap();
    let plan = plane.plan(&survey);
    assert_eq!(plan.assignments.len(), 2);
    let checked = plane.check(plan, &survey, Removals::Guarded).unwrap();
    world.state().changes.clear();
    (plane, checked, survey)
}

#[tokio::test(start_paused = true)]
async fn no_further_group_is_assigned_once_everything_is_frozen() {
    let world = World::of(&["ada"]);
    let (plane, checked, survey) = to_be_assigned(&world).await;
    world.break_down(Fault::FreezesMeanwhile);
    let report = plane.carry_out(&checked, &survey, &|_, _| {}).await;
    assert!(matches!(report.halted, Some(Halt::Frozen(_))), "{report:?}");
    assert_eq!((report.changed, world.state().changes.len()), (1, 1));
    assert_eq!(world.audited("group-assigned"), ["entitled"]);
}

#[tokio::test(start_paused = true)]
async fn no_group_is_assigned_unwritten() {
    let world = World::of(&["ada"]);
    let (plane, checked, survey) = to_be_assigned(&world).await;
    world.break_down(Fault::Audit);
    let report = plane.carry_out(&checked, &survey, &|_, _| {}).await;
    assert_eq!((report.unassigned.len(), report.changed), (2, 0));
    assert_eq!(world.state().changes, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn of_two_passes_at_once_the_guard_stops_the_second() {
    let world = World::of(&["ada", "bob", "cem", "dora"]);
    let plane = world.plane(MAP);
    plane.survey(&Scope::Everything).await.unwrap();
    let mut passes = Vec::new();
    for pair in [["ada", "bob"], ["cem", "dora"]] {
        for name in &pair {
            world.leave(name, "ml-fraud");
        }
        let scope = Scope::People(pair.iter().map(|name| person_id(name)).collect());
        let survey = plane.survey(&scope).await.unwrap();
        let checked = plane.check(plane.plan(&survey), &survey, Removals::Guarded).unwrap();
        passes.push((checked, survey));
    }
    let mut reports = Vec::new();
    for (checked, survey) in &passes {
        reports.push(plane.carry_out(checked, survey, &|_, _| {}).await);
    }
    assert_eq!((reports[0].changed, reports[1].changed), (2, 0));
    assert_eq!(reports[1].yielded, BTreeSet::from([person_id("cem"), person_id("dora")]));
    assert_eq!(world.leaving(), ["ada--fraud", "bob--fraud"]);
    // And what it did not do is not counted.
    let survey = plane.survey(&Scope::Everything).await.unwrap();
    assert_eq!(survey.leaving.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn whom_a_pass_was_about_to_take_that_died_the_guard_does_not_count_twice() {
    let world = World::of(&["ada", "bob", "cem"]);
    let plane = world.plane(MAP);
    plane.survey(&Scope::Everything).await.unwrap();
    let announced = ["ada", "bob"].map(|name| {
        world.leave(name, "ml-fraud");
        Intent {
            domain: plane.map.domains.values().next().unwrap().domain_id.clone(),
            profile: ProfileName::parse(format!("{name}--fraud")).unwrap(),
            person: person_id(name),
            team: team("fraud"),
        }
    });
    let dead = ChangeId::new(world.now(), [7; 32]);
    world.store.leaving(&dead, &announced, false, world.now()).await.unwrap();
    let survey = plane.survey(&Scope::Everything).await.unwrap();
    let plan = plane.plan(&survey);
    let count = plane.guard_count(&plan, &survey);
    assert_eq!((survey.leaving.len(), count.taken, count.before), (2, 2, 0));
    let checked = plane.check(plan, &survey, Removals::Guarded).unwrap();
    let report = plane.carry_out(&checked, &survey, &|_, _| {}).await;
    assert_eq!(
        (report.changed, world.leaving()),
        (2, vec!["ada--fraud".into(), "bob--fraud".into()])
    );
    // Somebody else besides is one too many.
    world.leave("cem", "ml-fraud");
    let survey = plane.survey(&Scope::Everything).await.unwrap();
    assert!(plane.check(plane.plan(&survey), &survey, Removals::Guarded).is_err());
}

#[tokio::test(start_paused = true)]
async fn the_guard_remembers_what_is_gone_over_a_restart() {
    let map = MAP.replace("hold: 7d", "hold: 0d");
    let world = World::of(&["ada", "bob", "cem", "dora"]);
    for (name, left) in [("ada", 3), ("bob", 2), ("cem", 2)] {
        world.leave(name, "ml-fraud");
        let running = Running::start(&world, &map);
        pass(60).await;
        running.stop().await;
        assert_eq!(world.state().profiles.len(), left, "{name}");
    }
    assert_eq!(
        world.state().audit.last().unwrap().details["message"],
        "the plan takes away 1 of 2 profiles, after 2 in the last 24 hours; at most 2 are allowed"
    );
    // A day later they are forgotten.
    let running = Running::start(&world, &map);
    pass(25 * 3_600).await;
    running.stop().await;
    assert_eq!(world.profile_names(), ["dora--fraud"]);
}

fn freeze(world: &World) -> Freeze {
    Freeze { by: "ana".into(), reason: "an audit".into(), at: world.now() }
}

#[tokio::test(start_paused = true)]
async fn frozen_it_reads_and_plans_and_changes_nothing() {
    let world = World::of(&["ada"]);
    let freeze = freeze(&world);
    world.store.freeze(&freeze).await.unwrap();
    world.leave("ada", "ml-fraud");
    world.join("zoe", "ml-fraud");
    let running = Running::start(&world, MAP);
    running.wake(people(&["zoe"])).await;
    pass(3_600).await;
    assert_eq!(world.state().changes, [""; 0]);
    assert!(world.state().reads.len() >= 4, "{:?}", world.state().reads);
    let status = running.plane.loop_status().await.unwrap();
    assert_eq!(status.frozen.unwrap().reason, "an audit");
    let passes = running.plane.meter.read().passes;
    assert_eq!(passes.keys().map(|(_, outcome)| *outcome).max(), Some(PassOutcome::Halted));
    assert!(world.store.thaw(&freeze).await.unwrap());
    running.wake(Wake::Everything).await;
    pass(10).await;
    assert_eq!(
        world.state().changes,
        ["create zoe--fraud", "update ada--fraud", "stop JupyterLab of ada--fraud"]
    );
    running.stop().await;
}

/// Frozen by somebody else after it was looked at so often.
#[derive(Debug)]
struct FrozenAfter(AtomicU32, Freeze);

#[async_trait]
impl Switch for FrozenAfter {
    async fn freeze(&self, _: &Freeze) -> Result<Option<Freeze>, StoreError> {
        panic!("a pass freezes nothing")
    }

    async fn thaw(&self, _: &Freeze) -> Result<bool, StoreError> {
        panic!("a pass thaws nothing")
    }

    async fn frozen(&self) -> Result<Option<Freeze>, StoreError> {
        let looks = self.0.fetch_sub(1, Ordering::SeqCst);
        Ok((looks == 0).then(|| self.1.clone()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_freeze_stops_a_pass_that_is_under_way() {
    let world = World::of(&[]);
    (0..150).for_each(|n| world.join(&format!("n{n:03}"), "ml-fraud"));
    let switch = Arc::new(FrozenAfter(AtomicU32::new(1), freeze(&world)));
    let plane = Plane { switch, ..world.plane(MAP) };
    let done = plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await.unwrap();
    assert_eq!(done.report.halted, Some(Halt::Frozen(freeze(&world))));
    assert_eq!((done.report.changed, world.state().changes.len()), (100, 100));
}

#[tokio::test(start_paused = true)]
async fn a_freeze_stops_whoever_is_claimed_and_not_begun() {
    let world = World::of(&[]);
    (0..30).for_each(|n| world.join(&format!("n{n:02}"), "ml-fraud"));
    world.state().changes_take = Duration::from_secs(3);
    let freeze = freeze(&world);
    let switch = Arc::new(FrozenAfter(AtomicU32::new(3), freeze.clone()));
    let plane = Plane { switch, ..world.plane(MAP) };
    let done = plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await.unwrap();
    assert_eq!(done.report.halted, Some(Halt::Frozen(freeze)));
    // It was looked at second one, two and three: four begun by then, and four under way.
    assert_eq!((done.report.changed, done.report.yielded.len()), (8, 22));
    assert_eq!(world.state().changes.len(), 8);
}

#[tokio::test(start_paused = true)]
async fn whoever_gets_no_answer_to_a_renewal_begins_nothing_after_the_claim() {
    let world = World::of(&[]);
    (0..30).for_each(|n| world.join(&format!("n{n:02}"), "ml-fraud"));
    world.state().changes_take = Duration::from_secs(9);
    let claims = Arc::new(Unrenewed { store: world.store.clone(), hangs: true });
    let plane = Plane { claims, ..world.plane(MAP) };
    let done = plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await.unwrap();
    // Four at a time, at second 0, 9 and 18 of twenty.
    assert_eq!((done.report.changed, done.report.yielded.len()), (12, 18));
    assert_eq!(done.report.halted, None);
}

#[tokio::test(start_paused = true)]
async fn who_only_observes_changes_nothing() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    world.join("zoe", "ml-fraud");
    let plane = Plane { observe_only: true, ..world.plane(MAP) };
    let running = Running::of(plane.clone());
    pass(1_000).await;
    running.stop().await;
    assert_eq!(world.state().changes, [""; 0]);
    let status = plane.loop_status().await.unwrap();
    assert!(status.observe_only);
    assert_eq!(plane.meter.read().passes[&("everything", PassOutcome::Halted)], 2);
    let done = plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await.unwrap();
    assert_eq!(done.report.halted, Some(Halt::ObserveOnly));
}

#[tokio::test(start_paused = true)]
async fn one_pass_is_one_change_in_calls_and_audit() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    world.join("yan", "ml-fraud");
    world.join("zoe", "ml-fraud");
    let plane = world.plane(MAP);
    for _ in 0..2 {
        plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await.unwrap();
        world.leave("zoe", "ml-fraud");
    }
    let state = world.state();
    let told: Vec<Option<&String>> =
        state.audit.iter().map(|entry| entry.change.as_ref()).collect();
    let ids: BTreeSet<&String> = told.iter().map(|change| change.unwrap()).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    let calls: BTreeSet<&str> =
        state.changed_by.iter().map(|change| change.as_ref().unwrap().as_str()).collect();
    assert_eq!(calls, ids.iter().map(|id| id.as_str()).collect());
}

#[tokio::test(start_paused = true)]
async fn the_status_tells_what_waits_and_when_everything_was_read() {
    let world = World::of(&["ada"]);
    let running = Running::start(&world, MAP);
    pass(10).await;
    let status = running.plane.loop_status().await.unwrap();
    let counts = running.plane.meter.read();
    assert_eq!(counts.passes[&("everything", PassOutcome::Settled)], 1);
    let seen = counts.overview.unwrap();
    let research = access::ids::DomainKey::parse("research").unwrap();
    assert_eq!(seen.profiles[&(research.clone(), crate::world::team("fraud"))], 1);
    assert_eq!(seen.read_at[&research], "2026-11-21T09:00:00Z".parse().unwrap());
    assert!(seen.readable[&research] && seen.drift.is_empty());
    assert_eq!(seen.apps.values().sum::<u64>(), 1);
    assert_eq!(
        (counts.directory_read, counts.directory_failed),
        (Some("2026-11-21T09:00:00Z".parse().unwrap()), None)
    );
    assert_eq!(status.queue.last_full, Some("2026-11-21T09:00:00Z".parse().unwrap()));
    assert_eq!((status.queue.due, status.queue.later), (0, 1));
    running.stop().await;
}

/// For how many minutes nothing was read in full, after the loop had half an hour for it.
async fn minutes_since_full(world: &Arc<World>, running: &Running) -> i64 {
    let status = running.plane.loop_status().await.unwrap();
    let last = status.queue.last_full.unwrap();
    assert!(running.plane.readings.newest(Some(last)).is_some(), "its own pass is the last");
    pass(1800).await;
    let status = running.plane.loop_status().await.unwrap();
    let now = world.plane(MAP).clock.now();
    now.duration_since(status.queue.last_full.unwrap()).as_mins()
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_carried_out_makes_no_reading_older() {
    let names: Vec<String> = (0..80).map(|n| format!("person-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = World::of(&names);
    let running = Running::start(&world, MAP);
    pass(60).await;

    world.join("zoe", "ml-fraud");
    world.state().unmakeable.insert("zoe--fraud".into());
    assert!(minutes_since_full(&world, &running).await <= 15, "a profile cannot be made");
    let counts = running.plane.meter.read();
    assert!(counts.passes[&("everything", PassOutcome::Failed)] > 0);
    world.state().unmakeable.clear();

    for name in &names[..3] {
        world.leave(name, "ml-fraud");
    }
    assert!(minutes_since_full(&world, &running).await <= 15, "the guard holds removals back");
    let counts = running.plane.meter.read();
    assert!(counts.passes[&("everything", PassOutcome::Refused)] > 0);

    let freeze =
        Freeze { at: running.plane.clock.now(), reason: "an audit".into(), by: "it".into() };
    world.store.freeze(&freeze).await.unwrap();
    world.join("yan", "ml-fraud");
    assert!(minutes_since_full(&world, &running).await <= 15, "nothing may be changed");
    let counts = running.plane.meter.read();
    assert!(counts.passes[&("everything", PassOutcome::Halted)] > 0);

    world.break_down(Fault::Domain);
    assert!(minutes_since_full(&world, &running).await >= 30, "a domain cannot be read");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn more_people_than_are_tried_by_themselves_make_no_reading_older() {
    let world = World::of(&["ada"]);
    let running = Running::start(&world, MAP);
    pass(60).await;
    for n in 0..80 {
        let name = format!("person-{n}");
        world.join(&name, "ml-fraud");
        world.state().unmakeable.insert(format!("{name}--fraud"));
    }
    assert!(minutes_since_full(&world, &running).await <= 15);
    running.stop().await;
}

/// A store that cannot be written any more.
#[derive(Debug)]
struct Full(Arc<dyn WorkQueue>);

fn full() -> StoreError {
    StoreError { operation: "write", message: "disk full".into() }
}

#[async_trait]
impl WorkQueue for Full {
    async fn push(&self, _: &BTreeSet<WorkKey>, _: Timestamp) -> Result<(), StoreError> {
        Err(full())
    }

    async fn take(
        &self,
        _: &str,
        _: Timestamp,
        _: SignedDuration,
        _: u32,
    ) -> Result<Vec<Work>, StoreError> {
        Err(full())
    }

    async fn take_people(
        &self,
        _: &BTreeSet<PersonId>,
        _: &str,
        _: Timestamp,
        _: SignedDuration,
    ) -> Result<Vec<Work>, StoreError> {
        Err(full())
    }

    async fn renew(&self, _: &[Lease], _: Timestamp) -> Result<(), StoreError> {
        Err(full())
    }

    async fn done(&self, _: &[Lease]) -> Result<(), StoreError> {
        Err(full())
    }

    async fn again(&self, _: &[(Lease, Retry)]) -> Result<(), StoreError> {
        Err(full())
    }

    async fn passed(&self, _: Timestamp) -> Result<(), StoreError> {
        Err(full())
    }

    async fn status(&self, now: Timestamp) -> Result<QueueStatus, StoreError> {
        self.0.status(now).await
    }
}

/// A queue with one message, which comes again until it is done.
#[derive(Debug, Default)]
struct OneMessage {
    done: Mutex<u32>,
    received: Mutex<u32>,
}

#[async_trait]
impl WakeQueue for OneMessage {
    async fn receive(&self, _: u32) -> Result<Vec<Delivery>, CallError> {
        tokio::time::sleep(secs(1)).await;
        if *self.done.lock().unwrap() > 0 {
            return Ok(vec![]);
        }
        *self.received.lock().unwrap() += 1;
        Ok(vec![Delivery { body: "{}".into(), receipt: "r".into() }])
    }

    async fn done(&self, _: &Delivery) -> Result<(), CallError> {
        *self.done.lock().unwrap() += 1;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_done_once_it_is_on_disk_and_not_before() {
    let world = World::of(&["ada"]);
    let (plane, queue) = (world.plane(MAP), OneMessage::default());
    let broken = Plane { queue: Arc::new(Full(plane.queue.clone())), ..plane.clone() };
    broken.listen(&queue, pass(60)).await;
    assert_eq!(*queue.done.lock().unwrap(), 0);
    assert_eq!(*queue.received.lock().unwrap(), 10);
    plane.listen(&queue, pass(60)).await;
    assert_eq!(*queue.done.lock().unwrap(), 1);
    assert_eq!(world.store.status(world.now()).await.unwrap().due, 1);
}

#[tokio::test(start_paused = true)]
async fn a_loop_without_a_store_changes_nothing_and_goes_on_when_it_is_back() {
    let world = World::of(&[]);
    world.join("ada", "ml-fraud");
    let plane = world.plane(MAP);
    let broken = Plane { queue: Arc::new(Full(plane.queue.clone())), ..plane.clone() };
    let running = Running::of(broken);
    pass(600).await;
    running.stop().await;
    assert_eq!(world.state().changes, [""; 0]);
    assert_eq!(world.state().reads, [""; 0]);
    let running = Running::of(plane);
    pass(10).await;
    assert_eq!(made(&world, "ada--fraud"), 1);
    running.stop().await;
}

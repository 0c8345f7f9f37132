//! Mirroring as a part of the loop: when it is done, what holds it back, and who goes on with it.

use crate::audit_door;
use crate::mirror_target::Target;
use crate::reconciler::{Running, pass, people, secs};
use crate::world::{Fault, MAP, World};
use access::entitlement::WantedGroups;
use access::ids::{GroupId, MembershipId, PersonId};
use access::reason::ReasonCode;
use access::snapshot::Coverage;
use async_trait::async_trait;
use control::desk::{Agreement, Caller, Desk, MirrorLostKind, MirrorReview, Page};
use control::event::Wake;
use control::meter::PassOutcome;
use control::pass::Deadline;
use control::plane::{Bell, Plane};
use control::ports::{
    AuditEvent, AuditLog as _, CallError, Clock as _, Directory, DirectoryReading, Freeze,
    MirrorTarget, PersonLookup, Switch as _,
};
use control::reconciler::Rhythm;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::time::Instant;

/// From one full pass to the next, in seconds.
const PERIOD: u64 = 15 * 60;

fn mirrored_map(guard: &str) -> String {
    let line = "  identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }\n";
    let mirror = format!(
        "{line}  mirror:\n    identity_center: {{ region: eu-west-1, identity_store_id: d-1234567890 }}\n    \
         guard: {guard}\n"
    );
    let map = MAP.replace(line, &mirror);
    assert_ne!(map, MAP);
    map
}

fn plane(world: &Arc<World>, target: &Arc<Target>) -> Plane {
    let map = mirrored_map("{ max_removals: 2, max_removals_percent: 100 }");
    Plane { mirror: Some(target.clone()), ..world.plane(&map) }
}

fn passes(plane: &Plane, outcome: PassOutcome) -> u64 {
    plane.meter.read().passes.get(&("mirror", outcome)).copied().unwrap_or(0)
}

/// Another full pass, and what follows it.
async fn read_again(running: &Running) {
    running.wake(Wake::Everything).await;
    pass(10).await;
}

fn in_fraud(target: &Target) -> Vec<String> {
    target.members().get("ml-fraud").cloned().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_full_pass_is_followed_by_a_run() {
    let (world, target) = (World::of(&["ana", "ben"]), Arc::new(Target::default()));
    let plane = plane(&world, &target);
    let running = Running::of(plane.clone());
    pass(10).await;
    assert_eq!(in_fraud(&target), ["ana", "ben"]);
    assert_eq!(passes(&plane, PassOutcome::Settled), 1);
    assert_eq!(world.audited(AuditEvent::MirrorApplied.as_str()), ["plan-applied"]);
    world.leave("ben", "ml-fraud");
    world.join("cleo", "ml-fraud");
    read_again(&running).await;
    assert_eq!(in_fraud(&target), ["ana", "cleo"]);
    let ben = target.kept().users.values().find(|u| u.person.user_name == "ben").cloned();
    assert!(!ben.unwrap().person.enabled, "he is in no mirrored group any more");
    assert_eq!(passes(&plane, PassOutcome::Settled), 2);
    let seen = plane.meter.read().mirror.unwrap();
    assert_eq!((seen.outcome, seen.settled), (PassOutcome::Settled, Some(seen.at)));
    assert_eq!(seen.unsettled_since, None);
    // Nothing changes where nothing has to.
    let changes = target.changes.lock().unwrap().len();
    read_again(&running).await;
    assert_eq!(target.changes.lock().unwrap().len(), changes);
    assert_eq!(world.audited(AuditEvent::MirrorApplied.as_str()).len(), 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_map_that_mirrors_nothing_makes_no_run() {
    let (world, target) = (World::of(&["ana"]), Arc::new(Target::default()));
    let plane = Plane { mirror: Some(target.clone()), ..world.plane(MAP) };
    let running = Running::of(plane.clone());
    pass(10).await;
    running.stop().await;
    assert_eq!((target.kept().users.len(), plane.meter.read().mirror), (0, None));
}

#[tokio::test(start_paused = true)]
async fn what_the_guard_holds_back_is_told_once_and_holds_nothing_else_back() {
    let names = ["ana", "ben", "cleo", "dora"];
    let (world, target) = (World::of(&names), Arc::new(Target::default()));
    let plane = plane(&world, &target);
    let running = Running::of(plane.clone());
    pass(10).await;
    // Two memberships and two users are more than two.
    world.leave("ana", "ml-fraud");
    world.leave("ben", "ml-fraud");
    world.join("zoe", "ml-fraud");
    read_again(&running).await;
    assert_eq!(in_fraud(&target), ["ana", "ben", "cleo", "dora", "zoe"]);
    for _ in 0..3 {
        read_again(&running).await;
    }
    assert_eq!(world.audited(AuditEvent::MirrorTaking.as_str()), [""; 0]);
    // Once of eight that are mirrored, and once of ten, since Zoe is there.
    assert_eq!(
        world.audited(AuditEvent::MirrorRefused.as_str()),
        ["guard-tripped", "guard-tripped"]
    );
    assert_eq!(passes(&plane, PassOutcome::Refused), 4);
    let seen = plane.meter.read().mirror.unwrap();
    assert_eq!((seen.outcome, seen.refused.len()), (PassOutcome::Refused, 1));
    // The loop for profiles goes on: its own guard lets two go, and the newcomer has a profile.
    assert_eq!(world.leaving(), ["ana--fraud", "ben--fraud"]);
    assert!(world.profile_names().contains(&"zoe--fraud".to_owned()));
    running.stop().await;
}

/// Ana and Ben are about to be taken away: two memberships and two users, more than the guard lets.
async fn held() -> (Arc<World>, Arc<Target>, Running, Desk) {
    let names = ["ana", "ben", "cleo", "dora"];
    let (world, target) = (World::of(&names), Arc::new(Target::default()));
    let running = Running::of(plane(&world, &target));
    pass(10).await;
    world.leave("ana", "ml-fraud");
    world.leave("ben", "ml-fraud");
    read_again(&running).await;
    let desk = Desk::new(running.plane.clone(), world.store.clone());
    (world, target, running, desk)
}

fn root() -> Caller {
    Caller::at_the_command_line("root")
}

async fn shown(desk: &Desk) -> MirrorReview {
    desk.mirror_review(&root(), &Page::default()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_the_guard_holds_is_mirrored_once_somebody_agreed_to_just_that() {
    let (world, target, running, desk) = held().await;
    let review = shown(&desk).await;
    let guard = &review.guard;
    assert_eq!((guard.taken, guard.limit, guard.before, guard.owned), (4, 2, 0, 8));
    assert!(guard.objection.as_ref().unwrap().contains("takes away 4 of 8"), "{guard:?}");
    let losses: Vec<_> = review
        .loses
        .items
        .iter()
        .map(|loss| (loss.what, loss.group.as_deref(), loss.user.as_deref().unwrap()))
        .collect();
    assert_eq!(
        losses,
        [
            (MirrorLostKind::UserDisabled, None, "ana"),
            (MirrorLostKind::UserDisabled, None, "ben"),
            (MirrorLostKind::Membership, Some("ml-fraud"), "ana"),
            (MirrorLostKind::Membership, Some("ml-fraud"), "ben"),
        ]
    );
    // Another replica tells the same, and so does one that only answers.
    for mirror in [Some(target.clone() as Arc<dyn MirrorTarget>), None] {
        let other = Plane { mirror, ..plane(&world, &target) };
        assert_eq!(other.mirror_seen().await.unwrap().outcome, PassOutcome::Refused);
        assert_eq!(shown(&Desk::new(other, world.store.clone())).await, review);
    }
    let removals = review.removals.unwrap();
    let agreement = |removals: &str, number| Agreement {
        removals: removals.to_owned(),
        number,
        why: "the team moves".to_owned(),
    };
    for wrong in [agreement(&removals, 3), agreement(&"0".repeat(64), 4)] {
        let refused = desk.approve(&root(), &wrong).await.unwrap_err();
        assert_eq!(refused.code, ReasonCode::NothingToApprove);
    }
    let approved = desk.approve(&root(), &agreement(&removals, 4)).await.unwrap();
    assert_eq!((approved.number, approved.by.as_str()), (4, "root"));
    assert_eq!(shown(&desk).await.approved, Some(approved));
    pass(10).await;
    assert_eq!(in_fraud(&target), ["cleo", "dora"]);
    assert_eq!(world.audited(AuditEvent::ApprovalHonoured.as_str()), ["approved"]);
    let written = world.store.newest(20).await.unwrap();
    let entry = written.iter().find(|e| e.event == AuditEvent::RemovalsApproved).unwrap();
    assert_eq!((entry.details["of"].as_str(), entry.details["number"].as_str()), ("mirror", "4"));
    // It was agreed to: the guard of today has all its room for others.
    let review = shown(&desk).await;
    assert_eq!((review.guard.objection, review.approved), (None, None));
    world.leave("cleo", "ml-fraud");
    read_again(&running).await;
    assert_eq!(in_fraud(&target), ["dora"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn of_one_more_that_is_mirrored_an_approval_says_nothing() {
    let (world, target, running, desk) = held().await;
    let removals = shown(&desk).await.removals.unwrap();
    world.leave("cleo", "ml-fraud");
    let agreement = Agreement { removals: removals.clone(), number: 4, why: String::new() };
    desk.approve(&root(), &agreement).await.unwrap();
    pass(10).await;
    assert_eq!(in_fraud(&target), ["ana", "ben", "cleo", "dora"]);
    assert_eq!(world.audited(AuditEvent::ApprovalHonoured.as_str()), [""; 0]);
    let review = shown(&desk).await;
    assert_eq!((review.guard.taken, review.approved), (6, None));
    assert_ne!(review.removals, Some(removals));
    // Nor is it spent where nothing may be changed.
    world.join("cleo", "ml-fraud");
    let freeze = Freeze { by: "root".into(), reason: "an audit".into(), at: world.now() };
    world.store.freeze(&freeze).await.unwrap();
    read_again(&running).await;
    assert_eq!(in_fraud(&target).len(), 4);
    assert!(world.store.thaw(&freeze).await.unwrap());
    read_again(&running).await;
    assert_eq!(in_fraud(&target), ["cleo", "dora"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_asks_of_a_mirror_that_is_not_there_or_did_not_run_is_told() {
    let (world, target) = (World::of(&["ana"]), Arc::new(Target::default()));
    let ask = |plane: Plane| {
        let desk = Desk::new(plane, world.store.clone());
        async move { desk.mirror_review(&root(), &Page::default()).await.unwrap_err().code }
    };
    assert_eq!(ask(world.plane(MAP)).await, ReasonCode::NotFound);
    assert_eq!(ask(plane(&world, &target)).await, ReasonCode::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn what_the_loop_mirrors_leaves_no_secret_in_the_audit_log() {
    let (world, target) = (World::of(&["ana", "ben", "cleo"]), Arc::new(Target::default()));
    for person in world.state().people.values_mut() {
        person.display_name = "Planted Name".to_owned();
    }
    let running = Running::of(plane(&world, &target));
    pass(10).await;
    world.leave("ana", "ml-fraud");
    world.leave("ben", "ml-fraud");
    read_again(&running).await;
    running.stop().await;
    let all = world.state().audit.clone();
    for event in [AuditEvent::MirrorApplied, AuditEvent::MirrorRefused] {
        assert!(all.iter().any(|entry| entry.event == event), "{event}");
    }
    let shown = audit_door::shown(&all);
    assert!(!shown.contains("Planted Name"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn while_it_is_frozen_or_only_observed_nothing_is_mirrored() {
    let (world, target) = (World::of(&["ana"]), Arc::new(Target::default()));
    let plane = plane(&world, &target);
    let freeze = Freeze { by: "root".into(), reason: "an audit".into(), at: world.now() };
    world.store.freeze(&freeze).await.unwrap();
    let running = Running::of(plane.clone());
    pass(10).await;
    assert_eq!((target.kept().users.len(), passes(&plane, PassOutcome::Halted)), (0, 1));
    assert!(world.store.thaw(&freeze).await.unwrap());
    running.wake(Wake::Everything).await;
    pass(10).await;
    assert_eq!(in_fraud(&target), ["ana"]);
    running.stop().await;

    let (world, target) = (World::of(&["ana"]), Arc::new(Target::default()));
    let watching = Plane { observe_only: true, ..self::plane(&world, &target) };
    let running = Running::of(watching.clone());
    pass(10).await;
    running.stop().await;
    assert_eq!((target.kept().users.len(), passes(&watching, PassOutcome::Halted)), (0, 1));
    let seen = watching.mirror_seen().await.unwrap();
    assert_eq!((seen.outcome, seen.unsettled_since), (PassOutcome::Halted, None), "it is meant");
}

#[tokio::test(start_paused = true)]
async fn who_changes_is_mirrored_soon_and_once_with_whoever_does_meanwhile() {
    let (world, target) = (World::of(&["ana", "ben"]), Arc::new(Target::default()));
    let plane = plane(&world, &target);
    let running = Running::of(plane.clone());
    pass(10).await;
    world.leave("ana", "ml-fraud");
    running.wake(people(&["ana"])).await;
    pass(20).await;
    // Of whom another process hears, whose bell is not this one's.
    world.join("zoe", "ml-fraud");
    Plane { bell: Bell::default(), ..plane.clone() }.wake(&people(&["zoe"])).await.unwrap();
    pass(8).await;
    assert_eq!(in_fraud(&target), ["ana", "ben"], "it waits for what follows");
    pass(5).await;
    assert_eq!(in_fraud(&target), ["ben", "zoe"]);
    assert_eq!(passes(&plane, PassOutcome::Settled), 2);
    // Ana's profile is looked at again and again until it is gone: that is no change.
    pass(600).await;
    assert_eq!(passes(&plane, PassOutcome::Settled), 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_long_run_changes_wait_three_times_as_long() {
    let (world, target) = (World::of(&["ana"]), Arc::new(Target::default()));
    let plane = plane(&world, &target);
    let running = Running::of(plane.clone());
    pass(10).await;
    *target.takes.lock().unwrap() = secs(20);
    world.join("zoe", "ml-fraud");
    running.wake(people(&["zoe"])).await;
    // Half a minute to gather, and reading, the user and the membership.
    pass(30 + 60 + 2).await;
    assert_eq!(in_fraud(&target), ["ana", "zoe"]);
    world.join("yan", "ml-fraud");
    running.wake(people(&["yan"])).await;
    pass(170).await;
    assert_eq!(in_fraud(&target), ["ana", "zoe"]);
    pass(10 + 60).await;
    assert_eq!(in_fraud(&target), ["ana", "yan", "zoe"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn where_another_process_mirrors_a_change_has_everything_read_sooner() {
    let (world, target) = (World::of(&["ana"]), Arc::new(Target::default()));
    let planes = [plane(&world, &target), plane(&world, &target)];
    let timer = planes[0].worker(Rhythm::default()).await;
    let messages = planes[1].worker(Rhythm::default()).await;
    let until = || Deadline::at(Instant::now() + secs(600));
    timer.work_off_queue(until()).await.unwrap();
    assert_eq!(in_fraud(&target), ["ana"]);
    world.join("zoe", "ml-fraud");
    planes[1].wake(&people(&["zoe"])).await.unwrap();
    let zoe = BTreeSet::from([crate::world::person_id("zoe")]);
    assert_eq!(messages.work_for(&zoe, until()).await.unwrap().passes, 1);
    pass(4 * 60).await;
    assert_eq!(timer.work_off_queue(until()).await.unwrap().everything, 0);
    pass(60).await;
    let worked = timer.work_off_queue(until()).await.unwrap();
    assert_eq!((worked.everything, worked.mirrors), (1, 1));
    assert_eq!(in_fraud(&target), ["ana", "zoe"]);
}

/// The world, of whose people a reading never shows all.
#[derive(Debug)]
struct Partial(Arc<World>);

#[async_trait]
impl Directory for Partial {
    async fn everybody(&self, groups: &WantedGroups) -> Result<DirectoryReading, CallError> {
        let mut read = self.0.everybody(groups).await?;
        read.snapshot.coverage = Coverage::People(read.snapshot.people.keys().cloned().collect());
        Ok(read)
    }

    async fn people(
        &self,
        people: &BTreeSet<PersonId>,
        groups: &WantedGroups,
    ) -> Result<DirectoryReading, CallError> {
        self.0.people(people, groups).await
    }

    async fn find(&self, person: &PersonLookup) -> Result<Option<PersonId>, CallError> {
        self.0.find(person).await
    }

    async fn find_group(&self, name: &str) -> Result<Option<GroupId>, CallError> {
        self.0.find_group(name).await
    }

    async fn group_name(&self, group: &GroupId) -> Result<Option<String>, CallError> {
        self.0.group_name(group).await
    }

    async fn members(
        &self,
        group: &GroupId,
    ) -> Result<Option<BTreeMap<MembershipId, PersonId>>, CallError> {
        self.0.members(group).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_of_the_directory_is_never_mirrored() {
    let (world, target) = (World::of(&["ana", "ben"]), Arc::new(Target::default()));
    let plane = plane(&world, &target);
    let running = Running::of(plane.clone());
    pass(10).await;
    running.stop().await;
    world.leave("ben", "ml-fraud");
    let part = Plane { directory: Arc::new(Partial(world.clone())), ..plane.clone() };
    let running = Running::of(part.clone());
    pass(10).await;
    running.stop().await;
    assert_eq!(in_fraud(&target), ["ana", "ben"]);
    assert!(passes(&part, PassOutcome::Failed) > 0);
    let seen = part.meter.read().mirror.unwrap();
    let failed = seen.failed.unwrap();
    assert!(failed.contains("only part of the directory was read"), "{failed}");

    // Nor is one that cannot be read: then there is no run at all.
    let runs = passes(&plane, PassOutcome::Failed);
    world.break_down(Fault::Directory);
    let running = Running::of(plane.clone());
    pass(10).await;
    running.stop().await;
    assert_eq!((in_fraud(&target).len(), passes(&plane, PassOutcome::Failed)), (2, runs));
}

#[tokio::test(start_paused = true)]
async fn two_processes_never_mirror_at_once() {
    let (world, target) = (World::of(&["ana", "ben"]), Arc::new(Target::default()));
    // Longer than a claim lasts without being prolonged.
    *target.takes.lock().unwrap() = secs(45);
    let planes = [plane(&world, &target), plane(&world, &target)];
    let running: Vec<Running> = planes.iter().cloned().map(Running::of).collect();
    for n in 0..6 {
        (if n % 2 == 0 { World::join } else { World::leave })(&world, "ana", "ml-trials");
        for one in &running {
            one.wake(Wake::Everything).await;
            pass(40).await;
        }
    }
    world.join("ana", "ml-trials");
    pass(PERIOD).await;
    for one in running {
        one.stop().await;
    }
    assert_eq!(target.most_at_once(), 1);
    assert_eq!(target.members()["ml-trials"], ["ana"]);
    let changes = target.changes.lock().unwrap();
    assert_eq!(changes.iter().filter(|change| **change == "CreateUser").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_between_two_calls_leaves_the_rest_to_the_next() {
    let (world, target) = (World::of(&["ana", "ben"]), Arc::new(Target::default()));
    *target.takes.lock().unwrap() = secs(10);
    let dying = plane(&world, &target);
    let process = tokio::spawn(async move {
        dying.run(Rhythm::default(), std::future::pending()).await;
    });
    // Both users are made; it never learns of the second.
    while target.changes.lock().unwrap().len() < 2 {
        pass(1).await;
    }
    process.abort();
    assert!(process.await.unwrap_err().is_cancelled());
    *target.takes.lock().unwrap() = secs(0);
    let next = plane(&world, &target);
    let running = Running::of(next.clone());
    pass(30).await;
    assert!(in_fraud(&target).is_empty(), "the dead one's claim was still good");
    read_again(&running).await;
    running.stop().await;
    assert_eq!(in_fraud(&target), ["ana", "ben"]);
    let changes = target.changes.lock().unwrap().clone();
    assert_eq!(changes, ["CreateUser", "CreateUser", "CreateGroup", "CreateGroup", "AddMembers"]);
    assert_eq!(
        world.audited(AuditEvent::Mirroring.as_str()).len(),
        5,
        "each was written down once"
    );
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_called_mirrors_as_far_as_its_time_goes() {
    let (world, target) = (World::of(&["ana", "ben"]), Arc::new(Target::default()));
    *target.takes.lock().unwrap() = secs(10);
    let plane = plane(&world, &target);
    let worker = plane.worker(Rhythm::default()).await;
    let within = |seconds| Deadline::at(Instant::now() + secs(seconds));
    // Reading takes ten seconds, and the two users twenty more.
    let first = worker.work_off_queue(within(30)).await.unwrap();
    assert_eq!((first.everything, first.mirrors, first.time_up), (1, 1, true));
    assert_eq!(target.changes.lock().unwrap().len(), 2);
    assert_eq!(passes(&plane, PassOutcome::Unfinished), 1);
    pass(60).await;
    let second = worker.work_off_queue(within(600)).await.unwrap();
    assert_eq!((second.everything, second.mirrors, second.time_up), (0, 1, false));
    assert_eq!(in_fraud(&target), ["ana", "ben"]);
    assert_eq!(passes(&plane, PassOutcome::Settled), 1);
    let third = worker.work_off_queue(within(600)).await.unwrap();
    assert_eq!(third.mirrors, 0, "nothing was read in full since");
}

#[tokio::test(start_paused = true)]
async fn the_brake_ends_a_run_between_two_calls() {
    let (world, target) = (World::of(&["ana", "ben"]), Arc::new(Target::default()));
    *target.takes.lock().unwrap() = secs(10);
    let plane = plane(&world, &target);
    let running = Running::of(plane.clone());
    while target.changes.lock().unwrap().is_empty() {
        pass(1).await;
    }
    running.stop().await;
    assert_eq!(*target.changes.lock().unwrap(), ["CreateUser"], "the call at hand ends");
    // And the next process need not wait for it.
    let turn = plane.mirror_turn(Deadline::NEVER, &control::pass::Brake::default()).await;
    assert!(turn.unwrap().is_some());
    assert!(target.reach().await.is_ok());
}

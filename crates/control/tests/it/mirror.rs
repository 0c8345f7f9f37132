//! Mirroring: what is written down, what stops it, and what a run that broke off leaves to the next.

use crate::audit_door::shown;
use crate::mirror_target::Target;
use crate::world::{Fault, MAP, World, person_id};
use access::check::{Removals, Violation};
use access::ids::PersonId;
use access::map::Guard;
use access::mirror::{
    CheckedMirror, Leavers, Mark, MirrorPlan, MirrorPolicy, MirrorStep, Strangers, UserRef,
};
use access::reason::ReasonCode;
use async_trait::async_trait;
use control::meter::PassOutcome;
use control::mirror::{Mirror, MirrorReport, Stopped};
use control::pass::{Brake, Deadline, Halt};
use control::plane::Plane;
use control::ports::{
    AuditEvent, ChangeId, Claimed, Claims, Clock as _, FailureKind, Freeze, StoreError,
    Switch as _, Ticket,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::future;
use std::sync::Arc;
use std::time::Duration;
use store::SqliteStore;

fn mirror<'a>(plane: &'a Plane, target: &'a Target) -> Mirror<'a> {
    Mirror {
        plane,
        target,
        groups: &[],
        policy: MirrorPolicy {
            mark: Mark::of("default"),
            leavers: Leavers::Disable,
            strangers: Strangers::Report,
            guard: Guard { max_removals: 4, max_removals_percent: 100 },
        },
    }
}

/// Reads, plans, checks and carries out.
async fn run(mirror: &Mirror<'_>) -> Result<MirrorReport, Vec<Violation>> {
    let survey = mirror.survey().await.unwrap();
    let plan = mirror.plan(&survey);
    let before = mirror.taken_lately(&plan).await.unwrap();
    let checked = mirror.check(plan, &survey, Removals::GuardedAfter(before))?;
    Ok(carry_out(mirror, &checked, false).await)
}

/// Carries out in a turn of its own.
async fn carry_out(mirror: &Mirror<'_>, checked: &CheckedMirror, agreed: bool) -> MirrorReport {
    let turn = mirror.plane.mirror_turn(Deadline::NEVER, &Brake::default()).await.unwrap();
    let turn = turn.expect("nobody else has the turn");
    turn.during(mirror.carry_out(&turn, checked, agreed, &|_, _| ())).await
}

fn written(world: &Arc<World>, event: AuditEvent) -> Vec<String> {
    let state = world.state();
    let entries = state.audit.iter().filter(|entry| entry.event == event);
    entries.map(|entry| entry.details["step"].clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn groups_are_mirrored_and_each_change_is_written_down_first() {
    let world = World::of(&["ana", "ben"]);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    let report = run(&mirror).await.unwrap();
    assert_eq!((report.done, report.failed.len(), report.skipped), (5, 0, 0));
    assert_eq!(report.stopped, None);
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let expected = BTreeMap::from([
        ("ml-fraud".to_owned(), names(&["ana", "ben"])),
        ("ml-trials".to_owned(), vec![]),
    ]);
    assert_eq!(target.members(), expected);
    assert_eq!(
        written(&world, AuditEvent::Mirroring),
        ["create-user", "create-user", "create-group", "create-group", "add-members"]
    );
    let first =
        world.state().audit.iter().find(|e| e.event == AuditEvent::Mirroring).cloned().unwrap();
    assert_eq!(first.person.as_deref(), Some(person_id("ana").as_str()));
    assert_eq!((first.code.as_str(), first.change), ("mirrored", Some(report.change.to_string())));
    assert!(!first.details.values().any(|value| value.contains("Ek")), "names are no audit data");
    // And then there is nothing to do.
    assert_eq!(run(&mirror).await.unwrap().done, 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_changed_while_frozen_unwritten_or_unread() {
    let world = World::of(&["ana"]);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    let freeze = Freeze { by: "root".into(), reason: "audit".into(), at: world.now() };
    world.store.freeze(&freeze).await.unwrap();
    let frozen = run(&mirror).await.unwrap();
    assert_eq!(frozen.done, 0);
    assert_eq!(frozen.stopped, Some(Stopped::Halted(Halt::Frozen(freeze.clone()))));
    assert!(world.store.thaw(&freeze).await.unwrap());

    let survey = mirror.survey().await.unwrap();
    let checked = mirror.check(mirror.plan(&survey), &survey, Removals::Guarded).unwrap();
    world.state().faults.insert(Fault::Audit);
    let unwritten = carry_out(&mirror, &checked, false).await;
    assert_eq!(unwritten.done, 0, "what cannot be written down is not done");
    assert!(matches!(unwritten.stopped, Some(Stopped::Halted(Halt::Store(_)))));
    world.state().faults.clear();

    world.state().faults.insert(Fault::Directory);
    assert!(mirror.survey().await.is_err());
    world.state().faults.clear();
    target.fail("ListUsers", FailureKind::AccessDenied);
    assert!(mirror.survey().await.is_err());
    assert_eq!(target.kept().users.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_taken_up_by_the_next_run() {
    let world = World::of(&["ana", "ben"]);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    target.fail("CreateUser", FailureKind::Rejected);
    let report = run(&mirror).await.unwrap();
    assert_eq!((report.done, report.failed.len(), report.skipped), (2, 2, 1));
    assert_eq!(written(&world, AuditEvent::MirrorFailed), ["create-user", "create-user"]);
    target.fail("CreateUser", FailureKind::Unreachable);
    let report = run(&mirror).await.unwrap();
    assert_eq!((report.done, report.failed.len()), (0, 1), "no other call fares better");
    assert!(matches!(report.stopped, Some(Stopped::Unreachable(_))));
    target.heal();
    let report = run(&mirror).await.unwrap();
    assert_eq!((report.done, report.failed.len()), (3, 0));
    assert_eq!(target.members()["ml-fraud"], ["ana", "ben"]);
}

#[tokio::test(start_paused = true)]
async fn a_member_for_whom_it_failed_is_named_and_alone_taken_up_by_the_next_run() {
    let world = World::of(&["ana", "ben", "cleo"]);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    target.fail("AddMembers", FailureKind::Rejected);
    run(&mirror).await.unwrap();
    target.heal();
    target.stick("ben");
    let ben = target.id_of("ben");
    let failed = |report: &MirrorReport| {
        let [(action, error)] = report.failed.as_slice() else { panic!("{:?}", report.failed) };
        let audit = world.state().audit.clone();
        let named = audit.iter().rev().find(|it| it.event == AuditEvent::MirrorFailed);
        let named = named.and_then(|entry| entry.details.get("users").cloned());
        assert_eq!(named.as_deref(), Some(ben.as_str()));
        (action.step.clone(), error.kind)
    };
    // The second run asks for nobody else.
    for _ in 0..2 {
        let report = run(&mirror).await.unwrap();
        assert_eq!((report.done, report.skipped, &report.stopped), (0, 0, &None));
        let (step, kind) = failed(&report);
        let MirrorStep::AddMembers { members, .. } = step else { panic!("{step:?}") };
        assert_eq!((members, kind), (vec![UserRef::There(ben.clone())], FailureKind::NotFound));
        assert_eq!(target.members()["ml-fraud"], ["ana", "cleo"]);
    }
    let last =
        world.state().audit.iter().rev().find(|it| it.event == AuditEvent::Mirroring).cloned();
    assert_eq!(last.unwrap().details["users"], ben.as_str());
    target.heal();
    assert_eq!(run(&mirror).await.unwrap().done, 1);
    assert_eq!(target.members()["ml-fraud"], ["ana", "ben", "cleo"]);

    // Who cannot be taken out keeps nobody else in.
    target.stick("ben");
    for name in ["ana", "ben"] {
        world.leave(name, "ml-fraud");
    }
    let (step, _) = failed(&run(&mirror).await.unwrap());
    let MirrorStep::RemoveMembers { members, .. } = step else { panic!("{step:?}") };
    assert_eq!(members, [ben]);
    assert_eq!(target.members()["ml-fraud"], ["ben", "cleo"]);
}

#[tokio::test(start_paused = true)]
async fn the_guard_counts_a_day_and_whoever_was_offboarded_is_disabled() {
    let names = ["ana", "ben", "cleo", "dora", "eva", "finn"];
    let world = World::of(&names);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    run(&mirror).await.unwrap();
    for name in &names[..2] {
        world.leave(name, "ml-fraud");
    }
    // Two memberships and two users: as many as the guard lets go.
    let report = run(&mirror).await.unwrap();
    assert_eq!(report.done, 3);
    assert_eq!(
        written(&world, AuditEvent::MirrorTaking),
        ["remove-members", "disable-user", "disable-user"]
    );
    world.leave("cleo", "ml-fraud");
    let refused = run(&mirror).await.unwrap_err();
    assert_eq!(refused[0].code, ReasonCode::GuardTripped);
    // Somebody agrees to the number.
    let survey = mirror.survey().await.unwrap();
    let plan = mirror.plan(&survey);
    let checked = mirror.check(plan, &survey, Removals::Allowed(2)).unwrap();
    let report = carry_out(&mirror, &checked, true).await;
    assert_eq!(report.done, 2);
    let taken = mirror.taken_lately(&MirrorPlan::default()).await.unwrap();
    assert_eq!(taken, 4, "what was agreed to is not counted");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_fails_again_and_again_does_not_use_the_guard_up() {
    let names = ["ana", "ben", "cleo", "dora", "eva", "finn"];
    let world = World::of(&names);
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    run(&mirror).await.unwrap();
    world.leave("ana", "ml-fraud");
    target.fail("RemoveMembers", FailureKind::AccessDenied);
    let first = run(&mirror).await.unwrap();
    assert_eq!((first.done, first.failed.len()), (1, 1), "ana's user is disabled");
    for _ in 0..10 {
        let again = run(&mirror).await.unwrap();
        assert_eq!((again.done, again.failed.len()), (0, 1));
    }
    assert_eq!(written(&world, AuditEvent::MirrorTaking).len(), 12);
    let taken = mirror.taken_lately(&MirrorPlan::default()).await.unwrap();
    assert_eq!(taken, 2, "a membership and a user, however often it was tried");

    // Of the four that the guard lets go two are left, for ben's membership and user.
    target.heal();
    world.leave("ben", "ml-fraud");
    assert_eq!(run(&mirror).await.unwrap().done, 2);
    assert_eq!(target.members()["ml-fraud"], ["cleo", "dora", "eva", "finn"]);
    world.leave("cleo", "ml-fraud");
    let refused = run(&mirror).await.unwrap_err();
    assert_eq!(refused[0].code, ReasonCode::GuardTripped);
}

#[tokio::test(start_paused = true)]
async fn what_is_mirrored_leaves_no_secret_in_the_audit_log() {
    let world = World::of(&["ana", "ben"]);
    for person in world.state().people.values_mut() {
        person.display_name = "Planted Name".to_owned();
    }
    let (plane, target) = (world.plane(MAP), Target::default());
    let mirror = mirror(&plane, &target);
    target.fail("CreateGroup", FailureKind::Rejected);
    run(&mirror).await.unwrap();
    target.heal();
    run(&mirror).await.unwrap();
    world.leave("ana", "ml-fraud");
    run(&mirror).await.unwrap();
    let all = world.state().audit.clone();
    for event in [AuditEvent::Mirroring, AuditEvent::MirrorTaking, AuditEvent::MirrorFailed] {
        assert!(all.iter().any(|entry| entry.event == event), "{event}");
    }
    let shown = shown(&all);
    assert!(!shown.contains("Planted Name"), "{shown}");
}

/// Claims that end by themselves: nobody can prolong them.
#[derive(Debug)]
pub(crate) struct Unrenewed {
    pub(crate) store: Arc<SqliteStore>,
    /// Whether whoever tries gets no answer.
    pub(crate) hangs: bool,
}

#[async_trait]
impl Claims for Unrenewed {
    async fn ticket(&self, now: Timestamp) -> Result<Ticket, StoreError> {
        self.store.ticket(now).await
    }

    async fn claim(
        &self,
        owner: &ChangeId,
        people: &BTreeSet<PersonId>,
        ticket: &Ticket,
        now: Timestamp,
        hold_for: SignedDuration,
    ) -> Result<Claimed, StoreError> {
        self.store.claim(owner, people, ticket, now, hold_for).await
    }

    async fn renew(&self, _: &ChangeId, _: Timestamp) -> Result<u64, StoreError> {
        if self.hangs {
            future::pending::<()>().await;
        }
        Ok(0)
    }

    async fn release(&self, owner: &ChangeId, now: Timestamp) -> Result<(), StoreError> {
        self.store.release(owner, now).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_claim_is_lost_makes_no_other_call_and_the_next_one_goes_on() {
    let world = World::of(&["ana", "ben"]);
    let (plane, target) = (world.plane(MAP), Target::default());
    let claims = Arc::new(Unrenewed { store: world.store.clone(), hangs: false });
    let losing = Plane { claims, ..plane.clone() };
    // A claim lasts twenty seconds: the second call ends when it is over.
    *target.takes.lock().unwrap() = Duration::from_secs(15);
    let survey = mirror(&losing, &target).survey().await.unwrap();
    let planned = mirror(&losing, &target).plan(&survey);
    let checked = mirror(&losing, &target).check(planned, &survey, Removals::Guarded).unwrap();
    let report = carry_out(&mirror(&losing, &target), &checked, false).await;
    assert_eq!((report.done, report.stopped.clone()), (2, Some(Stopped::Overtaken)));
    let stopped = report.stopped.unwrap();
    assert_eq!((stopped.code(), stopped.outcome()), ("mirror-busy", PassOutcome::Unfinished));
    assert_eq!(*target.changes.lock().unwrap(), ["CreateUser", "CreateUser"]);
    assert_eq!(written(&world, AuditEvent::Mirroring), ["create-user", "create-user"]);

    *target.takes.lock().unwrap() = Duration::ZERO;
    let report = run(&mirror(&plane, &target)).await.unwrap();
    assert_eq!((report.done, report.stopped), (3, None));
    assert_eq!(target.members()["ml-fraud"], ["ana", "ben"]);
    let made = target.changes.lock().unwrap().iter().filter(|c| **c == "CreateUser").count();
    assert_eq!(made, 2, "nobody is made twice");
}

#[tokio::test(start_paused = true)]
async fn while_another_process_has_the_turn_nobody_gets_it() {
    let world = World::of(&["ana"]);
    let (plane, target) = (world.plane(MAP), Target::default());
    let (never, brake) = (Deadline::NEVER, Brake::default());
    let held = plane.mirror_turn(never, &brake).await.unwrap().unwrap();
    assert!(plane.mirror_turn(never, &brake).await.unwrap().is_none());
    // Nobody prolongs it: it is over before it is free, and its holder knows.
    tokio::time::sleep(Duration::from_secs(20)).await;
    let survey = mirror(&plane, &target).survey().await.unwrap();
    let planned = mirror(&plane, &target).plan(&survey);
    let checked = mirror(&plane, &target).check(planned, &survey, Removals::Guarded).unwrap();
    let report = mirror(&plane, &target).carry_out(&held, &checked, false, &|_, _| ()).await;
    assert_eq!((report.done, report.stopped), (0, Some(Stopped::Overtaken)));
    assert!(target.changes.lock().unwrap().is_empty());
    assert!(plane.mirror_turn(never, &brake).await.unwrap().is_some());
}

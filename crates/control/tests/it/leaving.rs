//! What the loop takes away, and what its guard does not let it take.

use crate::reconciler::{Running, pass, people, secs};
use crate::world::{Fault, MAP, World};
use access::check::Removals;
use access::ids::{DomainId, PersonId, ProfileName};
use access::observed::TAG_AGREED;
use async_trait::async_trait;
use control::event::Wake;
use control::pass::Halt;
use control::plane::Plane;
use control::ports::{
    ChangeId, IndexCount, IndexReading, IndexView, Intent, Leaving, ProfileIndex, StoreError,
    Ticket,
};
use control::reconciler::scope_of;
use control::survey::Scope;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::SqliteStore;

const NAMES: [&str; 6] = ["ada", "bob", "cem", "dora", "eva", "finn"];

#[tokio::test(start_paused = true)]
async fn a_refused_plan_is_audited_whenever_it_changes_and_keeps_nobody_else_out() {
    let world = World::of(&NAMES);
    for name in ["ada", "bob", "cem"] {
        world.leave(name, "ml-fraud");
    }
    world.join("zoe", "ml-fraud");
    let running = Running::start(&world, MAP);
    pass(3_600).await;
    assert_eq!(world.state().changes, ["create zoe--fraud"]);
    let messages: Vec<String> = {
        let state = world.state();
        let refused = state.audit.iter().filter(|entry| entry.event == "plan-refused");
        refused.map(|entry| entry.details["message"].clone()).collect()
    };
    let message =
        |owned| format!("the plan takes away 3 of {owned} profiles; at most 2 are allowed");
    assert_eq!(messages, [message(6), message(7)]);
    assert_eq!(world.audited("plan-refused"), ["guard-tripped"; 2]);

    // The error is found: they are members again, and one really leaves.
    world.join("ada", "ml-fraud");
    world.join("bob", "ml-fraud");
    running.wake(Wake::Everything).await;
    pass(60).await;
    assert_eq!(world.leaving(), ["cem--fraud"]);
    running.stop().await;
}

/// Everybody leaves, a minute after each other, each with an event: no plan takes away more than
/// one.
async fn drain(world: &std::sync::Arc<World>, map: &str) -> Running {
    let running = Running::start(world, map);
    pass(60).await;
    for name in NAMES {
        world.leave(name, "ml-fraud");
        running.wake(people(&[name])).await;
        pass(60).await;
    }
    running
}

#[tokio::test(start_paused = true)]
async fn the_loop_cannot_take_everybody_away_one_by_one() {
    let world = World::of(&NAMES);
    let running = drain(&world, MAP).await;
    assert_eq!(world.leaving(), ["ada--fraud", "bob--fraud"]);
    let last = world.state().audit.last().unwrap().details["message"].clone();
    assert_eq!(
        last,
        "the plan takes away 1 of 6 profiles, after 2 in the last 24 hours; at most 2 are allowed"
    );
    // The four who are left are more than a plan may take, on the next day too.
    pass(36 * 3_600).await;
    assert_eq!(world.leaving(), ["ada--fraud", "bob--fraud"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nor_where_there_is_no_hold_and_profiles_are_gone_at_once() {
    let world = World::of(&NAMES);
    let running = drain(&world, &MAP.replace("hold: 7d", "hold: 0d")).await;
    let left: Vec<String> = world.state().profiles.keys().map(ToString::to_string).collect();
    assert_eq!(left, ["cem--fraud", "dora--fraud", "eva--fraud", "finn--fraud"]);
    running.stop().await;
}

/// An index in which people are found, and the guard's memory of all is not.
#[derive(Debug)]
struct Amnesia(Arc<SqliteStore>);

#[async_trait]
impl ProfileIndex for Amnesia {
    async fn look(
        &self,
        people: &BTreeSet<PersonId>,
        domains: &BTreeSet<DomainId>,
    ) -> Result<IndexView, StoreError> {
        self.0.look(people, domains).await
    }

    async fn owners(
        &self,
        profile: &ProfileName,
        domains: &BTreeSet<DomainId>,
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        self.0.owners(profile, domains).await
    }

    async fn count(
        &self,
        _domains: &BTreeSet<DomainId>,
        _now: Timestamp,
    ) -> Result<IndexCount, StoreError> {
        Err(StoreError { operation: "count", message: "the disk is full".into() })
    }

    async fn read(&self, reading: &IndexReading, ticket: &Ticket) -> Result<(), StoreError> {
        self.0.read(reading, ticket).await
    }

    async fn making(&self, profiles: &[Intent], number: u64) -> Result<(), StoreError> {
        self.0.making(profiles, number).await
    }

    async fn leaving(
        &self,
        owner: &ChangeId,
        profiles: &[Intent],
        agreed: bool,
        now: Timestamp,
    ) -> Result<Vec<Leaving>, StoreError> {
        self.0.leaving(owner, profiles, agreed, now).await
    }

    async fn left(
        &self,
        owner: &ChangeId,
        begun: &BTreeSet<(DomainId, ProfileName)>,
        agreed: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.left(owner, begun, agreed, now).await
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_guards_memory_nothing_is_changed() {
    let world = World::of(&NAMES);
    let running = drain(&world, MAP).await;
    running.stop().await;
    let gone = world.leaving();
    let plane = Plane { index: Arc::new(Amnesia(world.store.clone())), ..world.plane(MAP) };
    let scope = scope_of(people(&["finn"]));
    let done = plane.pass(&scope, Removals::Guarded, &|_, _| {}).await;
    let halted = done.unwrap().report.halted;
    assert!(matches!(halted, Some(Halt::Store(StoreError { operation: "count", .. }))));
    assert_eq!(world.leaving(), gone);
    // Whoever comes needs none of it.
    world.join("zoe", "ml-fraud");
    let scope = scope_of(people(&["zoe"]));
    let done = plane.pass(&scope, Removals::Guarded, &|_, _| {}).await.unwrap();
    assert_eq!((done.report.halted, done.report.changed), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn what_somebody_agreed_to_leaves_the_guard_free_for_the_next_leaver() {
    let world = World::of(&NAMES);
    for name in ["ada", "bob", "cem"] {
        world.leave(name, "ml-fraud");
    }
    let plane = world.plane(MAP);
    plane.pass(&Scope::Everything, Removals::Allowed(3), &|_, _| {}).await.unwrap();
    assert_eq!(world.leaving(), ["ada--fraud", "bob--fraud", "cem--fraud"]);
    assert_eq!(world.state().profiles["ada--fraud"].tags.get(TAG_AGREED), Some("yes"));

    world.leave("dora", "ml-fraud");
    let running = Running::start(&world, MAP);
    pass(60).await;
    assert_eq!(world.leaving(), ["ada--fraud", "bob--fraud", "cem--fraud", "dora--fraud"]);
    assert!(!world.state().profiles["dora--fraud"].tags.contains_key(TAG_AGREED));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn where_the_tag_is_refused_apps_are_stopped_and_nothing_is_deleted() {
    for hold in ["hold: 7d", "hold: 0d"] {
        let world = World::of(&["ada"]);
        world.leave("ada", "ml-fraud");
        world.break_down(Fault::Tags);
        let plane = world.plane(&MAP.replace("hold: 7d", hold));
        for _ in 0..2 {
            let done = plane.pass(&Scope::Everything, Removals::Guarded, &|_, _| {}).await.unwrap();
            assert_eq!(done.report.failed.len(), 1, "{hold}");
        }
        assert_eq!(world.state().changes, ["stop JupyterLab of ada--fraud"], "{hold}");
        // It is written down before it is asked, once however often that fails.
        assert_eq!(world.audited("offboarding-begun"), ["entitlement-lost"], "{hold}");
        assert_eq!(world.audited("deleting-profile"), [""; 0], "{hold}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_profile_says_where_the_home_directory_is() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    let running = Running::start(&world, &MAP.replace("hold: 7d", "hold: 0d"));
    pass(60).await;
    running.stop().await;
    let state = world.state();
    let told: Vec<(&str, &str)> = state
        .audit
        .iter()
        .filter_map(|entry| {
            Some((entry.event.as_str(), entry.details.get("home_efs_uid")?.as_str()))
        })
        .collect();
    assert_eq!(told, [("offboarding-begun", "200042"), ("deleting-profile", "200042")]);
}

/// Somebody joins and gets a profile through the door while a full reading is under way.
#[tokio::test(start_paused = true)]
async fn a_profile_made_during_a_full_reading_is_nobodys_leftover() {
    let world = World::of(&["ada"]);
    world.state().domain_takes = secs(10);
    let running = Running::start(&world, MAP);
    pass(5).await;
    world.join("zoe", "ml-fraud");
    world.settle("zoe");
    pass(60).await;
    assert_eq!(world.leaving(), [""; 0]);
    assert_eq!(world.state().changes, [""; 0]);
    running.stop().await;
}

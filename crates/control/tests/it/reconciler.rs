//! The loop: what wakes it, what it does not lose, and what stops it.

use crate::world::{Fault, MAP, World, person_id};
use control::event::Wake;
use control::plane::Plane;
use control::reconciler::Rhythm;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn people(names: &[&str]) -> Wake {
    Wake::People(names.iter().map(|name| person_id(name)).collect())
}

/// A loop that runs, on virtual time.
pub(crate) struct Running {
    pub(crate) plane: Plane,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(world: &Arc<World>, map: &str) -> Self {
        Self::of(world.plane(map))
    }

    pub(crate) fn of(plane: Plane) -> Self {
        let (stop, stopped) = oneshot::channel();
        let it = plane.clone();
        let task = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            it.run(Rhythm::default(), stopped).await;
        });
        Self { plane, stop, task }
    }

    pub(crate) async fn wake(&self, wake: Wake) {
        self.plane.wake(&wake).await.unwrap();
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

/// Lets virtual time pass.
pub(crate) async fn pass(seconds: u64) {
    tokio::time::sleep(secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn wake_ups_during_a_pass_are_one_more_pass() {
    let world = World::of(&["ada", "bob"]);
    world.state().directory_takes = secs(10);
    let running = Running::start(&world, MAP);
    pass(5).await;
    assert_eq!(world.state().reads, ["everybody"]);
    running.wake(people(&["ada"])).await;
    running.wake(people(&["bob"])).await;
    pass(60).await;
    assert_eq!(world.state().reads, ["everybody", "p-ada p-bob"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn everything_is_read_again_on_the_timer_also_under_a_stream_of_events() {
    let world = World::of(&["ada"]);
    world.state().directory_takes = secs(10);
    let running = Running::start(&world, MAP);
    for _ in 0..200 {
        pass(5).await;
        running.wake(people(&["ada"])).await;
    }
    let full = world.state().reads.iter().filter(|read| *read == "everybody").count();
    assert_eq!(full, 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_directory_changes_nothing_and_is_asked_again() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    world.join("bob", "ml-fraud");
    world.break_down(Fault::Directory);
    let running = Running::start(&world, MAP);
    pass(3_600).await;
    assert_eq!(world.state().changes, [""; 0]);
    assert!((5..20).contains(&world.state().reads.len()), "{:?}", world.state().reads.len());
    world.mend(Fault::Directory);
    pass(900).await;
    assert_eq!(
        world.state().changes,
        ["create bob--fraud", "update ada--fraud", "stop JupyterLab of ada--fraud"]
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_domain_is_looked_at_again_soon() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    world.break_down(Fault::Domain);
    let running = Running::start(&world, MAP);
    pass(4).await;
    world.mend(Fault::Domain);
    pass(10).await;
    assert_eq!(world.leaving(), ["ada--fraud"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_change_that_does_not_last_is_not_made_every_few_seconds() {
    let world = World::of(&["ada"]);
    let key = world.state().profiles.keys().next().unwrap().clone();
    world.state().profiles.get_mut(&key).unwrap().execution_role = None;
    world.break_down(Fault::Forgetful);
    let running = Running::start(&world, MAP);
    pass(3_600).await;
    let tries = world.state().changes.len();
    assert!((5..20).contains(&tries), "{tries}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_studio_accepts_and_then_fails_at_is_not_tried_every_few_seconds() {
    let world = World::of(&["ada"]);
    let key = world.state().profiles.keys().next().unwrap().clone();
    world.state().profiles.get_mut(&key).unwrap().execution_role = None;
    world.join("bob", "ml-fraud");
    world.break_down(Fault::FailsInTheEnd);
    let running = Running::start(&world, MAP);
    pass(3_600).await;
    for tried in ["update ada--fraud", "create bob--fraud", "delete bob--fraud"] {
        let tries = world.state().changes.iter().filter(|change| *change == tried).count();
        assert!((3..20).contains(&tries), "{tried}: {tries}");
    }
    // Once it lasts it is made without delay, and what comes later is new.
    world.mend(Fault::FailsInTheEnd);
    pass(3_600).await;
    assert_eq!(world.profile_names().len(), 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_profile_is_written_down_also_where_the_answer_to_its_making_was_lost() {
    let world = World::of(&["ada"]);
    world.join("bob", "ml-fraud");
    world.break_down(Fault::AnswerLost);
    let running = Running::start(&world, MAP);
    pass(60).await;
    assert_eq!(world.state().changes, ["create bob--fraud"]);
    assert_eq!(world.audited("creating-profile"), ["entitled"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_cannot_be_made_is_written_down_once_however_often_it_is_tried() {
    let world = World::of(&["ada"]);
    world.join("bob", "ml-fraud");
    world.state().unmakeable.insert("bob--fraud".to_owned());
    let running = Running::start(&world, MAP);
    pass(60).await;
    let tries = world.state().changes.len();
    assert!(tries > 1, "{tries}");
    assert_eq!(world.audited("creating-profile"), ["entitled"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_is_not_made() {
    let world = World::of(&["ada"]);
    world.join("bob", "ml-fraud");
    world.break_down(Fault::Audit);
    let running = Running::start(&world, MAP);
    pass(60).await;
    assert_eq!(world.state().changes, Vec::<String>::new());
    world.mend(Fault::Audit);
    pass(120).await;
    assert_eq!(world.state().changes, ["create bob--fraud"]);
    assert_eq!(world.audited("creating-profile"), ["entitled"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_panics_does_not_end_the_loop() {
    let world = World::of(&["ada"]);
    world.leave("ada", "ml-fraud");
    world.break_down(Fault::DomainPanics);
    let running = Running::start(&world, MAP);
    pass(60).await;
    assert_eq!(world.leaving(), ["ada--fraud"]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stop_ends_a_pass_that_only_reads_and_leaves_its_work_to_others() {
    let world = World::of(&[]);
    world.join("ada", "ml-fraud");
    world.state().directory_takes = secs(10);
    let running = Running::start(&world, MAP);
    pass(5).await;
    let (plane, before) = (running.plane.clone(), tokio::time::Instant::now());
    running.stop().await;
    assert_eq!(before.elapsed(), secs(0));
    assert_eq!(world.state().changes, [""; 0]);
    let left = plane.queue.status(plane.clock.now()).await.unwrap();
    assert_eq!((left.leased, left.later), (0, 1));
    pass(3_600).await;
    assert_eq!(world.state().reads, ["everybody"]);

    let other = Running::start(&world, MAP);
    pass(15).await;
    assert_eq!(world.state().changes, ["create ada--fraud"]);
    other.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stop_ends_a_pass_that_changes_things_after_the_calls_it_is_at() {
    let names: Vec<String> = (0..200).map(|n| format!("p{n:03}")).collect();
    let world = World::of(&[]);
    for name in &names {
        world.join(name, "ml-fraud");
    }
    world.state().changes_take = secs(10);
    let running = Running::start(&world, MAP);
    pass(15).await;
    let plane = running.plane.clone();
    running.stop().await;
    // Four at a time: those of the first ten seconds, and those that were under way.
    assert_eq!(world.state().changes.len(), 8);
    let left = plane.queue.status(plane.clock.now()).await.unwrap();
    assert_eq!(left.leased, 0);
    let (ticket, all) = {
        let now = plane.clock.now();
        (
            plane.claims.ticket(now).await.unwrap(),
            names.iter().map(|name| person_id(name)).collect(),
        )
    };
    let hold = jiff::SignedDuration::from_secs(20);
    let (change, now) = (plane.new_change(), plane.clock.now());
    let free = plane.claims.claim(&change, &all, &ticket, now, hold).await.unwrap();
    assert_eq!(free.people.len(), 200, "nobody stays claimed");
}

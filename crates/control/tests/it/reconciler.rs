//! The loop: what wakes it, what it does not lose, and what stops it.

use crate::world::{Fault, MAP, World, person_id};
use access::ids::PersonId;
use control::event::Wake;
use control::reconciler::{Rhythm, Waker};
use std::collections::BTreeSet;
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
    pub(crate) waker: Waker,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(world: &Arc<World>, map: &str) -> Self {
        let (plane, waker) = (world.plane(map), Waker::default());
        let (stop, stopped) = oneshot::channel();
        let listener = waker.clone();
        let task = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            plane.run(&listener, Rhythm::default(), stopped).await;
        });
        Self { waker, stop, task }
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

#[tokio::test]
async fn wake_ups_merge_and_the_wider_one_wins() {
    let waker = Waker::default();
    waker.wake(people(&["ada"]));
    waker.wake(people(&["bob"]));
    assert_eq!(waker.next().await, people(&["ada", "bob"]));
    waker.wake(people(&["ada"]));
    waker.wake(Wake::Everything);
    waker.wake(people(&["bob"]));
    assert_eq!(waker.next().await, Wake::Everything);
}

#[tokio::test]
async fn for_many_people_everybody_is_read() {
    let many =
        |n: usize| -> BTreeSet<PersonId> { (0..n).map(|i| person_id(&i.to_string())).collect() };
    let waker = Waker::default();
    waker.wake(Wake::People(many(50)));
    assert_eq!(waker.next().await, Wake::People(many(50)));
    waker.wake(Wake::People(many(50)));
    waker.wake(people(&["ada"]));
    assert_eq!(waker.next().await, Wake::Everything);
}

#[tokio::test(start_paused = true)]
async fn wake_ups_during_a_pass_are_one_more_pass() {
    let world = World::of(&["ada", "bob"]);
    world.state().directory_takes = secs(10);
    let running = Running::start(&world, MAP);
    pass(5).await;
    assert_eq!(world.state().reads, ["everybody"]);
    running.waker.wake(people(&["ada"]));
    running.waker.wake(people(&["bob"]));
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
        running.waker.wake(people(&["ada"]));
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
async fn stop_ends_it_after_the_pass_that_is_under_way() {
    let world = World::of(&[]);
    world.join("ada", "ml-fraud");
    world.state().directory_takes = secs(10);
    let running = Running::start(&world, MAP);
    pass(5).await;
    running.stop().await;
    assert_eq!(world.state().changes, ["create ada--fraud"]);
    pass(3_600).await;
    assert_eq!(world.state().reads, ["everybody"]);
}

//! The loop for a process that is called: what it does in the time it has, and what it leaves.

use crate::reconciler::{pass, people, secs};
use crate::world::{MAP, World, person_id};
use access::ids::PersonId;
use control::pass::Deadline;
use control::reconciler::{Rhythm, Worked};
use std::collections::BTreeSet;
use tokio::time::Instant;

fn within(seconds: u64) -> Deadline {
    Deadline::at(Instant::now() + secs(seconds))
}

fn named(names: &[&str]) -> BTreeSet<PersonId> {
    names.iter().map(|name| person_id(name)).collect()
}

const EVERYTHING: Worked = Worked {
    passes: 0,
    people: 0,
    everything: 1,
    complete: 1,
    done: 1,
    mirrors: 0,
    time_up: false,
};

#[tokio::test(start_paused = true)]
async fn the_first_call_reads_everything_and_the_next_ones_what_is_due() {
    let world = World::of(&["ada", "bob"]);
    let plane = world.plane(MAP);
    let worker = plane.worker(Rhythm::default()).await;
    assert_eq!(worker.work_off_queue(within(60)).await, Ok(EVERYTHING));
    assert_eq!(worker.work_off_queue(within(60)).await, Ok(Worked::default()));
    plane.wake(&people(&["ada", "bob"])).await.unwrap();
    let both = Worked { passes: 1, people: 2, ..Worked::default() };
    assert_eq!(worker.work_off_queue(within(60)).await, Ok(both));
    pass(15 * 60).await;
    assert_eq!(worker.work_off_queue(within(60)).await, Ok(EVERYTHING));
    assert_eq!(world.state().reads, ["everybody", "p-ada p-bob", "everybody"]);
}

#[tokio::test(start_paused = true)]
async fn one_pass_for_those_who_are_named_and_nobody_else() {
    let world = World::of(&["ada", "bob"]);
    let plane = world.plane(MAP);
    let worker = plane.worker(Rhythm::default()).await;
    plane.wake(&people(&["ada", "bob"])).await.unwrap();
    let early = worker.work_for(&named(&["ada"]), within(60)).await;
    assert_eq!(early, Ok(Worked::default()), "no domain was read in full yet");
    worker.work_off_queue(within(60)).await.unwrap();
    world.state().reads.clear();

    plane.wake(&people(&["ada", "bob"])).await.unwrap();
    world.leave("ada", "ml-fraud");
    let one = Worked { passes: 1, people: 1, ..Worked::default() };
    assert_eq!(worker.work_for(&named(&["ada", "nobody"]), within(60)).await, Ok(one));
    assert_eq!(world.leaving(), ["ada--fraud"]);
    let ada = worker.work_for(&named(&["ada"]), within(60)).await;
    assert_eq!(ada, Ok(Worked::default()), "she is due in some seconds only");
    pass(5).await;
    assert_eq!(worker.work_for(&named(&["ada"]), within(60)).await, Ok(one));
    assert_eq!(world.state().reads, ["p-ada", "p-ada", "p-ada"], "twice where she loses something");
}

#[tokio::test(start_paused = true)]
async fn without_time_nobody_is_taken() {
    let world = World::of(&["ada"]);
    let plane = world.plane(MAP);
    let worker = plane.worker(Rhythm::default()).await;
    let late = Worked { time_up: true, ..Worked::default() };
    assert_eq!(worker.work_off_queue(within(4)).await, Ok(late));
    assert_eq!(worker.work_for(&named(&["ada"]), within(4)).await, Ok(late));
    let status = plane.queue.status(plane.clock.now()).await.unwrap();
    assert_eq!((status.due, status.leased), (1, 0));
    assert_eq!(world.state().reads, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_takes_too_long_is_given_up_and_put_back() {
    let world = World::of(&["ada"]);
    world.join("bob", "ml-fraud");
    world.state().directory_takes = secs(100);
    let plane = world.plane(MAP);
    let worker = plane.worker(Rhythm::default()).await;
    let cut = Worked { everything: 1, time_up: true, ..Worked::default() };
    assert_eq!(worker.work_off_queue(within(30)).await, Ok(cut));
    assert_eq!(world.state().changes, [""; 0]);
    let status = plane.queue.status(plane.clock.now()).await.unwrap();
    assert_eq!((status.due, status.later, status.leased), (0, 1, 0), "its lease is let go");

    world.state().directory_takes = secs(0);
    pass(5).await;
    assert_eq!(worker.work_off_queue(within(30)).await, Ok(EVERYTHING));
    assert_eq!(world.state().changes, ["create bob--fraud"]);
}

#[tokio::test(start_paused = true)]
async fn shortly_before_the_end_nothing_is_begun_and_nobody_is_kept() {
    let world = World::of(&["ada"]);
    let plane = world.plane(MAP);
    let worker = plane.worker(Rhythm::default()).await;
    worker.work_off_queue(within(60)).await.unwrap();
    world.leave("ada", "ml-fraud");
    plane.wake(&people(&["ada"])).await.unwrap();
    // The directory is asked twice where something would be taken away.
    world.state().directory_takes = secs(13);
    let cut = Worked { passes: 1, people: 1, time_up: true, ..Worked::default() };
    assert_eq!(worker.work_for(&named(&["ada"]), within(30)).await, Ok(cut));
    assert_eq!(world.state().changes, [""; 0]);

    world.state().directory_takes = secs(0);
    pass(5).await;
    worker.work_for(&named(&["ada"]), within(30)).await.unwrap();
    assert_eq!(world.leaving(), ["ada--fraud"], "nobody has a claim on her");
}

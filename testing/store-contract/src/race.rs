//! Times, and calls that race.

use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// A time with this many microseconds: the finest that a store must tell apart.
pub fn micros(n: i64) -> Timestamp {
    Timestamp::from_microsecond(n).unwrap()
}

/// How many calls race.
pub const RACERS: usize = 48;

/// Runs the call [`RACERS`] times at once and counts the results that are `true`.
pub async fn race<F>(call: impl Fn() -> F) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let start = Arc::new(Barrier::new(RACERS));
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (start, call) = (Arc::clone(&start), call());
        racers.spawn(async move {
            start.wait().await;
            call.await
        });
    }
    racers.join_all().await.into_iter().filter(|won| *won).count()
}

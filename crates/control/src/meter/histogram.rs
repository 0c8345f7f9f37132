//! How long things took, as a scraper wants it: how many took no longer than each of some bounds.

use std::time::Duration;

/// Counts durations by bounds that never change, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what took longer than the last.
    counts: Vec<u64>,
    sum: Duration,
}

/// A person waits for these: 5 ms to 10 s.
const ANSWERS: &[u64] = &[5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// Passes: half a second to an hour.
const PASSES: &[u64] =
    &[500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 900_000, 3_600_000];

/// Events on their way: a second to an hour.
const ON_THE_WAY: &[u64] =
    &[1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];

/// Ways out once the hold is over: half a minute to a month.
const WAYS_OUT: &[u64] = &[
    30_000,
    60_000,
    300_000,
    900_000,
    1_800_000,
    3_600_000,
    14_400_000,
    86_400_000,
    604_800_000,
    2_678_400_000,
];

impl Histogram {
    /// For what a person waits for.
    pub fn of_answers() -> Self {
        Self::new(ANSWERS)
    }

    /// For passes.
    pub fn of_passes() -> Self {
        Self::new(PASSES)
    }

    /// For events on their way.
    pub fn of_events() -> Self {
        Self::new(ON_THE_WAY)
    }

    /// For profiles on their way out.
    pub fn of_ways_out() -> Self {
        Self::new(WAYS_OUT)
    }

    fn new(bounds: &'static [u64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: Duration::ZERO }
    }

    /// Counts one.
    pub fn observe(&mut self, took: Duration) {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let place = self.bounds.partition_point(|bound| *bound < millis);
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.sum = self.sum.saturating_add(took);
    }

    /// Each bound in seconds, with how many took no longer.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let mut all = 0;
        let cumulated = self.bounds.iter().zip(&self.counts).map(|(bound, count)| {
            all += count;
            (Duration::from_millis(*bound).as_secs_f64(), all)
        });
        cumulated.collect()
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long they took together.
    pub fn sum(&self) -> Duration {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_for_its_bound_and_all_above() {
        let mut answers = Histogram::of_answers();
        for millis in [0, 5, 6, 10_000, 10_001] {
            answers.observe(Duration::from_millis(millis));
        }
        let buckets = answers.buckets();
        assert_eq!(buckets.first(), Some(&(0.005, 2)));
        assert_eq!(buckets.get(1), Some(&(0.01, 3)));
        assert_eq!(buckets.last(), Some(&(10.0, 4)));
        assert_eq!((answers.count(), answers.sum()), (5, Duration::from_millis(20_012)));
    }

    #[test]
    fn bounds_ascend() {
        for bounds in [ANSWERS, PASSES, ON_THE_WAY, WAYS_OUT] {
            assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]), "{bounds:?}");
        }
    }
}

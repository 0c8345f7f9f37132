//! The pace against services that limit calls in their several ways.

use super::*;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// How a service limits calls.
#[derive(Debug, Clone)]
enum Service {
    /// So many in each second of the service's clock, which is ahead by this.
    Windows { calls: u64, ahead: Duration, seen: BTreeMap<u64, u64> },
    /// A bucket that holds `burst` and is filled by `rate` a second.
    Bucket { rate: f64, burst: f64, tokens: f64, filled: Duration },
}

impl Service {
    fn windows(calls: u64, ahead: Duration) -> Self {
        Self::Windows { calls, ahead, seen: BTreeMap::new() }
    }

    fn bucket(rate: f64, burst: f64) -> Self {
        Self::Bucket { rate, burst, tokens: burst, filled: Duration::ZERO }
    }

    fn takes(&mut self, at: Duration) -> bool {
        match self {
            Self::Windows { calls, ahead, seen } => {
                let seen = seen.entry((at + *ahead).as_secs()).or_default();
                *seen += 1;
                *seen <= *calls
            }
            Self::Bucket { rate, burst, tokens, filled } => {
                *tokens = burst.min(*tokens + *rate * at.saturating_sub(*filled).as_secs_f64());
                *filled = at;
                let takes = *tokens >= 1.0;
                *tokens -= f64::from(u8::from(takes));
                takes
            }
        }
    }
}

/// What comes of callers who have always one call more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outcome {
    accepted: u64,
    throttled: u64,
}

struct Load {
    callers: usize,
    /// From sending to answer, for the calls in turn.
    latencies: Vec<u64>,
    retry_after: Option<Duration>,
    seconds: u64,
}

impl Load {
    fn new(callers: usize, latency: u64, seconds: u64) -> Self {
        Self { callers, latencies: vec![latency], retry_after: None, seconds }
    }

    fn on(&self, service: &mut Service, pace: &mut Pace) -> Outcome {
        #[derive(PartialEq, Eq, PartialOrd, Ord)]
        enum Event {
            Ask,
            Arrive(Duration, u64),
            Answer(Duration, bool),
        }
        let mut outcome = Outcome { accepted: 0, throttled: 0 };
        let mut latencies = self.latencies.iter().cycle();
        let mut events: BinaryHeap<_> =
            (0..self.callers).map(|_| Reverse((Duration::ZERO, Event::Ask))).collect();
        while let Some(Reverse((now, event))) = events.pop() {
            if now >= Duration::from_secs(self.seconds) {
                break;
            }
            let next = match event {
                Event::Ask => match pace.ask(now) {
                    Ask::WaitUntil(at) => {
                        assert!(at > now, "{at:?} is not after {now:?}");
                        (at, Event::Ask)
                    }
                    Ask::Go => {
                        let latency = *latencies.next().unwrap();
                        (now + ms(latency) / 2, Event::Arrive(now, latency))
                    }
                },
                Event::Arrive(sent, latency) => {
                    let takes = service.takes(now);
                    (now + ms(latency) / 2, Event::Answer(sent, takes))
                }
                Event::Answer(sent, true) => {
                    outcome.accepted += 1;
                    pace.accepted(sent);
                    (now, Event::Ask)
                }
                Event::Answer(sent, false) => {
                    outcome.throttled += 1;
                    pace.throttled(sent, now, self.retry_after);
                    (now, Event::Ask)
                }
            };
            events.push(Reverse(next));
        }
        outcome
    }
}

/// The share of what the service allows that was used.
fn used(outcome: Outcome, allowed: u64) -> f64 {
    f64::from(u32::try_from(outcome.accepted).unwrap()) / f64::from(u32::try_from(allowed).unwrap())
}

#[test]
fn a_service_that_refuses_nothing_is_never_waited_for() {
    let mut pace = Pace::default();
    for call in 0..10_000 {
        let now = Duration::from_micros(call);
        assert_eq!(pace.ask(now), Ask::Go);
        pace.accepted(now);
    }
    assert_eq!(pace.rate(ms(10)), None);
}

#[test]
fn after_a_refusal_calls_are_spread_evenly() {
    let mut pace = Pace::default();
    for call in 0..10 {
        assert_eq!(pace.ask(ms(call)), Ask::Go);
        pace.accepted(ms(call));
    }
    assert_eq!(pace.ask(ms(20)), Ask::Go);
    pace.throttled(ms(20), ms(30), None);
    // Ten calls in the second, of which a little less is taken; the search goes up from there.
    assert_eq!(pace.rate(ms(30)), Some(9.7));
    let resumes = ms(30) + Duration::from_secs_f64(1.0 / 9.7);
    assert_eq!(pace.ask(ms(31)), Ask::WaitUntil(resumes));
    assert_eq!(pace.ask(resumes), Ask::Go);
    let next = resumes + Duration::from_secs_f64(1.0 / 9.7);
    assert_eq!(pace.ask(resumes), Ask::WaitUntil(next));
    // A caller that comes a little late does not put off those after it.
    assert_eq!(pace.ask(next + ms(5)), Ask::Go);
    let Ask::WaitUntil(third) = pace.ask(next + ms(5)) else { panic!("it is not paced") };
    assert!(third < next + ms(104), "{third:?}");
}

#[test]
fn a_pause_lasts_as_long_as_the_service_says() {
    let mut pace = Pace::default();
    assert_eq!(pace.ask(ms(0)), Ask::Go);
    pace.throttled(ms(0), ms(10), Some(Duration::from_secs(7)));
    assert_eq!(pace.ask(ms(11)), Ask::WaitUntil(ms(7_010)));
    // So does one of a call that was on its way already.
    pace.throttled(ms(5), ms(20), Some(Duration::from_secs(9)));
    assert_eq!(pace.ask(ms(21)), Ask::WaitUntil(ms(9_020)));
    // Not for ever, whatever it says.
    pace.throttled(ms(5), ms(30), Some(Duration::MAX));
    assert_eq!(pace.ask(ms(31)), Ask::WaitUntil(ms(600_030)));
}

#[test]
fn calls_that_were_on_their_way_are_one_refusal() {
    let mut pace = Pace::default();
    for call in 0..8 {
        assert_eq!(pace.ask(ms(call)), Ask::Go);
        pace.accepted(ms(call));
    }
    pace.throttled(ms(9), ms(20), None);
    let once = pace.clone();
    for call in 10..20 {
        pace.throttled(ms(call), ms(call + 11), None);
    }
    assert_eq!(pace.rate(ms(40)), once.rate(ms(40)));
    assert_eq!(pace.clone().ask(ms(40)), once.clone().ask(ms(40)));
}

#[test]
fn a_burst_that_a_bucket_let_through_is_not_taken_for_its_rate() {
    // Answers take longer than the first pauses, so refusals arrive after the pause they began.
    let outcome = Load::new(4, 20, 300).on(&mut Service::bucket(1.0, 199.0), &mut Pace::default());
    assert!(outcome.accepted >= 480, "{outcome:?}");
    assert!(outcome.throttled < 100, "{outcome:?}");
}

#[test]
fn refusals_without_end_are_asked_after_ever_more_rarely() {
    let mut pace = Pace::default();
    let mut service = Service::windows(0, Duration::ZERO);
    let outcome = Load::new(8, 20, 600).on(&mut service, &mut pace);
    // Pauses of 1, 2, 4, 8, 16 and then 20 seconds, after the eight calls of the start.
    assert_eq!(outcome, Outcome { accepted: 0, throttled: 8 + 5 + 28 });
}

#[test]
fn a_limit_that_is_gone_is_forgotten() {
    let mut pace = Pace::default();
    let mut limited = Service::windows(2, Duration::ZERO);
    Load::new(4, 20, 60).on(&mut limited, &mut pace);
    assert!(pace.rate(ms(60_000)).is_some());
    assert_eq!(pace.ask(ms(500_000)), Ask::Go);
    assert_eq!(pace.rate(ms(500_000)), None);
}

#[test]
fn a_limit_that_is_raised_is_found() {
    let mut pace = Pace::default();
    Load::new(16, 20, 60).on(&mut Service::windows(5, Duration::ZERO), &mut pace);
    let before = pace.rate(ms(60_000)).unwrap();
    assert!((4.0..5.5).contains(&before), "{before}");
    let mut later = pace.clone();
    let Ask::WaitUntil(next) = later.ask(ms(60_000)) else { panic!("it is not paced") };
    let mut now = next;
    while now < ms(160_000) {
        match later.ask(now) {
            Ask::Go => later.accepted(now),
            Ask::WaitUntil(next) => now = next,
        }
    }
    let after = later.rate(ms(160_000)).unwrap();
    assert!(after > 2.0 * before, "{before} {after}");
}

#[test]
fn ten_calls_a_second_are_used_and_seldom_exceeded() {
    let mut service = Service::windows(10, ms(130));
    let outcome = Load::new(4, 0, 200).on(&mut service, &mut Pace::default());
    assert_eq!(outcome, Outcome { accepted: 1973, throttled: 16 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever is allowed in windows of a second, at least 1/1.1 of it is used.
    #[test]
    fn what_is_allowed_in_windows_is_used(
        calls in 2_u64..100,
        ahead in 0_u64..1000,
        callers in 4_usize..32,
        latencies in prop::collection::vec(5_u64..40, 1..20),
    ) {
        let load = Load { latencies, ..Load::new(callers, 0, 300) };
        let outcome = load.on(&mut Service::windows(calls, ms(ahead)), &mut Pace::default());
        let used = used(outcome, calls * 300);
        prop_assert!(used >= 1.0 / 1.1, "{used}");
        prop_assert!(outcome.throttled * 20 < outcome.accepted + 1000, "{outcome:?}");
    }

    /// A service that asks for a second's pause each time costs those seconds and little more.
    #[test]
    fn what_is_allowed_between_pauses_is_used(
        calls in 3_u64..100,
        ahead in 0_u64..1000,
        callers in 4_usize..32,
    ) {
        let retry_after = Some(Duration::from_secs(1));
        let load = Load { retry_after, ..Load::new(callers, 30, 300) };
        let outcome = load.on(&mut Service::windows(calls, ms(ahead)), &mut Pace::default());
        let used = used(outcome, calls * 300);
        // Of a handful of calls a second, one that comes too late is a large part.
        prop_assert!(used >= if calls < 10 { 0.75 } else { 0.85 }, "{used}");
    }

    /// A bucket that lets bursts through is used to its rate.
    #[test]
    fn what_a_bucket_holds_is_used(
        rate in 1_u64..100,
        burst in 2_u64..200,
        callers in 4_usize..32,
    ) {
        let exact = |n: u64| f64::from(u32::try_from(n).unwrap());
        let mut service = Service::bucket(exact(rate), exact(burst));
        let outcome = Load::new(callers, 20, 300).on(&mut service, &mut Pace::default());
        let used = used(outcome, rate * 300);
        prop_assert!(used >= 1.0 / 1.1, "{used}");
    }
}

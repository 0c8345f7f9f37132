//! How fast to call a service that says only afterwards what was too fast.
//!
//! No API says how many calls a second it takes, and what it takes changes with what others of the
//! account do. So nothing is slowed down until the service refuses a call; from then on calls are
//! spread evenly at the rate at which the service was seen to accept them, and that rate creeps up
//! until the next refusal. Evenly, because most limits count calls in windows: whatever the
//! windows' phase, calls that are spread evenly never meet a full one.
//!
//! A state machine without clock: times are durations since a moment of the caller's choice.

use std::collections::VecDeque;
use std::time::Duration;

/// Over how long accepted calls are counted to see the rate that a service accepts. Long enough to
/// tell 10 a second from 9, short enough to follow a limit that falls.
const MEASURED: Duration = Duration::from_secs(4);

/// The shortest time to measure over: limits are counted by the second, so a burst that is
/// accepted at once is what the service takes in a second.
const WINDOW: Duration = Duration::from_secs(1);

/// How many accepted calls are remembered. At more than this many in [`MEASURED`] the rate is
/// measured over a shorter time.
const REMEMBERED: usize = 4096;

/// The share of the measured rate to go on with. A call's way to the service takes now more and
/// now less time, and a window that is missed by a hair costs more than three calls in a hundred.
const SHARE: f64 = 0.97;

/// A refusal that comes so soon after a pause shows that the rate is much too high.
const SOON: Duration = Duration::from_secs(2);

/// The share to go on with then.
const SHARE_SOON: f64 = 0.9;

/// Where more calls than these were accepted in no more than [`MEASURED_FEW`], they are what is
/// measured: at one call a second, four seconds say little.
const FEW: usize = 10;

/// Over how long at most calls are counted to make [`FEW`].
const MEASURED_FEW: Duration = Duration::from_secs(20);

/// By how much the rate has crept up after the time that [`Limit::patience`] says. It grows with
/// the cube of time: slowly near the rate that was measured, where the limit is if it is constant,
/// and doubled after four such times, if the limit was raised.
const CREEP: f64 = 0.02;

/// How many times as long as the last pause it takes until the rate has crept up by [`CREEP`],
/// which is when a service with a constant limit refuses again: so little is lost by pauses.
const PATIENCE: u32 = 40;

/// The least and the most time to creep up by [`CREEP`].
const PATIENCE_BOUNDS: (Duration, Duration) = (Duration::from_secs(20), Duration::from_mins(1));

/// After this long without refusal the limit is forgotten.
const FORGOTTEN: Duration = Duration::from_mins(5);

/// The longest pause that is not asked for by the service: a refusal that follows a pause at once
/// doubles it, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// The longest pause that a service may ask for.
const LONGEST_WISH: Duration = Duration::from_mins(10);

/// The slowest rate, in calls a second.
const SLOWEST: f64 = 0.1;

/// A second, over which a limit that is known beforehand counts calls.
const SECOND: Duration = Duration::from_secs(1);

/// What to do about the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Send it now. It is counted as sent.
    Go,
    /// Ask again at this time, not before.
    WaitUntil(Duration),
}

/// The pace of calls that share one limit.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// When the calls were sent that the service accepted lately, earliest first.
    accepted: VecDeque<Duration>,
    /// When the first call was sent.
    first: Option<Duration>,
    limit: Option<Limit>,
    /// How many calls may be sent within any second, where that is known beforehand.
    most: Option<usize>,
    /// When the last [`Self::most`] calls were sent, earliest first.
    sent: VecDeque<Duration>,
}

/// What is known of a service that has refused a call.
#[derive(Debug, Clone)]
struct Limit {
    /// Calls a second at `resumes`.
    rate: f64,
    /// When the last pause ends. Refusals of calls sent before say nothing new.
    resumes: Duration,
    /// When the next call may be sent.
    next: Duration,
    /// How many pauses there were since a call was accepted.
    fruitless: u32,
    /// How long it takes to creep up by [`CREEP`].
    patience: Duration,
    /// Whether the rate was measured on calls that were spread already. The first burst that meets
    /// a limit says little of it, so after it the rate is searched for in big steps.
    measured: bool,
}

impl Limit {
    /// Calls a second at this time.
    fn rate_at(&self, now: Duration) -> f64 {
        let seconds = now.saturating_sub(self.resumes).as_secs_f64();
        let growth = if self.measured {
            1.0 + CREEP * (seconds / self.patience.as_secs_f64()).powi(3)
        } else {
            seconds.exp2()
        };
        self.rate * growth
    }
}

impl Pace {
    /// A pace that never sends more calls than this within any second, whatever the service takes.
    pub fn at_most(calls: usize) -> Self {
        Self { most: Some(calls.max(1)), ..Self::default() }
    }

    /// Whether a call may be sent now.
    pub fn ask(&mut self, now: Duration) -> Ask {
        let Some(most) = self.most else { return self.ask_limit(now) };
        let full = self.sent.len() >= most;
        if let Some(first) = self.sent.front().filter(|first| full && now < **first + SECOND) {
            return Ask::WaitUntil(*first + SECOND);
        }
        let asked = self.ask_limit(now);
        if asked == Ask::Go {
            if full {
                self.sent.pop_front();
            }
            self.sent.push_back(now);
        }
        asked
    }

    /// Whether the limit that was seen lets a call be sent now.
    fn ask_limit(&mut self, now: Duration) -> Ask {
        self.first.get_or_insert(now);
        if self.limit.as_ref().is_some_and(|it| now.saturating_sub(it.resumes) > FORGOTTEN) {
            self.limit = None;
        }
        let Some(limit) = &mut self.limit else { return Ask::Go };
        if now < limit.next {
            return Ask::WaitUntil(limit.next);
        }
        let apart = Duration::from_secs_f64(limit.rate_at(now).recip());
        // Whoever is a little late keeps the beat. Time in which nobody asked is not made up for.
        let late = now.saturating_sub(limit.next);
        limit.next = if late < apart { limit.next } else { now } + apart;
        Ask::Go
    }

    /// The service took the call that was sent at this time; whatever else it said of it.
    pub fn accepted(&mut self, sent: Duration) {
        // Answers overtake each other by little, so this is short.
        let place = self.accepted.iter().rev().take_while(|it| **it > sent).count();
        self.accepted.insert(self.accepted.len() - place, sent);
        self.forget(sent.saturating_sub(MEASURED_FEW));
        if let Some(limit) = self.limit.as_mut().filter(|limit| sent >= limit.resumes) {
            limit.fruitless = 0;
        }
    }

    /// The service refused the call that was sent at `sent` because there were too many, and
    /// perhaps said for how long it does not want to see another.
    pub fn throttled(&mut self, sent: Duration, now: Duration, retry_after: Option<Duration>) {
        let wished = retry_after.unwrap_or_default().min(LONGEST_WISH);
        if let Some(limit) = self.limit.as_mut().filter(|limit| sent < limit.resumes) {
            // It was on its way already when the pause began. Only what it asks for is new: if it
            // moved the end of a pause that is over, so would the refusals of the calls sent since.
            if !wished.is_zero() {
                limit.resumes = limit.resumes.max(now + wished);
                limit.next = limit.next.max(limit.resumes);
            }
            return;
        }
        let (rate, fruitless, measured) = match self.limit.clone() {
            None => (SHARE * self.measure(now, WINDOW), 0, false),
            Some(limit) if limit.fruitless > 0 => (limit.rate, limit.fruitless, limit.measured),
            Some(limit) => {
                // A pause shortly before makes the longer measure too small; windows that are not
                // those of the service can make the shorter one too great.
                let seen = self.measure(now, WINDOW).max(self.measure(now, MEASURED));
                let soon = limit.measured && now.saturating_sub(limit.resumes) < SOON;
                let share = if soon { SHARE_SOON } else { SHARE };
                // Others who share the limit can push it down for a moment: no more than half.
                let rate = seen.min(limit.rate_at(now)).max(limit.rate / 2.0);
                (share * rate, 0, true)
            }
        };
        let rate = rate.max(SLOWEST);
        let backoff = Duration::from_secs_f64(rate.recip())
            .saturating_mul(1_u32.checked_shl(fruitless).unwrap_or(u32::MAX))
            .min(LONGEST_PAUSE);
        let pause = backoff.max(wished);
        let resumes = now + pause;
        self.limit = Some(Limit {
            rate,
            resumes,
            next: resumes,
            fruitless: fruitless.saturating_add(1),
            patience: pause.saturating_mul(PATIENCE).clamp(PATIENCE_BOUNDS.0, PATIENCE_BOUNDS.1),
            measured,
        });
    }

    /// The calls a second that this pace is at, once a limit was met.
    pub fn rate(&self, now: Duration) -> Option<f64> {
        self.limit.as_ref().map(|limit| limit.rate_at(now))
    }

    /// The calls a second that the service accepted in the last time.
    fn measure(&self, now: Duration, over: Duration) -> f64 {
        let since = now.saturating_sub(over);
        let start = self.accepted.partition_point(|sent| *sent < since);
        let few = self.accepted.len().saturating_sub(FEW);
        let lately = self.accepted.range(if over == MEASURED { start.min(few) } else { start }..);
        let count = f64::from(u32::try_from(lately.len()).unwrap_or(u32::MAX));
        let between = match (lately.clone().next(), lately.last()) {
            (Some(first), Some(last)) => last.saturating_sub(*first),
            _ => Duration::ZERO,
        };
        if between >= WINDOW {
            return (count - 1.0) / between.as_secs_f64();
        }
        let span = now.saturating_sub(self.first.unwrap_or(now).max(since)).max(WINDOW);
        count.max(1.0) / span.as_secs_f64()
    }

    fn forget(&mut self, since: Duration) {
        while self.accepted.front().is_some_and(|sent| *sent < since)
            || self.accepted.len() > REMEMBERED
        {
            self.accepted.pop_front();
        }
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;

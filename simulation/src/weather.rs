//! What goes wrong with calls, for a while.

use fastrand::Rng;
use sandbox::{EventFaults, FaultRule, Faults, Share};

/// Chances in a hundred that something happens to a call, and what else is wrong meanwhile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weather {
    /// The service says that there are too many calls.
    pub(crate) throttled: u8,
    /// The service fails before it does anything.
    pub(crate) failing: u8,
    /// There is no connection.
    pub(crate) unsent: u8,
    /// It is done, and the answer is lost: no answer at all, or an error of the service.
    pub(crate) unanswered: u8,
    /// It is done only after the caller has given up waiting.
    pub(crate) late: u8,
    /// Calls and answers take seconds.
    pub(crate) slow: bool,
    /// An account of which nothing can be reached.
    pub(crate) down: Option<String>,
    /// Lists of the directory break off after the first page.
    pub(crate) half: bool,
    /// The store cannot be read or written.
    pub(crate) store: u8,
    /// What SageMaker and the events do by themselves.
    pub(crate) aws: Aws,
}

/// Faults that the sandbox knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Aws {
    /// Chances in a hundred.
    profile_fails: u8,
    app_fails: u8,
    delete_fails: u8,
    stuck: u8,
    events: EventFaults,
}

impl Weather {
    /// Draws a mix; often a fair one.
    pub(crate) fn draw(random: &mut Rng, accounts: &[String]) -> Self {
        let mut some = |most: u8| if random.u8(..3) == 0 { random.u8(1..=most) } else { 0 };
        let mut weather = Self {
            throttled: some(40),
            failing: some(20),
            unsent: some(20),
            unanswered: some(20),
            late: some(5),
            store: some(30),
            aws: Aws {
                profile_fails: some(60),
                app_fails: some(60),
                delete_fails: some(60),
                stuck: some(60),
                events: EventFaults::default(),
            },
            ..Self::default()
        };
        weather.slow = random.u8(..4) == 0;
        weather.half = random.u8(..5) == 0;
        if random.u8(..5) == 0 {
            weather.down = random.choice(accounts).cloned();
        }
        weather.aws.events = EventFaults {
            delay_seconds: if random.u8(..3) == 0 { random.u64(1..600) } else { 0 },
            double: share(random),
            drop: share(random),
            reorder: share(random),
        };
        weather
    }

    /// How many things are wrong that the sandbox does by itself, and nobody counts one by one.
    pub(crate) fn standing(&self) -> u64 {
        let Aws { profile_fails, app_fails, delete_fails, stuck, events } = &self.aws;
        let rules = [profile_fails, app_fails, delete_fails, stuck];
        let shares = [events.double, events.drop, events.reorder];
        let wrong = rules.into_iter().filter(|chance| **chance > 0).count()
            + shares.into_iter().filter(|share| *share != Share::default()).count()
            + usize::from(events.delay_seconds > 0);
        u64::try_from(wrong).unwrap_or(u64::MAX)
    }

    /// The sandbox's part of it.
    pub(crate) fn faults(&self, random: u64) -> Faults {
        let rule = |operation: &str, chance: u8| FaultRule {
            operation: Some(operation.to_owned()),
            probability: Some(f64::from(chance) / 100.0),
            ..FaultRule::default()
        };
        let stuck = self.aws.stuck;
        let rules = vec![
            FaultRule { profile_fails: true, ..rule("CreateUserProfile", self.aws.profile_fails) },
            FaultRule { app_fails: true, ..rule("CreateApp", self.aws.app_fails) },
            FaultRule { delete_fails: true, ..rule("DeleteUserProfile", self.aws.delete_fails) },
            FaultRule { delete_fails: true, ..rule("DeleteSpace", self.aws.delete_fails) },
            FaultRule { stuck_deleting: true, ..rule("DeleteApp", stuck) },
            FaultRule { stuck_deleting: true, ..rule("DeleteSpace", stuck) },
            FaultRule { stuck_deleting: true, ..rule("DeleteUserProfile", stuck) },
        ];
        Faults { random, rules, events: self.aws.events.clone(), ..Faults::default() }
    }
}

fn share(random: &mut Rng) -> Share {
    match random.u8(..8) {
        0 => Share::All(true),
        1 => Share::Every(random.u64(2..5)),
        _ => Share::All(false),
    }
}

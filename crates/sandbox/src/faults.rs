//! Faults: what goes wrong, when, and how often.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::ids::Ids;
use crate::seed::{SeedError, read_yaml};
use crate::state::Twist;

/// What goes wrong. The default is nothing.
///
/// ```yaml
/// random: 7
/// rules:
///   - { service: sagemaker, operation: CreateUserProfile, first: 2, throttle: true }
///   - { service: sagemaker, operation: DeleteApp, stuck_deleting: true }
///   - { service: identitystore, every: 3, error: { code: InternalServerException, status: 500 } }
///   - { probability: 0.05, latency_ms: 400 }
/// rate_limits: { sagemaker: 5 }
/// events: { delay_seconds: 60, double: true, drop: 4 }
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Start of the generator for `probability`.
    pub random: u64,
    /// Rules in order; each one that matches a call adds its effect.
    pub rules: Vec<FaultRule>,
    /// Calls per second that a service accepts from an account, by signing name; more of them
    /// are throttled.
    pub rate_limits: BTreeMap<String, u64>,
    /// What happens to events.
    pub events: EventFaults,
}

/// One rule: which calls, which of them, and what happens.
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the fault file")]
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultRule {
    /// Signing name, such as `sagemaker`, `identitystore`, `sso`, `sts`, `iam`, `sqs`.
    pub service: Option<String>,
    /// Operation, such as `CreateApp`.
    pub operation: Option<String>,
    /// Account of the caller.
    pub account: Option<String>,
    /// What a member of the request says, such as the id of a user.
    pub about: Option<String>,

    /// Only the nth matching call, from 1.
    pub nth: Option<u64>,
    /// Every nth matching call.
    pub every: Option<u64>,
    /// The first n matching calls.
    pub first: Option<u64>,
    /// Each matching call with this probability, from 0 to 1.
    pub probability: Option<f64>,

    /// Answers as a throttled call.
    pub throttle: bool,
    /// Answers with this error, and does nothing.
    pub error: Option<FaultError>,
    /// Milliseconds that the answer is late; only the TCP server waits.
    pub latency_ms: Option<u64>,
    /// Does what was asked, then answers HTTP 500 as if the answer had been lost.
    pub timeout_after_success: bool,
    /// The deletion which the call starts never ends, until the faults are replaced.
    pub stuck_deleting: bool,
    /// The app which the call creates ends as `Failed`.
    pub app_fails: bool,
    /// The user profile which the call creates ends as `Failed`.
    pub profile_fails: bool,
    /// The space which the call creates ends as `Failed`.
    pub space_fails: bool,
    /// The update of a domain, a user profile or a space which the call starts ends as `Update_Failed`: what
    /// was asked for is shown all the same.
    pub update_fails: bool,
    /// The deletion which the call starts ends as `Delete_Failed`.
    pub delete_fails: bool,
}

/// An error answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultError {
    /// Error code.
    pub code: String,
    /// HTTP status.
    #[serde(default = "bad_request")]
    pub status: u16,
    /// Message.
    #[serde(default)]
    pub message: String,
    /// Further members, such as `Reason` of the Identity Store's errors.
    #[serde(default)]
    pub members: BTreeMap<String, Value>,
}

fn bad_request() -> u16 {
    400
}

/// What happens to events of directory changes. `true` means each of them, a number `n` every
/// nth, counted from the first one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventFaults {
    /// Seconds until an event can be received.
    pub delay_seconds: u64,
    /// Delivered twice.
    pub double: Share,
    /// Never delivered.
    pub drop: Share,
    /// Delivered 30 seconds later than the others, so that later ones overtake it.
    pub reorder: Share,
}

/// How many of the events: none, all, or every nth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Share {
    /// All or none.
    All(bool),
    /// Every nth; 0 is none.
    Every(u64),
}

impl Default for Share {
    fn default() -> Self {
        Self::All(false)
    }
}

impl Share {
    /// Whether the event with this number, from 1, is one of them.
    pub(crate) fn hits(self, number: u64) -> bool {
        match self {
            Self::All(all) => all,
            Self::Every(n) => n > 0 && number.is_multiple_of(n),
        }
    }
}

impl Faults {
    /// Reads a fault file; unknown keys, and rules that could never do anything, are errors.
    pub fn from_yaml(text: &str) -> Result<Self, SeedError> {
        let faults: Self = read_yaml("faults", text)?;
        faults.check()?;
        Ok(faults)
    }

    fn check(&self) -> Result<(), SeedError> {
        for (rule, number) in self.rules.iter().zip(1..) {
            let wrong = |problem| Err(SeedError::Rule { number, problem });
            let whens = [
                rule.nth.is_some(),
                rule.every.is_some(),
                rule.first.is_some(),
                rule.probability.is_some(),
            ];
            if whens.iter().filter(|given| **given).count() > 1 {
                return wrong("give one of `nth`, `every`, `first` and `probability`");
            }
            if rule.every == Some(0) || rule.nth == Some(0) {
                return wrong("`nth` and `every` count from 1");
            }
            if rule.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
                return wrong("`probability` is from 0 to 1");
            }
            if !rule.has_effect() {
                return wrong("it has no effect: say what happens, such as `throttle: true`");
            }
            if rule.error.as_ref().is_some_and(|error| !(400..600).contains(&error.status)) {
                return wrong("the `status` of an error is from 400 to 599");
            }
        }
        Ok(())
    }
}

impl FaultRule {
    fn has_effect(&self) -> bool {
        self.throttle
            || self.error.is_some()
            || self.latency_ms.is_some()
            || self.timeout_after_success
            || self.stuck_deleting
            || self.app_fails
            || self.profile_fails
            || self.space_fails
            || self.update_fails
            || self.delete_fails
    }

    fn matches(&self, service: &str, operation: &str, account: &str, body: &[u8]) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|w| w == is);
        same(&self.service, service)
            && same(&self.operation, operation)
            && same(&self.account, account)
            && self.about.as_deref().is_none_or(|about| {
                serde_json::from_slice(body).is_ok_and(|input: Value| names(&input, about))
            })
    }

    fn fires(&self, count: u64, ids: &mut Ids) -> bool {
        match (self.nth, self.every, self.first, self.probability) {
            (Some(n), ..) => count == n,
            (_, Some(n), ..) => count.is_multiple_of(n),
            (_, _, Some(n), _) => count <= n,
            (_, _, _, Some(p)) => ids.fraction() < p,
            _ => true,
        }
    }
}

/// Whether a member of the request, however deep, is this text.
fn names(input: &Value, text: &str) -> bool {
    match input {
        Value::String(said) => said == text,
        Value::Array(items) => items.iter().any(|item| names(item, text)),
        Value::Object(members) => members.values().any(|member| names(member, text)),
        _ => false,
    }
}

/// The effect of all the rules that match a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effect {
    pub(crate) throttle: bool,
    pub(crate) error: Option<FaultError>,
    pub(crate) latency: Duration,
    pub(crate) lose_answer: bool,
    pub(crate) twist: Twist,
}

/// Faults at work: the rules, and how often each one matched.
#[derive(Debug)]
pub(crate) struct FaultEngine {
    faults: Faults,
    matched: Vec<u64>,
    ids: Ids,
    /// (service, account) → (second, calls in it).
    rates: BTreeMap<(String, String), (i64, u64)>,
}

impl FaultEngine {
    pub(crate) fn new(faults: Faults) -> Self {
        let matched = vec![0; faults.rules.len()];
        let ids = Ids::new(faults.random);
        Self { faults, matched, ids, rates: BTreeMap::new() }
    }

    pub(crate) fn events(&self) -> EventFaults {
        self.faults.events.clone()
    }

    pub(crate) fn on_call(
        &mut self,
        service: &str,
        operation: &str,
        account: &str,
        second: i64,
        body: &[u8],
    ) -> Effect {
        let mut effect =
            Effect { throttle: self.too_fast(service, account, second), ..Effect::default() };
        for (rule, matched) in self.faults.rules.iter().zip(&mut self.matched) {
            if !rule.matches(service, operation, account, body) {
                continue;
            }
            *matched += 1;
            if !rule.fires(*matched, &mut self.ids) {
                continue;
            }
            effect.throttle |= rule.throttle;
            effect.lose_answer |= rule.timeout_after_success;
            effect.latency += Duration::from_millis(rule.latency_ms.unwrap_or(0));
            if effect.error.is_none() {
                effect.error.clone_from(&rule.error);
            }
            let deletes = operation.starts_with("Delete");
            effect.twist.stuck |= rule.stuck_deleting && deletes;
            effect.twist.fails |= (rule.app_fails && operation == "CreateApp")
                || (rule.profile_fails && operation == "CreateUserProfile")
                || (rule.space_fails && operation == "CreateSpace")
                || (rule.update_fails
                    && matches!(operation, "UpdateDomain" | "UpdateUserProfile" | "UpdateSpace"))
                || (rule.delete_fails && deletes);
        }
        effect
    }

    fn too_fast(&mut self, service: &str, account: &str, second: i64) -> bool {
        let Some(limit) = self.faults.rate_limits.get(service) else { return false };
        let window =
            self.rates.entry((service.to_owned(), account.to_owned())).or_insert((second, 0));
        if window.0 != second {
            *window = (second, 0);
        }
        window.1 += 1;
        window.1 > *limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(yaml: &str) -> FaultEngine {
        FaultEngine::new(Faults::from_yaml(yaml).unwrap())
    }

    fn throttled(engine: &mut FaultEngine, times: usize) -> Vec<bool> {
        (0..times).map(|_| engine.on_call("sagemaker", "CreateApp", "1", 0, b"").throttle).collect()
    }

    #[test]
    fn rules_count_the_calls_that_match_them() {
        let mut nth = engine("rules: [{ service: sagemaker, nth: 2, throttle: true }]");
        assert_eq!(throttled(&mut nth, 3), [false, true, false]);
        let mut first = engine("rules: [{ operation: CreateApp, first: 2, throttle: true }]");
        assert_eq!(throttled(&mut first, 3), [true, true, false]);
        let mut every = engine("rules: [{ every: 2, throttle: true }]");
        assert_eq!(throttled(&mut every, 4), [false, true, false, true]);
        let mut other = engine("rules: [{ service: iam, throttle: true }]");
        assert_eq!(throttled(&mut other, 2), [false, false]);
    }

    #[test]
    fn probability_is_the_same_for_the_same_seed() {
        let yaml = "{ random: 5, rules: [{ probability: 0.5, throttle: true }] }";
        let (one, two) = (throttled(&mut engine(yaml), 40), throttled(&mut engine(yaml), 40));
        assert_eq!(one, two);
        assert!(one.contains(&true) && one.contains(&false));
    }

    #[test]
    fn rate_limits_count_within_a_second() {
        let mut engine = engine("rate_limits: { sagemaker: 2 }");
        let mut at = |second| engine.on_call("sagemaker", "ListApps", "1", second, b"").throttle;
        assert_eq!([at(0), at(0), at(0), at(1)], [false, false, true, false]);
    }

    #[track_caller]
    fn refused(yaml: &str, problem: &str) {
        assert_eq!(Faults::from_yaml(yaml).unwrap_err().to_string(), problem);
    }

    #[test]
    fn rules_that_cannot_work_are_refused() {
        refused(
            "rules: [{ service: sagemaker }]",
            "fault rule 1: it has no effect: say what happens, such as `throttle: true`",
        );
        refused(
            "rules: [{ throttle: true }, { nth: 1, first: 2, throttle: true }]",
            "fault rule 2: give one of `nth`, `every`, `first` and `probability`",
        );
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place() {
        let text = Faults::from_yaml("rules:\n  - throtle: true\n").unwrap_err().to_string();
        assert!(text.contains("throtle"), "{text}");
        assert!(text.contains("line 2"), "{text}");
    }

    #[test]
    fn shares_of_events() {
        assert!(Share::All(true).hits(1));
        assert_eq!([1, 2, 3, 4].map(|n| Share::Every(2).hits(n)), [false, true, false, true]);
        assert!(!Share::Every(0).hits(1));
    }
}

//! Conditions on keys that requests do not carry, or may leave out.

use super::view::{Condition, NETWORK_KEYS, View, names};
use super::{Finding, Rule};
use crate::condition::{Kind, Set};
use crate::service_reference::{self as reference, Action, ConditionKey, nearest};

const MFA_KEYS: [&str; 2] = ["aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"];

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let actions = view.known_actions();
    let mut findings = Vec::new();
    for condition in &view.conditions {
        let Some(operator) = condition.operator else {
            let name = condition.operator_name;
            if !name.contains(char::is_whitespace) {
                let message = format!("there is no operator `{name}`");
                findings.push(condition.finding(Rule::UnknownOperator, message));
            }
            continue;
        };
        match known_key(condition.key) {
            Known::Not => {
                findings.push(condition.finding(Rule::UnknownConditionKey, unknown(condition.key)));
                continue;
            }
            Known::Outside => {}
            Known::Key(key) => findings.extend(sets(view, condition, key)),
        }
        if let Some(actions) = &actions {
            findings.extend(never_present(view, condition, actions));
        }
        findings.extend(fails_open(view, condition, actions.as_deref()));
        // Without a value none of them is another, so there it matters whether the key may be missing.
        let any_value = operator.set == Some(Set::ForAnyValue);
        if operator.if_exists && operator.base.negated && !any_value {
            let message = format!("`{}` is the same without `IfExists`", condition.operator_name);
            findings.push(condition.finding(Rule::RedundantIfExists, message));
        }
        findings.extend(mfa(view, condition));
    }
    findings
}

impl Condition<'_> {
    pub(super) fn finding(&self, rule: Rule, message: impl Into<String>) -> Finding {
        Finding { rule, pointer: self.pointer.clone(), message: message.into() }
    }
}

/// What is known of a key.
pub(super) enum Known {
    /// It is in the reference.
    Key(ConditionKey),
    /// It comes from outside of AWS, as the claims of an identity provider do.
    Outside,
    /// There is no such key.
    Not,
}

pub(super) fn known_key(key: &str) -> Known {
    let prefix = key.split(':').next().unwrap_or_default();
    if let Some(known) = reference::condition_key(key) {
        return Known::Key(known);
    }
    // Hosts of identity providers, and services whose variables the reference does not list.
    let outside = prefix.contains(['.', '/'])
        || ["transfer", "iot", "saml"].contains(&prefix.to_ascii_lowercase().as_str());
    if outside && key.contains(':') { Known::Outside } else { Known::Not }
}

fn unknown(key: &str) -> String {
    let prefix = key.split(':').next().unwrap_or_default();
    let own = reference::service(prefix).into_iter().flat_map(reference::Service::condition_keys);
    let known = reference::GLOBAL_KEYS.iter().map(|global| global.key.name);
    let near = nearest(key, own.map(|key| key.name).chain(known));
    let hint = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
    format!("there is no condition key `{key}`{hint}")
}

fn sets(view: &View<'_>, condition: &Condition<'_>, key: ConditionKey) -> Vec<Finding> {
    let Some(operator) = condition.operator else { return Vec::new() };
    let (name, mut findings) = (condition.key, Vec::new());
    if operator.base.kind == Kind::Null {
        return findings;
    }
    match operator.set {
        Some(_) if !key.multivalued => {
            let open = operator.set == Some(Set::ForAllValues) && view.allows();
            let more = if open { "; requests without it pass" } else { "" };
            let message = format!("`{name}` has one value{more}");
            findings.push(condition.finding(Rule::SetOperatorOnSingleValue, message));
        }
        None if key.multivalued => {
            let message = format!("`{name}` can have several values");
            findings.push(condition.finding(Rule::MissingSetOperator, message));
        }
        Some(Set::ForAllValues) if view.allows() && !is_required(view, name) => {
            let message = format!("a request without `{name}` passes");
            findings.push(condition.finding(Rule::VacuousForAllValues, message));
        }
        _ => {}
    }
    findings
}

/// Whether some other condition of the statement is only met by requests with the key.
fn is_required(view: &View<'_>, key: &str) -> bool {
    // A tag in the request is a key of it.
    let tags = key.eq_ignore_ascii_case("aws:TagKeys") && view.requires("aws:RequestTag/");
    let tag = key
        .get(.."aws:RequestTag/".len())
        .is_some_and(|head| head.eq_ignore_ascii_case("aws:RequestTag/"));
    let tag_key = key.split_once('/').map_or("", |(_, name)| name);
    let named = tag
        && view.conditions.iter().any(|other| {
            other.is_about("aws:TagKeys")
                && other.requires_it()
                && other.values.iter().any(|v| v == tag_key)
        });
    tags || named || view.requires(key)
}

fn never_present(
    view: &View<'_>,
    condition: &Condition<'_>,
    actions: &[&Action],
) -> Option<Finding> {
    let operator = condition.operator?;
    let absent: Vec<&Action> = actions.iter().copied().filter(|a| !a.sees(condition.key)).collect();
    let holds_without = operator.if_exists
        || operator.set == Some(Set::ForAllValues)
        || (operator.base.kind == Kind::Null && !condition.requires_it());
    // Assuming a role, tagging its session and naming its source are asked for in one request.
    let is_one_request = view.kind == super::Kind::Trust;
    let some_see_it = absent.len() < actions.len();
    if absent.is_empty() || ((holds_without || is_one_request) && some_see_it) {
        return None;
    }
    let holds = holds_without || condition.is_negated();
    let effect = match (view.allows(), holds) {
        (true, false) => "this never allows them",
        (false, false) => "this never denies them",
        (true, true) => "for them this asks nothing",
        (false, true) => "for them this asks nothing, and denies",
    };
    let key = condition.key;
    // What a pattern reaches besides is a note; an action that is named is meant.
    let named: Vec<&Action> = view
        .actions
        .iter()
        .filter(|pattern| !pattern.has_wildcard() || absent.len() == actions.len())
        .flat_map(|pattern| pattern.matched.iter().copied())
        .filter(|action| absent.iter().any(|a| a.to_string() == action.to_string()))
        .collect();
    Some(if named.is_empty() {
        let message = format!("requests of {} never carry `{key}`: {effect}", names(absent));
        condition.finding(Rule::KeyPartlyAbsent, message)
    } else {
        let message = format!("requests of {} never carry `{key}`: {effect}", names(named));
        condition.finding(Rule::KeyNeverPresent, message)
    })
}

fn fails_open(
    view: &View<'_>,
    condition: &Condition<'_>,
    actions: Option<&[&Action]>,
) -> Option<Finding> {
    let operator = condition.operator?;
    let key = condition.key;
    let closed = !operator.if_exists || operator.base.negated || !view.gives();
    // Requests to pass a role always name the service.
    if closed || key.eq_ignore_ascii_case("iam:PassedToService") || is_required(view, key) {
        return None;
    }
    let is_global = key.to_ascii_lowercase().starts_with("aws:");
    let watched = NETWORK_KEYS.iter().chain(&MFA_KEYS).any(|known| key.eq_ignore_ascii_case(known))
        || ["principaltag/", "principalorgid", "sourceaccount", "sourcearn", "sourceorgid"]
            .iter()
            .any(|known| key.to_ascii_lowercase().starts_with(&format!("aws:{known}")));
    // A key that some of the actions never carry has its `IfExists` for their sake.
    let seen_by_all = actions.is_some_and(|actions| actions.iter().all(|action| action.sees(key)));
    let by_action = !is_global || key.contains('/') || key.eq_ignore_ascii_case("aws:TagKeys");
    (watched || (by_action && seen_by_all)).then(|| {
        condition.finding(Rule::IfExistsFailsOpen, format!("a request without `{key}` is allowed"))
    })
}

fn mfa(view: &View<'_>, condition: &Condition<'_>) -> Option<Finding> {
    let operator = condition.operator?;
    let asks_false = condition.values.iter().any(|value| value.eq_ignore_ascii_case("false"));
    let closed = view.allows()
        || operator.if_exists
        || operator.base.kind != Kind::Bool
        || !condition.is_about("aws:MultiFactorAuthPresent")
        || !asks_false;
    (!closed).then(|| {
        let message = "requests signed with an access key do not carry `aws:MultiFactorAuthPresent` and are not denied";
        condition.finding(Rule::MfaKeyMayBeAbsent, message)
    })
}

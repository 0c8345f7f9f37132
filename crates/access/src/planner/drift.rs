//! Comparing a living profile with what its team wants.

use crate::ids::{RoleArn, TeamKey};
use crate::map::Team;
use crate::observed::{
    ObservedProfile, ProfileStatus, TAG_AGREED, TAG_LEAVING, TAG_LOST, TAG_TEAM,
};
use crate::reason::ReasonCode;
use arcstr::ArcStr;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What a profile lacks to be in agreement.
#[derive(Debug)]
pub(super) struct Drift {
    pub(super) old_role: Option<String>,
    pub(super) new_role: Option<RoleArn>,
    pub(super) user_settings: Option<Map<String, Value>>,
    pub(super) set_tags: BTreeMap<String, String>,
    pub(super) remove_tags: BTreeSet<String>,
    pub(super) reason: ReasonCode,
    /// Whether apps that run keep what they have until they start anew.
    pub(super) concerns_apps: bool,
    /// Whether it is another team's so far. It says so until it has the role of its own: then what was started
    /// meanwhile with the former one is seen.
    pub(super) moves: bool,
}

/// What the profile lacks; `None` if nothing.
pub(super) fn drift<'a>(
    profile: &ObservedProfile,
    (key, team): (&TeamKey, &Team),
    role: &RoleArn,
    wanted_tags: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<Drift> {
    let role_differs = profile.execution_role.as_deref() != Some(role.as_str());
    let settings_differ = !team
        .user_settings
        .iter()
        .all(|(key, wanted)| setting_says(key, profile.user_settings.get(key), wanted));
    let mut set_tags: BTreeMap<String, String> = wanted_tags
        .filter(|(key, value)| profile.tags.get(key) != Some(value))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    // Its person is back, or back in the team.
    let is_back = |tag: &str| match tag {
        TAG_LOST => profile.team_lost().is_some_and(|lost| lost.team == *key),
        _ => profile.tags.contains_key(TAG_LEAVING) && profile.tags.contains_key(tag),
    };
    let mut remove_tags: BTreeSet<String> = [TAG_LEAVING, TAG_AGREED, TAG_LOST]
        .into_iter()
        .filter(|tag| is_back(tag))
        .map(str::to_owned)
        .collect();
    let goes_on = set_tags.contains_key(TAG_TEAM);
    if goes_on && let Some(lost) = profile.held_for() {
        remove_tags.remove(TAG_LOST);
        set_tags.insert(TAG_LOST.to_owned(), lost.to_string());
    }
    // Whoever is back before it said so: the role is the other team's already.
    let is_back_early = role_differs && profile.team_lost().is_some_and(|lost| lost.team == *key);
    let moves = goes_on || is_back_early;
    let failed = profile.status == ProfileStatus::UpdateFailed;

    let causes = [
        (remove_tags.contains(TAG_LEAVING), ReasonCode::Returned),
        (moves, ReasonCode::TeamChanged),
        (failed, ReasonCode::UpdateFailed),
        (role_differs, ReasonCode::RoleDrift),
        (settings_differ, ReasonCode::SettingsDrift),
        (!set_tags.is_empty() || !remove_tags.is_empty(), ReasonCode::TagDrift),
    ];
    let (_, reason) = causes.into_iter().find(|(holds, _)| *holds)?;
    // A failed update is sent again with at least the role, or nothing would be sent.
    let new_role = (role_differs || failed).then(|| role.clone());
    if new_role.is_some() {
        set_tags.remove(TAG_TEAM);
    }
    Some(Drift {
        old_role: if role_differs {
            profile.execution_role.as_ref().map(ArcStr::to_string)
        } else {
            None
        },
        new_role,
        user_settings: settings_differ.then(|| team.user_settings.clone()),
        set_tags,
        remove_tags,
        reason,
        concerns_apps: role_differs || settings_differ,
        moves,
    })
}

/// [`says`], but security groups are a set: `SageMaker` gives them in any order.
fn setting_says(key: &str, actual: Option<&Value>, wanted: &Value) -> bool {
    match (key, actual, wanted) {
        ("SecurityGroups", Some(Value::Array(actual)), Value::Array(wanted)) => {
            actual.len() == wanted.len() && wanted.iter().all(|group| actual.contains(group))
        }
        _ => says(actual, wanted),
    }
}

/// Whether `actual` says all that `wanted` says. `SageMaker` adds defaults to what it was given and
/// leaves out what is empty, so neither is drift; items of lists are compared one by one, in order.
fn says(actual: Option<&Value>, wanted: &Value) -> bool {
    match (actual, wanted) {
        (None | Some(Value::Null), wanted) => is_empty(wanted),
        (Some(Value::Object(actual)), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| says(actual.get(key), value))
        }
        (Some(Value::Array(actual)), Value::Array(wanted)) => {
            actual.len() == wanted.len()
                && actual.iter().zip(wanted).all(|(actual, wanted)| says(Some(actual), wanted))
        }
        (Some(actual), wanted) => actual == wanted,
    }
}

/// Whether nothing would be missing if this were left out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_service_adds_or_leaves_out_is_no_drift() {
        for (actual, wanted) in [
            (json!({"a": 1, "b": 2}), json!({"a": 1})),
            (json!({"a": {"x": 1, "default": true}}), json!({"a": {"x": 1}})),
            (json!({"a": [{"x": 1, "default": true}]}), json!({"a": [{"x": 1}]})),
            (json!({}), json!({"a": {}, "b": [], "c": null, "d": {"e": {}}})),
            (json!({"a": null}), json!({"a": null})),
        ] {
            assert!(says(Some(&actual), &wanted), "{actual} says {wanted}");
        }
    }

    #[test]
    fn another_value_or_a_missing_one_is_drift() {
        for (actual, wanted) in [
            (json!({"a": 1}), json!({"a": 2})),
            (json!({}), json!({"a": 1})),
            (json!({}), json!({"a": false})),
            (json!({}), json!({"a": {"b": "x"}})),
            (json!({"a": [1, 2]}), json!({"a": [1]})),
            (json!({"a": [2, 1]}), json!({"a": [1, 2]})),
            (json!({"a": [1]}), json!({"a": []})),
            (json!({"a": 1}), json!({"a": null})),
            (json!({"a": "1"}), json!({"a": 1})),
        ] {
            assert!(!says(Some(&actual), &wanted), "{actual} does not say {wanted}");
        }
    }
}

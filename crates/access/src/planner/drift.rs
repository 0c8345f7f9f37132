//! Comparing a living profile with what its team wants.

use crate::map::Team;
use crate::observed::{ObservedProfile, ProfileStatus, TAG_AGREED, TAG_LEAVING};
use crate::plan::Step;
use crate::reason::ReasonCode;
use serde_json::Value;
use std::collections::BTreeMap;

/// The update that brings the profile in agreement, and why; `None` if it is.
pub(super) fn correction(
    profile: &ObservedProfile,
    team: &Team,
    wanted_tags: BTreeMap<String, String>,
) -> Option<(Step, ReasonCode)> {
    let role_differs = profile.execution_role.as_deref() != Some(team.execution_role.as_str());
    let settings_differ = !team
        .user_settings
        .iter()
        .all(|(key, wanted)| says(profile.user_settings.get(key), wanted));
    let set_tags: BTreeMap<String, String> = wanted_tags
        .into_iter()
        .filter(|(key, value)| profile.tags.get(key) != Some(value))
        .collect();
    let returned = profile.tags.contains_key(TAG_LEAVING);
    let failed = profile.status == ProfileStatus::UpdateFailed;

    let causes = [
        (returned, ReasonCode::Returned),
        (failed, ReasonCode::UpdateFailed),
        (role_differs, ReasonCode::RoleDrift),
        (settings_differ, ReasonCode::SettingsDrift),
        (!set_tags.is_empty(), ReasonCode::TagDrift),
    ];
    let (_, reason) = causes.into_iter().find(|(holds, _)| *holds)?;
    let step = Step::Update {
        old_role: if role_differs { profile.execution_role.clone() } else { None },
        // A failed update is sent again with at least the role, or nothing would be sent.
        new_role: (role_differs || failed).then(|| team.execution_role.clone()),
        user_settings: settings_differ.then(|| team.user_settings.clone()),
        set_tags,
        remove_tags: [TAG_LEAVING, TAG_AGREED]
            .into_iter()
            .filter(|key| returned && profile.tags.contains_key(*key))
            .map(str::to_owned)
            .collect(),
    };
    Some((step, reason))
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

//! The shape of a pattern: known keys, and values in lists.

use super::super::rules::CLOUDTRAIL_TYPE;
use super::{Report, did_you_mean, nearest};
use serde_json::{Map, Value};

/// Members of every event (`EventBridge` user guide, "Event structure").
const ENVELOPE: [&str; 10] = [
    "version",
    "id",
    "detail-type",
    "source",
    "account",
    "time",
    "region",
    "resources",
    "detail",
    "replay-name",
];

/// Members of a record (`CloudTrail` user guide, "Record contents").
const RECORD: [&str; 31] = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "eventType",
    "apiVersion",
    "managementEvent",
    "readOnly",
    "resources",
    "recipientAccountId",
    "serviceEventDetails",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "eventCategory",
    "addendum",
    "sessionCredentialFromConsole",
    "eventContext",
    "edgeDeviceDetails",
    "tlsDetails",
];

/// Members of a record that narrow a rule to some changes, though they look harmless.
const NARROWING: [&str; 5] =
    ["requestParameters", "responseElements", "userIdentity", "sourceIPAddress", "userAgent"];

/// Filters of values.
const FILTERS: [&str; 8] = [
    "prefix",
    "suffix",
    "equals-ignore-case",
    "wildcard",
    "anything-but",
    "exists",
    "numeric",
    "cidr",
];

pub(super) fn look(pattern: &Map<String, Value>, report: &mut Report) {
    known_keys(pattern, "", &ENVELOPE, "an event has no member", report);
    shape(pattern, "", report);
    branches(pattern, report);
}

/// The pattern and each alternative of its `$or`.
fn branches(pattern: &Map<String, Value>, report: &mut Report) {
    if let Some(Value::Array(alternatives)) = pattern.get("$or") {
        for (at, branch) in alternatives.iter().enumerate() {
            if let Some(branch) = branch.as_object() {
                let path = format!("$or[{at}]");
                known_keys(branch, &path, &ENVELOPE, "an event has no member", report);
                detail(branch, &path, report);
            }
        }
    }
    detail(pattern, "", report);
}

fn detail(pattern: &Map<String, Value>, path: &str, report: &mut Report) {
    let Some(Value::Object(detail)) = pattern.get("detail") else { return };
    let is_recorded = match pattern.get("detail-type") {
        Some(kinds) => kinds.to_string().contains(CLOUDTRAIL_TYPE),
        None => true,
    };
    let path = join(path, "detail");
    if is_recorded {
        known_keys(detail, &path, &RECORD, "a record of CloudTrail has no member", report);
    }
    for key in NARROWING.iter().filter(|key| detail.contains_key(**key)) {
        let message = format!("the rule lets only some changes through, by `{key}`");
        let help = "Leave it out: whom an event concerns is decided by the access map.".to_owned();
        report.warning("narrowed", &join(&path, key), &message, Some(help));
    }
}

fn known_keys(
    members: &Map<String, Value>,
    path: &str,
    known: &[&'static str],
    what: &str,
    report: &mut Report,
) {
    for (key, value) in members {
        let wants_absence = value
            .as_array()
            .is_some_and(|v| v.iter().any(|v| v.get("exists") == Some(&false.into())));
        if known.contains(&key.as_str()) || key == "$or" || wants_absence {
            continue;
        }
        let help = did_you_mean(nearest(key, known.iter().copied()));
        report.error("key-unknown", &join(path, key), &format!("{what} `{key}`"), help);
    }
}

/// Every leaf is a list that is not empty.
fn shape(members: &Map<String, Value>, path: &str, report: &mut Report) {
    for (key, value) in members {
        let path = join(path, key);
        match value {
            Value::Array(items) if items.is_empty() => {
                let message = "an empty list matches nothing";
                report.error("values-empty", &path, message, Some("List the values.".into()));
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let path = format!("{path}[{at}]");
                    match item {
                        Value::Object(inner) if key == "$or" => shape(inner, &path, report),
                        Value::Object(filter) => one_filter(filter, &path, report),
                        Value::Array(_) => {
                            let message = "a list within a list matches nothing";
                            report.error("value-shape", &path, message, None);
                        }
                        _ => {}
                    }
                }
            }
            Value::Object(inner) if inner.is_empty() => {
                let message = "an empty object: EventBridge refuses the pattern";
                report.error("values-empty", &path, message, None);
            }
            Value::Object(inner) => shape(inner, &path, report),
            scalar => {
                let help = format!("Write `[{scalar}]`.");
                let message = "the value is not in a list: EventBridge refuses the pattern";
                report.error("value-not-in-list", &path, message, Some(help));
            }
        }
    }
}

fn one_filter(filter: &Map<String, Value>, path: &str, report: &mut Report) {
    for name in filter.keys().filter(|name| !FILTERS.contains(&name.as_str())) {
        let help = did_you_mean(nearest(name, FILTERS));
        report.error("filter-unknown", path, &format!("there is no filter `{name}`"), help);
    }
    if filter.len() != 1 {
        let message = "a filter has exactly one member";
        report.error("filter-shape", path, message, None);
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

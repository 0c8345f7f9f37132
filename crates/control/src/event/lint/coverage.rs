//! Which changes of the directory the rules of a file let through.

use super::super::pattern::matches;
use super::super::rules::CLOUDTRAIL_TYPE;
use super::super::{Family, cloudtrail, notification};
use super::Report;
use serde_json::{Map, Value, json};

/// What the pattern says of members that decide; others (`account`, `requestParameters`) narrow a
/// rule to some events, which is another finding.
const DECIDING: [&str; 4] = ["source", "detail-type", "detail", "$or"];
const DECIDING_DETAIL: [&str; 6] =
    ["eventSource", "eventName", "eventType", "readOnly", "managementEvent", "eventCategory"];

/// A type that no membership notification is known to have.
const SOME_MEMBERSHIP: &str = "A Membership Changed";

pub(super) fn look(patterns: &[&Value], has_errors: bool, report: &mut Report) {
    let patterns: Vec<Value> = patterns.iter().map(|pattern| deciding(pattern)).collect();
    let passes = |event: &Value| patterns.iter().any(|pattern| matches(pattern, event));
    let seen = Family::DIRECTORY.map(|family| (family, samples(family)));
    let (covered, missed): (Vec<_>, Vec<_>) = seen
        .into_iter()
        .partition(|(_, samples)| samples.iter().any(|(_, _, event)| passes(event)));
    if covered.is_empty() {
        if !has_errors {
            let message = "no event of a directory passes: nothing ever wakes Stagedoor";
            let help = "`stagedoor events pattern` prints patterns that work.".to_owned();
            report.error("never-fires", "", message, Some(help));
        }
        return;
    }
    for (family, samples) in &covered {
        let lost: Vec<&str> = samples
            .iter()
            .filter(|(_, takes_away, event)| *takes_away && !passes(event))
            .map(|(name, _, _)| *name)
            .collect();
        if !lost.is_empty() {
            let message =
                format!("{family}: changes that take rights away are missed: {}", lost.join(", "));
            let help = format!("`stagedoor events pattern --family {family}` prints all of them.");
            report.warning("removals-missed", "", &message, Some(help));
        }
    }
    // Notifications tell of every change, whoever made it.
    let has_notifications = covered.iter().any(|(family, _)| *family == Family::Notification);
    let lost: Vec<&str> = missed
        .iter()
        .filter(|(family, _)| *family != Family::Notification && !has_notifications)
        .map(|(family, _)| family.as_str())
        .collect();
    if !lost.is_empty() {
        let message = format!("changes told by {} are missed", lost.join(" and "));
        let help = "`stagedoor events pattern` prints rules for all of them.".to_owned();
        report.warning("families-missed", "", &message, Some(help));
    }
}

/// The pattern without what only narrows it.
fn deciding(pattern: &Value) -> Value {
    let Some(members) = pattern.as_object() else { return Value::Null };
    let kept = members.iter().filter(|(key, _)| DECIDING.contains(&key.as_str()));
    let kept = kept.map(|(key, value)| {
        let value = match (key.as_str(), value) {
            ("detail", Value::Object(detail)) => {
                let kept = detail.iter().filter(|(key, _)| DECIDING_DETAIL.contains(&key.as_str()));
                kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>().into()
            }
            ("$or", Value::Array(branches)) => branches.iter().map(deciding).collect(),
            (_, value) => value.clone(),
        };
        (key.clone(), value)
    });
    Value::Object(kept.collect())
}

/// One event of each kind that matters: its name, whether it takes away, and its envelope.
fn samples(family: Family) -> Vec<(&'static str, bool, Value)> {
    if family == Family::Notification {
        let kinds = notification::TYPES.into_iter().filter(|kind| !kind.ends_with("Created"));
        let kinds = kinds.chain([SOME_MEMBERSHIP]);
        return kinds
            .map(|kind| {
                let name = if kind == SOME_MEMBERSHIP { "those of memberships" } else { kind };
                (
                    name,
                    true,
                    json!({"source": "aws.identitystore", "detail-type": kind, "detail": {}}),
                )
            })
            .collect();
    }
    let operations = cloudtrail::operations(family).iter().filter(|operation| operation.matters());
    operations
        .map(|operation| {
            let event = json!({
                "source": family.bus_source(),
                "detail-type": CLOUDTRAIL_TYPE,
                "detail": {
                    "eventSource": family.event_source(),
                    "eventName": operation.name,
                    "eventType": "AwsApiCall",
                    "eventCategory": "Management",
                    "managementEvent": true,
                    "readOnly": false,
                },
            });
            (operation.name, operation.takes_away, event)
        })
        .collect()
}

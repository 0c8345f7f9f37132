//! The values that decide whether a rule ever sees a change of the directory.

use super::super::pattern::matches;
use super::super::rules::CLOUDTRAIL_TYPE;
use super::super::{Family, cloudtrail, notification};
use super::keys::join;
use super::{Report, did_you_mean, nearest};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A value as the pattern has it, with its place.
struct Given<'a> {
    path: String,
    value: &'a Value,
}

impl Given<'_> {
    fn text(&self) -> Option<&str> {
        self.value.as_str()
    }
}

/// The values of one key, in the pattern and in each alternative of its `$or`.
fn given<'a>(pattern: &'a Value, key: &[&str]) -> Vec<Given<'a>> {
    let mut all = Vec::new();
    collect(pattern, "", key, &mut all);
    if let Some(Value::Array(branches)) = pattern.get("$or") {
        for (at, branch) in branches.iter().enumerate() {
            collect(branch, &format!("$or[{at}]"), key, &mut all);
        }
    }
    all
}

fn collect<'a>(pattern: &'a Value, path: &str, key: &[&str], all: &mut Vec<Given<'a>>) {
    let path = key.iter().fold(path.to_owned(), |path, key| join(&path, key));
    match key.iter().try_fold(pattern, |value, key| value.get(key)) {
        None | Some(Value::Object(_)) => {}
        Some(Value::Array(items)) => all.extend(
            items
                .iter()
                .enumerate()
                .map(|(at, value)| Given { path: format!("{path}[{at}]"), value }),
        ),
        Some(value) => all.push(Given { path, value }),
    }
}

pub(super) fn look(pattern: &Value, report: &mut Report) {
    let kinds = given(pattern, &["detail-type"]);
    let sources = given(pattern, &["source"]);
    let api_sources = given(pattern, &["detail", "eventSource"]);
    let names = given(pattern, &["detail", "eventName"]);
    for kind in &kinds {
        detail_type(kind, &sources, report);
    }
    for source in &sources {
        bus_source(source, report);
    }
    for source in &api_sources {
        event_source(source, report);
    }
    pairs(&sources, &api_sources, report);
    let families = families(&sources, &api_sources);
    for name in &names {
        event_name(name, &families, report);
    }
    let all_notifications = !kinds.is_empty()
        && kinds
            .iter()
            .all(|kind| kind.text().is_some_and(|kind| notification::TYPES.contains(&kind)));
    if let Some(first) = api_sources.first().or(names.first()).filter(|_| all_notifications) {
        let message = "notifications have neither eventSource nor eventName: the rule never fires";
        report.error(
            "notification-detail",
            &first.path,
            message,
            Some("Leave `detail` out.".into()),
        );
    }
}

/// A filter that none of the known values passes.
fn filter_misses(given: &Given<'_>, known: &[&str], report: &mut Report) -> bool {
    if !given.value.is_object() {
        return false;
    }
    let passes = |known: &&str| matches(&json!({"v": [given.value]}), &json!({"v": known}));
    if !known.iter().any(passes) {
        let message = format!("no value that events have passes the filter {}", given.value);
        report.error("filter-matches-nothing", &given.path, &message, None);
    }
    true
}

fn detail_type(given: &Given<'_>, sources: &[Given<'_>], report: &mut Report) {
    let known: Vec<&str> = notification::TYPES.into_iter().chain([CLOUDTRAIL_TYPE]).collect();
    // A type of memberships passes what leaves only AWS's own records out.
    let with_unknown: Vec<&str> = known.iter().copied().chain(["Membership"]).collect();
    if filter_misses(given, &with_unknown, report) {
        return;
    }
    let Some(kind) = given.text().filter(|kind| !known.contains(kind)) else { return };
    let write = |right: &str| Some(format!("Write `{right}`."));
    let near = nearest(kind, known.iter().copied());
    let is_store = sources.iter().any(|source| source.text() == Some("aws.identitystore"));
    if let Some(right) = near {
        let message = format!("no event has the detail-type `{kind}`");
        report.error("detail-type-unknown", &given.path, &message, write(right));
    } else if kind.starts_with("AWS ") && kind.ends_with("via CloudTrail") {
        let message = format!("events of the type `{kind}` tell of no change of the directory");
        report.error("detail-type-unrelated", &given.path, &message, write(CLOUDTRAIL_TYPE));
    } else if kind.to_lowercase().contains("cloudtrail") {
        let message = format!(
            "no event has the detail-type `{kind}`: it is never translated, so the rule never fires"
        );
        report.error("detail-type-translated", &given.path, &message, write(CLOUDTRAIL_TYPE));
    } else if is_store {
        let message = format!(
            "`{kind}` is none of the documented types of notifications; those of memberships are \
             not known by name"
        );
        let help = "To get all of them write `{\"anything-but\": {\"prefix\": \"AWS \"}}`.";
        report.warning("detail-type-unverified", &given.path, &message, Some(help.into()));
    } else {
        let message = format!("no event of a directory has the detail-type `{kind}`");
        report.error("detail-type-unknown", &given.path, &message, write(CLOUDTRAIL_TYPE));
    }
}

fn bus_source(given: &Given<'_>, report: &mut Report) {
    let known = Family::CLOUDTRAIL.map(|family| family.bus_source().unwrap_or_default());
    if filter_misses(given, &known, report) {
        return;
    }
    let Some(source) = given.text() else { return };
    let by_service =
        Family::CLOUDTRAIL.into_iter().find(|family| family.event_source() == Some(source));
    if Some(source) == Family::Scim.bus_source() {
        let message = "under which source SCIM's events come is known by convention only";
        let help = "Leave `source` out and match `detail.eventSource`.".to_owned();
        report.warning("source-unverified", &given.path, message, Some(help));
    } else if let Some(family) = by_service {
        let right = family.bus_source().unwrap_or_default();
        let message = format!("`{source}` is an eventSource; no event has it as its source");
        let help = format!("Write `{right}`, and `{source}` in `detail.eventSource`.");
        report.error("source-unknown", &given.path, &message, Some(help));
    } else if !known.contains(&source) {
        let (message, help) = not_of_a_directory(source, &known);
        report.error("source-unknown", &given.path, &message, help);
    }
}

fn event_source(given: &Given<'_>, report: &mut Report) {
    let known = Family::CLOUDTRAIL.map(|family| family.event_source().unwrap_or_default());
    if filter_misses(given, &known, report) {
        return;
    }
    let Some(source) = given.text().filter(|source| !known.contains(source)) else { return };
    let by_bus = Family::CLOUDTRAIL.into_iter().find(|family| family.bus_source() == Some(source));
    let (message, help) = match by_bus {
        Some(family) => {
            let right = family.event_source().unwrap_or_default();
            let message = format!("`{source}` is a source; no record has it as its eventSource");
            (message, Some(format!("Write `{right}`.")))
        }
        None => not_of_a_directory(source, &known),
    };
    report.error("event-source-unknown", &given.path, &message, help);
}

/// What is wrong with a source that is none of a directory's.
fn not_of_a_directory(source: &str, known: &[&str]) -> (String, Option<String>) {
    let service = source.strip_prefix("aws.").unwrap_or(source);
    let service = service.split('.').next().unwrap_or_default();
    let message = match service {
        "signin" => {
            let spelling =
                "AWS's guide prints `signin.amazon.com`, records say `signin.amazonaws.com`";
            format!("`{source}` tells of sign-ins, not of who is in which group ({spelling})")
        }
        "sso" => format!(
            "`{source}` tells of permission sets and assignments, not of who is in which group"
        ),
        _ => format!("`{source}` is no source of directory changes"),
    };
    let help = did_you_mean(nearest(source, known.iter().copied()))
        .filter(|_| !matches!(service, "signin" | "sso"))
        .or_else(|| Some(format!("Sources of directory changes: {}.", known.join(", "))));
    (message, help)
}

/// Sources and event sources of different services never come together.
fn pairs(sources: &[Given<'_>], api_sources: &[Given<'_>], report: &mut Report) {
    let of_bus = |given: &Given<'_>| Family::of_bus_source(given.text()?);
    let of_api = |given: &Given<'_>| Family::of_event_source(given.text()?);
    let bus: BTreeSet<Family> = sources.iter().filter_map(of_bus).collect();
    let api: BTreeSet<Family> = api_sources.iter().filter_map(of_api).collect();
    let all_exact = |all: &[Given<'_>]| all.iter().all(|given| given.text().is_some());
    if bus.is_empty() || api.is_empty() || !all_exact(sources) || !all_exact(api_sources) {
        return;
    }
    for given in api_sources {
        let Some(family) = of_api(given).filter(|family| !bus.contains(family)) else { continue };
        let right = family.bus_source().unwrap_or_default();
        let message = format!(
            "records of `{}` never come under the sources that the rule names",
            given.text().unwrap_or_default()
        );
        report.error(
            "source-pair",
            &given.path,
            &message,
            Some(format!("Add `{right}` to `source`.")),
        );
    }
    for given in sources {
        let Some(family) = of_bus(given).filter(|family| !api.contains(family)) else { continue };
        let right = family.event_source().unwrap_or_default();
        let message = format!(
            "under `{}` come no records of the event sources that the rule names",
            given.text().unwrap_or_default()
        );
        let help = format!("Add `{right}` to `detail.eventSource`.");
        report.error("source-pair", &given.path, &message, Some(help));
    }
}

/// The families whose records the rule can see.
fn families(sources: &[Given<'_>], api_sources: &[Given<'_>]) -> Vec<Family> {
    let named = |all: &[Given<'_>], family: Option<&str>| {
        all.is_empty()
            || all.iter().any(|given| given.text().is_none_or(|text| Some(text) == family))
    };
    let of_api: Vec<Family> = Family::CLOUDTRAIL
        .into_iter()
        .filter(|family| named(api_sources, family.event_source()))
        .filter(|family| named(sources, family.bus_source()) || !api_sources.is_empty())
        .collect();
    // With a wrong source, the names can still be looked at.
    if of_api.is_empty() { Family::CLOUDTRAIL.to_vec() } else { of_api }
}

fn event_name(given: &Given<'_>, families: &[Family], report: &mut Report) {
    let known: Vec<&str> = families
        .iter()
        .flat_map(|family| cloudtrail::operations(*family))
        .map(|operation| operation.name)
        .collect();
    if filter_misses(given, &known, report) {
        return;
    }
    let Some(name) = given.text().filter(|name| !known.contains(name)) else { return };
    if cloudtrail::only_reads(name) {
        let message = format!("`{name}` only reads, and EventBridge leaves such events out");
        return report.error("event-name-reads", &given.path, &message, Some("Remove it.".into()));
    }
    if let Some(right) = known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        let message = format!("EventBridge compares exactly, and the call is `{right}`");
        let help = Some(format!("Write `{right}`."));
        return report.error("event-name-case", &given.path, &message, help);
    }
    let elsewhere = Family::CLOUDTRAIL.into_iter().find(|family| {
        cloudtrail::operations(*family).iter().any(|operation| operation.name == name)
    });
    if let Some(source) = elsewhere.and_then(Family::event_source) {
        let message = format!("`{name}` is a call of `{source}`, which the rule does not name");
        let help = Some(format!("Add `{source}` to `detail.eventSource`."));
        return report.error("event-name-elsewhere", &given.path, &message, help);
    }
    let message = format!("no call of a directory is named `{name}`");
    let help = did_you_mean(nearest(name, known.iter().copied()));
    report.error("event-name-unknown", &given.path, &message, help);
}

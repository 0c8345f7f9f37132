//! Resources that the statement's actions do not work on, and the other way round.

use super::view::{ActionPattern, View, names};
use super::{Finding, Kind, Rule};
use crate::service_reference::{Action, ArnTemplate};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = malformed(view);
    let resources = view.resources();
    let narrow = !resources.is_empty() && !resources.iter().any(|resource| is_any(resource));
    if view.kind == Kind::Trust || !narrow || !findings.is_empty() {
        return findings;
    }
    if let Some(actions) = view.known_actions() {
        findings.extend(unmatched_resources(view, &actions));
        findings.extend(view.actions.iter().filter_map(|pattern| unmatched(pattern, resources)));
    }
    findings
}

/// `*`, or an ARN of nothing but wildcards.
pub(super) fn is_any(resource: &str) -> bool {
    let fields = resource.strip_prefix("arn").unwrap_or(resource);
    resource.contains('*') && fields.chars().all(|c| matches!(c, '*' | ':'))
}

fn malformed(view: &View<'_>) -> Vec<Finding> {
    let statement = view.statement;
    let lists = [("Resource", &statement.resource), ("NotResource", &statement.not_resource)];
    let items = lists.into_iter().flat_map(|(element, list)| {
        list.iter().flatten().enumerate().map(move |(item, text)| (element, item, text))
    });
    items
        .filter(|(_, _, text)| {
            let text = text.trim();
            text != "*" && !text.starts_with("arn:") && !text.starts_with("${")
        })
        .map(|(element, item, text)| {
            let message = format!("`{text}` is no ARN");
            view.finding(Rule::MalformedResource, &[element, &item.to_string()], message)
        })
        .collect()
}

fn unmatched_resources(view: &View<'_>, actions: &[&Action]) -> Vec<Finding> {
    // If no action has resources at all, that is what is told, by `unmatched`.
    if actions.iter().all(|action| action.resources().next().is_none()) {
        return Vec::new();
    }
    let nothing = |resource: &str| !actions.iter().any(|action| works_on(action, resource));
    let resources = view.resources().iter().enumerate().filter(|(_, text)| nothing(text));
    resources
        .map(|(item, text)| {
            let expected = expected_arns(actions);
            let message = format!("no action of the statement works on `{text}`; {expected}");
            view.finding(Rule::UnmatchedResource, &["Resource", &item.to_string()], message)
        })
        .collect()
}

fn expected_arns(actions: &[&Action]) -> String {
    let mut arns: Vec<&str> = actions
        .iter()
        .flat_map(|a| a.resources())
        .flat_map(|r| &r.resource_type.arns)
        .copied()
        .collect();
    arns.sort_unstable();
    arns.dedup();
    let rest = arns.len().saturating_sub(2);
    let shown: Vec<String> = arns.iter().take(2).map(|arn| format!("`{arn}`")).collect();
    let more = if rest == 0 { String::new() } else { format!(" or {rest} others") };
    format!("they work on {}{more}", shown.join(" and "))
}

fn works_on(action: &Action, resource: &str) -> bool {
    action.resources().any(|used| {
        used.resource_type.arns.iter().any(|arn| ArnTemplate::parse(arn).could_match(resource))
    })
}

fn unmatched(pattern: &ActionPattern<'_>, resources: &[String]) -> Option<Finding> {
    let covered = |action: &Action| resources.iter().any(|resource| works_on(action, resource));
    let (without, with): (Vec<&Action>, Vec<&Action>) =
        pattern.matched.iter().copied().partition(|action| action.resources().next().is_none());
    let (rule, message) = if with.is_empty() && !without.is_empty() {
        let message = if pattern.has_wildcard() {
            format!("no action of `{}` has resource-level permissions", pattern.text)
        } else {
            format!("`{}` has no resource-level permissions", pattern.text)
        };
        (Rule::NeedsAnyResource, message)
    } else if !with.is_empty() && !with.iter().any(|action| covered(action)) {
        let message = format!(
            "no resource of the statement is one of `{}`; {}",
            pattern.text,
            expected_arns(&with)
        );
        (Rule::UnmatchedAction, message)
    } else if !without.is_empty() {
        (Rule::PartlyNeedsAnyResource, format!("`{}` leaves out {}", pattern.text, names(without)))
    } else {
        return None;
    };
    Some(Finding { rule, pointer: pattern.pointer.clone(), message })
}

//! Resources that the statement's actions do not work on, and the other way round.

use super::view::{ActionPattern, View, names};
use super::{Finding, Kind, Rule};
use crate::service_reference::{Action, ArnTemplate};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = malformed(view);
    let resources = view.resources();
    let narrow = !resources.is_empty() && !resources.iter().any(|resource| is_any(resource));
    if view.kind == Kind::Trust || !narrow || !findings.is_empty() {
        return findings;
    }
    if let Some(actions) = view.known_actions() {
        let matched: Vec<Matched> =
            resources.iter().map(|text| Matched::new(text, &actions)).collect();
        findings.extend(unmatched_resources(view, &actions, &matched));
        findings.extend(view.actions.iter().filter_map(|pattern| unmatched(pattern, &matched)));
    }
    findings
}

/// The resource types that a pattern of `Resource` can be one of, by service and name. Many actions
/// share a few types: each is compared once.
struct Matched(BTreeSet<(&'static str, &'static str)>);

impl Matched {
    fn new(resource: &str, actions: &[&Action]) -> Self {
        let mut types = BTreeMap::new();
        for action in actions {
            for used in action.resources() {
                types.insert((action.service, used.resource_type.name), &used.resource_type.arns);
            }
        }
        let one = |arn: &str| ArnTemplate::parse(arn).could_match(resource);
        types.retain(|_, arns| arns.iter().any(|arn| one(arn)));
        Self(types.into_keys().collect())
    }

    fn has_one_of(&self, action: &Action) -> bool {
        action.resources().any(|used| self.0.contains(&(action.service, used.resource_type.name)))
    }
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

fn unmatched_resources(view: &View<'_>, actions: &[&Action], matched: &[Matched]) -> Vec<Finding> {
    // If no action has resources at all, that is what is told, by `unmatched`.
    if actions.iter().all(|action| action.resources().next().is_none()) {
        return Vec::new();
    }
    let resources = view.resources().iter().zip(matched).enumerate();
    resources
        .filter(|(_, (_, matched))| matched.0.is_empty())
        .map(|(item, (text, _))| {
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

fn unmatched(pattern: &ActionPattern<'_>, matched: &[Matched]) -> Option<Finding> {
    let covered = |action: &Action| matched.iter().any(|matched| matched.has_one_of(action));
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

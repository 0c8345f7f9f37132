//! Allows that give more than anybody means.

use super::resources::is_any;
use super::view::{ActionPattern, View, names};
use super::{Finding, Kind, Rule};
use crate::service_reference::{AccessLevel, ArnTemplate};

const PASS_ROLE: &str = "iam:PassRole";

/// A role that only patterns over all roles match.
const SOMEBODYS_ROLE: &str = "arn:${Partition}:iam::${Account}:role/nobodys/NobodysRole";

/// Keys that keep requests to buckets of some accounts.
const OF_ACCOUNTS: [&str; 5] = [
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "s3:ResourceAccount",
    "s3:DataAccessPointAccount",
];

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    if !view.gives() {
        return Vec::new();
    }
    let mut findings = everything(view);
    let statement = view.statement;
    if statement.not_action.is_some() {
        let message = "all actions of all services but these are allowed";
        findings.push(view.finding(Rule::AllowNotAction, &["NotAction"], message));
    }
    if statement.not_resource.is_some() {
        let message = "all resources but these are allowed";
        findings.push(view.finding(Rule::AllowNotResource, &["NotResource"], message));
    }
    if !view.is_about_everything() {
        findings.extend(pass_role(view));
        findings.extend(foreign_buckets(view));
        findings.extend(permissions_management(view));
    }
    findings
}

/// In the policy of a resource `*` is that resource.
fn on_anything(view: &View<'_>) -> bool {
    view.kind != Kind::Resource
        && view.conditions.is_empty()
        && view.resources().iter().any(|resource| is_any(resource))
}

fn everything(view: &View<'_>) -> Vec<Finding> {
    if !on_anything(view) {
        return Vec::new();
    }
    let judge = |pattern: &ActionPattern<'_>| {
        if pattern.is_everything() {
            return Some((
                Rule::AllowsEverything,
                "everything is allowed on everything".to_owned(),
            ));
        }
        let (prefix, name) = pattern.text.split_once(':')?;
        let whole = !name.is_empty() && name.chars().all(|c| c == '*');
        let message = format!("every action of `{prefix}` is allowed on every resource");
        whole.then_some((Rule::AllowsWholeService, message))
    };
    let found = view.actions.iter().filter_map(|pattern| {
        let (rule, message) = judge(pattern)?;
        Some(Finding { rule, pointer: pattern.pointer.clone(), message })
    });
    found.collect()
}

fn pass_role(view: &View<'_>) -> Vec<Finding> {
    let Some(pattern) = view.reaching(PASS_ROLE) else { return Vec::new() };
    let mut findings = Vec::new();
    for (item, resource) in view.resources().iter().enumerate() {
        let place = ["Resource", &item.to_string()];
        let name = resource.splitn(6, ':').nth(5).unwrap_or(resource);
        let any = ArnTemplate::parse(SOMEBODYS_ROLE).could_match(resource);
        if any && !name.contains("${") {
            let message = format!("`{resource}` is every role");
            findings.push(view.finding(Rule::PassroleAnyRole, &place, message));
        } else if name.starts_with("role/") && has_loose_wildcard(name) {
            let message = format!("`{resource}` is every role that is called so");
            findings.push(view.finding(Rule::PassroleWildcard, &place, message));
        }
    }
    if !view.asks_for("iam:PassedToService") {
        findings.push(Finding {
            rule: Rule::PassroleAnyService,
            pointer: pattern.pointer.clone(),
            message: "the role can be passed to any service".to_owned(),
        });
    }
    findings
}

/// A path of their own, `role/studio/*`, keeps roles apart; a part of a name does not.
fn has_loose_wildcard(name: &str) -> bool {
    let fenced = name.strip_suffix("/*").is_some_and(|path| !path.contains(['*', '?']));
    name.contains(['*', '?']) && !fenced
}

/// Names of buckets are those of the whole world: a pattern also matches buckets of strangers.
fn foreign_buckets(view: &View<'_>) -> Vec<Finding> {
    let writes = view.actions.iter().flat_map(|pattern| &pattern.matched).any(|action| {
        action.service == "s3"
            && action.level >= AccessLevel::Write
            && action.resources().any(|used| used.resource_type.name == "object")
    });
    if !writes || OF_ACCOUNTS.iter().any(|key| view.asks_for(key)) {
        return Vec::new();
    }
    let of_buckets = view.resources().iter().enumerate().filter(|(_, resource)| {
        let name = resource.strip_prefix("arn:").and_then(|arn| arn.split_once(":s3:::"));
        let bucket =
            name.map_or(resource.as_str(), |(_, name)| name.split('/').next().unwrap_or(name));
        (name.is_some() || is_any(resource)) && bucket.starts_with('*')
    });
    of_buckets
        .map(|(item, resource)| {
            let message = format!("`{resource}` also matches buckets of other accounts");
            view.finding(Rule::ForeignBuckets, &["Resource", &item.to_string()], message)
        })
        .collect()
}

/// Whoever may change the policy of a repository or a log group shares it with whom they like.
fn permissions_management(view: &View<'_>) -> Vec<Finding> {
    if !on_anything(view) {
        return Vec::new();
    }
    let found = view.actions.iter().filter_map(|pattern| {
        let is_whole = pattern.text.ends_with(":*");
        let managing: Vec<_> = pattern
            .matched
            .iter()
            .copied()
            .filter(|action| action.level == AccessLevel::PermissionsManagement)
            .collect();
        (!managing.is_empty() && !is_whole).then(|| Finding {
            rule: Rule::PermissionsManagement,
            pointer: pattern.pointer.clone(),
            message: format!("{} on every resource", names(managing)),
        })
    });
    found.collect()
}

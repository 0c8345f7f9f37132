//! Policy variables that stand for nothing.

use super::conditions::{Known, known_key};
use super::view::View;
use super::{Finding, Rule};
use crate::document::{Principal, Version};

pub(super) fn check(view: &View<'_>, language: Version) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (pointer, text) in replaced(view) {
        for name in names(text) {
            let rule = match language {
                Version::V2008 => {
                    Some((Rule::VariableInOldVersion, format!("`${{{name}}}` is plain text here")))
                }
                Version::V2012 => unknown(name).map(|message| (Rule::UnknownVariable, message)),
            };
            if let Some((rule, message)) = rule {
                findings.push(Finding { rule, pointer: pointer.clone(), message });
            }
        }
    }
    for (pointer, text) in untouched(view) {
        if let Some(name) = names(text).first() {
            let message = format!("`${{{name}}}` is not replaced here");
            findings.push(Finding { rule: Rule::MisplacedVariable, pointer, message });
        }
    }
    findings
}

/// Where AWS replaces variables.
fn replaced<'a>(view: &View<'a>) -> Vec<(String, &'a str)> {
    let statement = view.statement;
    let lists = [("Resource", &statement.resource), ("NotResource", &statement.not_resource)];
    let resources = lists.into_iter().flat_map(|(element, list)| {
        let items = list.iter().flatten().enumerate();
        items.map(move |(item, text)| (view.pointer(&[element, &item.to_string()]), text.as_str()))
    });
    let values = view.conditions.iter().flat_map(|condition| {
        let items = condition.values.iter().enumerate();
        items.map(|(item, value)| (format!("{}/{item}", condition.pointer), value.as_str()))
    });
    resources.chain(values).collect()
}

/// Where it does not.
fn untouched<'a>(view: &View<'a>) -> Vec<(String, &'a str)> {
    let statement = view.statement;
    let lists = [("Action", &statement.action), ("NotAction", &statement.not_action)];
    let actions = lists.into_iter().flat_map(|(element, list)| {
        let items = list.iter().flatten().enumerate();
        items.map(move |(item, text)| (view.pointer(&[element, &item.to_string()]), text.as_str()))
    });
    let elements =
        [("Principal", &statement.principal), ("NotPrincipal", &statement.not_principal)];
    let kinds = elements.into_iter().filter_map(|(element, principal)| match principal {
        Some(Principal::ByKind(kinds)) => Some((element, kinds)),
        _ => None,
    });
    let principals = kinds.flat_map(|(element, kinds)| {
        kinds.iter().flat_map(move |(kind, list)| {
            list.0.iter().enumerate().map(move |(item, text)| {
                (view.pointer(&[element, kind.as_str(), &item.to_string()]), text.as_str())
            })
        })
    });
    let keys = view.conditions.iter().map(|condition| (condition.pointer.clone(), condition.key));
    actions.chain(principals).chain(keys).collect()
}

/// The names of a text's variables, without their defaults and without the escapes.
fn names(text: &str) -> Vec<&str> {
    let pieces = text.split("${").skip(1).filter_map(|piece| piece.split_once('}'));
    let names = pieces.map(|(name, _)| name.split(',').next().unwrap_or_default().trim());
    names.filter(|name| !["*", "?", "$"].contains(name)).collect()
}

fn unknown(name: &str) -> Option<String> {
    if !name.contains(':') {
        return Some(format!("`${{{name}}}` names no condition key; is it a placeholder?"));
    }
    match known_key(name) {
        Known::Not => Some(format!("there is no condition key `{name}`")),
        Known::Outside | Known::Key(_) => None,
    }
}

//! Actions that do not exist, and patterns that reach more than they seem to.

use super::view::{ActionPattern, View, names};
use super::{Finding, Rule};
use crate::service_reference::{self as reference, AccessLevel, unknown_action, unknown_service};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = view.actions.iter().filter_map(existence).collect();
    if view.gives() {
        findings.extend(view.actions.iter().filter_map(leading_wildcard));
    }
    for (item, text) in view.statement.not_action.iter().flatten().enumerate() {
        let pointer = view.pointer(&["NotAction", &item.to_string()]);
        let matched = reference::actions_matching(text);
        findings.extend(existence(&ActionPattern { text, pointer, matched }));
    }
    findings
}

fn existence(pattern: &ActionPattern<'_>) -> Option<Finding> {
    let text = pattern.text;
    if pattern.is_everything() || !pattern.matched.is_empty() || text.contains(char::is_whitespace)
    {
        return None;
    }
    let (rule, message) = match text.split_once(':') {
        None => (Rule::MalformedAction, format!("`{text}` names no service")),
        // Variables are told of by their own rule.
        Some(_) if text.contains("${") => return None,
        Some((prefix, _)) if prefix.contains(['*', '?']) => {
            (Rule::PatternWithoutAction, format!("`{text}` matches no action of any service"))
        }
        Some((prefix, name)) => match reference::service(prefix) {
            None => (Rule::UnknownService, unknown_service(prefix)),
            Some(_) if name.contains(['*', '?']) => {
                let message = format!("`{text}` matches no action of `{prefix}`");
                (Rule::PatternWithoutAction, message)
            }
            Some(service) => (Rule::UnknownAction, unknown_action(service, name)),
        },
    };
    Some(Finding { rule, pointer: pattern.pointer.clone(), message })
}

/// `sagemaker:*App`, not `sagemaker:*`.
fn leading_wildcard(pattern: &ActionPattern<'_>) -> Option<Finding> {
    let (_, name) = pattern.text.split_once(':')?;
    let rest = name.strip_prefix(['*', '?'])?;
    let changing: Vec<_> = pattern
        .matched
        .iter()
        .filter(|action| action.level >= AccessLevel::Write)
        .copied()
        .collect();
    if rest.chars().all(|c| c == '*') || changing.is_empty() {
        return None;
    }
    Some(Finding {
        rule: Rule::LeadingWildcard,
        pointer: pattern.pointer.clone(),
        message: format!("`{}` also allows {}", pattern.text, names(changing)),
    })
}

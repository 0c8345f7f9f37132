//! What AWS refuses, or reads otherwise, before it looks at any request.

use super::view::{View, replace_variables};
use super::{Finding, Kind, Rule};
use crate::document::{Document, Principal, Version, pointer};
use std::collections::BTreeSet;

pub(super) fn document(document: &Document, kind: Kind) -> Vec<Finding> {
    let at = |rule, pointer: &str, message: String| Finding {
        rule,
        pointer: pointer.to_owned(),
        message,
    };
    let mut findings = Vec::new();
    match document.version {
        None => findings.push(at(Rule::MissingVersion, "", "there is no `Version`".to_owned())),
        Some(Version::V2008) => findings.push(at(
            Rule::OldVersion,
            "/Version",
            "`2008-10-17` knows no policy variables".to_owned(),
        )),
        Some(Version::V2012) => {}
    }
    let (some, most) = kind.limits();
    let size = document.compact_len();
    if size > most {
        let message = format!("{size} characters without white space; the most is {most}");
        findings.push(at(Rule::TooLarge, "", message));
    } else if size > some {
        let message = format!("{size} characters without white space; some places take {some}");
        findings.push(at(Rule::Large, "", message));
    }
    if document.statements.is_empty() {
        findings.push(at(Rule::EmptyList, "/Statement", "there is no statement".to_owned()));
    }
    let mut seen = BTreeSet::new();
    for (index, sid) in document.statements.iter().enumerate() {
        let Some(sid) = sid.sid.as_deref().filter(|sid| !sid.is_empty()) else { continue };
        if !seen.insert(sid) {
            let place = pointer(["Statement", &index.to_string(), "Sid"]);
            findings.push(at(Rule::DuplicateSid, &place, format!("`{sid}` is there before")));
        }
    }
    findings
}

pub(super) fn statement(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Policies of resources are kept by their services, which have rules of their own.
    let by_iam = !matches!(view.kind, Kind::Resource | Kind::Endpoint);
    if let Some(sid) = view.statement.sid.as_deref()
        && by_iam
        && !sid.chars().all(|c| c.is_ascii_alphanumeric())
    {
        let message = format!("`{sid}` has characters other than letters and digits");
        findings.push(view.finding(Rule::InvalidSid, &["Sid"], message));
    }
    let has_resource = view.statement.resource.is_some() || view.statement.not_resource.is_some();
    if view.kind == Kind::Trust && has_resource {
        let element = if view.statement.resource.is_some() { "Resource" } else { "NotResource" };
        let message = "a trust policy is about its own role";
        findings.push(view.finding(Rule::ResourceInTrust, &[element], message));
    } else if view.kind != Kind::Trust && by_iam && !has_resource {
        findings.push(view.finding(Rule::MissingResource, &[], "the statement has no `Resource`"));
    }
    for (element, list) in lists(view) {
        if list.is_empty() {
            let message = format!("`{element}` is empty");
            findings.push(view.finding(Rule::EmptyList, &[element], message));
        }
        for (item, text) in list.iter().enumerate() {
            if has_loose_space(element, text) {
                let message = format!("`{}` has white space in it", text.escape_debug());
                let place = [element, &item.to_string()];
                findings.push(view.finding(Rule::Whitespace, &place, message));
            }
        }
    }
    findings.extend(of_principals(view));
    findings.extend(of_conditions(view));
    findings
}

fn lists<'a>(view: &View<'a>) -> Vec<(&'static str, &'a [String])> {
    let statement = view.statement;
    let all = [
        ("Action", &statement.action),
        ("NotAction", &statement.not_action),
        ("Resource", &statement.resource),
        ("NotResource", &statement.not_resource),
    ];
    all.into_iter().filter_map(|(name, list)| Some((name, list.as_deref()?))).collect()
}

/// Keys of S3 objects and defaults of variables may have spaces inside; nothing else does.
fn has_loose_space(element: &str, text: &str) -> bool {
    let text = replace_variables(text, "x");
    let inside = text.trim() != text || text.contains(|c: char| c.is_whitespace() && c != ' ');
    let may_have_spaces = element.ends_with("Resource") && text.split(':').nth(2) == Some("s3");
    inside || (!may_have_spaces && text.contains(' '))
}

fn of_principals(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let elements =
        [("Principal", &view.statement.principal), ("NotPrincipal", &view.statement.not_principal)];
    for (element, principal) in elements {
        let Some(Principal::ByKind(kinds)) = principal else { continue };
        for (kind, list) in kinds {
            if list.0.is_empty() {
                let message = format!("`{}` is empty", kind.as_str());
                findings.push(view.finding(Rule::EmptyList, &[element, kind.as_str()], message));
            }
            for (item, text) in list.0.iter().enumerate() {
                if text.contains(char::is_whitespace) {
                    let message = format!("`{}` has white space in it", text.escape_debug());
                    let place = [element, kind.as_str(), &item.to_string()];
                    findings.push(view.finding(Rule::Whitespace, &place, message));
                }
            }
        }
    }
    findings
}

fn of_conditions(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for condition in &view.conditions {
        let mut find = |rule, pointer: String, message: String| {
            findings.push(Finding { rule, pointer, message });
        };
        if condition.values.is_empty() {
            let message = format!("`{}` has no values", condition.key);
            find(Rule::EmptyList, condition.pointer.clone(), message);
        }
        let name = [condition.operator_name, condition.key]
            .into_iter()
            .find(|name| name.contains(char::is_whitespace) && !name.contains('/'));
        if let Some(name) = name {
            let message = format!("`{}` has white space in it", name.escape_debug());
            find(Rule::Whitespace, condition.pointer.clone(), message);
        }
        for (item, value) in condition.values.iter().enumerate() {
            if value.trim() != value {
                let message = format!("`{}` has white space around it", value.escape_debug());
                find(Rule::Whitespace, format!("{}/{item}", condition.pointer), message);
            }
        }
    }
    findings
}

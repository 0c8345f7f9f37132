//! What Organizations takes in SCPs and RCPs, and what Allows mean there.

use super::resources::is_any;
use super::view::View;
use super::{Finding, Kind, Rule};
use crate::document::Principal;

pub(super) fn document(views: &[View<'_>], kind: Kind) -> Option<Finding> {
    if kind != Kind::Scp {
        return None;
    }
    let first = views.iter().find(|view| view.allows())?;
    let full = |view: &View<'_>| {
        view.allows()
            && view.is_about_everything()
            && view.conditions.is_empty()
            && view.resources().iter().any(|resource| is_any(resource))
    };
    let message = "SCPs only leave over what they allow: the rest is denied, unless `FullAWSAccess` is attached too";
    (!views.iter().any(full)).then(|| first.finding(Rule::ScpAllowsLess, &["Effect"], message))
}

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    if view.kind != Kind::Rcp {
        return Vec::new();
    }
    let statement = view.statement;
    let mut findings = Vec::new();
    if view.allows() {
        findings.push(view.finding(Rule::RcpAllow, &["Effect"], "RCPs only deny"));
    }
    if statement.principal.as_ref().is_some_and(|principal| *principal != Principal::Everybody) {
        let message = "the principal of an RCP is `*`";
        findings.push(view.finding(Rule::RcpElement, &["Principal"], message));
    }
    let elements = [
        ("NotPrincipal", statement.not_principal.is_some()),
        ("NotAction", statement.not_action.is_some()),
    ];
    for (element, _) in elements.into_iter().filter(|(_, there)| *there) {
        let message = format!("RCPs have no `{element}`");
        findings.push(view.finding(Rule::RcpElement, &[element], message));
    }
    findings
}

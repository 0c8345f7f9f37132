//! Whom trust policies and policies of resources let in.

use super::view::View;
use super::{Finding, Kind, Rule};
use crate::document::{Principal, PrincipalKind};
use crate::service_reference::actions_matching;

/// Keys that say who, where or on whose behalf.
const WHO: [&str; 24] = [
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalTag/",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:userid",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "kms:CallerAccount",
    "s3:DataAccessPointAccount",
    "s3:DataAccessPointArn",
];

/// Keys that say on whose behalf a service comes.
const ON_BEHALF: [&str; 8] = [
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "kms:CallerAccount",
    "kms:EncryptionContext:aws:",
    "kms:ViaService",
];

/// Services that assume roles only of the account they run in, and send no source.
const OWN_ACCOUNT: [&str; 2] = ["ec2.amazonaws.com", "lambda.amazonaws.com"];

const TRUST_ACTIONS: [&str; 4] =
    ["sts:assumerole", "sts:setsourceidentity", "sts:tagsession", "sts:setcontext"];

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let statement = view.statement;
    let (principal, not) = (&statement.principal, &statement.not_principal);
    let element = if principal.is_some() { "Principal" } else { "NotPrincipal" };
    let mut findings = Vec::new();
    if !view.kind.names_principals() {
        if principal.is_some() || not.is_some() {
            let message = format!("a policy of kind `{}` names no principal", view.kind.as_str());
            findings.push(view.finding(Rule::MisplacedPrincipal, &[element], message));
        }
        return findings;
    }
    if principal.is_none() && not.is_none() {
        let message = "the statement has no `Principal`";
        findings.push(view.finding(Rule::MissingPrincipal, &[], message));
    }
    if not.is_some() && view.kind != Kind::Rcp {
        let (rule, message) = if view.allows() {
            (Rule::AllowNotPrincipal, "everybody but these is allowed")
        } else {
            (Rule::DenyNotPrincipal, "everybody but these is denied")
        };
        findings.push(view.finding(rule, &["NotPrincipal"], message));
    }
    if view.kind == Kind::Trust {
        findings.extend(trust_actions(view));
    }
    if let Some(principal) = principal.as_ref().filter(|_| view.gives()) {
        findings.extend(of_principal(view, principal));
    }
    findings
}

fn of_principal(view: &View<'_>, principal: &Principal) -> Vec<Finding> {
    let mut findings = Vec::new();
    let says_who = WHO.iter().any(|key| view.asks_for(key));
    if principal.is_everybody() && !says_who {
        let message = "everybody is let in";
        findings.push(view.finding(Rule::PublicAccess, &["Principal"], message));
    }
    let Principal::ByKind(kinds) = principal else { return findings };
    for (kind, list) in kinds {
        for (item, text) in list.0.iter().enumerate() {
            let place = ["Principal", kind.as_str(), &item.to_string()];
            let found = match kind {
                PrincipalKind::Service => deputy(view, text),
                PrincipalKind::Federated => federated(view, text),
                PrincipalKind::Aws | PrincipalKind::CanonicalUser => None,
            };
            findings.extend(found.map(|(rule, message)| view.finding(rule, &place, message)));
        }
    }
    findings
}

fn deputy(view: &View<'_>, service: &str) -> Option<(Rule, String)> {
    let asked = view.conditions.iter().any(|condition| {
        ON_BEHALF
            .iter()
            .any(|key| condition.key.to_ascii_lowercase().starts_with(&key.to_ascii_lowercase()))
    });
    if asked || OWN_ACCOUNT.contains(&service) && view.kind == Kind::Trust {
        return None;
    }
    let message = format!("`{service}` is let in on anybody's behalf");
    let rule = if view.kind == Kind::Trust {
        Rule::ServiceTrustWithoutSource
    } else {
        Rule::ConfusedDeputy
    };
    Some((rule, message))
}

fn federated(view: &View<'_>, provider: &str) -> Option<(Rule, String)> {
    // `SAML:aud`, `token.actions.githubusercontent.com:sub`: keys of the provider.
    let asked = view.conditions.iter().any(|condition| {
        let prefix = condition.key.split(':').next().unwrap_or_default().to_ascii_lowercase();
        prefix == "saml" || prefix.contains('.')
    });
    (!asked).then(|| {
        (Rule::FederatedWithoutCondition, format!("anybody of `{provider}` takes the role"))
    })
}

fn trust_actions(view: &View<'_>) -> Vec<Finding> {
    let foreign = view.actions.iter().filter(|pattern| {
        let text = pattern.text.to_ascii_lowercase();
        let known = TRUST_ACTIONS.iter().any(|known| text.starts_with(known));
        let wild = pattern.has_wildcard()
            && (pattern.is_everything()
                || actions_matching(pattern.text).iter().any(|a| a.service == "sts"));
        view.allows() && !known && !wild
    });
    let found = foreign.map(|pattern| Finding {
        rule: Rule::TrustAction,
        pointer: pattern.pointer.clone(),
        message: format!("`{}` does not assume a role", pattern.text),
    });
    found.collect()
}

//! Trust policies of roles: who may assume them.

use serde_json::Value;

use crate::seed::TrustAccount;
use crate::state::{Caller, Role, World};

const ASSUME_ROLE: &str = "sts:AssumeRole";
const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";
/// What is asked besides of whoever opens a session with tags, and of the role's trust policy.
pub(crate) const TAG_SESSION: &str = "sts:TagSession";

/// What a caller brings along to assume a role.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Offer<'a> {
    pub(crate) external_id: Option<&'a str>,
    pub(crate) source_identity: Option<&'a str>,
    /// Whether the session gets tags, of the call or of the caller's own session.
    pub(crate) tags: bool,
    /// On whose behalf a service asks: account and resource.
    pub(crate) source: Option<(&'a str, &'a str)>,
}

/// The role with this ARN.
pub(crate) fn find_role<'a>(world: &'a World, arn: &str) -> Option<&'a Role> {
    let account = arn.split(':').nth(4)?;
    let name = arn.rsplit('/').next()?;
    let key = (account.to_owned(), name.to_lowercase());
    world.roles.get(&key).filter(|role| role.arn().eq_ignore_ascii_case(arn))
}

/// The trust policy of an execution role.
pub(crate) fn sagemaker_document() -> Value {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    })
}

/// The trust policy of a role which another account assumes.
pub(crate) fn account_document(trusted: &TrustAccount) -> Value {
    let mut actions = vec![ASSUME_ROLE];
    if trusted.source_identity {
        actions.push(SET_SOURCE_IDENTITY);
    }
    let mut statement = serde_json::json!({
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{}:root", trusted.account)},
        "Action": actions,
    });
    if let (Some(id), Some(statement)) = (&trusted.external_id, statement.as_object_mut()) {
        let condition = serde_json::json!({"StringEquals": {"sts:ExternalId": id}});
        statement.insert("Condition".to_owned(), condition);
    }
    serde_json::json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// Whether SageMaker may assume a role on behalf of this resource of the role's account.
pub(crate) fn trusts_sagemaker(role: &Role, resource: &str) -> bool {
    decide(&role.trust, ASSUME_ROLE, on_behalf_of(role, resource), is_sagemaker)
}

/// Whether SageMaker may name a source identity when it does.
pub(crate) fn lets_sagemaker_name_profiles(role: &Role, resource: &str) -> bool {
    decide(&role.trust, SET_SOURCE_IDENTITY, on_behalf_of(role, resource), is_sagemaker)
}

fn on_behalf_of<'a>(role: &'a Role, resource: &'a str) -> Offer<'a> {
    Offer { source: Some((&role.account, resource)), ..Offer::default() }
}

fn is_sagemaker(principal: &Value) -> bool {
    principals(principal, "Service").any(|service| service == "sagemaker.amazonaws.com")
}

/// Whether a caller may assume a role with this trust policy, with the source identity and the tags it offers.
pub(crate) fn trusts_caller(document: &Value, caller: &Caller, offer: Offer<'_>) -> bool {
    let root = format!("arn:aws:iam::{}:root", caller.account);
    let is_caller = |principal: &Value| {
        principal.as_str() == Some("*")
            || principals(principal, "AWS").any(|aws| {
                aws == "*"
                    || aws == root
                    || aws == caller.account
                    || aws == caller.arn
                    || Some(aws) == caller.role_arn.as_deref()
            })
    };
    decide(document, ASSUME_ROLE, offer, is_caller)
        && (offer.source_identity.is_none()
            || decide(document, SET_SOURCE_IDENTITY, offer, is_caller))
        && (!offer.tags || decide(document, TAG_SESSION, offer, is_caller))
}

/// An explicit deny wins; no statement that allows is a refusal.
fn decide(
    document: &Value,
    wanted: &str,
    offer: Offer<'_>,
    matches_principal: impl Fn(&Value) -> bool,
) -> bool {
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    };
    let mut allowed = false;
    for statement in statements {
        let action = texts(statement.get("Action"))
            .any(|action| matches!(action, "sts:*" | "*") || action.eq_ignore_ascii_case(wanted));
        let principal = statement.get("Principal").is_some_and(&matches_principal);
        if !action || !principal || !conditions_hold(statement.get("Condition"), offer) {
            continue;
        }
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => allowed = true,
            _ => return false,
        }
    }
    allowed
}

/// The simulator knows `StringEquals`, `StringLike` and `ArnLike` on `sts:ExternalId`,
/// `sts:SourceIdentity`, `aws:SourceAccount` and `aws:SourceArn`; any other condition does not hold.
fn conditions_hold(condition: Option<&Value>, offer: Offer<'_>) -> bool {
    let Some(operators) = condition.and_then(Value::as_object) else { return true };
    operators.iter().all(|(operator, keys)| {
        let holds: fn(&str, &str) -> bool = match operator.as_str() {
            "StringEquals" => |pattern, text| pattern == text,
            "StringLike" | "ArnLike" => like,
            _ => return false,
        };
        keys.as_object().into_iter().flatten().all(|(key, wanted)| {
            let given = match key.to_lowercase().as_str() {
                "sts:externalid" => offer.external_id,
                "sts:sourceidentity" => offer.source_identity,
                "aws:sourceaccount" => offer.source.map(|(account, _)| account),
                "aws:sourcearn" => offer.source.map(|(_, resource)| resource),
                _ => None,
            };
            given.is_some_and(|given| texts(Some(wanted)).any(|text| holds(text, given)))
        })
    })
}

/// Whether a text fits a pattern with `*`.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn principals<'a>(principal: &'a Value, kind: &str) -> impl Iterator<Item = &'a str> {
    texts(principal.get(kind))
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let items = match value {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    items.into_iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_of_a_pattern_stand_for_any_text() {
        let arn = "arn:aws:sagemaker:eu-west-1:111122223333:domain/d-a";
        for pattern in ["*", arn, "arn:aws:sagemaker:eu-west-1:111122223333:*", "arn:*:domain/*"] {
            assert!(like(pattern, arn), "{pattern}");
        }
        for pattern in ["", "arn", "arn:aws:sagemaker:eu-west-2:*", "arn:*:app/*", "*d-b"] {
            assert!(!like(pattern, arn), "{pattern}");
        }
    }

    #[test]
    fn sagemaker_says_on_whose_behalf_it_comes() {
        let document = serde_json::json!({"Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "111122223333"},
                "ArnLike": {"aws:SourceArn": "arn:aws:sagemaker:eu-west-1:111122223333:*"},
            },
        }});
        let of =
            |account, resource| Offer { source: Some((account, resource)), ..Offer::default() };
        let own = of("111122223333", "arn:aws:sagemaker:eu-west-1:111122223333:domain/d-a");
        assert!(decide(&document, ASSUME_ROLE, own, is_sagemaker));
        let foreign = of("444455556666", "arn:aws:sagemaker:eu-west-1:444455556666:domain/d-a");
        assert!(!decide(&document, ASSUME_ROLE, foreign, is_sagemaker));
        let elsewhere = of("111122223333", "arn:aws:sagemaker:us-east-1:111122223333:domain/d-a");
        assert!(!decide(&document, ASSUME_ROLE, elsewhere, is_sagemaker));
        assert!(!decide(&document, ASSUME_ROLE, Offer::default(), is_sagemaker));
    }
}

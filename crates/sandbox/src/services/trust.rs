//! Trust policies of roles: who may assume them.

use serde_json::Value;

use crate::seed::TrustAccount;
use crate::state::{Caller, Role, World};

const ASSUME_ROLE: &str = "sts:AssumeRole";
const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";

/// What a caller brings along to assume a role.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Offer<'a> {
    pub(crate) external_id: Option<&'a str>,
    pub(crate) source_identity: Option<&'a str>,
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

/// Whether SageMaker may assume a role with this trust policy.
pub(crate) fn trusts_sagemaker(document: &Value) -> bool {
    decide(document, ASSUME_ROLE, Offer::default(), is_sagemaker)
}

/// Whether SageMaker may name a source identity when it assumes a role with this trust policy.
pub(crate) fn lets_sagemaker_name_profiles(document: &Value) -> bool {
    decide(document, SET_SOURCE_IDENTITY, Offer::default(), is_sagemaker)
}

fn is_sagemaker(principal: &Value) -> bool {
    principals(principal, "Service").any(|service| service == "sagemaker.amazonaws.com")
}

/// Whether a caller may assume a role with this trust policy, with the source identity it offers.
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

/// The simulator knows `StringEquals`, and `StringLike` with a `*` at the end, on `sts:ExternalId`
/// and `sts:SourceIdentity`; any other condition does not hold.
fn conditions_hold(condition: Option<&Value>, offer: Offer<'_>) -> bool {
    let Some(operators) = condition.and_then(Value::as_object) else { return true };
    operators.iter().all(|(operator, keys)| {
        let equals = |text: &str, given: &str| match (operator.as_str(), text.strip_suffix('*')) {
            ("StringLike", Some(start)) => given.starts_with(start),
            _ => text == given,
        };
        matches!(operator.as_str(), "StringEquals" | "StringLike")
            && keys.as_object().into_iter().flatten().all(|(key, wanted)| {
                let given = match key.to_lowercase().as_str() {
                    "sts:externalid" => offer.external_id,
                    "sts:sourceidentity" => offer.source_identity,
                    _ => None,
                };
                given.is_some_and(|given| texts(Some(wanted)).any(|text| equals(text, given)))
            })
    })
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

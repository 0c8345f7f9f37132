//! Trust policies of roles: who may assume them.

use serde_json::Value;

use crate::state::{Caller, Role, World};

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
pub(crate) fn account_document(account: &str, external_id: Option<&str>) -> Value {
    let mut statement = serde_json::json!({
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
        "Action": "sts:AssumeRole",
    });
    if let (Some(id), Some(statement)) = (external_id, statement.as_object_mut()) {
        let condition = serde_json::json!({"StringEquals": {"sts:ExternalId": id}});
        statement.insert("Condition".to_owned(), condition);
    }
    serde_json::json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// Whether SageMaker may assume a role with this trust policy.
pub(crate) fn trusts_sagemaker(document: &Value) -> bool {
    decide(document, None, |principal| {
        principals(principal, "Service").any(|service| service == "sagemaker.amazonaws.com")
    })
}

/// Whether a caller may assume a role with this trust policy.
pub(crate) fn trusts_caller(document: &Value, caller: &Caller, external_id: Option<&str>) -> bool {
    let root = format!("arn:aws:iam::{}:root", caller.account);
    decide(document, external_id, |principal| {
        principal.as_str() == Some("*")
            || principals(principal, "AWS").any(|aws| {
                aws == "*"
                    || aws == root
                    || aws == caller.account
                    || aws == caller.arn
                    || Some(aws) == caller.role_arn.as_deref()
            })
    })
}

/// An explicit deny wins; no statement that allows is a refusal.
fn decide(
    document: &Value,
    external_id: Option<&str>,
    matches_principal: impl Fn(&Value) -> bool,
) -> bool {
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    };
    let mut allowed = false;
    for statement in statements {
        let action = texts(statement.get("Action")).any(|action| {
            matches!(action.to_lowercase().as_str(), "sts:assumerole" | "sts:*" | "*")
        });
        let principal = statement.get("Principal").is_some_and(&matches_principal);
        if !action || !principal || !conditions_hold(statement.get("Condition"), external_id) {
            continue;
        }
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => allowed = true,
            _ => return false,
        }
    }
    allowed
}

/// The simulator knows `StringEquals` on `sts:ExternalId`; any other condition does not hold.
fn conditions_hold(condition: Option<&Value>, external_id: Option<&str>) -> bool {
    let Some(operators) = condition.and_then(Value::as_object) else { return true };
    operators.iter().all(|(operator, keys)| {
        operator == "StringEquals"
            && keys.as_object().into_iter().flatten().all(|(key, wanted)| {
                key.eq_ignore_ascii_case("sts:ExternalId")
                    && external_id.is_some_and(|given| texts(Some(wanted)).any(|id| id == given))
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

//! SCIM's JSON, read and written.

use crate::http::failed;
use access::ids::{MirrorGroupId, MirrorUserId};
use access::mirror::{MirrorPerson, TargetGroup, TargetUser};
use control::ports::{CallError, FailureKind};
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A new user.
pub(crate) fn user(person: &MirrorPerson, mark: &str) -> Value {
    let mut user = json!({
        "schemas": [USER],
        "externalId": mark,
        "userName": person.user_name,
        "displayName": person.display_name,
        "name": { "givenName": person.given_name, "familyName": person.family_name },
        "active": person.enabled,
    });
    if let (Some(address), Some(user)) = (&person.email, user.as_object_mut()) {
        user.insert("emails".to_owned(), emails(address));
    }
    user
}

fn emails(address: &str) -> Value {
    json!([{ "value": address, "type": "work", "primary": true }])
}

/// A new group.
pub(crate) fn group(display_name: &str, mark: &str) -> Value {
    json!({ "schemas": [GROUP], "externalId": mark, "displayName": display_name })
}

/// What of a user differs; `None` if nothing does.
pub(crate) fn user_changes(from: &MirrorPerson, to: &MirrorPerson) -> Option<Value> {
    let mut operations = Vec::new();
    let mut replace = |path: &str, value: Value| {
        operations.push(json!({ "op": "replace", "path": path, "value": value }));
    };
    for (path, old, new) in [
        ("userName", &from.user_name, &to.user_name),
        ("displayName", &from.display_name, &to.display_name),
        ("name.givenName", &from.given_name, &to.given_name),
        ("name.familyName", &from.family_name, &to.family_name),
    ] {
        if old != new {
            replace(path, json!(new));
        }
    }
    if let Some(address) = to.email.as_ref().filter(|_| from.email != to.email) {
        replace("emails", emails(address));
    }
    if from.enabled != to.enabled {
        replace("active", json!(to.enabled));
    }
    (!operations.is_empty()).then(|| patch(&operations))
}

/// Another name for a group.
pub(crate) fn renamed(to: &str) -> Value {
    patch(&[json!({ "op": "replace", "path": "displayName", "value": to })])
}

/// Members that join (`add`) or leave (`remove`).
pub(crate) fn members(op: &str, users: &[MirrorUserId]) -> Value {
    let users: Vec<Value> = users.iter().map(|user| json!({ "value": user.as_str() })).collect();
    patch(&[json!({ "op": op, "path": "members", "value": users })])
}

fn patch(operations: &[Value]) -> Value {
    json!({ "schemas": [PATCH], "Operations": operations })
}

/// Reads a user.
pub(crate) fn read_user(
    operation: &'static str,
    user: &Value,
) -> Result<(MirrorUserId, TargetUser), CallError> {
    let id = user_id(operation, user)?;
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).map(str::to_owned).unwrap_or_default()
    };
    let name = |part: &str| text(user.get("name").and_then(|name| name.get(part)));
    let emails = user.get("emails").and_then(Value::as_array).map(Vec::as_slice);
    let email = emails.unwrap_or_default().iter().find_map(|email| email.get("value")?.as_str());
    let enabled = match user.get("active") {
        None | Some(Value::Null) => true,
        Some(Value::Bool(active)) => *active,
        Some(_) => {
            return Err(unreadable(operation, "`active` of a user is neither true nor false"));
        }
    };
    let person = MirrorPerson {
        user_name: text(user.get("userName")),
        display_name: text(user.get("displayName")),
        given_name: name("givenName"),
        family_name: name("familyName"),
        email: email.map(str::to_owned),
        enabled,
    };
    Ok((id, TargetUser { person, mark: mark(user) }))
}

/// Reads a group, without its members.
pub(crate) fn read_group(
    operation: &'static str,
    group: &Value,
) -> Result<(MirrorGroupId, TargetGroup), CallError> {
    let name = group.get("displayName").and_then(Value::as_str).unwrap_or_default();
    let display_name = name.to_owned();
    Ok((
        group_id(operation, group)?,
        TargetGroup { display_name, mark: mark(group), members: None },
    ))
}

fn mark(resource: &Value) -> Option<String> {
    resource.get("externalId").and_then(Value::as_str).map(str::to_owned)
}

/// The id of a user.
pub(crate) fn user_id(
    operation: &'static str,
    resource: &Value,
) -> Result<MirrorUserId, CallError> {
    let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
    MirrorUserId::parse(id).map_err(|error| unreadable(operation, &error.to_string()))
}

/// The id of a group.
pub(crate) fn group_id(
    operation: &'static str,
    resource: &Value,
) -> Result<MirrorGroupId, CallError> {
    let id = resource.get("id").and_then(Value::as_str).unwrap_or_default();
    MirrorGroupId::parse(id).map_err(|error| unreadable(operation, &error.to_string()))
}

/// An answer that cannot be understood.
pub(crate) fn unreadable(operation: &'static str, message: &str) -> CallError {
    failed(operation, FailureKind::Service, message)
}

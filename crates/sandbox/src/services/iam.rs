//! IAM: roles, and what a check of trust policies needs.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::{Role, World};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, any_text, optional, required, text};

/// Roles in a page when `MaxItems` is absent.
const DEFAULT_PAGE: i64 = 100;
/// Longest session of a role, unless it says otherwise: an hour.
pub(crate) const DEFAULT_SESSION: i64 = 3600;

const ROLE_NAME: Kind = text(Pattern::IamName, 1, 64);
const TAG: Kind = Kind::Structure(&[
    required("Key", text(Pattern::IamTagText, 1, 128)),
    required("Value", text(Pattern::IamTagValue, 0, 256)),
]);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateRole",
        members: &[
            optional("Path", any_text(1, 512)),
            required("RoleName", ROLE_NAME),
            required("AssumeRolePolicyDocument", any_text(1, 131_072)),
            optional("Description", any_text(0, 1000)),
            optional("MaxSessionDuration", Kind::Integer { min: 3600, max: 43_200 }),
            optional("Tags", Kind::List { item: &TAG, min: 0, max: 50 }),
        ],
        run: create,
    },
    Operation { name: "GetRole", members: &[required("RoleName", ROLE_NAME)], run: get },
    Operation {
        name: "ListRoles",
        members: &[
            optional("PathPrefix", any_text(1, 512)),
            optional("Marker", any_text(1, 320)),
            optional("MaxItems", Kind::Integer { min: 1, max: 1000 }),
        ],
        run: list,
    },
    Operation { name: "DeleteRole", members: &[required("RoleName", ROLE_NAME)], run: delete },
];

fn key(call: &Call) -> (String, String) {
    (call.caller.account.clone(), call.text("RoleName").to_lowercase())
}

fn no_such_role(call: &Call) -> ApiError {
    let name = call.text("RoleName");
    ApiError::new(404, "NoSuchEntity", format!("The role with name {name} cannot be found."))
}

fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("RoleName");
    if world.roles.contains_key(&key(call)) {
        let message = format!("Role with name {name} already exists.");
        return Err(ApiError::new(409, "EntityAlreadyExists", message));
    }
    let trust: Value = serde_json::from_str(call.text("AssumeRolePolicyDocument"))
        .ok()
        .filter(|document: &Value| document.get("Statement").is_some())
        .ok_or_else(|| ApiError::new(400, "MalformedPolicyDocument", "Syntax errors in policy."))?;
    let role = Role {
        order: world.next_order(),
        account: call.caller.account.clone(),
        name: name.to_owned(),
        path: call.input.find_text("Path").unwrap_or("/").to_owned(),
        id: format!("AROA{}", world.ids.key(17)),
        trust,
        description: call.input.find_text("Description").map(str::to_owned),
        max_session: call.input.integer("MaxSessionDuration").unwrap_or(DEFAULT_SESSION),
        created: call.now,
        tags: call.input.list("Tags").to_vec(),
        denied: Vec::new(),
    };
    let shown = shown(&role);
    world.roles.insert(key(call), role);
    Ok(json!({"Role": shown}))
}

fn shown(role: &Role) -> Value {
    let created = jiff::Timestamp::from_second(role.created.as_second()).unwrap_or(role.created);
    // IAM sends policy documents percent-encoded.
    let trust = role.trust.to_string();
    let trust = utf8_percent_encode(&trust, NON_ALPHANUMERIC).to_string();
    let tags = (!role.tags.is_empty()).then(|| role.tags.clone().into());
    answer([
        ("Path", Some(role.path.clone().into())),
        ("RoleName", Some(role.name.clone().into())),
        ("RoleId", Some(role.id.clone().into())),
        ("Arn", Some(role.arn().into())),
        ("CreateDate", Some(created.to_string().into())),
        ("AssumeRolePolicyDocument", Some(trust.into())),
        ("Description", role.description.clone().map(Value::from)),
        ("MaxSessionDuration", Some(role.max_session.into())),
        ("Tags", tags),
    ])
    .into()
}

fn get(world: &mut World, call: &Call) -> Outcome {
    let role = world.roles.get(&key(call)).ok_or_else(|| no_such_role(call))?;
    Ok(json!({"Role": shown(role)}))
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let prefix = call.input.find_text("PathPrefix").unwrap_or("/");
    let size = call.input.integer("MaxItems").unwrap_or(DEFAULT_PAGE);
    let after = match call.input.find_text("Marker") {
        None => 0,
        Some(marker) => marker
            .parse::<u64>()
            .map_err(|_| ApiError::new(400, "ValidationError", "Invalid Marker."))?,
    };
    let mut roles: Vec<&Role> = world
        .roles
        .values()
        .filter(|role| role.account == call.caller.account)
        .filter(|role| role.path.starts_with(prefix) && role.order > after)
        .collect();
    roles.sort_by_key(|role| role.order);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let truncated = roles.len() > size;
    roles.truncate(size);
    let marker = roles.last().filter(|_| truncated).map(|role| role.order.to_string().into());
    let roles: Vec<Value> = roles.into_iter().map(shown).collect();
    Ok(answer([
        ("Roles", Some(roles.into())),
        ("IsTruncated", Some(truncated.into())),
        ("Marker", marker),
    ])
    .into())
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    world.roles.remove(&key(call)).ok_or_else(|| no_such_role(call))?;
    Ok(Value::Null)
}

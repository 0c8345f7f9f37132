//! Roles.

use serde_json::{Value, json};

use super::{
    DOCUMENT, MARKER, MAX_ITEMS, PATH, ROLE_NAME, TAGS, document, encoded, key, no_such_role, page,
    role, second,
};
use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::{Role, World};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, any_text, optional, required};

/// Longest session of a role, unless it says otherwise: an hour.
pub(crate) const DEFAULT_SESSION: i64 = 3600;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateRole",
        members: &[
            optional("Path", PATH),
            required("RoleName", ROLE_NAME),
            required("AssumeRolePolicyDocument", DOCUMENT),
            optional("Description", any_text(0, 1000)),
            optional("MaxSessionDuration", Kind::Integer { min: 3600, max: 43_200 }),
            optional("PermissionsBoundary", super::POLICY_ARN),
            optional("Tags", TAGS),
        ],
        run: create,
    },
    Operation { name: "GetRole", members: &[required("RoleName", ROLE_NAME)], run: get },
    Operation {
        name: "ListRoles",
        members: &[optional("PathPrefix", PATH), MARKER, MAX_ITEMS],
        run: list,
    },
    Operation { name: "DeleteRole", members: &[required("RoleName", ROLE_NAME)], run: delete },
];

fn create(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("RoleName");
    if world.roles.contains_key(&key(call)) {
        let message = format!("Role with name {name} already exists.");
        return Err(ApiError::new(409, "EntityAlreadyExists", message));
    }
    let trust: Value = document(call, "AssumeRolePolicyDocument")?;
    let boundary = match call.input.find_text("PermissionsBoundary") {
        None => None,
        Some(arn) => Some(super::attached::boundary(world, call, arn)?),
    };
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
        attached: Vec::new(),
        inline: std::collections::BTreeMap::new(),
        boundary,
        denied: Vec::new(),
    };
    let shown = shown(&role, true);
    world.roles.insert(key(call), role);
    Ok(json!({"Role": shown}))
}

/// A role as the API shows it. Lists leave out tags and boundary.
fn shown(role: &Role, whole: bool) -> Value {
    let tags = (whole && !role.tags.is_empty()).then(|| role.tags.clone().into());
    let boundary = role
        .boundary
        .as_ref()
        .filter(|_| whole)
        .map(|arn| json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}));
    answer([
        ("Path", Some(role.path.clone().into())),
        ("RoleName", Some(role.name.clone().into())),
        ("RoleId", Some(role.id.clone().into())),
        ("Arn", Some(role.arn().into())),
        ("CreateDate", Some(second(role.created))),
        ("AssumeRolePolicyDocument", Some(encoded(&role.trust.to_string()))),
        ("Description", role.description.clone().map(Value::from)),
        ("MaxSessionDuration", Some(role.max_session.into())),
        ("PermissionsBoundary", boundary),
        ("Tags", tags),
    ])
    .into()
}

fn get(world: &mut World, call: &Call) -> Outcome {
    Ok(json!({"Role": shown(role(world, call)?, true)}))
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let prefix = call.input.find_text("PathPrefix").unwrap_or("/");
    let roles = world
        .roles
        .values()
        .filter(|role| role.account == call.caller.account && role.path.starts_with(prefix))
        .map(|role| (role.order, shown(role, false)))
        .collect();
    page(call, "Roles", roles)
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let found = role(world, call)?;
    let conflict = |what: &str| {
        let message = format!("Cannot delete entity, must {what} policies first.");
        Err(ApiError::new(409, "DeleteConflict", message))
    };
    if !found.attached.is_empty() {
        return conflict("detach all");
    }
    if !found.inline.is_empty() {
        return conflict("delete");
    }
    world.roles.remove(&key(call)).ok_or_else(|| no_such_role(call))?;
    Ok(Value::Null)
}

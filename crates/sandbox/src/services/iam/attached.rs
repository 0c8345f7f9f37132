//! Managed policies of a role: attached ones, and its boundary.

use serde_json::{Value, json};

use super::policy::visible;
use super::{
    MARKER, MAX_ITEMS, PATH, POLICIES_PER_ROLE, POLICY_ARN, ROLE_NAME, limit_exceeded,
    no_such_entity, page, role, role_mut,
};
use crate::call::{Call, Operation};
use crate::state::World;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{optional, required};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "AttachRolePolicy",
        members: &[required("RoleName", ROLE_NAME), required("PolicyArn", POLICY_ARN)],
        run: attach,
    },
    Operation {
        name: "DetachRolePolicy",
        members: &[required("RoleName", ROLE_NAME), required("PolicyArn", POLICY_ARN)],
        run: detach,
    },
    Operation {
        name: "ListAttachedRolePolicies",
        members: &[
            required("RoleName", ROLE_NAME),
            optional("PathPrefix", PATH),
            MARKER,
            MAX_ITEMS,
        ],
        run: list,
    },
    Operation {
        name: "PutRolePermissionsBoundary",
        members: &[required("RoleName", ROLE_NAME), required("PermissionsBoundary", POLICY_ARN)],
        run: put_boundary,
    },
    Operation {
        name: "DeleteRolePermissionsBoundary",
        members: &[required("RoleName", ROLE_NAME)],
        run: delete_boundary,
    },
];

fn attach(world: &mut World, call: &Call) -> Outcome {
    let arn = call.text("PolicyArn");
    role(world, call)?;
    if visible(world, call, arn).is_none() {
        let message = format!("Policy {arn} does not exist or is not attachable.");
        return Err(no_such_entity(message));
    }
    let role = role_mut(world, call)?;
    if role.attached.iter().any(|attached| attached == arn) {
        return Ok(Value::Null);
    }
    if role.attached.len() >= POLICIES_PER_ROLE {
        let message = format!("Cannot exceed quota for PoliciesPerRole: {POLICIES_PER_ROLE}");
        return Err(limit_exceeded(message));
    }
    role.attached.push(arn.to_owned());
    Ok(Value::Null)
}

fn detach(world: &mut World, call: &Call) -> Outcome {
    let arn = call.text("PolicyArn");
    let role = role_mut(world, call)?;
    let before = role.attached.len();
    role.attached.retain(|attached| attached != arn);
    if role.attached.len() == before {
        return Err(no_such_entity(format!("Policy {arn} was not found.")));
    }
    Ok(Value::Null)
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let prefix = call.input.find_text("PathPrefix").unwrap_or("/");
    let attached = role(world, call)?
        .attached
        .iter()
        .filter_map(|arn| world.policies.get(arn))
        .filter(|policy| policy.path.starts_with(prefix))
        .map(|policy| json!({"PolicyName": policy.name, "PolicyArn": policy.arn()}));
    page(call, "AttachedPolicies", (1..).zip(attached).collect())
}

/// The ARN of a policy that can be a boundary.
pub(super) fn boundary(world: &World, call: &Call, arn: &str) -> Result<String, ApiError> {
    match visible(world, call, arn) {
        Some(policy) => Ok(policy.arn()),
        None => {
            Err(no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")))
        }
    }
}

fn put_boundary(world: &mut World, call: &Call) -> Outcome {
    role(world, call)?;
    let arn = boundary(world, call, call.text("PermissionsBoundary"))?;
    role_mut(world, call)?.boundary = Some(arn);
    Ok(Value::Null)
}

fn delete_boundary(world: &mut World, call: &Call) -> Outcome {
    let role = role_mut(world, call)?;
    if role.boundary.take().is_none() {
        let message = format!("The role with name {} has no permissions boundary.", role.name);
        return Err(no_such_entity(message));
    }
    Ok(Value::Null)
}

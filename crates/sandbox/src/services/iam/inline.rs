//! Inline policies of a role.

use serde_json::{Value, json};

use super::{
    DOCUMENT, INLINE_SIZE, MARKER, MAX_ITEMS, POLICY_NAME, ROLE_NAME, document, encoded,
    limit_exceeded, no_such_entity, page, role, role_mut, size,
};
use crate::call::{Call, Operation};
use crate::state::World;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::required;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "PutRolePolicy",
        members: &[
            required("RoleName", ROLE_NAME),
            required("PolicyName", POLICY_NAME),
            required("PolicyDocument", DOCUMENT),
        ],
        run: put,
    },
    Operation {
        name: "GetRolePolicy",
        members: &[required("RoleName", ROLE_NAME), required("PolicyName", POLICY_NAME)],
        run: get,
    },
    Operation {
        name: "ListRolePolicies",
        members: &[required("RoleName", ROLE_NAME), MARKER, MAX_ITEMS],
        run: list,
    },
    Operation {
        name: "DeleteRolePolicy",
        members: &[required("RoleName", ROLE_NAME), required("PolicyName", POLICY_NAME)],
        run: delete,
    },
];

fn no_such_policy(call: &Call) -> ApiError {
    let name = call.text("PolicyName");
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}

fn put(world: &mut World, call: &Call) -> Outcome {
    let role = role_mut(world, call)?;
    document(call, "PolicyDocument")?;
    let (name, text) = (call.text("PolicyName"), call.text("PolicyDocument"));
    let others = role.inline.iter().filter(|(other, _)| *other != name);
    if others.map(|(_, text)| size(text)).sum::<usize>() + size(text) > INLINE_SIZE {
        let message =
            format!("Maximum policy size of {INLINE_SIZE} bytes exceeded for role {}", role.name);
        return Err(limit_exceeded(message));
    }
    role.inline.insert(name.to_owned(), text.to_owned());
    Ok(Value::Null)
}

fn get(world: &mut World, call: &Call) -> Outcome {
    let role = role(world, call)?;
    let name = call.text("PolicyName");
    let text = role.inline.get(name).ok_or_else(|| no_such_policy(call))?;
    Ok(json!({
        "RoleName": role.name,
        "PolicyName": name,
        "PolicyDocument": encoded(text),
    }))
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let names = role(world, call)?.inline.keys().map(|name| Value::from(name.as_str()));
    page(call, "PolicyNames", (1..).zip(names).collect())
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let name = call.text("PolicyName");
    role_mut(world, call)?.inline.remove(name).ok_or_else(|| no_such_policy(call))?;
    Ok(Value::Null)
}

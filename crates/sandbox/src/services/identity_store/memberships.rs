//! Memberships of users in groups.

use serde_json::{Map, Value, json};

use super::users;
use super::{
    DEFAULT_PAGE, ID, MEMBER, PAGE, STORE, TOKEN, directory, groups, not_found, plain_id,
    reference, writable,
};
use crate::call::{Call, Operation};
use crate::events::{self, Change};
use crate::services::sagemaker::answer;
use crate::state::{Directory, Membership, World};
use crate::wire::epoch_seconds;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{Kind, optional, required};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateGroupMembership",
        members: &[
            required("IdentityStoreId", STORE),
            required("GroupId", ID),
            required("MemberId", MEMBER),
        ],
        run: create,
    },
    Operation {
        name: "DescribeGroupMembership",
        members: &[required("IdentityStoreId", STORE), required("MembershipId", ID)],
        run: describe,
    },
    Operation {
        name: "DeleteGroupMembership",
        members: &[required("IdentityStoreId", STORE), required("MembershipId", ID)],
        run: delete,
    },
    Operation {
        name: "ListGroupMemberships",
        members: &[
            required("IdentityStoreId", STORE),
            required("GroupId", ID),
            optional("MaxResults", PAGE),
            optional("NextToken", TOKEN),
        ],
        run: list_of_group,
    },
    Operation {
        name: "ListGroupMembershipsForMember",
        members: &[
            required("IdentityStoreId", STORE),
            required("MemberId", MEMBER),
            optional("MaxResults", PAGE),
            optional("NextToken", TOKEN),
        ],
        run: list_of_member,
    },
    Operation {
        name: "GetGroupMembershipId",
        members: &[
            required("IdentityStoreId", STORE),
            required("GroupId", ID),
            required("MemberId", MEMBER),
        ],
        run: get_id,
    },
    Operation {
        name: "IsMemberInGroups",
        members: &[
            required("IdentityStoreId", STORE),
            required("MemberId", MEMBER),
            required("GroupIds", Kind::List { item: &ID, min: 1, max: 100 }),
        ],
        run: is_member,
    },
];

/// The user a call names in `MemberId`.
fn member(directory: &Directory, call: &Call) -> Result<String, ApiError> {
    let given = call.input.inner("MemberId", "UserId").ok_or_else(|| {
        ApiError::validation("MemberId must have exactly one member set: UserId.")
    })?;
    let id = plain_id(given);
    if directory.users.contains_key(id) { Ok(id.to_owned()) } else { Err(not_found("USER", id)) }
}

fn create(world: &mut World, call: &Call) -> Outcome {
    let (order, id) = (world.next_order(), world.ids.uuid());
    let directory = writable(world, call)?;
    let (group, _) = groups::find(directory, call)?;
    let user = member(directory, call)?;
    if directory.users.get(&user).is_some_and(|user| !user.enabled) {
        return Err(users::disabled(&user));
    }
    if directory.by_group.get(&group).is_some_and(|members| members.contains_key(&user)) {
        return Err(ApiError::bad(
            "ConflictException",
            "Member and Group relationship already exists.",
        )
        .with("Reason", "UNIQUENESS_CONSTRAINT_VIOLATION"));
    }
    join(directory, &id, order, (&group, &user), call.now);
    let answer = reference(&directory.id, "Membership", &id, None);
    events::emit(world, call, &Change::MemberAdded { group: &group, user: &user, membership: &id });
    Ok(answer)
}

/// Adds a membership to the directory and its two indexes.
pub(crate) fn join(
    directory: &mut Directory,
    id: &str,
    order: u64,
    (group, user): (&str, &str),
    now: jiff::Timestamp,
) {
    let membership =
        Membership { order, group: group.to_owned(), user: user.to_owned(), created: now };
    directory.memberships.insert(id.to_owned(), membership);
    directory.by_group.entry(group.to_owned()).or_default().insert(user.to_owned(), id.to_owned());
    directory.by_user.entry(user.to_owned()).or_default().insert(group.to_owned(), id.to_owned());
}

fn find<'a>(directory: &'a Directory, call: &Call) -> Result<(String, &'a Membership), ApiError> {
    let id = plain_id(call.text("MembershipId"));
    let membership =
        directory.memberships.get(id).ok_or_else(|| not_found("GROUP_MEMBERSHIP", id))?;
    Ok((id.to_owned(), membership))
}

fn shown(store: &str, id: &str, membership: &Membership) -> Value {
    let mut members: Map<String, Value> =
        reference(store, "Membership", id, None).as_object().cloned().unwrap_or_default();
    members.insert("GroupId".to_owned(), membership.group.clone().into());
    members.insert("MemberId".to_owned(), json!({"UserId": membership.user}));
    members.insert("CreatedAt".to_owned(), epoch_seconds(membership.created));
    members.insert("UpdatedAt".to_owned(), epoch_seconds(membership.created));
    members.into()
}

fn describe(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let (id, membership) = find(directory, call)?;
    Ok(shown(&directory.id, &id, membership))
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let directory = writable(world, call)?;
    let (id, membership) = find(directory, call)?;
    let (group, user) = (membership.group.clone(), membership.user.clone());
    directory.memberships.remove(&id);
    if let Some(members) = directory.by_group.get_mut(&group) {
        members.remove(&user);
    }
    if let Some(groups) = directory.by_user.get_mut(&user) {
        groups.remove(&group);
    }
    events::emit(
        world,
        call,
        &Change::MemberRemoved { group: &group, user: &user, membership: &id },
    );
    Ok(json!({}))
}

fn list_of_group(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let (group, _) = groups::find(directory, call)?;
    let ids = directory.by_group.get(&group).into_iter().flat_map(|members| members.values());
    listed(directory, call, ids, &group)
}

fn list_of_member(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let user = member(directory, call)?;
    let ids = directory.by_user.get(&user).into_iter().flat_map(|groups| groups.values());
    listed(directory, call, ids, &user)
}

fn listed<'a>(
    directory: &'a Directory,
    call: &Call,
    ids: impl Iterator<Item = &'a String>,
    of: &str,
) -> Outcome {
    let memberships = ids
        .filter_map(|id| Some((id, directory.memberships.get(id)?)))
        .map(|(id, membership)| ((0, membership.order), (id, membership)))
        .collect();
    let filters = [directory.id.as_str(), of];
    let (page, token) = call.page(memberships, call.input.page_size(DEFAULT_PAGE), &filters)?;
    let page: Vec<Value> =
        page.into_iter().map(|(id, membership)| shown(&directory.id, id, membership)).collect();
    Ok(answer([("GroupMemberships", Some(page.into())), ("NextToken", token.map(Value::from))])
        .into())
}

fn get_id(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let (group, _) = groups::find(directory, call)?;
    let user = member(directory, call)?;
    let id = directory
        .by_group
        .get(&group)
        .and_then(|members| members.get(&user))
        .ok_or_else(|| not_found("GROUP_MEMBERSHIP", ""))?;
    Ok(reference(&directory.id, "Membership", id, None))
}

fn is_member(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let user = member(directory, call)?;
    let mut results = Vec::new();
    for given in call.input.list("GroupIds").iter().filter_map(Value::as_str) {
        let group = plain_id(given);
        if !directory.groups.contains_key(group) {
            return Err(not_found("GROUP", group));
        }
        let members = directory.by_group.get(group);
        results.push(json!({
            "GroupId": group,
            "MemberId": {"UserId": user},
            "MembershipExists": members.is_some_and(|members| members.contains_key(&user)),
        }));
    }
    Ok(json!({"Results": results}))
}

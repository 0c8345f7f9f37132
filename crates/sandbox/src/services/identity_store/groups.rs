//! Groups.

use serde_json::{Value, json};

use super::{
    ALTERNATE, Alternate, CHANGES, DEFAULT_PAGE, FILTERS, ID, PAGE, REVISION, STORE, TEXT, TOKEN,
    alternate, check_revision, directory, filter, has_external_id, not_found, plain_id, reference,
    set_attribute, shown, taken, writable,
};
use crate::call::{Call, Operation};
use crate::events::{self, Change};
use crate::services::sagemaker::answer;
use crate::state::{Directory, DirectoryEntry, World};
use crate::wire::error::{ApiError, Outcome};
use crate::wire::shape::{optional, required};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateGroup",
        members: &[
            required("IdentityStoreId", STORE),
            optional("DisplayName", TEXT),
            optional("Description", TEXT),
        ],
        run: create,
    },
    Operation {
        name: "DescribeGroup",
        members: &[required("IdentityStoreId", STORE), required("GroupId", ID)],
        run: describe,
    },
    Operation {
        name: "UpdateGroup",
        members: &[
            required("IdentityStoreId", STORE),
            required("GroupId", ID),
            required("Operations", CHANGES),
            optional("Revision", REVISION),
        ],
        run: update,
    },
    Operation {
        name: "DeleteGroup",
        members: &[
            required("IdentityStoreId", STORE),
            required("GroupId", ID),
            optional("Revision", REVISION),
        ],
        run: delete,
    },
    Operation {
        name: "ListGroups",
        members: &[
            required("IdentityStoreId", STORE),
            optional("MaxResults", PAGE),
            optional("NextToken", TOKEN),
            optional("Filters", FILTERS),
        ],
        run: list,
    },
    Operation {
        name: "GetGroupId",
        members: &[required("IdentityStoreId", STORE), required("AlternateIdentifier", ALTERNATE)],
        run: get_id,
    },
];

fn create(world: &mut World, call: &Call) -> Outcome {
    let (order, id) = (world.next_order(), world.ids.uuid());
    let directory = writable(world, call)?;
    if !call.input.has("DisplayName") {
        return Err(ApiError::validation("DisplayName is a required attribute."));
    }
    let name = call.text("DisplayName").to_lowercase();
    if directory.group_names.contains_key(&name) {
        return Err(taken("GroupDisplayName"));
    }
    let entry = DirectoryEntry {
        order,
        attributes: call.input.pick(&["DisplayName", "Description"]),
        enabled: true,
        revision: 1,
        created: call.now,
        updated: call.now,
    };
    directory.groups.insert(id.clone(), entry);
    directory.group_names.insert(name, id.clone());
    let answer = reference(&directory.id, "Group", &id, Some(1));
    events::emit(world, call, &Change::GroupCreated { group: &id });
    Ok(answer)
}

/// The group a call names.
pub(crate) fn find<'a>(
    directory: &'a Directory,
    call: &Call,
) -> Result<(String, &'a DirectoryEntry), ApiError> {
    let id = plain_id(call.text("GroupId"));
    let entry = directory.groups.get(id).ok_or_else(|| not_found("GROUP", id))?;
    Ok((id.to_owned(), entry))
}

fn describe(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let (id, entry) = find(directory, call)?;
    Ok(shown(&directory.id, "Group", &id, entry).into())
}

fn update(world: &mut World, call: &Call) -> Outcome {
    let directory = writable(world, call)?;
    let (id, old) = find(directory, call)?;
    check_revision(call, old)?;
    let mut entry = old.clone();
    for change in call.input.list("Operations") {
        let path = change.get("AttributePath").and_then(Value::as_str).unwrap_or_default();
        let value = change.get("AttributeValue").filter(|value| !value.is_null()).cloned();
        set_attribute(&mut entry.attributes, path, value);
    }
    entry.revision += 1;
    entry.updated = call.now;
    let (old_name, new_name) = (name_of(old), name_of(&entry));
    if new_name.is_empty() {
        return Err(ApiError::validation("displayName is a required attribute."));
    }
    if directory.group_names.get(&new_name).is_some_and(|other| *other != id) {
        return Err(taken("GroupDisplayName"));
    }
    directory.group_names.remove(&old_name);
    directory.group_names.insert(new_name, id.clone());
    let answer = reference(&directory.id, "Group", &id, Some(entry.revision));
    directory.groups.insert(id.clone(), entry);
    events::emit(world, call, &Change::GroupUpdated { group: &id });
    Ok(answer)
}

fn name_of(entry: &DirectoryEntry) -> String {
    let name = entry.attributes.get("DisplayName").and_then(Value::as_str);
    name.unwrap_or_default().to_lowercase()
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let directory = writable(world, call)?;
    let (id, entry) = find(directory, call)?;
    check_revision(call, entry)?;
    let name = name_of(entry);
    directory.group_names.remove(&name);
    directory.groups.remove(&id);
    for (user, membership) in directory.by_group.remove(&id).unwrap_or_default() {
        directory.memberships.remove(&membership);
        if let Some(groups) = directory.by_user.get_mut(&user) {
            groups.remove(&id);
        }
    }
    events::emit(world, call, &Change::GroupDeleted { group: &id });
    Ok(json!({}))
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let wanted = filter(call, "DisplayName")?.map(|(_, value)| value.to_lowercase());
    let groups = directory
        .groups
        .iter()
        .filter(|(_, entry)| wanted.as_ref().is_none_or(|name| *name == name_of(entry)))
        .map(|(id, entry)| ((0, entry.order), (id, entry)))
        .collect();
    let filters = [directory.id.as_str(), wanted.as_deref().unwrap_or_default()];
    let (page, token) = call.page(groups, call.input.page_size(DEFAULT_PAGE), &filters)?;
    let page: Vec<Value> = page
        .into_iter()
        .map(|(id, entry)| shown(&directory.id, "Group", id, entry).into())
        .collect();
    Ok(answer([("Groups", Some(page.into())), ("NextToken", token.map(Value::from))]).into())
}

fn get_id(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let id = match alternate(call)? {
        Alternate::Attribute(path, value) if path.eq_ignore_ascii_case("displayName") => {
            directory.group_names.get(&value.to_lowercase()).cloned()
        }
        Alternate::Attribute(path, _) => {
            return Err(ApiError::validation(format!(
                "{path} is not a unique attribute of a group."
            )));
        }
        Alternate::ExternalId(external) => directory
            .groups
            .iter()
            .find(|(_, entry)| has_external_id(entry, external))
            .map(|(id, _)| id.clone()),
    };
    let id = id.ok_or_else(|| not_found("GROUP", ""))?;
    Ok(reference(&directory.id, "Group", &id, None))
}

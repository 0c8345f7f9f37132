//! Users.

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
use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, Member, optional, required, text};

const USER_NAME: Member = optional("UserName", text(Pattern::DirectoryName, 1, 128));

const NAME: Kind = Kind::Structure(&[
    optional("Formatted", TEXT),
    optional("FamilyName", TEXT),
    optional("GivenName", TEXT),
    optional("MiddleName", TEXT),
    optional("HonorificPrefix", TEXT),
    optional("HonorificSuffix", TEXT),
]);

const EMAIL: Kind = Kind::Structure(&[
    optional("Value", TEXT),
    optional("Type", TEXT),
    optional("Primary", Kind::Boolean),
]);

const EXTENSION: Kind = text(Pattern::Extension, 1, 50);
const EXTENSIONS: Kind = Kind::List { item: &EXTENSION, min: 1, max: 10 };

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateUser",
        members: &[
            required("IdentityStoreId", STORE),
            USER_NAME,
            optional("Name", NAME),
            optional("DisplayName", TEXT),
            optional("Emails", Kind::List { item: &EMAIL, min: 1, max: 1 }),
        ],
        run: create,
    },
    Operation {
        name: "DescribeUser",
        members: &[
            required("IdentityStoreId", STORE),
            required("UserId", ID),
            optional("Extensions", EXTENSIONS),
        ],
        run: describe,
    },
    Operation {
        name: "UpdateUser",
        members: &[
            required("IdentityStoreId", STORE),
            required("UserId", ID),
            required("Operations", CHANGES),
            optional("Revision", REVISION),
        ],
        run: update,
    },
    Operation {
        name: "DeleteUser",
        members: &[
            required("IdentityStoreId", STORE),
            required("UserId", ID),
            optional("Revision", REVISION),
        ],
        run: delete,
    },
    Operation {
        name: "ListUsers",
        members: &[
            required("IdentityStoreId", STORE),
            optional("Extensions", EXTENSIONS),
            optional("MaxResults", PAGE),
            optional("NextToken", TOKEN),
            optional("Filters", FILTERS),
        ],
        run: list,
    },
    Operation {
        name: "GetUserId",
        members: &[required("IdentityStoreId", STORE), required("AlternateIdentifier", ALTERNATE)],
        run: get_id,
    },
];

/// Attributes of `CreateUser` which are kept and shown again.
const KEPT: &[&str] = &[
    "UserName",
    "Name",
    "DisplayName",
    "NickName",
    "ProfileUrl",
    "Emails",
    "Addresses",
    "PhoneNumbers",
    "UserType",
    "Title",
    "PreferredLanguage",
    "Locale",
    "Timezone",
    "Website",
    "Photos",
    "Birthdate",
];

/// User names which Identity Center keeps for itself.
const RESERVED: &[&str] = &["administrator", "awsadministrators"];

fn create(world: &mut World, call: &Call) -> Outcome {
    let (order, id) = (world.next_order(), world.ids.uuid());
    let directory = writable(world, call)?;
    let name = call.text("UserName").to_lowercase();
    for member in ["UserName", "DisplayName", "Name"] {
        if !call.input.has(member) {
            return Err(ApiError::validation(format!("{member} is a required attribute.")));
        }
    }
    if RESERVED.contains(&name.as_str()) {
        return Err(ApiError::validation(format!("The user name '{name}' is reserved.")));
    }
    if directory.user_names.contains_key(&name) {
        return Err(taken("UserName"));
    }
    let entry = DirectoryEntry {
        order,
        attributes: call.input.pick(KEPT),
        enabled: true,
        revision: 1,
        created: call.now,
        updated: call.now,
    };
    directory.users.insert(id.clone(), entry);
    directory.user_names.insert(name, id.clone());
    let answer = reference(&directory.id, "User", &id, Some(1));
    events::emit(world, call, &Change::UserCreated { user: &id });
    Ok(answer)
}

fn find<'a>(
    directory: &'a Directory,
    call: &Call,
) -> Result<(String, &'a DirectoryEntry), ApiError> {
    let id = plain_id(call.text("UserId"));
    let entry = directory.users.get(id).ok_or_else(|| not_found("USER", id))?;
    Ok((id.to_owned(), entry))
}

fn user(directory: &Directory, id: &str, entry: &DirectoryEntry) -> Value {
    let mut members = shown(&directory.id, "User", id, entry);
    let status = if entry.enabled { "ENABLED" } else { "DISABLED" };
    members.insert("UserStatus".to_owned(), status.into());
    members.into()
}

fn describe(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let (id, entry) = find(directory, call)?;
    Ok(user(directory, &id, entry))
}

fn update(world: &mut World, call: &Call) -> Outcome {
    let directory = writable(world, call)?;
    let (id, old) = find(directory, call)?;
    check_revision(call, old)?;
    let mut entry = old.clone();
    let is_status = |change: &Value| {
        let path = change.get("AttributePath").and_then(Value::as_str).unwrap_or_default();
        path.eq_ignore_ascii_case("userStatus")
    };
    if !old.enabled && !call.input.list("Operations").iter().all(is_status) {
        return Err(disabled(&id));
    }
    for change in call.input.list("Operations") {
        let path = change.get("AttributePath").and_then(Value::as_str).unwrap_or_default();
        let value = change.get("AttributeValue").filter(|value| !value.is_null()).cloned();
        match path.to_lowercase().as_str() {
            "userstatus" => {
                entry.enabled = match value.as_ref().and_then(Value::as_str) {
                    Some("ENABLED") => true,
                    Some("DISABLED") => false,
                    _ => return Err(ApiError::validation("userStatus is ENABLED or DISABLED.")),
                };
            }
            "username" if value.as_ref().and_then(Value::as_str).is_none_or(str::is_empty) => {
                return Err(ApiError::validation("userName is a required attribute."));
            }
            _ => set_attribute(&mut entry.attributes, path, value),
        }
    }
    entry.revision += 1;
    entry.updated = call.now;
    let (old_name, new_name) = (name_of(old), name_of(&entry));
    if directory.user_names.get(&new_name).is_some_and(|other| *other != id) {
        return Err(taken("UserName"));
    }
    let change = match (old.enabled, entry.enabled) {
        (true, false) => Change::UserDisabled { user: &id },
        (false, true) => Change::UserEnabled { user: &id },
        _ => Change::UserUpdated { user: &id },
    };
    directory.user_names.remove(&old_name);
    directory.user_names.insert(new_name, id.clone());
    let answer = reference(&directory.id, "User", &id, Some(entry.revision));
    directory.users.insert(id.clone(), entry);
    events::emit(world, call, &change);
    Ok(answer)
}

/// Of a disabled user nothing but that can be changed, nor can one be put into a group (user guide,
/// "Disable user access").
pub(crate) fn disabled(user: &str) -> ApiError {
    ApiError::validation(format!("User {user} is disabled."))
}

fn name_of(entry: &DirectoryEntry) -> String {
    let name = entry.attributes.get("UserName").and_then(Value::as_str);
    name.unwrap_or_default().to_lowercase()
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let directory = writable(world, call)?;
    let (id, entry) = find(directory, call)?;
    check_revision(call, entry)?;
    let name = name_of(entry);
    directory.user_names.remove(&name);
    directory.users.remove(&id);
    for (group, membership) in directory.by_user.remove(&id).unwrap_or_default() {
        directory.memberships.remove(&membership);
        if let Some(members) = directory.by_group.get_mut(&group) {
            members.remove(&id);
        }
    }
    events::emit(world, call, &Change::UserDeleted { user: &id });
    Ok(json!({}))
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let wanted = filter(call, "UserName")?.map(|(_, value)| value.to_lowercase());
    let users = directory
        .users
        .iter()
        .filter(|(_, entry)| wanted.as_ref().is_none_or(|name| *name == name_of(entry)))
        .map(|(id, entry)| ((0, entry.order), (id, entry)))
        .collect();
    let filters = [directory.id.as_str(), wanted.as_deref().unwrap_or_default()];
    let (page, token) = call.page(users, call.input.page_size(DEFAULT_PAGE), &filters)?;
    let page: Vec<Value> = page.into_iter().map(|(id, entry)| user(directory, id, entry)).collect();
    Ok(answer([("Users", Some(page.into())), ("NextToken", token.map(Value::from))]).into())
}

fn get_id(world: &mut World, call: &Call) -> Outcome {
    let directory = directory(world, call)?;
    let id = match alternate(call)? {
        Alternate::Attribute(path, value) => match path.to_lowercase().as_str() {
            "username" => directory.user_names.get(&value.to_lowercase()).cloned(),
            "emails.value" => directory
                .users
                .iter()
                .find(|(_, entry)| has_email(entry, value))
                .map(|(id, _)| id.clone()),
            _ => {
                return Err(ApiError::validation(format!(
                    "{path} is not a unique attribute of a user."
                )));
            }
        },
        Alternate::ExternalId(external) => directory
            .users
            .iter()
            .find(|(_, entry)| has_external_id(entry, external))
            .map(|(id, _)| id.clone()),
    };
    let id = id.ok_or_else(|| not_found("USER", ""))?;
    Ok(reference(&directory.id, "User", &id, None))
}

fn has_email(entry: &DirectoryEntry, address: &str) -> bool {
    entry.attributes.get("Emails").and_then(Value::as_array).into_iter().flatten().any(|email| {
        let value = email.get("Value").and_then(Value::as_str);
        value.is_some_and(|value| value.eq_ignore_ascii_case(address))
    })
}

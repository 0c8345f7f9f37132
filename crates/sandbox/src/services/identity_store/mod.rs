//! Identity Store: users, groups and memberships of the directory.

pub(crate) mod groups;
pub(crate) mod memberships;
pub(crate) mod users;

use serde_json::{Map, Value};

use crate::call::{Call, Operation};
use crate::state::{Directory, DirectoryEntry, World};
use crate::wire::epoch_seconds;
use crate::wire::error::ApiError;
use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, optional, required, text};

pub(crate) const OPERATIONS: &[&[Operation]] =
    &[users::OPERATIONS, groups::OPERATIONS, memberships::OPERATIONS];

pub(crate) const STORE: Kind = text(Pattern::IdentityStoreId, 1, 93);
pub(crate) const ID: Kind = text(Pattern::DirectoryId, 1, 100);
pub(crate) const TEXT: Kind = text(Pattern::DirectoryText, 1, 1024);
pub(crate) const PAGE: Kind = Kind::Integer { min: 1, max: 100 };
pub(crate) const TOKEN: Kind = crate::wire::shape::any_text(1, 65_535);
pub(crate) const ATTRIBUTE_PATH: Kind = text(Pattern::AttributePath, 1, 255);
pub(crate) const REVISION: Kind = text(Pattern::Revision, 1, 64);
pub(crate) const MEMBER: Kind = Kind::Structure(&[optional("UserId", ID)]);

const FILTER: Kind =
    Kind::Structure(&[required("AttributePath", ATTRIBUTE_PATH), required("AttributeValue", TEXT)]);
pub(crate) const FILTERS: Kind = Kind::List { item: &FILTER, min: 0, max: 1 };

const OPERATION: Kind = Kind::Structure(&[
    required("AttributePath", ATTRIBUTE_PATH),
    optional("AttributeValue", Kind::Document),
]);
pub(crate) const CHANGES: Kind = Kind::List { item: &OPERATION, min: 1, max: 100 };

/// Either an id of another system or a unique attribute.
pub(crate) const ALTERNATE: Kind = Kind::Structure(&[
    optional(
        "ExternalId",
        Kind::Structure(&[
            required("Issuer", text(Pattern::DirectoryName, 1, 256)),
            required("Id", text(Pattern::DirectoryName, 1, 256)),
        ]),
    ),
    optional(
        "UniqueAttribute",
        Kind::Structure(&[
            required("AttributePath", ATTRIBUTE_PATH),
            required("AttributeValue", Kind::Document),
        ]),
    ),
]);

/// Page size of lists when `MaxResults` is absent.
pub(crate) const DEFAULT_PAGE: usize = 100;

pub(crate) fn not_found(kind: &str, id: &str) -> ApiError {
    ApiError::bad("ResourceNotFoundException", format!("{kind} not found."))
        .with("ResourceType", kind)
        .with("ResourceId", id)
}

pub(crate) fn taken(what: &str) -> ApiError {
    ApiError::bad("ConflictException", format!("Duplicate {what}"))
        .with("Reason", "UNIQUENESS_CONSTRAINT_VIOLATION")
}

/// The directory of a call. Accounts of the organization may read it.
pub(crate) fn directory<'a>(
    world: &'a mut World,
    call: &Call,
) -> Result<&'a mut Directory, ApiError> {
    let given = call.text("IdentityStoreId");
    let id = given.rsplit('/').next().unwrap_or(given);
    world
        .directory
        .as_mut()
        .filter(|directory| directory.id == id && directory.region == call.region)
        .ok_or_else(|| not_found("IDENTITY_STORE", given))
}

/// The directory of a call that changes it: the account which owns the instance, nobody else.
pub(crate) fn writable<'a>(
    world: &'a mut World,
    call: &Call,
) -> Result<&'a mut Directory, ApiError> {
    let directory = directory(world, call)?;
    if directory.account == call.caller.account {
        return Ok(directory);
    }
    Err(ApiError::bad(
        "AccessDeniedException",
        format!(
            "User: {} is not authorized to perform: identitystore:{} on resource: \
             arn:aws:identitystore::{}:identitystore/{}",
            call.caller.arn, call.operation, directory.account, directory.id
        ),
    ))
}

/// An id as it is kept: requests may give an ARN instead.
pub(crate) fn plain_id(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given)
}

/// Refuses a write that was based on an older revision.
pub(crate) fn check_revision(call: &Call, entry: &DirectoryEntry) -> Result<(), ApiError> {
    match call.input.find_text("Revision") {
        Some(revision) if revision != entry.revision.to_string() => {
            Err(ApiError::bad("ConflictException", "The revision is out of date.")
                .with("Reason", "CONCURRENT_MODIFICATION"))
        }
        _ => Ok(()),
    }
}

/// What `Describe` and `List` show of a user or group.
pub(crate) fn shown(
    store: &str,
    kind: &str,
    id: &str,
    entry: &DirectoryEntry,
) -> Map<String, Value> {
    let mut members = entry.attributes.clone();
    let lower = kind.to_lowercase();
    members.insert("IdentityStoreId".to_owned(), store.into());
    members.insert(format!("{kind}Id"), id.into());
    members.insert(format!("{kind}Arn"), format!("arn:aws:identitystore:::{lower}/{id}").into());
    members.insert("Revision".to_owned(), entry.revision.to_string().into());
    members.insert("CreatedAt".to_owned(), epoch_seconds(entry.created));
    members.insert("UpdatedAt".to_owned(), epoch_seconds(entry.updated));
    members
}

/// Id, ARN and revision: what creating and updating answers.
pub(crate) fn reference(store: &str, kind: &str, id: &str, revision: Option<u64>) -> Value {
    let mut members = Map::new();
    let lower = kind.to_lowercase();
    members.insert("IdentityStoreId".to_owned(), store.into());
    members.insert(format!("{kind}Id"), id.into());
    members.insert(format!("{kind}Arn"), format!("arn:aws:identitystore:::{lower}/{id}").into());
    if let Some(revision) = revision {
        members.insert("Revision".to_owned(), revision.to_string().into());
    }
    members.into()
}

/// The one filter a list may have: attribute path and value.
pub(crate) fn filter<'a>(
    call: &'a Call,
    allowed: &str,
) -> Result<Option<(&'a str, &'a str)>, ApiError> {
    let Some(filter) = call.input.list("Filters").first() else { return Ok(None) };
    let part = |name: &str| filter.get(name).and_then(Value::as_str).unwrap_or_default();
    if !part("AttributePath").eq_ignore_ascii_case(allowed) {
        return Err(ApiError::validation(format!(
            "Filtering by {} is not supported; use {allowed}.",
            part("AttributePath")
        )));
    }
    Ok(Some((part("AttributePath"), part("AttributeValue"))))
}

/// What `GetUserId` and `GetGroupId` look for.
pub(crate) enum Alternate<'a> {
    Attribute(&'a str, &'a str),
    ExternalId(&'a Value),
}

pub(crate) fn alternate(call: &Call) -> Result<Alternate<'_>, ApiError> {
    let given = call.input.get("AlternateIdentifier");
    let part = |name: &str| given.and_then(|value| value.get(name));
    match (part("UniqueAttribute"), part("ExternalId")) {
        (Some(attribute), None) => {
            let text = |name: &str| attribute.get(name).and_then(Value::as_str).unwrap_or_default();
            Ok(Alternate::Attribute(text("AttributePath"), text("AttributeValue")))
        }
        (None, Some(id)) => Ok(Alternate::ExternalId(id)),
        _ => Err(ApiError::validation(
            "AlternateIdentifier must have exactly one of ExternalId and UniqueAttribute.",
        )),
    }
}

/// Whether an entry has this external id.
pub(crate) fn has_external_id(entry: &DirectoryEntry, id: &Value) -> bool {
    entry
        .attributes
        .get("ExternalIds")
        .and_then(Value::as_array)
        .is_some_and(|ids| ids.contains(id))
}

/// Sets or removes one attribute by its path, such as `name.familyName`.
pub(crate) fn set_attribute(attributes: &mut Map<String, Value>, path: &str, value: Option<Value>) {
    match path.split_once('.') {
        Some((head, rest)) => {
            let inner =
                attributes.entry(capitalized(head)).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                set_attribute(inner, rest, value);
            }
        }
        None => match value {
            Some(value) => drop(attributes.insert(capitalized(path), capitalized_keys(value))),
            None => drop(attributes.remove(&capitalized(path))),
        },
    }
}

/// Attribute paths begin small (`displayName`), members of the API do not (`DisplayName`).
fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn capitalized_keys(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(capitalized_keys).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (capitalized(&name), capitalized_keys(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

//! IAM: roles with their policies, and what a check of trust policies needs.
//!
//! Policies are kept and given back, and decide nothing here: what a caller may do is said by the
//! seed's `denied`.

mod attached;
mod inline;
mod policy;
mod role;

use serde_json::{Map, Value};

use crate::call::{Call, Operation};
use crate::services::sagemaker::answer;
use crate::state::Role;
use crate::state::World;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, Member, any_text, optional, text};

pub(crate) use policy::{aws_managed, first_version};
pub(crate) use role::DEFAULT_SESSION;

pub(crate) const OPERATIONS: &[&[Operation]] =
    &[role::OPERATIONS, policy::OPERATIONS, attached::OPERATIONS, inline::OPERATIONS];

/// Items in a page when `MaxItems` is absent.
const DEFAULT_PAGE: i64 = 100;
/// How many managed policies a role may have, unless the quota was raised.
const POLICIES_PER_ROLE: usize = 10;
/// Characters of a managed policy, white space not counted.
const POLICY_SIZE: usize = 6144;
/// Characters of all inline policies of a role together, white space not counted.
const INLINE_SIZE: usize = 10_240;

const ROLE_NAME: Kind = text(Pattern::IamName, 1, 64);
const POLICY_NAME: Kind = text(Pattern::IamName, 1, 128);
const POLICY_ARN: Kind = any_text(20, 2048);
const DOCUMENT: Kind = any_text(1, 131_072);
const PATH: Kind = any_text(1, 512);
const MARKER: Member = optional("Marker", any_text(1, 320));
const MAX_ITEMS: Member = optional("MaxItems", Kind::Integer { min: 1, max: 1000 });
const TAG: Kind = Kind::Structure(&[
    crate::wire::shape::required("Key", text(Pattern::IamTagText, 1, 128)),
    crate::wire::shape::required("Value", text(Pattern::IamTagValue, 0, 256)),
]);
const TAGS: Kind = Kind::List { item: &TAG, min: 0, max: 50 };

/// The key of the role that the call names. Names are unique whatever their case.
fn key(call: &Call) -> (String, String) {
    (call.caller.account.clone(), call.text("RoleName").to_lowercase())
}

fn role<'a>(world: &'a World, call: &Call) -> Result<&'a Role, ApiError> {
    world.roles.get(&key(call)).ok_or_else(|| no_such_role(call))
}

fn role_mut<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Role, ApiError> {
    world.roles.get_mut(&key(call)).ok_or_else(|| no_such_role(call))
}

fn no_such_role(call: &Call) -> ApiError {
    let name = call.text("RoleName");
    no_such_entity(format!("The role with name {name} cannot be found."))
}

fn no_such_entity(message: impl Into<String>) -> ApiError {
    ApiError::new(404, "NoSuchEntity", message)
}

fn limit_exceeded(message: impl Into<String>) -> ApiError {
    ApiError::new(409, "LimitExceeded", message)
}

/// The policy document of a call: JSON with statements.
fn document(call: &Call, member: &str) -> Result<Value, ApiError> {
    serde_json::from_str(call.text(member))
        .ok()
        .filter(|document: &Value| document.get("Statement").is_some())
        .ok_or_else(|| ApiError::new(400, "MalformedPolicyDocument", "Syntax errors in policy."))
}

/// Characters as IAM counts them.
fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// The page that was asked for of a list, whose items stand at ascending positions.
fn page(call: &Call, member: &str, mut items: Vec<(u64, Value)>) -> Outcome {
    let size = call.input.integer("MaxItems").unwrap_or(DEFAULT_PAGE);
    let after = match call.input.find_text("Marker") {
        None => None,
        Some(marker) => {
            let position = marker.parse::<u64>();
            Some(position.map_err(|_| ApiError::new(400, "ValidationError", "Invalid Marker."))?)
        }
    };
    items.sort_by_key(|(position, _)| *position);
    items.retain(|(position, _)| after.is_none_or(|after| *position > after));
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let truncated = items.len() > size;
    items.truncate(size);
    let marker = items.last().filter(|_| truncated).map(|(position, _)| position.to_string());
    let items: Vec<Value> = items.into_iter().map(|(_, item)| item).collect();
    let mut page: Map<String, Value> =
        answer([("IsTruncated", Some(truncated.into())), ("Marker", marker.map(Value::from))]);
    page.insert(member.to_owned(), items.into());
    Ok(page.into())
}

/// The moment as IAM writes it, without fractions of a second.
fn second(moment: jiff::Timestamp) -> Value {
    jiff::Timestamp::from_second(moment.as_second()).unwrap_or(moment).to_string().into()
}

/// Policy documents travel percent-encoded.
fn encoded(document: &str) -> Value {
    percent_encoding::utf8_percent_encode(document, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .into()
}

//! Tags of SageMaker resources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer;
use super::shapes::{TAG_KEY, TAGS, TOKEN};
use crate::call::{Call, Operation};
use crate::state::World;
use crate::wire::error::{ApiError, Outcome};
use crate::wire::pattern::Pattern;
use crate::wire::shape::{Kind, optional, required, text};

/// Tags a resource may have.
const MAX_TAGS: usize = 50;

const ARN: Kind = text(Pattern::SageMakerArn, 0, 256);

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "AddTags",
        members: &[required("ResourceArn", ARN), required("Tags", TAGS)],
        run: add,
    },
    Operation {
        name: "ListTags",
        members: &[
            required("ResourceArn", ARN),
            optional("NextToken", TOKEN),
            optional("MaxResults", Kind::Integer { min: 50, max: i64::MAX }),
        ],
        run: list,
    },
    Operation {
        name: "DeleteTags",
        members: &[
            required("ResourceArn", ARN),
            required("TagKeys", Kind::List { item: &TAG_KEY, min: 1, max: 50 }),
        ],
        run: delete,
    },
];

/// Adds tags to a resource, or overwrites those with the same key.
pub(crate) fn set(world: &mut World, arn: &str, tags: &[Value]) -> Result<(), ApiError> {
    let mut all = world.tags.get(arn).cloned().unwrap_or_default();
    for tag in tags {
        let part = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default();
        if part("Key").to_lowercase().starts_with("aws:") {
            return Err(ApiError::validation(format!(
                "Tag key '{}' is invalid: the prefix aws: is reserved.",
                part("Key")
            )));
        }
        all.insert(part("Key").to_owned(), part("Value").to_owned());
    }
    if all.len() > MAX_TAGS {
        return Err(ApiError::validation(format!(
            "A resource can have at most {MAX_TAGS} tags; [{arn}] would have {}.",
            all.len()
        )));
    }
    world.tags.insert(arn.to_owned(), all);
    Ok(())
}

/// The ARN as the simulator keys it, when the resource exists and is the caller's.
fn existing(world: &World, call: &Call) -> Result<String, ApiError> {
    let given = call.text("ResourceArn");
    // Names are not case-sensitive, and domain ids are lower-case anyway.
    let arn = given.to_lowercase();
    let mut parts = arn.split(':').skip(3);
    let here = parts.next() == Some(call.region.as_str())
        && parts.next() == Some(call.caller.account.as_str());
    if here && world.tags.contains_key(&arn) {
        return Ok(arn);
    }
    Err(ApiError::validation(format!("Resource [{given}] does not exist.")))
}

fn shown(tags: Option<&BTreeMap<String, String>>) -> Vec<Value> {
    tags.into_iter().flatten().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn add(world: &mut World, call: &Call) -> Outcome {
    let arn = existing(world, call)?;
    set(world, &arn, call.input.list("Tags"))?;
    Ok(json!({"Tags": shown(world.tags.get(&arn))}))
}

fn list(world: &mut World, call: &Call) -> Outcome {
    let arn = existing(world, call)?;
    let tags = shown(world.tags.get(&arn)).into_iter().zip(0..).map(|(tag, i)| ((0, i), tag));
    let (page, token) = call.page(tags.collect(), call.input.page_size(MAX_TAGS), &[&arn])?;
    Ok(answer([("Tags", Some(page.into())), ("NextToken", token.map(Value::from))]).into())
}

fn delete(world: &mut World, call: &Call) -> Outcome {
    let arn = existing(world, call)?;
    if let Some(tags) = world.tags.get_mut(&arn) {
        for key in call.input.list("TagKeys").iter().filter_map(Value::as_str) {
            tags.remove(key);
        }
    }
    Ok(json!({}))
}

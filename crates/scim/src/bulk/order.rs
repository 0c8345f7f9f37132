//! In which order operations are carried out, and what their references mean (RFC 7644 section
//! 3.7.1).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{BulkRequest, Operation};
use crate::error::ScimError;

/// What a reference to an operation begins with.
const REFERENCE: &str = "bulkId:";

/// Every operation, those first that others refer to, else in the order of the request. Operations
/// that refer to each other in a circle, or to nothing, become refusals.
pub(super) fn order(operations: &mut [Operation]) -> Vec<usize> {
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for (at, operation) in operations.iter_mut().enumerate() {
        let Some(bulk_id) = operation.bulk_id.clone() else { continue };
        if let Entry::Vacant(free) = named.entry(bulk_id) {
            free.insert(at);
        } else {
            let refusal = ScimError::invalid_value("another operation has this `bulkId`");
            operation.request = Err(refusal);
            operation.bulk_id = None;
        }
    }
    let mut waits_for: Vec<BTreeSet<usize>> = Vec::with_capacity(operations.len());
    for operation in operations.iter_mut() {
        waits_for.push(match prerequisites(operation, &named) {
            Ok(prerequisites) => prerequisites,
            Err(refusal) => {
                operation.request = Err(refusal);
                BTreeSet::new()
            }
        });
    }
    sorted(&waits_for, operations)
}

/// Operations that this one refers to.
fn prerequisites(
    operation: &Operation,
    named: &BTreeMap<String, usize>,
) -> Result<BTreeSet<usize>, ScimError> {
    let Ok(request) = &operation.request else { return Ok(BTreeSet::new()) };
    let mut references = BTreeSet::new();
    references.extend(request.id.as_deref().and_then(reference));
    collect(&request.data, &mut references);
    references
        .into_iter()
        .map(|bulk_id| {
            let known = named.get(bulk_id).copied();
            known.ok_or_else(|| ScimError::invalid_value("a `bulkId:` refers to no operation"))
        })
        .collect()
}

fn sorted(waits_for: &[BTreeSet<usize>], operations: &mut [Operation]) -> Vec<usize> {
    let mut dependents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut open: BTreeMap<usize, usize> = BTreeMap::new();
    let mut ready = BTreeSet::new();
    for (at, prerequisites) in waits_for.iter().enumerate() {
        for prerequisite in prerequisites {
            dependents.entry(*prerequisite).or_default().push(at);
        }
        if prerequisites.is_empty() {
            ready.insert(at);
        } else {
            open.insert(at, prerequisites.len());
        }
    }
    let mut order = Vec::with_capacity(waits_for.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for dependent in dependents.remove(&at).unwrap_or_default() {
            let Some(left) = open.get_mut(&dependent) else { continue };
            *left -= 1;
            if *left == 0 {
                open.remove(&dependent);
                ready.insert(dependent);
            }
        }
    }
    for at in open.into_keys() {
        if let Some(operation) = operations.get_mut(at) {
            let detail = "operations refer to each other in a circle";
            operation.request = Err(ScimError::new(409, None, detail));
        }
        order.push(at);
    }
    order
}

fn reference(text: &str) -> Option<&str> {
    text.strip_prefix(REFERENCE)
}

fn collect<'a>(value: &'a Value, references: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => references.extend(reference(text)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        Value::Object(object) => object.values().for_each(|value| collect(value, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts ids in the place of references.
pub(super) fn resolve(
    mut request: BulkRequest,
    ids: &BTreeMap<String, String>,
) -> Result<BulkRequest, ScimError> {
    if let Some(id) = &mut request.id {
        replace(id, ids)?;
    }
    replace_all(&mut request.data, ids)?;
    Ok(request)
}

fn replace_all(value: &mut Value, ids: &BTreeMap<String, String>) -> Result<(), ScimError> {
    match value {
        Value::String(text) => replace(text, ids),
        Value::Array(values) => values.iter_mut().try_for_each(|value| replace_all(value, ids)),
        Value::Object(object) => object.values_mut().try_for_each(|value| replace_all(value, ids)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn replace(text: &mut String, ids: &BTreeMap<String, String>) -> Result<(), ScimError> {
    let Some(bulk_id) = reference(text) else { return Ok(()) };
    let id = ids.get(bulk_id).ok_or_else(|| {
        ScimError::new(409, None, "an operation that this one refers to was not carried out")
    })?;
    *text = id.clone();
    Ok(())
}

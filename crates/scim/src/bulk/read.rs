//! From the body of a Bulk request to operations (RFC 7644 section 3.7).

use serde_json::{Map, Value};

use super::{Bulk, BulkMethod, BulkRequest, Operation};
use crate::bounds::{MAX_BULK_OPERATIONS, MAX_ID_CHARS};
use crate::error::ScimError;
use crate::resource::{ResourceKind, parse_json};

const REQUEST_URN: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

pub(super) fn bulk(body: &[u8]) -> Result<Bulk, ScimError> {
    let Value::Object(body) = parse_json(body)? else {
        return Err(ScimError::invalid_syntax("the body is not a JSON object"));
    };
    let (mut schemas, mut operations, mut fail_on_errors) = (None, None, None);
    for (name, value) in body {
        match name.to_ascii_lowercase().as_str() {
            "schemas" => schemas = Some(value),
            "operations" => operations = Some(value),
            "failonerrors" if !value.is_null() => fail_on_errors = Some(value),
            _ => {}
        }
    }
    let is_ours =
        |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(REQUEST_URN));
    let urns = schemas.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if !urns.iter().any(is_ours) {
        return Err(ScimError::invalid_syntax(format!("`schemas` must name {REQUEST_URN}")));
    }
    let Some(Value::Array(operations)) = operations else {
        return Err(ScimError::invalid_syntax("`Operations` must list operations"));
    };
    if operations.len() > MAX_BULK_OPERATIONS {
        let detail = format!("a request may have {MAX_BULK_OPERATIONS} operations");
        return Err(ScimError::too_large(detail));
    }
    let fail_on_errors = match fail_on_errors {
        None => None,
        Some(value) => {
            let number = value.as_u64().filter(|number| *number > 0);
            let number = number.and_then(|number| usize::try_from(number).ok());
            let detail = "`failOnErrors` must be a number from 1";
            Some(number.ok_or_else(|| ScimError::invalid_value(detail))?)
        }
    };
    Ok(Bulk { operations: operations.into_iter().map(operation).collect(), fail_on_errors })
}

fn operation(value: Value) -> Operation {
    let Value::Object(given) = value else {
        let refusal = ScimError::invalid_syntax("an operation is not an object");
        return Operation { method_name: String::new(), bulk_id: None, request: Err(refusal) };
    };
    let mut parts: Map<String, Value> =
        given.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let mut text = |name: &str| match parts.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let method_name = text("method").unwrap_or_default();
    let bulk_id = text("bulkid").filter(|id| !id.is_empty());
    let (path, version) = (text("path").unwrap_or_default(), text("version"));
    let data = parts.remove("data").unwrap_or(Value::Null);
    let request = request(&method_name, &path, version.as_deref(), bulk_id.as_deref(), data);
    Operation { method_name: method_name.chars().take(16).collect(), bulk_id, request }
}

fn request(
    method: &str,
    path: &str,
    version: Option<&str>,
    bulk_id: Option<&str>,
    data: Value,
) -> Result<BulkRequest, ScimError> {
    let method = BulkMethod::named(method)
        .ok_or_else(|| ScimError::invalid_syntax("`method` must be POST, PUT, PATCH or DELETE"))?;
    let (kind, id) = resource(path).ok_or_else(|| {
        ScimError::invalid_path("`path` must be /Users or /Groups, and an id unless it is a POST")
    })?;
    if bulk_id.is_some_and(|id| id.chars().count() > MAX_ID_CHARS) {
        let detail = format!("a `bulkId` may have {MAX_ID_CHARS} characters");
        return Err(ScimError::invalid_value(detail));
    }
    match (method, &id) {
        (BulkMethod::Post, None) if bulk_id.is_none() => {
            return Err(ScimError::invalid_value("a POST needs a `bulkId`"));
        }
        (BulkMethod::Post, Some(_)) => {
            return Err(ScimError::invalid_path("a POST names no resource"));
        }
        (BulkMethod::Put | BulkMethod::Patch | BulkMethod::Delete, None) => {
            return Err(ScimError::invalid_path("`path` must name a resource"));
        }
        _ => {}
    }
    if method != BulkMethod::Delete && !data.is_object() {
        return Err(ScimError::invalid_syntax("`data` must be an object"));
    }
    let version = version.map(str::parse).transpose()?;
    let data = if method == BulkMethod::Delete { Value::Null } else { data };
    Ok(BulkRequest { method, kind, id, version, data })
}

impl BulkMethod {
    fn named(name: &str) -> Option<Self> {
        [Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(name))
    }
}

/// What a path names, which may begin with the address of the server or with a slash.
fn resource(path: &str) -> Option<(ResourceKind, Option<String>)> {
    let path = path.strip_prefix('/')?;
    let (endpoint, id) = match path.split_once('/') {
        None => (path, None),
        Some((endpoint, id)) => (endpoint, Some(id)),
    };
    let kind = ResourceKind::from_endpoint(endpoint)?;
    let is_good =
        |id: &str| !id.is_empty() && !id.contains('/') && id.chars().count() <= 2 * MAX_ID_CHARS;
    match id {
        None => Some((kind, None)),
        Some(id) if is_good(id) => Some((kind, Some(id.to_owned()))),
        Some(_) => None,
    }
}

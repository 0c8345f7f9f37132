//! Discovery documents (RFC 7643 sections 5 to 7; RFC 7644 section 4; RFC 9865 section 4).

use serde_json::{Map, Value, json};

use crate::bounds::{DEFAULT_COUNT, MAX_BODY_BYTES, MAX_BULK_OPERATIONS, MAX_COUNT};
use crate::error::ScimError;
use crate::list::whole;
use crate::resource::ResourceKind;
use crate::schema::{
    Attribute, AttributeKind, ENTERPRISE_USER, GROUP, RESOURCE_TYPE, SCHEMA,
    SERVICE_PROVIDER_CONFIG, Schema, USER,
};

/// Every schema that is served.
const SCHEMAS: [&Schema; 6] =
    [&USER, &ENTERPRISE_USER, &GROUP, &SERVICE_PROVIDER_CONFIG, &RESOURCE_TYPE, &SCHEMA];

/// `GET /ServiceProviderConfig`.
pub fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": [SERVICE_PROVIDER_CONFIG.urn],
        "patch": { "supported": true },
        "bulk": {
            "supported": true,
            "maxOperations": MAX_BULK_OPERATIONS,
            "maxPayloadSize": MAX_BODY_BYTES,
        },
        "filter": { "supported": true, "maxResults": MAX_COUNT },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MAX_COUNT,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token in the Authorization header, made by an admin.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

/// `GET /ResourceTypes`.
pub fn resource_types(base: &str) -> Value {
    whole(&ResourceKind::ALL.map(|kind| type_of(base, kind)))
}

/// `GET /ResourceTypes/{name}`.
pub fn resource_type(base: &str, name: &str) -> Option<Value> {
    let kind = ResourceKind::ALL.into_iter().find(|kind| kind.name() == name)?;
    Some(type_of(base, kind))
}

fn type_of(base: &str, kind: ResourceKind) -> Value {
    let extensions: Vec<Value> = kind
        .extensions()
        .iter()
        .map(|schema| json!({ "schema": schema.urn, "required": false }))
        .collect();
    let mut document = json!({
        "schemas": [RESOURCE_TYPE.urn],
        "id": kind.name(),
        "name": kind.name(),
        "description": kind.core().description,
        "endpoint": format!("/{}", kind.endpoint()),
        "schema": kind.core().urn,
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/{}", kind.name()),
        },
    });
    if let Some(object) = document.as_object_mut().filter(|_| !extensions.is_empty()) {
        object.insert("schemaExtensions".to_owned(), Value::Array(extensions));
    }
    document
}

/// `GET /Schemas`.
pub fn schemas(base: &str) -> Value {
    whole(&SCHEMAS.iter().map(|schema| schema_of(base, schema)).collect::<Vec<_>>())
}

/// `GET /Schemas/{urn}`.
pub fn schema(base: &str, urn: &str) -> Option<Value> {
    let schema = SCHEMAS.into_iter().find(|schema| schema.urn.eq_ignore_ascii_case(urn))?;
    Some(schema_of(base, schema))
}

fn schema_of(base: &str, schema: &Schema) -> Value {
    json!({
        "schemas": [SCHEMA.urn],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": schema.attributes.iter().map(attribute).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.urn) },
    })
}

fn attribute(attribute: &Attribute) -> Value {
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
    set("name", json!(attribute.name));
    set("type", json!(attribute.kind.name()));
    set("multiValued", json!(attribute.multi_valued));
    set("description", json!(attribute.description));
    set("required", json!(attribute.required));
    set("caseExact", json!(attribute.case_exact));
    set("mutability", json!(attribute.mutability.name()));
    set("returned", json!(attribute.returned.name()));
    set("uniqueness", json!(attribute.uniqueness.name()));
    if !attribute.canonical_values.is_empty() {
        set("canonicalValues", json!(attribute.canonical_values));
    }
    if !attribute.reference_types.is_empty() {
        set("referenceTypes", json!(attribute.reference_types));
    }
    if attribute.kind == AttributeKind::Complex {
        let parts = attribute.sub_attributes.iter().map(self::attribute).collect();
        set("subAttributes", Value::Array(parts));
    }
    Value::Object(object)
}

/// Refuses a filter at these endpoints (RFC 7644 section 4).
///
/// # Errors
/// 403 if the query of the URL has a filter.
pub fn refuse_filter(query: &str) -> Result<(), ScimError> {
    let is_filter = |pair: &str| {
        pair.split_once('=').map_or(pair, |(name, _)| name).eq_ignore_ascii_case("filter")
    };
    if query.split('&').any(is_filter) {
        return Err(ScimError::forbidden("there is no filtering here"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

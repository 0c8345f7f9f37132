//! What all tests of clients share.

use serde_json::{Value, json};

use scim::{Filter, Patch, Patched, Resource, ResourceKind, ScimError};

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub(crate) fn user(body: &Value) -> Resource {
    Resource::parse(ResourceKind::User, body.to_string().as_bytes()).unwrap().resource
}

pub(crate) fn group(body: &Value) -> Resource {
    Resource::parse(ResourceKind::Group, body.to_string().as_bytes()).unwrap().resource
}

pub(crate) fn read_patch(kind: ResourceKind, operations: &Value) -> Result<Patch, ScimError> {
    let body = json!({ "schemas": [PATCH], "Operations": operations });
    Patch::parse(kind, body.to_string().as_bytes())
}

#[track_caller]
pub(crate) fn patched(resource: Resource, operations: &Value) -> Resource {
    let patch = read_patch(resource.kind(), operations).unwrap();
    let Patched { resource, .. } = patch.apply(resource).unwrap();
    resource
}

pub(crate) fn stored(resource: &Resource) -> Value {
    serde_json::from_str(&resource.to_stored()).unwrap()
}

#[track_caller]
pub(crate) fn finds(filter: &str, resource: &Resource) -> bool {
    Filter::parse(resource.kind(), filter).unwrap().matches(resource)
}

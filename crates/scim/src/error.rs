//! What a client is told when a request is refused (RFC 7644 section 3.12; RFC 9865 section 2.1 for
//! cursors).

use serde_json::{Map, Value, json};

use crate::resource::ResourceKind;

const ERROR_URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A refusal: the HTTP status, the detail code of RFC 7644 table 9 if there is one, and a sentence
/// for a person. The sentence never holds a secret or a whole value of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// HTTP status, 400 to 599.
    pub status: u16,
    /// The code that clients act on.
    pub scim_type: Option<ScimType>,
    /// What was wrong, for people.
    pub detail: String,
}

/// Detail codes of RFC 7644 table 9 and of RFC 9865.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScimType {
    /// The filter does not follow the grammar, or compares what cannot be compared.
    InvalidFilter,
    /// More was asked for than is served at once.
    TooMany,
    /// Another resource has this value.
    Uniqueness,
    /// A read-only or immutable attribute would change, or a required one would go.
    Mutability,
    /// The body is not JSON, or not the message that belongs here.
    InvalidSyntax,
    /// The path of a PATCH operation is malformed or names nothing known.
    InvalidPath,
    /// The path names nothing that could be operated on.
    NoTarget,
    /// A value is missing, or not one that the attribute can have.
    InvalidValue,
    /// The version of the protocol is not served.
    InvalidVers,
    /// Something that must not stand in a URL.
    Sensitive,
    /// The cursor is none of ours, or belongs to another query.
    InvalidCursor,
    /// The cursor is too old.
    ExpiredCursor,
}

impl ScimType {
    /// Every code.
    pub const ALL: [Self; 12] = [
        Self::InvalidFilter,
        Self::TooMany,
        Self::Uniqueness,
        Self::Mutability,
        Self::InvalidSyntax,
        Self::InvalidPath,
        Self::NoTarget,
        Self::InvalidValue,
        Self::InvalidVers,
        Self::Sensitive,
        Self::InvalidCursor,
        Self::ExpiredCursor,
    ];

    /// The code as it stands in the body.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
        }
    }
}

impl ScimError {
    /// Any refusal.
    pub fn new(status: u16, scim_type: Option<ScimType>, detail: impl Into<String>) -> Self {
        Self { status, scim_type, detail: detail.into() }
    }

    fn bad_request(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self::new(400, Some(scim_type), detail)
    }

    /// 400: a filter that cannot be understood or compared.
    pub fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidFilter, detail)
    }

    /// 400: a body that is not what belongs here.
    pub fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidSyntax, detail)
    }

    /// 400: a path that names nothing known.
    pub fn invalid_path(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidPath, detail)
    }

    /// 400: a path with nothing there to operate on.
    pub fn no_target(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::NoTarget, detail)
    }

    /// 400: a value that is missing or will not do.
    pub fn invalid_value(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::InvalidValue, detail)
    }

    /// 400: something that must not change would.
    pub fn mutability(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::Mutability, detail)
    }

    /// 400: more than is served at once.
    pub fn too_many(detail: impl Into<String>) -> Self {
        Self::bad_request(ScimType::TooMany, detail)
    }

    /// 400: a cursor that is none of ours.
    pub fn invalid_cursor() -> Self {
        let detail =
            "the cursor is not one that this query was given; begin again with an empty one";
        Self::bad_request(ScimType::InvalidCursor, detail)
    }

    /// 409: another resource has this value.
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self::new(409, Some(ScimType::Uniqueness), detail)
    }

    /// 401: no token, or none that is good.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(401, None, detail)
    }

    /// 403: the token may not do this, or nobody may.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(403, None, detail)
    }

    /// 404: there is no such resource.
    pub fn not_found(kind: ResourceKind, id: &str) -> Self {
        let id: String = id.chars().take(crate::bounds::MAX_ID_CHARS).collect();
        Self::new(404, None, format!("there is no {} with the id \"{id}\"", kind.name()))
    }

    /// 412: somebody else changed it meanwhile.
    pub fn precondition_failed() -> Self {
        Self::new(412, None, "the resource has another version by now; read it again")
    }

    /// 413: longer than is read.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(413, None, detail)
    }

    /// 429: too many requests in this time.
    pub fn too_many_requests(detail: impl Into<String>) -> Self {
        Self::new(429, None, detail)
    }

    /// 500: our own fault.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(500, None, detail)
    }

    /// The body of the answer.
    pub fn to_value(&self) -> Value {
        let mut body = Map::new();
        body.insert("schemas".to_owned(), json!([ERROR_URN]));
        body.insert("status".to_owned(), Value::String(self.status.to_string()));
        if let Some(scim_type) = self.scim_type {
            body.insert("scimType".to_owned(), Value::String(scim_type.name().to_owned()));
        }
        body.insert("detail".to_owned(), Value::String(self.detail.clone()));
        Value::Object(body)
    }

    /// The body of the answer as text.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_the_message_of_the_rfc() {
        let error = ScimError::uniqueness("another user has this userName");
        assert_eq!(
            error.to_value(),
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": "409",
                "scimType": "uniqueness",
                "detail": "another user has this userName",
            })
        );
        let plain = ScimError::not_found(ResourceKind::Group, "g1");
        assert_eq!(
            plain.to_json(),
            r#"{"detail":"there is no Group with the id \"g1\"","schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}"#
        );
    }

    #[test]
    fn an_id_in_an_error_is_cut() {
        let error = ScimError::not_found(ResourceKind::User, &"x".repeat(10_000));
        assert!(error.detail.len() < 200, "{}", error.detail.len());
    }

    #[test]
    fn every_code_is_spelled_as_the_rfcs_spell_it() {
        assert_eq!(
            ScimType::ALL.map(ScimType::name).join(" "),
            "invalidFilter tooMany uniqueness mutability invalidSyntax invalidPath noTarget \
             invalidValue invalidVers sensitive invalidCursor expiredCursor"
        );
    }

    #[test]
    fn statuses_are_those_of_the_rfc() {
        let statuses = [
            ScimError::invalid_filter(""),
            ScimError::invalid_cursor(),
            ScimError::unauthorized(""),
            ScimError::forbidden(""),
            ScimError::precondition_failed(),
            ScimError::too_large(""),
            ScimError::too_many_requests(""),
            ScimError::internal(""),
        ]
        .map(|error| error.status);
        assert_eq!(statuses, [400, 400, 401, 403, 412, 413, 429, 500]);
    }
}

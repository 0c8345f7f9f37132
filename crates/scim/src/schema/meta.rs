//! The schemas of the discovery documents themselves (RFC 7643 sections 5, 6 and 7; RFC 9865
//! section 4 for `pagination`).

use super::{Attribute, Schema};

const fn flag(name: &'static str, description: &'static str) -> Attribute {
    Attribute::boolean(name, description).required().read_only()
}

const fn count(name: &'static str, description: &'static str) -> Attribute {
    Attribute::integer(name, description).required().read_only()
}

const fn part(
    name: &'static str,
    sub: &'static [Attribute],
    description: &'static str,
) -> Attribute {
    Attribute::complex(name, sub, description).required().read_only()
}

const fn exact(name: &'static str, description: &'static str) -> Attribute {
    Attribute::string(name, description).exact().read_only()
}

/// What this server can do.
pub static SERVICE_PROVIDER_CONFIG: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
    name: "ServiceProviderConfig",
    description: "What this server can do.",
    attributes: &[
        Attribute::reference("documentationUri", &["external"], "Help for people.").read_only(),
        part("patch", SUPPORTED, "PATCH."),
        part("bulk", BULK, "Bulk."),
        part("filter", FILTER, "Filters."),
        part("changePassword", SUPPORTED, "Changing passwords."),
        part("sort", SUPPORTED, "Sorting."),
        part("etag", SUPPORTED, "Entity tags."),
        Attribute::complex("pagination", PAGINATION, "Paging.").read_only(),
        part("authenticationSchemes", SCHEMES, "How clients say who they are.").many(),
    ],
};

const SUPPORTED: &[Attribute] = &[flag("supported", "Whether it is served.")];

const BULK: &[Attribute] = &[
    flag("supported", "Whether it is served."),
    count("maxOperations", "Most operations in one request."),
    count("maxPayloadSize", "Longest request, in bytes."),
];

const FILTER: &[Attribute] = &[
    flag("supported", "Whether they are served."),
    count("maxResults", "Most resources in one answer."),
];

const PAGINATION: &[Attribute] = &[
    flag("cursor", "Whether by cursor."),
    flag("index", "Whether by index."),
    exact("defaultPaginationMethod", "Which, if the client does not say.")
        .usual(&["cursor", "index"]),
    Attribute::integer("defaultPageSize", "Resources on a page.").read_only(),
    Attribute::integer("maxPageSize", "Most resources on a page.").read_only(),
    Attribute::integer("cursorTimeout", "How long a cursor lives, in seconds.").read_only(),
];

const SCHEMES: &[Attribute] = &[
    exact("type", "The kind of scheme.").required().usual(&[
        "oauth",
        "oauth2",
        "oauthbearertoken",
        "httpbasic",
        "httpdigest",
    ]),
    exact("name", "Its name.").required(),
    exact("description", "What it is.").required(),
    Attribute::reference("specUri", &["external"], "Its specification.").read_only(),
    Attribute::reference("documentationUri", &["external"], "Help for people.").read_only(),
    Attribute::boolean("primary", "Whether it is the preferred one.").read_only(),
];

/// What is served at an endpoint.
pub static RESOURCE_TYPE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
    name: "ResourceType",
    description: "What is served at an endpoint.",
    attributes: &[
        exact("id", "Its id."),
        exact("name", "Its name.").required(),
        exact("description", "What it is."),
        Attribute::reference("endpoint", &["uri"], "Where it is served.").required().read_only(),
        Attribute::reference("schema", &["uri"], "Its schema.").required().read_only(),
        Attribute::complex("schemaExtensions", EXTENSIONS, "Schemas that may be added.")
            .many()
            .read_only(),
    ],
};

const EXTENSIONS: &[Attribute] = &[
    Attribute::reference("schema", &["uri"], "The URN.").required().read_only(),
    flag("required", "Whether every resource has it."),
];

/// A schema.
pub static SCHEMA: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Schema",
    name: "Schema",
    description: "A schema.",
    attributes: &[
        exact("id", "The URN.").required(),
        exact("name", "Its name.").required(),
        exact("description", "What it describes."),
        part("attributes", ATTRIBUTES, "Its attributes.").many(),
    ],
};

const ATTRIBUTES: &[Attribute] = &[
    exact("name", "The name.").required(),
    exact("type", "What a value is.").required().usual(TYPES),
    flag("multiValued", "Whether there are several values."),
    exact("description", "What it means."),
    flag("required", "Whether a resource must have it."),
    exact("canonicalValues", "Usual values.").many(),
    Attribute::boolean("caseExact", "Whether case tells values apart.").read_only(),
    exact("mutability", "Who may change it.").required().usual(MUTABILITIES),
    exact("returned", "When it is returned.").required().usual(RETURNED),
    exact("uniqueness", "Whether two may be the same.").required().usual(UNIQUENESS),
    exact("referenceTypes", "What a reference points to.").many(),
    Attribute::complex("subAttributes", SUB_ATTRIBUTES, "The parts.").many().read_only(),
];

const SUB_ATTRIBUTES: &[Attribute] = &[
    exact("name", "The name.").required(),
    exact("type", "What a value is.").required().usual(TYPES),
    flag("multiValued", "Whether there are several values."),
    exact("description", "What it means."),
    flag("required", "Whether a resource must have it."),
    exact("canonicalValues", "Usual values.").many(),
    Attribute::boolean("caseExact", "Whether case tells values apart.").read_only(),
    exact("mutability", "Who may change it.").required().usual(MUTABILITIES),
    exact("returned", "When it is returned.").required().usual(RETURNED),
    exact("uniqueness", "Whether two may be the same.").required().usual(UNIQUENESS),
    exact("referenceTypes", "What a reference points to.").many(),
];

const TYPES: &[&str] =
    &["string", "complex", "boolean", "decimal", "integer", "dateTime", "reference", "binary"];
const MUTABILITIES: &[&str] = &["readOnly", "readWrite", "immutable", "writeOnly"];
const RETURNED: &[&str] = &["always", "never", "default", "request"];
const UNIQUENESS: &[&str] = &["none", "server", "global"];

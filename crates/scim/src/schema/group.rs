//! The Group schema (RFC 7643 section 4.2).

use super::{Attribute, Mutability, Schema};

/// A group of people and of groups.
pub static GROUP: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "A group of people.",
    attributes: &[
        Attribute::string("displayName", "The name of the group.").required().unique(),
        Attribute::complex("members", MEMBERS, "Who is in the group.").many(),
    ],
};

const MEMBERS: &[Attribute] = &[
    Attribute::string("value", "The id of the member.").exact().mutability(Mutability::Immutable),
    Attribute::reference("$ref", &["User", "Group"], "The URI of the member.")
        .mutability(Mutability::Immutable),
    Attribute::string("type", "What the member is.")
        .usual(&["User", "Group"])
        .mutability(Mutability::Immutable),
    Attribute::string("display", "The name of the member.").read_only(),
];

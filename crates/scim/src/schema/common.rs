//! What every resource has (RFC 7643 sections 3 and 3.1). `/Schemas` does not print these.

use super::{Attribute, Returned};

/// `schemas`, `id`, `externalId` and `meta`.
pub const COMMON: &[Attribute] = &[
    Attribute::reference("schemas", &["uri"], "URNs of the schemas that the resource follows.")
        .many()
        .read_only()
        .returned(Returned::Always),
    Attribute::string("id", "The id that this server gave; it never changes.")
        .exact()
        .read_only()
        .returned(Returned::Always),
    Attribute::string("externalId", "The id that the client gave.").exact(),
    Attribute::complex("meta", META, "Facts about the resource itself.").read_only(),
];

const META: &[Attribute] = &[
    Attribute::string("resourceType", "The name of the resource type.").exact().read_only(),
    Attribute::date_time("created", "When it was added.").read_only(),
    Attribute::date_time("lastModified", "When it was changed last.").read_only(),
    Attribute::reference("location", &["uri"], "Its URI.").read_only(),
    Attribute::string("version", "Its weak entity tag.").exact().read_only(),
];

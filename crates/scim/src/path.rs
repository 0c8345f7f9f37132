//! Names of attributes as clients write them (RFC 7644 section 3.10): plain, dotted, behind the URN
//! of a schema, in any case. Entra ID puts a full stop between URN and name as well as a colon.

use crate::bounds::MAX_PATH_BYTES;
use crate::resource::ResourceKind;
use crate::schema::{Attribute, Schema};
use crate::text;

/// An attribute or a sub-attribute of one kind of resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// The extension that it belongs to; none for the core schema and common attributes.
    pub(crate) extension: Option<&'static Schema>,
    /// The attribute.
    pub(crate) attribute: &'static Attribute,
    /// The part of it.
    pub(crate) sub: Option<&'static Attribute>,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named {
    /// An attribute.
    Field(Field),
    /// A whole extension.
    Extension(&'static Schema),
    /// Something of a schema that is not ours.
    Foreign,
}

impl Field {
    /// What decides how the value is compared and validated.
    pub(crate) fn last(&self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }
}

/// What a name stands for, or `None` if the schemas of this kind know nothing of it.
pub(crate) fn named(kind: ResourceKind, name: &str) -> Option<Named> {
    if name.len() > MAX_PATH_BYTES {
        return None;
    }
    for schema in kind.extensions() {
        match below(schema, name) {
            Some("") => return Some(Named::Extension(schema)),
            Some(rest) => return field(rest, Some(schema), |name| schema.attribute(name)),
            None => {}
        }
    }
    if let Some(rest) = below(kind.core(), name) {
        return field(rest, None, |name| kind.attribute(name));
    }
    if is_foreign(name) {
        return Some(Named::Foreign);
    }
    field(name, None, |name| kind.attribute(name))
}

/// Whether this is the URN of a schema, or a name below one.
fn is_foreign(name: &str) -> bool {
    ["urn:", "http:", "https:"].iter().any(|scheme| text::strip_prefix(name, scheme).is_some())
}

/// What stands after the schema's URN: nothing, or a name; `None` if the URN is another.
fn below<'a>(schema: &Schema, name: &'a str) -> Option<&'a str> {
    let rest = text::strip_prefix(name, schema.urn)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let rest = rest.strip_prefix([':', '.'])?;
    (!rest.is_empty()).then_some(rest)
}

fn field(
    name: &str,
    extension: Option<&'static Schema>,
    find: impl Fn(&str) -> Option<&'static Attribute>,
) -> Option<Named> {
    let (name, part) = match name.split_once('.') {
        Some((name, part)) => (name, Some(part)),
        None => (name, None),
    };
    let attribute = find(name)?;
    let sub = match part {
        Some(part) => Some(attribute.sub_attribute(part)?),
        None => None,
    };
    Some(Named::Field(Field { extension, attribute, sub }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    fn read(kind: ResourceKind, name: &str) -> String {
        match named(kind, name) {
            None => "unknown".to_owned(),
            Some(Named::Foreign) => "foreign".to_owned(),
            Some(Named::Extension(schema)) => format!("all of {}", schema.name),
            Some(Named::Field(field)) => {
                let schema = field.extension.map_or("", |schema| schema.name);
                let sub = field.sub.map_or("", |sub| sub.name);
                format!("{schema}/{}/{sub}", field.attribute.name)
            }
        }
    }

    #[test]
    fn names_are_read_in_every_spelling() {
        let user = |name: &str| read(ResourceKind::User, name);
        assert_eq!(user("userName"), "/userName/");
        assert_eq!(user("USERNAME"), "/userName/");
        assert_eq!(user("Name.GivenName"), "/name/givenName");
        assert_eq!(user("emails.$ref"), "unknown");
        assert_eq!(user("meta.lastmodified"), "/meta/lastModified");
        assert_eq!(user("urn:ietf:params:scim:schemas:core:2.0:User:userName"), "/userName/");
        assert_eq!(user("URN:IETF:PARAMS:SCIM:SCHEMAS:CORE:2.0:USER:ID"), "/id/");
        assert_eq!(user(&format!("{ENTERPRISE}:manager")), "EnterpriseUser/manager/");
        assert_eq!(user(&format!("{ENTERPRISE}.manager")), "EnterpriseUser/manager/");
        assert_eq!(user(&format!("{ENTERPRISE}:manager.value")), "EnterpriseUser/manager/value");
        assert_eq!(user(ENTERPRISE), "all of EnterpriseUser");
        assert_eq!(read(ResourceKind::Group, "members.$REF"), "/members/$ref");
    }

    #[test]
    fn what_is_not_known_is_told_from_what_is_somebody_elses() {
        let user = |name: &str| read(ResourceKind::User, name);
        for name in ["", ".", "shoeSize", "name.", "name.shoe", "name.givenName.x", "members"] {
            assert_eq!(user(name), "unknown", "{name}");
        }
        assert_eq!(user("urn:ietf:params:scim:schemas:core:2.0:User"), "unknown");
        assert_eq!(user(&format!("{ENTERPRISE}:")), "foreign");
        assert_eq!(user(&format!("{ENTERPRISE}:shoeSize")), "unknown");
        assert_eq!(user(&format!("{ENTERPRISE}s:manager")), "foreign");
        assert_eq!(user("urn:example:ext:2.0:User:badge"), "foreign");
        assert_eq!(user("http://schemas.microsoft.com/2006/11/x"), "foreign");
        assert_eq!(user(&"a".repeat(MAX_PATH_BYTES + 1)), "unknown");
        assert_eq!(read(ResourceKind::Group, "userName"), "unknown");
    }
}

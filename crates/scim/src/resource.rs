//! Users and groups (RFC 7643 sections 2 to 4; RFC 7644 sections 3.3 and 3.5.1 for what a client may
//! send).
//!
//! A [`Resource`] is a JSON object in which every attribute has the spelling and the type of its
//! schema, so that nothing that reads it needs the schema again. What a client sends of attributes
//! and schemas that are not served is ignored, as is what is read-only. A password is accepted,
//! checked to be text, and thrown away. The members of a group are no part of it: they are a list of
//! their own ([`Received::members`]), so that a group of any size stays small.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use crate::bounds::{MAX_BODY_BYTES, MAX_JSON_COMMAS, MAX_JSON_OBJECTS, MAX_RESOURCE_BYTES};
use crate::error::ScimError;
use crate::etag::Version;
use crate::filter::IndexedAttribute;
use crate::path::{Field, Named, named};
use crate::projection::Projection;
use crate::schema::{Attribute, ENTERPRISE_USER, Mutability, Returned, Schema};
use crate::text::fold;
use crate::value;

/// What kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// A person.
    User,
    /// A group of people.
    Group,
}

/// A user or a group, valid by its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub(crate) kind: ResourceKind,
    pub(crate) body: Map<String, Value>,
}

/// What a client sent to be created or to replace what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The resource, without id, meta and members.
    pub resource: Resource,
    /// The members of a group, each once, in the order of the request; empty for a user.
    pub members: Vec<Member>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The id of the resource.
    pub id: String,
    /// What it is, if that is known. A client's word for it proves nothing.
    pub kind: Option<ResourceKind>,
    /// What to show.
    pub display: Option<String>,
}

/// A group that a person is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupOf {
    /// The id of the group.
    pub id: String,
    /// The name of the group.
    pub display: Option<String>,
}

/// An e-mail address of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Email<'a> {
    /// The address.
    pub value: &'a str,
    /// What it is for, such as `work`.
    pub kind: Option<&'a str>,
    /// Whether it is the preferred one.
    pub primary: bool,
}

/// What the server knows of a resource and the client may not say.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The id that the server gave.
    pub id: &'a str,
    /// When it was created.
    pub created: Timestamp,
    /// When it was changed last.
    pub last_modified: Timestamp,
    /// Its version.
    pub version: Version,
    /// Where the server is reached, such as `https://example.org/scim/v2`.
    pub base: &'a str,
}

impl ResourceKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// The name of the resource type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The last part of the endpoint's path.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The kind that is served there.
    pub fn from_endpoint(endpoint: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.endpoint() == endpoint)
    }

    /// The kind of this name, in any case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// Where a resource is found.
pub fn location(base: &str, kind: ResourceKind, id: &str) -> String {
    format!("{base}/{}/{id}", kind.endpoint())
}

impl Resource {
    /// Reads what a client sent to create a resource or to replace one.
    ///
    /// # Errors
    /// `invalidSyntax` if it is not JSON, not of this schema, or has an attribute twice;
    /// `invalidValue` if a required attribute is missing or a value is not what the schema says;
    /// `tooMany` and 413 beyond the bounds.
    pub fn parse(kind: ResourceKind, body: &[u8]) -> Result<Received, ScimError> {
        Self::from_client(kind, parse_json(body)?)
    }

    /// The same for what is JSON already, as the data of a Bulk operation is.
    ///
    /// # Errors
    /// As for [`Resource::parse`].
    pub fn from_client(kind: ResourceKind, value: Value) -> Result<Received, ScimError> {
        let Value::Object(given) = value else {
            return Err(ScimError::invalid_syntax("the body is not a JSON object"));
        };
        let mut reading = Reading::new(kind);
        for (name, value) in given {
            reading.take(&name, value)?;
        }
        reading.finish()
    }

    /// Reads what [`Resource::to_stored`] wrote. It is not validated again.
    ///
    /// # Errors
    /// 500 if it is not a JSON object: somebody else wrote there.
    pub fn from_stored(kind: ResourceKind, json: &str) -> Result<Self, ScimError> {
        let body = serde_json::from_str(json)
            .map_err(|_| ScimError::internal("a stored resource is not a JSON object"))?;
        Ok(Self { kind, body })
    }

    /// One of which nothing is known yet: for what the server gives, to be shown with what was kept.
    pub fn unread(kind: ResourceKind) -> Self {
        Self { kind, body: Map::new() }
    }

    /// The JSON text of this with all that [`Resource::to_stored`] wrote, of which no values are made.
    /// This must have nothing but what the server gives.
    ///
    /// # Errors
    /// As for [`Resource::from_stored`].
    pub fn with_stored(&self, json: &str) -> Result<String, ScimError> {
        let broken = || ScimError::internal("a stored resource is not a JSON object");
        serde_json::from_str::<IgnoredAny>(json).map_err(|_| broken())?;
        let kept = json.trim().strip_prefix('{').ok_or_else(broken)?.trim_start();
        // Neither a key that is no string nor a failing writer is possible here.
        let mut text = serde_json::to_string(&self.body).unwrap_or_default();
        text.pop();
        if !self.body.is_empty() && kept != "}" {
            text.push(',');
        }
        text.push_str(kept);
        Ok(text)
    }

    /// What to keep: everything but the id, meta, members and groups.
    pub fn to_stored(&self) -> String {
        let kept: BTreeMap<&String, &Value> = self
            .body
            .iter()
            .filter(|(name, _)| !GIVEN_BY_SERVER.contains(&name.as_str()))
            .collect();
        // Neither a key that is no string nor a failing writer is possible here.
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// Writes down what the server alone knows. Filters, sorting and clients see it only then.
    pub fn stamp(&mut self, stamp: &Stamp<'_>) {
        let meta = json!({
            "resourceType": self.kind.name(),
            "created": stamp.created.to_string(),
            "lastModified": stamp.last_modified.to_string(),
            "location": location(stamp.base, self.kind, stamp.id),
            "version": stamp.version.to_string(),
        });
        self.body.insert("id".to_owned(), Value::String(stamp.id.to_owned()));
        self.body.insert("meta".to_owned(), meta);
    }

    /// Shows these as the members of a group, with links below `base`. None shows no `members`.
    pub fn set_members(&mut self, base: &str, members: Vec<Member>) {
        let shown = members.into_iter().map(|member| {
            let mut object = Map::new();
            if let Some(kind) = member.kind {
                let link = location(base, kind, &member.id);
                object.insert("$ref".to_owned(), Value::String(link));
                object.insert("type".to_owned(), Value::String(kind.name().to_owned()));
            }
            if let Some(display) = member.display {
                object.insert("display".to_owned(), Value::String(display));
            }
            object.insert("value".to_owned(), Value::String(member.id));
            Value::Object(object)
        });
        self.set_list("members", shown.collect());
    }

    /// Shows these as the groups that a person is in, with links below `base`.
    pub fn set_groups(&mut self, base: &str, groups: Vec<GroupOf>) {
        let shown = groups.into_iter().map(|group| {
            let mut object = Map::new();
            let link = location(base, ResourceKind::Group, &group.id);
            object.insert("$ref".to_owned(), Value::String(link));
            if let Some(display) = group.display {
                object.insert("display".to_owned(), Value::String(display));
            }
            object.insert("value".to_owned(), Value::String(group.id));
            object.insert("type".to_owned(), Value::String("direct".to_owned()));
            Value::Object(object)
        });
        self.set_list("groups", shown.collect());
    }

    fn set_list(&mut self, name: &str, values: Vec<Value>) {
        if values.is_empty() {
            self.body.remove(name);
        } else {
            self.body.insert(name.to_owned(), Value::Array(values));
        }
    }

    /// The resource as a client is shown it.
    pub fn into_json(self, projection: &Projection) -> Value {
        projection.apply(self.kind, self.body)
    }

    /// Whether both say the same, but for what the server gives: id, meta, members and groups.
    pub fn same_as(&self, other: &Self) -> bool {
        let own = |name: &&String| !GIVEN_BY_SERVER.contains(&name.as_str());
        self.kind == other.kind
            && self.body.keys().filter(own).count() == other.body.keys().filter(own).count()
            && self
                .body
                .iter()
                .filter(|(name, _)| own(name))
                .all(|(name, value)| other.body.get(name) == Some(value))
    }
}

/// What is read off a resource.
impl Resource {
    /// The names of attributes in which two resources differ, those of extensions among them; nothing
    /// of their values, so that a log may hold it. What the server gives is not compared.
    pub fn changed_attributes<'a>(&'a self, other: &'a Self) -> BTreeSet<&'a str> {
        let mut names = BTreeSet::new();
        for (name, value) in differing(&self.body, &other.body) {
            let is_extension = self.kind.extensions().iter().any(|schema| schema.urn == name);
            if !is_extension {
                if name != "schemas" && !GIVEN_BY_SERVER.contains(&name) {
                    names.insert(name);
                }
                continue;
            }
            let (own, others) = value;
            let below = |value: Option<&'a Value>| value.and_then(Value::as_object);
            match (below(own), below(others)) {
                (Some(own), Some(others)) => {
                    names.extend(differing(own, others).map(|(name, _)| name));
                }
                (own, others) => {
                    names.extend(
                        own.or(others).into_iter().flatten().map(|(name, _)| name.as_str()),
                    );
                }
            }
        }
        names
    }

    /// What kind it is.
    pub fn kind(&self) -> ResourceKind {
        self.kind
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    /// The id, once it is stamped.
    pub fn id(&self) -> Option<&str> {
        self.text("id")
    }

    /// The version, once it is stamped.
    pub fn version(&self) -> Option<Version> {
        self.body.get("meta")?.get("version")?.as_str()?.parse().ok()
    }

    /// The id that the client gave.
    pub fn external_id(&self) -> Option<&str> {
        self.text("externalId")
    }

    /// The name that a person signs in with.
    pub fn user_name(&self) -> Option<&str> {
        self.text("userName")
    }

    /// The name to show; every group has one.
    pub fn display_name(&self) -> Option<&str> {
        self.text("displayName")
    }

    /// Whether a person may use anything at all. Who is not said to be inactive is active, as after
    /// a POST that does not say.
    pub fn active(&self) -> bool {
        self.body.get("active") != Some(&Value::Bool(false))
    }

    fn name_part(&self, part: &str) -> Option<&str> {
        self.body.get("name")?.get(part)?.as_str()
    }

    /// A person's given name.
    pub fn given_name(&self) -> Option<&str> {
        self.name_part("givenName")
    }

    /// A person's family name.
    pub fn family_name(&self) -> Option<&str> {
        self.name_part("familyName")
    }

    /// The id of a person's manager.
    pub fn manager(&self) -> Option<&str> {
        self.body.get(ENTERPRISE_USER.urn)?.get("manager")?.get("value")?.as_str()
    }

    /// A person's e-mail addresses, in the order of the client.
    pub fn emails(&self) -> impl Iterator<Item = Email<'_>> {
        let all = self.body.get("emails").and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|email| {
            Some(Email {
                value: email.get("value")?.as_str()?,
                kind: email.get("type").and_then(Value::as_str),
                primary: value::is_primary(email),
            })
        })
    }

    /// The e-mail address to use: the primary one, else the one for work, else the first.
    pub fn email(&self) -> Option<&str> {
        let is_for_work =
            |email: &Email<'_>| email.kind.is_some_and(|kind| kind.eq_ignore_ascii_case("work"));
        self.emails()
            .find(|email| email.primary)
            .or_else(|| self.emails().find(is_for_work))
            .or_else(|| self.emails().next())
            .map(|email| email.value)
    }

    /// Where an index finds this resource: what [`Filter::by_index`](crate::filter::Filter::by_index)
    /// asks for, folded where case makes no difference. The id and members are not among it.
    pub fn index_keys(&self) -> Vec<(IndexedAttribute, String)> {
        let mut keys = Vec::new();
        let folded = [
            (IndexedAttribute::UserName, self.user_name()),
            (IndexedAttribute::DisplayName, self.display_name()),
        ];
        for (attribute, text) in folded {
            keys.extend(text.map(|text| (attribute, fold(text).into_owned())));
        }
        keys.extend(self.external_id().map(|id| (IndexedAttribute::ExternalId, id.to_owned())));
        let emails: BTreeSet<String> =
            self.emails().map(|email| fold(email.value).into_owned()).collect();
        keys.extend(emails.into_iter().map(|email| (IndexedAttribute::Email, email)));
        keys
    }

    /// Lists the schemas that the resource has by now.
    pub(crate) fn refresh_schemas(&mut self) {
        let mut schemas = vec![Value::String(self.kind.core().urn.to_owned())];
        for schema in self.kind.extensions() {
            if self.body.contains_key(schema.urn) {
                schemas.push(Value::String(schema.urn.to_owned()));
            }
        }
        let schemas = Value::Array(schemas);
        if self.body.get("schemas") != Some(&schemas) {
            self.body.insert("schemas".to_owned(), schemas);
        }
    }

    /// Refuses a resource without what it must have, and one that is too large.
    pub(crate) fn check(&self) -> Result<(), ScimError> {
        for attribute in self.kind.core().attributes.iter().filter(|attribute| attribute.required) {
            let text = self.text(attribute.name);
            if text.is_none_or(|text| text.trim().is_empty()) {
                let detail = format!("a {} must have {}", self.kind.name(), attribute.name);
                return Err(ScimError::invalid_value(detail));
            }
        }
        self.check_size()
    }

    /// Refuses a resource that is too large.
    pub(crate) fn check_size(&self) -> Result<(), ScimError> {
        if is_larger(&self.body, MAX_RESOURCE_BYTES) {
            return Err(resource_too_large());
        }
        Ok(())
    }
}

/// The refusal of a resource that takes too many bytes.
pub(crate) fn resource_too_large() -> ScimError {
    ScimError::too_large(format!("a resource may have {MAX_RESOURCE_BYTES} bytes"))
}

/// Whether this takes more bytes as JSON. Of what does, no more than so many are counted.
pub(crate) fn is_larger(value: &impl serde::Serialize, most: usize) -> bool {
    serde_json::to_writer(Counter { left: most }, value).is_err()
}

/// What stands in one object and not alike in the other: the name and both values.
fn differing<'a>(
    one: &'a Map<String, Value>,
    other: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a str, (Option<&'a Value>, Option<&'a Value>))> {
    let gone = one.keys().filter(|name| !other.contains_key(*name));
    let names = gone.chain(other.keys()).map(String::as_str);
    names
        .map(|name| (name, (one.get(name), other.get(name))))
        .filter(|(_, (one, other))| one != other)
}

/// Attributes that the server gives and that are never kept with the resource.
const GIVEN_BY_SERVER: [&str; 4] = ["id", "meta", "members", "groups"];

/// Counts what is written to it, and takes no more than so many bytes.
struct Counter {
    left: usize,
}

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let left = self.left.checked_sub(bytes.len());
        self.left = left.ok_or(std::io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads a body, bounded.
pub(crate) fn parse_json(body: &[u8]) -> Result<Value, ScimError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(ScimError::too_large(format!("a body may have {MAX_BODY_BYTES} bytes")));
    }
    let (objects, commas) = body.iter().fold((0, 0), |(objects, commas), byte| match byte {
        b'{' => (objects + 1, commas),
        b',' => (objects, commas + 1),
        _ => (objects, commas),
    });
    if objects > MAX_JSON_OBJECTS || commas > MAX_JSON_COMMAS {
        return Err(ScimError::too_large("the body has too many values"));
    }
    serde_json::from_slice(body).map_err(|error| {
        // Line and column, but nothing of what stands there: it may be a password.
        let (line, column) = (error.line(), error.column());
        ScimError::invalid_syntax(format!("the body is not JSON: line {line}, column {column}"))
    })
}

/// A resource on its way in.
struct Reading {
    resource: Resource,
    members: Vec<Member>,
    seen_members: bool,
    seen_schemas: bool,
}

impl Reading {
    fn new(kind: ResourceKind) -> Self {
        let resource = Resource { kind, body: Map::new() };
        Self { resource, members: Vec::new(), seen_members: false, seen_schemas: false }
    }

    fn take(&mut self, name: &str, value: Value) -> Result<(), ScimError> {
        match named(self.resource.kind, name) {
            Some(Named::Field(Field { extension, attribute, sub: None })) => {
                self.attribute(extension, attribute, value)
            }
            Some(Named::Extension(schema)) => self.extension(schema, value),
            _ => Ok(()),
        }
    }

    fn extension(&mut self, schema: &'static Schema, value: Value) -> Result<(), ScimError> {
        let given = match value {
            Value::Null => return Ok(()),
            Value::Object(given) => given,
            _ => return Err(ScimError::invalid_value(format!("{} is not an object", schema.urn))),
        };
        for (name, value) in given {
            if let Some(attribute) = schema.attribute(&name) {
                self.attribute(Some(schema), attribute, value)?;
            }
        }
        Ok(())
    }

    fn attribute(
        &mut self,
        extension: Option<&'static Schema>,
        attribute: &'static Attribute,
        value: Value,
    ) -> Result<(), ScimError> {
        if attribute.name == "schemas" && extension.is_none() {
            return self.schemas(&value);
        }
        if attribute.mutability == Mutability::ReadOnly {
            return Ok(());
        }
        if is_members(self.resource.kind, attribute) {
            if std::mem::replace(&mut self.seen_members, true) {
                return Err(value::twice(attribute));
            }
            self.members = value::members(value)?;
            return Ok(());
        }
        let Some(value) = value::whole(attribute, value)? else { return Ok(()) };
        if attribute.returned == Returned::Never {
            return Ok(());
        }
        let body = &mut self.resource.body;
        let before = match extension {
            None => body.insert(attribute.name.to_owned(), value),
            Some(schema) => {
                let below = body.entry(schema.urn).or_insert_with(|| Value::Object(Map::new()));
                below
                    .as_object_mut()
                    .and_then(|below| below.insert(attribute.name.to_owned(), value))
            }
        };
        if before.is_some() { Err(value::twice(attribute)) } else { Ok(()) }
    }

    fn schemas(&mut self, value: &Value) -> Result<(), ScimError> {
        let core = self.resource.kind.core().urn;
        let urns = value.as_array().map_or(&[][..], Vec::as_slice);
        if !urns.iter().any(|urn| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(core))) {
            return Err(ScimError::invalid_syntax(format!("`schemas` must name {core}")));
        }
        self.seen_schemas = true;
        Ok(())
    }

    fn finish(self) -> Result<Received, ScimError> {
        let Self { mut resource, members, seen_schemas, .. } = self;
        if !seen_schemas {
            let core = resource.kind.core().urn;
            return Err(ScimError::invalid_syntax(format!("`schemas` must name {core}")));
        }
        resource.refresh_schemas();
        resource.check()?;
        let mut seen = BTreeSet::new();
        let members = members.into_iter().filter(|member| seen.insert(member.id.clone())).collect();
        Ok(Received { resource, members })
    }
}

/// Whether this is the list that is kept apart.
pub(crate) fn is_members(kind: ResourceKind, attribute: &Attribute) -> bool {
    kind == ResourceKind::Group && attribute.name == "members"
}

#[cfg(test)]
mod tests;

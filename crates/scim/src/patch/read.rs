//! From the body of a PATCH request to steps (RFC 7644 section 3.5.2).

use serde_json::{Map, Value};

use super::{Change, MemberChanges, Patch, Select, Step, Target};
use crate::bounds::{MAX_OPERATIONS, MAX_RESOURCE_BYTES, MAX_STEPS};
use crate::error::ScimError;
use crate::filter::{Node, Selected, Test, parse_path};
use crate::path::{Field, Named};
use crate::resource::{ResourceKind, is_larger, is_members, resource_too_large};
use crate::schema::{Attribute, AttributeKind, Mutability, Returned, Schema};
use crate::value;

const PATCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The verb of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

pub(super) fn patch(kind: ResourceKind, body: Value) -> Result<Patch, ScimError> {
    let Value::Object(body) = body else {
        return Err(ScimError::invalid_syntax("the body is not a JSON object"));
    };
    let mut operations = None;
    for (name, value) in body {
        if name.eq_ignore_ascii_case("Operations") {
            operations = Some(value);
        } else if name.eq_ignore_ascii_case("schemas") {
            check_schemas(&value)?;
        }
    }
    let operations = match operations {
        Some(Value::Array(operations)) if !operations.is_empty() => operations,
        _ => return Err(ScimError::invalid_syntax("`Operations` must list operations")),
    };
    if operations.len() > MAX_OPERATIONS {
        let detail = format!("a request may have {MAX_OPERATIONS} operations");
        return Err(ScimError::too_many(detail));
    }
    let mut reading = Reading {
        kind,
        operation: 0,
        by_path: false,
        steps: Vec::new(),
        members: MemberChanges::default(),
    };
    for operation in operations {
        reading.operation += 1;
        let number = reading.operation;
        reading.take(operation).map_err(|refusal| numbered(number, refusal))?;
    }
    Ok(Patch { kind, steps: reading.steps, members: reading.members })
}

/// A refusal that says which operation is meant.
pub(super) fn numbered(operation: usize, mut refusal: ScimError) -> ScimError {
    refusal.detail.insert_str(0, &format!("operation {operation}: "));
    refusal
}

fn check_schemas(value: &Value) -> Result<(), ScimError> {
    let urns = value.as_array().map_or(&[][..], Vec::as_slice);
    let is_ours = |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(PATCH_URN));
    if urns.iter().any(is_ours) {
        return Ok(());
    }
    Err(ScimError::invalid_syntax(format!("`schemas` must name {PATCH_URN}")))
}

struct Reading {
    kind: ResourceKind,
    /// The operation at hand, from 1.
    operation: usize,
    /// Whether the client named the place at hand by a path: then it meant it.
    by_path: bool,
    steps: Vec<Step>,
    members: MemberChanges,
}

impl Reading {
    fn take(&mut self, operation: Value) -> Result<(), ScimError> {
        let Value::Object(operation) = operation else {
            return Err(ScimError::invalid_syntax("an operation is not an object"));
        };
        let (mut verb, mut path, mut value) = (None, None, None);
        for (name, given) in operation {
            if name.eq_ignore_ascii_case("op") {
                verb = given.as_str().and_then(Verb::named);
                if verb.is_none() {
                    let detail = "`op` must be add, replace or remove";
                    return Err(ScimError::invalid_syntax(detail));
                }
            } else if name.eq_ignore_ascii_case("path") {
                path = match given {
                    Value::Null => None,
                    Value::String(text) => Some(text),
                    _ => return Err(ScimError::invalid_path("`path` must be a string")),
                };
            } else if name.eq_ignore_ascii_case("value") {
                value = Some(given);
            }
        }
        let verb = verb.ok_or_else(|| ScimError::invalid_syntax("`op` is missing"))?;
        match path.filter(|path| !path.trim().is_empty()) {
            Some(path) => self.at_path(verb, &path, value),
            None => self.without_path(verb, value),
        }
    }

    fn at_path(&mut self, verb: Verb, path: &str, value: Option<Value>) -> Result<(), ScimError> {
        self.by_path = true;
        if verb != Verb::Remove && value.is_none() {
            return Err(ScimError::invalid_value("`value` is missing"));
        }
        let selected = parse_path(self.kind, path)?;
        self.selected(verb, selected, value.unwrap_or(Value::Null))
    }

    fn without_path(&mut self, verb: Verb, value: Option<Value>) -> Result<(), ScimError> {
        self.by_path = false;
        if verb == Verb::Remove {
            return Err(ScimError::no_target("`remove` needs a path"));
        }
        let Some(Value::Object(given)) = value else {
            return Err(ScimError::invalid_value("without a path, `value` must be an object"));
        };
        for (name, value) in given {
            // What no schema knows is passed over, as in a POST.
            if let Ok(selected) = parse_path(self.kind, &name) {
                self.selected(verb, selected, value)?;
            }
        }
        Ok(())
    }

    fn selected(&mut self, verb: Verb, selected: Selected, value: Value) -> Result<(), ScimError> {
        match selected.named {
            Named::Foreign => Ok(()),
            Named::Extension(schema) => self.extension(verb, schema, value),
            Named::Field(field) => self.field(verb, field, selected.select, selected.part, value),
        }
    }

    /// An operation on a whole extension is one on each attribute of it.
    fn extension(
        &mut self,
        verb: Verb,
        schema: &'static Schema,
        value: Value,
    ) -> Result<(), ScimError> {
        let whole = |attribute| Field { extension: Some(schema), attribute, sub: None };
        match value {
            Value::Null => {
                // `add` of nothing adds nothing.
                for attribute in schema.attributes.iter().filter(|_| verb != Verb::Add) {
                    self.field(Verb::Remove, whole(attribute), None, None, Value::Null)?;
                }
            }
            Value::Object(given) => {
                for (name, value) in given {
                    let named = crate::path::named(self.kind, &format!("{}:{name}", schema.urn));
                    if let Some(Named::Field(field)) = named {
                        self.field(verb, field, None, None, value)?;
                    }
                }
            }
            _ => return Err(ScimError::invalid_value("an extension's value must be an object")),
        }
        Ok(())
    }

    fn field(
        &mut self,
        verb: Verb,
        field: Field,
        select: Option<Node>,
        part: Option<&'static Attribute>,
        value: Value,
    ) -> Result<(), ScimError> {
        let attribute = field.attribute;
        let sub = field.sub.or(part);
        if is_read_only(attribute) || sub.is_some_and(is_read_only) {
            if !self.by_path {
                return Ok(());
            }
            let name = sub.unwrap_or(attribute).name;
            return Err(ScimError::mutability(format!("{name} is read-only")));
        }
        if is_members(self.kind, attribute) {
            return self.member(verb, select.as_ref(), sub, value);
        }
        if select.is_some() && !attribute.multi_valued {
            let detail = format!("{} has one value: there is none to select", attribute.name);
            return Err(ScimError::invalid_path(detail));
        }
        let is_whole = select.is_none() && sub.is_none();
        let change = change(verb, attribute, sub, is_whole, value)?;
        if attribute.returned == Returned::Never {
            // The password: its value was checked, and is thrown away here.
            return Ok(());
        }
        let Some(change) = change else { return Ok(()) };
        // It may be set in many places: what fits in none is refused before there are many of it.
        if let Change::Add(value) | Change::Replace(value) = &change
            && is_larger(value, MAX_RESOURCE_BYTES)
        {
            return Err(resource_too_large());
        }
        if self.steps.len() >= MAX_STEPS {
            let detail = format!("a request may name {MAX_STEPS} attributes to be changed");
            return Err(ScimError::too_many(detail));
        }
        let select = select.map(|node| Select { seed: seed(attribute, &node), node });
        let extension = field.extension.map(|schema| schema.urn);
        let place = Target { extension, attribute, select, sub };
        self.steps.push(Step { operation: self.operation, place, change });
        Ok(())
    }

    fn member(
        &mut self,
        verb: Verb,
        select: Option<&Node>,
        sub: Option<&'static Attribute>,
        value: Value,
    ) -> Result<(), ScimError> {
        if sub.is_some() {
            return Err(ScimError::mutability("members are added and removed whole"));
        }
        match (verb, select) {
            (Verb::Remove, Some(node)) => {
                let mut ids = Vec::new();
                ids_of(node, &mut ids)?;
                self.members.remove(ids)
            }
            (_, Some(_)) => Err(ScimError::mutability("members are added and removed whole")),
            (Verb::Add, None) => self.members.add(value::members(value)?),
            (Verb::Replace, None) => self.members.replace(value::members(value)?),
            (Verb::Remove, None) if value.is_null() => {
                self.members.remove_all();
                Ok(())
            }
            (Verb::Remove, None) => {
                let members = value::members(value)?;
                self.members.remove(members.into_iter().map(|member| member.id).collect())
            }
        }
    }
}

impl Verb {
    fn named(name: &str) -> Option<Self> {
        [("add", Self::Add), ("replace", Self::Replace), ("remove", Self::Remove)]
            .into_iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(name))
            .map(|(_, verb)| verb)
    }
}

fn is_read_only(attribute: &Attribute) -> bool {
    attribute.mutability == Mutability::ReadOnly
}

/// What an operation does to an attribute or a part of it; `None` if nothing.
fn change(
    verb: Verb,
    attribute: &'static Attribute,
    sub: Option<&'static Attribute>,
    is_whole: bool,
    value: Value,
) -> Result<Option<Change>, ScimError> {
    let is_list = is_whole && attribute.multi_valued;
    if verb == Verb::Remove {
        if !is_list || value.is_null() {
            return Ok(Some(Change::Remove));
        }
        return Ok(Some(Change::RemoveValues(value::many(attribute, value)?)));
    }
    let value = match sub {
        Some(sub) => value::whole(sub, value)?,
        None if is_whole => value::whole(attribute, value)?,
        None => one(attribute, value)?,
    };
    Ok(match (verb, value) {
        (Verb::Add, Some(value)) => Some(Change::Add(value)),
        (Verb::Add, None) => None,
        (_, Some(value)) => Some(Change::Replace(value)),
        // To replace by nothing is to remove (RFC 7643 section 2.5).
        (_, None) => Some(Change::Remove),
    })
}

/// One value of an attribute, even if it may have several.
fn one(attribute: &'static Attribute, value: Value) -> Result<Option<Value>, ScimError> {
    match value {
        Value::Array(mut values) if values.len() < 2 => {
            value::element(attribute, values.pop().unwrap_or(Value::Null))
        }
        value => value::element(attribute, value),
    }
}

/// What a value is like that satisfies a filter made of `eq` alone.
fn seed(attribute: &Attribute, node: &Node) -> Option<Map<String, Value>> {
    let terms = match node {
        Node::And(nodes) => nodes.as_slice(),
        node => std::slice::from_ref(node),
    };
    let mut seed = Map::new();
    for term in terms {
        let Node::Compare(place, test) = term else { return None };
        let part = attribute.sub_attribute(place.name)?;
        let value = match test {
            Test::Flag { equal: true, flag } if part.kind == AttributeKind::Boolean => {
                Value::Bool(*flag)
            }
            test => Value::String(test.equal_text()?.to_owned()),
        };
        if is_read_only(part) || seed.insert(part.name.to_owned(), value).is_some() {
            return None;
        }
    }
    Some(seed)
}

/// The ids that a filter on `members` names.
fn ids_of(node: &Node, ids: &mut Vec<String>) -> Result<(), ScimError> {
    match node {
        Node::Or(nodes) => nodes.iter().try_for_each(|node| ids_of(node, ids)),
        Node::Compare(place, test) if place.name == "value" => {
            let id = test.equal_text().ok_or_else(by_id)?;
            ids.push(id.to_owned());
            Ok(())
        }
        _ => Err(by_id()),
    }
}

fn by_id() -> ScimError {
    ScimError::invalid_path("members are selected by `value eq` alone")
}

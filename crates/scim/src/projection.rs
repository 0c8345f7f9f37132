//! What of a resource is returned (RFC 7644 sections 3.4.2.5 and 3.9; `returned` of RFC 7643
//! section 2.2).
//!
//! The id and `schemas` are always returned, the password never. Names that no schema knows choose
//! nothing.

use serde_json::{Map, Value};

use crate::bounds::{MAX_FILTER_BYTES, MAX_PROJECTED};
use crate::error::ScimError;
use crate::path::{Named, named};
use crate::resource::ResourceKind;
use crate::schema::Returned;

/// Attributes that a client chose, or left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Projection(Choice);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Choice {
    /// Everything that is returned by default.
    #[default]
    Everything,
    /// These alone.
    Only(Vec<Chosen>),
    /// All but these.
    Without(Vec<Chosen>),
}

/// An attribute, a part of one, or a whole extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chosen {
    extension: Option<&'static str>,
    name: Option<&'static str>,
    sub: Option<&'static str>,
}

impl Projection {
    /// Reads `attributes` and `excludedAttributes`: names with commas between them.
    ///
    /// # Errors
    /// `invalidValue` if both are given or one is too long.
    pub fn parse(
        kind: ResourceKind,
        attributes: Option<&str>,
        excluded: Option<&str>,
    ) -> Result<Self, ScimError> {
        let list = |text: &str| text.split(',').map(|name| name.trim().to_owned()).collect();
        Self::from_names(kind, attributes.map(list), excluded.map(list))
    }

    /// The same for lists of names, as the body of a search has them.
    pub(crate) fn from_names(
        kind: ResourceKind,
        attributes: Option<Vec<String>>,
        excluded: Option<Vec<String>>,
    ) -> Result<Self, ScimError> {
        let given = |names: Option<Vec<String>>| {
            names
                .map(|names| names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>())
                .filter(|names| !names.is_empty())
        };
        match (given(attributes), given(excluded)) {
            (None, None) => Ok(Self(Choice::Everything)),
            (Some(names), None) => Ok(Self(Choice::Only(chosen(kind, &names)?))),
            (None, Some(names)) => Ok(Self(Choice::Without(chosen(kind, &names)?))),
            (Some(_), Some(_)) => Err(ScimError::invalid_value(
                "`attributes` and `excludedAttributes` exclude each other",
            )),
        }
    }

    /// Whether the members of a group are returned. If not, nobody needs to read them.
    pub fn wants_members(&self) -> bool {
        self.wants("members")
    }

    /// Whether the groups of a person are returned.
    pub fn wants_groups(&self) -> bool {
        self.wants("groups")
    }

    /// Whether all of a resource is returned.
    pub fn is_everything(&self) -> bool {
        self.0 == Choice::Everything
    }

    fn wants(&self, name: &str) -> bool {
        let is_meant = |chosen: &Chosen| chosen.extension.is_none() && chosen.name == Some(name);
        match &self.0 {
            Choice::Everything => true,
            Choice::Only(list) => list.iter().any(is_meant),
            Choice::Without(list) => {
                !list.iter().any(|chosen| is_meant(chosen) && chosen.sub.is_none())
            }
        }
    }

    pub(crate) fn apply(&self, kind: ResourceKind, mut body: Map<String, Value>) -> Value {
        match &self.0 {
            Choice::Everything => {}
            Choice::Only(list) => {
                let mut kept = Map::new();
                for (name, value) in body {
                    let value =
                        if is_always(kind, &name) { Some(value) } else { keep(list, &name, value) };
                    if let Some(value) = value {
                        kept.insert(name, value);
                    }
                }
                return Value::Object(kept);
            }
            Choice::Without(list) => {
                for chosen in list {
                    chosen.remove_from(kind, &mut body);
                }
            }
        }
        Value::Object(body)
    }
}

fn chosen(kind: ResourceKind, names: &[String]) -> Result<Vec<Chosen>, ScimError> {
    let bytes: usize = names.iter().map(String::len).sum();
    if names.len() > MAX_PROJECTED || bytes > 4 * MAX_FILTER_BYTES {
        return Err(ScimError::invalid_value("too many names of attributes"));
    }
    let known = names.iter().filter_map(|name| match named(kind, name)? {
        Named::Foreign => None,
        Named::Extension(schema) => {
            Some(Chosen { extension: Some(schema.urn), name: None, sub: None })
        }
        Named::Field(field) => Some(Chosen {
            extension: field.extension.map(|schema| schema.urn),
            name: Some(field.attribute.name),
            sub: field.sub.map(|sub| sub.name),
        }),
    });
    Ok(known.collect())
}

fn is_always(kind: ResourceKind, name: &str) -> bool {
    kind.attribute(name).is_some_and(|attribute| attribute.returned == Returned::Always)
}

/// What is left of a value of the resource, or of one below an extension.
fn keep(list: &[Chosen], name: &str, value: Value) -> Option<Value> {
    let below: Vec<&Chosen> = list.iter().filter(|chosen| chosen.extension == Some(name)).collect();
    if !below.is_empty() {
        if below.iter().any(|chosen| chosen.name.is_none()) {
            return Some(value);
        }
        let Value::Object(attributes) = value else { return None };
        let kept: Map<_, _> = attributes
            .into_iter()
            .filter_map(|(name, value)| {
                let parts = below.iter().copied().filter(|chosen| chosen.name == Some(&*name));
                let kept = keep_parts(parts, value)?;
                Some((name, kept))
            })
            .collect();
        return (!kept.is_empty()).then_some(Value::Object(kept));
    }
    let parts =
        list.iter().filter(|chosen| chosen.extension.is_none() && chosen.name == Some(name));
    keep_parts(parts, value)
}

fn keep_parts<'a>(chosen: impl Iterator<Item = &'a Chosen>, value: Value) -> Option<Value> {
    let chosen: Vec<_> = chosen.collect();
    if chosen.is_empty() {
        return None;
    }
    if chosen.iter().any(|chosen| chosen.sub.is_none()) {
        return Some(value);
    }
    let is_kept = |name: &str| chosen.iter().any(|chosen| chosen.sub == Some(name));
    each_object(value, &|object| object.retain(|name, _| is_kept(name)))
}

/// Changes the object, or every object of the list; `None` if nothing is left.
fn each_object(value: Value, change: &impl Fn(&mut Map<String, Value>)) -> Option<Value> {
    match value {
        Value::Object(mut object) => {
            change(&mut object);
            (!object.is_empty()).then_some(Value::Object(object))
        }
        Value::Array(values) => {
            let left: Vec<_> =
                values.into_iter().filter_map(|value| each_object(value, change)).collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        value => Some(value),
    }
}

impl Chosen {
    fn remove_from(&self, kind: ResourceKind, body: &mut Map<String, Value>) {
        let Some(urn) = self.extension else {
            if let Some(name) = self.name.filter(|name| !is_always(kind, name)) {
                self.remove_named(name, body);
            }
            return;
        };
        let Some(name) = self.name else {
            body.remove(urn);
            return;
        };
        if let Some(Value::Object(below)) = body.get_mut(urn) {
            self.remove_named(name, below);
            if below.is_empty() {
                body.remove(urn);
            }
        }
    }

    fn remove_named(&self, name: &str, body: &mut Map<String, Value>) {
        let Some(value) = body.remove(name) else { return };
        let Some(sub) = self.sub else { return };
        let left = each_object(value, &|object| {
            object.remove(sub);
        });
        if let Some(left) = left {
            body.insert(name.to_owned(), left);
        }
    }
}

#[cfg(test)]
mod tests;

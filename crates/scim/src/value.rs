//! Values as clients send them, made what the schema says (RFC 7643 sections 2.3 to 2.5).
//!
//! Names take the spelling of the schema; what the schema does not know and what is read-only is
//! dropped; null and the empty list are no value. What Entra ID and Okta send besides is understood:
//! booleans as strings, a complex value as its `value` alone, a single value in a list of one.

use serde_json::{Map, Value};

use crate::bounds::{MAX_ID_CHARS, MAX_MEMBERS, MAX_VALUES};
use crate::error::ScimError;
use crate::resource::{Member, ResourceKind};
use crate::schema::{Attribute, AttributeKind, Mutability};

/// The value of a whole attribute, or `None` for no value.
pub(crate) fn whole(attribute: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
    if !attribute.multi_valued {
        return single(attribute, value);
    }
    let values = many(attribute, value)?;
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

/// The values of a multi-valued attribute, each once.
pub(crate) fn many(attribute: &Attribute, value: Value) -> Result<Vec<Value>, ScimError> {
    let given = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(given) => given,
        one => vec![one],
    };
    if given.len() > MAX_VALUES {
        let name = attribute.name;
        return Err(ScimError::too_many(format!("{name} has more than {MAX_VALUES} values")));
    }
    let mut values: Vec<Value> = Vec::with_capacity(given.len());
    for value in given {
        if let Some(value) = element(attribute, value)?
            && !values.contains(&value)
        {
            values.push(value);
        }
    }
    if values.iter().filter(|value| is_primary(value)).count() > 1 {
        return Err(ScimError::invalid_value(format!(
            "{} has more than one primary value",
            attribute.name
        )));
    }
    Ok(values)
}

/// The value of an attribute that has one.
fn single(attribute: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
    match value {
        Value::Array(mut values) => match (values.pop(), values.is_empty()) {
            (None, _) => Ok(None),
            (Some(value), true) => element(attribute, value),
            (Some(_), false) => Err(wrong(attribute, "one value")),
        },
        value => element(attribute, value),
    }
}

/// One value of an attribute.
pub(crate) fn element(attribute: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
    if attribute.kind == AttributeKind::Complex {
        return complex(attribute, value);
    }
    let value = match value {
        Value::Object(mut object) => object.remove("value").unwrap_or(Value::Object(object)),
        value => value,
    };
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (AttributeKind::Boolean, Value::Bool(value)) => Ok(Some(Value::Bool(value))),
        (AttributeKind::Boolean, Value::String(text)) => {
            let value = boolean(&text).ok_or_else(|| wrong(attribute, "true or false"))?;
            Ok(Some(Value::Bool(value)))
        }
        (AttributeKind::Boolean, _) => Err(wrong(attribute, "true or false")),
        (AttributeKind::Integer, Value::Number(number)) if number.is_i64() => {
            Ok(Some(Value::Number(number)))
        }
        (AttributeKind::Integer, _) => Err(wrong(attribute, "a whole number")),
        (_, Value::String(text)) => Ok(Some(Value::String(text))),
        _ => Err(wrong(attribute, "a string")),
    }
}

/// A boolean as Entra ID writes it.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn complex(attribute: &Attribute, value: Value) -> Result<Option<Value>, ScimError> {
    let given = match value {
        Value::Null => return Ok(None),
        Value::Object(given) => given,
        text @ Value::String(_) if attribute.sub_attribute("value").is_some() => {
            Map::from_iter([("value".to_owned(), text)])
        }
        _ => return Err(wrong(attribute, "an object")),
    };
    let mut object = Map::new();
    for (name, value) in given {
        let Some(sub) = attribute.sub_attribute(&name) else { continue };
        if sub.mutability == Mutability::ReadOnly {
            continue;
        }
        if let Some(value) = whole(sub, value)?
            && object.insert(sub.name.to_owned(), value).is_some()
        {
            return Err(twice(sub));
        }
    }
    Ok((!object.is_empty()).then_some(Value::Object(object)))
}

/// The members that a value of `members` names, each once.
pub(crate) fn members(value: Value) -> Result<Vec<Member>, ScimError> {
    let given = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(given) => given,
        one => vec![one],
    };
    if given.len() > MAX_MEMBERS {
        return Err(ScimError::too_many(format!("more than {MAX_MEMBERS} members")));
    }
    given.into_iter().map(member).collect()
}

fn member(value: Value) -> Result<Member, ScimError> {
    match value {
        Value::String(id) => Ok(Member { id: member_id(id)?, kind: None, display: None }),
        Value::Object(object) => {
            let (mut id, mut kind) = (None, None);
            for (name, value) in object {
                match value {
                    Value::String(text) if name.eq_ignore_ascii_case("value") => id = Some(text),
                    Value::String(text) if name.eq_ignore_ascii_case("type") => {
                        kind = ResourceKind::from_name(&text);
                    }
                    _ => {}
                }
            }
            let id = id.ok_or_else(|| ScimError::invalid_value("a member has no `value`"))?;
            Ok(Member { id: member_id(id)?, kind, display: None })
        }
        _ => Err(ScimError::invalid_value("a member is not an object with a `value`")),
    }
}

/// Whether a text can be the id of a resource: of what cannot, nothing need be looked for.
pub fn is_id(text: &str) -> bool {
    let is_short = text.len() <= MAX_ID_CHARS || text.chars().nth(MAX_ID_CHARS).is_none();
    !text.is_empty() && is_short && !text.contains(char::is_control)
}

/// An id that a client names.
pub(crate) fn member_id(id: String) -> Result<String, ScimError> {
    let good = is_id(&id);
    if good { Ok(id) } else { Err(ScimError::invalid_value("a member's `value` is not an id")) }
}

/// Whether a value of a multi-valued attribute is the preferred one.
pub(crate) fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

fn wrong(attribute: &Attribute, expected: &str) -> ScimError {
    ScimError::invalid_value(format!("{} must be {expected}", attribute.name))
}

pub(crate) fn twice(attribute: &Attribute) -> ScimError {
    ScimError::invalid_syntax(format!("{} is given twice", attribute.name))
}

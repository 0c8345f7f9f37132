//! Shapes of requests: which members an operation has, and what AWS says when one is wrong.

use serde_json::{Value, json};

use crate::wire::error::ApiError;
use crate::wire::pattern::Pattern;

/// What a member may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text {
        pattern: Option<Pattern>,
        min: usize,
        max: usize,
    },
    OneOf(&'static [&'static str]),
    Integer {
        min: i64,
        max: i64,
    },
    Boolean,
    List {
        item: &'static Kind,
        min: usize,
        max: usize,
    },
    Structure(&'static [Member]),
    /// Kept as it came: settings which the simulator stores and gives back without reading them.
    Document,
}

/// One member of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
}

pub(crate) const fn required(name: &'static str, kind: Kind) -> Member {
    Member { name, required: true, kind }
}

pub(crate) const fn optional(name: &'static str, kind: Kind) -> Member {
    Member { name, required: false, kind }
}

pub(crate) const fn text(pattern: Pattern, min: usize, max: usize) -> Kind {
    Kind::Text { pattern: Some(pattern), min, max }
}

pub(crate) const fn any_text(min: usize, max: usize) -> Kind {
    Kind::Text { pattern: None, min, max }
}

/// Checks a request against its shape; all violations go into one error, as AWS does.
pub(crate) fn check(members: &[Member], input: &Value) -> Result<(), ApiError> {
    let mut violations = Vec::new();
    check_members(members, input, "", &mut violations)?;
    if violations.is_empty() {
        return Ok(());
    }
    let plural = if violations.len() == 1 { "error" } else { "errors" };
    let message =
        format!("{} validation {plural} detected: {}", violations.len(), violations.join("; "));
    Err(ApiError::validation(message))
}

fn check_members(
    members: &[Member],
    input: &Value,
    path: &str,
    violations: &mut Vec<String>,
) -> Result<(), ApiError> {
    if !input.is_object() {
        return Err(wrong_type("structure", input));
    }
    for member in members {
        let path = join(path, member.name);
        match input.get(member.name) {
            None | Some(Value::Null) if member.required => violations.push(format!(
                "Value null at '{path}' failed to satisfy constraint: Member must not be null"
            )),
            None | Some(Value::Null) => {}
            Some(value) => check_value(&member.kind, value, &path, violations)?,
        }
    }
    Ok(())
}

fn check_value(
    kind: &Kind,
    value: &Value,
    path: &str,
    violations: &mut Vec<String>,
) -> Result<(), ApiError> {
    match kind {
        Kind::Text { pattern, min, max } => {
            let Some(text) = value.as_str() else { return Err(wrong_type("string", value)) };
            let length = text.chars().count();
            let mut fail = |constraint: String| violations.push(violation(text, path, &constraint));
            if length > *max {
                fail(format!("Member must have length less than or equal to {max}"));
            }
            if length < *min {
                fail(format!("Member must have length greater than or equal to {min}"));
            }
            if let Some(pattern) = pattern.filter(|pattern| !pattern.matches(text)) {
                let pattern = pattern.text();
                fail(format!("Member must satisfy regular expression pattern: {pattern}"));
            }
        }
        Kind::OneOf(values) => {
            let Some(text) = value.as_str() else { return Err(wrong_type("string", value)) };
            if !values.contains(&text) {
                let set = values.join(", ");
                let constraint = format!("Member must satisfy enum value set: [{set}]");
                violations.push(violation(text, path, &constraint));
            }
        }
        Kind::Integer { min, max } => check_integer(value, *min, *max, path, violations)?,
        Kind::Boolean if value.is_boolean() => {}
        Kind::Boolean => return Err(wrong_type("boolean", value)),
        Kind::List { item, min, max } => check_list(value, (item, *min, *max), path, violations)?,
        Kind::Structure(members) => check_members(members, value, path, violations)?,
        Kind::Document => {}
    }
    Ok(())
}

fn check_integer(
    value: &Value,
    min: i64,
    max: i64,
    path: &str,
    violations: &mut Vec<String>,
) -> Result<(), ApiError> {
    let Some(number) = value.as_i64() else { return Err(wrong_type("integer", value)) };
    let shown = number.to_string();
    if number > max {
        let constraint = format!("Member must have value less than or equal to {max}");
        violations.push(violation(&shown, path, &constraint));
    }
    if number < min {
        let constraint = format!("Member must have value greater than or equal to {min}");
        violations.push(violation(&shown, path, &constraint));
    }
    Ok(())
}

fn check_list(
    value: &Value,
    (item, min, max): (&Kind, usize, usize),
    path: &str,
    violations: &mut Vec<String>,
) -> Result<(), ApiError> {
    let Some(items) = value.as_array() else { return Err(wrong_type("list", value)) };
    if items.len() > max {
        let constraint = format!("Member must have length less than or equal to {max}");
        violations.push(violation(&value.to_string(), path, &constraint));
    }
    if items.len() < min {
        let constraint = format!("Member must have length greater than or equal to {min}");
        violations.push(violation(&value.to_string(), path, &constraint));
    }
    for (index, element) in items.iter().enumerate() {
        check_value(item, element, &format!("{path}.{}.member", index + 1), violations)?;
    }
    Ok(())
}

fn violation(value: &str, path: &str, constraint: &str) -> String {
    format!("Value '{value}' at '{path}' failed to satisfy constraint: {constraint}")
}

fn wrong_type(expected: &str, value: &Value) -> ApiError {
    let found = match value {
        Value::Null => "NULL",
        Value::Bool(_) => "BOOLEAN_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    ApiError::bad("SerializationException", format!("{found} can not be converted to a {expected}"))
}

/// AWS names members in its messages with a small first letter.
fn join(path: &str, name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    let name: String = first.into_iter().chain(letters).collect();
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

/// Shapes as JSON, so that a test can hold them against botocore's model.
pub(crate) fn describe(members: &[Member]) -> Value {
    members
        .iter()
        .map(|member| {
            let mut shape = describe_kind(&member.kind);
            if let Some(shape) = shape.as_object_mut() {
                shape.insert("required".to_owned(), json!(member.required));
            }
            (member.name.to_owned(), shape)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn describe_kind(kind: &Kind) -> Value {
    match kind {
        Kind::Text { pattern, min, max } => {
            json!({"type": "string", "pattern": pattern.map(Pattern::text), "min": min, "max": max})
        }
        Kind::OneOf(values) => json!({"type": "string", "enum": values}),
        Kind::Integer { min, max } => json!({"type": "integer", "min": min, "max": max}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::List { item, min, max } => {
            json!({"type": "list", "item": describe_kind(item), "min": min, "max": max})
        }
        Kind::Structure(members) => json!({"type": "structure", "members": describe(members)}),
        Kind::Document => json!({"type": "document"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Kind = text(Pattern::EntityName, 0, 63);
    const SHAPE: &[Member] = &[
        required("DomainId", text(Pattern::DomainId, 0, 63)),
        optional("MaxResults", Kind::Integer { min: 1, max: 100 }),
        optional("Names", Kind::List { item: &NAME, min: 0, max: 2 }),
        optional("AuthMode", Kind::OneOf(&["SSO", "IAM"])),
    ];

    #[track_caller]
    fn refused(input: &Value, code: &str, message: &str) {
        let error = check(SHAPE, input).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (400, code));
        assert_eq!(error.message, message);
    }

    #[test]
    fn a_missing_member_is_null() {
        refused(
            &json!({}),
            "ValidationException",
            "1 validation error detected: Value null at 'domainId' failed to satisfy constraint: \
             Member must not be null",
        );
    }

    #[test]
    fn all_violations_are_in_one_message() {
        refused(
            &json!({"DomainId": "d-abc", "MaxResults": 101, "AuthMode": "None"}),
            "ValidationException",
            "2 validation errors detected: Value '101' at 'maxResults' failed to satisfy \
             constraint: Member must have value less than or equal to 100; Value 'None' at \
             'authMode' failed to satisfy constraint: Member must satisfy enum value set: [SSO, IAM]",
        );
    }

    #[test]
    fn items_of_lists_are_checked_by_position() {
        refused(
            &json!({"DomainId": "d-abc", "Names": ["ok", "no_no"]}),
            "ValidationException",
            "1 validation error detected: Value 'no_no' at 'names.2.member' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: \
             [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        );
    }

    #[test]
    fn a_wrong_json_type_is_a_serialization_error() {
        refused(
            &json!({"DomainId": 7}),
            "SerializationException",
            "NUMBER_VALUE can not be converted to a string",
        );
    }

    #[test]
    fn members_outside_the_shape_are_ignored_as_aws_does() {
        assert!(check(SHAPE, &json!({"DomainId": "d-abc", "Unknown": 1})).is_ok());
    }
}

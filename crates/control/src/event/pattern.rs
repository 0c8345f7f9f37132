//! What an `EventBridge` event pattern matches, as far as patterns for directory events go.
//!
//! Understood are exact values, `prefix`, `suffix`, `equals-ignore-case`, `wildcard`,
//! `anything-but` (of values, `prefix`, `suffix` or `equals-ignore-case`), `exists`, `numeric` and
//! `$or`. Not understood is `cidr`, which matches nothing here. AWS's own matcher, Event Ruler, is
//! written in Java; there is none to use from Rust.

use serde_json::Value;

/// Whether the pattern matches the event. A pattern that is no object matches nothing.
pub fn matches(pattern: &Value, event: &Value) -> bool {
    object(pattern, Some(event))
}

fn object(pattern: &Value, event: Option<&Value>) -> bool {
    let Some(members) = pattern.as_object() else { return false };
    members.iter().all(|(key, wanted)| match wanted {
        Value::Array(branches) if key == "$or" => {
            branches.iter().any(|branch| object(branch, event))
        }
        Value::Object(_) => match event.and_then(|event| event.get(key)) {
            Some(Value::Array(items)) => items.iter().any(|item| object(wanted, Some(item))),
            inner => object(wanted, inner),
        },
        Value::Array(conditions) => {
            let value = event.and_then(|event| event.get(key));
            conditions.iter().any(|condition| any_value(condition, value))
        }
        _ => false,
    })
}

/// Whether a condition holds for a value, or for one of a list.
fn any_value(condition: &Value, value: Option<&Value>) -> bool {
    match value {
        Some(Value::Array(items)) if !items.is_empty() => {
            items.iter().any(|item| holds(condition, Some(item)))
        }
        value => holds(condition, value),
    }
}

fn holds(condition: &Value, value: Option<&Value>) -> bool {
    let Value::Object(filter) = condition else { return value == Some(condition) };
    let mut filters = filter.iter();
    let (Some((name, operand)), None) = (filters.next(), filters.next()) else { return false };
    match name.as_str() {
        "exists" => operand.as_bool() == Some(value.is_some_and(|value| !value.is_object())),
        "anything-but" => value.is_some_and(|value| !excluded(operand, value)),
        "numeric" => value.and_then(Value::as_f64).is_some_and(|number| numeric(operand, number)),
        name => value
            .and_then(Value::as_str)
            .zip(operand.as_str())
            .is_some_and(|(text, operand)| of_text(name, operand, text)),
    }
}

/// Whether a text passes one of the filters of texts.
fn of_text(filter: &str, operand: &str, text: &str) -> bool {
    match filter {
        "prefix" => text.starts_with(operand),
        "suffix" => text.ends_with(operand),
        "equals-ignore-case" => text.eq_ignore_ascii_case(operand),
        "wildcard" => wildcard(operand, text),
        _ => false,
    }
}

/// Whether `anything-but` names the value.
fn excluded(operand: &Value, value: &Value) -> bool {
    match operand {
        Value::Array(values) => values.contains(value),
        Value::Object(filter) => filter.iter().any(|(name, operand)| {
            let operands = match operand {
                Value::Array(operands) => operands.as_slice(),
                one => std::slice::from_ref(one),
            };
            let mut texts = operands.iter().filter_map(Value::as_str);
            value.as_str().is_some_and(|text| texts.any(|operand| of_text(name, operand, text)))
        }),
        one => one == value,
    }
}

/// `*` stands for any run of characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(tail)
}

/// `["op", number, …]`: all comparisons hold.
fn numeric(operand: &Value, number: f64) -> bool {
    let Some(terms) = operand.as_array().filter(|terms| !terms.is_empty()) else { return false };
    terms.chunks(2).all(|term| {
        let [operator, bound] = term else { return false };
        let (Some(operator), Some(bound)) = (operator.as_str(), bound.as_f64()) else {
            return false;
        };
        match operator {
            "<" => number < bound,
            "<=" => number <= bound,
            ">" => number > bound,
            ">=" => number >= bound,
            "=" => (number - bound).abs() < f64::EPSILON,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_hold_as_eventbridge_documents_them() {
        let event = json!({
            "source": "aws.identitystore", "detail-type": "User Updated", "resources": ["a", "b"],
            "detail": {"n": 7, "none": null, "list": [{"x": 1}, {"x": 2}], "empty": ""},
        });
        let cases = [
            (json!({"source": ["aws.s3", "aws.identitystore"]}), true),
            (json!({"source": ["AWS.identitystore"]}), false),
            (json!({"source": "aws.identitystore"}), false),
            (json!({"source": []}), false),
            (json!({"source": [{"prefix": "aws."}]}), true),
            (json!({"source": [{"suffix": "store"}]}), true),
            (json!({"source": [{"equals-ignore-case": "AWS.IdentityStore"}]}), true),
            (json!({"source": [{"wildcard": "aws.*st*re"}]}), true),
            (json!({"source": [{"wildcard": "aws.*x*"}]}), false),
            (json!({"source": [{"cidr": "10.0.0.0/8"}]}), false),
            (json!({"detail-type": [{"anything-but": {"prefix": "AWS "}}]}), true),
            (json!({"detail-type": [{"anything-but": {"prefix": ["AWS ", "User "]}}]}), false),
            (json!({"detail-type": [{"anything-but": ["User Updated"]}]}), false),
            (json!({"detail-type": [{"anything-but": "x"}]}), true),
            (json!({"nowhere": [{"anything-but": "x"}]}), false),
            (json!({"resources": ["b"]}), true),
            (json!({"resources": ["c"]}), false),
            (json!({"detail": {"n": [7]}}), true),
            (json!({"detail": {"n": [{"numeric": [">", 6, "<=", 7]}]}}), true),
            (json!({"detail": {"n": [{"numeric": [">", 7]}]}}), false),
            (json!({"detail": {"none": [null]}}), true),
            (json!({"detail": {"none": [{"exists": true}]}}), true),
            (json!({"detail": {"error": [{"exists": false}]}}), true),
            (json!({"detail": {"n": [{"exists": false}]}}), false),
            (json!({"detail": {"list": {"x": [2]}}}), true),
            (json!({"detail": {"list": {"x": [3]}}}), false),
            (json!({"detail": {"gone": {"x": [{"exists": false}]}}}), true),
            (json!({"$or": [{"source": ["x"]}, {"detail": {"n": [7]}}]}), true),
            (json!({"$or": [{"source": ["x"]}, {"detail": {"n": [8]}}]}), false),
            (json!({}), true),
            (json!([]), false),
        ];
        for (pattern, expected) in cases {
            assert_eq!(matches(&pattern, &event), expected, "{pattern}");
        }
    }
}

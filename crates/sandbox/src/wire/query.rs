//! The query protocol's requests: a form with dotted names becomes a document.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::wire::shape::{Kind, Member};

/// Decodes `a=b&c=d`; `+` is a space.
pub(crate) fn form(body: &str) -> Vec<(String, String)> {
    body.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// EC2's names of lists in a form are singular; those of its model are plural.
pub(crate) fn ec2_names(fields: &[(String, String)]) -> Vec<(String, String)> {
    let plural = |part: &str| match part {
        "Filter" => "Filters".to_owned(),
        "Value" => "Values".to_owned(),
        other => other.to_owned(),
    };
    let named = fields.iter().map(|(name, value)| {
        let parts: Vec<String> = name.split('.').map(plural).collect();
        (parts.join("."), value.clone())
    });
    named.collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Builds the request document; integers and booleans are written as text in a form, so the shape
/// says which.
pub(crate) fn document(fields: &[(String, String)], members: &[Member]) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, value) in fields {
        if name == "Action" || name == "Version" {
            continue;
        }
        let path: Vec<&str> = name.split('.').filter(|part| *part != "member").collect();
        insert(&mut root, &path, Value::String(value.clone()));
    }
    for member in members {
        let Some(slot) = root.get_mut(member.name) else { continue };
        let text = slot.as_str().unwrap_or_default();
        let value = match &member.kind {
            Kind::Integer { .. } => text.parse::<i64>().ok().map(Value::from),
            Kind::Boolean => text.parse::<bool>().ok().map(Value::from),
            _ => None,
        };
        if let Some(value) = value {
            *slot = value;
        }
    }
    root
}

/// The most items of a list that a form is read into: forms are small, indexes are text.
const MAX_LIST: usize = 100;

fn insert(node: &mut Value, path: &[&str], value: Value) {
    let Some((head, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    if let Ok(index) = head.parse::<usize>() {
        if !node.is_array() {
            *node = Value::Array(Vec::new());
        }
        if let Some(items) = node.as_array_mut().filter(|_| (1..=MAX_LIST).contains(&index)) {
            if items.len() < index {
                items.resize(index, Value::Null);
            }
            if let Some(slot) = items.get_mut(index - 1) {
                insert(slot, rest, value);
            }
        }
        return;
    }
    if !node.is_object() {
        *node = Value::Object(Map::new());
    }
    if let Some(object) = node.as_object_mut() {
        insert(object.entry(*head).or_insert(Value::Null), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::shape::optional;

    #[test]
    fn lists_structures_and_integers_are_rebuilt() {
        let fields = form(
            "Action=AssumeRole&Version=2011-06-15&DurationSeconds=900&Tags.member.1.Key=a%2Fb\
             &Tags.member.1.Value=x+y&Tags.member.2.Key=c",
        );
        let members = [optional("DurationSeconds", Kind::Integer { min: 900, max: 43200 })];
        assert_eq!(
            document(&fields, &members),
            json!({"DurationSeconds": 900, "Tags": [{"Key": "a/b", "Value": "x y"}, {"Key": "c"}]})
        );
    }

    #[test]
    fn filters_of_ec2_are_lists_of_lists() {
        let fields = form(
            "Action=DescribeSubnets&Filter.1.Name=vpc-id&Filter.1.Value.1=a&Filter.1.Value.2=b",
        );
        assert_eq!(
            document(&ec2_names(&fields), &[]),
            json!({"Filters": [{"Name": "vpc-id", "Values": ["a", "b"]}]})
        );
    }

    #[test]
    fn a_huge_index_is_dropped() {
        let fields = form("Tags.member.4000000000.Key=a");
        assert_eq!(document(&fields, &[]), json!({"Tags": []}));
    }
}

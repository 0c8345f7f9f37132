//! The query protocol's answers: a document becomes XML.

use serde_json::Value;

/// Writes a value as the content of an element: members of structures are elements, items of
/// lists are called `item`.
pub(crate) fn content(value: &Value, item: &str) -> String {
    let parts: Vec<String> = match value {
        Value::Null => return String::new(),
        Value::Bool(flag) => return flag.to_string(),
        Value::Number(number) => return number.to_string(),
        Value::String(text) => return escape(text),
        Value::Array(items) => items.iter().map(|value| element(item, value, item)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| element(name, value, item)).collect()
        }
    };
    parts.concat()
}

fn element(name: &str, value: &Value, item: &str) -> String {
    format!("<{name}>{}</{name}>", content(value, item))
}

/// Makes text safe inside an element or a quoted attribute, of XML and of HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn structures_lists_and_special_characters() {
        let value = json!({"Arn": "a<b>&\"'", "N": 3, "Tags": [{"Key": "k"}, {"Key": "l"}]});
        assert_eq!(
            content(&value, "member"),
            "<Arn>a&lt;b&gt;&amp;&quot;&#39;</Arn><N>3</N>\
             <Tags><member><Key>k</Key></member><member><Key>l</Key></member></Tags>"
        );
    }
}

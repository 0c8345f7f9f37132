//! Values with members in an order that people read well.

use crate::document::Document;
use std::fmt::Write as _;

/// A value of JSON whose objects keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    Text(String),
    Number(u64),
    Boolean(bool),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// The order of the elements of a policy document.
const ELEMENTS: [&str; 12] = [
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

impl Tree {
    pub(super) fn object<const N: usize>(members: [(&str, Tree); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The object without the members that say nothing: empty lists, objects and texts.
    #[must_use]
    pub(super) fn without_empty(self) -> Self {
        match self {
            Self::Object(members) => {
                Self::Object(members.into_iter().filter(|(_, value)| !value.is_empty()).collect())
            }
            other => other,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            Self::Number(_) | Self::Boolean(_) => false,
        }
    }

    /// As JSON, indented by two spaces.
    pub(super) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let line = |out: &mut String, depth: usize| {
            let _ = write!(out, "\n{:1$}", "", depth * 2);
        };
        match self {
            Self::Text(text) => {
                let _ = write!(out, "{}", serde_json::Value::from(text.as_str()));
            }
            Self::Number(number) => {
                let _ = write!(out, "{number}");
            }
            Self::Boolean(value) => {
                let _ = write!(out, "{value}");
            }
            Self::List(items) if items.is_empty() => out.push_str("[]"),
            Self::Object(members) if members.is_empty() => out.push_str("{}"),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    line(out, depth + 1);
                    item.write(out, depth + 1);
                }
                line(out, depth);
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    line(out, depth + 1);
                    let _ = write!(out, "{}: ", serde_json::Value::from(name.as_str()));
                    value.write(out, depth + 1);
                }
                line(out, depth);
                out.push('}');
            }
        }
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Tree {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl<T: Into<Tree>> FromIterator<T> for Tree {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<&Document> for Tree {
    fn from(document: &Document) -> Self {
        // Serializing cannot fail: no maps with keys that are no text, no I/O.
        let value = serde_json::to_value(document.canonical()).unwrap_or_default();
        Self::from(value)
    }
}

impl From<serde_json::Value> for Tree {
    fn from(value: serde_json::Value) -> Self {
        match value {
            // A document holds neither null nor numbers: those are texts there.
            serde_json::Value::Null => Self::Text(String::new()),
            serde_json::Value::Bool(value) => Self::Boolean(value),
            serde_json::Value::Number(number) => Self::Number(number.as_u64().unwrap_or_default()),
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Array(items) => items.into_iter().collect(),
            serde_json::Value::Object(members) => {
                let mut members: Vec<(String, Self)> =
                    members.into_iter().map(|(name, value)| (name, value.into())).collect();
                members.sort_by_key(|(name, _)| place(name));
                Self::Object(members)
            }
        }
    }
}

fn place(name: &str) -> (usize, String) {
    let place = ELEMENTS.iter().position(|element| *element == name);
    (place.unwrap_or(ELEMENTS.len()), name.to_owned())
}

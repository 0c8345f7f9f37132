//! Reading a policy document.
//!
//! The grammar is the one of the IAM user guide, "Grammar of the IAM JSON policy language": nearly
//! every list may be written as a single value.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Text that is not a policy document.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not JSON, or JSON of another shape.
    #[error("cannot read the policy document")]
    Malformed(#[source] serde_json::Error),
    /// A statement without `Action` and `NotAction`, or with both.
    #[error("statement {0} of the policy document must have exactly one of Action and NotAction")]
    Actions(usize),
    /// A statement with both `Principal` and `NotPrincipal`.
    #[error("statement {0} of the policy document has both Principal and NotPrincipal")]
    Principals(usize),
}

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The version of the policy language; absent: `2008-10-17`.
    #[serde(rename = "Version", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its statements.
    #[serde(rename = "Statement", deserialize_with = "one_or_many")]
    pub statements: Vec<Statement>,
}

/// Whether a statement gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the language's own words")]
pub enum Effect {
    Allow,
    Deny,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// A name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Whether it gives or takes.
    pub effect: Effect,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
    /// Whom it is not about; everybody else is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_principal: Option<Principal>,
    /// Patterns of the actions it is about.
    #[serde(
        default,
        deserialize_with = "some_one_or_many",
        skip_serializing_if = "Option::is_none"
    )]
    pub action: Option<Vec<String>>,
    /// Patterns of the actions it is not about; every other action is meant.
    #[serde(
        default,
        deserialize_with = "some_one_or_many",
        skip_serializing_if = "Option::is_none"
    )]
    pub not_action: Option<Vec<String>>,
    /// Patterns of the resources it is about.
    #[serde(
        default,
        deserialize_with = "some_one_or_many",
        skip_serializing_if = "Option::is_none"
    )]
    pub resource: Option<Vec<String>>,
    /// Patterns of the resources it is not about; every other resource is meant.
    #[serde(
        default,
        deserialize_with = "some_one_or_many",
        skip_serializing_if = "Option::is_none"
    )]
    pub not_resource: Option<Vec<String>>,
    /// Operator, key, values. Every one of them must hold.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<String, BTreeMap<String, Values>>,
}

/// The principals a statement names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Principal {
    /// The text `"*"`; no other text is a principal.
    Text(String),
    /// Lists by kind: `AWS`, `Service`, `Federated`, `CanonicalUser`.
    ByKind(BTreeMap<String, Values>),
}

impl Principal {
    /// Whether this service is listed, by its very name.
    pub fn lists_service(&self, service: &str) -> bool {
        match self {
            Self::Text(_) => false,
            Self::ByKind(kinds) => {
                kinds.get("Service").is_some_and(|list| list.0.iter().any(|s| s == service))
            }
        }
    }

    /// Whether it is everybody, in either spelling.
    pub fn is_everybody(&self) -> bool {
        match self {
            Self::Text(text) => text == "*",
            Self::ByKind(kinds) => {
                kinds.get("AWS").is_some_and(|list| list.0.iter().any(|s| s == "*"))
            }
        }
    }
}

/// One text or a list of them. Numbers and booleans become text, as IAM reads them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Values(pub Vec<String>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items: Vec<serde_json::Value> = one_or_many(deserializer)?;
        let texts = items.into_iter().map(|item| match item {
            serde_json::Value::String(text) => Ok(text),
            serde_json::Value::Bool(flag) => Ok(flag.to_string()),
            serde_json::Value::Number(number) => Ok(number.to_string()),
            other => Err(D::Error::custom(format!("expected a text, found `{other}`"))),
        });
        texts.collect::<Result<_, _>>().map(Self)
    }
}

impl Document {
    /// Reads a document from JSON text.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let document: Self = serde_json::from_str(text).map_err(PolicyError::Malformed)?;
        for (index, statement) in document.statements.iter().enumerate() {
            if statement.action.is_some() == statement.not_action.is_some() {
                return Err(PolicyError::Actions(index + 1));
            }
            if statement.principal.is_some() && statement.not_principal.is_some() {
                return Err(PolicyError::Principals(index + 1));
            }
        }
        Ok(document)
    }
}

impl Statement {
    /// Whether the statement is about this action. Actions are not case-sensitive.
    pub fn covers_action(&self, action: &str) -> bool {
        let listed =
            |patterns: &Vec<String>| patterns.iter().any(|pattern| action_matches(pattern, action));
        match (&self.action, &self.not_action) {
            (Some(patterns), _) => listed(patterns),
            (None, Some(patterns)) => !listed(patterns),
            (None, None) => false,
        }
    }
}

/// Whether an action pattern (`sts:Assume*`, with `*` and `?`) matches an action.
fn action_matches(pattern: &str, action: &str) -> bool {
    let pattern: Vec<char> = pattern.to_ascii_lowercase().chars().collect();
    let action: Vec<char> = action.to_ascii_lowercase().chars().collect();
    // `reached` holds, for the pattern read so far, which prefixes of the action it can match.
    let mut reached = vec![false; action.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for symbol in pattern {
        let mut next = vec![false; action.len() + 1];
        let mut open = false;
        for (index, slot) in next.iter_mut().enumerate() {
            let here = reached.get(index).copied().unwrap_or(false);
            open |= here;
            *slot = if symbol == '*' {
                open
            } else {
                index.checked_sub(1).is_some_and(|before| {
                    reached.get(before).copied().unwrap_or(false)
                        && (symbol == '?' || action.get(before) == Some(&symbol))
                })
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    // Buffered on purpose: an untagged enum would hide which statement is wrong and why.
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Array(items) => items
            .into_iter()
            .map(|item| serde_json::from_value(item).map_err(D::Error::custom))
            .collect(),
        item => serde_json::from_value(item).map(|item| vec![item]).map_err(D::Error::custom),
    }
}

fn some_one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    one_or_many(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_values_and_lists_read_alike() {
        let single = Document::parse(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject",
                "Principal":{"Service":"a.amazonaws.com"},
                "Condition":{"Bool":{"aws:SecureTransport":true}}}}"#,
        )
        .unwrap();
        let listed = Document::parse(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],
                "Principal":{"Service":["a.amazonaws.com"]},
                "Condition":{"Bool":{"aws:SecureTransport":["true"]}}}]}"#,
        )
        .unwrap();
        assert_eq!(single, listed);
        assert_eq!(single.statements[0].action, Some(vec!["s3:GetObject".to_owned()]));
    }

    #[test]
    fn malformed_documents_say_what_is_wrong() {
        let source = |text: &str| match Document::parse(text).unwrap_err() {
            PolicyError::Malformed(e) => e.to_string(),
            other => other.to_string(),
        };
        assert!(source("{").starts_with("EOF while parsing"));
        assert!(source(r#"{"Version":"2012-10-17"}"#).starts_with("missing field `Statement`"));
        assert!(
            source(r#"{"Statement":[{"Effect":"Permit","Action":"*"}]}"#)
                .starts_with("unknown variant `Permit`, expected `Allow` or `Deny`")
        );
        assert_eq!(
            source(r#"{"Statement":[{"Effect":"Allow","Action":"*"},{"Effect":"Deny"}]}"#),
            "statement 2 of the policy document must have exactly one of Action and NotAction"
        );
        assert_eq!(
            source(
                r#"{"Statement":{"Effect":"Deny","Action":"*","Principal":"*","NotPrincipal":"*"}}"#
            ),
            "statement 1 of the policy document has both Principal and NotPrincipal"
        );
    }

    #[test]
    fn action_patterns_know_wildcards_and_ignore_case() {
        for pattern in ["*", "sts:*", "STS:assumerole", "sts:Assume*", "sts:?ssumeRole", "s*:*Role"]
        {
            assert!(action_matches(pattern, "sts:AssumeRole"), "{pattern}");
        }
        for pattern in ["", "sts:Assume", "sts:AssumeRole?", "sts:AssumeRoleWithSAML", "iam:*"] {
            assert!(!action_matches(pattern, "sts:AssumeRole"), "{pattern}");
        }
    }
}

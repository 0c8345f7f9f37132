//! One statement and what it is made of.

use crate::pattern::{Pattern, Syntax};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Whether a statement gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "the language's own words")]
pub enum Effect {
    Allow,
    Deny,
}

/// One statement.
///
/// Exactly one of `action` and `not_action` is there in what was read, and never both of the other
/// pairs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// A name, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Whether it gives or takes.
    pub effect: Effect,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
    /// Whom it is not about; everybody else is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_principal: Option<Principal>,
    /// Patterns of the actions it is about.
    #[serde(serialize_with = "one_or_list", skip_serializing_if = "Option::is_none")]
    pub action: Option<Vec<String>>,
    /// Patterns of the actions it is not about; every other action is meant.
    #[serde(serialize_with = "one_or_list", skip_serializing_if = "Option::is_none")]
    pub not_action: Option<Vec<String>>,
    /// Patterns of the resources it is about.
    #[serde(serialize_with = "one_or_list", skip_serializing_if = "Option::is_none")]
    pub resource: Option<Vec<String>>,
    /// Patterns of the resources it is not about; every other resource is meant.
    #[serde(serialize_with = "one_or_list", skip_serializing_if = "Option::is_none")]
    pub not_resource: Option<Vec<String>>,
    /// Operator, key, values. Every one of them must hold.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: BTreeMap<String, BTreeMap<String, Values>>,
}

/// The principals a statement names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// The text `"*"`; no other text is a principal.
    Everybody,
    /// Lists by kind.
    ByKind(BTreeMap<PrincipalKind, Values>),
}

/// A kind of principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum PrincipalKind {
    /// Accounts, roles, users and sessions, by ARN or account id; `*` is everybody.
    #[serde(rename = "AWS")]
    Aws,
    /// Canonical user ids, for S3.
    CanonicalUser,
    /// Identity providers.
    Federated,
    /// AWS services, by their name.
    Service,
}

impl PrincipalKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Aws, Self::CanonicalUser, Self::Federated, Self::Service];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::CanonicalUser => "CanonicalUser",
            Self::Federated => "Federated",
            Self::Service => "Service",
        }
    }
}

impl Principal {
    /// Whether this service is listed, by its very name.
    pub fn lists_service(&self, service: &str) -> bool {
        self.lists(PrincipalKind::Service, service)
    }

    /// Whether it is everybody, in either spelling.
    pub fn is_everybody(&self) -> bool {
        *self == Self::Everybody || self.lists(PrincipalKind::Aws, "*")
    }

    fn lists(&self, kind: PrincipalKind, text: &str) -> bool {
        match self {
            Self::Everybody => false,
            Self::ByKind(kinds) => {
                kinds.get(&kind).is_some_and(|list| list.0.iter().any(|t| t == text))
            }
        }
    }
}

impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Everybody => serializer.serialize_str("*"),
            Self::ByKind(kinds) => kinds.serialize(serializer),
        }
    }
}

/// One text or a list of them, of which one is enough. Numbers and booleans are the text they are
/// written as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Values(pub Vec<String>);

impl<T: Into<String>> FromIterator<T> for Values {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Self(texts.into_iter().map(Into::into).collect())
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            list => list.serialize(serializer),
        }
    }
}

/// In the same form as [`Values`], for elements that may be absent.
#[expect(clippy::ref_option, reason = "serde calls it so")]
fn one_or_list<S: Serializer>(
    list: &Option<Vec<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match list.as_deref() {
        Some([one]) => serializer.serialize_str(one),
        other => other.serialize(serializer),
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
    let pattern = Pattern::parse(&pattern.to_ascii_lowercase(), Syntax::WILDCARDS);
    pattern.matches_text(&action.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! A compiled filter, and what it says of a resource.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::text::{compare, fold, same};

/// A filter, or a part of one. Inside [`Node::Within`] places are those of one value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// All hold.
    And(Vec<Node>),
    /// One holds.
    Or(Vec<Node>),
    /// It does not hold.
    Not(Box<Node>),
    /// There is a value, and it is not empty.
    Present(Place),
    /// A value passes the test.
    Compare(Place, Test),
    /// It holds for one of the values.
    Within(Place, Box<Node>),
}

/// Where values stand in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The URN of the extension below which they stand.
    pub(crate) extension: Option<&'static str>,
    /// The attribute.
    pub(crate) name: &'static str,
    /// The part of each value.
    pub(crate) sub: Option<&'static str>,
}

/// A comparison with a value that was given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// With text.
    Text {
        operator: Operator,
        /// The text as it was given.
        literal: String,
        /// The text to compare with: folded unless case matters.
        wanted: String,
        /// Whether case matters.
        exact: bool,
    },
    /// With true or false.
    Flag {
        /// Whether it must be so, or must not.
        equal: bool,
        flag: bool,
    },
    /// With a moment.
    Time { operator: Operator, moment: Timestamp },
    /// With null.
    Null {
        /// Whether it must be so, or must not.
        equal: bool,
    },
}

/// An operator that takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Operator {
    /// The operator of this name, in any case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "co" => Self::Contains,
            "sw" => Self::StartsWith,
            "ew" => Self::EndsWith,
            "gt" => Self::Greater,
            "ge" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "le" => Self::LessOrEqual,
            _ => return None,
        })
    }

    /// Whether it says which of two comes first.
    pub(crate) fn orders(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual)
    }

    /// Whether it looks for a part.
    pub(crate) fn searches(self) -> bool {
        matches!(self, Self::Contains | Self::StartsWith | Self::EndsWith)
    }

    fn accepts(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Contains | Self::StartsWith | Self::EndsWith => false,
        }
    }
}

impl Node {
    /// Whether it holds for a resource, or for one value inside [`Node::Within`].
    pub(crate) fn holds(&self, scope: &Map<String, Value>) -> bool {
        match self {
            Self::And(nodes) => nodes.iter().all(|node| node.holds(scope)),
            Self::Or(nodes) => nodes.iter().any(|node| node.holds(scope)),
            Self::Not(node) => !node.holds(scope),
            Self::Present(place) => place.values(scope).any(is_present),
            Self::Compare(place, test) => test.passes(place.values(scope)),
            Self::Within(place, node) => place
                .values(scope)
                .any(|value| value.as_object().is_some_and(|value| node.holds(value))),
        }
    }
}

impl Place {
    /// Every value that stands there.
    pub(crate) fn values<'a>(
        &self,
        scope: &'a Map<String, Value>,
    ) -> impl Iterator<Item = &'a Value> {
        let found = match self.extension {
            None => scope.get(self.name),
            Some(urn) => scope.get(urn).and_then(|below| below.get(self.name)),
        };
        let values = match found {
            None => &[],
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
        };
        let sub = self.sub;
        values.iter().filter_map(move |value| match sub {
            None => Some(value),
            Some(sub) => value.get(sub),
        })
    }
}

impl Test {
    /// The text, as it was given, that a value must be equal to.
    pub(crate) fn equal_text(&self) -> Option<&str> {
        match self {
            Self::Text { operator: Operator::Equal, literal, .. } => Some(literal),
            _ => None,
        }
    }

    fn passes<'a>(&self, mut values: impl Iterator<Item = &'a Value>) -> bool {
        match self {
            Self::Null { equal } => values.any(is_present) != *equal,
            test if test.is_negative() => {
                let mut any = false;
                values.any(|value| {
                    any = true;
                    test.holds(value)
                }) || !any
            }
            test => values.any(|value| test.holds(value)),
        }
    }

    /// Whether what is not there passes.
    fn is_negative(&self) -> bool {
        match self {
            Self::Text { operator, .. } | Self::Time { operator, .. } => {
                *operator == Operator::NotEqual
            }
            Self::Flag { equal, .. } | Self::Null { equal } => !equal,
        }
    }

    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Text { operator, wanted, exact, .. } => {
                value.as_str().is_some_and(|text| holds_text(*operator, text, wanted, *exact))
            }
            Self::Flag { equal, flag } => {
                value.as_bool().is_some_and(|value| (value == *flag) == *equal)
            }
            Self::Time { operator, moment } => value
                .as_str()
                .and_then(|text| text.parse::<Timestamp>().ok())
                .is_some_and(|time| operator.accepts(time.cmp(moment))),
            Self::Null { .. } => false,
        }
    }
}

fn holds_text(operator: Operator, text: &str, wanted: &str, exact: bool) -> bool {
    match operator {
        Operator::Equal | Operator::NotEqual => {
            let equal = if exact { text == wanted } else { same(text, wanted) };
            equal == (operator == Operator::Equal)
        }
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
            let folded = if exact { text.into() } else { fold(text) };
            match operator {
                Operator::Contains => folded.contains(wanted),
                Operator::StartsWith => folded.starts_with(wanted),
                _ => folded.ends_with(wanted),
            }
        }
        _ => operator.accepts(if exact { text.cmp(wanted) } else { compare(text, wanted) }),
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

//! One operator with one key, ready to be evaluated.

use super::arn::ArnPattern;
use super::date::date;
use super::number::Number;
use super::{Kind, Operator, Relation, Set};
use crate::pattern::{Pattern, Syntax};
use crate::request::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use jiff::Timestamp;
use std::cmp::Ordering;
use std::net::IpAddr;

/// A condition of a statement. Every one of them must hold.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) operator: Operator,
    /// In lower case.
    key: Box<str>,
    /// The key as it is written.
    pub(crate) written: Box<str>,
    values: Vec<Value>,
}

/// A value of the policy.
#[derive(Debug)]
enum Value {
    Text(Pattern),
    Folded(Pattern),
    Number(String),
    Date(Timestamp),
    Bool(bool),
    Binary(Vec<u8>),
    Ip(IpNet),
    Arn(ArnPattern),
    /// Not a value of the operator's kind. IAM stores some of these.
    Broken,
}

/// How a value of the request stands to the values of the policy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Matches,
    Differs,
    /// It matches none, and with one of them it could not be compared.
    Undecided,
}

impl Condition {
    /// `variables` as in [`Syntax`].
    pub(crate) fn new(operator: Operator, key: &str, values: &[String], variables: bool) -> Self {
        let kind = operator.base.kind;
        Self {
            operator,
            key: key.to_lowercase().into(),
            written: key.into(),
            values: values.iter().map(|value| Value::read(kind, value, variables)).collect(),
        }
    }

    /// Whether it holds for the request.
    pub(crate) fn holds(&self, request: &Request) -> bool {
        let given = request.values(&self.key);
        if self.operator.base.kind == Kind::Null {
            let absent = is_null_dataset(given.unwrap_or_default());
            return self.values.iter().any(|value| matches!(value, Value::Bool(b) if *b == absent));
        }
        match (self.operator.set, given) {
            (_, None) if self.operator.if_exists => true,
            (None, None) => self.operator.base.negated,
            (None, Some([one])) => self.admits(one, request),
            // AWS leaves open what a list means to an operator for single values.
            (None, Some(_)) | (Some(Set::ForAnyValue), None) => false,
            (Some(Set::ForAllValues), None) => true,
            (Some(Set::ForAllValues), Some(given)) => {
                is_null_dataset(given) || given.iter().all(|one| self.admits(one, request))
            }
            (Some(Set::ForAnyValue), Some(given)) => {
                !is_null_dataset(given) && given.iter().any(|one| self.admits(one, request))
            }
        }
    }

    /// Whether the operator is content with one value of the request.
    fn admits(&self, given: &str, request: &Request) -> bool {
        let wanted =
            if self.operator.base.negated { Comparison::Differs } else { Comparison::Matches };
        self.compare(given, request) == wanted
    }

    fn compare(&self, given: &str, request: &Request) -> Comparison {
        let lookup = |key: &str| request.variable(key);
        let relation = self.operator.base.relation;
        let mut otherwise = Comparison::Differs;
        // Parsed once, whatever the number of the policy's values.
        let mut parsed = None;
        for value in &self.values {
            let comparison = match value {
                Value::Text(pattern) => {
                    told(pattern.matches(given, lookup), || pattern.resolves(lookup))
                }
                Value::Folded(pattern) => {
                    told(same_but_case(pattern, given, lookup), || pattern.resolves(lookup))
                }
                Value::Arn(pattern) => {
                    told(pattern.matches(given, lookup), || pattern.whole().resolves(lookup))
                }
                Value::Broken => Comparison::Undecided,
                typed => {
                    let parsed =
                        parsed.get_or_insert_with(|| Given::read(self.operator.base.kind, given));
                    told(typed.relates(parsed, relation), || true)
                }
            };
            match comparison {
                Comparison::Matches => return Comparison::Matches,
                Comparison::Differs => {}
                Comparison::Undecided => otherwise = Comparison::Undecided,
            }
        }
        otherwise
    }
}

fn told(matches: bool, comparable: impl Fn() -> bool) -> Comparison {
    match matches {
        true => Comparison::Matches,
        false if comparable() => Comparison::Differs,
        false => Comparison::Undecided,
    }
}

/// Whether there is no value but empty texts, which is how AWS tells that there is nothing.
fn is_null_dataset(given: &[String]) -> bool {
    given.iter().all(String::is_empty)
}

/// A value of the request, as the operator understands it.
enum Given<'a> {
    Number(Number<'a>),
    Date(Timestamp),
    Bool(bool),
    Binary(Vec<u8>),
    Ip(IpAddr),
    /// Not of the operator's kind: equals nothing.
    Other,
}

impl<'a> Given<'a> {
    fn read(kind: Kind, text: &'a str) -> Self {
        let read = match kind {
            Kind::Number => Number::parse(text).map(Self::Number),
            Kind::Date => date(text).map(Self::Date),
            Kind::Bool => boolean(text).map(Self::Bool),
            Kind::Binary => STANDARD.decode(text).ok().map(Self::Binary),
            Kind::Ip => text.parse().ok().map(Self::Ip),
            Kind::Text | Kind::Pattern | Kind::FoldedText | Kind::Arn | Kind::Null => None,
        };
        read.unwrap_or(Self::Other)
    }
}

impl Value {
    fn read(kind: Kind, text: &str, variables: bool) -> Self {
        let pattern = |wildcards| Pattern::parse(text, Syntax { wildcards, variables });
        let read = match kind {
            Kind::Text => Some(Self::Text(pattern(false))),
            Kind::Pattern => Some(Self::Text(pattern(true))),
            Kind::FoldedText => Some(Self::Folded(pattern(false))),
            Kind::Number => Number::parse(text).map(|_| Self::Number(text.to_owned())),
            Kind::Date => date(text).map(Self::Date),
            Kind::Bool | Kind::Null => boolean(text).map(Self::Bool),
            Kind::Binary => STANDARD.decode(text).ok().map(Self::Binary),
            Kind::Ip => network(text).map(Self::Ip),
            Kind::Arn => Some(Self::Arn(ArnPattern::parse(text, variables))),
        };
        read.unwrap_or(Self::Broken)
    }

    fn relates(&self, given: &Given<'_>, relation: Relation) -> bool {
        match (self, given) {
            (Self::Number(value), Given::Number(given)) => {
                Number::parse(value).is_some_and(|value| relation.admits(given.cmp(&value)))
            }
            (Self::Date(value), Given::Date(given)) => relation.admits(given.cmp(value)),
            (Self::Bool(value), Given::Bool(given)) => value == given,
            (Self::Binary(value), Given::Binary(given)) => value == given,
            (Self::Ip(value), Given::Ip(given)) => value.contains(given),
            _ => false,
        }
    }
}

impl Relation {
    fn admits(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Reads a network, or one address. Bits behind the prefix do not count.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}

fn same_but_case<'a>(
    pattern: &Pattern,
    given: &str,
    lookup: impl Fn(&str) -> Option<&'a str> + Copy,
) -> bool {
    match pattern.literal() {
        Some(literal) => equal_but_case(literal, given),
        None => pattern.resolve(lookup).is_some_and(|resolved| {
            resolved.literal().is_some_and(|literal| equal_but_case(literal, given))
        }),
    }
}

fn equal_but_case(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars().flat_map(char::to_lowercase).eq(right.chars().flat_map(char::to_lowercase))
}

//! The condition operators of the policy language.

mod arn;
mod compiled;
mod date;
mod number;

pub use arn::ArnPattern;
pub use date::date;
pub use number::Number;

pub(crate) use compiled::{Condition, network};

use std::fmt;

/// What asks about each value of a key that can have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Set {
    /// Every value of the request must match; without any value that is so.
    ForAllValues,
    /// At least one value of the request must match; without any value none does.
    ForAnyValue,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Text, case-sensitive.
    Text,
    /// Text with `*` and `?`.
    Pattern,
    /// Text without regard to case.
    FoldedText,
    /// Whole numbers and decimals.
    Number,
    /// Dates of ISO 8601, or seconds since 1970.
    Date,
    /// `true` and `false`.
    Bool,
    /// Bytes, written in base64.
    Binary,
    /// IP addresses against networks.
    Ip,
    /// ARNs, segment by segment, with `*` and `?`.
    Arn,
    /// Whether the key is there at all.
    Null,
}

/// How the request's value must stand to one of the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "they say it")]
pub enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An operator without what can be put around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Base {
    /// What is compared.
    pub kind: Kind,
    /// How; anything but [`Relation::Equal`] only for numbers and dates.
    pub relation: Relation,
    /// Whether *no* value of the policy may match, and a missing key holds.
    pub negated: bool,
}

/// An operator as it is written in a policy, such as `ForAnyValue:StringLikeIfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operator {
    /// What stands before the colon.
    pub set: Option<Set>,
    /// The operator proper.
    pub base: Base,
    /// Whether the condition holds if the request has no such key.
    pub if_exists: bool,
}

/// Every base operator. `ArnEquals` and `ArnLike` are the same; the first name of two is the one
/// that is written.
const NAMES: [(&str, Base); 27] = {
    use Kind::{Arn, Binary, Bool, Date, FoldedText, Ip, Null, Number, Pattern, Text};
    use Relation::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    const fn is(kind: Kind, relation: Relation) -> Base {
        Base { kind, relation, negated: false }
    }
    const fn not(kind: Kind) -> Base {
        Base { kind, relation: Relation::Equal, negated: true }
    }
    [
        ("StringEquals", is(Text, Equal)),
        ("StringNotEquals", not(Text)),
        ("StringEqualsIgnoreCase", is(FoldedText, Equal)),
        ("StringNotEqualsIgnoreCase", not(FoldedText)),
        ("StringLike", is(Pattern, Equal)),
        ("StringNotLike", not(Pattern)),
        ("NumericEquals", is(Number, Equal)),
        ("NumericNotEquals", not(Number)),
        ("NumericLessThan", is(Number, Less)),
        ("NumericLessThanEquals", is(Number, LessOrEqual)),
        ("NumericGreaterThan", is(Number, Greater)),
        ("NumericGreaterThanEquals", is(Number, GreaterOrEqual)),
        ("DateEquals", is(Date, Equal)),
        ("DateNotEquals", not(Date)),
        ("DateLessThan", is(Date, Less)),
        ("DateLessThanEquals", is(Date, LessOrEqual)),
        ("DateGreaterThan", is(Date, Greater)),
        ("DateGreaterThanEquals", is(Date, GreaterOrEqual)),
        ("Bool", is(Bool, Equal)),
        ("BinaryEquals", is(Binary, Equal)),
        ("IpAddress", is(Ip, Equal)),
        ("NotIpAddress", not(Ip)),
        ("ArnLike", is(Arn, Equal)),
        ("ArnNotLike", not(Arn)),
        ("ArnEquals", is(Arn, Equal)),
        ("ArnNotEquals", not(Arn)),
        ("Null", is(Null, Equal)),
    ]
};

impl Base {
    fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, base)| *base)
    }

    /// The name it is written with; `ArnLike` for `ArnEquals`, which is the same.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, base)| *base == self).map_or("", |(name, _)| *name)
    }
}

impl Operator {
    /// Reads the name of an operator, in any case. `None` if there is no such operator; that goes
    /// for `NullIfExists` too.
    pub fn parse(name: &str) -> Option<Self> {
        let (set, rest) = match name.split_once(':') {
            None => (None, name),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => {
                (Some(Set::ForAllValues), rest)
            }
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => {
                (Some(Set::ForAnyValue), rest)
            }
            Some(_) => return None,
        };
        if let Some(base) = Base::parse(rest) {
            return Some(Self { set, base, if_exists: false });
        }
        let cut = rest.len().checked_sub("IfExists".len())?;
        let (rest, suffix) = rest.split_at_checked(cut)?;
        let base = Base::parse(rest).filter(|base| base.kind != Kind::Null)?;
        suffix.eq_ignore_ascii_case("IfExists").then_some(Self { set, base, if_exists: true })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = match self.set {
            None => "",
            Some(Set::ForAllValues) => "ForAllValues:",
            Some(Set::ForAnyValue) => "ForAnyValue:",
        };
        write!(f, "{set}{}{}", self.base.name(), if self.if_exists { "IfExists" } else { "" })
    }
}

#[cfg(test)]
mod tests;

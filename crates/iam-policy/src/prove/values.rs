//! The values of a context key that some test can tell apart.

use super::automaton::{Glob, Step, classes};
use super::budget::Budget;
use super::intervals;
use super::rules::{Test, glob};
use super::unknown::Unknown;
use crate::condition::{Kind, Number, date, network};
use crate::pattern::Pattern;
use crate::request::Request;
use ipnet::IpNet;
use std::collections::BTreeSet;

/// How the tests of a key compare its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Text,
    Address,
    Number,
    Date,
}

impl Family {
    fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Text | Kind::Pattern | Kind::FoldedText | Kind::Arn | Kind::Bool => {
                Some(Self::Text)
            }
            Kind::Ip => Some(Self::Address),
            Kind::Number => Some(Self::Number),
            Kind::Date => Some(Self::Date),
            // The reader of rules refuses bytes; whether a key is there is asked of any.
            Kind::Binary | Kind::Null => None,
        }
    }
}

/// Single values of which every other one behaves like one, for these tests of one key. Variables
/// have the values of the request.
///
/// `more` are patterns that are to be told apart as well.
pub(super) fn single(
    key: &str,
    tests: &[&Test],
    request: &Request,
    more: &[Glob],
    budget: &Budget,
) -> Result<Vec<String>, Unknown> {
    let families: BTreeSet<Family> =
        tests.iter().filter_map(|test| Family::of(test.operator.base.kind)).collect();
    let mut families = families.into_iter();
    let (family, other) = (families.next(), families.next());
    if other.is_some() || (!more.is_empty() && family.is_some_and(|family| family != Family::Text))
    {
        return Err(Unknown::because(format!("`{key}` is compared as different types of value")));
    }
    let odd = || ["x".to_owned(), String::new()].into_iter();
    Ok(match family {
        None | Some(Family::Text) => {
            let mut globs = text_globs(key, tests, request)?;
            globs.extend_from_slice(more);
            classes(&globs, 1, &[], budget)?.into_values().flatten().collect()
        }
        Some(Family::Address) => addresses(tests).into_iter().chain(odd()).collect(),
        Some(Family::Number) => numbers(key, tests)?.into_iter().chain(odd()).collect(),
        Some(Family::Date) => dates(tests).into_iter().chain(odd()).collect(),
    })
}

/// The patterns that texts are held against, and the empty text, which often means nothing at all.
fn text_globs(key: &str, tests: &[&Test], request: &Request) -> Result<Vec<Glob>, Unknown> {
    let mut globs = vec![Vec::new()];
    for test in tests {
        for pattern in &test.patterns {
            // What does not resolve matches no value.
            let Some(resolved) = pattern.resolve(|key| request.variable(key)) else { continue };
            globs.extend(text_glob(key, test.operator.base.kind, &resolved)?);
        }
        if test.operator.base.kind == Kind::Bool {
            globs.extend(booleans());
        }
    }
    Ok(globs)
}

/// What is true and what is false.
pub(super) fn booleans() -> [Glob; 2] {
    ["true", "false"].map(|text| text.chars().map(Step::Either).collect())
}

/// The glob of a pattern without variables; none if nothing matches it.
pub(super) fn text_glob(key: &str, kind: Kind, pattern: &Pattern) -> Result<Option<Glob>, Unknown> {
    match kind {
        Kind::FoldedText => {
            let steps = glob(pattern, Step::Folded, Step::Any, Step::Many);
            if steps.iter().any(|step| matches!(step, Step::Folded(letter) if !letter.is_ascii())) {
                let why = format!("`{key}` is compared without regard to case outside of ASCII");
                return Err(Unknown::because(why));
            }
            Ok(Some(steps))
        }
        Kind::Arn => Ok(arn_glob(pattern)),
        _ => Ok(Some(glob(pattern, Step::One, Step::Any, Step::Many))),
    }
}

/// Segments of an ARN.
const SEGMENTS: usize = 6;

/// A pattern of ARNs: wildcards stay in their segment, except in the last. None if it has too few.
fn arn_glob(pattern: &Pattern) -> Option<Glob> {
    let segments = pattern.split_at_colons(SEGMENTS);
    if segments.len() != SEGMENTS {
        return None;
    }
    let mut steps = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        if index > 0 {
            steps.push(Step::One(':'));
        }
        let (any, many) = if index + 1 == SEGMENTS {
            (Step::Any, Step::Many)
        } else {
            (Step::AnyBut(':'), Step::ManyBut(':'))
        };
        steps.extend(glob(segment, Step::One, any, many));
    }
    Some(steps)
}

/// Whatever has the form of an ARN.
pub(super) fn any_arn() -> Glob {
    let mut steps = Vec::new();
    for _ in 1..SEGMENTS {
        steps.extend([Step::ManyBut(':'), Step::One(':')]);
    }
    steps.push(Step::Many);
    steps
}

fn addresses(tests: &[&Test]) -> Vec<String> {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for text in texts_of(tests, Kind::Ip) {
        match network(text) {
            Some(IpNet::V4(net)) => v4.push((net.network(), net.broadcast())),
            Some(IpNet::V6(net)) => v6.push((net.network(), net.broadcast())),
            None => {}
        }
    }
    intervals::addresses(&v4, &v6)
}

/// Decimal places that cuts may have.
const PLACES: usize = 9;

fn numbers(key: &str, tests: &[&Test]) -> Result<Vec<String>, Unknown> {
    let mut cuts = BTreeSet::new();
    for text in texts_of(tests, Kind::Number) {
        if Number::parse(text).is_some() {
            let scaled = scaled(text).ok_or_else(|| {
                Unknown::because(format!("`{key}` is compared with `{text}`, which is too long"))
            })?;
            cuts.insert(scaled);
        }
    }
    Ok(intervals::numbers(&cuts).into_iter().map(unscaled).collect())
}

/// The number times a power of ten of [`PLACES`] and one more, so that there is room between any two.
fn scaled(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.len() > 24 || fraction.len() > PLACES {
        return None;
    }
    let number: i128 = format!("{whole}{fraction:0<width$}", width = PLACES + 1).parse().ok()?;
    Some(if negative { -number } else { number })
}

fn unscaled(number: i128) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = PLACES + 2);
    let (whole, fraction) = digits.split_at(digits.len() - PLACES - 1);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

fn dates(tests: &[&Test]) -> Vec<String> {
    let moments = texts_of(tests, Kind::Date).filter_map(date);
    let cuts: BTreeSet<i128> = moments.map(jiff::Timestamp::as_nanosecond).collect();
    let around = intervals::numbers(&cuts).into_iter();
    around
        .filter_map(|moment| jiff::Timestamp::from_nanosecond(moment).ok())
        .map(|moment| moment.to_string())
        .collect()
}

fn texts_of<'a>(tests: &'a [&Test], kind: Kind) -> impl Iterator<Item = &'a str> {
    tests
        .iter()
        .filter(move |test| test.operator.base.kind == kind)
        .flat_map(|test| test.texts.iter().map(String::as_str))
}

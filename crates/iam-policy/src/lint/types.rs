//! Operators and values of another type than the key has.

use super::conditions::{Known, known_key};
use super::view::{Condition, View, replace_variables};
use super::{Finding, Rule};
use crate::condition::{Kind, date};
use crate::service_reference::ValueType;
use ipnet::IpNet;
use std::net::IpAddr;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    view.conditions
        .iter()
        .flat_map(|condition| [operator(condition)].into_iter().flatten().chain(values(condition)))
        .collect()
}

fn operator(condition: &Condition<'_>) -> Option<Finding> {
    let kind = condition.operator?.base.kind;
    let Known::Key(key) = known_key(condition.key) else { return None };
    let (name, of) = (condition.key, key.value_type.describe());
    match judge(kind, key.value_type, condition) {
        Fit::Good => None,
        Fit::AsText => Some(condition.finding(
            Rule::TextOperator,
            format!(
                "the values of `{name}` are {of}; `{}` compares them as text",
                condition.operator_name
            ),
        )),
        Fit::Never => Some(condition.finding(
            Rule::OperatorTypeMismatch,
            format!(
                "the values of `{name}` are {of}; `{}` never matches them",
                condition.operator_name
            ),
        )),
    }
}

enum Fit {
    Good,
    AsText,
    Never,
}

fn judge(kind: Kind, value_type: ValueType, condition: &Condition<'_>) -> Fit {
    let is_global = condition.key.to_ascii_lowercase().starts_with("aws:");
    let like_arns =
        || condition.values.iter().all(|value| value.starts_with("arn:") || value.contains("${"));
    match (kind, value_type) {
        (Kind::Null | Kind::Binary, _)
        | (Kind::Text | Kind::Pattern | Kind::FoldedText | Kind::Bool, ValueType::String)
        | (Kind::Number, ValueType::Numeric | ValueType::Date)
        | (Kind::Date, ValueType::Date)
        | (Kind::Bool, ValueType::Bool)
        | (Kind::Ip, ValueType::IpAddress)
        // ARNs as text are common, and compare well.
        | (Kind::Arn | Kind::Text | Kind::Pattern, ValueType::Arn) => Fit::Good,
        // Services call ARNs and addresses plain strings here and there.
        (Kind::Arn, ValueType::String) if like_arns() => Fit::Good,
        (Kind::Ip, ValueType::String) if !is_global => Fit::Good,
        // A network is no address: as text they never compare.
        (Kind::Text | Kind::Pattern | Kind::FoldedText, kind) if kind != ValueType::IpAddress => {
            Fit::AsText
        }
        _ => Fit::Never,
    }
}

fn values(condition: &Condition<'_>) -> Vec<Finding> {
    let Some(operator) = condition.operator else { return Vec::new() };
    let kind = operator.base.kind;
    let mut findings = Vec::new();
    for (item, value) in condition.values.iter().enumerate() {
        let mut find = |rule, message| {
            let pointer = format!("{}/{item}", condition.pointer);
            findings.push(Finding { rule, pointer, message });
        };
        if matches!(kind, Kind::Text | Kind::FoldedText)
            && replace_variables(value, "").contains('*')
        {
            let message =
                format!("`{}` compares the `*` of `{value}` as it is", condition.operator_name);
            find(Rule::WildcardTakenLiterally, message);
        }
        let expected = if value.contains("${") { None } else { expected(kind, value.trim()) };
        if let Some(expected) = expected {
            find(Rule::MalformedValue, format!("`{value}` is no {expected}"));
        }
    }
    findings
}

/// What the value should be, if it is not that.
fn expected(kind: Kind, value: &str) -> Option<&'static str> {
    let is_good = match kind {
        Kind::Number => value.parse::<f64>().is_ok(),
        Kind::Date => date(value).is_some(),
        Kind::Bool | Kind::Null => {
            ["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word))
        }
        Kind::Ip => network(value).is_some(),
        Kind::Arn => {
            value.contains('*') || (value.starts_with("arn:") && value.split(':').count() >= 6)
        }
        Kind::Text | Kind::Pattern | Kind::FoldedText | Kind::Binary => true,
    };
    let name = match kind {
        Kind::Number => "number",
        Kind::Date => "date",
        Kind::Bool | Kind::Null => "boolean",
        Kind::Ip => "IP address or network",
        _ => "ARN",
    };
    (!is_good).then_some(name)
}

/// An address is a network of its own.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse::<IpNet>().map_err(|_| ())).ok()
}

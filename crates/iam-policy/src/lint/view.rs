//! A statement as the rules see it: actions expanded, conditions taken apart.

use super::{Finding, Kind, Rule};
use crate::condition::Operator;
use crate::document::{Effect, Statement, pointer};
use crate::service_reference::{Action, ArnTemplate, actions_matching, condition_key};

/// One statement of a document.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) kind: Kind,
    pub(super) statement: &'a Statement,
    /// The patterns of `Action`; none if it says `NotAction`.
    pub(super) actions: Vec<ActionPattern<'a>>,
    pub(super) conditions: Vec<Condition<'a>>,
    index: usize,
}

/// A pattern of `Action`.
#[derive(Debug)]
pub(super) struct ActionPattern<'a> {
    pub(super) text: &'a str,
    pub(super) pointer: String,
    /// What it matches. Empty for [`Self::is_everything`].
    pub(super) matched: Vec<&'static Action>,
}

/// A key under an operator.
#[derive(Debug)]
pub(super) struct Condition<'a> {
    /// `None`: there is no such operator.
    pub(super) operator: Option<Operator>,
    pub(super) operator_name: &'a str,
    pub(super) key: &'a str,
    pub(super) values: &'a [String],
    pub(super) pointer: String,
}

impl<'a> View<'a> {
    pub(super) fn new(kind: Kind, index: usize, statement: &'a Statement) -> Self {
        let place = |element: &str, item: usize| {
            pointer(["Statement", &index.to_string(), element, &item.to_string()])
        };
        let patterns = statement.action.iter().flatten().enumerate();
        let actions = patterns.map(|(item, text)| ActionPattern {
            text,
            pointer: place("Action", item),
            matched: if is_everything(text) { Vec::new() } else { actions_matching(text) },
        });
        let of_operators = statement.condition.iter().flat_map(|(operator_name, keys)| {
            keys.iter().map(move |(key, values)| Condition {
                operator: Operator::parse(operator_name),
                operator_name,
                key,
                values: &values.0,
                pointer: pointer([
                    "Statement",
                    &index.to_string(),
                    "Condition",
                    operator_name,
                    key,
                ]),
            })
        });
        Self {
            kind,
            statement,
            actions: actions.collect(),
            conditions: of_operators.collect(),
            index,
        }
    }

    /// The pointer to the statement, or to one of its elements, or to an item of that.
    pub(super) fn pointer(&self, rest: &[&str]) -> String {
        let index = self.index.to_string();
        pointer(["Statement", index.as_str()].iter().chain(rest))
    }

    pub(super) fn finding(&self, rule: Rule, rest: &[&str], message: impl Into<String>) -> Finding {
        Finding { rule, pointer: self.pointer(rest), message: message.into() }
    }

    pub(super) fn allows(&self) -> bool {
        self.statement.effect == Effect::Allow
    }

    /// Whether it is an Allow that gives something.
    pub(super) fn gives(&self) -> bool {
        self.allows() && self.kind.gives()
    }

    /// Whether it is about all actions of all services.
    pub(super) fn is_about_everything(&self) -> bool {
        self.actions.iter().any(ActionPattern::is_everything)
    }

    /// The actions it is about, if that can be told: nothing for `NotAction` and for `*`.
    pub(super) fn known_actions(&self) -> Option<Vec<&'static Action>> {
        if self.actions.is_empty() || self.is_about_everything() {
            return None;
        }
        let mut all: Vec<_> = self.actions.iter().flat_map(|p| p.matched.iter().copied()).collect();
        all.sort_by_key(|action| (action.service, action.name));
        all.dedup_by_key(|action| (action.service, action.name));
        Some(all)
    }

    pub(super) fn resources(&self) -> &'a [String] {
        self.statement.resource.as_deref().unwrap_or_default()
    }

    /// Whether it is about some resource with such an ARN, whoever asks; `${…}` in it stands for any
    /// text. A policy variable in a pattern is one text, and not one that the ARN has.
    pub(super) fn covers_resource(&self, arn: &ArnTemplate) -> bool {
        let one = |pattern: &str| replace_variables(pattern, "\0");
        let listed = |patterns: &[String]| patterns.iter().any(|text| arn.could_match(&one(text)));
        match (&self.statement.resource, &self.statement.not_resource) {
            (Some(patterns), _) => listed(patterns),
            (None, Some(patterns)) => !listed(patterns),
            (None, None) => true,
        }
    }

    /// The pattern that reaches an action, if neither resources nor conditions keep all its requests
    /// out.
    pub(super) fn reaching(&self, action: &str) -> Option<&ActionPattern<'a>> {
        self.actions.iter().find(|pattern| {
            let mut matched = pattern.matched.iter().filter(|a| a.is(action));
            matched.any(|a| self.is_possible(a) && self.is_about_resources_of(a))
        })
    }

    fn is_about_resources_of(&self, action: &Action) -> bool {
        let mut arns = action.resources().flat_map(|used| &used.resource_type.arns).peekable();
        // `NotResource` leaves nothing of a type that it names whole.
        let is_left = |arn: &&&str| {
            let somebodys = ArnTemplate::parse(arn).somebodys();
            self.statement.resource.is_some() || self.covers_resource(&somebodys)
        };
        arns.peek().is_none() || arns.filter(is_left).any(|arn| self.overlaps(arn))
    }

    fn overlaps(&self, arn: &str) -> bool {
        let arn = ArnTemplate::parse(arn);
        let Some(patterns) = &self.statement.resource else { return true };
        patterns.iter().any(|text| arn.could_match(text))
    }

    /// Whether requests of an action can meet the conditions: it carries every key they require.
    pub(super) fn is_possible(&self, action: &Action) -> bool {
        let mut required = self.conditions.iter().filter(|condition| condition.requires_it());
        required
            .all(|condition| action.sees(condition.key) || condition_key(condition.key).is_none())
    }

    /// Whether a condition is about this key, or one that begins so if it ends in `/`.
    pub(super) fn asks_for(&self, key: &str) -> bool {
        self.conditions.iter().any(|condition| condition.is_about(key))
    }

    /// Whether a condition that a request without the key does not meet is about it.
    pub(super) fn requires(&self, key: &str) -> bool {
        self.conditions.iter().any(|condition| condition.is_about(key) && condition.requires_it())
    }
}

impl ActionPattern<'_> {
    pub(super) fn is_everything(&self) -> bool {
        is_everything(self.text)
    }

    pub(super) fn has_wildcard(&self) -> bool {
        self.text.contains(['*', '?'])
    }
}

/// `*`, or `*:*`.
fn is_everything(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.chars().all(|c| matches!(c, '*' | ':')) && pattern.contains('*')
}

impl Condition<'_> {
    pub(super) fn is_about(&self, key: &str) -> bool {
        if key.ends_with('/') {
            let head = self.key.get(..key.len()).unwrap_or_default();
            return head.eq_ignore_ascii_case(key);
        }
        self.key.eq_ignore_ascii_case(key)
    }

    /// Whether only requests with the key meet it.
    pub(super) fn requires_it(&self) -> bool {
        use crate::condition::{Kind, Set};
        self.operator.is_some_and(|operator| match operator.base.kind {
            Kind::Null => self.values.iter().all(|value| value.eq_ignore_ascii_case("false")),
            _ => {
                !operator.base.negated
                    && !operator.if_exists
                    && operator.set != Some(Set::ForAllValues)
            }
        })
    }

    pub(super) fn is_negated(&self) -> bool {
        self.operator.is_some_and(|operator| operator.base.negated)
    }
}

/// A text with something else for each policy variable and escape. One that is not closed is text.
pub(super) fn replace_variables(text: &str, with: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${")
        && let Some((_, after)) = after.split_once('}')
    {
        out.push_str(before);
        out.push_str(with);
        rest = after;
    }
    out + rest
}

/// `a`, `b` and 3 more.
pub(super) fn names<'a>(actions: impl IntoIterator<Item = &'a Action>) -> String {
    let mut all: Vec<String> = actions.into_iter().map(|action| format!("`{action}`")).collect();
    let rest = all.split_off(all.len().min(4)).len();
    let shown = all.join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}

/// The network keys a request can be told by.
pub(super) const NETWORK_KEYS: [&str; 8] = [
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:VpcSourceIp",
];

/// Those that say which VPC or endpoint, or whose.
pub(super) const VPC_KEYS: [&str; 6] = [
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
];

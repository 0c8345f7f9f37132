//! The statements of a question, taken apart.

use super::automaton::{Glob, Step};
use super::bits::Bits;
use super::documents::Documents;
use super::unknown::Unknown;
use crate::condition::{Condition, Kind, Operator};
use crate::document::{Effect, Statement};
use crate::evaluate::Layer;
use crate::pattern::{Part, Pattern, Syntax};
use crate::request::{Principal, PrincipalKind, Request};
use std::collections::{BTreeMap, BTreeSet};

/// A statement.
#[derive(Debug)]
pub(super) struct Rule {
    /// Whether a counterexample comes nearer when the statement holds.
    pub(super) helpful: bool,
    pub(super) actions: OneOf<Glob>,
    pub(super) resources: OneOf<Pattern>,
    pub(super) tests: Vec<Test>,
}

/// Patterns of which one must match, or none.
#[derive(Debug)]
pub(super) struct OneOf<T> {
    pub(super) none_of: bool,
    pub(super) patterns: Vec<T>,
}

/// A condition of a statement: operator, key and values.
#[derive(Debug)]
pub(super) struct Test {
    /// In lower case.
    pub(super) key: String,
    pub(super) operator: Operator,
    /// The values as texts, and as patterns where the operator compares text.
    pub(super) texts: Vec<String>,
    pub(super) patterns: Vec<Pattern>,
    condition: Condition,
}

impl Test {
    pub(super) fn holds(&self, request: &Request) -> bool {
        self.condition.holds(request)
    }

    fn new(operator: Operator, key: &str, values: &[String], variables: bool) -> Self {
        let kind = operator.base.kind;
        let wildcards = matches!(kind, Kind::Pattern | Kind::Arn);
        let compares_text = wildcards || matches!(kind, Kind::Text | Kind::FoldedText);
        let syntax = Syntax { wildcards, variables };
        let patterns = values.iter().filter(|_| compares_text);
        Self {
            key: key.to_lowercase(),
            operator,
            texts: values.to_vec(),
            patterns: patterns.map(|value| Pattern::parse(value, syntax)).collect(),
            condition: Condition::new(operator, key, values, variables),
        }
    }

    /// The keys whose values its own values are made of, in lower case.
    pub(super) fn variables(&self) -> BTreeSet<&str> {
        variables(&self.patterns)
    }
}

/// The keys of the variables in these patterns, in lower case.
pub(super) fn variables(patterns: &[Pattern]) -> BTreeSet<&str> {
    patterns.iter().flat_map(Pattern::variables).map(|variable| variable.key.as_str()).collect()
}

/// The statements of all sets: those that must allow, and those that must not.
pub(super) fn rules(wanted: &[&Documents], refused: &[&Documents]) -> Result<Vec<Rule>, Unknown> {
    let wanted = wanted.iter().map(|documents| (true, documents));
    let refused = refused.iter().map(|documents| (false, documents));
    let mut rules = Vec::new();
    for (wanted, documents) in wanted.chain(refused) {
        for (_, statement, variables) in documents.statements() {
            rules.push(rule(wanted, statement, variables)?);
        }
    }
    Ok(rules)
}

/// Lists of statements of which one each must hold, or some wanted set does not allow.
pub(super) fn needs(wanted: &[&Documents], principal: &Principal) -> Vec<Bits> {
    if principal.kind() == PrincipalKind::Root {
        return Vec::new();
    }
    // Control policies are not asked about everybody.
    let linked = principal.is_service_linked();
    let by_scp = principal.is_identity() && !linked;
    let mut needs: BTreeMap<(usize, Layer, usize), Bits> = BTreeMap::new();
    let mut at = 0;
    for (set, documents) in wanted.iter().enumerate() {
        // What the policy of a resource gives may need nothing else.
        let alone = documents.resource.is_none();
        needs.insert((set, Layer::Identity, 0), Bits::default());
        for (layer, level, statement) in documents.by_level() {
            let needed = match layer {
                Layer::Resource => Some(Layer::Identity),
                Layer::Boundary | Layer::Session if !alone => None,
                Layer::Scp if !by_scp => None,
                Layer::Rcp if linked => None,
                other => Some(other),
            };
            if let Some(layer) = needed {
                let need = needs.entry((set, layer, level)).or_default();
                if statement.effect == Effect::Allow {
                    need.insert(at);
                }
            }
            at += 1;
        }
    }
    needs.into_values().collect()
}

fn rule(wanted: bool, statement: &Statement, variables: bool) -> Result<Rule, Unknown> {
    let actions = match (&statement.action, &statement.not_action) {
        (Some(list), _) => OneOf { none_of: false, patterns: globs_of_actions(list) },
        (None, Some(list)) => OneOf { none_of: true, patterns: globs_of_actions(list) },
        (None, None) => OneOf { none_of: false, patterns: Vec::new() },
    };
    let syntax = Syntax { wildcards: true, variables };
    let read = |list: &[String]| list.iter().map(|text| Pattern::parse(text, syntax)).collect();
    let resources = match (&statement.resource, &statement.not_resource) {
        (Some(list), _) => OneOf { none_of: false, patterns: read(list) },
        (None, Some(list)) => OneOf { none_of: true, patterns: read(list) },
        // The policy of a resource is about that resource.
        (None, None) => OneOf { none_of: true, patterns: Vec::new() },
    };
    let mut tests = Vec::new();
    for (name, keys) in &statement.condition {
        let operator = Operator::parse(name)
            .ok_or_else(|| Unknown::because(format!("there is no operator `{name}`")))?;
        for (key, values) in keys {
            if operator.base.kind == Kind::Binary {
                return Err(Unknown::because(format!("`{key}` is compared as bytes")));
            }
            tests.push(Test::new(operator, key, &values.0, variables));
        }
    }
    Ok(Rule { helpful: (statement.effect == Effect::Allow) == wanted, actions, resources, tests })
}

fn globs_of_actions(list: &[String]) -> Vec<Glob> {
    list.iter().map(|text| action_glob(text)).collect()
}

/// The glob of an action pattern, which does not look at case.
pub(super) fn action_glob(text: &str) -> Glob {
    let letter = |letter: char| match letter {
        _ if letter.is_ascii_alphabetic() => Step::Either(letter),
        other => Step::One(other),
    };
    glob(&Pattern::parse(text, Syntax::WILDCARDS), letter, Step::Any, Step::Many)
}

/// The glob of a pattern without variables.
pub(super) fn glob(
    pattern: &Pattern,
    letter: impl Fn(char) -> Step + Copy,
    any: Step,
    many: Step,
) -> Glob {
    let mut steps = Vec::new();
    for part in pattern.parts() {
        match part {
            Part::Text(text) => steps.extend(text.chars().map(letter)),
            Part::Star => steps.push(many),
            Part::One => steps.push(any),
            // Gone once the pattern is resolved.
            Part::Variable(_) | Part::Malformed(_) => {}
        }
    }
    steps
}

//! The resources that some statement tells apart.

use super::automaton::{Glob, Step, literal};
use super::bits::Bits;
use super::frontier::outdoes;
use super::rules::{Rule, glob};
use super::{automaton, unknown::Unknown};
use crate::pattern::Pattern;
use crate::request::Request;
use std::collections::BTreeMap;

/// Resources that the same statements are about.
#[derive(Debug)]
pub(super) struct ResourceClass {
    /// One of them.
    pub(super) resource: String,
    /// The statements, of those that are about the action.
    pub(super) rules: Bits,
}

/// What actions without resource-level permissions ask for.
const ANY: &str = "*";

/// One of every class that another does not outdo. Variables have the values of the request.
pub(super) fn classes(
    all: &[Rule],
    about_action: &Bits,
    helpful: &Bits,
    request: &Request,
) -> Result<Vec<ResourceClass>, Unknown> {
    let lookup = |key: &str| request.variable(key);
    // The text `*` is no resource like others.
    let mut globs: Vec<Glob> = vec![literal(ANY)];
    let mut listed: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let rules = || all.iter().enumerate().filter(|(at, _)| about_action.contains(*at));
    for (at, rule) in rules() {
        let resolved = rule.resources.patterns.iter().filter_map(|pattern| pattern.resolve(lookup));
        for pattern in resolved {
            let glob = glob(&pattern, Step::One, Step::Any, Step::Many);
            let number = globs.iter().position(|other| *other == glob).unwrap_or(globs.len());
            if number == globs.len() {
                globs.push(glob);
            }
            listed.entry(at).or_default().push(number);
        }
    }
    let about = |matches: &dyn Fn(usize, &Rule) -> bool| -> Bits {
        rules()
            .filter(|(at, rule)| {
                let sure = || rule.resources.patterns.iter().all(|p| p.resolves(lookup));
                matches(*at, rule) != rule.resources.none_of && (!rule.resources.none_of || sure())
            })
            .map(|(at, _)| at)
            .collect()
    };
    let mut found: BTreeMap<Bits, String> = BTreeMap::new();
    for (matched, texts) in automaton::classes(&globs, 1, &[])? {
        if matched.contains(0) {
            continue;
        }
        let rules = about(&|at, _| {
            listed.get(&at).is_some_and(|numbers| numbers.iter().any(|n| matched.contains(*n)))
        });
        found.entry(rules).or_insert(texts.into_iter().next().unwrap_or_default());
    }
    let any = about(&|_, rule| rule.resources.patterns.iter().any(Pattern::is_any));
    found.entry(any).or_insert(ANY.to_owned());
    let outdone =
        |rules: &Bits| found.keys().any(|other| other != rules && outdoes(helpful, other, rules));
    Ok(found
        .iter()
        .filter(|(rules, _)| !outdone(rules))
        .map(|(rules, resource)| ResourceClass { resource: resource.clone(), rules: rules.clone() })
        .collect())
}

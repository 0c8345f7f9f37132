//! The actions that some statement tells apart.

use super::automaton::{self, Glob, Step};
use super::bits::Bits;
use super::budget::Budget;
use super::frontier::outdoes;
use super::rules::{Rule, action_glob, variables};
use super::unknown::Unknown;
use super::world::{Traits, World};
use crate::pattern::{Pattern, Syntax};
use crate::service_reference;
use std::collections::{BTreeMap, BTreeSet};

/// Actions that the same statements are about.
#[derive(Debug, Clone)]
pub(super) struct ActionClass {
    /// One of them.
    pub(super) action: String,
    /// Whether AWS has an action of this name today.
    pub(super) real: bool,
    /// The statements that are about it.
    pub(super) rules: Bits,
    /// What else they have in common.
    pub(super) traits: Traits,
}

/// Actions for which the policy of the resource decides alone, where there is one.
const RESOURCE_DECIDES: [&str; 4] =
    ["kms:*", "sts:assumerole*", "sts:setsourceidentity", "sts:tagsession"];

/// The statements, and what else must be alike.
type Class = (Bits, (Bits, Traits));

/// One of every class that another does not outdo: real ones first.
///
/// Every text is taken for an action, not only those that AWS has today. A class of no real action
/// never stands in the way of one with a real action.
pub(super) fn classes(
    rules: &[Rule],
    helpful: &Bits,
    by_resource: bool,
    world: World,
    budget: &Budget,
) -> Result<Vec<ActionClass>, Unknown> {
    let mut globs: Vec<Glob> = Vec::new();
    let mut numbers: BTreeMap<&Glob, usize> = BTreeMap::new();
    // Of each statement the numbers of its patterns.
    let mut listed: Vec<Vec<usize>> = Vec::new();
    for rule in rules {
        let number = |glob| {
            *numbers.entry(glob).or_insert_with(|| {
                globs.push(glob.clone());
                globs.len() - 1
            })
        };
        listed.push(rule.actions.patterns.iter().map(number).collect());
    }
    let first_special = globs.len();
    let special = RESOURCE_DECIDES.iter().filter(|_| by_resource);
    globs.extend(special.map(|pattern| action_glob(pattern)));
    let behind_special = globs.len();
    let keys = keys(rules);
    globs.extend(world.telling(&keys).iter().map(|pattern| action_glob(pattern)));
    let told = |matched: &Bits, action: &str| -> Class {
        let about = |(rule, numbers): &(&Rule, &Vec<usize>)| {
            numbers.iter().any(|at| matched.contains(*at)) != rule.actions.none_of
        };
        let rules = rules.iter().zip(&listed).enumerate();
        let rules = rules.filter(|(_, rule)| about(rule)).map(|(at, _)| at).collect();
        let special = first_special..behind_special;
        let special = matched.iter().filter(|at| special.contains(at)).collect();
        (rules, (special, world.traits(&keys, action)))
    };
    let mut found: BTreeMap<Class, ActionClass> = BTreeMap::new();
    let mut add = |(rules, same): Class, action: String, real: bool| {
        let class = ActionClass { action, real, rules: rules.clone(), traits: same.1.clone() };
        found.entry((rules, same)).or_insert(class);
    };
    for (matched, action) in real_actions(&globs, budget)? {
        add(told(&matched, &action), action, true);
    }
    for (matched, texts) in automaton::classes(&globs, 1, &[], budget)? {
        let action = texts.into_iter().next().unwrap_or_default();
        add(told(&matched, &action), action, false);
    }
    budget.spend(found.len() * found.len())?;
    Ok(best(&found, helpful))
}

/// The keys that the statements ask about, themselves or in variables.
fn keys(rules: &[Rule]) -> BTreeSet<&str> {
    let tests = rules.iter().flat_map(|rule| &rule.tests);
    let asked = tests.flat_map(|test| test.variables().into_iter().chain([test.key.as_str()]));
    asked.chain(rules.iter().flat_map(|rule| variables(&rule.resources.patterns))).collect()
}

fn best(found: &BTreeMap<Class, ActionClass>, helpful: &Bits) -> Vec<ActionClass> {
    let outdone = |(rules, own): &Class, class: &ActionClass| {
        found.iter().any(|((other, same), by)| {
            same == own
                && other != rules
                && (by.real || !class.real)
                && outdoes(helpful, other, rules)
        })
    };
    let mut best: Vec<ActionClass> = found
        .iter()
        .filter(|(key, class)| !outdone(key, class))
        .map(|(_, class)| class.clone())
        .collect();
    best.sort_by(|a, b| b.real.cmp(&a.real).then_with(|| a.action.cmp(&b.action)));
    best
}

/// Actions that AWS has, of the services that the patterns name, with what they match.
fn real_actions(globs: &[Glob], budget: &Budget) -> Result<BTreeMap<Bits, String>, Unknown> {
    let prefix = |glob: &Glob| {
        let mut name = String::new();
        for step in glob {
            match step {
                Step::Either(letter) => name.push(letter.to_ascii_lowercase()),
                Step::One(':') => return Some(name),
                Step::One(letter) => name.push(*letter),
                _ => return None,
            }
        }
        None
    };
    let services: BTreeSet<String> = globs.iter().filter_map(prefix).collect();
    let patterns: Vec<Pattern> = globs.iter().map(pattern).collect();
    let mut all = BTreeMap::new();
    for service in services.iter().filter_map(|name| service_reference::service(name)) {
        budget.spend(service.actions().len() * patterns.len())?;
        for action in service.actions() {
            let name = action.to_string();
            let folded = name.to_ascii_lowercase();
            let about = |(_, pattern): &(usize, &Pattern)| pattern.matches_text(&folded);
            let matched = patterns.iter().enumerate().filter(about).map(|(at, _)| at).collect();
            all.entry(matched).or_insert(name);
        }
    }
    Ok(all)
}

/// The pattern of a glob, in lower case.
fn pattern(glob: &Glob) -> Pattern {
    let text: String = glob
        .iter()
        .filter_map(|step| match step {
            Step::Either(letter) => Some(letter.to_ascii_lowercase()),
            Step::One(letter) => Some(*letter),
            Step::Any => Some('?'),
            Step::Many => Some('*'),
            _ => None,
        })
        .collect();
    Pattern::parse(&text, Syntax::WILDCARDS)
}

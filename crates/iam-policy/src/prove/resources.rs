//! The resources that some statement tells apart.

use super::automaton::{Glob, Step, literal};
use super::bits::Bits;
use super::budget::Budget;
use super::frontier::outdoes;
use super::rules::{Rule, glob};
use super::{automaton, unknown::Unknown};
use crate::pattern::Pattern;
use crate::request::Request;
use crate::service_reference;
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
///
/// With `apart`, resources of another account are classes of their own: there, identity-based policies
/// are not enough.
pub(super) fn classes(
    all: &[Rule],
    about_action: &Bits,
    helpful: &Bits,
    request: &Request,
    apart: bool,
    budget: &Budget,
) -> Result<Vec<ResourceClass>, Unknown> {
    let lookup = |key: &str| request.variable(key);
    // The text `*` is no resource like others.
    let mut globs: Vec<Glob> = vec![literal(ANY)];
    let mut numbers = BTreeMap::from([(literal(ANY), 0)]);
    let mut listed: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let rules = || all.iter().enumerate().filter(|(at, _)| about_action.contains(*at));
    for (at, rule) in rules() {
        let resolved = rule.resources.patterns.iter().filter_map(|pattern| pattern.resolve(lookup));
        for pattern in resolved {
            let glob = glob(&pattern, Step::One, Step::Any, Step::Many);
            let number = *numbers.entry(glob).or_insert_with_key(|glob| {
                globs.push(glob.clone());
                globs.len() - 1
            });
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
    let crosses = |resource: &str| {
        let principal = request.principal().clone();
        apart && Request::new(principal, request.action(), resource).crosses_accounts()
    };
    let mut found: BTreeMap<(bool, Bits), String> = BTreeMap::new();
    // What looks like a resource first: it is the one that is shown.
    let likely = likely(&globs, request);
    budget.spend(likely.len() * listed.values().map(Vec::len).sum::<usize>())?;
    for resource in likely {
        let matches = |rule: &Rule| {
            rule.resources.patterns.iter().any(|pattern| pattern.matches(&resource, lookup))
        };
        let rules = about(&|_, rule| matches(rule));
        found.entry((crosses(&resource), rules)).or_insert(resource.clone());
    }
    for (matched, resource) in texts(globs, request, crosses, budget)? {
        if matched.contains(0) {
            continue;
        }
        let rules = about(&|at, _| {
            listed.get(&at).is_some_and(|numbers| numbers.iter().any(|n| matched.contains(*n)))
        });
        found.entry((crosses(&resource), rules)).or_insert(resource);
    }
    let any = about(&|_, rule| rule.resources.patterns.iter().any(Pattern::is_any));
    found.entry((false, any)).or_insert(ANY.to_owned());
    budget.spend(found.len() * found.len())?;
    let outdone = |(crosses, rules): &(bool, Bits)| {
        found
            .keys()
            .any(|(too, other)| too == crosses && other != rules && outdoes(helpful, other, rules))
    };
    Ok(found
        .iter()
        .filter(|(class, _)| !outdone(class))
        .map(|((_, rules), resource)| ResourceClass {
            resource: resource.clone(),
            rules: rules.clone(),
        })
        .collect())
}

/// A text of every class of these patterns; of those that hold resources of another account and others,
/// one of each.
fn texts(
    mut globs: Vec<Glob>,
    request: &Request,
    crosses: impl Fn(&str) -> bool,
    budget: &Budget,
) -> Result<Vec<(Bits, String)>, Unknown> {
    let of = |globs: &[Glob]| -> Result<Vec<(Bits, String)>, Unknown> {
        let classes = automaton::classes(globs, 1, &[], budget)?.into_iter();
        Ok(classes
            .map(|(matched, texts)| (matched, texts.into_iter().next().unwrap_or_default()))
            .collect())
    };
    let found = of(&globs)?;
    if !found.iter().any(|(_, text)| crosses(text)) {
        return Ok(found);
    }
    let own = request.principal().account().unwrap_or_default();
    // AWS's own resources stand under `aws`, those of no account under nothing.
    for account in [own, "", "aws"] {
        let mut glob = literal("arn:");
        for _ in 0..3 {
            glob.extend([Step::ManyBut(':'), Step::One(':')]);
        }
        glob.extend(literal(account));
        globs.push(glob.clone());
        glob.extend([Step::One(':'), Step::Many]);
        globs.push(glob);
    }
    of(&globs)
}

/// Resources as the action has them, in the Regions that the patterns name, and the patterns themselves
/// with something in the place of wildcards.
fn likely(globs: &[Glob], request: &Request) -> Vec<String> {
    let text = |glob: &Glob| -> String {
        let letter = |step: &Step| if let Step::One(letter) = step { *letter } else { 'x' };
        glob.iter().map(letter).collect()
    };
    let written: Vec<String> =
        globs.iter().map(text).filter(|text| text.starts_with("arn:")).collect();
    let region = written
        .iter()
        .filter_map(|arn| arn.split(':').nth(3))
        .find(|region| region.len() > 1)
        .unwrap_or("eu-west-1");
    let templates = service_reference::action(request.action())
        .into_iter()
        .flat_map(service_reference::Action::resources)
        .flat_map(|resource| resource.resource_type.arns.iter());
    let account = request.principal().account().unwrap_or("111122223333");
    let filled = templates.map(|template| {
        let known = template
            .replace("${Partition}", "aws")
            .replace("${Region}", region)
            .replace("${Account}", account);
        let mut pieces = known.split("${");
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |arn, piece| {
            arn + "x" + piece.split_once('}').map_or("", |(_, rest)| rest)
        })
    });
    filled.chain(written.iter().cloned()).collect()
}

//! Looking for a request that some policies allow and others do not.

use super::actions::{self, ActionClass};
use super::bits::Bits;
use super::budget::Budget;
use super::choices::{Key, Names, give};
use super::documents::Documents;
use super::frontier::{Frontier, Point, Values};
use super::groups::{Group, Keys};
use super::resources::{self, ResourceClass};
use super::rules::{self, Rule};
use super::subject::Subject;
use super::unknown::Unknown;
use super::variables::{self, Variable};
use super::world::{Case, Traits, World};
use crate::evaluate::{CompileError, Policies};
use crate::request::{Request, account_of};
use std::collections::{BTreeMap, BTreeSet};

/// What is looked for: requests that every wanted set of policies allows and no refused one.
#[derive(Debug)]
pub(super) struct Search<'a> {
    subject: &'a Subject,
    world: World,
    wanted: Vec<Policies>,
    refused: Vec<Policies>,
    rules: Vec<Rule>,
    helpful: Bits,
    /// Lists of statements of which one each must hold for every wanted set to allow.
    needs: Vec<Bits>,
    /// Whether a policy of a resource takes part: then it matters whose the resource is.
    by_resource: bool,
    limits: Limits<'a>,
}

/// How far a search has come.
#[derive(Debug, Default)]
struct Progress {
    calls: usize,
    found: Vec<Request>,
    /// Whether a request was found that cannot be, since it is in two accounts.
    doubtful: bool,
    barred: BTreeSet<String>,
    /// What groups of keys can be given, by the statements that ask.
    cache: BTreeMap<(Bits, BTreeSet<String>, Traits), Vec<Point>>,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    /// Requests to decide.
    pub(super) calls: usize,
    /// Requests to find; the search goes on with another action after each.
    pub(super) found: usize,
    /// Work to do.
    pub(super) budget: &'a Budget,
}

/// What a search came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Requests of the kind looked for; none: there is none.
    pub(super) found: Vec<Request>,
    /// Requests that were decided.
    pub(super) calls: usize,
    /// Keys whose values were taken to hold no `/ : * ? $`.
    pub(super) barred: BTreeSet<String>,
}

const RESOURCE_ACCOUNT: &str = "aws:resourceaccount";
const IS_SERVICE: &str = "aws:principalisawsservice";
/// What requests of every identity of IAM have.
const OF_IDENTITIES: [&str; 3] = ["aws:principalarn", "aws:principalaccount", "aws:principaltype"];
/// An account that nobody's documents name.
const ELSEWHERE: &str = "000000000000";
/// How many combinations of variables are tried for an action.
const MOST_ASSIGNMENTS: usize = 20_000;

impl<'a> Search<'a> {
    pub(super) fn new(
        subject: &'a Subject,
        world: World,
        wanted: &[&Documents],
        refused: &[&Documents],
        limits: Limits<'a>,
    ) -> Result<Self, Unknown> {
        let compile = |sets: &[&Documents]| {
            sets.iter().map(|set| set.compile()).collect::<Result<Vec<_>, CompileError>>()
        };
        let broken = |error: CompileError| Unknown::because(error.to_string());
        let rules = rules::rules(wanted, refused)?;
        subject.stands_for_its_sessions(wanted, refused)?;
        let needs = rules::needs(wanted, &subject.principal);
        let helpful =
            (0..).zip(&rules).filter(|(_, rule)| rule.helpful).map(|(at, _)| at).collect();
        Ok(Self {
            subject,
            world,
            wanted: compile(wanted).map_err(broken)?,
            refused: compile(refused).map_err(broken)?,
            rules,
            helpful,
            needs,
            by_resource: wanted.iter().chain(refused).any(|set| set.resource.is_some()),
            limits,
        })
    }

    pub(super) fn run(self) -> Result<Outcome, Unknown> {
        let mut progress = Progress::default();
        let mut known = BTreeSet::new();
        let (rules, budget) = (&self.rules, self.limits.budget);
        let classes = actions::classes(rules, &self.helpful, self.by_resource, self.world, budget)?;
        for class in classes {
            if progress.found.len() >= self.limits.found {
                break;
            }
            // Of hypothetical actions only what no real one has shown already.
            if class.real || progress.found.is_empty() || !known.contains(&class.rules) {
                self.explore(&class, &mut progress)?;
                known.insert(class.rules);
            }
        }
        if progress.found.is_empty() && progress.doubtful {
            return Err(Unknown::because(
                "`aws:ResourceAccount` matters, and only requests were found in which it is not the \
                 account in the ARN of the resource",
            ));
        }
        let Progress { found, calls, barred, .. } = progress;
        Ok(Outcome { found, calls, barred })
    }

    /// Whether these statements could be enough for every wanted set.
    fn possible(&self, rules: &Bits) -> bool {
        self.needs.iter().all(|need| need.iter().any(|at| rules.contains(at)))
    }

    fn explore(&self, class: &ActionClass, progress: &mut Progress) -> Result<(), Unknown> {
        self.limits.budget.spend(self.rules.len())?;
        if !self.possible(&class.rules) {
            return Ok(());
        }
        let base = self.request(&class.action, "*");
        let constant = |key: &str| self.constant(key, &base);
        let (rules, traits) = (&class.rules, &class.traits);
        let keys = Keys::new(&self.rules, rules, traits, constant);
        let (with_resource, others) = keys.groups(self.world);
        for case in self.cases(&keys, &with_resource, traits) {
            for values in self.assignments(&keys, &with_resource, &case, &base, progress)? {
                let assigned = apply(&base, &values);
                for found in self.resources(rules, &assigned)? {
                    if self.possible(&found.rules) {
                        let at = Place {
                            request: apply(&self.request(&class.action, &found.resource), &values),
                            rules: found.rules,
                            keys: &keys,
                            traits,
                        };
                        if self.visit(&at, (&with_resource, &others), (&case, &values), progress)? {
                            return Ok(());
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The cases in which the keys of a group can stand to each other. Whoever it is, an identity of IAM
    /// has an ARN, an account and a type.
    fn cases(&self, keys: &Keys<'_>, group: &Group, traits: &Traits) -> Vec<Case> {
        let always: &[&str] = if self.subject.anybody { &OF_IDENTITIES } else { &[] };
        let cases = self.world.cases(&keys.names_of(group), traits).into_iter();
        cases.map(|case| case.with(always)).collect()
    }

    /// Whether the question is about the principal's own side only.
    fn one_sided(&self) -> bool {
        !self.by_resource
    }

    fn request(&self, action: &str, resource: &str) -> Request {
        let request = self.subject.request(action, resource);
        match self.subject.principal.account() {
            Some(own) if self.one_sided() => request.in_account(own),
            _ => request,
        }
    }

    fn resources(&self, rules: &Bits, request: &Request) -> Result<Vec<ResourceClass>, Unknown> {
        let budget = self.limits.budget;
        resources::classes(&self.rules, rules, &self.helpful, request, !self.one_sided(), budget)
    }

    /// The values of a key, if they are known beforehand; none of them: it is missing.
    fn constant(&self, key: &str, base: &Request) -> Option<Vec<String>> {
        // Identities of IAM are no services, whoever they are.
        let told = !self.subject.anybody || key == IS_SERVICE;
        let derived = || base.values(key).filter(|_| told && key != RESOURCE_ACCOUNT);
        self.subject.known.get(key).cloned().or_else(|| derived().map(<[String]>::to_vec))
    }

    /// Decides everything there is at an action, a resource and values of variables. True: found.
    fn visit(
        &self,
        at: &Place<'_>,
        (with_resource, others): (&Group, &[Group]),
        (case, values): (&Case, &Values),
        progress: &mut Progress,
    ) -> Result<bool, Unknown> {
        let budget = self.limits.budget;
        budget.spend(self.rules.len())?;
        // Tests of keys that have their values by now.
        let undecided =
            |key: &str| at.keys.contains(key) && !with_resource.is_variable(at.keys, key);
        let holds = self.holding(&at.rules, &at.request, undecided);
        if !self.possible(&holds) {
            return Ok(false);
        }
        let mut frontier = Frontier::of(&self.helpful, holds);
        for key in with_resource.plain() {
            frontier = frontier.and(&self.points(at, key, &at.request, case)?, budget)?;
        }
        for group in others {
            let points = self.group_points(at, group, progress)?;
            frontier = frontier.and(&points, budget)?;
        }
        for point in frontier.points() {
            let all: Values = values.iter().chain(&point.values).cloned().collect();
            if self.possible(&point.holds) && self.decide(&apply(&at.request, &all), progress)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The rules of which no test fails, of those that are not left for later.
    fn holding(&self, rules: &Bits, request: &Request, later: impl Fn(&str) -> bool) -> Bits {
        let holds =
            |rule: &Rule| rule.tests.iter().all(|test| later(&test.key) || test.holds(request));
        rules.iter().filter(|at| self.rules.get(*at).is_some_and(holds)).collect()
    }

    /// What a key can be given, as combinations of statements.
    fn points(
        &self,
        at: &Place<'_>,
        key: &str,
        request: &Request,
        case: &Case,
    ) -> Result<Vec<Point>, Unknown> {
        let asked = at.keys.key(key, &at.rules).filter(|key| !key.tests.is_empty());
        let Some(key) = asked else {
            return Ok(vec![Point { holds: at.rules.clone(), values: Vec::new() }]);
        };
        let mut frontier = Frontier::new(&self.helpful);
        let budget = self.limits.budget;
        for choice in key.choices(self.world, case, request, budget)? {
            budget.spend(self.rules.len())?;
            let failed: Bits = key
                .tests
                .iter()
                .zip(&choice.holds)
                .filter(|(_, holds)| !**holds)
                .map(|((rule, _), _)| *rule)
                .collect();
            let holds = at.rules.iter().filter(|rule| !failed.contains(*rule)).collect();
            let values = key.names.iter().map(|name| (name.clone(), choice.values.clone()));
            frontier.add(Point { holds, values: values.collect() }, budget)?;
        }
        Ok(frontier.points().to_vec())
    }

    /// All that the keys of a group can be given, which have nothing to do with the resource.
    fn group_points(
        &self,
        at: &Place<'_>,
        group: &Group,
        progress: &mut Progress,
    ) -> Result<Vec<Point>, Unknown> {
        let cached = (at.rules.clone(), group.keys.clone(), at.traits.clone());
        if let Some(points) = progress.cache.get(&cached) {
            return Ok(points.clone());
        }
        let budget = self.limits.budget;
        let mut all = Frontier::new(&self.helpful);
        for case in self.cases(at.keys, group, at.traits) {
            for values in self.assignments(at.keys, group, &case, &at.request, progress)? {
                budget.spend(self.rules.len())?;
                let request = apply(&at.request, &values);
                let later = |key: &str| !group.is_variable(at.keys, key);
                let holds = self.holding(&at.rules, &request, later);
                let mut frontier = Frontier::of(&self.helpful, holds);
                for key in group.plain() {
                    frontier = frontier.and(&self.points(at, key, &request, &case)?, budget)?;
                }
                for point in frontier.points() {
                    let values = values.iter().chain(&point.values).cloned().collect();
                    all.add(Point { holds: point.holds.clone(), values }, budget)?;
                }
            }
        }
        progress.cache.insert(cached, all.points().to_vec());
        Ok(all.points().to_vec())
    }

    /// Every combination of values for the variables of a group.
    fn assignments(
        &self,
        keys: &Keys<'_>,
        group: &Group,
        case: &Case,
        base: &Request,
        progress: &mut Progress,
    ) -> Result<Vec<Values>, Unknown> {
        let all: Vec<Key<'_>> = group.variables().filter_map(|key| keys.key_of_all(key)).collect();
        if all.is_empty() {
            return Ok(vec![Vec::new()]);
        }
        let variables: Vec<Variable<'_>> = all
            .iter()
            .map(|key| Variable {
                names: key.names,
                tests: key.tests.iter().map(|(_, test)| *test).collect(),
            })
            .collect();
        let known = keys.known_values(group);
        let texts =
            variables::texts(&variables, &keys.patterns(group), &known, base, self.limits.budget)?;
        progress.barred.extend(texts.barred.iter().cloned());
        let mut combinations: Vec<Values> = vec![Vec::new()];
        for key in &all {
            let given = self.given(key, texts.of(key.names), case, base)?;
            combinations = combinations
                .iter()
                .flat_map(|before| {
                    given.iter().map(move |values| extended(before, key.names, values))
                })
                .collect();
            if combinations.len() > MOST_ASSIGNMENTS {
                return Err(Unknown::because(
                    "policy variables have too many combinations of values",
                ));
            }
        }
        Ok(combinations)
    }

    /// What a key of a variable can be given.
    fn given(
        &self,
        key: &Key<'_>,
        texts: Vec<String>,
        case: &Case,
        base: &Request,
    ) -> Result<Vec<Vec<String>>, Unknown> {
        let mut given: Vec<Vec<String>> = texts.into_iter().map(|text| vec![text]).collect();
        // What is written in full somewhere first: it is the likeliest, and so are its witnesses.
        given.sort_by_key(|values| std::cmp::Reverse(values.concat().len()));
        given.push(Vec::new());
        given.retain(|values| key.names.iter().all(|name| case.admits(name, values)));
        if key.names.iter().any(|name| self.world.several(name)) {
            if key.tests.iter().any(|(_, test)| !test.variables().is_empty()) {
                return Err(Unknown::because(format!(
                    "`{}` can have several values, stands in a variable and is compared with another",
                    key.names.first().map_or("", String::as_str)
                )));
            }
            let lists = key
                .choices(self.world, case, base, self.limits.budget)?
                .into_iter()
                .map(|choice| choice.values);
            given.extend(lists.filter(|values| values.len() > 1));
        }
        Ok(given)
    }

    /// Asks the evaluator. True: the request is one of those looked for.
    fn decide(&self, request: &Request, progress: &mut Progress) -> Result<bool, Unknown> {
        let mut variants = vec![request.clone()];
        if self.by_resource && !request.crosses_accounts() {
            variants.push(request.clone().in_account(ELSEWHERE));
        }
        for request in variants {
            if self.matches(&request, progress)? {
                let Some(request) = self.of_one_account(request, progress)? else { continue };
                progress.found.push(request);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The request with the account that stands in the ARN of its resource, if it is looked for with
    /// that as well.
    fn of_one_account(
        &self,
        request: Request,
        progress: &mut Progress,
    ) -> Result<Option<Request>, Unknown> {
        let Some(written) = account_of(request.resource()) else { return Ok(Some(request)) };
        // One that is missing is no other account.
        let given = request.context().get(RESOURCE_ACCOUNT).filter(|given| !given.is_empty());
        let elsewhere = !self.one_sided() && request.resource_account() != Some(written);
        let same = !elsewhere && given.is_none_or(|given| *given == [written]);
        if same {
            return Ok(Some(request));
        }
        let honest = if given.is_some() {
            request.clone().with(RESOURCE_ACCOUNT, [written])
        } else {
            request.clone()
        };
        if !elsewhere && self.matches(&honest, progress)? {
            return Ok(Some(honest));
        }
        progress.doubtful = true;
        Ok(None)
    }

    fn matches(&self, request: &Request, progress: &mut Progress) -> Result<bool, Unknown> {
        let sets = self.wanted.iter().map(|set| (set, true));
        for (set, wanted) in sets.chain(self.refused.iter().map(|set| (set, false))) {
            if progress.calls >= self.limits.calls {
                let why = format!("{} decisions were not enough", self.limits.calls);
                return Err(Unknown::because(why));
            }
            self.limits.budget.spend(self.rules.len())?;
            progress.calls += 1;
            if set.decide(request).is_allowed() != wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// An action and a resource with the values of variables, and the statements that are about them.
struct Place<'a> {
    request: Request,
    rules: Bits,
    keys: &'a Keys<'a>,
    traits: &'a Traits,
}

fn extended(before: &Values, names: &Names, values: &[String]) -> Values {
    let more = names.iter().map(|name| (name.clone(), values.to_vec()));
    before.iter().cloned().chain(more).collect()
}

fn apply(request: &Request, values: &Values) -> Request {
    values.iter().fold(request.clone(), |request, (key, values)| {
        give(&request, &Names::from([key.clone()]), values)
    })
}

//! What a context key can be given, as far as some test tells it apart: nothing, a value, several.

use super::automaton::{Glob, Step};
use super::budget::Budget;
use super::rules::Test;
use super::unknown::Unknown;
use super::values;
use super::world::{Case, TAG_KEYS, World};
use crate::request::Request;
use std::collections::BTreeSet;

/// Names of one key, in lower case: those that always have the same values are looked at together.
pub(super) type Names = BTreeSet<String>;

/// A key, its tests, and where they are asked.
#[derive(Debug)]
pub(super) struct Key<'a> {
    pub(super) names: &'a Names,
    /// Each with the statement it belongs to.
    pub(super) tests: Vec<(usize, &'a Test)>,
    /// Its values, if they are known beforehand.
    pub(super) fixed: Option<&'a [String]>,
}

/// One thing a key can be given, and what each of its tests makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// None: the key is missing.
    pub(super) values: Vec<String>,
    pub(super) holds: Vec<bool>,
}

/// How many different lists of values are looked at.
const MOST_LISTS: usize = 20_000;

impl Key<'_> {
    /// Everything it can be given that its tests tell apart.
    pub(super) fn choices(
        &self,
        world: World,
        case: &Case,
        request: &Request,
        budget: &Budget,
    ) -> Result<Vec<Choice>, Unknown> {
        let name = self.names.first().map_or("", String::as_str);
        if let Some(values) = self.fixed {
            let mut choices = Choices { key: self, case, request, budget, found: Vec::new() };
            choices.add(values.to_vec())?;
            return Ok(choices.found);
        }
        let tests: Vec<&Test> = self.tests.iter().map(|(_, test)| *test).collect();
        let single = values::single(name, &tests, request, &self.tags(case), budget)?;
        let several = self.names.iter().any(|name| world.several(name));
        let mut choices = Choices { key: self, case, request, budget, found: Vec::new() };
        choices.add(Vec::new())?;
        for value in &single {
            choices.add(vec![value.clone()])?;
        }
        if several {
            choices.lists(&single)?;
        }
        Ok(choices.found)
    }

    /// Tags that are to be told apart among the keys of tags.
    fn tags(&self, case: &Case) -> Vec<Glob> {
        let tags = case.tags.iter().chain(&case.no_tags);
        let asked = tags.filter(|_| self.names.contains(TAG_KEYS));
        asked.map(|tag| tag.chars().map(Step::Folded).collect()).collect()
    }

    pub(super) fn give(&self, request: &Request, values: &[String]) -> Request {
        give(request, self.names, values)
    }
}

/// The request with these values for a key under all its names.
pub(super) fn give(request: &Request, names: &Names, values: &[String]) -> Request {
    names.iter().fold(request.clone(), |request, name| request.with(name, values.iter().cloned()))
}

struct Choices<'a> {
    key: &'a Key<'a>,
    case: &'a Case,
    request: &'a Request,
    budget: &'a Budget,
    found: Vec<Choice>,
}

impl Choices<'_> {
    /// Keeps an option that the case admits, unless the tests cannot tell it from another.
    fn add(&mut self, values: Vec<String>) -> Result<(), Unknown> {
        if !self.key.names.iter().all(|name| self.case.admits(name, &values)) {
            return Ok(());
        }
        self.budget.spend(self.found.len())?;
        let holds = self.judge(&values)?;
        // A key of several values has none for variables, whatever its own tests make of them.
        let several = |values: &[String]| values.len() > 1;
        let same =
            |other: &Choice| other.holds == holds && several(&other.values) == several(&values);
        if !self.found.iter().any(same) {
            self.found.push(Choice { values, holds });
        }
        Ok(())
    }

    fn judge(&self, values: &[String]) -> Result<Vec<bool>, Unknown> {
        let compared: usize = self.key.tests.iter().map(|(_, test)| 1 + test.texts.len()).sum();
        self.budget.spend(compared * (1 + values.len()))?;
        let request = self.key.give(self.request, values);
        Ok(self.key.tests.iter().map(|(_, test)| test.holds(&request)).collect())
    }

    /// Lists of two and more values. What a test makes of a longer list follows from what it makes
    /// of the shorter one and of the value that comes in; so does which tags are there. Of two lists
    /// that are alike in all of this, one is enough.
    fn lists(&mut self, single: &[String]) -> Result<(), Unknown> {
        let mut known: BTreeSet<(Vec<bool>, Vec<bool>)> = BTreeSet::new();
        let mut lists: Vec<Vec<String>> = Vec::new();
        let mut next = 0;
        for (index, one) in single.iter().enumerate() {
            for other in single.iter().skip(index + 1) {
                lists.push(vec![one.clone(), other.clone()]);
            }
        }
        // The same value twice: operators that want exactly one can tell.
        lists.extend(single.iter().map(|one| vec![one.clone(), one.clone()]));
        let mut told = Vec::new();
        for list in lists {
            if known.insert((self.judge(&list)?, self.traits_of(&list))) {
                told.push(list);
            }
        }
        let mut lists = told;
        while let Some(list) = lists.get(next).cloned() {
            next += 1;
            for value in single {
                let mut longer = list.clone();
                longer.push(value.clone());
                if known.insert((self.judge(&longer)?, self.traits_of(&longer))) {
                    lists.push(longer);
                }
            }
            if lists.len() > MOST_LISTS {
                return Err(Unknown::because("a key has too many different lists of values"));
            }
        }
        for list in lists {
            self.add(list)?;
        }
        Ok(())
    }

    /// What else decides how a list goes on: which tags are in it, and whether it counts as empty.
    fn traits_of(&self, values: &[String]) -> Vec<bool> {
        let tags = self.case.tags.iter().chain(&self.case.no_tags);
        let sent = tags.map(|tag| values.iter().any(|value| value.to_lowercase() == *tag));
        sent.chain([values.iter().all(String::is_empty)]).collect()
    }
}

//! Fewer statements with the same meaning.

use super::{Document, Statement, Version};
use std::collections::{BTreeMap, BTreeSet};

/// The longest name that is made by joining two.
const LONGEST_JOINED_SID: usize = 64;

/// One document that means what these mean together.
///
/// Statements that differ only in their actions become one with the actions of both, and so do those
/// that differ only in their resources. Lists of what a statement is *not* about are never joined:
/// that would mean something else. A joined statement has the names of both, one after the other;
/// no two statements have the same name.
///
/// Documents of different versions become one of the current version, with `${` of the old one
/// escaped, since it is literal text there.
pub fn merge<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Document {
    let Document { version, id, statements } = joined(documents);
    let mut statements: Vec<Statement> = statements.iter().map(Statement::canonical).collect();
    loop {
        let before = statements.len();
        statements = united(statements, |statement| &mut statement.action);
        statements = united(statements, |statement| &mut statement.resource);
        if statements.len() == before {
            break;
        }
    }
    Document { version, id, statements: with_distinct_sids(statements) }
}

/// All statements in one document, in their order.
pub(super) fn joined<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Document {
    let documents: Vec<&Document> = documents.into_iter().collect();
    let same = |one: &Document, other: &Document| one.version == other.version;
    let id = documents.first().and_then(|first| first.id.clone());
    let id = id.filter(|id| documents.iter().all(|d| d.id.as_ref() == Some(id)));
    let Some(first) = documents.first() else { return Document::new([]) };
    if documents.iter().all(|document| same(first, document)) {
        let statements = documents.iter().flat_map(|d| d.statements.iter().cloned()).collect();
        return Document { version: first.version, id, statements };
    }
    let statements = documents.iter().flat_map(|document| {
        document.statements.iter().map(|statement| match document.language() {
            Version::V2008 => modern(statement.clone()),
            Version::V2012 => statement.clone(),
        })
    });
    Document { id, ..Document::new(statements) }
}

/// A statement of the old language in words of the current one.
fn modern(mut statement: Statement) -> Statement {
    let escape = |text: &mut String| *text = text.replace("${", "${$}{");
    let resources = [&mut statement.resource, &mut statement.not_resource];
    resources.into_iter().flatten().flatten().for_each(escape);
    for (operator, keys) in &mut statement.condition {
        // Only texts and ARNs are searched for variables.
        if operator.contains("String") || operator.contains("Arn") {
            keys.values_mut().flat_map(|values| &mut values.0).for_each(escape);
        }
    }
    statement
}

/// Joins the statements that differ only in this list and in their names.
fn united(
    statements: Vec<Statement>,
    list: fn(&mut Statement) -> &mut Option<Vec<String>>,
) -> Vec<Statement> {
    // By what is left without list and name: where the statement is.
    let mut known: BTreeMap<(Statement, bool), usize> = BTreeMap::new();
    let mut united: Vec<Statement> = Vec::new();
    for mut statement in statements {
        let mut rest = statement.clone();
        rest.sid = None;
        let listed = list(&mut rest).take().is_some();
        let next = united.len();
        let index = *known.entry((rest, listed)).or_insert(next);
        match united.get_mut(index) {
            Some(kept) => {
                kept.sid = joined_sid(kept.sid.take(), statement.sid.take());
                if let (Some(all), Some(more)) = (list(kept), list(&mut statement)) {
                    let names: BTreeSet<String> = all.drain(..).chain(more.drain(..)).collect();
                    all.extend(names);
                }
            }
            None => united.push(statement),
        }
    }
    united
}

fn joined_sid(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other))
            if !one.contains(&other) && one.len() + other.len() <= LONGEST_JOINED_SID =>
        {
            Some(one + &other)
        }
        (one, other) => one.or(other),
    }
}

/// The same statements, where a name that was there already has a number at its end.
pub(super) fn with_distinct_sids(mut statements: Vec<Statement>) -> Vec<Statement> {
    let mut taken: BTreeSet<String> = statements.iter().filter_map(|s| s.sid.clone()).collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for statement in &mut statements {
        let Some(sid) = &mut statement.sid else { continue };
        if !seen.insert(sid.clone()) {
            let free =
                (2..=taken.len() + 2).map(|n| format!("{sid}{n}")).find(|sid| !taken.contains(sid));
            *sid = free.unwrap_or_default();
            taken.insert(sid.clone());
            seen.insert(sid.clone());
        }
    }
    statements
}

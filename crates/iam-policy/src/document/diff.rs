//! What changed between two documents, by meaning and not by spelling.
//!
//! Every statement says something of each of its actions on each of its resources by each of its
//! principals. Compared is what is said of each such combination, so it does not matter over how
//! many statements it is spread, in which order, as text or as list, in which case, or under which
//! name. Patterns are compared as text: that `s3:*` holds `s3:GetObject` is the prover's business.

mod rows;
mod say;

use super::{Document, Effect, Principal, Statement, Values, Version};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Conditions of a statement: operator, key, values.
pub type Conditions = BTreeMap<String, BTreeMap<String, Values>>;

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "change", rename_all = "camelCase")]
pub enum Change {
    /// Another version of the language, which decides what `${…}` means.
    Version {
        /// Of the old document.
        old: Version,
        /// Of the new one.
        new: Version,
    },
    /// Said by the old document and not by the new one.
    Removed {
        /// About what.
        #[serde(flatten)]
        about: About,
        /// Under which conditions.
        conditions: Conditions,
    },
    /// Said by the new document and not by the old one.
    Added {
        /// About what.
        #[serde(flatten)]
        about: About,
        /// Under which conditions.
        conditions: Conditions,
    },
    /// Said by both under different conditions. Within one list of conditions all must hold; of
    /// several lists one is enough.
    Conditions {
        /// About what.
        #[serde(flatten)]
        about: About,
        /// The conditions which only the old document has.
        old: BTreeSet<Conditions>,
        /// Those which only the new one has.
        new: BTreeSet<Conditions>,
    },
}

/// What a difference is about: each of the actions on each of the resources by each of the
/// principals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct About {
    /// Whether it is given or taken.
    pub effect: Effect,
    /// By whom. Names are written `Service sagemaker.amazonaws.com`.
    #[serde(skip_serializing_if = "Names::is_absent")]
    pub principals: Names,
    /// Which actions.
    pub actions: Names,
    /// On what.
    #[serde(skip_serializing_if = "Names::is_absent")]
    pub resources: Names,
    /// Names of the statements that say so; in a change of conditions those of both documents.
    pub sids: BTreeSet<String>,
}

/// Patterns of a statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Names {
    /// The statement has no such element.
    Absent,
    /// Every one of them.
    Each(BTreeSet<String>),
    /// Everything but them.
    AllBut(BTreeSet<String>),
}

impl Names {
    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

/// What changed from the old document to the new one; nothing, if both mean the same. The order is
/// stable: versions, what is removed, what is added, what has other conditions.
pub fn diff(old: &Document, new: &Document) -> Vec<Change> {
    let mut changes = Vec::new();
    if old.language() != new.language() {
        changes.push(Change::Version { old: old.language(), new: new.language() });
    }
    let spelling = Spelling::of(new.statements.iter().chain(&old.statements));
    changes.extend(rows::changes(&said_by(old), &said_by(new)).into_iter().map(|change| {
        // As somebody wrote it.
        spelling.respell(change)
    }));
    changes
}

/// A statement in the one spelling that is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    effect: Effect,
    principals: Names,
    actions: Names,
    resources: Names,
    conditions: Conditions,
    sid: Option<String>,
}

fn said_by(document: &Document) -> Vec<Said> {
    document.statements.iter().map(said).collect()
}

fn said(statement: &Statement) -> Said {
    let all = |list: &Vec<String>| list.iter().cloned().collect::<BTreeSet<_>>();
    let folded = |list: &Vec<String>| list.iter().map(|a| a.to_ascii_lowercase()).collect();
    let names = |is: Option<BTreeSet<String>>, not: Option<BTreeSet<String>>| match (is, not) {
        (Some(each), _) => Names::Each(each),
        (None, Some(spared)) => Names::AllBut(spared),
        (None, None) => Names::Absent,
    };
    let Statement { action, not_action, resource, not_resource, .. } = statement;
    Said {
        effect: statement.effect,
        principals: names(
            statement.principal.as_ref().map(principals),
            statement.not_principal.as_ref().map(principals),
        ),
        actions: names(action.as_ref().map(folded), not_action.as_ref().map(folded)),
        resources: names(resource.as_ref().map(all), not_resource.as_ref().map(all)),
        conditions: conditions(&statement.condition),
        sid: statement.sid.clone(),
    }
}

/// Principals as names. What AWS documents as equal is written alike: `*` and `{"AWS": "*"}`, an
/// account's id and the ARN of its root.
fn principals(principal: &Principal) -> BTreeSet<String> {
    match principal {
        Principal::Everybody => BTreeSet::from(["AWS *".to_owned()]),
        Principal::ByKind(kinds) => kinds
            .iter()
            .flat_map(|(kind, names)| {
                names.0.iter().map(|name| format!("{} {}", kind.as_str(), account(name)))
            })
            .collect(),
    }
}

fn account(name: &str) -> &str {
    let parts: Vec<&str> = name.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] => account,
        _ => name,
    }
}

/// Conditions with the names of keys in lower case, and each list of values as a set. Where two
/// names of an operator differ in case only, both must hold: they stay two.
fn conditions(condition: &Conditions) -> Conditions {
    let keys = |keys: &BTreeMap<String, Values>| {
        let mut folded = BTreeMap::new();
        for (key, values) in keys {
            let lower = key.to_ascii_lowercase();
            let key = if folded.contains_key(&lower) { key.clone() } else { lower };
            let values: BTreeSet<String> = values.0.iter().cloned().collect();
            folded.insert(key, Values(values.into_iter().collect()));
        }
        folded
    };
    // An operator without keys asks nothing.
    let operators = condition.iter().filter(|(_, keys)| !keys.is_empty());
    operators.map(|(operator, found)| (operator.clone(), keys(found))).collect()
}

/// How people wrote what is compared in lower case.
#[derive(Debug)]
struct Spelling(BTreeMap<String, String>);

impl Spelling {
    fn of<'a>(statements: impl Iterator<Item = &'a Statement>) -> Self {
        let mut written = BTreeMap::new();
        for statement in statements {
            let actions =
                [&statement.action, &statement.not_action].into_iter().flatten().flatten();
            let keys = statement.condition.values().flat_map(BTreeMap::keys);
            for name in actions.chain(keys) {
                written.entry(name.to_ascii_lowercase()).or_insert_with(|| name.clone());
            }
        }
        Self(written)
    }

    fn respell(&self, mut change: Change) -> Change {
        match &mut change {
            Change::Version { .. } => {}
            Change::Removed { about, conditions } | Change::Added { about, conditions } => {
                self.actions(about);
                *conditions = self.keys(conditions);
            }
            Change::Conditions { about, old, new } => {
                self.actions(about);
                for conditions in [old, new] {
                    *conditions = conditions.iter().map(|one| self.keys(one)).collect();
                }
            }
        }
        change
    }

    fn actions(&self, about: &mut About) {
        if let Names::Each(names) | Names::AllBut(names) = &mut about.actions {
            *names = names.iter().map(|name| self.written(name)).collect();
        }
    }

    fn keys(&self, conditions: &Conditions) -> Conditions {
        let respelled = |keys: &BTreeMap<String, Values>| {
            keys.iter().map(|(key, values)| (self.written(key), values.clone())).collect()
        };
        conditions.iter().map(|(operator, keys)| (operator.clone(), respelled(keys))).collect()
    }

    fn written(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }
}

#[cfg(test)]
mod tests;

//! Differences as text.

use iam_policy::document::Change;
use iam_policy::document::diff::{Conditions, Names};
use std::collections::BTreeSet;

/// How many differences are told by themselves.
pub(super) const TOLD: usize = 3;

/// Differences on one line.
pub(super) fn listed(changes: &[&Change]) -> String {
    let mut told: Vec<String> = changes.iter().take(TOLD).map(|change| brief(change)).collect();
    if let Some(more) = changes.len().checked_sub(TOLD).filter(|more| *more > 0) {
        told.push(format!("and {more} more"));
    }
    told.join("; ")
}

/// A difference on one line: whole lists are what `policy diff` shows.
fn brief(change: &Change) -> String {
    let (about, conditions) = match change {
        Change::Version { .. } => return change.to_string(),
        Change::Added { about, conditions } | Change::Removed { about, conditions } => {
            let asked = if conditions.is_empty() { "" } else { ", with conditions" };
            (about, asked.to_owned())
        }
        Change::Conditions { about, old, new } => {
            (about, format!(", {} instead of {}", any(new), any(old)))
        }
    };
    let sids: Vec<&str> = about.sids.iter().map(String::as_str).collect();
    let sids = if sids.is_empty() { String::new() } else { format!("{}: ", sids.join(", ")) };
    let part = |before: &str, listed: &Names| match names(listed) {
        text if text.is_empty() => text,
        text => format!("{before}{text}"),
    };
    let (actions, resources) = (part(" ", &about.actions), part(" on ", &about.resources));
    let principals = part(" by ", &about.principals);
    format!("{sids}{:?}{actions}{resources}{principals}{conditions}", about.effect)
}

/// Lists of conditions of which one is enough.
fn any(lists: &BTreeSet<Conditions>) -> String {
    let told: Vec<String> = lists.iter().map(all).collect();
    if told.is_empty() { "never".to_owned() } else { told.join(" or ") }
}

/// Conditions that must all hold.
fn all(conditions: &Conditions) -> String {
    let told: Vec<String> = conditions
        .iter()
        .flat_map(|(operator, keys)| {
            keys.iter()
                .map(move |(key, values)| format!("{operator} {key} {}", values.0.join(" | ")))
        })
        .collect();
    if told.is_empty() { "always".to_owned() } else { format!("when {}", told.join(" and ")) }
}

/// The first of some names and how many more there are.
fn names(names: &Names) -> String {
    let (before, names) = match names {
        Names::Absent => return String::new(),
        Names::Each(names) => ("", names),
        Names::AllBut(names) => ("all but ", names),
    };
    match (names.first(), names.len()) {
        (None, _) => "everything".to_owned(),
        (Some(one), 1) => format!("{before}{one}"),
        (Some(first), number) => format!("{before}{first} and {} more", number - 1),
    }
}

//! Differences as text.

use super::{About, Change, Conditions, Names};
use std::collections::BTreeSet;
use std::fmt;

/// One line, and for conditions one more for each that is in one document only. The first character
/// says what it is: `-` removed, `+` added, `~` changed.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { old, new } => {
                write!(f, "~ Version {} is now {}", old.as_str(), new.as_str())
            }
            Self::Removed { about, conditions } => {
                write!(f, "- {about}{}{}", when(conditions), sids(about))
            }
            Self::Added { about, conditions } => {
                write!(f, "+ {about}{}{}", when(conditions), sids(about))
            }
            Self::Conditions { about, old, new } => {
                write!(f, "~ {about}, conditions{}", sids(about))?;
                for (sign, lists) in [('-', old), ('+', new)] {
                    for conditions in lists {
                        write!(f, "\n    {sign}{}", when_or_always(conditions))?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.effect)?;
        list(f, " ", &self.actions)?;
        list(f, " on ", &self.resources)?;
        list(f, " by ", &self.principals)
    }
}

fn list(f: &mut fmt::Formatter<'_>, before: &str, names: &Names) -> fmt::Result {
    match names {
        Names::Absent => Ok(()),
        Names::Each(names) => write!(f, "{before}{}", joined(names)),
        Names::AllBut(names) if names.is_empty() => write!(f, "{before}everything"),
        Names::AllBut(names) => write!(f, "{before}all but {}", joined(names)),
    }
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn when(conditions: &Conditions) -> String {
    if conditions.is_empty() { String::new() } else { when_or_always(conditions) }
}

fn when_or_always(conditions: &Conditions) -> String {
    let asked = conditions.iter().flat_map(|(operator, keys)| {
        keys.iter().map(move |(key, values)| {
            let values: Vec<String> = values.0.iter().map(|value| format!("{value:?}")).collect();
            format!("{operator} {key} {}", values.join(" | "))
        })
    });
    let asked: Vec<String> = asked.collect();
    if asked.is_empty() { " always".to_owned() } else { format!(" when {}", asked.join(" and ")) }
}

fn sids(about: &About) -> String {
    if about.sids.is_empty() { String::new() } else { format!("  ({})", joined(&about.sids)) }
}

//! `cargo xtask tidy`: the house rules that the compiler does not check.

mod files;
mod layers;
mod threats;

use crate::workspace;
use crate::{Outcome, say};
use anyhow::Result;
use std::fmt;

pub(crate) const HELP: &str = "Check the house rules that the compiler does not

Usage: cargo xtask tidy

Every .rs file opens with a `//!` line. No file outside of tests is longer than 800 lines. Crates
depend on each other only as ARCHITECTURE.md allows, and only `aws` names a crate of AWS. Each
test that docs/threat-model.md names exists. Prints one line `FILE: RULE` for each violation and
exits 1 if there are any.";

/// A rule that a file breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// The file, relative to the root.
    file: String,
    /// The rule, and how it is broken.
    rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.rule)
    }
}

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    if let Some(word) = words.first() {
        say::complain(&format!("error: tidy takes no `{word}`\n\n{HELP}"));
        return Ok(Outcome::Misused);
    }
    let sources = workspace::sources()?;
    let mut violations = files::check(&sources);
    violations.extend(threats::check_file(&sources)?);
    violations.extend(layers::check(&workspace::packages()?));
    violations.sort();
    for violation in &violations {
        say::line(&violation.to_string());
    }
    Ok(if violations.is_empty() { Outcome::Done } else { Outcome::Failed })
}

//! The threat model names tests; each must exist.

use super::Violation;
use crate::workspace::{self, Source};
use anyhow::{Context, Result};
use std::fs;

const FILE: &str = "docs/threat-model.md";

/// Reads the threat model and checks it.
pub(crate) fn check_file(sources: &[Source]) -> Result<Vec<Violation>> {
    let text = fs::read_to_string(workspace::root().join(FILE))
        .with_context(|| format!("cannot read `{FILE}`"))?;
    Ok(check(&text, sources))
}

/// Looks at each row of a table whose last column is headed `tests`.
fn check(text: &str, sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut in_table = false;
    for line in text.lines() {
        let cells: Vec<_> = line.trim().trim_matches('|').split(" | ").map(str::trim).collect();
        let last = cells.last().copied().unwrap_or_default();
        if !line.starts_with('|') {
            in_table = false;
        } else if last == "tests" {
            in_table = true;
        } else if in_table && !last.starts_with("--") {
            let threat = cells.first().copied().unwrap_or_default();
            violations.extend(row(threat, last, sources));
        }
    }
    violations
}

fn row(threat: &str, tests: &str, sources: &[Source]) -> Vec<Violation> {
    let violation = |rule| Violation { file: FILE.to_owned(), rule };
    let names: Vec<_> = tests.split_whitespace().map(|word| word.trim_matches('`')).collect();
    if names.is_empty() {
        return vec![violation(format!("`{threat}` names no test"))];
    }
    names
        .into_iter()
        .filter(|name| !sources.iter().any(|source| defines(&source.text, name)))
        .map(|name| violation(format!("`{threat}` names the test `{name}`, which does not exist")))
        .collect()
}

/// Whether the text has a function of this name, or a line `name: …` of a table of tests.
fn defines(text: &str, name: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let rest = line.strip_prefix("fn ").unwrap_or(line);
        let end = rest.strip_prefix(name).and_then(|after| after.chars().next());
        match end {
            Some('(') => rest.len() < line.len(),
            Some(':') => rest.len() == line.len() && line.ends_with(';'),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rows: &str) -> Vec<String> {
        let text = format!("# T\n\n| threat | defence | tests |\n|---|---|---|\n{rows}\n\nwords\n");
        let tests = "//! T\n#[test]\nfn one() {\n}\n    async fn two() {\n}\n    three: a::b, 3;\n";
        let source = Source { path: "a.rs".to_owned(), text: tests.to_owned() };
        check(&text, &[source]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn tests_that_exist_are_fine() {
        assert_eq!(rules("| a | b | `one` |\n| c | d | `two` `three` |"), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_exist_is_named() {
        assert_eq!(
            rules("| a | b | `one` `on` |\n| c | d | three: |\n| e | f | |"),
            [
                "docs/threat-model.md: `a` names the test `on`, which does not exist",
                "docs/threat-model.md: `c` names the test `three:`, which does not exist",
                "docs/threat-model.md: `e` names no test",
            ]
        );
    }
}

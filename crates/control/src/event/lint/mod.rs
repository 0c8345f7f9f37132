//! Finds `EventBridge` rules that never fire, or miss what takes rights away.
//!
//! A pattern that matches nothing is accepted by AWS without a word. The loop's timer then hides
//! the mistake: people who left keep their rights until the next full pass.

mod coverage;
mod document;
mod keys;
mod values;

pub use document::{FoundRule, NoRules, rules_in};

use serde::Serialize;
use serde_json::Value;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rule, or a value of it, never matches an event.
    Error,
    /// The rule may miss events.
    Warning,
}

/// One thing that is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code.
    pub code: &'static str,
    /// The rule, where the file names it.
    pub rule: Option<String>,
    /// Where in the pattern, as `detail.eventName[0]`; empty: the whole.
    pub path: String,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What to write instead, or to do.
    pub help: Option<String>,
}

/// Looks at all rules of a file. Errors come first, each in the order of its pattern.
pub fn lint(rules: &[FoundRule]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules {
        let mut report = Report { rule: rule.name.clone(), findings: Vec::new() };
        document::look(rule, &mut report);
        match &rule.pattern {
            Some(pattern) => look(pattern, &mut report),
            None => report.error(
                "pattern-missing",
                "",
                "the rule has no event pattern, so no event starts it",
                None,
            ),
        }
        findings.append(&mut report.findings);
    }
    let patterns: Vec<&Value> = rules.iter().filter_map(|rule| rule.pattern.as_ref()).collect();
    let has_errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    let mut report = Report { rule: None, findings: Vec::new() };
    coverage::look(&patterns, has_errors, &mut report);
    findings.append(&mut report.findings);
    findings.sort_by_key(|finding| finding.severity);
    findings
}

fn look(pattern: &Value, report: &mut Report) {
    let Some(members) = pattern.as_object().filter(|members| !members.is_empty()) else {
        let message = "the pattern is not an object with members, so EventBridge refuses it";
        return report.error("pattern-empty", "", message, None);
    };
    keys::look(members, report);
    values::look(pattern, report);
}

/// Findings as they are made.
struct Report {
    rule: Option<String>,
    findings: Vec<Finding>,
}

impl Report {
    fn error(&mut self, code: &'static str, path: &str, message: &str, help: Option<String>) {
        self.add(Severity::Error, code, path, message, help);
    }

    fn warning(&mut self, code: &'static str, path: &str, message: &str, help: Option<String>) {
        self.add(Severity::Warning, code, path, message, help);
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        path: &str,
        message: &str,
        help: Option<String>,
    ) {
        let (rule, path, message) = (self.rule.clone(), path.to_owned(), message.to_owned());
        self.findings.push(Finding { severity, code, rule, path, message, help });
    }
}

/// The known word that was probably meant: the same but for case and separators, or nearly so.
fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
    };
    let wanted = plain(word);
    let scored =
        known.into_iter().map(|known| (strsim::jaro_winkler(&wanted, &plain(known)), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 >= 0.88).then_some(best.1)
}

fn did_you_mean(word: Option<&str>) -> Option<String> {
    word.map(|word| format!("Did you mean `{word}`?"))
}

#[cfg(test)]
mod tests;

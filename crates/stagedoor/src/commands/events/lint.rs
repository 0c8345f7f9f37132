//! `stagedoor events lint`.

use crate::cli::{Common, LintArgs, OutputFormat};
use crate::codes::{self, Code};
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, counted};
use anyhow::Result;
use control::event::lint::{Finding, FoundRule, Severity, lint, rules_in};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The largest file of rules that is read; `CloudFormation` takes templates up to 1 MB.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Says what is wrong with the rules of a file. Exit code 1 if one never fires.
pub(super) fn run(args: &LintArgs, common: &Common) -> Result<Outcome> {
    let file = args.file.display().to_string();
    let rules = load(&args.file)?;
    let findings = lint(&rules);
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.iter().partition(|finding| finding.severity == Severity::Error);
    for (severity, found) in [("error", &errors), ("warning", &warnings)] {
        for finding in found {
            output::talk(&format!("{severity}: {}", described(finding)));
        }
    }
    match common.output {
        OutputFormat::Json => {
            let document = serde_json::json!({
                "apiVersion": output::API_VERSION,
                "kind": "RuleFindings",
                "rules": rules.len(),
                "findings": findings,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            let missed = match errors.len() {
                0 => String::new(),
                count => format!(
                    "{}: changes of the directory will be missed, ",
                    counted(count, "error")
                ),
            };
            output::data(&format!(
                "{file}: {}, {missed}{}.",
                counted(rules.len(), "rule"),
                counted(warnings.len(), "warning")
            ));
        }
    }
    Ok(if errors.is_empty() { Outcome::Done } else { Outcome::Failed })
}

fn load(file: &Path) -> Result<Vec<FoundRule>> {
    let bad = |code: Code, problem: &dyn std::fmt::Display| {
        BadConfiguration::new(code, format!("{}: {problem}", file.display()))
    };
    let size = fs::metadata(file).map_err(|error| bad(codes::RULES_UNREADABLE, &error))?.len();
    if size > MAX_FILE_BYTES {
        let problem = format!("{size} bytes are more than {MAX_FILE_BYTES}");
        return Err(bad(codes::RULES_INVALID, &problem).into());
    }
    let text = fs::read_to_string(file).map_err(|error| bad(codes::RULES_UNREADABLE, &error))?;
    let document = match serde_json::from_str::<Value>(&text) {
        Ok(document) => document,
        // JSON that is broken should be told as JSON.
        Err(error) if text.trim_start().starts_with(['{', '[']) => {
            return Err(bad(codes::RULES_INVALID, &error).into());
        }
        Err(_) => {
            serde_saphyr::from_str(&text).map_err(|error| bad(codes::RULES_INVALID, &error))?
        }
    };
    Ok(rules_in(&document).map_err(|error| bad(codes::RULES_INVALID, &error))?)
}

/// A finding for people. Names come from a file, perhaps a stranger's.
fn described(finding: &Finding) -> String {
    let rule = finding.rule.as_ref().map(|rule| format!("rule {rule}: ")).unwrap_or_default();
    let path = if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
    let help = finding.help.as_ref().map(|help| format!("\n  {}", output::visible(help)));
    let text = output::visible(&format!("{rule}{path}{}", finding.message));
    format!("{text} ({}){}", finding.code, help.unwrap_or_default())
}

//! `stagedoor events lint`.

use crate::cli::{Common, LintArgs, OutputFormat};
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, counted};
use anyhow::Result;
use control::event::lint::{Finding, FoundRule, Severity, lint, rules_in};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The largest file of rules that is read; `CloudFormation` takes templates up to 1 MB.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Says what is wrong with the rules of a file. Exit code 3 if one never fires.
pub(super) fn run(args: &LintArgs, common: &Common) -> Result<Outcome> {
    let file = args.file.display().to_string();
    let rules = load(&args.file)?;
    let findings = lint(&rules);
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.iter().partition(|finding| finding.severity == Severity::Error);
    for warning in &warnings {
        output::talk(&format!("warning: {}", described(warning)));
    }
    if !errors.is_empty() {
        let errors: Vec<String> = errors.into_iter().map(described).collect();
        let message = format!(
            "{file}: {}; changes of the directory will be missed (rule-never-fires)\n{}",
            counted(errors.len(), "error"),
            errors.join("\n")
        );
        let errors = Some(serde_json::to_value(&findings)?);
        return Err(BadConfiguration { code: "rule-never-fires", message, errors }.into());
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
        OutputFormat::Table => output::data(&format!(
            "{file}: {}, {}.",
            counted(rules.len(), "rule"),
            counted(findings.len(), "warning")
        )),
    }
    Ok(Outcome::Done)
}

fn load(file: &Path) -> Result<Vec<FoundRule>> {
    let bad = |code: &'static str, problem: &dyn std::fmt::Display| {
        BadConfiguration::new(code, format!("{}: {problem}", file.display()))
    };
    let size = fs::metadata(file).map_err(|error| bad("rules-unreadable", &error))?.len();
    if size > MAX_FILE_BYTES {
        let problem = format!("{size} bytes are more than {MAX_FILE_BYTES}");
        return Err(bad("rules-invalid", &problem).into());
    }
    let text = fs::read_to_string(file).map_err(|error| bad("rules-unreadable", &error))?;
    let document = match serde_json::from_str::<Value>(&text) {
        Ok(document) => document,
        // JSON that is broken should be told as JSON.
        Err(error) if text.trim_start().starts_with(['{', '[']) => {
            return Err(bad("rules-invalid", &error).into());
        }
        Err(_) => serde_saphyr::from_str(&text).map_err(|error| bad("rules-invalid", &error))?,
    };
    Ok(rules_in(&document).map_err(|error| bad("rules-invalid", &error))?)
}

/// A finding for people. Names come from a file, perhaps a stranger's.
fn described(finding: &Finding) -> String {
    let rule = finding.rule.as_ref().map(|rule| format!("rule {rule}: ")).unwrap_or_default();
    let path = if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
    let help = finding.help.as_ref().map(|help| format!("\n  {}", output::visible(help)));
    let text = output::visible(&format!("{rule}{path}{}", finding.message));
    format!("{text} ({}){}", finding.code, help.unwrap_or_default())
}

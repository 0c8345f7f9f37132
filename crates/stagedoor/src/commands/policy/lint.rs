//! `stagedoor policy lint`.

use super::file::text;
use crate::cli::{Common, OutputFormat, PolicyLintArgs};
use crate::exit::Outcome;
use crate::output::{self, Paint, counted, visible};
use anyhow::Result;
use iam_policy::lint::{Finding, Kind, Rule, Severity, lint_all, lint_attachments};
use iam_policy::{Place, Source};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is shown for the managed policies that `--attached` names.
const ATTACHED: &str = "--attached";

/// Looks at every document, and says what it finds. Exit code 1 if that holds an error.
pub(super) fn run(args: &PolicyLintArgs, common: &Common) -> Result<Outcome> {
    let mut documents = Vec::new();
    for file in &args.files {
        let name =
            if file.as_os_str() == "-" { "-".to_owned() } else { file.display().to_string() };
        documents.push((name, Source::parse(&text(file)?)));
    }
    let mut found = Vec::new();
    let mut sources = Vec::new();
    for (file, parsed) in &documents {
        match parsed {
            Ok(source) => {
                let kind = args.kind.unwrap_or_else(|| Kind::of(source.document()));
                sources.push((file.as_str(), source, kind));
            }
            Err(error) => found.push(Found {
                file,
                place: Some(error.place),
                finding: Finding {
                    rule: Rule::MalformedDocument,
                    pointer: String::new(),
                    message: error.fault.to_string(),
                },
            }),
        }
    }
    let together: Vec<_> =
        sources.iter().map(|(_, source, kind)| (source.document(), *kind)).collect();
    let judged = if args.together {
        lint_all(&together)
    } else {
        together.iter().flat_map(|one| lint_all(std::slice::from_ref(one))).collect()
    };
    for ((file, source, _), findings) in sources.iter().zip(judged) {
        found.extend(findings.into_iter().map(|finding| Found {
            file,
            place: source.place(&finding.pointer),
            finding,
        }));
    }
    let attached = lint_attachments(&args.attached).into_iter();
    found.extend(attached.map(|finding| Found { file: ATTACHED, place: None, finding }));
    found.sort_by_key(|found| {
        (args.files.iter().position(|f| f.as_os_str() == found.file), found.place)
    });
    print(&found, args.files.len(), common);
    let worst = found.iter().map(|found| found.finding.rule.severity()).min();
    Ok(match worst {
        Some(Severity::Error) => Outcome::Failed,
        Some(Severity::Warning) if args.deny_warnings => Outcome::Failed,
        _ => Outcome::Done,
    })
}

/// A finding and where it stands.
struct Found<'a> {
    file: &'a str,
    place: Option<Place>,
    finding: Finding,
}

fn print(found: &[Found<'_>], files: usize, common: &Common) {
    let count = |severity| found.iter().filter(|f| f.finding.rule.severity() == severity).count();
    let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(count);
    match common.output {
        OutputFormat::Json => {
            let findings: Vec<Value> = found.iter().map(document).collect();
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "PolicyFindings",
                "errors": errors,
                "warnings": warnings,
                "notes": notes,
                "findings": findings,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            let paint = Paint::stdout(common);
            let mut told = BTreeSet::new();
            for found in found {
                output::data(&line(found, paint));
                if told.insert(found.finding.rule) {
                    let rule = found.finding.rule;
                    output::data(&paint.dim(&format!(
                        "  why: {}\n  instead: {}",
                        rule.why(),
                        rule.instead()
                    )));
                }
            }
        }
    }
    output::talk(&format!(
        "{}: {}, {}, {}.",
        counted(files, "document"),
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(notes, "note")
    ));
}

/// `role.json:12:9: error: … (passrole-any-role)`. Names come from a file, perhaps a stranger's.
fn line(found: &Found<'_>, paint: Paint) -> String {
    let rule = found.finding.rule;
    let place = found.place.map(|p| format!(":{}:{}", p.line, p.column)).unwrap_or_default();
    let severity = match rule.severity() {
        Severity::Error => paint.red("error"),
        Severity::Warning => paint.yellow("warning"),
        Severity::Note => paint.bold("note"),
    };
    let (file, message) = (visible(found.file), visible(&found.finding.message));
    format!("{file}{place}: {severity}: {message} ({})", rule.code())
}

fn document(found: &Found<'_>) -> Value {
    let rule = found.finding.rule;
    json!({
        "file": found.file,
        "line": found.place.map(|place| place.line),
        "column": found.place.map(|place| place.column),
        "pointer": found.finding.pointer,
        "severity": rule.severity(),
        "code": rule.code(),
        "message": found.finding.message,
        "why": rule.why(),
        "instead": rule.instead(),
    })
}

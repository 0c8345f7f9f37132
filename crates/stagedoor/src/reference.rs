//! Reference pages, generated from the code they describe.

use crate::cli::SchemaFormat;
use crate::codes;
use access::reason::ReasonCode;
use anyhow::Result;
use control::doctor;
use control::ports::FailureKind;
use std::fmt::Write;

/// A page, without a line end at its end.
pub(crate) fn page(format: SchemaFormat) -> Result<String> {
    Ok(match format {
        SchemaFormat::Json => serde_json::to_string_pretty(&access::map::json_schema())?,
        SchemaFormat::Markdown => access::map::reference_markdown().trim_end().to_owned(),
        SchemaFormat::ReasonCodes => reason_codes().trim_end().to_owned(),
        SchemaFormat::PolicyLint => iam_policy::lint::reference().trim_end().to_owned(),
        SchemaFormat::Doctor => doctor::reference().trim_end().to_owned(),
        SchemaFormat::Permissions => access::permissions::reference().trim_end().to_owned(),
        SchemaFormat::Metrics => web::metrics_reference().trim_end().to_owned(),
        SchemaFormat::Openapi => {
            let document = web::api_document().map_err(anyhow::Error::msg)?;
            serde_json::to_string_pretty(&document)?
        }
        SchemaFormat::Activities => iam_policy::persona::reference().trim_end().to_owned(),
    })
}

fn reason_codes() -> String {
    let mut out = String::from(
        "# Reason codes\n\nThe command line, pages, logs and the audit log say these. They are \
         stable. Errors of the map, findings of the policy lint and checks of doctor have pages of their own: \
         [access map](access-map.md), [policy lint](policy-lint.md), [doctor](doctor.md).\n\n## Plans and the door\n\n| code | meaning |\n|---|---|\n",
    );
    for (code, meaning) in ReasonCode::ALL {
        let _ = writeln!(out, "| `{code}` | {} |", meaning.trim());
    }
    out.push_str("\n## SAML\n\nThe check that fails, in the order of the checks.\n\n");
    out.push_str("| code | check |\n|---|---|\n");
    for code in saml_sp::ReasonCode::ALL {
        let _ = writeln!(out, "| `{}` | {} |", code.as_str(), code.check().as_str());
    }
    for (heading, table) in [
        ("The command line and the server", codes::REFUSALS),
        ("The log of a process", codes::LOGGED),
    ] {
        let _ = write!(out, "\n## {heading}\n\n| code | meaning |\n|---|---|\n");
        for (code, meaning) in table {
            let _ = writeln!(out, "| `{code}` | {meaning} |");
        }
    }
    out.push_str("\n## Calls to AWS\n\n| code | what to do |\n|---|---|\n");
    for kind in FailureKind::ALL {
        let _ = writeln!(out, "| `{}` | {} |", kind.code(), kind.remedy());
    }
    out.push_str("\n## Directories\n\n| code | what to do |\n|---|---|\n");
    for kind in FailureKind::ALL.into_iter().filter(|kind| kind.directory_code() != kind.code()) {
        let _ = writeln!(out, "| `{}` | {} |", kind.directory_code(), kind.directory_remedy());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// The literals after `code = "` in the sources below a folder, but for tests: those of log lines.
    fn literals(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                literals(&path, found);
                continue;
            }
            if path.file_name().is_none_or(|name| name == "tests.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            for rest in text.split("code = \"").skip(1) {
                found.insert(rest.split('"').next().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn whatever_code_is_written_out_is_in_the_reference() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut found = BTreeSet::new();
        for name in ["aws", "control", "lambda", "ldap", "notify", "outbound", "stagedoor", "web"] {
            literals(&crates.join(name).join("src"), &mut found);
        }
        assert!(found.contains("proxy-not-trusted"), "{found:?}");
        let page = reason_codes();
        found.retain(|code| !page.contains(&format!("| `{code}` |")));
        assert_eq!(found, BTreeSet::new());
    }

    #[test]
    fn codes_of_the_command_line_are_of_one_table() {
        let own = codes::REFUSALS.iter().chain(codes::LOGGED);
        let own: Vec<&str> = own.map(|(code, _)| code.as_str()).collect();
        let others: BTreeSet<&str> = control::reasons::codes().collect();
        let all: BTreeSet<&str> = own.iter().copied().chain(others.iter().copied()).collect();
        assert_eq!(all.len(), own.len() + others.len());
        for (code, meaning) in codes::REFUSALS.iter().chain(codes::LOGGED) {
            assert!(meaning.ends_with('.'), "{code}");
        }
    }

    #[test]
    fn generated_pages_are_up_to_date() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/");
        for (file, format, flag) in [
            ("access-map.schema.json", SchemaFormat::Json, "json"),
            ("access-map.md", SchemaFormat::Markdown, "markdown"),
            ("reason-codes.md", SchemaFormat::ReasonCodes, "reason-codes"),
            ("permissions.md", SchemaFormat::Permissions, "permissions"),
            ("activities.md", SchemaFormat::Activities, "activities"),
            ("metrics.md", SchemaFormat::Metrics, "metrics"),
            ("policy-lint.md", SchemaFormat::PolicyLint, "policy-lint"),
            ("doctor.md", SchemaFormat::Doctor, "doctor"),
            ("openapi.json", SchemaFormat::Openapi, "openapi"),
        ] {
            let kept = std::fs::read_to_string(format!("{folder}{file}")).unwrap_or_default();
            assert!(
                kept.trim_end() == page(format).unwrap(),
                "renew it: cargo run -- schema --format {flag} > docs/reference/{file}"
            );
        }
    }
}

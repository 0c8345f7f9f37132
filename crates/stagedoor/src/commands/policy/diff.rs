//! `stagedoor policy diff`.

use super::file;
use crate::cli::{Common, DiffArgs, OutputFormat};
use crate::exit::Outcome;
use crate::output::{self, counted, visible};
use anyhow::Result;
use iam_policy::document::diff;
use serde_json::json;

/// Says what the new document says otherwise than the old one. Exit code 2 if anything.
pub(super) fn run(args: &DiffArgs, common: &Common) -> Result<Outcome> {
    let (old, new) = (file::read(&args.old)?, file::read(&args.new)?);
    let changes = diff(old.document(), new.document());
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "PolicyDiff",
                "changes": changes,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            for change in &changes {
                let lines: Vec<String> = change.to_string().lines().map(visible).collect();
                output::data(&lines.join("\n"));
            }
        }
    }
    if changes.is_empty() {
        output::talk("Both mean the same.");
        return Ok(Outcome::Done);
    }
    output::talk(&format!(
        "{}. What the new one lets through: `stagedoor policy prove --diff OLD NEW`.",
        counted(changes.len(), "difference")
    ));
    Ok(Outcome::ChangesPending)
}

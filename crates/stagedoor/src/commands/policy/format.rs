//! `stagedoor policy format`.

use super::file;
use crate::cli::{Common, FormatArgs, OutputFormat};
use crate::exit::Outcome;
use crate::output;
use access::shell::CommandLine;
use anyhow::Result;
use iam_policy::document::Limit;
use serde_json::json;

/// Prints a document in its canonical form, or says whether it is in it.
pub(super) fn run(args: &FormatArgs, common: &Common) -> Result<Outcome> {
    let source = file::read(&args.file)?;
    let canonical = source.document().to_canonical_json();
    let is_canonical = source.text().trim_end() == canonical;
    let characters = source.document().compact_len();
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "FormattedPolicy",
                "canonical": is_canonical,
                "characters": characters,
                "policy": source.document().canonical(),
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table if args.check => {}
        OutputFormat::Table => output::data(&canonical),
    }
    let most = Limit::MANAGED_POLICY.characters;
    output::talk(&format!(
        "{characters} characters without white space; a managed policy may have {most}."
    ));
    if args.check && !is_canonical {
        let file = args.file.display().to_string();
        let command = CommandLine::of(&["policy", "format"]).about(&file);
        output::talk(&output::visible(&format!(
            "{file} is not in canonical form: `{command}` prints it."
        )));
        return Ok(Outcome::ChangesPending);
    }
    Ok(Outcome::Done)
}

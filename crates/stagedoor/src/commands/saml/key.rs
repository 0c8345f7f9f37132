//! `stagedoor saml key`: a key of our own, without another tool.

use crate::cli::{Common, NewKeyArgs, OutputFormat};
use crate::exit::Outcome;
use crate::system::SystemClock;
use crate::{output, sp_keys};
use access::shell::CommandLine;
use anyhow::Result;
use control::ports::Clock;
use serde_json::json;

pub(super) fn new(args: &NewKeyArgs, common: &Common) -> Result<Outcome> {
    let key = sp_keys::make(&args.out, &args.name, SystemClock.now())?;
    let not_after = key.not_after().map(|end| end.to_string());
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "SamlKey",
                "file": args.out.display().to_string(),
                "fingerprint": key.fingerprint(),
                "notAfter": not_after,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            output::data(&format!("SHA-256 {}", key.fingerprint()));
            let file = args.out.display().to_string();
            output::talk(&format!(
                "Written to {file}, for its owner only. Give it to the server with `{}`, or keep its \
                 text in a secret of Secrets Manager (--sp-key-secret).",
                CommandLine::of(&["serve"]).with("--sp-key", &file)
            ));
        }
    }
    Ok(Outcome::Done)
}

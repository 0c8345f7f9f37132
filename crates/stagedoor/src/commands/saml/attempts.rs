//! `stagedoor saml attempts`: what the server's checks said of the last answers.

use crate::cli::{AttemptsArgs, Common, OutputFormat};
use crate::compose;
use crate::exit::Outcome;
use crate::output::{self, Paint, visible};
use anyhow::{Context, Result};
use aws::Aws;
use control::ports::{Attempt, CheckRow, RowState};
use serde_json::json;
use std::fmt::Write;

pub(super) async fn run(args: &AttemptsArgs, common: &Common) -> Result<Outcome> {
    let location = &args.store.store;
    let store = compose::existing_store(location, &Aws::connect().await).await?;
    let attempts = store.newest_attempts(args.limit).await.context("the attempts")?;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "SamlAttempts",
                "attempts": attempts,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => output::data(&table(&attempts, Paint::stdout(common))),
    }
    Ok(Outcome::Done)
}

fn table(attempts: &[Attempt], paint: Paint) -> String {
    let mut out = String::new();
    for attempt in attempts {
        let verdict = if attempt.accepted { paint.green("accepted") } else { paint.red("refused") };
        let idp = attempt.idp.as_ref().map_or("unknown provider", |idp| idp.as_str());
        let person =
            attempt.person.as_ref().map(|person| format!("  person {person}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "{}  {idp}  {verdict}  {}  reference {}{person}",
            attempt.at.round(jiff::Unit::Second).unwrap_or(attempt.at),
            visible(&attempt.code),
            visible(&attempt.reference)
        );
        let checks: Vec<String> = attempt.rows.iter().map(|row| check(row, paint)).collect();
        let _ = writeln!(out, "  {}", checks.join(" "));
    }
    if attempts.is_empty() {
        out.push_str("Nobody has tried to sign in yet.");
    }
    out.truncate(out.trim_end().len());
    out
}

fn check(row: &CheckRow, paint: Paint) -> String {
    let name = visible(&row.check);
    match (row.state, &row.code) {
        (RowState::Passed, _) => format!("{}{name}", paint.green("✓")),
        (RowState::Failed, Some(code)) => format!("{}{name}({})", paint.red("✗"), visible(code)),
        (RowState::Failed, None) => format!("{}{name}", paint.red("✗")),
        (RowState::NotRun, _) => paint.dim(&format!("–{name}")),
    }
}

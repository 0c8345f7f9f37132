//! `stagedoor freeze` and `stagedoor thaw`: the switch that stops every change.

use crate::cli::{Common, FreezeArgs, OutputFormat, ThawArgs};
use crate::exit::Outcome;
use crate::system::SystemClock;
use crate::{compose, output};
use access::reason::ReasonCode;
use anyhow::Result;
use aws::Aws;
use control::ports::{Actor, AuditEntry, Clock, Freeze, WorkKey};
use std::collections::BTreeSet;

/// Stops every change. What was said when it was frozen before stays.
pub(super) async fn freeze(args: &FreezeArgs, common: &Common) -> Result<Outcome> {
    let store = compose::open_store(&args.store.store, &Aws::connect().await).await?;
    let by = args.by.by.clone();
    let wanted = Freeze { by, reason: args.reason.clone(), at: SystemClock.now() };
    let before = store.freeze(&wanted).await?;
    if before.is_none() {
        store.append(&entry("frozen", &wanted.by, &wanted.reason)).await?;
    }
    let is_new = before.is_none();
    let freeze = before.unwrap_or(wanted);
    match common.output {
        OutputFormat::Json => output::data(&document("Freeze", Some(&freeze), is_new)),
        OutputFormat::Table if is_new => output::data(
            "Frozen: nothing is changed until `stagedoor thaw`. Who has a profile that is ready \
             goes on.",
        ),
        OutputFormat::Table => {
            output::data(&format!("It was {freeze}. That stays.", freeze = shown(&freeze)));
        }
    }
    Ok(Outcome::Done)
}

/// Lets changes be made again.
pub(super) async fn thaw(args: &ThawArgs, common: &Common) -> Result<Outcome> {
    let store = compose::open_store(&args.store.store, &Aws::connect().await).await?;
    let before = store.thaw().await?;
    if let Some(freeze) = &before {
        store.append(&entry("thawed", &args.by.by, &freeze.reason)).await?;
        // What was planned meanwhile was not done.
        let everything = BTreeSet::from([WorkKey::Everything]);
        store.push(&everything, SystemClock.now()).await?;
    }
    match (common.output, &before) {
        (OutputFormat::Json, _) => {
            output::data(&document("Thaw", before.as_ref(), before.is_some()));
        }
        (OutputFormat::Table, Some(freeze)) => output::data(&format!(
            "Thawed; it was {freeze}. A server that uses this store reads everything now.",
            freeze = shown(freeze)
        )),
        (OutputFormat::Table, None) => output::data("It was not frozen. Nothing to do."),
    }
    Ok(Outcome::Done)
}

fn shown(freeze: &Freeze) -> String {
    output::visible(&freeze.to_string())
}

fn document(kind: &str, freeze: Option<&Freeze>, changed: bool) -> String {
    serde_json::json!({
        "apiVersion": output::API_VERSION,
        "kind": kind,
        "changed": changed,
        "by": freeze.map(|freeze| &freeze.by),
        "reason": freeze.map(|freeze| &freeze.reason),
        "at": freeze.map(|freeze| freeze.at),
    })
    .to_string()
}

fn entry(event: &str, by: &str, reason: &str) -> AuditEntry {
    AuditEntry::new(SystemClock.now(), event, ReasonCode::Frozen.as_str())
        .by(Actor::named(by))
        .with("by", by)
        .with("reason", reason)
}

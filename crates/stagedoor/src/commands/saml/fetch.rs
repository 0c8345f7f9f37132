//! `stagedoor saml fetch`: metadata of identity providers now, and not when it is due.

use crate::cli::{Common, FetchArgs, OutputFormat};
use crate::compose;
use crate::exit::Outcome;
use crate::idp_metadata::Copies;
use crate::output;
use crate::system::SystemClock;
use access::reason::ReasonCode;
use anyhow::{Context, Result};
use aws::Aws;
use control::ports::{Actor, AuditEntry, AuditEvent, Clock};
use serde_json::json;

pub(super) async fn run(args: &FetchArgs, common: &Common) -> Result<Outcome> {
    let store = compose::existing_store(&args.store.store, &Aws::connect().await).await?;
    let (at, by) = (SystemClock.now(), &args.by.by);
    // Before it is ordered. What comes of it, other keys with their fingerprints, whoever fetches writes down.
    let code = ReasonCode::SyncRequested.as_str();
    let entry = AuditEntry::new(at, AuditEvent::MetadataFetchOrdered, code)
        .by(Actor::named(by))
        .with("by", by);
    store.append(&entry).await.context("the audit log")?;
    Copies::of(&store).order_fetching(at).await.context("the order")?;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "MetadataFetchOrdered",
                "at": at,
                "by": by,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => output::data(
            "Whoever shares the store fetches the metadata of identity providers within a minute, \
             a function on Lambda when it is invoked next. Other keys are logged and audited as \
             `idp-keys-changed`.",
        ),
    }
    Ok(Outcome::Done)
}

//! `stagedoor saml fetch`: metadata of identity providers now, and not when it is due.

use crate::cli::{Common, FetchArgs, OutputFormat};
use crate::compose;
use crate::exit::Outcome;
use crate::idp_metadata::Copies;
use crate::output;
use crate::system::SystemClock;
use anyhow::{Context, Result};
use aws::Aws;
use control::ports::Clock;
use serde_json::json;

pub(super) async fn run(args: &FetchArgs, common: &Common) -> Result<Outcome> {
    let store = compose::existing_store(&args.store.store, &Aws::connect().await).await?;
    let at = SystemClock.now();
    Copies::of(&store).order_fetching(at).await.context("the order")?;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "MetadataFetchOrdered",
                "at": at,
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

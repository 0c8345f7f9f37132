//! `stagedoor receipt`: what an offboarding did.

use super::{person_json, receipt_of};
use crate::cli::{Common, OutputFormat, ReceiptArgs};
use crate::exit::Outcome;
use crate::leaver::receipt_text;
use crate::output::{self, Paint};
use crate::people::{self, Named};
use crate::{compose, mapfile};
use anyhow::Result;
use aws::Aws;
use control::plane::Plane;
use serde_json::json;

pub(in crate::commands) async fn run(args: &ReceiptArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let aws = Aws::connect().await;
    let store = compose::existing_store(&args.store.store, &aws).await?;
    let plane = compose::plane(map, aws, store).await?;
    let named = people::find(&plane, &args.person.person).await?;
    print(&plane, &named, common).await
}

pub(super) async fn print(plane: &Plane, named: &Named, common: &Common) -> Result<Outcome> {
    let receipt = receipt_of(plane, &named.id).await?;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "Receipt",
                "person": person_json(named),
                "receipt": receipt,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            output::data(&receipt_text(&receipt, &people::shown(named), Paint::stdout(common)));
        }
    }
    Ok(Outcome::Done)
}

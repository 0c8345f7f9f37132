//! `stagedoor store`: looking after the store itself.

mod backup;
mod status;

use crate::cli::{Common, CreateStoreArgs, OutputFormat, StoreCommand, StoreStatusArgs};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::store_location::StoreLocation;
use crate::{compose, output};
use anyhow::{Context, Result};
use aws::Aws;
use serde_json::json;

pub(super) async fn run(command: StoreCommand, common: &Common) -> Result<Outcome> {
    match command {
        StoreCommand::Create(args) => create(&args, common).await,
        StoreCommand::Status(args) => status::run(&args, common).await,
        StoreCommand::Migrate(args) => migrate(&args, common).await,
        StoreCommand::Backup(args) => backup::run(&args, common).await,
    }
}

async fn create(args: &CreateStoreArgs, common: &Common) -> Result<Outcome> {
    let location = &args.location;
    let aws = Aws::connect().await;
    match location {
        StoreLocation::File(path) => {
            if path.exists() {
                let message = format!("there is a file {location} already; name another one");
                return Err(BadConfiguration::new(codes::STORE_EXISTS, message).into());
            }
        }
        StoreLocation::DynamoDb(table) => {
            let store = aws.store(table);
            store.create_table().await.with_context(|| format!("store {location}"))?;
            output::talk(
                "note: the table is for trials. It has neither a key of your own nor point-in-time \
                 recovery; the templates in `deploy/` make one that has.",
            );
        }
    }
    compose::open_store(location, &aws).await?;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "StoreCreated",
                "store": location.to_string(),
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => output::data(&format!("Made {location}. Use it with --store.")),
    }
    Ok(Outcome::Done)
}

async fn migrate(args: &StoreStatusArgs, common: &Common) -> Result<Outcome> {
    let location = &args.store.store;
    let aws = Aws::connect().await;
    let (before, known) = status::schema(location, &aws).await?;
    if before != Some(known) {
        compose::open_store(location, &aws).await?;
    }
    let (after, _) = status::schema(location, &aws).await?;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "StoreMigration",
                "store": location.to_string(),
                "from": before,
                "to": after,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table if before == after => {
            output::data(&format!("{location} has schema {known} already. Nothing to do."));
        }
        OutputFormat::Table => {
            let from = before.map_or("nothing".to_owned(), |schema| format!("schema {schema}"));
            output::data(&format!("{location} went from {from} to schema {known}."));
        }
    }
    Ok(Outcome::Done)
}

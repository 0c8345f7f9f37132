//! `stagedoor store status`.

use crate::cli::{Common, OutputFormat, StoreStatusArgs};
use crate::compose;
use crate::exit::Outcome;
use crate::output::{self, Paint, counted};
use crate::store_location::StoreLocation;
use crate::system::SystemClock;
use anyhow::{Context, Result};
use aws::Aws;
use control::ports::{Clock, QueueStatus};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is known of a store.
struct Known {
    schema: Option<u32>,
    newest_schema: u32,
    /// By kind; of a table there is only the sum, which AWS counts every six hours.
    items: BTreeMap<String, u64>,
    bytes: Option<u64>,
    faults: Vec<String>,
    /// What there is to say of this kind of store, by name.
    more: BTreeMap<&'static str, Value>,
}

pub(super) async fn run(args: &StoreStatusArgs, common: &Common) -> Result<Outcome> {
    let location = &args.store.store;
    let aws = Aws::connect().await;
    let known = known(location, &aws).await?;
    // An old schema is left as it is.
    let (queue, frozen) = if known.schema == Some(known.newest_schema) {
        let store = compose::open_store(location, &aws).await?;
        (Some(store.status(SystemClock.now()).await?), store.frozen().await?)
    } else {
        (None, None)
    };
    match common.output {
        OutputFormat::Json => {
            let mut document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "StoreStatus",
                "store": location.to_string(),
                "type": kind(location),
                "schema": known.schema,
                "knownSchema": known.newest_schema,
                "bytes": known.bytes,
                "items": known.items,
                "faults": known.faults,
                "queue": queue.map(queue_json),
                "frozen": frozen.as_ref().map(ToString::to_string),
            });
            if let Some(fields) = document.as_object_mut() {
                fields.extend(known.more.iter().map(|(name, v)| ((*name).to_owned(), v.clone())));
            }
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            let mut text = text(location, &known, Paint::stdout(common));
            if let Some(queue) = queue {
                let _ = write!(
                    text,
                    "\nqueue: {} due, {} later, {} under way",
                    queue.due, queue.later, queue.leased
                );
            }
            if let Some(freeze) = frozen {
                let _ = write!(text, "\n{}", output::visible(&freeze.to_string()));
            }
            output::data(&text);
        }
    }
    Ok(if known.faults.is_empty() { Outcome::Done } else { Outcome::NotVerified })
}

/// Which schema the store has, if any, and which one this program knows.
pub(super) async fn schema(location: &StoreLocation, aws: &Aws) -> Result<(Option<u32>, u32)> {
    let known = known(location, aws).await?;
    Ok((known.schema, known.newest_schema))
}

async fn known(location: &StoreLocation, aws: &Aws) -> Result<Known> {
    let context = || format!("store {location}");
    match location {
        StoreLocation::File(path) => {
            if location.is_missing_file() {
                return Err(compose::store_missing(location).into());
            }
            let path = path.clone();
            let looked = tokio::task::spawn_blocking(move || store::look(&path)).await;
            let file = looked.with_context(context)?.with_context(context)?;
            let number = |steps| u32::try_from(steps).unwrap_or(u32::MAX);
            Ok(Known {
                schema: Some(number(file.schema)),
                newest_schema: number(file.known_schema),
                items: file.rows,
                bytes: Some(file.bytes),
                faults: file.faults,
                more: BTreeMap::from([("writeAhead", json!(file.write_ahead))]),
            })
        }
        StoreLocation::DynamoDb(table) => {
            let store = aws.store(table);
            let (schema, newest_schema) = store.schema_version().await.with_context(context)?;
            let table = store.condition().await.with_context(context)?;
            Ok(Known {
                schema,
                newest_schema,
                items: table.items.map(|sum| ("all".to_owned(), sum)).into_iter().collect(),
                bytes: table.bytes,
                faults: Vec::new(),
                more: BTreeMap::from([
                    ("tableStatus", json!(table.status)),
                    ("deletionProtected", json!(table.deletion_protected)),
                    ("key", json!(table.key)),
                ]),
            })
        }
    }
}

const fn kind(location: &StoreLocation) -> &'static str {
    match location {
        StoreLocation::File(_) => "sqlite",
        StoreLocation::DynamoDb(_) => "dynamodb",
    }
}

fn queue_json(queue: QueueStatus) -> Value {
    json!({
        "due": queue.due,
        "later": queue.later,
        "leased": queue.leased,
        "oldest": queue.oldest,
        "lastFull": queue.last_full,
    })
}

fn text(location: &StoreLocation, known: &Known, paint: Paint) -> String {
    let mut text = format!("{} ({})\n", paint.bold(&location.to_string()), kind(location));
    let schema = match known.schema {
        Some(schema) if schema == known.newest_schema => format!("schema {schema}, up to date"),
        Some(schema) => format!(
            "schema {schema}; this Stagedoor knows {}: run `stagedoor store migrate`",
            known.newest_schema
        ),
        None => "never used: run `stagedoor store migrate`".to_owned(),
    };
    let _ = writeln!(text, "{schema}");
    for (name, value) in &known.more {
        let _ = writeln!(text, "{name}: {}", value.to_string().trim_matches('"'));
    }
    if let Some(bytes) = known.bytes {
        let _ = writeln!(text, "{bytes} bytes");
    }
    for (kind, count) in &known.items {
        let _ = writeln!(
            text,
            "  {kind}: {}",
            counted(usize::try_from(*count).unwrap_or(usize::MAX), "item")
        );
    }
    for fault in &known.faults {
        let _ = writeln!(text, "{} {}", paint.red("damaged:"), output::visible(fault));
    }
    text.truncate(text.trim_end().len());
    text
}

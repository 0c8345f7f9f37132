//! `stagedoor store backup`.

use crate::cli::{BackupArgs, Common, OutputFormat};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output;
use crate::progress::Progress;
use crate::store_location::StoreLocation;
use anyhow::{Context, Result};
use serde_json::json;

pub(super) async fn run(args: &BackupArgs, common: &Common) -> Result<Outcome> {
    let location = &args.store.store;
    let path = match location {
        StoreLocation::File(path) => path.clone(),
        StoreLocation::DynamoDb(table) => {
            let message = format!(
                "a DynamoDB table is backed up by AWS, whole and without load on it. For one moment: \
                 `aws dynamodb create-backup --table-name {table} --backup-name NAME`. For every \
                 second of the last 35 days: point-in-time recovery, which the templates turn on \
                 (`aws dynamodb update-continuous-backups`)."
            );
            return Err(BadConfiguration::new(codes::STORE_BACKUP_ELSEWHERE, message).into());
        }
    };
    let (to, shown) = (args.file.clone(), args.file.display().to_string());
    let copied = tokio::task::spawn_blocking(move || {
        let progress = Progress::bar(1, "copying pages");
        store::back_up(&path, &to, &mut |done, all| progress.at(done, all))
    });
    let status = copied.await.context("the copy")?.with_context(|| format!("store {location}"))?;
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "StoreBackup",
                "store": location.to_string(),
                "file": shown,
                "bytes": status.bytes,
                "schema": status.schema,
                "items": status.rows,
                "verified": true,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => output::data(&format!(
            "Copied {location} to {shown}: {} bytes, verified. To restore it, stop every server and \
             put it in the place of the store, without `-wal` and `-shm` files beside it.",
            status.bytes
        )),
    }
    Ok(Outcome::Done)
}

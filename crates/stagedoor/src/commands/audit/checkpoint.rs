//! `stagedoor audit checkpoint`.

use super::existing;
use crate::audit_keys;
use crate::cli::{CheckpointArgs, Common, OutputFormat};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output;
use crate::system::SystemClock;
use anyhow::Result;
use aws::Aws;
use control::audit::{Accepted, Taking, judged, prune, take_checkpoint, verify_log};
use control::ports::{Actor, Clock};
use jiff::SignedDuration;
use serde_json::json;

pub(super) async fn run(args: &CheckpointArgs, common: &Common) -> Result<Outcome> {
    let Some(location) = &args.place.checkpoints else {
        let message = "say where it is to be kept: --checkpoints FILE or s3://BUCKET/PREFIX";
        return Err(BadConfiguration::new(codes::USAGE, message).into());
    };
    let aws = Aws::connect().await;
    let store = existing(&args.store, &aws).await?;
    let keys = audit_keys::of(&*store, &aws).await?;
    let (notary, place) = (audit_keys::notary(&keys, &aws)?, location.open(&aws));
    // What is signed should hold, and what does not is evidence that must stay.
    let kept = judged(&*place, &*notary).await?;
    let verdict = verify_log(&*store, &keys, &kept, &|_| {}).await?;
    let accepted = match (verdict.bad.first(), &args.accept) {
        (None, _) => None,
        (Some(first), Some(why)) => Some(Accepted { fault: first.to_string(), why: why.clone() }),
        (Some(first), None) => {
            output::talk(&format!(
                "error: the audit log does not hold: {first}. Nothing is signed; `stagedoor audit \
                 verify` tells all of it. Once somebody has looked into it, --accept WHY signs it all \
                 the same."
            ));
            return Ok(Outcome::NotVerified);
        }
    };
    let (now, actor) = (SystemClock.now(), Actor::named(&args.by.by));
    let taking = Taking { at: now, actor: actor.clone(), accepted };
    let made = take_checkpoint(&*store, &*notary, Some(&*place), taking).await?;
    let retention = args.retention.and_then(|retention| SignedDuration::try_from(retention).ok());
    let pruned = match retention {
        Some(retention) => prune(&*store, &made, retention, now, actor).await?.entries,
        None => 0,
    };
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "AuditCheckpoint",
                "checkpoint": made,
                "place": location.to_string(),
                "removed": pruned,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            let removed = match pruned {
                0 => String::new(),
                count => format!(" {count} old entries were removed."),
            };
            output::data(&format!(
                "Signed {} entries and kept that at {location}.{removed}",
                made.entries
            ));
        }
    }
    Ok(Outcome::Done)
}

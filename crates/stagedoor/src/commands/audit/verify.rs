//! `stagedoor audit verify`.

use super::existing;
use crate::audit_keys;
use crate::cli::{Common, OutputFormat, VerifyAuditArgs};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, Paint};
use crate::progress::Progress;
use anyhow::{Context, Result};
use aws::Aws;
use control::audit::{Checkpoint, KeyRing, Verdict, Verification, judged, verify_log};
use serde_json::json;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

pub(super) async fn run(args: &VerifyAuditArgs, common: &Common) -> Result<Outcome> {
    let aws = Aws::connect().await;
    let store = match &args.export {
        Some(_) if args.store.store.is_missing_file() => None,
        _ => Some(existing(&args.store, &aws).await?),
    };
    let keys = match &store {
        Some(store) => audit_keys::of(&**store, &aws).await?,
        None => audit_keys::given(&aws).await?.ok_or_else(no_key)?,
    };
    let checkpoints = match &args.place.checkpoints {
        None => Vec::new(),
        Some(location) => {
            let place = location.open(&aws);
            judged(&*place, &*audit_keys::notary(&keys, &aws)?).await?
        }
    };
    let verdict = match (&args.export, &store) {
        (Some(export), _) => verify_export(export, &keys, &checkpoints)?,
        (None, Some(store)) => {
            let heads = store.chains().await?;
            let all = heads.iter().map(|head| head.seq).sum();
            let progress = Progress::bar(1, "verifying entries");
            verify_log(&**store, &keys, &checkpoints, &|done| progress.at(done, all)).await?
        }
        (None, None) => return Err(no_key().into()),
    };
    tell(&verdict, common);
    Ok(if verdict.ok { Outcome::Done } else { Outcome::NotVerified })
}

fn no_key() -> BadConfiguration {
    let message = "there is neither a store with a key nor a key by STAGEDOOR_AUDIT_KEY: name one";
    BadConfiguration::new(codes::AUDIT_KEY_MISSING, message)
}

/// Verifies an export line by line: memory does not grow with it.
fn verify_export(
    path: &Path,
    keys: &KeyRing,
    checkpoints: &[(Checkpoint, bool)],
) -> Result<Verdict> {
    let mut verification = Verification::new(keys);
    for (checkpoint, holds) in checkpoints {
        if *holds {
            verification.anchor(checkpoint);
        } else {
            verification.bad_checkpoint(checkpoint);
        }
    }
    let file = File::open(path).with_context(|| path.display().to_string())?;
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let place = || format!("{} line {}", path.display(), number + 1);
        let line = line.with_context(place)?;
        verification.take_line(&line).with_context(place)?;
    }
    Ok(verification.finish())
}

fn tell(verdict: &Verdict, common: &Common) {
    if common.output == OutputFormat::Json {
        let mut document = json!({ "apiVersion": output::API_VERSION, "kind": "AuditVerdict" });
        if let (Some(document), Ok(serde_json::Value::Object(verdict))) =
            (document.as_object_mut(), serde_json::to_value(verdict))
        {
            document.extend(verdict);
        }
        output::data(&document.to_string());
        return;
    }
    let paint = Paint::stdout(common);
    let mut text = String::new();
    for bad in &verdict.bad {
        let _ = writeln!(text, "{} {}", paint.red("bad"), output::visible(&bad.to_string()));
    }
    for chain in &verdict.chains {
        let anchored = match chain.anchored {
            Some(seq) => format!("anchored to {seq}"),
            None => "not anchored".to_owned(),
        };
        let _ = writeln!(
            text,
            "chain {}: {} to {}, {anchored}, {}",
            output::visible(&chain.chain.0),
            chain.first,
            chain.last,
            paint.dim(&chain.hash)
        );
    }
    let held = format!("{} entries, {} checkpoints", verdict.entries, verdict.checkpoints);
    if verdict.ok {
        let _ = write!(text, "{} {held}: every entry is as it was sealed.", paint.green("ok"));
        if verdict.checkpoints == 0 {
            text.push_str(" Without checkpoints a log that was cut off at its end looks whole.");
        }
    } else {
        let _ = write!(text, "{} {held}: the log is not what was written.", paint.red("broken"));
    }
    output::data(&text);
}

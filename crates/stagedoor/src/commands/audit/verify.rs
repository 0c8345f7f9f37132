//! `stagedoor audit verify`.

use super::existing;
use crate::audit_keys;
use crate::checkpoints::CheckpointLocation;
use crate::cli::{Common, OutputFormat, VerifyAuditArgs};
use crate::codes;
use crate::exit::{BadConfiguration, NotDone, Outcome};
use crate::output::{self, Paint};
use crate::progress::Progress;
use anyhow::{Context, Result};
use aws::Aws;
use control::audit::{
    BadEntry, Checkpoint, Fault, KeyRing, NAME_THE_KEY, Verdict, Verification, judged, verify_log,
};
use serde_json::json;
use std::collections::BTreeSet;
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
        None => audit_keys::given(&aws).await?.ok_or_else(no_key)?.without_store()?,
    };
    let checkpoints = match &args.place.checkpoints {
        None => Vec::new(),
        Some(location) => {
            let place = location.open(&aws);
            let judged = judged(&*place, &*audit_keys::notary(&keys, &aws)?).await?;
            // A place that is not there, or was emptied, says nothing of a log that was cut off.
            if judged.is_empty() {
                return Err(no_checkpoint(location).into());
            }
            judged
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

fn no_checkpoint(location: &CheckpointLocation) -> NotDone {
    let code = codes::CHECKPOINT_MISSING;
    NotDone {
        outcome: Outcome::NotVerified,
        code: code.as_str(),
        message: format!("there is no checkpoint at {location} ({code})"),
        remedy:
            "Name the place where they are kept. `stagedoor audit checkpoint` makes the first one."
                .to_owned(),
    }
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
    let mut lines = BufReader::new(file).lines().enumerate().peekable();
    if lines.peek().is_none() {
        let message = format!("{}: there is no entry in it", path.display());
        return Err(BadConfiguration::new(codes::EXPORT_EMPTY, message).into());
    }
    for (number, line) in lines {
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
    // Whoever forgot the key would read twenty lines that say the same: one for each key does.
    let is_unsealed = |bad: &BadEntry| bad.fault == Fault::UnknownKey;
    let of_unknown_key = !verdict.ok && verdict.bad.iter().all(is_unsealed);
    let mut told = BTreeSet::new();
    for bad in verdict.bad.iter().filter(|bad| !of_unknown_key || told.insert(&bad.detail)) {
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
    let entries = if verdict.entries == 1 { "entry" } else { "entries" };
    let checkpoints = if verdict.checkpoints == 1 { "checkpoint" } else { "checkpoints" };
    let held = format!("{} {entries}, {} {checkpoints}", verdict.entries, verdict.checkpoints);
    if verdict.ok {
        let _ = write!(text, "{} {held}: every entry is as it was sealed.", paint.green("ok"));
        if verdict.checkpoints == 0 {
            text.push_str(" Without checkpoints a log that was cut off at its end looks whole.");
        }
    } else if of_unknown_key {
        let _ = write!(
            text,
            "{} {held}: entries are sealed with a key that was not given, so nobody can tell whether they \
             are genuine: {NAME_THE_KEY}. If these are all the keys, the log is not what was written.",
            paint.red("not verified")
        );
    } else {
        let _ = write!(text, "{} {held}: the log is not what was written.", paint.red("broken"));
    }
    output::data(&text);
}

//! `stagedoor freeze` and `stagedoor thaw`: the switch that stops every change.

use crate::cli::{Common, FreezeArgs, OutputFormat, ThawArgs};
use crate::exit::Outcome;
use crate::system::SystemClock;
use crate::{audit_keys, compose, output};
use anyhow::Result;
use aws::Aws;
use control::desk::{self, Switched};
use control::ports::{Actor, Clock};

/// What to do where the log does not tell of a freeze.
const NOTE_IT: &str = "`stagedoor store status` goes on saying who froze, when and why: note it, and see that the log can \
     be written before you run `stagedoor thaw`.";

/// Stops every change, whether or not that can be written down. What was said when it was frozen before stays.
pub(super) async fn freeze(args: &FreezeArgs, common: &Common) -> Result<Outcome> {
    let store = compose::existing_store(&args.store.store, &Aws::connect().await).await?;
    let by = Actor::named(&args.by.by);
    let acted = desk::freeze(&*store, &by, &args.by.by, &args.reason, SystemClock.now()).await?;
    if let Some(error) = &acted.unwritten {
        return Err(audit_keys::unwritten("everything is frozen", error, NOTE_IT).into());
    }
    let switched = acted.done;
    match common.output {
        OutputFormat::Json => output::data(&document("Freeze", &switched)),
        OutputFormat::Table if switched.changed => output::data(
            "Frozen: nothing is changed until `stagedoor thaw`. Who has a profile that is ready \
             goes on.",
        ),
        OutputFormat::Table => output::data(&format!("It was {}. That stays.", shown(&switched))),
    }
    Ok(Outcome::Done)
}

/// Lets changes be made again.
pub(super) async fn thaw(args: &ThawArgs, common: &Common) -> Result<Outcome> {
    let store = compose::existing_store(&args.store.store, &Aws::connect().await).await?;
    if store.frozen().await?.is_some() {
        audit_keys::must_fit(&*store).await?;
    }
    let by = Actor::named(&args.by.by);
    let switched = desk::thaw(&*store, &by, &args.by.by, SystemClock.now()).await?;
    match common.output {
        OutputFormat::Json => output::data(&document("Thaw", &switched)),
        OutputFormat::Table if switched.changed => output::data(&format!(
            "Thawed; it was {}. A server that uses this store reads everything now.",
            shown(&switched)
        )),
        OutputFormat::Table => output::data("It was not frozen. Nothing to do."),
    }
    Ok(Outcome::Done)
}

fn shown(Switched { by, reason, at, .. }: &Switched) -> String {
    let [by, reason] = [by, reason].map(|text| text.as_deref().unwrap_or_default());
    let at = at.map(|at| at.to_string()).unwrap_or_default();
    output::visible(&format!("frozen by {by} since {at}: {reason}"))
}

fn document(kind: &str, switched: &Switched) -> String {
    serde_json::json!({
        "apiVersion": output::API_VERSION,
        "kind": kind,
        "changed": switched.changed,
        "by": switched.by,
        "reason": switched.reason,
        "at": switched.at,
    })
    .to_string()
}

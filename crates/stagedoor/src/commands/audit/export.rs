//! `stagedoor audit export`.

use super::list::nothing;
use super::{existing, meant};
use crate::cli::ExportAuditArgs;
use crate::exit::Outcome;
use crate::output;
use anyhow::Result;
use aws::Aws;
use control::audit::export;

/// Entries that are written at a time.
const PART: u32 = 1_000;

pub(super) async fn run(args: &ExportAuditArgs) -> Result<Outcome> {
    let store = existing(&args.store, &Aws::connect().await).await?;
    let filter = meant(args.filter.filter(), &args.filter.map, &store).await?;
    let form = args.format.form();
    let (mut cursor, mut outcome, mut entries) = (None, Outcome::Done, 0_u64);
    loop {
        let part = export(&*store, &filter, form, cursor.as_ref(), PART).await?;
        entries = entries.saturating_add(u64::from(part.entries));
        if part.entries > 0 {
            output::data(part.lines.trim_end_matches('\n'));
        }
        for what in &part.unreadable {
            outcome = Outcome::NotVerified;
            output::talk(&format!("entry {what}"));
        }
        cursor = part.next;
        if cursor.is_none() {
            if entries == 0 {
                output::talk(&format!("note: {}", nothing(&filter)));
            }
            return Ok(outcome);
        }
    }
}

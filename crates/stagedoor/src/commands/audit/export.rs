//! `stagedoor audit export`.

use super::existing;
use crate::cli::{AuditFormat, ExportAuditArgs};
use crate::exit::Outcome;
use crate::output;
use anyhow::Result;
use aws::Aws;
use control::audit::{json_line, ocsf};

/// Entries that are read at a time.
const PAGE: u32 = 1_000;

pub(super) async fn run(args: &ExportAuditArgs) -> Result<Outcome> {
    let store = existing(&args.store, &Aws::connect().await).await?;
    let filter = args.filter.filter();
    let mut unreadable = 0_u64;
    for head in store.chains().await? {
        let mut after = 0;
        loop {
            let rows = store.chain(&head.chain, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for row in &rows {
                match &row.entry {
                    Ok(sealed) if !filter.admits(&sealed.entry) => {}
                    Ok(sealed) => output::data(&match args.format {
                        AuditFormat::Jsonl => json_line(sealed),
                        AuditFormat::Ocsf => ocsf(sealed).to_string(),
                    }),
                    Err(why) => {
                        unreadable += 1;
                        output::talk(&format!("entry {}/{}: {why}", head.chain, row.seq));
                    }
                }
            }
        }
    }
    Ok(if unreadable == 0 { Outcome::Done } else { Outcome::NotVerified })
}

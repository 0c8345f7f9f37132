//! Counts the calls of a full sync and times changes at a limited rate. The last lines are the
//! comparisons that `cargo xtask bench plan` shows.

use anyhow::{Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use sync_bench::{Company, changes, full_sync};

const COMPANY: Company =
    Company { people: 450, hub_teams: 3, spoke_teams: 2, members: 150, other_groups: 120 };
const CHANGES: usize = 2000;

fn main() -> Result<()> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build()?;
    let calls = runtime.block_on(full_sync(COMPANY))?;
    let paced = runtime.block_on(changes(CHANGES))?;
    ensure!(paced.lost == 0, "{} changes were lost", paced.lost);

    let mut out = io::stdout().lock();
    let Company { people, hub_teams, spoke_teams, members, other_groups } = COMPANY;
    writeln!(out, "{:<40} {:>8} {:>8}", "calls of a full sync", "made", "bound")?;
    let operations: BTreeSet<&String> = calls.made.keys().chain(calls.bound.keys()).collect();
    for operation in operations {
        let of = |calls: &BTreeMap<String, u64>| calls.get(operation).copied().unwrap_or_default();
        writeln!(out, "{operation:<40} {:>8} {:>8}", of(&calls.made), of(&calls.bound))?;
    }
    writeln!(
        out,
        "{people} people, {} groups, two domains with {hub_teams} and {spoke_teams} teams of {members} people",
        hub_teams + spoke_teams + other_groups
    )?;
    writeln!(
        out,
        "\n{} changes at 10 calls a second: {:.1} s, at least {:.0} s; {} calls refused and made \
         again, {} lost\n",
        paced.changes,
        paced.took.as_secs_f64(),
        paced.limit.as_secs_f64(),
        paced.throttled,
        paced.lost
    )?;
    let (made, bound) = calls.totals();
    #[expect(clippy::cast_precision_loss, reason = "numbers of calls are small")]
    let ratio = made as f64 / bound as f64;
    writeln!(
        out,
        "ratio plan-sync-calls {ratio:.3} (limit 1.1) (ours {made}, bound {bound}, calls)"
    )?;
    let (took, limit) = (paced.took.as_secs_f64(), paced.limit.as_secs_f64());
    let ratio = took / limit;
    writeln!(
        out,
        "ratio plan-apply-paced {ratio:.3} (limit 1.1) (ours {took:.1}, limit {limit:.0}, \
         simulated seconds)"
    )?;
    Ok(())
}

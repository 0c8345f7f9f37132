//! How long many changes take where AWS takes ten calls a second.

use crate::company::{Company, HUB};
use crate::installation::Installation;
use access::check::Removals;
use anyhow::{Result, anyhow, ensure};
use control::ports::CallMeter as _;
use control::survey::Scope;
use std::time::Duration;
use tokio::time::Instant;

/// Calls that the sandbox takes in a second.
const RATE: usize = 10;

/// What came of many changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paced {
    /// How many changes there were.
    pub changes: usize,
    /// Those that did not happen.
    pub lost: usize,
    /// Calls that were refused as too many, and made again.
    pub throttled: u64,
    /// How long it took, in simulated time.
    pub took: Duration,
    /// The least time in which the limit lets so many calls through.
    pub limit: Duration,
}

/// Makes so many profiles, each by one call, where ten calls a second are allowed.
///
/// # Errors
/// Something failed that must not.
pub async fn changes(changes: usize) -> Result<Paced> {
    let company = Company {
        people: changes,
        hub_teams: 1,
        spoke_teams: 0,
        members: changes,
        other_groups: 0,
    };
    let it = Installation::new(company.map()?, &company.seed()?)?;
    let survey = it.plane.survey(&Scope::Everything).await?;
    let plan = it.plane.plan(&survey);
    ensure!(plan.actions.len() == changes, "the plan has {} actions", plan.actions.len());
    let plan = it
        .plane
        .check(plan, &survey, Removals::Guarded)
        .map_err(|violations| anyhow!("{violations:?}"))?;
    it.go_wrong(&format!("rate_limits: {{ sagemaker: {RATE} }}"))?;
    let begun = Instant::now();
    let report = it.plane.carry_out(&plan, &survey, &|_, _| {}).await;
    let took = begun.elapsed();
    ensure!(report.changed + report.failed.len() == changes, "{report:?}");
    let throttled = it.aws.call_counts().get("sagemaker").map_or(0, |counts| counts.throttled);
    // The first calls go in the first second, and nobody waits for the last one to end.
    let seconds = u64::try_from(changes.div_ceil(RATE).saturating_sub(1))?;
    let limit = Duration::from_secs(seconds);
    Ok(Paced { changes, lost: changes - it.profiles(HUB), throttled, took, limit })
}

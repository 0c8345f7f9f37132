//! Plans for a company of so many people once, and says what it takes: `NAME VALUE`, a line each.
//!
//! Apart from the one that measures time, because counting takes some.

use anyhow::{Context, Result};
use plan_bench::Company;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};
use std::alloc::System;
use std::io::{self, Write as _};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().collect();
    let people = words.get(1).and_then(|word| word.parse().ok()).context("how many people?")?;
    let mut out = io::stdout().lock();

    let mut region = Region::new(ALLOCATOR);
    let company = Company::new(people)?;
    writeln!(out, "input {}", alive(&region.change_and_reset()))?;
    writeln!(out, "peak-of-input {}", peak()?)?;
    let plan = company.plan(&company.everybody);
    let used = region.change_and_reset();
    writeln!(out, "peak-of-plan {}", peak()?)?;
    writeln!(out, "plan {}", alive(&used))?;
    writeln!(out, "plan-allocations {}", used.allocations + used.reallocations)?;
    writeln!(out, "actions {}", plan.actions.len())?;
    writeln!(out, "kept {}", plan.kept.len())?;
    let plan = company.check(&company.everybody, plan)?;
    let used = region.change_and_reset();
    writeln!(out, "check-allocations {}", used.allocations + used.reallocations)?;
    writeln!(out, "profiles {}", company.profiles())?;
    writeln!(out, "peak {}", peak()?)?;
    drop(plan);
    Ok(())
}

/// Bytes that were allocated and not given back.
fn alive(stats: &Stats) -> usize {
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

/// Most bytes of physical memory that this process ever had, as Linux says.
fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: u64 = words.and_then(|word| word.parse().ok()).context("no VmHWM")?;
    Ok(kibibytes * 1024)
}

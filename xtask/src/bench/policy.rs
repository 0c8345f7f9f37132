//! `cargo xtask bench policy`: what one decision by policies costs.

use super::build;
use super::comparison::{Better, Comparison, Sample};
use super::contender::Contender;
use crate::{Outcome, say};
use anyhow::{Context, Result, ensure};
use std::process::Command;

const ABOUT: &str = "
Three decide the same requests by the same three statements: two that allow, one that denies, with
conditions on the VPC and on networks. Policies are read and requests made beforehand; a decision is
checked each time.

iam-policy    AWS's rules with all layers; says which statements decide, or which layer does not allow
iam-rs        one layer; no variables in conditions. Says the decision alone, its quicker way
cedar-policy  the statements in Cedar's words, resources and actions as entities; says which decide

One at a time, on one thread, in rounds, each first in another one. Rates are by CPU time of the
thread. Numbers are medians (least–greatest).";

const OURS: &str = "iam-policy";

/// The most decisions that a proof about a full role may take.
const MOST_CALLS: u32 = 200_000;

/// How much is measured.
#[derive(Debug)]
pub(super) struct Amount {
    rounds: usize,
    /// Milliseconds of CPU time of each task in a round.
    each: u32,
}

/// What the results are from.
pub(super) const FULL: Amount = Amount { rounds: 15, each: 150 };

/// To see that everything works.
pub(super) const QUICK: Amount = Amount { rounds: 3, each: 10 };

/// Who decides what, and how often a second.
#[derive(Debug)]
struct Row {
    who: String,
    what: String,
    rates: Vec<f64>,
}

impl Row {
    fn read(line: &str) -> Result<Self> {
        let (who, what) = line.split_once(' ').with_context(|| format!("`{line}`"))?;
        Ok(Self { who: who.to_owned(), what: what.to_owned(), rates: Vec::new() })
    }

    fn rate(&self) -> Sample {
        Sample::new(self.rates.iter().copied())
    }
}

pub(super) fn run(amount: &Amount) -> Result<Outcome> {
    let program = build::release_apart("benches/policy/Cargo.toml", "policy-bench")?;
    let (mut contender, tasks) = Contender::start("policy-bench", &mut Command::new(program))?;
    let mut rows: Vec<Row> = tasks.iter().map(|line| Row::read(line)).collect::<Result<_>>()?;
    say::line(ABOUT);
    let count = rows.len().max(1);
    for round in 0..amount.rounds {
        rows.rotate_left(round % count);
        for row in &mut rows {
            let task = format!("{} {}", row.who, row.what);
            row.rates.push(contender.rate(&task, amount.each)?);
        }
    }
    rows.sort_by(|a, b| (&a.what, &a.who).cmp(&(&b.what, &b.who)));
    let title = format!("a CPU second, {} rounds", amount.rounds);
    say::line(&format!("\n{title:<32} {:>36}", "median"));
    for row in &rows {
        let name = format!("{}, {}", row.what, row.who);
        say::line(&format!("{name:<32} {:>36}", row.rate().spread()));
    }
    say::line("");
    for comparison in comparisons(&rows) {
        say::line(&comparison.to_string());
    }
    for line in proof_calls()?.lines() {
        say::line(&format!("calls policy-proof-{line} (limit {MOST_CALLS})"));
    }
    Ok(Outcome::Done)
}

/// What proofs over a full role take, a line each.
fn proof_calls() -> Result<String> {
    let program = build::release_example("iam-policy", "proof_calls")?;
    let output = Command::new(program).output().context("cannot run proof_calls")?;
    ensure!(
        output.status.success(),
        "proof_calls failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Ours against each of the others. The request that is allowed is the one with a goal: nobody can
/// stop before the last statement.
fn comparisons(rows: &[Row]) -> Vec<Comparison> {
    let rate = |who: &str, what: &str| {
        let row = rows.iter().find(|row| row.who == who && row.what == what);
        row.map_or(f64::NAN, |row| row.rate().median())
    };
    let mut comparisons = Vec::new();
    for row in rows.iter().filter(|row| row.who != OURS) {
        let suffix = if row.what == "allowed" { String::new() } else { format!("-{}", row.what) };
        comparisons.push(Comparison {
            name: format!("policy-vs-{}{suffix}", row.who),
            ours: rate(OURS, &row.what),
            theirs: rate(&row.who, &row.what),
            unit: "evaluations/s",
            better: Better::More,
            goal: (row.who == "iam-rs" && row.what == "allowed").then_some("target 5"),
        });
    }
    comparisons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: &str, rates: &[f64]) -> Row {
        Row { rates: rates.to_vec(), ..Row::read(line).unwrap() }
    }

    #[test]
    fn ours_is_compared_with_each_of_the_others_by_request() {
        let rows = [
            row("iam-policy allowed", &[900.0, 1000.0, 1100.0]),
            row("iam-rs allowed", &[200.0]),
            row("iam-policy denied", &[600.0]),
            row("cedar-policy denied", &[100.0, 300.0]),
        ];
        let lines: Vec<String> = comparisons(&rows).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "ratio policy-vs-iam-rs 5.00 (target 5) (ours 1000, theirs 200, evaluations/s)",
                "ratio policy-vs-cedar-policy-denied 3.00 (ours 600, theirs 200, evaluations/s)",
            ]
        );
        assert!(Row::read("iam-policy").is_err());
    }
}

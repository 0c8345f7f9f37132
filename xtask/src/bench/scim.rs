//! `cargo xtask bench scim`: what pushing people and groups costs.

mod client;
mod load;
mod server;

use super::comparison::{Better, Comparison, Sample};
use crate::{Outcome, say};
use anyhow::Result;
use load::Load;
use server::{Rate, Server};

const ABOUT: &str = "
An identity provider pushes to two servers in turns: to `stagedoor serve`, whose store is a file that is
synced at each change, with its audit log and its loop, and to scim2-server, which keeps all in memory.
Both hold the same people and one group of all of them, and each is kept on one core. Rates are requests
for each second of CPU time that the server's process took; below them the same by the clock, in which
ours waits for the disk. Numbers are medians (least–greatest).";

/// Ours may take so much memory with the large company, in MiB.
const MOST_MEMORY: f64 = 300.0;

/// How much is measured.
#[derive(Debug)]
pub(super) struct Amount {
    /// People in both servers before anything is measured.
    people: usize,
    rounds: usize,
    /// Requests of each kind in a round, to ours and, by kind, to theirs.
    ours: usize,
    theirs: [usize; 3],
    /// People and groups of the large company, which only ours is asked to hold.
    large: usize,
    groups: usize,
}

/// What the results are from.
pub(super) const FULL: Amount = Amount {
    people: 1_000,
    rounds: 7,
    ours: 8_000,
    theirs: [300, 300, 32],
    large: 100_000,
    groups: 1_000,
};

/// To see that everything works.
pub(super) const QUICK: Amount =
    Amount { people: 50, rounds: 1, ours: 800, theirs: [32, 32, 16], large: 2_000, groups: 20 };

/// What is asked.
const TASKS: [(&str, &str); 3] = [
    ("create", "scim-creates"),
    ("filter", "scim-filtered-gets"),
    ("patch", "scim-member-patches"),
];

pub(super) fn run(amount: &Amount) -> Result<Outcome> {
    let ours = Server::ours()?;
    let theirs = Server::theirs()?;
    say::line(ABOUT);
    let (mut our_load, mut their_load) = (Load::new(&ours)?, Load::new(&theirs)?);
    for load in [&mut our_load, &mut their_load] {
        load.fill(amount.people)?;
    }
    let mut rates = TASKS.map(|_| (Vec::new(), Vec::new()));
    for _ in 0..amount.rounds {
        for (((task, _), count), (of_ours, of_theirs)) in
            TASKS.iter().zip(amount.theirs).zip(&mut rates)
        {
            of_ours.push(ours.rate(amount.ours, || our_load.run(task, amount.ours))?);
            of_theirs.push(theirs.rate(count, || their_load.run(task, count))?);
        }
    }
    drop(theirs);
    let large = large(amount, &ours, &mut our_load)?;
    let title = format!("a CPU second, {} rounds", amount.rounds);
    say::line(&format!("\n{title:<32} {:>26} {:>26}", "stagedoor", "scim2-server"));
    let mut comparisons = Vec::new();
    for ((task, name), (of_ours, of_theirs)) in TASKS.iter().zip(rates) {
        let line = |name: &str, of_ours: &Sample, of_theirs: &Sample| {
            say::line(&format!("{name:<32} {:>26} {:>26}", of_ours.spread(), of_theirs.spread()));
        };
        let [by_clock_ours, by_clock_theirs] = [&of_ours, &of_theirs]
            .map(|rates: &Vec<Rate>| Sample::new(rates.iter().map(|r| r.by_clock)));
        let [of_ours, of_theirs] = [of_ours, of_theirs]
            .map(|rates: Vec<Rate>| Sample::new(rates.iter().map(|r| r.by_cpu)));
        line(task, &of_ours, &of_theirs);
        line("  by the clock", &by_clock_ours, &by_clock_theirs);
        comparisons.push(Comparison {
            name: (*name).to_owned(),
            ours: of_ours.median(),
            theirs: of_theirs.median(),
            unit: "requests/s",
            better: Better::More,
            goal: Some("target 30"),
        });
    }
    say::line("");
    for comparison in comparisons {
        say::line(&comparison.to_string());
    }
    say::line(&large.to_string());
    Ok(Outcome::Done)
}

/// What the large company costs.
struct Large {
    people: usize,
    groups: usize,
    memory: f64,
    of_ten: f64,
    of_all: f64,
}

/// Pushes a large company to ours, and changes one member of its largest group and of a group of ten.
fn large(amount: &Amount, ours: &Server, load: &mut Load) -> Result<Large> {
    let Amount { large: people, groups, .. } = *amount;
    let group_of_all = load.fill_large(people, groups)?;
    let small = load.small_group()?;
    // The loop reads everybody meanwhile, which takes memory, and would take time of what is measured.
    ours.wait_until_idle()?;
    let (mut in_small, mut in_large) = (Vec::new(), Vec::new());
    for _ in 0..amount.rounds.max(3) {
        for (group, rates) in [(&small, &mut in_small), (&group_of_all, &mut in_large)] {
            let count = amount.ours / 2;
            rates.push(ours.rate(count, || load.patch(group, count))?.by_cpu);
        }
    }
    let memory = ours.peak_memory()?;
    let [in_small, in_large] = [in_small, in_large].map(|rates| Sample::new(rates).median());
    Ok(Large { people, groups, memory, of_ten: in_small, of_all: in_large })
}

impl std::fmt::Display for Large {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { people, groups, memory, of_ten, of_all } = self;
        write!(
            f,
            "ratio scim-member-patch-by-size {:.2} (target 1) (group of {people} {of_all:.0}, group of \
             10 {of_ten:.0}, requests/s)\n\
             memory scim {memory:.0} MiB (limit {MOST_MEMORY:.0}) ({people} people, {groups} groups, at \
             most at any time)",
            of_all / of_ten
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_company_is_told_in_two_lines() {
        let large = Large { people: 100, groups: 2, memory: 50.4, of_ten: 400.0, of_all: 300.0 };
        assert_eq!(
            large.to_string(),
            "ratio scim-member-patch-by-size 0.75 (target 1) (group of 100 300, group of 10 400, \
             requests/s)\nmemory scim 50 MiB (limit 300) (100 people, 2 groups, at most at any time)"
        );
    }
}

//! `cargo xtask bench plan`: what the plan of a large company costs.

use super::build;
use super::comparison::{Better, Comparison, Sample, number};
use super::contender::Contender;
use crate::{Outcome, say};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const ABOUT: &str = "
A company has 500 teams in ten domains, one of them in SSO mode, and 1,000 groups; its people are as
many as each row says. All but a few in a hundred profiles agree with the map.

entitlements  who has a right to what, from the directory and the map
plan          the same, and what must change
check         the rules of a plan, from rights that it works out once more
whole         plan and check: from what was read to what can be carried out
person        the whole for one person, whose groups and profiles alone were read

One works at a time, on one thread, in rounds: each size once a round, after a try that does not
count. Times are of the processor; numbers are medians (least–greatest). Memory is what a process of
its own takes, with all that it read.";

/// Tasks, in the order of a row.
const TASKS: [&str; 5] = ["entitlements", "plan", "check", "whole", "person"];

/// How much memory the plan of the largest company may take, in MiB.
const MEMORY: f64 = 1536.0;

/// How much is measured.
#[derive(Debug)]
pub(super) struct Amount {
    rounds: usize,
    /// Milliseconds of each task in a round; each is done once at least.
    each: u32,
    /// People of the companies: the middle one is what planning for a person is measured at.
    small: u32,
    middle: u32,
    large: u32,
}

/// What the results are from.
pub(super) const FULL: Amount =
    Amount { rounds: 5, each: 500, small: 50_000, middle: 100_000, large: 1_000_000 };

/// To see that everything works.
pub(super) const QUICK: Amount =
    Amount { rounds: 3, each: 20, small: 500, middle: 1000, large: 10_000 };

/// Milliseconds of each task, for a company of one size.
type Row = BTreeMap<&'static str, Sample>;

pub(super) fn run(amount: &Amount) -> Result<Outcome> {
    let time = build::release("plan-bench", "plan-bench-time")?;
    let memory = build::release("plan-bench", "plan-bench-memory")?;
    let sync = build::release("sync-bench", "sync-bench")?;
    say::line(ABOUT);
    let memory = Memory::of(&memory, amount.large)?;
    let sizes = [amount.small, amount.middle, amount.large];
    let [small, middle, large] = measure(amount, &time, sizes)?;
    say::line(&format!("\n{:<12} {}", "ms", TASKS.map(|task| format!("{task:>22}")).join(" ")));
    for (people, row) in sizes.iter().zip([&small, &middle, &large]) {
        let spreads = TASKS.map(|task| {
            let spread = row.get(task).map_or_else(String::new, Sample::spread);
            format!("{spread:>22}")
        });
        say::line(&format!("{people:<12} {}", spreads.join(" ")));
    }
    memory.report();
    let (told, last) = calls(&sync)?;
    say::line("");
    say::line(&told);
    for line in compare(&small, &middle, &large, &memory)? {
        say::line(&line.to_string());
    }
    say::line(&last);
    Ok(Outcome::Done)
}

/// What the program says that counts calls: a table, and the comparisons.
fn calls(program: &Path) -> Result<(String, String)> {
    let output = Command::new(program).output().context("cannot run sync-bench")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(in_two(&String::from_utf8_lossy(&output.stdout)))
}

fn in_two(said: &str) -> (String, String) {
    let (last, told): (Vec<&str>, Vec<&str>) =
        said.lines().partition(|line| line.starts_with("ratio "));
    (told.join("\n"), last.join("\n"))
}

fn measure(amount: &Amount, program: &Path, sizes: [u32; 3]) -> Result<[Row; 3]> {
    let mut contenders = Vec::new();
    for people in sizes {
        let mut command = Command::new(program);
        let (contender, _) = Contender::start("plan-bench-time", command.arg(people.to_string()))?;
        contenders.push((contender, BTreeMap::<&str, Vec<f64>>::new()));
    }
    for _ in 0..amount.rounds {
        for task in TASKS {
            for (contender, times) in &mut contenders {
                let rate = contender.rate(task, amount.each)?;
                times.entry(task).or_default().push(1000.0 / rate);
            }
        }
    }
    let rows = contenders.into_iter().map(|(_, times)| {
        times.into_iter().map(|(task, times)| (task, Sample::new(times))).collect::<Row>()
    });
    rows.collect::<Vec<_>>().try_into().ok().context("there are three sizes")
}

/// What the process that counts bytes said.
#[derive(Debug)]
struct Memory {
    people: u32,
    /// By name: bytes, or how many.
    said: BTreeMap<String, f64>,
}

impl Memory {
    fn of(program: &Path, people: u32) -> Result<Self> {
        let output = Command::new(program)
            .arg(people.to_string())
            .output()
            .context("cannot run plan-bench-memory")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Self::read(people, &String::from_utf8_lossy(&output.stdout))
    }

    fn read(people: u32, said: &str) -> Result<Self> {
        let read = |line: &str| {
            let (name, value) = line.split_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        let said = said
            .lines()
            .map(|line| read(line).with_context(|| format!("plan-bench-memory says `{line}`")))
            .collect::<Result<_>>()?;
        Ok(Self { people, said })
    }

    fn get(&self, name: &str) -> f64 {
        self.said.get(name).copied().unwrap_or(f64::NAN)
    }

    fn mebibytes(&self, name: &str) -> f64 {
        self.get(name) / f64::from(1 << 20)
    }

    fn report(&self) {
        let people = self.people;
        say::line(&format!("\n{people} people, {} profiles", number(self.get("profiles"))));
        for (what, name) in
            [("what was read", "input"), ("the plan", "plan"), ("the process at its peak", "peak")]
        {
            let (all, each) = (self.mebibytes(name), self.get(name) / f64::from(people));
            let (all, each) = (number(all), number(each));
            say::line(&format!("{what:<24} {all:>10} MiB {each:>10} bytes a person"));
        }
        for (what, name) in
            [("allocations of the plan", "plan-allocations"), ("of its check", "check-allocations")]
        {
            let each = number(self.get(name) / f64::from(people));
            say::line(&format!("{what:<24} {each:>25} a person"));
        }
        for name in ["actions", "kept"] {
            say::line(&format!("{name:<24} {:>10}", number(self.get(name))));
        }
    }
}

fn compare(small: &Row, middle: &Row, large: &Row, memory: &Memory) -> Result<[Comparison; 4]> {
    let of = |row: &Row, task| row.get(task).map(Sample::median).context("was not measured");
    let times = |name: &str, ours, theirs, goal| Comparison {
        name: name.to_owned(),
        ours,
        theirs,
        unit: "ms",
        better: Better::Less,
        goal: Some(goal),
    };
    let (few, many) = (of(small, "whole")?, of(large, "whole")?);
    Ok([
        times("plan-large-vs-small", few, many, "limit 25"),
        times("plan-person-vs-full", of(middle, "person")?, of(middle, "whole")?, "target 1000"),
        times("plan-person-vs-full-large", of(large, "person")?, many, "target 1000"),
        Comparison {
            name: "plan-peak-memory".to_owned(),
            ours: memory.mebibytes("peak"),
            theirs: MEMORY,
            unit: "MiB",
            better: Better::More,
            goal: Some("limit 1"),
        },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(whole: f64, person: f64) -> Row {
        BTreeMap::from([("whole", Sample::new([whole])), ("person", Sample::new([person]))])
    }

    #[test]
    fn the_last_lines_hold_time_and_memory_against_their_limits() {
        let memory = Memory::read(1000, "peak 1073741824\n").unwrap();
        let lines = compare(&row(100.0, 0.5), &row(250.0, 0.125), &row(2000.0, 0.5), &memory);
        assert_eq!(
            lines.unwrap().map(|line| line.to_string()),
            [
                "ratio plan-large-vs-small 20.00 (limit 25) (ours 100, theirs 2000, ms)",
                "ratio plan-person-vs-full 2000.00 (target 1000) (ours 0.125, theirs 250, ms)",
                "ratio plan-person-vs-full-large 4000.00 (target 1000) (ours 0.500, theirs 2000, ms)",
                "ratio plan-peak-memory 0.67 (limit 1) (ours 1024, theirs 1536, MiB)",
            ]
        );
        assert!(compare(&Row::new(), &Row::new(), &Row::new(), &memory).is_err());
    }

    #[test]
    fn comparisons_come_last() {
        let said = "calls of a full sync\nListUsers 5 5\n\nratio plan-sync-calls 1.000 (x)\n";
        let (told, last) = in_two(said);
        assert_eq!(told, "calls of a full sync\nListUsers 5 5\n");
        assert_eq!(last, "ratio plan-sync-calls 1.000 (x)");
    }

    #[test]
    fn what_the_counting_process_says_is_read_or_refused() {
        let memory = Memory::read(10, "kept 3\nplan 2097152\n").unwrap();
        assert_eq!(number(memory.mebibytes("plan")), "2");
        assert!(memory.get("actions").is_nan());
        let error = Memory::read(10, "kept three\n").unwrap_err();
        assert_eq!(error.to_string(), "plan-bench-memory says `kept three`");
    }
}

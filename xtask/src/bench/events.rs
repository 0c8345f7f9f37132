//! `cargo xtask bench events`: the boto3 Lambda handler of today against `stagedoor events replay`.

use super::build;
use super::comparison::{Better, Comparison, Sample};
use super::people;
use super::replay::{Bench, Cost, Side};
use super::studio::Studio;
use crate::{Outcome, python, say, workspace};
use anyhow::{Context, Result};
use std::fs;

const ABOUT: &str = "
The boto3 handler and `stagedoor events replay` work on the same AddMemberToGroup events, in turns,
against the same simulated AWS, whose states change at once and which throttles nobody.
After each run the profiles are compared with those that the events ask for.

The two do not do equally much. The handler makes three calls an event, one after the other, and is
done when AWS has accepted the profile. Stagedoor believes nothing of the event: it reads the person,
their groups and the domain, plans, checks, acts, waits 50 ms and reads all of it again, until the
profile is in service with the right role and tags. Events in one file become one pass, which has
several calls in flight.

Start: the whole process, from its making to its end, with one event; its store exists already.
Rate:  events a second without the start: N - 1 events in the time of N less the time of one.
Numbers are medians (least–greatest).";

const HOW_TO_READ: &str = "Ratios say how many times better Stagedoor is: theirs ÷ ours for times \
and memory, ours ÷ theirs for rates.";

/// How much is measured.
#[derive(Debug)]
pub(super) struct Amount {
    /// People, hence events, of a run that measures the rate.
    people: usize,
    /// Series, each with answers late by its own time.
    series: &'static [Series],
}

/// Pairs of runs with answers that are late by the same time.
#[derive(Debug)]
struct Series {
    /// Milliseconds that each answer of AWS is late.
    latency: u32,
    /// Pairs with one event.
    cold: usize,
    /// Pairs with one event for each person.
    warm: usize,
}

/// What the results are from. At 20 ms a call the handler takes a quarter of a minute for a run.
pub(super) const FULL: Amount = Amount {
    people: 200,
    series: &[Series { latency: 0, cold: 20, warm: 7 }, Series { latency: 20, cold: 10, warm: 3 }],
};

/// To see that everything works.
pub(super) const QUICK: Amount = Amount {
    people: 20,
    series: &[Series { latency: 0, cold: 2, warm: 1 }, Series { latency: 20, cold: 1, warm: 1 }],
};

/// What the runs of one side took.
#[derive(Debug, Default)]
struct Costs {
    cold: Vec<Cost>,
    warm: Vec<Cost>,
}

/// Both sides' runs.
#[derive(Debug, Default)]
struct Results {
    ours: Costs,
    theirs: Costs,
}

pub(super) fn run(amount: &Amount) -> Result<Outcome> {
    let python = python::prepare()?;
    let stagedoor = build::release("stagedoor", "stagedoor")?;
    let folder = workspace::root().join("target/bench-events");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let seed = folder.join("seed.yaml");
    fs::write(&seed, people::seed(amount.people).to_string())
        .with_context(|| format!("cannot write `{}`", seed.display()))?;
    let studio = Studio::start(&stagedoor, &seed)?;
    let bench = Bench { stagedoor, python, folder, studio };
    say::line(ABOUT);
    let mut comparisons = Vec::new();
    for series in amount.series {
        let results = measure(&bench, series, amount.people)?;
        say::line(&table(series, amount.people, &results));
        comparisons.extend(compare(series, amount.people, &results));
    }
    say::line(&format!("\n{HOW_TO_READ}"));
    for comparison in comparisons {
        say::line(&comparison.to_string());
    }
    Ok(Outcome::Done)
}

/// Runs both sides in turns, each first every other time.
fn measure(bench: &Bench, series: &Series, people: usize) -> Result<Results> {
    bench.studio.delay_answers(series.latency)?;
    let mut results = Results::default();
    // Files are in memory, and Python's are compiled, before anything counts.
    for side in [Side::Stagedoor, Side::Handler] {
        bench.run(side, 1)?;
    }
    for pair in 0..series.cold {
        for side in turns(pair) {
            let cost = bench.run(side, 1)?;
            results.of(side).cold.push(cost);
        }
    }
    for pair in 0..series.warm {
        for side in turns(pair) {
            let cost = bench.run(side, people)?;
            results.of(side).warm.push(cost);
        }
    }
    Ok(results)
}

fn turns(pair: usize) -> [Side; 2] {
    if pair.is_multiple_of(2) {
        [Side::Stagedoor, Side::Handler]
    } else {
        [Side::Handler, Side::Stagedoor]
    }
}

impl Results {
    fn of(&mut self, side: Side) -> &mut Costs {
        match side {
            Side::Stagedoor => &mut self.ours,
            Side::Handler => &mut self.theirs,
        }
    }
}

impl Costs {
    /// Milliseconds of a process with one event.
    fn start(&self) -> Sample {
        Sample::new(self.cold.iter().map(|cost| cost.seconds * 1000.0))
    }

    /// MiB of a process with one event.
    fn memory(&self) -> Sample {
        Sample::new(self.cold.iter().map(|cost| cost.peak_kib / 1024.0))
    }

    /// Milliseconds of a process with all events.
    fn all(&self) -> Sample {
        Sample::new(self.warm.iter().map(|cost| cost.seconds * 1000.0))
    }

    /// MiB of a process with all events.
    fn memory_of_all(&self) -> Sample {
        Sample::new(self.warm.iter().map(|cost| cost.peak_kib / 1024.0))
    }

    /// Events a second, without the start.
    fn rate(&self, people: usize) -> Sample {
        let one = Sample::new(self.cold.iter().map(|cost| cost.seconds)).median();
        let more = u32::try_from(people.saturating_sub(1)).map_or(f64::NAN, f64::from);
        Sample::new(self.warm.iter().map(|cost| more / (cost.seconds - one)))
    }
}

fn table(series: &Series, people: usize, results: &Results) -> String {
    let calls = |costs: &[Cost]| Sample::new(costs.iter().map(|cost| cost.calls)).spread();
    let row = |what: &str, of: &dyn Fn(&Costs) -> String| {
        format!("{what:<34} {:>24} {:>24}\n", of(&results.ours), of(&results.theirs))
    };
    let head = match series.latency {
        0 => "answers at once".to_owned(),
        late => format!("answers {late} ms late"),
    };
    let pairs = format!("{} and {} pairs", series.cold, series.warm);
    [
        format!("\n{:<34} {:>24} {:>24}\n", format!("{head}, {pairs}"), "ours", "theirs"),
        row("start, ms", &|side| side.start().spread()),
        row("peak memory, MiB", &|side| side.memory().spread()),
        row("calls to AWS", &|side| calls(&side.cold)),
        row(&format!("{people} events, ms"), &|side| side.all().spread()),
        row(&format!("{people} events, peak memory, MiB"), &|side| side.memory_of_all().spread()),
        row(&format!("{people} events, calls to AWS"), &|side| calls(&side.warm)),
        row("rate, events a second", &|side| side.rate(people).spread()),
    ]
    .concat()
    .trim_end()
    .to_owned()
}

fn compare(series: &Series, people: usize, results: &Results) -> [Comparison; 3] {
    let suffix = match series.latency {
        0 => String::new(),
        late => format!("-{late}ms"),
    };
    let comparison = |name, unit, better, of: &dyn Fn(&Costs) -> Sample| Comparison {
        name: format!("events-{name}{suffix}"),
        ours: of(&results.ours).median(),
        theirs: of(&results.theirs).median(),
        unit,
        better,
        goal: None,
    };
    [
        comparison("cold-start", "ms", Better::Less, &Costs::start),
        comparison("peak-memory", "MiB", Better::Less, &Costs::memory),
        comparison("warm-rate", "events/s", Better::More, &|side| side.rate(people)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(cold: [f64; 3], peak_kib: f64, warm: f64) -> Costs {
        let cost = |seconds| Cost { seconds, peak_kib, calls: 3.0 };
        Costs { cold: cold.map(cost).to_vec(), warm: vec![cost(warm)] }
    }

    #[test]
    fn the_start_does_not_count_in_the_rate() {
        let results = Results {
            ours: costs([0.1, 0.2, 0.9], 16.0 * 1024.0, 1.2),
            theirs: costs([0.5, 0.5, 0.5], 56.0 * 1024.0, 4.5),
        };
        let series = Series { latency: 20, cold: 3, warm: 1 };
        let lines = compare(&series, 101, &results).map(|comparison| comparison.to_string());
        assert_eq!(
            lines,
            [
                "ratio events-cold-start-20ms 2.50 (ours 200, theirs 500, ms)",
                "ratio events-peak-memory-20ms 3.50 (ours 16, theirs 56, MiB)",
                "ratio events-warm-rate-20ms 4.00 (ours 100, theirs 25, events/s)",
            ]
        );
        let table = table(&series, 101, &results);
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            table.lines().map(words).collect::<Vec<_>>(),
            [
                "",
                "answers 20 ms late, 3 and 1 pairs ours theirs",
                "start, ms 200 (100–900) 500",
                "peak memory, MiB 16 56",
                "calls to AWS 3 3",
                "101 events, ms 1200 4500",
                "101 events, peak memory, MiB 16 56",
                "101 events, calls to AWS 3 3",
                "rate, events a second 100 25",
            ]
        );
    }

    #[test]
    fn each_side_is_first_every_other_time() {
        assert_eq!(turns(0), [Side::Stagedoor, Side::Handler]);
        assert_eq!(turns(1), [Side::Handler, Side::Stagedoor]);
    }
}

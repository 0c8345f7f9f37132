//! Equal seeds, equal runs; different seeds, different runs.

use simulation::{Keep, Report, simulate};

fn run(seed: u64) -> Report {
    simulate(seed, Keep::All).unwrap()
}

#[test]
fn a_seed_repeats_call_by_call() {
    for seed in 1..=6 {
        let (one, other) = (run(seed), run(seed));
        for (number, (line, again)) in one.trace.iter().zip(&other.trace).enumerate() {
            assert_eq!(line, again, "line {number} of seed {seed}");
        }
        assert_eq!((one.trace.len(), one.digest), (other.trace.len(), other.digest));
        assert_eq!((one.calls, one.faults), (other.calls, other.faults));
    }
}

#[test]
fn seeds_differ_and_each_looks_at_something() {
    let reports: Vec<Report> = (1..=6).map(run).collect();
    for report in &reports {
        assert!(report.calls > 50, "{report:?}");
        assert!(report.invariants > 10, "{report:?}");
    }
    assert!(reports.iter().any(|report| report.faults > 0));
    assert_ne!(reports[0].digest, reports[1].digest);
}

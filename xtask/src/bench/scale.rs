//! `cargo xtask bench scale`: functions on Lambda, and servers over a store that replicas share.

use super::build;
use super::comparison::{Better, Comparison, Sample};
use crate::{Outcome, dist, python, say, workspace};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

const ABOUT: &str = "
Three functions get the news that somebody joined a group, from the same Runtime API on loopback and
against the same simulated AWS, whose states change at once and which throttles nobody:

handler  the boto3 handler of benches/events, in a loop as Lambda's runtime for Python has one: three
         calls, and it is done when AWS has accepted the profile
events   `stagedoor lambda` as Events: the person is put into the table and into the queue
work     `stagedoor lambda` as Work: reads the person, their groups, profile and role, plans, checks,
         claims the person in the table, writes down what it does, and makes the profile

Cold: from the making of the process until it has answered one event, and its greatest resident set.
Warm: events a second of one process, one to an invocation, and 32 to an invocation; the handler then
has 32 threads with a connection each. The simulated AWS, the Runtime API and the table share the
machine's cores with the function. What each did is looked up in the simulated AWS. `calls to AWS` are
those to the simulated AWS: what the function asks of the table comes on top.
Stagedoor is the executable that `cargo xtask dist` ships, on this machine. As on Amazon Linux, the
certificates of public authorities are in one file (SSL_CERT_FILE): Debian has a folder of single ones
besides, which is read too where nothing names a file, and costs a cold start 2 ms. The simulated AWS
speaks HTTP: Stagedoor reads the certificates all the same before its first call, the handler does not.
Numbers are medians (least–greatest).";

const ABOUT_SIGN_INS: &str = "
Sign-ins through `stagedoor serve`, a release build, bound to one core each (a single one does not
share it with the bench): a POST of a genuine response, each good once and from an address of its own,
until the redirect. First as fast as answers come, 16 connections a server; then at half that rate,
where latency counts from the time at which a request was due.
`cores` is processor time of the servers a second; `per-core` is sign-ins a second of that time.";

/// Names the DynamoDB's program to what starts it.
const DYNAMODB: &str = "STAGEDOOR_TEST_DYNAMODB";

/// How much is measured.
#[derive(Debug)]
pub(super) struct Amount {
    cold: u32,
    warm: u32,
    late: u32,
    seconds: u32,
}

/// What the results are from.
pub(super) const FULL: Amount = Amount { cold: 20, warm: 640, late: 20, seconds: 60 };

/// To see that everything works.
pub(super) const QUICK: Amount = Amount { cold: 2, warm: 64, late: 20, seconds: 6 };

/// Values by function and by what was measured.
type Samples = BTreeMap<(String, String), Vec<f64>>;

pub(super) fn run(amount: &Amount) -> Result<Outcome> {
    let python = python::prepare()?;
    let (shipped, stagedoor) = (dist::executable()?, build::release("stagedoor", "stagedoor")?);
    let lambda = build::release("scale-bench", "scale-lambda")?;
    let sign_ins = build::release("scale-bench", "scale-sign-ins")?;
    let dynamodb = build::dynamodb()?;
    say::line(ABOUT);
    let mut comparisons = Vec::new();
    for latency in [0, amount.late] {
        let samples = functions(amount, latency, [&lambda, &shipped, &python, &dynamodb])?;
        say::line(&table(latency, &samples));
        comparisons.extend(compare(latency, &samples));
    }
    say::line(ABOUT_SIGN_INS);
    let mut figures = BTreeMap::new();
    for (store, replicas) in [("sqlite", 1), ("dynamodb", 1), ("dynamodb", 2)] {
        figures.extend(signing_in(amount, store, replicas, [&sign_ins, &stagedoor, &dynamodb])?);
    }
    say::line("");
    for comparison in comparisons {
        say::line(&comparison.to_string());
    }
    for line in judged(&figures) {
        say::line(&line);
    }
    Ok(Outcome::Done)
}

/// Has functions start and work as the bench does, a few times.
pub(crate) fn drive_functions(stagedoor: &Path) -> Result<()> {
    let (python, dynamodb) = (python::prepare()?, build::dynamodb()?);
    let lambda = build::release("scale-bench", "scale-lambda")?;
    let amount = Amount { cold: 2, warm: 32, ..QUICK };
    functions(&amount, 0, [&lambda, stagedoor, &python, &dynamodb]).map(drop)
}

fn functions(
    amount: &Amount,
    latency: u32,
    [lambda, stagedoor, python, dynamodb]: [&Path; 4],
) -> Result<Samples> {
    let function = workspace::root().join("benches/scale/function.py");
    let (late, cold, warm) =
        (latency.to_string(), amount.cold.to_string(), amount.warm.to_string());
    let mut command = Command::new(lambda);
    command.env(DYNAMODB, dynamodb);
    command.arg("--stagedoor").arg(stagedoor).arg("--python").arg(python).arg("--function");
    command.arg(function).args(["--store", "dynamodb", "--latency", &late]);
    command.args(["--cold", &cold, "--warm", &warm]);
    let mut samples = Samples::new();
    for line in said(&mut command)?.lines() {
        let (side, what, value) = sample(line).with_context(|| format!("it says `{line}`"))?;
        samples.entry((side, what)).or_default().push(value);
    }
    Ok(samples)
}

fn sample(line: &str) -> Option<(String, String, f64)> {
    let mut words = line.strip_prefix("sample ")?.split(' ');
    Some((words.next()?.to_owned(), words.next()?.to_owned(), words.next()?.parse().ok()?))
}

fn signing_in(
    amount: &Amount,
    store: &str,
    replicas: u32,
    [sign_ins, stagedoor, dynamodb]: [&Path; 3],
) -> Result<BTreeMap<String, f64>> {
    // One server has a core to itself; whoever asks it, and whom it asks, share the other.
    let mut command = Command::new("taskset");
    command.args(["-c", if replicas == 1 { "1" } else { "0,1" }]).arg(sign_ins);
    command.env(DYNAMODB, dynamodb);
    command.arg("--stagedoor").arg(stagedoor).args(["--store", store]);
    command.args(["--seconds", &amount.seconds.to_string()]);
    command.args(["--replicas", &replicas.to_string()]);
    let said = said(&mut command)?;
    for line in said.lines() {
        say::line(line);
    }
    said.lines()
        .map(|line| figure(line).with_context(|| format!("it says `{line}`")))
        .collect::<Result<_>>()
}

fn figure(line: &str) -> Option<(String, f64)> {
    let (name, value) = line.strip_prefix("figure ")?.split_once(' ')?;
    Some((name.to_owned(), value.parse().ok()?))
}

/// What a command prints; what it complains about is shown at once.
fn said(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {name}"))?;
    ensure!(output.status.success(), "{name} ended with {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn of(samples: &Samples, side: &str, what: &str) -> Sample {
    let values = samples.get(&(side.to_owned(), what.to_owned()));
    Sample::new(values.into_iter().flatten().copied())
}

fn table(latency: u32, samples: &Samples) -> String {
    let head = if latency == 0 {
        "answers of AWS at once".to_owned()
    } else {
        format!("answers of AWS {latency} ms late")
    };
    let mut lines = vec![format!("\n{head:<34} {:>22} {:>22} {:>22}", "handler", "events", "work")];
    for (what, name) in [
        ("cold-ms", "cold, ms"),
        ("cold-mib", "cold, peak memory, MiB"),
        ("warm-1-rate", "one by one, events a second"),
        ("warm-1-calls", "one by one, calls to AWS an event"),
        ("warm-1-cpu-ms", "one by one, its processor time, ms"),
        ("warm-32-rate", "32 at a time, events a second"),
        ("warm-32-calls", "32 at a time, calls to AWS an event"),
        ("warm-32-cpu-ms", "32 at a time, its processor time, ms"),
        ("warm-32-mib", "32 at a time, peak memory, MiB"),
    ] {
        let cell = |side| of(samples, side, what).spread();
        let (handler, events, work) = (cell("handler"), cell("events"), cell("work"));
        lines.push(format!("{name:<34} {handler:>22} {events:>22} {work:>22}"));
    }
    lines.join("\n")
}

fn compare(latency: u32, samples: &Samples) -> Vec<Comparison> {
    let suffix = if latency == 0 { String::new() } else { format!("-{latency}ms") };
    let median = |side: &str, what: &str| of(samples, side, what).median();
    let at_once = |goal| (latency == 0).then_some(goal);
    let (cold, memory, rate) = ("cold-ms", "cold-mib", "-rate");
    let comparison = |name: &str, ours, theirs, unit, goal| Comparison {
        name: format!("lambda-{name}{suffix}"),
        ours,
        theirs,
        unit,
        better: if unit == "events/s" { Better::More } else { Better::Less },
        goal,
    };
    let theirs = |what: &str| median("handler", what);
    let both = median("events", cold) + median("work", cold);
    let most = median("events", memory).max(median("work", memory));
    let warm = |batch: &str| format!("warm-{batch}{rate}");
    let in_turn = |batch: &str| {
        let what = warm(batch);
        1.0 / (1.0 / median("events", &what) + 1.0 / median("work", &what))
    };
    vec![
        comparison("cold-work", median("work", cold), theirs(cold), "ms", at_once("limit 20")),
        comparison("cold-events", median("events", cold), theirs(cold), "ms", None),
        comparison("cold-events-then-work", both, theirs(cold), "ms", None),
        comparison("memory", most, theirs(memory), "MiB", at_once("limit 4")),
        comparison(
            "warm-32-work",
            median("work", &warm("32")),
            theirs(&warm("32")),
            "events/s",
            at_once("limit 20"),
        ),
        comparison(
            "warm-1-work",
            median("work", &warm("1")),
            theirs(&warm("1")),
            "events/s",
            at_once("limit 5"),
        ),
        comparison(
            "warm-32-events-then-work",
            in_turn("32"),
            theirs(&warm("32")),
            "events/s",
            None,
        ),
        comparison("warm-1-events-then-work", in_turn("1"), theirs(&warm("1")), "events/s", None),
        comparison(
            "warm-32-events",
            median("events", &warm("32")),
            theirs(&warm("32")),
            "events/s",
            None,
        ),
        comparison(
            "warm-1-events",
            median("events", &warm("1")),
            theirs(&warm("1")),
            "events/s",
            None,
        ),
        comparison(
            "warm-32-work-cpu",
            median("work", "warm-32-cpu-ms"),
            theirs("warm-32-cpu-ms"),
            "ms",
            None,
        ),
    ]
}

/// Ratios of figures to each other.
fn judged(figures: &BTreeMap<String, f64>) -> Vec<String> {
    let value = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
    let mut lines = Vec::new();
    for store in ["sqlite", "dynamodb"] {
        let (p50, p99) = (
            value(&format!("sign-ins-{store}-half-p50-ms")),
            value(&format!("sign-ins-{store}-half-p99-ms")),
        );
        lines.push(format!(
            "ratio sign-ins-{store}-p99-to-p50 {:.2} (limit 2) (p99 {p99:.2}, p50 {p50:.2}, ms, at \
             {:.0} a second)",
            p99 / p50,
            value(&format!("sign-ins-{store}-half-rate"))
        ));
    }
    let (one, two) = (value("sign-ins-dynamodb-rate"), value("sign-ins-dynamodb-2-replicas-rate"));
    lines.push(format!(
        "ratio replicas-1-to-2 {:.2} (two {two:.0}, one {one:.0}, sign-ins/s, all in two cores)",
        two / one
    ));
    let (one, two) =
        (value("sign-ins-dynamodb-per-core"), value("sign-ins-dynamodb-2-replicas-per-core"));
    lines.push(format!(
        "ratio replicas-1-to-2-per-core {:.2} (two {two:.0}, one {one:.0}, sign-ins a second of \
         the servers' processor time)",
        two / one
    ));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_programs_are_read() {
        assert_eq!(
            sample("sample work cold-ms 12.5"),
            Some(("work".into(), "cold-ms".into(), 12.5))
        );
        assert_eq!(sample("figure work 1"), None);
        assert_eq!(
            figure("figure sign-ins-sqlite-rate 700.5"),
            Some(("sign-ins-sqlite-rate".into(), 700.5))
        );
        assert_eq!(figure("sample work cold-ms 1"), None);
    }

    #[test]
    fn limits_are_for_answers_at_once() {
        let mut samples = Samples::new();
        for (side, ms) in [("handler", 600.0), ("events", 10.0), ("work", 20.0)] {
            for (what, value) in [
                ("cold-ms", ms),
                ("cold-mib", ms / 10.0),
                ("warm-1-rate", 6_000.0 / ms),
                ("warm-32-rate", 60_000.0 / ms),
                ("warm-32-cpu-ms", if side == "handler" { 2.0 } else { 1.0 }),
            ] {
                samples.insert((side.to_owned(), what.to_owned()), vec![value]);
            }
        }
        let lines: Vec<String> = compare(0, &samples).iter().map(Comparison::to_string).collect();
        assert_eq!(
            lines,
            [
                "ratio lambda-cold-work 30.00 (limit 20) (ours 20, theirs 600, ms)",
                "ratio lambda-cold-events 60.00 (ours 10, theirs 600, ms)",
                "ratio lambda-cold-events-then-work 20.00 (ours 30, theirs 600, ms)",
                "ratio lambda-memory 30.00 (limit 4) (ours 2, theirs 60, MiB)",
                "ratio lambda-warm-32-work 30.00 (limit 20) (ours 3000, theirs 100, events/s)",
                "ratio lambda-warm-1-work 30.00 (limit 5) (ours 300, theirs 10, events/s)",
                "ratio lambda-warm-32-events-then-work 20.00 (ours 2000, theirs 100, events/s)",
                "ratio lambda-warm-1-events-then-work 20.00 (ours 200, theirs 10, events/s)",
                "ratio lambda-warm-32-events 60.00 (ours 6000, theirs 100, events/s)",
                "ratio lambda-warm-1-events 60.00 (ours 600, theirs 10, events/s)",
                "ratio lambda-warm-32-work-cpu 2.00 (ours 1, theirs 2, ms)",
            ]
        );
        assert!(compare(20, &samples).iter().all(|comparison| comparison.goal.is_none()));
    }

    #[test]
    fn p99_is_held_against_p50_and_two_replicas_against_one() {
        let figures = [
            ("sign-ins-sqlite-half-p50-ms", 2.0),
            ("sign-ins-sqlite-half-p99-ms", 3.0),
            ("sign-ins-sqlite-half-rate", 400.0),
            ("sign-ins-dynamodb-rate", 500.0),
            ("sign-ins-dynamodb-2-replicas-rate", 900.0),
        ];
        let figures = figures.map(|(name, value)| (name.to_owned(), value)).into();
        let lines = judged(&figures);
        assert_eq!(
            lines.first().map(String::as_str),
            Some(
                "ratio sign-ins-sqlite-p99-to-p50 1.50 (limit 2) (p99 3.00, p50 2.00, ms, at 400 a second)"
            )
        );
        assert_eq!(
            lines.get(2).map(String::as_str),
            Some("ratio replicas-1-to-2 1.80 (two 900, one 500, sign-ins/s, all in two cores)")
        );
    }
}

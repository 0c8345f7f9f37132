//! `cargo xtask bench saml`: what one verification of a SAML response costs.

use super::build;
use super::comparison::{Better, Comparison, Sample, number};
use super::contender::Contender;
use crate::{Outcome, python, say, workspace};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const ABOUT: &str = "
Three verify the same response: RSA-2048 with SHA-256, 8 KB, its assertion signed; or both signed.

raw           aws-lc-rs verifies the signature over the canonical SignedInfo, and nothing else
saml-sp       the whole: from the base64 of the form to the claims, all checks of the profile
python3-saml  OneLogin_Saml2_Response(...).is_valid(...), strict, with its own checks; the settings
              are read once

One works at a time, on one thread, in rounds: each once a round, the first another one each round.
The hostile responses have 128 KB. Nobody has to sign those: they hold a signature of the right
length that is wrong, unless they end before that is looked at. Insiders have a genuine signature.
Numbers are medians (least–greatest).";

/// How much is measured.
#[derive(Debug)]
pub(super) struct Amount {
    rounds: usize,
    /// Milliseconds of each contender in a round.
    each: u32,
    /// Milliseconds of each hostile response in a round.
    hostile: u32,
}

/// What the results are from.
pub(super) const FULL: Amount = Amount { rounds: 15, each: 150, hostile: 20 };

/// To see that everything works.
pub(super) const QUICK: Amount = Amount { rounds: 3, each: 20, hostile: 2 };

/// Something that is measured.
#[derive(Debug)]
struct Row {
    name: String,
    /// `raw`, `genuine`, `theirs`; of hostile ones `goal`, `bounds` or `insider`.
    origin: String,
    bytes: u64,
    /// `accepted`, or the reason code of the refusal.
    outcome: String,
    rates: Vec<f64>,
}

impl Row {
    fn read(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let text = |key| value.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            name: text("name")?,
            origin: text("origin")?,
            bytes: value.get("bytes")?.as_u64()?,
            outcome: text("outcome")?,
            rates: Vec::new(),
        })
    }

    fn rate(&self) -> Sample {
        Sample::new(self.rates.iter().copied())
    }

    /// Microseconds of one.
    fn time(&self) -> Sample {
        Sample::new(self.rates.iter().map(|rate| 1e6 / rate))
    }

    fn is_hostile(&self) -> bool {
        HOSTILE.iter().any(|(origin, ..)| *origin == self.origin)
    }
}

/// Hostile responses by origin: of the rows, what they are called, and the ratio's name and goal.
const HOSTILE: &[(&str, &str, &str, &str)] = &[
    ("goal", "those that the goal names", "saml-hostile-worst-named", " (limit 5)"),
    ("bounds", "just below a bound of saml-sp", "saml-hostile-worst", " (limit 5)"),
    ("insider", "by somebody who could sign in", "saml-hostile-worst-insider", ""),
];

pub(super) fn run(amount: &Amount) -> Result<Outcome> {
    let python = python::prepare()?;
    let time = build::release("saml-bench", "saml-bench-time")?;
    let memory = build::release("saml-bench", "saml-bench-memory")?;
    let folder = workspace::root().join("target/bench-saml");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let (mut ours, tasks) = Contender::start("saml-bench-time", Command::new(time).arg(&folder))?;
    let mut rows: Vec<Row> = tasks
        .iter()
        .map(|line| Row::read(line).with_context(|| format!("saml-bench-time says `{line}`")))
        .collect::<Result<_>>()?;
    let script = workspace::root().join("benches/saml/python3_saml.py");
    let (mut theirs, _) =
        Contender::start("python3-saml", Command::new(python).arg(script).arg(&folder))?;
    for name in ["assertion", "both"] {
        let (name, origin) = (name.to_owned(), "theirs".to_owned());
        rows.push(Row { name, origin, bytes: 0, outcome: String::new(), rates: Vec::new() });
    }
    say::line(ABOUT);
    measure(amount, &mut rows, &mut ours, &mut theirs)?;
    report(amount, &rows, &allocations(&memory)?)?;
    Ok(Outcome::Done)
}

fn measure(
    amount: &Amount,
    rows: &mut [Row],
    ours: &mut Contender,
    theirs: &mut Contender,
) -> Result<()> {
    let count = rows.len().max(1);
    for round in 0..amount.rounds {
        // What one leaves behind for the next, such as a warm processor, is not always the same.
        rows.rotate_left(round % count);
        for row in &mut *rows {
            let contender = if row.origin == "theirs" { &mut *theirs } else { &mut *ours };
            let time = if row.is_hostile() { amount.hostile } else { amount.each };
            row.rates.push(contender.rate(&row.name, time)?);
        }
    }
    Ok(())
}

/// Allocations and bytes of one verification, by name.
fn allocations(program: &Path) -> Result<BTreeMap<String, (f64, f64)>> {
    let output = Command::new(program).output().context("cannot run saml-bench-memory")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    let read = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next()?.to_owned();
        Some((name, (words.next()?.parse().ok()?, words.next()?.parse().ok()?)))
    };
    said.lines().map(|line| read(line).with_context(|| format!("`{line}`"))).collect()
}

fn report(amount: &Amount, rows: &[Row], allocations: &BTreeMap<String, (f64, f64)>) -> Result<()> {
    let row = |origin: &str, name: &str| {
        let found = rows.iter().find(|row| row.origin == origin && row.name == name);
        found.with_context(|| format!("{origin} {name} was not measured"))
    };
    let genuine = row("genuine", "assertion")?;
    let both = row("genuine", "both")?;
    say::line(&format!("\n{:<52} {:>24}", format!("a second, {} rounds", amount.rounds), "median"));
    for (what, row) in [
        ("raw, key parsed once".to_owned(), row("raw", "raw")?),
        ("raw, key parsed each time".to_owned(), row("raw", "raw-parsing")?),
        (format!("saml-sp, {} bytes, assertion signed", genuine.bytes), genuine),
        (format!("saml-sp, {} bytes, both signed", both.bytes), both),
        ("python3-saml, assertion signed".to_owned(), row("theirs", "assertion")?),
        ("python3-saml, both signed".to_owned(), row("theirs", "both")?),
    ] {
        say::line(&format!("{what:<52} {:>24}", row.rate().spread()));
    }
    say::line(&format!("\n{:<52} {:>11} {:>12}", "one saml-sp", "allocations", "bytes"));
    for (name, (count, bytes)) in allocations {
        say::line(&format!("{name:<52} {count:>11} {bytes:>12}"));
    }
    let worst = hostile(rows, genuine);
    say::line("");
    let rates = |name, ours: &Row, theirs: &Row, goal| Comparison {
        name: format!("saml-vs-{name}"),
        ours: ours.rate().median(),
        theirs: theirs.rate().median(),
        unit: "verifications/s",
        better: Better::More,
        goal,
    };
    for comparison in [
        rates("raw-rsa", genuine, row("raw", "raw")?, Some("target 0.25")),
        rates("raw-rsa-parsing", genuine, row("raw", "raw-parsing")?, None),
        rates("python3-saml", genuine, row("theirs", "assertion")?, Some("target 40")),
        rates("python3-saml-both-signed", both, row("theirs", "both")?, None),
    ] {
        say::line(&comparison.to_string());
    }
    for line in &worst {
        say::line(line);
    }
    let (count, bytes) = allocations.get("assertion").context("nothing was allocated")?;
    say::line(&format!("allocated saml {bytes} bytes ({count} allocations a verification)"));
    Ok(())
}

/// Prints the hostile responses, costliest first, and returns the lines about the worst.
fn hostile(rows: &[Row], genuine: &Row) -> Vec<String> {
    let unit = genuine.time().median();
    let mut lines = Vec::new();
    for (origin, what, name, goal) in HOSTILE {
        let mut costs: Vec<(f64, &Row)> = rows
            .iter()
            .filter(|row| row.origin == *origin)
            .map(|row| (row.time().median(), row))
            .collect();
        costs.sort_by(|a, b| b.0.total_cmp(&a.0));
        say::line(&format!("\n{:<52} {:>10} {:>11}  ends with", what, "µs", "× genuine"));
        for (time, row) in &costs {
            let (time, ratio) = (number(*time), time / unit);
            say::line(&format!("{:<52} {time:>10} {ratio:>11.2}  {}", row.name, row.outcome));
        }
        if let Some((time, row)) = costs.first() {
            lines.push(format!(
                "ratio {name} {:.2}{goal} ({}: {} µs, genuine {} µs)",
                time / unit,
                row.name,
                number(*time),
                number(unit)
            ));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, origin: &str, rates: &[f64]) -> Row {
        let (name, origin, rates) = (name.to_owned(), origin.to_owned(), rates.to_vec());
        Row { name, origin, bytes: 8192, outcome: "accepted".to_owned(), rates }
    }

    #[test]
    fn the_worst_of_each_origin_is_named() {
        let genuine = row("assertion", "genuine", &[20_000.0, 10_000.0, 20_000.0]);
        let rows = [
            row("deep", "goal", &[10_000.0]),
            row("wide", "goal", &[5_000.0]),
            row("long", "bounds", &[4_000.0]),
        ];
        assert_eq!(
            hostile(&rows, &genuine),
            [
                "ratio saml-hostile-worst-named 4.00 (limit 5) (wide: 200 µs, genuine 50 µs)",
                "ratio saml-hostile-worst 5.00 (limit 5) (long: 250 µs, genuine 50 µs)",
            ]
        );
    }

    #[test]
    fn a_task_is_read_from_its_line() {
        let line = r#"{"name":"deep","origin":"goal","bytes":131072,"outcome":"xml-too-deep"}"#;
        let read = Row::read(line).unwrap();
        assert_eq!((read.name.as_str(), read.bytes, read.is_hostile()), ("deep", 131_072, true));
        assert!(Row::read("{}").is_none());
    }
}

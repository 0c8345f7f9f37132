//! `cargo xtask fuzz`: random changes to what others send, until something breaks.
//!
//! cargo-fuzz builds the targets of `fuzz/`, without a sanitizer: there is no unsafe code of ours,
//! and so the stable compiler does. What is found on the way stays under `target`; the corpus that
//! is kept, in `fuzz/corpus`, is only read.

use crate::{Outcome, say, tools, workspace};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) const HELP: &str = "Search for input that breaks what reads the input of others

Usage: cargo xtask fuzz --smoke [TARGET ...]
       cargo xtask fuzz --minutes N [TARGET ...]

  --smoke      the corpus and some thousand changes to it, always the same; a step of xtask test
  --minutes N  so long for each target

Targets (all unless some are named):
  parse         our XML parser against a general one
  canonicalize  our canonical form against a plain implementation
  verify        whole verification: what is accepted says what a genuine response says
  decrypt       the same with encrypted assertions
  metadata      metadata of identity providers
  logout        requests to log out: what is accepted says what a genuine one says
  policy        policy documents: what is read is printed, found, merged and compared alike
  filter        SCIM filters: what an index answers is what matches
  patch         SCIM PATCH: what comes out is valid and stays as it is
  dn            distinguished names of LDAP: what is read is printed and compared alike
  ldif          LDIF and names of entries: what is printed is read again

The first finding ends the run; the message says where the input is. Installs cargo-fuzz first.";

const TARGETS: [&str; 11] = [
    "parse",
    "canonicalize",
    "verify",
    "decrypt",
    "metadata",
    "logout",
    "policy",
    "filter",
    "patch",
    "dn",
    "ldif",
];

/// Changes that a smoke run makes to the corpus of each target.
const SMOKE_RUNS: u32 = 10_000;

/// Longest input: four times a usual response.
const MAX_BYTES: u32 = 32 * 1024;

/// When a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Runs(u32),
    Minutes(u32),
}

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    match asked(words) {
        Ok((until, targets)) => fuzz(until, &targets),
        Err(complaint) => {
            say::complain(&format!("error: {complaint}\n\n{HELP}"));
            Ok(Outcome::Misused)
        }
    }
}

/// The smoke run of all targets; whether nothing was found.
pub(crate) fn smoke() -> Result<bool> {
    Ok(fuzz(Until::Runs(SMOKE_RUNS), &TARGETS)? == Outcome::Done)
}

fn asked(words: &[String]) -> Result<(Until, Vec<&'static str>), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (until, names) = match words.as_slice() {
        ["--smoke", names @ ..] => (Until::Runs(SMOKE_RUNS), names),
        ["--minutes", minutes, names @ ..] => {
            let minutes = minutes.parse().ok().filter(|minutes| (1..=600).contains(minutes));
            (Until::Minutes(minutes.ok_or("`--minutes` needs a number from 1 to 600")?), names)
        }
        _ => return Err("fuzz takes --smoke or --minutes N".to_owned()),
    };
    let target = |name: &&str| {
        let known = TARGETS.into_iter().find(|target| target == name);
        known.ok_or_else(|| format!("there is no target `{name}`"))
    };
    let chosen: Vec<_> = names.iter().map(target).collect::<Result<_, _>>()?;
    Ok((until, if chosen.is_empty() { TARGETS.to_vec() } else { chosen }))
}

fn fuzz(until: Until, targets: &[&str]) -> Result<Outcome> {
    let programs = build()?;
    for target in targets {
        say::line(&format!("    {target}"));
        if let Some(finding) = attempt(target, &programs.join(target), until)? {
            say::complain(&format!("error: target `{target}` has a finding: {finding}"));
            return Ok(Outcome::Failed);
        }
    }
    Ok(Outcome::Done)
}

/// Builds all targets and says in which folder they are.
fn build() -> Result<PathBuf> {
    let cargo_fuzz = tools::cargo_fuzz()?;
    let output = workspace::root().join("target/fuzz");
    let status = Command::new(cargo_fuzz)
        .current_dir(workspace::root())
        .args(["fuzz", "build", "--sanitizer", "none", "--fuzz-dir", "fuzz", "--target-dir"])
        .arg(&output)
        .env_remove("CARGO_TARGET_DIR")
        .env("CARGO_TERM_QUIET", "true")
        .status()
        .context("cannot run cargo-fuzz")?;
    if !status.success() {
        bail!("cargo fuzz build failed ({status})");
    }
    // It names the host's triple in the path, and nothing but it is there.
    let triples = fs::read_dir(&output).context("cannot list `target/fuzz`")?;
    let release = triples.flatten().map(|entry| entry.path().join("release"));
    release
        .into_iter()
        .find(|folder| TARGETS.iter().all(|target| folder.join(target).is_file()))
        .context("cargo fuzz build left no targets")
}

/// Runs one target; returns where the input is that breaks it.
fn attempt(target: &str, program: &Path, until: Until) -> Result<Option<String>> {
    let folder = workspace::root().join("target/fuzz/found").join(target);
    let (found, findings) = (folder.join("corpus"), folder.join("findings"));
    if matches!(until, Until::Runs(_)) && found.exists() {
        // The same changes each time, whatever was found before.
        fs::remove_dir_all(&found)
            .with_context(|| format!("cannot empty `{}`", found.display()))?;
    }
    for folder in [&found, &findings] {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
    }
    let log = folder.join("log");
    let output =
        fs::File::create(&log).with_context(|| format!("cannot write `{}`", log.display()))?;
    let source = workspace::root().join("fuzz");
    let status = Command::new(program)
        .current_dir(workspace::root())
        .args(arguments(until))
        .arg(format!("-dict={}", source.join(dictionary(target)).display()))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .args([&found, &source.join("corpus").join(target)])
        .stdout(Stdio::null())
        .stderr(output)
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let said = fs::read_to_string(&log).unwrap_or_default();
    if status.success() {
        let summary = said.lines().rev().find(|line| line.contains("DONE"));
        say::line(&format!("      {}", summary.unwrap_or("done").trim()));
        return Ok(None);
    }
    let complaint: Vec<&str> =
        said.lines().skip_while(|line| !line.contains("panicked")).take(4).collect();
    Ok(Some(format!("{}\n{}\nlog: {}", place(&said), complaint.join("\n"), log.display())))
}

fn arguments(until: Until) -> Vec<String> {
    let end = match until {
        Until::Runs(runs) => vec![format!("-runs={runs}"), "-seed=1".to_owned()],
        Until::Minutes(minutes) => vec![format!("-max_total_time={}", minutes * 60)],
    };
    let bounds = [format!("-max_len={MAX_BYTES}"), "-timeout=10".to_owned()];
    [bounds.to_vec(), end].concat()
}

/// The words that a target's input is made of.
fn dictionary(target: &str) -> &'static str {
    match target {
        "policy" => "policy.dict",
        "filter" | "patch" => "scim.dict",
        "dn" => "dn.dict",
        "ldif" => "ldif.dict",
        _ => "saml.dict",
    }
}

/// Where libFuzzer says that it wrote the input.
fn place(said: &str) -> &str {
    let line = said.lines().find_map(|line| line.split_once("Test unit written to "));
    line.map_or("no input was written", |(_, path)| path.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Result<(Until, Vec<&'static str>), String> {
        asked(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_targets_run_unless_some_are_named() {
        assert_eq!(words(&["--smoke"]), Ok((Until::Runs(SMOKE_RUNS), TARGETS.to_vec())));
        let two = vec!["verify", "parse"];
        assert_eq!(words(&["--minutes", "10", "verify", "parse"]), Ok((Until::Minutes(10), two)));
    }

    #[test]
    fn other_words_are_refused() {
        assert_eq!(words(&[]), Err("fuzz takes --smoke or --minutes N".to_owned()));
        assert_eq!(words(&["--smoke", "all"]), Err("there is no target `all`".to_owned()));
        for minutes in ["0", "601", "ten", "-1"] {
            let complaint = "`--minutes` needs a number from 1 to 600".to_owned();
            assert_eq!(words(&["--minutes", minutes]), Err(complaint));
        }
    }

    #[test]
    fn every_target_is_in_the_help_and_has_a_corpus_and_a_source() {
        for target in TARGETS {
            assert!(HELP.contains(&format!("\n  {target} ")), "{target}");
            let folder = workspace::root().join("fuzz");
            assert!(folder.join("fuzz_targets").join(format!("{target}.rs")).is_file());
            let corpus = fs::read_dir(folder.join("corpus").join(target)).unwrap();
            assert!(corpus.count() > 0, "{target}");
            assert!(folder.join(dictionary(target)).is_file(), "{target}");
        }
    }

    #[test]
    fn a_finding_is_where_libfuzzer_says() {
        let said =
            "==1== ERROR\nartifact_prefix='/f/'; Test unit written to /f/crash-1\nBase64: eA==";
        assert_eq!(place(said), "/f/crash-1");
        assert_eq!(place("killed"), "no input was written");
    }
}

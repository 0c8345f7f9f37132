//! What `deploy` holds, judged by the tools that will read it, and held against the binary's own
//! words: no flag, variable or path of it is written down twice without being compared.

mod container;
mod guides;
mod helm;
mod image;
mod service;
mod systemd;
mod terraform;

use crate::process::{Run, command, run};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &str) -> String {
    let path = repository().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The binary with these words, in a folder of its own.
fn stagedoor(words: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path());
    command.args(words);
    run(command)
}

/// The environment variables that a command of the binary reads, by its help.
fn variables(command: &str) -> BTreeSet<String> {
    let help = stagedoor(&[command, "--help"]).exits(0).stdout;
    let named = help.split("[env: ").skip(1).filter_map(|rest| rest.split_once('='));
    let found: BTreeSet<String> = named.map(|(name, _)| name.to_owned()).collect();
    assert!(found.contains("STAGEDOOR_MAP") || found.contains("STAGEDOOR_OPS_LISTEN"), "{help}");
    found
}

/// Fails if one of these variables means nothing to `stagedoor serve` or to the AWS SDK.
#[track_caller]
fn are_read<'a>(names: impl IntoIterator<Item = &'a str>) {
    let known = variables("serve");
    for name in names {
        let aws = ["AWS_REGION", "AWS_SHARED_CREDENTIALS_FILE"].contains(&name);
        assert!(aws || known.contains(name), "`stagedoor serve` reads no {name}: {known:?}");
    }
}

/// A program of the tests' Python environment, which has this module.
#[track_caller]
fn python(module: &str) -> Command {
    let python = interpreter();
    let found = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "{} has no {module}: run `cargo xtask test`, which installs it, or name an interpreter in \
         STAGEDOOR_TEST_PYTHON",
        python.display()
    );
    Command::new(python)
}

fn interpreter() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the test runner says which interpreter to use")]
    let named = std::env::var("STAGEDOOR_TEST_PYTHON").ok();
    named.map_or_else(|| repository().join("target/test-venv/bin/python"), PathBuf::from)
}

/// What a tool said, which must be content.
#[track_caller]
fn content(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{said}{complained}");
    said.into_owned()
}

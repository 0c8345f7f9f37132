//! The Python environments of the tests: boto3 judges our wire formats, moto is a second AWS,
//! python3-saml judges our verdicts, cfn-lint our templates, Helm and hadolint what is deployed. Tools
//! that want another boto3 than the tests have an environment of their own.
//!
//! uv installs them: several packages at a time, without compiling what nobody imports. pip took
//! minutes on two cores.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files of pinned requirements. One that does not exist is skipped.
const REQUIREMENTS: &[&str] = &[
    "crates/sandbox/tests/boto3/requirements.txt",
    "crates/aws/tests/moto/requirements.txt",
    "crates/saml-sp/tests/oracles/requirements.txt",
    "crates/stagedoor/tests/cfn-lint/requirements.txt",
    "crates/stagedoor/tests/packaging/requirements.txt",
    "benches/events/requirements.txt",
];

/// What installs all else.
const UV: &str = "uv==0.13.8";

const NO_PYTHON: &str = "cannot make a Python environment: install Python 3.10 or later with its venv \
                         module (Debian and Ubuntu: apt-get install python3-venv)";

/// In the environment: what was installed. Written last, so an interrupted installation is redone.
const INSTALLED: &str = "installed-requirements.txt";

/// Makes `target/test-venv`, anew if the requirements changed, and gives its interpreter.
///
/// It is always there, wherever Cargo builds, because the tests look for it there.
pub(crate) fn prepare() -> Result<PathBuf> {
    environment("test-venv", REQUIREMENTS)
}

/// Makes `target/<name>` with what a file of pinned requirements names, and gives its interpreter.
pub(crate) fn tool(name: &str, requirements: &str) -> Result<PathBuf> {
    environment(name, &[requirements])
}

fn environment(name: &str, requirements: &[&str]) -> Result<PathBuf> {
    let venv = workspace::root().join("target").join(name);
    let python = interpreter(&venv);
    let files: Vec<PathBuf> =
        requirements.iter().map(|f| workspace::root().join(f)).filter(|f| f.is_file()).collect();
    let wanted = read_all(&files)?;
    let installed = venv.join(INSTALLED);
    if python.exists() && fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    if venv.exists() {
        fs::remove_dir_all(&venv).with_context(|| format!("cannot remove `{}`", venv.display()))?;
    }
    run(Command::new("python3").args(["-m", "venv", "--without-pip"]).arg(&venv), NO_PYTHON)?;
    if !files.is_empty() {
        add(&python, &files)?;
    }
    fs::write(&installed, wanted)
        .with_context(|| format!("cannot write `{}`", installed.display()))?;
    Ok(python)
}

/// Installs what these files name into the environment of an interpreter.
pub(crate) fn add(python: &Path, files: &[PathBuf]) -> Result<()> {
    let mut uv = Command::new(uv()?);
    uv.args(["pip", "install", "--quiet", "--no-config", "--python"]).arg(python);
    for file in files {
        uv.arg("--requirement").arg(file);
    }
    run(&mut uv, "cannot install Python packages: is a package index in reach?")
}

/// The path of uv, installed first if this version is not there yet.
fn uv() -> Result<PathBuf> {
    let venv = workspace::root().join("target").join(UV.replace("==", "-"));
    let program = interpreter(&venv).with_file_name(if cfg!(windows) { "uv.exe" } else { "uv" });
    if program.is_file() {
        return Ok(program);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv), NO_PYTHON)?;
    let mut pip = Command::new(interpreter(&venv));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "-q", UV]);
    run(&mut pip, "cannot install uv: is a package index in reach?")?;
    Ok(program)
}

fn interpreter(venv: &Path) -> PathBuf {
    if cfg!(windows) { venv.join("Scripts/python.exe") } else { venv.join("bin/python") }
}

fn read_all(files: &[PathBuf]) -> Result<String> {
    let mut all = String::new();
    for file in files {
        let text = fs::read_to_string(file)
            .with_context(|| format!("cannot read `{}`", file.display()))?;
        // Each under its name, so that a pin which moves from file to file counts as a change.
        let name = file.strip_prefix(workspace::root()).unwrap_or(file);
        let _infallible = writeln!(all, "# {}\n{}", name.display(), text.trim_end());
    }
    Ok(all)
}

fn run(command: &mut Command, hint: &str) -> Result<()> {
    let status = command.status().with_context(|| hint.to_owned())?;
    if !status.success() {
        bail!("{hint} ({status})");
    }
    Ok(())
}

//! `cargo xtask test --only api`: schemathesis judges a real server's API by its document.

use crate::{python, workspace};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

const REQUIREMENTS: &str = "crates/stagedoor/tests/schemathesis/requirements.txt";

/// Sends the API what its document allows and what it does not. Whether every answer was as the
/// document says, and none a server error.
pub(crate) fn judge() -> Result<bool> {
    let python = python::tool("api-venv", REQUIREMENTS)?;
    let root = workspace::root();
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    // The step before has built it, with the features of tests; to build it alone would build all
    // that is below it once more.
    let program = target.join("debug/stagedoor");
    if !program.is_file() {
        let built = workspace::cargo().args(["build", "-q", "-p", "stagedoor"]).status();
        if !built.context("cannot run cargo")?.success() {
            return Ok(false);
        }
    }
    let status = Command::new(&python)
        .arg(root.join("crates/stagedoor/tests/schemathesis/run.py"))
        .arg(&program)
        .arg(python.with_file_name("st"))
        .arg(target.join("api"))
        .status()
        .with_context(|| format!("cannot run {}", python.display()))?;
    Ok(status.success())
}

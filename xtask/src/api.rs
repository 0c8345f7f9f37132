//! `cargo xtask test --only api`: schemathesis judges a real server's API by its document.

use crate::{python, workspace};
use anyhow::{Context, Result};
use std::process::Command;

const REQUIREMENTS: &str = "crates/stagedoor/tests/schemathesis/requirements.txt";

/// Sends the API what its document allows and what it does not. Whether every answer was as the
/// document says, and none a server error.
pub(crate) fn judge() -> Result<bool> {
    let python = python::tool("api-venv", REQUIREMENTS)?;
    let root = workspace::root();
    let program = workspace::tested("stagedoor")?;
    let status = Command::new(&python)
        .arg(root.join("crates/stagedoor/tests/schemathesis/run.py"))
        .arg(&program)
        .arg(python.with_file_name("st"))
        .arg(workspace::target().join("api"))
        .status()
        .with_context(|| format!("cannot run {}", python.display()))?;
    Ok(status.success())
}

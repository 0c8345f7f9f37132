//! `cargo xtask test --only scim`: scim2-tester and scim-sanity judge a real server's SCIM.

use crate::{python, workspace};
use anyhow::{Context, Result};
use std::process::Command;

const REQUIREMENTS: &str = "crates/stagedoor/tests/scim/requirements.txt";

/// Whether every check was a success.
pub(crate) fn judge() -> Result<bool> {
    let python = python::tool("scim-venv", REQUIREMENTS)?;
    let program = workspace::tested("stagedoor")?;
    let status = Command::new(&python)
        .arg(workspace::root().join("crates/stagedoor/tests/scim/run.py"))
        .arg(&program)
        .arg(workspace::target().join("scim"))
        .status()
        .with_context(|| format!("cannot run {}", python.display()))?;
    Ok(status.success())
}

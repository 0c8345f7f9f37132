//! Tools that the checks use and cargo can install, kept under `target/tools`.

use crate::workspace;
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;

/// The version that `deny.toml` is written for. A new one may know new keys.
const CARGO_DENY: &str = "0.20.2";

/// The path of cargo-deny, installed first if this version is not there yet (some minutes).
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let root = workspace::root().join("target/tools").join(format!("cargo-deny-{CARGO_DENY}"));
    let program = root.join("bin/cargo-deny");
    if !program.is_file() {
        let status = workspace::cargo()
            .args(["install", "--locked", "--quiet", "cargo-deny", "--version", CARGO_DENY])
            .arg("--root")
            .arg(&root)
            .status()
            .context("cannot run cargo install")?;
        ensure!(status.success(), "cargo-deny {CARGO_DENY} cannot be installed");
    }
    Ok(program)
}

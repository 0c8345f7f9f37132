//! Tools that the checks use and cargo can install, kept under `target/tools`.

use crate::workspace;
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;

/// The version that `deny.toml` is written for. A new one may know new keys.
const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";

/// The path of cargo-deny, installed first if this version is not there yet (some minutes).
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    installed("cargo-deny", CARGO_DENY)
}

/// The path of cargo-fuzz, installed first if this version is not there yet (half a minute).
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    installed("cargo-fuzz", CARGO_FUZZ)
}

fn installed(name: &str, version: &str) -> Result<PathBuf> {
    let root = workspace::root().join("target/tools").join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if !program.is_file() {
        let status = workspace::cargo()
            .args(["install", "--locked", "--quiet", name, "--version", version])
            .arg("--root")
            .arg(&root)
            .status()
            .context("cannot run cargo install")?;
        ensure!(status.success(), "{name} {version} cannot be installed");
    }
    Ok(program)
}

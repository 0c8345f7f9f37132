//! Cargo's tools that the checks use, kept under `target`: built ones from the Python package index,
//! pinned by their SHA-256, or made by `cargo install` where there is none for this machine.

use crate::{python, say, workspace};
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;

/// The version that `deny.toml` is written for. A new one may know new keys.
const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";

/// Names and sums of the built ones.
const BUILT: &str = "xtask/cargo-tools.txt";

/// The path of cargo-deny, installed first if this version is not there yet.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    tool("cargo-deny", CARGO_DENY)
}

/// The path of cargo-fuzz, installed first if this version is not there yet.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    tool("cargo-fuzz", CARGO_FUZZ)
}

fn tool(name: &str, version: &str) -> Result<PathBuf> {
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        match python::tool("cargo-tools-venv", BUILT) {
            Ok(python) => return Ok(python.with_file_name(name)),
            Err(error) => say::line(&format!("    {name} is built from its source: {error:#}")),
        }
    }
    made(name, version)
}

/// Made from its source: some minutes.
fn made(name: &str, version: &str) -> Result<PathBuf> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_of_the_versions_named_here_and_pinned_by_its_sum() {
        let text = std::fs::read_to_string(workspace::root().join(BUILT)).unwrap();
        for (name, version) in [("cargo-deny", CARGO_DENY), ("cargo-fuzz", CARGO_FUZZ)] {
            let line = format!("\nastral-dev-toolchain-{name}=={version} \\\n    --hash=sha256:");
            assert!(text.contains(&line), "{line}");
        }
        assert_eq!(text.matches("--hash=sha256:").count(), 4);
    }
}

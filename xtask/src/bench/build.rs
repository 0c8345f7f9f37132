//! Release binaries, as a bench runs them.

use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;

/// Builds a package and says where one of its binaries is.
pub(crate) fn release(package: &str, binary: &str) -> Result<PathBuf> {
    built(&["--package", package, "--bin", binary], binary)
}

/// The same of an example of a package.
pub(super) fn release_example(package: &str, example: &str) -> Result<PathBuf> {
    built(&["--package", package, "--example", example], example)
}

/// The same of a package that is a workspace of its own, by its `Cargo.toml` from the root.
pub(crate) fn release_apart(manifest: &str, binary: &str) -> Result<PathBuf> {
    built(&["--manifest-path", manifest, "--bin", binary], binary)
}

/// The DynamoDB of the tests, optimised: it must not be what is measured.
pub(crate) fn dynamodb() -> Result<PathBuf> {
    release_apart("testing/dynamodb/server/Cargo.toml", "dynamodb-server")
}

fn built(which: &[&str], binary: &str) -> Result<PathBuf> {
    let output = workspace::cargo()
        .args(["build", "--release"])
        .args(which)
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo build")?;
    if !output.status.success() {
        bail!("cargo build --release failed ({})", output.status);
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    executable(&messages, binary).context("cargo build did not say where the binary is")
}

/// The binary that Cargo's messages name.
fn executable(messages: &str, binary: &str) -> Option<PathBuf> {
    messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let named = message.pointer("/target/name")? == binary;
        let path = message.get("executable").filter(|_| named)?.as_str()?;
        Some(PathBuf::from(path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_the_one_that_cargo_names() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"store"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"stagedoor"},"executable":"/t/release/stagedoor"}
{"reason":"build-finished","success":true}"#;
        let expected = Some(PathBuf::from("/t/release/stagedoor"));
        assert_eq!(executable(messages, "stagedoor"), expected);
        assert_eq!(executable(messages, "store"), None);
        assert_eq!(executable("{}\nnoise", "stagedoor"), None);
    }
}

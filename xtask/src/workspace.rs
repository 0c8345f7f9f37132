//! The workspace as Cargo and the disk know it.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the repository was checked out.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The Cargo that runs this, in the repository's root.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// A program of the workspace as `cargo test` builds it, brought up to date. To build it alone would
/// build all that is below it once more, with other features.
pub(crate) fn tested(program: &str) -> Result<PathBuf> {
    let built = cargo().args(["test", "--quiet", "--workspace", "--no-run"]).status();
    if !built.context("cannot run cargo")?.success() {
        bail!("the tests cannot be built");
    }
    let path = target().join("debug").join(program);
    if path.is_file() { Ok(path) } else { bail!("cargo test builds no {}", path.display()) }
}

/// Where Cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its `Cargo.toml`, relative to the root, with `/`.
    pub(crate) manifest: String,
    /// The packages it names, under the names their authors gave them.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency that a `Cargo.toml` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package, whatever it is called here.
    pub(crate) name: String,
    /// Used by tests alone.
    pub(crate) dev: bool,
}

/// The crates of the workspace.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .context("cannot run cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata = serde_json::from_slice(&output.stdout).context("cannot read cargo metadata")?;
    read_packages(&metadata, root()).context("cargo metadata has an unknown form")
}

fn read_packages(metadata: &Value, root: &Path) -> Option<Vec<Package>> {
    let package = |value: &Value| {
        Some(Package {
            name: value.get("name")?.as_str()?.to_owned(),
            manifest: relative(Path::new(value.get("manifest_path")?.as_str()?), root),
            dependencies: value
                .get("dependencies")?
                .as_array()?
                .iter()
                .map(dependency)
                .collect::<Option<_>>()?,
        })
    };
    metadata.get("packages")?.as_array()?.iter().map(package).collect()
}

fn dependency(value: &Value) -> Option<Dependency> {
    Some(Dependency {
        name: value.get("name")?.as_str()?.to_owned(),
        dev: value.get("kind")?.as_str() == Some("dev"),
    })
}

/// A Rust source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its path, relative to the root, with `/`.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

/// Every Rust file of the repository, by path. Build output and hidden folders are not part of it.
pub(crate) fn sources() -> Result<Vec<Source>> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list `{}`", folder.display()))?;
            let path = entry.path();
            let kind = entry
                .file_type()
                .with_context(|| format!("cannot look at `{}`", path.display()))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if kind.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let mut sources = found.iter().map(|path| read_source(path)).collect::<Result<Vec<_>>>()?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn read_source(path: &Path) -> Result<Source> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Source { path: relative(path, root()), text })
}

fn relative(path: &Path, root: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn packages_are_read_with_the_kinds_of_their_dependencies() {
        let metadata = json!({ "packages": [{
            "name": "web",
            "manifest_path": "/repository/crates/web/Cargo.toml",
            "dependencies": [
                { "name": "axum", "kind": null },
                { "name": "store", "kind": "dev" },
                { "name": "cc", "kind": "build" },
            ],
        }] });
        let dependency = |name: &str, dev| Dependency { name: name.to_owned(), dev };
        assert_eq!(
            read_packages(&metadata, Path::new("/repository")),
            Some(vec![Package {
                name: "web".to_owned(),
                manifest: "crates/web/Cargo.toml".to_owned(),
                dependencies: vec![
                    dependency("axum", false),
                    dependency("store", true),
                    dependency("cc", false),
                ],
            }])
        );
        assert_eq!(read_packages(&json!({ "packages": [{}] }), Path::new("/")), None);
    }

    #[test]
    fn this_repository_is_read() {
        let packages = packages().unwrap();
        let this = packages.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(this.manifest, "xtask/Cargo.toml");
        assert!(this.dependencies.contains(&Dependency { name: "anyhow".to_owned(), dev: false }));
        let sources = sources().unwrap();
        assert!(sources.iter().any(|s| s.path == "xtask/src/workspace.rs" && s.text.len() > 1000));
        assert!(!sources.iter().any(|s| s.path.starts_with("target/")));
    }
}

//! A folder of rendered files. It remembers what was written there, so that nothing else is ever
//! overwritten or removed.

use crate::codes;
use crate::exit::BadConfiguration;
use crate::files;
use anyhow::{Context, Result};
use iam_policy::render::File;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

/// The file that says what was written, with the digest of each.
const MEMORY: &str = ".stagedoor-rendered.json";

/// What became of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// `wrote`, `kept` or `removed`.
    pub(super) what: &'static str,
    /// Where, inside the folder.
    pub(super) path: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    /// SHA-256 of each file, in hexadecimal, by path.
    files: BTreeMap<String, String>,
}

/// Makes the folder hold these files, and none that was rendered there before and is not among them.
/// Everything is looked at before anything is changed; each file is written whole or not at all.
///
/// # Errors
/// A path is none or is there twice; a file is in the way that was not written by this command, or was changed since, and `force` is
/// not given; or the folder cannot be written.
pub(super) fn write(folder: &Path, files: &[File], force: bool) -> Result<Vec<Written>> {
    let before = remembered(folder)?;
    if let Some(file) = files.iter().find(|file| !is_inside(&file.path)) {
        let message = format!("`{}` is no name for a file: rename the role or policy", file.path);
        return Err(BadConfiguration::new(codes::RENDER_NAME, message).into());
    }
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    if let Some(file) = files.iter().find(|file| !wanted.insert(&file.path)) {
        let message = format!("`{}` would be two files: rename a role or policy", file.path);
        return Err(BadConfiguration::new(codes::RENDER_NAME, message).into());
    }
    let stale: Vec<&String> =
        before.files.keys().filter(|p| !wanted.contains(p.as_str()) && is_inside(p)).collect();
    let mut foreign = Vec::new();
    let mut kept = BTreeSet::new();
    for path in wanted.iter().copied().chain(stale.iter().map(|path| path.as_str())) {
        let Some(there) = digest_of(&folder.join(path))? else { continue };
        let new = files.iter().find(|file| file.path == path).map(|file| digest(&file.text));
        if new.as_ref() == Some(&there) {
            kept.insert(path);
        } else if before.files.get(path) != Some(&there) {
            foreign.push(path);
        }
    }
    if !foreign.is_empty() && !force {
        let message = format!(
            "these files in {} were not written by this command, or were changed since: {}. \
             Move them away, or overwrite them with `--force`",
            folder.display(),
            foreign.join(", ")
        );
        return Err(BadConfiguration::new(codes::RENDER_IN_THE_WAY, message).into());
    }
    let after = files.iter().map(|file| (file.path.clone(), digest(&file.text))).collect();
    // Remembered before and after: a file that was written is never taken for somebody else's.
    let mut both = Memory { files: before.files.clone() };
    both.files.extend(files.iter().map(|file| (file.path.clone(), digest(&file.text))));
    remember(folder, &both)?;
    let mut written = Vec::new();
    for File { path, text } in files {
        let what = if kept.contains(path.as_str()) { "kept" } else { "wrote" };
        if what == "wrote" {
            replace(&folder.join(path), text)?;
        }
        written.push(Written { what, path: path.clone() });
    }
    for path in stale {
        match fs::remove_file(folder.join(path)) {
            Ok(()) => written.push(Written { what: "removed", path: path.clone() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot remove {path}")),
        }
    }
    remember(folder, &Memory { files: after })?;
    Ok(written)
}

/// Whether the path stays in its folder. A role may be called `..`.
fn is_inside(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains(['\\', '\0'])
}

fn remembered(folder: &Path) -> Result<Memory> {
    let file = folder.join(MEMORY);
    match fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str(&text)
            .with_context(|| format!("cannot read {}: remove it", file.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Memory::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

fn remember(folder: &Path, memory: &Memory) -> Result<()> {
    let text = serde_json::to_string_pretty(memory)?;
    replace(&folder.join(MEMORY), &format!("{text}\n"))
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The digest of what stands in a file; `None` if there is none.
fn digest_of(file: &Path) -> Result<Option<String>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(hex::encode(Sha256::digest(&bytes)))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

fn replace(file: &Path, text: &str) -> Result<()> {
    let context = || format!("cannot write {}", file.display());
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(context)?;
    files::replace(file, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    fn told(written: &[Written]) -> Vec<String> {
        written.iter().map(|file| format!("{} {}", file.what, file.path)).collect()
    }

    #[test]
    fn what_is_no_longer_rendered_goes_and_what_is_the_same_stays() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("policies");
        let first = write(&out, &[file("a.json", "1"), file("b/c.json", "2")], false).unwrap();
        assert_eq!(told(&first), ["wrote a.json", "wrote b/c.json"]);
        let second = write(&out, &[file("a.json", "1"), file("d.json", "3")], false).unwrap();
        assert_eq!(told(&second), ["kept a.json", "wrote d.json", "removed b/c.json"]);
        assert!(!out.join("b/c.json").exists());
        assert_eq!(fs::read_to_string(out.join("d.json")).unwrap(), "3");
    }

    #[test]
    fn nothing_of_somebody_else_is_overwritten_or_removed() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        fs::write(out.join("a.json"), "theirs").unwrap();
        let refused = write(out, &[file("b.json", "1"), file("a.json", "2")], false).unwrap_err();
        assert!(refused.to_string().contains("changed since: a.json. "), "{refused}");
        assert!(!out.join("b.json").exists(), "nothing was written");
        write(out, &[file("a.json", "2")], true).unwrap();
        fs::write(out.join("a.json"), "edited").unwrap();
        let refused = write(out, &[], false).unwrap_err();
        assert!(refused.to_string().contains("a.json"), "{refused}");
        assert_eq!(fs::read_to_string(out.join("a.json")).unwrap(), "edited");
    }

    #[test]
    fn no_path_is_written_twice() {
        let folder = tempfile::tempdir().unwrap();
        let refused = write(folder.path(), &[file("a", "1"), file("a", "2")], true).unwrap_err();
        assert_eq!(refused.to_string(), "`a` would be two files: rename a role or policy");
        assert!(!folder.path().join("a").exists());
    }

    #[test]
    fn no_file_lies_outside() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["../a", "roles/1/../trust.json", "/a", "a//b", "./a"] {
            let refused = write(folder.path(), &[file(path, "1")], true).unwrap_err();
            assert!(refused.to_string().contains("is no name for a file"), "{path}: {refused}");
        }
    }
}

//! The second link, in which what a cold start runs comes to lie together.
//!
//! A function on Lambda pays for every page of the executable that it touches: the page is read when it
//! starts, and counts as its memory. What runs until the first event is done is a seventh of all, and
//! lies all over it. The linker can put it in front, but has to be told the names, which stand in what
//! it made. It needs a second for what takes the compiler many minutes: so it keeps what it was given
//! and links once more.

use super::order;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What to do where the linker is not there, or does not link.
const LINKER: &str = "Install Rust by rustup (https://rustup.rs), which brings the linker rust-lld along. If it is \
                      there, remove target/dist-build and run it again.";

/// Flags of rustc by which its own linker keeps all that it links, in this file. Names that are the same in
/// every build tell functions apart that differ in types alone, as the older ones do not.
pub(super) fn flags(kept: &Path) -> String {
    format!(
        "-C symbol-mangling-version=v0 -C linker=rust-lld -C linker-flavor=ld.lld \
         -C link-arg=--reproduce={}",
        kept.display()
    )
}

/// An executable that was linked again, and how many of its functions are in front.
#[derive(Debug)]
pub(super) struct Linked {
    pub(super) path: PathBuf,
    pub(super) in_front: usize,
}

/// Links what the linker kept once more, stripped, beside the first executable.
pub(super) fn again(first: &Path, kept: &Path) -> Result<Linked> {
    let folder = kept.with_extension("");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut unpack = Command::new("tar");
    unpack.arg("-xf").arg(kept).arg("--strip-components=1").arg("-C").arg(&folder);
    super::succeed(&mut unpack, LINKER)?;
    let bytes = fs::read(first).with_context(|| format!("cannot read `{}`", first.display()))?;
    let names = order::in_front(&bytes).with_context(|| format!("`{}`", first.display()))?;
    fs::write(folder.join("order.txt"), names.join("\n"))?;
    let path = folder.join("stagedoor");
    let mut linker = Command::new(linker()?);
    linker
        .args(["-flavor", "gnu", "@response.txt", "--symbol-ordering-file=order.txt"])
        // A name that stands for several functions is no fault.
        .arg("--no-warn-symbol-ordering")
        // Addresses to be adjusted at the start take a bit each and not 24 bytes.
        .args(["-z", "pack-relative-relocs", "--strip-all", "-o"])
        .arg(&path)
        .current_dir(&folder);
    super::succeed(&mut linker, LINKER)?;
    Ok(Linked { path, in_front: names.len() })
}

/// The linker that comes with the compiler.
fn linker() -> Result<PathBuf> {
    let asked = Command::new("rustc").args(["--print", "target-libdir"]).output();
    let asked = asked.with_context(|| format!("cannot start `rustc`\n{LINKER}"))?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim());
    Ok(libraries.with_file_name("bin").join("rust-lld"))
}

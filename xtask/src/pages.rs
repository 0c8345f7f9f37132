//! `cargo xtask pages` and `cargo xtask screenshots`: people's journeys through the demo in a real
//! browser, each page judged by axe-core.

use crate::{Outcome, peers, say, workspace};
use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const HELP: &str = "Walk through the demo in Chromium and judge every page

Usage: cargo xtask pages

People's journeys through `stagedoor demo`; each page is judged by axe-core (npm package, pinned) in light
and dark, and weighed. Exits 1 if a journey does not end or a page has a serious fault.";

pub(crate) const PICTURES_HELP: &str = "Take pictures of the demo's pages

Usage: cargo xtask screenshots [DIR]

Makes the journeys of `cargo xtask pages` and keeps a picture of each page as a desktop and
as a phone shows it, light and dark, in DIR (target/screenshots). The best ones go to docs/images,
where README and docs show them.";

/// axe-core, from the npm registry. MPL-2.0: a test tool, used as it is.
const AXE: &str = "axe-core@4.14.1";

/// SHA-256 of its package.
const AXE_DIGEST: &str = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745";

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    if let [word, ..] = words {
        say::complain(&format!("error: pages takes no `{word}`\n\n{HELP}"));
        return Ok(Outcome::Misused);
    }
    Ok(if judge()? { Outcome::Done } else { Outcome::Failed })
}

/// The step of `cargo xtask test`.
pub(crate) fn judge() -> Result<bool> {
    journeys(&[])
}

pub(crate) fn pictures(words: &[String]) -> Result<Outcome> {
    let folder = match words {
        [] => workspace::root().join("target/screenshots"),
        [folder] if !folder.starts_with('-') => PathBuf::from(folder),
        [word, ..] => {
            say::complain(&format!("error: screenshots takes no `{word}`\n\n{PICTURES_HELP}"));
            return Ok(Outcome::Misused);
        }
    };
    let folder = std::path::absolute(&folder)?;
    let best = workspace::root().join("docs/images");
    let all = folder.display().to_string();
    let passed = journeys(&["--screenshots", &all, "--best", &best.display().to_string()])?;
    say::line(&format!("    pictures are in {all}, the best ones in {}", best.display()));
    Ok(if passed { Outcome::Done } else { Outcome::Failed })
}

/// Whether everybody got where they wanted, over pages without a serious fault.
fn journeys(more: &[&str]) -> Result<bool> {
    peers::prepare()?;
    let axe = axe()?;
    let program = workspace::tested("stagedoor")?;
    // The whole workspace, as `cargo test` built it: naming a package would build anew what has other
    // features there.
    let status = workspace::cargo()
        .args(["test", "--quiet", "--workspace", "--test", "journeys", "--"])
        .arg("--axe")
        .arg(axe)
        .arg("--program")
        .arg(program)
        .args(more)
        .status()
        .context("cannot run cargo test")?;
    Ok(status.success())
}

/// `axe.min.js`, fetched and held against its digest first if it is not there yet.
fn axe() -> Result<PathBuf> {
    let folder = workspace::root().join("target/tools").join(AXE.replace('@', "-"));
    let script = folder.join("package/axe.min.js");
    if script.is_file() {
        return Ok(script);
    }
    fs::create_dir_all(&folder)?;
    let archive = folder.join(format!("{}.tgz", AXE.replace('@', "-")));
    fetch(&folder)?;
    let bytes = fs::read(&archive).with_context(|| format!("npm made no {}", archive.display()))?;
    let digest = format!("{:x}", Sha256::digest(&bytes));
    if digest != AXE_DIGEST {
        fs::remove_file(&archive)?;
        bail!("{AXE} is not what it was: its SHA-256 is {digest}");
    }
    unpack(&archive, &folder)?;
    Ok(script)
}

fn fetch(folder: &Path) -> Result<()> {
    let npm = || {
        let mut npm = Command::new("npm");
        npm.args(["pack", "--silent", "--ignore-scripts", AXE, "--pack-destination"]).arg(folder);
        npm
    };
    let mut output = npm().output();
    if output.is_err() {
        peers::add("npm")?;
        output = npm().output();
    }
    let output = output.context("cannot run npm")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "npm pack {AXE} failed: {}", said.trim());
    Ok(())
}

fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(archive)
        .arg("-C")
        .arg(folder)
        .arg("package/axe.min.js")
        .status()
        .context("cannot run tar")?;
    ensure!(status.success(), "{} cannot be unpacked", archive.display());
    Ok(())
}

//! `cargo xtask samba`: an Active Directory domain controller, read by our own client.

use crate::{Outcome, netns, peers, say, workspace};
use anyhow::{Context, Result};
use std::process::Command;

pub(crate) const HELP: &str = "Read Active Directory, as Samba does it, as root

Usage: cargo xtask samba

Makes a domain and starts its controller in a network of its own, since its ports are fixed. Nested
groups, primary groups, disabled and expired accounts, members in ranges, LDAPS and StartTLS, and
what DirSync and update sequence numbers tell of changes, are read there.";

/// The test of the workspace that needs a controller.
const TEST: &str = "samba_ad_dc";

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    if let [word, ..] = words {
        say::complain(&format!("error: samba takes no `{word}`\n\n{HELP}"));
        return Ok(Outcome::Misused);
    }
    netns::probe()?;
    Ok(if reads()? { Outcome::Done } else { Outcome::Failed })
}

/// Whether all is read as it is there.
pub(crate) fn reads() -> Result<bool> {
    peers::prepare()?;
    let cargo = workspace::cargo();
    // The whole workspace, as `cargo test` built it: naming a package would build anew what has other
    // features there.
    let status = Command::new("unshare")
        .args(["--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"])
        .arg(cargo.get_program())
        .args(["test", "--quiet", "--workspace", "--test", "it", TEST])
        .args(["--", "--ignored", "--nocapture", "--test-threads=1"])
        .env("CARGO_NET_OFFLINE", "true")
        .current_dir(workspace::root())
        .status()
        .context("cannot run unshare")?;
    Ok(status.success())
}

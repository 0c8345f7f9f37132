//! `cargo xtask netns`: the three hosts of "secure access with a SAML application", as machines.

use crate::{Outcome, peers, say, workspace};
use anyhow::{Context, Result, bail};
use std::process::Command;

pub(crate) const HELP: &str = "Sign in from inside, from a bastion and from outside, as root

Usage: cargo xtask netns

Makes network namespaces for five machines around a router: one inside the authorised network, a
bastion, one outside, the door (two replicas of `stagedoor serve` behind nginx and Caddy, as
deploy/proxy configures them) and simulated AWS. People sign in with curl: who is allowed reaches
Studio, who is outside is refused, in the page, the audit log and the metrics.";

/// Tests of the workspace that need machines of their own.
const TESTS: &str = "three_hosts";

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    if let [word, ..] = words {
        say::complain(&format!("error: netns takes no `{word}`\n\n{HELP}"));
        return Ok(Outcome::Misused);
    }
    probe()?;
    Ok(if hosts()? { Outcome::Done } else { Outcome::Failed })
}

/// Whether everybody got where the map says, and nobody else.
pub(crate) fn hosts() -> Result<bool> {
    peers::prepare()?;
    tests_as_root(TESTS)
}

/// Runs tests that `cargo test` leaves out.
pub(crate) fn tests_as_root(tests: &str) -> Result<bool> {
    // The whole workspace, as `cargo test` built it: naming a package would build anew what has other
    // features there.
    let status = workspace::cargo()
        .args(["test", "--quiet", "--workspace", "--test", "it", tests])
        .args(["--", "--ignored", "--nocapture", "--test-threads=1"])
        .status()
        .context("cannot run cargo test")?;
    Ok(status.success())
}

/// Whether this machine can have machines of its own: says what is missing if not.
pub(crate) fn probe() -> Result<()> {
    peers::prepare()?;
    let namespace = format!("stagedoor-probe-{}", std::process::id());
    let made = ip(&["netns", "add", &namespace]);
    let linked = made.and_then(|()| {
        ip(&["-n", &namespace, "link", "add", "name", "one", "type", "veth", "peer", "other"])
            .and_then(|()| ip(&["netns", "exec", &namespace, "true"]))
    });
    let _gone_with_the_machine = ip(&["netns", "del", &namespace]);
    linked.context(
        "machines of its own need root, iproute2, and a kernel with network namespaces and veth (in a \
         container: --cap-add NET_ADMIN --cap-add SYS_ADMIN)",
    )
}

fn ip(words: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(words).output().context("cannot run ip")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`ip {}` failed: {}", words.join(" "), said.trim());
    }
    Ok(())
}

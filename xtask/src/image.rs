//! `cargo xtask image`: the container image, really built and run, and the systemd service.

use crate::{Outcome, netns, peers, say};
use anyhow::Result;

pub(crate) const HELP: &str = "Build the container image, boot the systemd service, as root

Usage: cargo xtask image

Builds the shipped stage of deploy/container/Dockerfile with buildah, from the tests' own binary and over
a stand-in for its base, since no registry of images is in reach. Then runs it as nobody over a root that
cannot be written. Boots a machine with systemd-nspawn, over a copy of this one that is thrown away, and
starts deploy/systemd there.";

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    if let [word, ..] = words {
        say::complain(&format!("error: image takes no `{word}`\n\n{HELP}"));
        return Ok(Outcome::Misused);
    }
    netns::probe()?;
    Ok(if builds()? { Outcome::Done } else { Outcome::Failed })
}

/// Whether image and service run as they should.
pub(crate) fn builds() -> Result<bool> {
    peers::prepare()?;
    netns::tests_as_root("packaging")
}

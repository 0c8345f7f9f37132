//! `stagedoor saml`: what connects identity providers, and finds out why a sign-in fails.

mod captured;
mod decode;
mod setup;
mod verify;

use crate::cli::{Common, SamlCommand};
use crate::exit::Outcome;
use anyhow::Result;

pub(super) fn run(command: SamlCommand, common: &Common) -> Result<Outcome> {
    match command {
        SamlCommand::Verify(args) => verify::run(&args, common),
        SamlCommand::Decode(args) => decode::run(&args, common),
        SamlCommand::Setup(args) => setup::run(&args, common),
    }
}

//! `stagedoor saml`: what connects identity providers, and finds out why a sign-in fails.

mod attempts;
mod captured;
mod decode;
mod fetch;
mod key;
mod metadata;
mod setup;
mod verify;

use crate::cli::{Common, KeyCommand, SamlCommand};
use crate::exit::Outcome;
use anyhow::Result;

pub(super) async fn run(command: SamlCommand, common: &Common) -> Result<Outcome> {
    match command {
        SamlCommand::Verify(args) => verify::run(&args, common),
        SamlCommand::Decode(args) => decode::run(&args, common),
        SamlCommand::Metadata(args) => metadata::run(&args).await,
        SamlCommand::Attempts(args) => attempts::run(&args, common).await,
        SamlCommand::Fetch(args) => fetch::run(&args, common).await,
        SamlCommand::Key(KeyCommand::New(args)) => key::new(&args, common),
        SamlCommand::Setup(args) => setup::run(&args, common),
    }
}

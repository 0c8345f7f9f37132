//! `stagedoor audit`: reading, verifying, exporting and anchoring the audit log.

mod checkpoint;
mod export;
mod list;
mod verify;

use crate::cli::{AuditCommand, Common, StoreArg};
use crate::compose;
use crate::exit::Outcome;
use anyhow::Result;
use aws::Aws;
use control::ports::Store;
use std::sync::Arc;

pub(super) async fn run(command: AuditCommand, common: &Common) -> Result<Outcome> {
    match command {
        AuditCommand::List(args) => list::run(&args, common).await,
        AuditCommand::Verify(args) => verify::run(&args, common).await,
        AuditCommand::Export(args) => export::run(&args).await,
        AuditCommand::Checkpoint(args) => checkpoint::run(&args, common).await,
    }
}

/// The store, which must be there: a new one has nothing to tell.
pub(super) async fn existing(store: &StoreArg, aws: &Aws) -> Result<Arc<dyn Store>> {
    compose::existing_store(&store.store, aws).await
}

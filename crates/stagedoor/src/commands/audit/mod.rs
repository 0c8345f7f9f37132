//! `stagedoor audit`: reading, verifying, exporting and anchoring the audit log.

mod checkpoint;
mod export;
mod list;
mod verify;

use crate::cli::{AuditCommand, Common, MapArg, StoreArg};
use crate::exit::Outcome;
use crate::output::{self, visible};
use crate::people::Named;
use crate::{compose, mapfile, people};
use access::ids::PersonId;
use anyhow::{Result, anyhow};
use aws::Aws;
use control::ports::{AuditFilter, Store};
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

/// The filter, with the directory's id of a person who is named by user name: people stand in the log by ids.
/// Who cannot be asked for is told, and nothing is refused for it: the log is read without map and directory, too.
async fn meant(filter: AuditFilter, map: &MapArg, store: &Arc<dyn Store>) -> Result<AuditFilter> {
    let Some(word) = &filter.person else { return Ok(filter) };
    if let Ok(id) = PersonId::parse(word)
        && !store.of_person(&id, 1).await?.is_empty()
    {
        return Ok(filter);
    }
    if !map.map.exists() {
        let (map, word) = (visible(&map.map.display().to_string()), visible(word));
        output::talk(&format!("note: there is no map at {map}, so `{word}` is taken for an id"));
        return Ok(filter);
    }
    let called = tokio::time::timeout(people::LOOKED_UP_WITHIN, called(word, map, store)).await;
    match called.unwrap_or_else(|_| Err(anyhow!("the directory does not answer in time"))) {
        Ok((named, others)) => {
            let (word, who) = (visible(word), people::shown(&named));
            output::talk(&format!("note: `{word}` is taken for {who}, {}", named.id));
            for id in others {
                output::talk(&format!(
                    "note: somebody who was offboarded was called `{word}`, too: `--person {id}` asks for them"
                ));
            }
            Ok(AuditFilter { person: Some(named.id.as_str().to_owned()), ..filter })
        }
        Err(error) => {
            let why = visible(&format!("{error:#}"));
            output::talk(&format!("note: whom `{}` means is not known: {why}", visible(word)));
            Ok(filter)
        }
    }
}

/// Who has the user name, and who had it before and left.
async fn called(
    word: &str,
    map: &MapArg,
    store: &Arc<dyn Store>,
) -> Result<(Named, Vec<PersonId>)> {
    let map = mapfile::load(&map.map)?;
    let plane = compose::plane(map, Aws::connect().await, Arc::clone(store)).await?;
    let named = people::find(&plane, word).await?;
    // Who has the name now is worth telling without them.
    let left = control::people::remembered(&plane, word).await.unwrap_or_default();
    let others = left.into_keys().filter(|id| *id != named.id).collect();
    Ok((named, others))
}

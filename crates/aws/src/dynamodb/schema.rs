//! The schema's version, and the steps from one to the next.
//!
//! An item of the table counts the steps it has taken. A step that was released is never edited; a
//! change is a new step at the end. Replicas of both versions may run while a step is taken, so each
//! adds before it takes away, and may be repeated: of several processes that try at once, each takes
//! it, and one counts it.

use super::DynamoStore;
use super::audit::seal_older;
use super::failure::{contended, damaged, unusable};
use super::item::Item;
use super::keys::Key;
use super::wire::{Over, Written};
use control::ports::StoreError;
use futures::future::BoxFuture;

const OPERATION: &str = "bring the table's schema up to date";

/// One step.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// Does it.
    pub(super) take: for<'a> fn(&'a DynamoStore) -> BoxFuture<'a, Result<(), StoreError>>,
}

/// All steps, in order. The first has nothing to do: items make themselves.
pub(super) const STEPS: &[Step] =
    &[Step { take: |_| Box::pin(async { Ok(()) }) }, Step { take: seal_older }];

/// The version that this program knows.
pub(super) const KNOWN: u32 = 2;

fn key() -> Key {
    Key::new("schema", "schema")
}

/// How many steps the table has taken; `None`: it was never used.
pub(super) async fn version(store: &DynamoStore) -> Result<Option<u32>, StoreError> {
    let Some(item) = store.get(OPERATION, &key()).await? else { return Ok(None) };
    let number = item.number("number");
    number.map(Some).map_err(|damage| damaged(store.table(), OPERATION, Some(&key()), &damage))
}

/// Takes the steps that the table has not taken yet.
pub(super) async fn migrate(store: &DynamoStore, steps: &[Step]) -> Result<(), StoreError> {
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    // Each turn takes a step, here or elsewhere.
    for _ in 0..=steps.len() {
        let item = store.get(OPERATION, &key()).await?;
        let taken: u32 = match &item {
            None => 0,
            Some(item) => item
                .number("number")
                .map_err(|damage| damaged(store.table(), OPERATION, Some(&key()), &damage))?,
        };
        if taken > known {
            return Err(newer(store.table(), taken, known));
        }
        let Some(step) = steps.get(usize::try_from(taken).unwrap_or(usize::MAX)) else {
            return Ok(());
        };
        (step.take)(store).await?;
        let over = item.as_ref().map_or(Over::Nothing, Over::of);
        let counted = Item::at(&key()).with_number("number", taken.saturating_add(1));
        match store.put(OPERATION, counted, over).await? {
            Written::Done | Written::Lost => {}
        }
    }
    match version(store).await? {
        Some(taken) if taken == known => Ok(()),
        Some(taken) if taken > known => Err(newer(store.table(), taken, known)),
        _ => Err(contended(store.table(), OPERATION, "the schema's version")),
    }
}

fn newer(table: &str, found: u32, known: u32) -> StoreError {
    let message = format!(
        "the table `{table}` was written by a newer Stagedoor (schema {found}, this one knows up to \
         {known}); run that version or later, or name another table"
    );
    unusable(OPERATION, message)
}

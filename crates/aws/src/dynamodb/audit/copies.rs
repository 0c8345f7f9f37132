//! The copies of entries in the histories of people. One is believed where it is what was sealed, of that
//! person, and stands where it was sealed to stand: whoever can write to the table can copy an item with
//! its MAC, and would else have somebody's history in another order, or something in it twice.
//!
//! Entries that an older version sealed do not say where their copies stand. Of those the chain's item
//! tells, which was written with the copy. Where that was removed with the beginning of its chain and the
//! copy was left, it is neither shown nor told of: it was to go as well.

use super::super::DynamoStore;
use super::super::item::Item;
use super::super::keys::{Key, SK};
use super::super::wire::{AT_ONCE, Query, Sort};
use super::row::{chained, read, read_row};
use super::{all_chains, history, partition, place};
use control::audit::{KeyRing, is_whole};
use control::ports::{ChainId, Seal, SealedEntry, StoreError, Stray};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

/// What a copy is to the history that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Belongs {
    /// What was sealed, of this person, in its own place.
    Here,
    /// Left of an entry that was removed.
    Removed,
    /// Anything else.
    Nowhere,
}

/// What the chains tell of copies that do not say where they stand.
#[derive(Debug, Default)]
struct Chained {
    /// Their entries, as far as they are there.
    entries: BTreeMap<Key, Item>,
    /// Where chains begin that lack some of them.
    begins: BTreeMap<ChainId, u64>,
}

impl Chained {
    fn place_of(&self, seal: &Seal) -> Option<&str> {
        let entry = self.entries.get(&chained(seal))?;
        entry.opt_text("stamp").filter(|_| entry.opt_text("mac") == Some(&seal.mac))
    }

    fn removed(&self, seal: &Seal) -> bool {
        self.begins.get(&seal.chain).is_some_and(|first| seal.seq < *first)
    }
}

impl DynamoStore {
    /// Each of these items of a person's history as an entry; `None` for what does not belong there.
    ///
    /// # Errors
    /// The table cannot be read; an item is no entry.
    pub(super) async fn copies(
        &self,
        operation: &'static str,
        person: &str,
        items: &[Item],
    ) -> Result<Vec<Option<SealedEntry>>, StoreError> {
        let copies = items.iter().map(|item| self.sealed(operation, item));
        let copies: Vec<SealedEntry> = copies.collect::<Result<_, _>>()?;
        let keys = self.audit_keys().await?;
        let chained = self.chained(operation, copies.iter()).await?;
        let own = |(item, copy): (&Item, SealedEntry)| {
            match belongs(item, &copy, person, &keys, &chained) {
                Belongs::Here => return Some(copy),
                Belongs::Removed => return None,
                Belongs::Nowhere => {}
            }
            let number = copy.number();
            let code = "audit-broken";
            tracing::error!(person, number, code, "a copy is not what was sealed, or not there");
            None
        };
        Ok(items.iter().zip(copies).map(own).collect())
    }

    /// What stands in a person's history and does not belong there.
    pub(super) async fn strays_of(&self, person: &str) -> Result<Vec<Stray>, StoreError> {
        const OPERATION: &str = "verify the history of a person";
        let items = self.query(OPERATION, Query::all(history(person))).await?;
        let copies: Vec<Result<SealedEntry, _>> = items.iter().map(read).collect();
        let keys = self.audit_keys().await?;
        let chained = self.chained(OPERATION, copies.iter().flatten()).await?;
        let stray = |(item, copy): (&Item, Result<SealedEntry, _>)| {
            let belongs = |copy: &SealedEntry| belongs(item, copy, person, &keys, &chained);
            let is_stray = |copy: &SealedEntry| belongs(copy) == Belongs::Nowhere;
            copy.as_ref().map_or(true, is_stray).then(|| Stray {
                person: person.to_owned(),
                place: item.opt_text(SK).unwrap_or_default().to_owned(),
                entry: copy.map_err(|damage: super::super::item::Damaged| damage.to_string()),
            })
        };
        Ok(items.iter().zip(copies).filter_map(stray).collect())
    }

    /// What the chains tell of those copies that do not say where they stand.
    async fn chained(
        &self,
        operation: &'static str,
        copies: impl Iterator<Item = &SealedEntry>,
    ) -> Result<Chained, StoreError> {
        let seals = copies.map(|copy| &copy.seal).filter(|seal| seal.place.is_none());
        let seals: BTreeMap<Key, &Seal> = seals.map(|seal| (chained(seal), seal)).collect();
        if seals.is_empty() {
            return Ok(Chained::default());
        }
        let entries = self.get_all(operation, &seals.keys().cloned().collect()).await?;
        let lacking = seals.iter().filter(|(key, _)| !entries.contains_key(key));
        let lacking: BTreeSet<&ChainId> = lacking.map(|(_, seal)| &seal.chain).collect();
        let lacking = all_chains().into_iter().filter(|chain| lacking.contains(chain));
        let begins = stream::iter(lacking)
            .map(|chain| async move { self.begin_of(operation, chain).await })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(Chained { entries, begins })
    }

    /// A chain with the number of its first entry; 0 if it has none.
    async fn begin_of(
        &self,
        operation: &'static str,
        chain: ChainId,
    ) -> Result<(ChainId, u64), StoreError> {
        let query =
            Query { sort: Sort::Above(place(0)), most: Some(1), ..Query::all(partition(&chain)) };
        let first = self.query(operation, query).await?.first().map(read_row);
        Ok((chain, first.map_or(0, |row| if row.seq < u64::MAX { row.seq } else { 0 })))
    }
}

/// What a copy is to the history of this person.
fn belongs(
    item: &Item,
    copy: &SealedEntry,
    person: &str,
    keys: &KeyRing,
    chained: &Chained,
) -> Belongs {
    let SealedEntry { entry, seal } = copy;
    if entry.person.as_deref() != Some(person) || !is_whole(copy, keys) {
        return Belongs::Nowhere;
    }
    match seal.place.as_deref().or_else(|| chained.place_of(seal)) {
        Some(place) if item.opt_text(SK) == Some(place) => Belongs::Here,
        None if chained.removed(seal) => Belongs::Removed,
        _ => Belongs::Nowhere,
    }
}

//! The copies of entries in the histories of people. One is believed where it is what was sealed, of that
//! person, and stands where it was sealed to stand: whoever can write to the table can copy an item with
//! its MAC, and would else have somebody's history in another order, or something in it twice.
//!
//! Entries that an older version sealed do not say where their copies stand. Of those the chain's item
//! tells, which was written with the copy.

use super::super::DynamoStore;
use super::super::item::Item;
use super::super::keys::{Key, SK};
use super::super::wire::Query;
use super::history;
use super::row::{chained, read};
use control::audit::{KeyRing, is_whole};
use control::ports::{SealedEntry, StoreError, Stray};
use std::collections::{BTreeMap, BTreeSet};

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
            if belongs(item, &copy, person, &keys, &chained) {
                return Some(copy);
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
            (!copy.as_ref().is_ok_and(belongs)).then(|| Stray {
                person: person.to_owned(),
                place: item.opt_text(SK).unwrap_or_default().to_owned(),
                entry: copy.map_err(|damage: super::super::item::Damaged| damage.to_string()),
            })
        };
        Ok(items.iter().zip(copies).filter_map(stray).collect())
    }

    /// The entries themselves of those copies that do not say where they stand.
    async fn chained(
        &self,
        operation: &'static str,
        copies: impl Iterator<Item = &SealedEntry>,
    ) -> Result<BTreeMap<Key, Item>, StoreError> {
        let unplaced = copies.filter(|copy| copy.seal.place.is_none());
        let keys: BTreeSet<Key> = unplaced.map(|copy| chained(&copy.seal)).collect();
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.get_all(operation, &keys).await
    }
}

/// Whether a copy is what was sealed, of this person, and stands in its own place.
fn belongs(
    item: &Item,
    copy: &SealedEntry,
    person: &str,
    keys: &KeyRing,
    entries: &BTreeMap<Key, Item>,
) -> bool {
    let place = match &copy.seal.place {
        Some(place) => Some(place.as_str()),
        None => entries
            .get(&chained(&copy.seal))
            .filter(|entry| entry.opt_text("mac") == Some(&copy.seal.mac))
            .and_then(|entry| entry.opt_text("stamp")),
    };
    let stands = place.is_some() && item.opt_text(SK) == place;
    stands && copy.entry.person.as_deref() == Some(person) && is_whole(copy, keys)
}

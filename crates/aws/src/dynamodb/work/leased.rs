//! The work that this process took, as it wrote it: mostly nobody changes it until it is done, and it
//! need not be read again for that.

use crate::dynamodb::item::Item;
use crate::dynamodb::keys::Key;
use control::ports::Lease;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::waiting::key_of;

/// No process is at more at a time; whatever was never ended is forgotten.
const MOST: usize = 1_000;

/// Items by their keys, with the numbers of the leases that are in them.
#[derive(Debug, Default)]
pub(in crate::dynamodb) struct Leased(Mutex<BTreeMap<Key, (u64, Item)>>);

impl Leased {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, (u64, Item)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers an item that was written with this lease.
    pub(super) fn remember(&self, lease: &Lease, item: Item) {
        let mut all = self.all();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(key_of(&lease.key), (lease.number, item));
    }

    /// The items of these leases, as far as they are known. They are about to change, and are known
    /// no more.
    pub(super) fn forget(&self, leases: &BTreeMap<Key, u64>) -> BTreeMap<Key, Item> {
        let mut all = self.all();
        let known = leases.iter().filter_map(|(key, number)| {
            let (held, item) = all.remove(key)?;
            (held == *number).then(|| (key.clone(), item))
        });
        known.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::ids::PersonId;
    use control::ports::WorkKey;

    #[test]
    fn an_item_is_known_once_and_by_its_own_lease() {
        let lease =
            |number| Lease { key: WorkKey::Person(PersonId::parse("ada").unwrap()), number };
        let (leased, key) = (Leased::default(), key_of(&lease(1).key));
        let item = Item::at(&key).with_number("lease", 1_u64);
        let of = |number| BTreeMap::from([(key.clone(), number)]);
        leased.remember(&lease(1), item.clone());
        assert_eq!(leased.forget(&of(1)), BTreeMap::from([(key.clone(), item.clone())]));
        assert_eq!(leased.forget(&of(1)), BTreeMap::new());
        leased.remember(&lease(1), item);
        assert_eq!(leased.forget(&of(2)), BTreeMap::new());
    }
}

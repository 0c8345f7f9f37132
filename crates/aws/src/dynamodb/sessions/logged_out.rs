//! What identity providers ended: beside what finds the sessions of a subject, an item for each index that
//! was named, or one for all.

use super::super::DynamoStore;
use super::super::change::{Change, Manner, Record, Turn};
use super::super::failure::damaged;
use super::super::item::{Damaged, Item, floor};
use super::super::keys::{Key, PK, SK, lapse};
use super::super::wire::{Query, Sort};
use super::{KEPT, of_subject};
use control::ports::{FederatedLogout, IdpSession, StoreError};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What the sort key begins with; the index follows, and nothing for all sessions.
const PREFIX: &str = "logged-out#";

/// Sessions that were ended.
#[derive(Debug, Clone)]
struct Ended {
    key: Key,
    as_of: Timestamp,
    arrived: Timestamp,
    until: Timestamp,
}

impl Record for Ended {
    fn read(item: &Item) -> Result<Self, Damaged> {
        let key = Key::new(item.text(PK)?, item.text(SK)?);
        let until = item.time("until")?;
        // Absent where an older version wrote it: it counts for whoever signs in before it is forgotten.
        let arrived = item.time("arrived").unwrap_or(until);
        Ok(Self { key, as_of: item.time("as_of")?, arrived, until })
    }

    fn write(&self) -> Item {
        Item::at(&self.key)
            .with_number("as_of", floor(self.as_of))
            .with_number("arrived", floor(self.arrived))
            .with_number("until", floor(self.until))
            .with_ttl(lapse(self.until, KEPT))
    }
}

/// Remembers an order. One that was given later stays.
pub(super) async fn remember(
    store: &DynamoStore,
    operation: &'static str,
    logout: &FederatedLogout,
) -> Result<(), StoreError> {
    let FederatedLogout { subject, indexes, as_of, arrived, until } = logout;
    let key = |index: &str| Key::new(of_subject(subject), format!("{PREFIX}{index}"));
    let keys: BTreeSet<Key> = if indexes.is_empty() {
        BTreeSet::from([key("")])
    } else {
        indexes.iter().map(|index| key(index)).collect()
    };
    let turn = |key: &Key, known: Option<Ended>| {
        let order = Ended { key: key.clone(), as_of: *as_of, arrived: *arrived, until: *until };
        let latest = known.into_iter().fold(order, |order, known| Ended {
            as_of: order.as_of.max(known.as_of),
            arrived: order.arrived.max(known.arrived),
            until: order.until.max(known.until),
            ..order
        });
        Turn::alone(Change::Put(latest), ())
    };
    store.change(operation, keys, Manner::Each, turn).await.map(drop)
}

/// Whether a session is among what was ended after it was issued, unless that was known when we `asked` for it.
pub(super) async fn covers(
    store: &DynamoStore,
    session: &IdpSession,
    issued: Timestamp,
    asked: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const OPERATION: &str = "look for a log-out";
    let query = Query::all(of_subject(&session.subject));
    let query = Query { sort: Sort::Prefix(PREFIX.to_owned()), ..query };
    for item in store.query(OPERATION, query).await? {
        let ended = Ended::read(&item);
        let ended =
            ended.map_err(|d| damaged(store.table(), OPERATION, Key::of(&item).as_ref(), &d))?;
        let named = ended.key.sk.strip_prefix(PREFIX).unwrap_or_default();
        let means = named.is_empty() || session.index.as_deref().is_none_or(|index| index == named);
        let known = asked.is_some_and(|asked| floor(asked) > floor(ended.arrived));
        let ended_it = floor(ended.as_of) >= floor(issued) && floor(ended.until) > floor(now);
        if means && ended_it && !known {
            return Ok(true);
        }
    }
    Ok(false)
}

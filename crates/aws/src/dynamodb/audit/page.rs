//! Pages of the log, newest first, over all chains.

use super::super::DynamoStore;
use super::super::failure::unusable;
use super::super::keys::{Key, SK};
use super::super::wire::{AT_ONCE, Query, Sort};
use super::row::is_placed;
use super::{READ, all_chains, history, partition, place};
use control::ports::{
    AuditFilter, AuditPage, ChainId, NO_CURSOR, OUT_OF_ORDER, SealedEntry, StoreError,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// Entries of a chain that are read at a time.
const WINDOW: u32 = 100;

/// The most entries that one page looks through.
const MOST: usize = 4_000;

/// Before a cursor into the history of a person.
const OF_PERSON: &str = "person:";

/// A chain, read backwards.
struct Window {
    chain: ChainId,
    /// Entries before this number are not looked at yet.
    below: u64,
    read: VecDeque<SealedEntry>,
    /// Whether nothing is left in the table.
    ended: bool,
}

impl DynamoStore {
    pub(super) async fn page_of_chains(
        &self,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AuditPage, StoreError> {
        let mut windows = match cursor {
            Some(cursor) => windows(cursor)?,
            None => self.windows_before(filter.until).await?,
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut items = Vec::new();
        for _ in 0..MOST {
            self.fill(&mut windows).await?;
            let newest = windows
                .iter_mut()
                .filter(|window| !window.read.is_empty())
                .max_by_key(|window| window.read.front().map(|one| one.entry.at));
            let Some(window) = newest else { return Ok(AuditPage { items, next: None }) };
            if items.len() >= limit {
                return Ok(AuditPage { items, next: Some(told(&windows)) });
            }
            let Some(sealed) = window.read.pop_front() else { continue };
            window.below = sealed.seal.seq;
            let is_before = |from: Timestamp| from.duration_since(sealed.entry.at) > OUT_OF_ORDER;
            if filter.from.is_some_and(is_before) {
                // What is before it in this chain is of before that time too.
                (window.below, window.ended) = (0, true);
                window.read.clear();
            } else if filter.admits(&sealed.entry) {
                items.push(sealed);
            }
        }
        Ok(AuditPage { items, next: Some(told(&windows)) })
    }

    /// Reads on in the chains of which nothing is left to look at.
    async fn fill(&self, windows: &mut [Window]) -> Result<(), StoreError> {
        let empty = |window: &Window| window.read.is_empty() && !window.ended;
        let wanted: Vec<(usize, ChainId, u64)> = windows
            .iter()
            .enumerate()
            .filter(|(_, window)| empty(window))
            .map(|(place, window)| (place, window.chain.clone(), window.below))
            .collect();
        let read = |(at, chain, below): (usize, ChainId, u64)| async move {
            let query = Query {
                sort: Sort::Below(place(below)),
                backwards: true,
                most: Some(WINDOW),
                ..Query::all(partition(&chain))
            };
            let found = self.query(READ, query).await?;
            let is_last = found.len() < usize::try_from(WINDOW).unwrap_or(usize::MAX);
            let read = found.iter().filter(|item| is_placed(item));
            let read = read.map(|item| self.sealed(READ, item));
            Ok((at, is_last, read.collect::<Result<VecDeque<_>, StoreError>>()?))
        };
        let read: Vec<(usize, bool, VecDeque<SealedEntry>)> =
            stream::iter(wanted).map(read).buffered(AT_ONCE).try_collect().await?;
        for (at, is_last, read) in read {
            let Some(window) = windows.get_mut(at) else { continue };
            window.ended = is_last || read.is_empty();
            window.read = read;
        }
        Ok(())
    }

    /// Every chain, from the entries before this time on.
    async fn windows_before(&self, until: Option<Timestamp>) -> Result<Vec<Window>, StoreError> {
        let Some(until) = until else {
            return Ok(all_chains().into_iter().map(|chain| window(chain, u64::MAX)).collect());
        };
        let begins = |chain: ChainId| async move {
            let below = self.first_since(&chain, until).await?;
            Ok(window(chain, below))
        };
        stream::iter(all_chains()).map(begins).buffered(AT_ONCE).try_collect().await
    }

    /// A number from which on no entry is before this time. Halving finds it, where entries are so much
    /// later that none after them can be before it.
    async fn first_since(&self, chain: &ChainId, until: Timestamp) -> Result<u64, StoreError> {
        let Some((head, _)) = self.end_of(READ, chain).await? else { return Ok(0) };
        let surely_later = until.checked_add(OUT_OF_ORDER).unwrap_or(Timestamp::MAX);
        let (mut low, mut high) = (1, head.seq.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let found = self.get(READ, &Key::new(partition(chain), place(middle))).await?;
            // What is not there any more was older.
            let is_older = match &found {
                Some(item) => self.sealed(READ, item)?.entry.at <= surely_later,
                None => true,
            };
            if is_older {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    pub(super) async fn page_of_person(
        &self,
        person: &str,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AuditPage, StoreError> {
        let mut below = match cursor {
            None => None,
            Some(cursor) => Some(cursor.strip_prefix(OF_PERSON).ok_or_else(no_cursor)?.to_owned()),
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut items, mut looked) = (Vec::new(), 0);
        loop {
            let sort = below.clone().map_or(Sort::All, Sort::Below);
            let query =
                Query { sort, backwards: true, most: Some(WINDOW), ..Query::all(history(person)) };
            let found = self.query(READ, query).await?;
            let copies = self.copies(READ, person, &found).await?;
            for (item, copy) in found.iter().zip(copies) {
                if items.len() >= limit || looked >= MOST {
                    let next = below.map(|below| format!("{OF_PERSON}{below}"));
                    return Ok(AuditPage { items, next });
                }
                looked += 1;
                below = item.opt_text(SK).map(str::to_owned);
                items.extend(copy.filter(|copy| filter.admits(&copy.entry)));
            }
            if found.len() < usize::try_from(WINDOW).unwrap_or(usize::MAX) {
                return Ok(AuditPage { items, next: None });
            }
        }
    }
}

fn window(chain: ChainId, below: u64) -> Window {
    Window { chain, below, read: VecDeque::new(), ended: below <= 1 }
}

/// Where the next page begins: the number in each chain.
fn told(windows: &[Window]) -> String {
    let of = |window: &Window| {
        let below = if window.ended && window.read.is_empty() { 0 } else { window.below };
        format!("{}:{below}", window.chain)
    };
    windows.iter().map(of).collect::<Vec<_>>().join(",")
}

fn windows(cursor: &str) -> Result<Vec<Window>, StoreError> {
    let known: Option<BTreeMap<&str, u64>> = cursor
        .split(',')
        .map(|part| {
            let (chain, below) = part.split_once(':')?;
            Some((chain, below.parse().ok()?))
        })
        .collect();
    let known = known.ok_or_else(no_cursor)?;
    let begins = |chain: ChainId| {
        let below = known.get(chain.0.as_str()).copied().ok_or_else(no_cursor)?;
        Ok(window(chain, below))
    };
    all_chains().into_iter().map(begins).collect()
}

fn no_cursor() -> StoreError {
    unusable(READ, NO_CURSOR.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_number_in_each_chain() {
        let text = "0:5,1:0,2:0,3:0,4:0,5:0,6:0,7:18446744073709551615,older:1";
        let known = windows(text).unwrap();
        assert_eq!(told(&known), text.replace("older:1", "older:0"));
        assert!(known[1].ended && !known[0].ended);
        for no in ["", "0", "0:x", "0:1", "person:2026"] {
            assert!(windows(no).is_err(), "{no}");
        }
    }
}

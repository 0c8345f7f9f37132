//! Changing items by what they were: read, work out, write on condition, and again where somebody
//! else was faster.

use super::DynamoStore;
use super::failure::{contended, damaged};
use super::item::{Damaged, Item};
use super::keys::Key;
use super::wire::{AT_ONCE, Over, Step, TRANSACTION, Written};
use crate::backoff::backoff;
use control::ports::StoreError;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

/// How often an item is looked at anew. Each time somebody was faster, so somebody got on.
const ROUNDS: u32 = 48;

/// From this round on, what was packed together is written one by one: the rest of a pack does not
/// wait for its one item that everybody is at.
const ALONE: u32 = 2;

/// What is kept in an item.
pub(crate) trait Record: Sized {
    /// Reads it.
    fn read(item: &Item) -> Result<Self, Damaged>;

    /// As an item, with its key.
    fn write(&self) -> Item;
}

/// What becomes of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change<R> {
    /// It stays as it is.
    Keep,
    /// It becomes this.
    Put(R),
    /// It goes.
    Delete,
}

/// What becomes of an item, and what is written with it in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Turn<R, O> {
    pub(crate) change: Change<R>,
    /// Only if there is a change.
    pub(crate) along: Vec<Step>,
    /// What the caller wants to know of it.
    pub(crate) outcome: O,
}

impl<R, O> Turn<R, O> {
    /// An item changes by itself.
    pub(crate) fn alone(change: Change<R>, outcome: O) -> Self {
        Self { change, along: Vec::new(), outcome }
    }
}

/// How items are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// A call for each: half the price.
    Each,
    /// Up to a hundred in a transaction, all or none: a hundredth of the calls.
    Together,
}

/// The writes for some items, which are made together.
#[derive(Debug)]
struct Load<O> {
    outcomes: Vec<(Key, O)>,
    steps: Vec<Step>,
}

impl DynamoStore {
    /// Makes of each item what `turn` says of what it is, and gives what `turn` said when that was
    /// written. `turn` may be asked several times about one item.
    pub(crate) async fn change<R, O>(
        &self,
        operation: &'static str,
        left: BTreeSet<Key>,
        manner: Manner,
        turn: impl Fn(&Key, Option<R>) -> Turn<R, O>,
    ) -> Result<BTreeMap<Key, O>, StoreError>
    where
        R: Record,
    {
        if left.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = self.get_all(operation, &left).await?;
        self.change_found(operation, (left, found), manner, turn).await
    }

    /// The same for items of which is known what they were: who changed one meanwhile is met when it is
    /// written, and it is read then.
    pub(crate) async fn change_found<R, O>(
        &self,
        operation: &'static str,
        (mut left, mut found): (BTreeSet<Key>, BTreeMap<Key, Item>),
        manner: Manner,
        turn: impl Fn(&Key, Option<R>) -> Turn<R, O>,
    ) -> Result<BTreeMap<Key, O>, StoreError>
    where
        R: Record,
    {
        let mut outcomes = BTreeMap::new();
        for round in 0..ROUNDS {
            let mut loads = Vec::new();
            for key in &left {
                let item = found.get(key);
                let record = item.map(R::read).transpose();
                let record = record.map_err(|d| damaged(&self.table, operation, Some(key), &d))?;
                let over = item.map_or(Over::Nothing, Over::of);
                let Turn { change, along, outcome } = turn(key, record);
                let step = match change {
                    Change::Keep => {
                        outcomes.insert(key.clone(), outcome);
                        continue;
                    }
                    Change::Put(record) => Step::Put(record.write(), over),
                    Change::Delete => Step::Delete(key.clone(), over),
                };
                let steps = std::iter::once(step).chain(along).collect();
                loads.push(Load { outcomes: vec![(key.clone(), outcome)], steps });
            }
            if manner == Manner::Together && round < ALONE {
                loads = packed(loads);
            }
            let written: Vec<(Load<O>, Written)> = stream::iter(loads)
                .map(async |load| {
                    let written = self.transact(operation, &load.steps).await?;
                    Ok::<_, StoreError>((load, written))
                })
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await?;
            for (load, _) in written.into_iter().filter(|(_, written)| *written == Written::Done) {
                outcomes.extend(load.outcomes);
            }
            left.retain(|key| !outcomes.contains_key(key));
            if left.is_empty() {
                return Ok(outcomes);
            }
            backoff(round).await;
            found = self.get_all(operation, &left).await?;
        }
        Err(contended(&self.table, operation, "every try met another's change"))
    }

    /// The same for one item.
    pub(crate) async fn change_one<R, O>(
        &self,
        operation: &'static str,
        key: Key,
        turn: impl Fn(Option<R>) -> Turn<R, O>,
    ) -> Result<O, StoreError>
    where
        R: Record,
    {
        let keys = BTreeSet::from([key.clone()]);
        let turn = |_: &Key, record| turn(record);
        let mut outcomes = self.change(operation, keys, Manner::Each, turn).await?;
        outcomes.remove(&key).ok_or_else(|| contended(&self.table, operation, "nothing came of it"))
    }
}

/// As few loads as transactions can take.
fn packed<O>(loads: Vec<Load<O>>) -> Vec<Load<O>> {
    let mut packs: Vec<Load<O>> = Vec::new();
    for load in loads {
        match packs.last_mut() {
            Some(pack) if steps_of_both(&pack.steps, &load.steps) <= TRANSACTION => {
                pack.outcomes.extend(load.outcomes);
                for step in load.steps {
                    if let Some(step) = joined(&mut pack.steps, step) {
                        pack.steps.push(step);
                    }
                }
            }
            _ => packs.push(load),
        }
    }
    packs
}

/// A transaction takes one step for each item: whether these two can be one.
fn is_one(known: &Step, step: &Step) -> bool {
    match (known, step) {
        (Step::Count(key, name, _), Step::Count(other, of, _))
        | (Step::AddTexts(key, name, _), Step::AddTexts(other, of, _)) => {
            key == other && name == of
        }
        _ => false,
    }
}

fn steps_of_both(steps: &[Step], more: &[Step]) -> usize {
    let is_new = |step: &&Step| !steps.iter().any(|known| is_one(known, step));
    steps.len() + more.iter().filter(is_new).count()
}

/// Makes the step part of one that is there already, or gives it back.
fn joined(steps: &mut [Step], step: Step) -> Option<Step> {
    let Some(known) = steps.iter_mut().find(|known| is_one(known, &step)) else {
        return Some(step);
    };
    match (known, step) {
        (Step::Count(_, _, sum), Step::Count(_, _, by)) => *sum += by,
        (Step::AddTexts(_, _, texts), Step::AddTexts(_, _, more)) => texts.extend(more),
        (_, step) => return Some(step),
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delete(n: usize) -> Step {
        Step::Delete(Key::new(format!("{n}"), ""), Over::Anything)
    }

    fn count(by: i64) -> Step {
        Step::Count(Key::new("owned", ""), "number", by)
    }

    #[test]
    fn packs_hold_a_hundred_steps_and_count_once() {
        let loads = (0..150).map(|n| Load {
            outcomes: vec![(Key::new(format!("{n}"), ""), n)],
            steps: vec![delete(n), count(1)],
        });
        let packs = packed(loads.collect());
        let sizes: Vec<_> =
            packs.iter().map(|pack| (pack.outcomes.len(), pack.steps.len())).collect();
        assert_eq!(sizes, [(99, 100), (51, 52)]);
        assert_eq!(packs[0].steps[1], count(99));
        assert_eq!(packs[1].steps[1], count(51));
    }
}

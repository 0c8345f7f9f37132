//! Changing what was pushed.
//!
//! A record is written in one transaction with its keys and the entry of the audit log, so that of two
//! people with one user name one is refused, and nothing is told that was not done. Members beyond what
//! a transaction holds follow it in transactions of their own; the group bears a mark meanwhile, and whoever
//! else wants to change it waits. A mark that ran out is anybody's to replace, and each of those transactions
//! hangs on the mark: whoever was slow, or frozen, writes nothing over what came later. Both rows of a
//! membership are written together, so that wherever a change breaks off, both say the same.

use super::super::DynamoStore;
use super::super::change::Record as _;
use super::super::failure::{contended, damaged};
use super::super::item::{Damaged, Item, floor};
use super::super::keys::Key;
use super::super::wire::{AT_ONCE, Over, Step, TRANSACTION, Written};
use super::{
    Keys, changed_key, counter, counts_key, index_key, member_items, member_keys, record_key,
};
use crate::backoff::backoff;
use control::ports::{
    ALL_MEMBERS, AuditEntry, RecordChange, RecordKey, RecordKind, RecordMember, RecordWritten,
    ScimRecord, ScimRecords as _, StoreError,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::time::Instant;

const WRITE: &str = "write what was pushed";

/// So many members are changed in the transaction of their group: each takes two of its hundred steps.
const MEMBERS_AT_ONCE: usize = 40;

/// How often a transaction is tried that met another one.
const TRIES: u32 = 24;

/// The mark of a group whose members are still written: until when, in microseconds.
const BUSY: &str = "busy";

/// How long the mark stands if whoever set it dies.
const BUSY_FOR: SignedDuration = SignedDuration::from_mins(1);

/// After so many transactions behind the group's own the mark is prolonged: far within a minute.
const PROLONG_EVERY: usize = 10;

/// What a change has to write, by what is there now.
#[derive(Debug)]
enum Loaded {
    Load(Load),
    Refused(RecordWritten),
    /// There is no such record.
    Gone,
    /// Somebody else still writes members of the group.
    Busy,
}

/// Both rows of a membership that comes or goes.
type Pair = [Step; 2];

/// What a change writes: in one transaction, and in those behind it.
#[derive(Debug)]
struct Load {
    steps: Vec<Step>,
    at: Timestamp,
    behind: Option<Behind>,
}

/// What follows the transaction of a group.
#[derive(Debug)]
struct Behind {
    pairs: Vec<Pair>,
    /// The mark that the group bears until all is written.
    mark: i64,
}

impl Load {
    fn new(at: Timestamp) -> Self {
        Self { steps: Vec::new(), at, behind: None }
    }

    /// Adds the record, and the items of members who come and go.
    fn change(
        &mut self,
        directory: &str,
        (record, over): (&ScimRecord, Over),
        added: &BTreeSet<RecordMember>,
        removed: &BTreeSet<String>,
    ) {
        let comes: BTreeSet<&str> = added.iter().map(|member| member.id.as_str()).collect();
        let goes = removed.iter().filter(|id| !comes.contains(id.as_str()));
        let goes = goes.map(|id| leaves(directory, &record.id, id));
        let comes = added.iter().map(|member| {
            member_items(directory, &record.id, member).map(|item| Step::Put(item, Over::Anything))
        });
        let pairs: Vec<Pair> = goes.chain(comes).collect();
        let mut item = item_of(directory, record);
        if added.len() + removed.len() <= MEMBERS_AT_ONCE {
            self.steps.extend(pairs.into_iter().flatten());
        } else {
            let mark = self.at.checked_add(BUSY_FOR).unwrap_or(self.at).as_microsecond();
            item = item.with_number(BUSY, mark);
            self.behind = Some(Behind { pairs, mark });
        }
        self.steps.push(Step::Put(item, over));
    }
}

/// Somebody is in a group no longer.
fn leaves(directory: &str, group: &str, member: &str) -> Pair {
    member_keys(directory, group, member).map(|key| Step::Delete(key, Over::Anything))
}

/// Whether somebody else still writes members of the group.
fn is_busy(item: &Item, at: Timestamp) -> Result<bool, Damaged> {
    let until = item.opt_number::<i64>(BUSY)?;
    Ok(until.is_some_and(|until| until > at.as_microsecond()))
}

impl DynamoStore {
    /// Makes a change, and writes it down with it.
    pub(super) async fn write_pushed(
        &self,
        directory: &str,
        change: &RecordChange,
        entry: &AuditEntry,
    ) -> Result<RecordWritten, StoreError> {
        for tried in 0..TRIES {
            match self.scim_load(directory, change).await? {
                Loaded::Refused(refused) => return Ok(refused),
                Loaded::Gone => {
                    // Whoever deleted it may have died before its memberships went.
                    if let RecordChange::Delete { id, at, .. } = change {
                        self.scim_unlink(directory, id, *at).await?;
                    }
                    return Ok(RecordWritten::Stale);
                }
                Loaded::Busy => {}
                Loaded::Load(load) => {
                    if self.append_with(entry, &load.steps).await? == Written::Done {
                        self.scim_finish(directory, change, load).await?;
                        return Ok(RecordWritten::Done);
                    }
                }
            }
            backoff(tried).await;
        }
        Err(contended(self.table(), WRITE, "the record"))
    }

    /// What a change has to write, by what is there now, or why it is refused.
    async fn scim_load(
        &self,
        directory: &str,
        change: &RecordChange,
    ) -> Result<Loaded, StoreError> {
        let (kind, id, over, at) = match change {
            RecordChange::Create { record, members } => {
                if let Some(key) = self.scim_taken(directory, record, &Keys::new()).await? {
                    return Ok(Loaded::Refused(RecordWritten::Taken(key)));
                }
                let mut load = Load::new(record.changed);
                load.steps.extend(rekeyed(directory, record, &Keys::new()));
                load.steps.push(Step::Count(counts_key(directory), counter(record.kind), 1));
                load.change(directory, (record, Over::Nothing), members, &BTreeSet::new());
                return Ok(Loaded::Load(load));
            }
            RecordChange::Update { record, over, .. } => {
                (record.kind, &record.id, *over, record.changed)
            }
            RecordChange::Delete { kind, id, over, at } => (*kind, id, *over, *at),
        };
        let key = record_key(directory, kind, id);
        let others = record_key(directory, kind.other(), id);
        let mut keys = BTreeSet::from([key.clone()]);
        if matches!(change, RecordChange::Delete { .. }) {
            keys.insert(others.clone());
        }
        let mut there = self.get_all(WRITE, &keys).await?;
        let Some(item) = there.remove(&key) else {
            // Memberships are by id alone: these are the other's, who is there.
            let is_other = there.contains_key(&others);
            return Ok(if is_other { Loaded::Refused(RecordWritten::Stale) } else { Loaded::Gone });
        };
        let unreadable = |damage| damaged(self.table(), WRITE, Key::of(&item).as_ref(), &damage);
        if is_busy(&item, at).map_err(unreadable)? {
            return Ok(Loaded::Busy);
        }
        let (known, version) = (self.record::<ScimRecord>(WRITE, &item)?, Over::of(&item));
        if known.version != over {
            return Ok(Loaded::Refused(RecordWritten::Stale));
        }
        let mut load = Load::new(at);
        match change {
            RecordChange::Create { .. } => {}
            RecordChange::Update { record, added, removed, .. } => {
                if let Some(key) = self.scim_taken(directory, record, &known.keys).await? {
                    return Ok(Loaded::Refused(RecordWritten::Taken(key)));
                }
                load.steps.extend(rekeyed(directory, record, &known.keys));
                load.change(directory, (record, version), added, removed);
            }
            RecordChange::Delete { .. } => {
                load.steps.push(Step::Delete(key, version));
                let nothing = ScimRecord { keys: Keys::new(), ..known.clone() };
                load.steps.extend(rekeyed(directory, &nothing, &known.keys));
                load.steps.push(Step::Count(counts_key(directory), counter(kind), -1));
            }
        }
        Ok(Loaded::Load(load))
    }

    /// What follows the transaction of a change.
    async fn scim_finish(
        &self,
        directory: &str,
        change: &RecordChange,
        load: Load,
    ) -> Result<(), StoreError> {
        match change {
            RecordChange::Create { record, members: added }
            | RecordChange::Update { record, added, .. } => {
                let key = record_key(directory, record.kind, &record.id);
                let mark = match &load.behind {
                    Some(behind) => Some(self.scim_follow(&key, behind).await?),
                    None => None,
                };
                self.scim_without_the_gone(directory, &record.id, added).await?;
                if let Some(mark) = mark {
                    // One that cannot be taken off ends by itself.
                    self.scim_mark(&key, mark, 0).await?;
                }
            }
            RecordChange::Delete { id, .. } => {
                self.scim_unlink(directory, id, load.at).await?;
            }
        }
        let at = Item::at(&changed_key(directory)).with_number("changed", floor(load.at));
        // All who push to a directory write this one item, which only tells when. The change is made.
        if let Err(error) = self.put(WRITE, at, Over::Anything).await {
            tracing::warn!(%error, "when something was last pushed is not written");
        }
        Ok(())
    }

    /// Writes the memberships of a group that its own transaction does not hold, and says which mark the
    /// group bears then. One transaction after the other: all look at the mark, so that two at a time would be
    /// in each other's way.
    async fn scim_follow(&self, group: &Key, behind: &Behind) -> Result<i64, StoreError> {
        let (begun, mut mark) = (Instant::now(), behind.mark);
        for (number, pairs) in behind.pairs.chunks((TRANSACTION - 1) / 2).enumerate() {
            if number > 0 && number % PROLONG_EVERY == 0 {
                let since = i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX);
                let next = behind.mark.saturating_add(since);
                if !self.scim_mark(group, mark, next).await? {
                    return Err(contended(self.table(), WRITE, "the group"));
                }
                mark = next;
            }
            self.scim_pairs(pairs, Some((group, mark))).await?;
        }
        Ok(mark)
    }

    /// Writes memberships in one transaction: while the group bears this mark, or whatever it bears.
    async fn scim_pairs(
        &self,
        pairs: &[Pair],
        under: Option<(&Key, i64)>,
    ) -> Result<(), StoreError> {
        let check =
            |(group, mark): (&Key, i64)| Step::Check(group.clone(), Over::Number(BUSY, mark));
        let steps: Vec<Step> =
            under.map(check).into_iter().chain(pairs.iter().flatten().cloned()).collect();
        let mut tried = 0;
        while self.transact(WRITE, &steps).await? == Written::Lost {
            let may_go_on = match under {
                Some((group, mark)) => {
                    let there = self.get(WRITE, group).await?;
                    there.is_some_and(|item| item.opt_number(BUSY) == Ok(Some(mark)))
                }
                None => true,
            };
            if tried == TRIES || !may_go_on {
                return Err(contended(self.table(), WRITE, "the group"));
            }
            backoff(tried).await;
            tried += 1;
        }
        Ok(())
    }

    /// Removes the memberships of a record that is gone. Reads them: nobody comes into it any more, and
    /// it comes into nothing. What it does not get to, another time finds.
    async fn scim_unlink(
        &self,
        directory: &str,
        id: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let members = self.scim_members(directory, id, ALL_MEMBERS).await?;
        let rows = members.iter().map(|member| member_keys(directory, id, &member.id));
        let (by_group, by_member): (Vec<Key>, Vec<Key>) =
            rows.map(|[by_group, by_member]| (by_group, by_member)).unzip();
        // Members are found by the rows of the group, so those go last.
        self.write_all(WRITE, Vec::new(), by_member).await?;
        self.write_all(WRITE, Vec::new(), by_group).await?;
        let groups = self.scim_groups_of(directory, id).await?;
        stream::iter(groups)
            .map(|group| async move { self.scim_leave(directory, &group, id, at).await })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Takes those out again who were deleted while they came in. Whoever is deleted later is taken out
    /// by that.
    async fn scim_without_the_gone(
        &self,
        directory: &str,
        group: &str,
        added: &BTreeSet<RecordMember>,
    ) -> Result<(), StoreError> {
        let key = |member: &RecordMember| record_key(directory, member.kind, &member.id);
        let there = self.get_all(WRITE, &added.iter().map(key).collect()).await?;
        let gone = added.iter().filter(|member| !there.contains_key(&key(member)));
        let pairs: Vec<Pair> = gone.map(|member| leaves(directory, group, &member.id)).collect();
        for pairs in pairs.chunks(TRANSACTION / 2) {
            self.scim_pairs(pairs, None).await?;
        }
        Ok(())
    }

    /// Gives a group another mark, or 0 for none, if it still bears ours; says whether it does.
    async fn scim_mark(&self, key: &Key, ours: i64, next: i64) -> Result<bool, StoreError> {
        for tried in 0..TRIES {
            let Some(item) = self.get(WRITE, key).await? else { return Ok(false) };
            if item.opt_number(BUSY) != Ok(Some(ours)) {
                return Ok(false);
            }
            let over = Over::of(&item);
            if self.put(WRITE, item.with_number(BUSY, next), over).await? == Written::Done {
                return Ok(true);
            }
            backoff(tried).await;
        }
        Ok(false)
    }

    /// Takes somebody who was deleted out of a group, which is another version then.
    async fn scim_leave(
        &self,
        directory: &str,
        group: &str,
        member: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let key = record_key(directory, RecordKind::Group, group);
        for tried in 0..TRIES {
            let mut steps = leaves(directory, group, member).to_vec();
            if let Some(item) = self.get(WRITE, &key).await? {
                let known = self.record::<ScimRecord>(WRITE, &item)?;
                let over = Over::of(&item);
                let raised = item
                    .with_number("number", known.version + 1)
                    .with_number("changed", floor(known.changed.max(at)));
                steps.push(Step::Put(raised, over));
            }
            if self.transact(WRITE, &steps).await? == Written::Done {
                return Ok(());
            }
            backoff(tried).await;
        }
        Err(contended(self.table(), WRITE, "the group"))
    }

    /// The unique key of the record that another record has.
    async fn scim_taken(
        &self,
        directory: &str,
        record: &ScimRecord,
        known: &Keys,
    ) -> Result<Option<RecordKey>, StoreError> {
        for pair in record.keys.difference(known).filter(|(key, _)| key.is_unique(record.kind)) {
            if self.get(WRITE, &index_key(directory, record, pair)).await?.is_some() {
                return Ok(Some(pair.0));
            }
        }
        Ok(None)
    }
}

fn item_of(directory: &str, record: &ScimRecord) -> Item {
    let key = record_key(directory, record.kind, &record.id);
    record.write().with_key(&key)
}

/// The steps that list a record under its keys, and not under those it had.
fn rekeyed(directory: &str, record: &ScimRecord, known: &Keys) -> Vec<Step> {
    let gone = known.difference(&record.keys);
    let gone = gone.map(|pair| Step::Delete(index_key(directory, record, pair), Over::Anything));
    let new = record.keys.difference(known).map(|pair| {
        let item = Item::at(&index_key(directory, record, pair)).with_text("id", &record.id);
        let is_unique = pair.0.is_unique(record.kind);
        Step::Put(item, if is_unique { Over::Nothing } else { Over::Anything })
    });
    gone.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_whoever_died_ends_by_itself() {
        let at = |minutes| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let mut load = Load::new(at(5));
        let record = ScimRecord {
            kind: RecordKind::Group,
            id: "g1".to_owned(),
            version: 2,
            created: at(0),
            changed: at(5),
            keys: Keys::new(),
            body: "{}".to_owned(),
        };
        let gone = |count: usize| (0..count).map(|n| n.to_string()).collect::<BTreeSet<_>>();
        let marked = |load: &Load| {
            let item = load.steps.iter().find_map(|step| match step {
                Step::Put(item, Over::Version(7)) => Some(item.clone()),
                _ => None,
            });
            [5, 6].map(|minutes| is_busy(item.as_ref().unwrap(), at(minutes)).unwrap())
        };
        load.change("corp", (&record, Over::Version(7)), &BTreeSet::new(), &gone(MEMBERS_AT_ONCE));
        assert!(load.behind.is_none());
        assert_eq!((load.steps.len(), marked(&load)), (81, [false, false]));
        let mut load = Load::new(at(5));
        load.change("corp", (&record, Over::Version(7)), &BTreeSet::new(), &gone(41));
        let pairs = load.behind.as_ref().map(|behind| behind.pairs.len());
        assert_eq!((load.steps.len(), pairs, marked(&load)), (1, Some(41), [true, false]));
    }
}

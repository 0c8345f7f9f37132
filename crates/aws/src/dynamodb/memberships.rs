//! Who was in which group.
//!
//! An item for each group in one partition, and one for each membership in the partition of its
//! group; the index finds a membership by its id. A reading is taken over group by group and writes
//! only what changed. While that goes on, a group is known with those whom either reading found, so
//! nobody is missed.

mod group;

use super::DynamoStore;
use super::change::{Change, Manner, Record, Turn};
use super::failure::damaged;
use super::item::{Item, floor};
use super::keys::Key;
use super::wire::{Query, Sort};
use access::ids::{GroupId, MembershipId, PersonId};
use async_trait::async_trait;
use control::event::Membership;
use control::ports::{
    FormerGroup, GroupReading, KEPT_DAYS, MembershipIndex, Memberships, StoreError,
};
use futures::future;
use group::{GROUPS, Group, Member, group_key, lookup, member_key};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const TAKE_OVER: &str = "remember the groups";
const REMEMBER: &str = "remember memberships";
const LOOK_UP: &str = "look a group up";

/// How many groups are compared at a time.
const GROUPS_AT_ONCE: usize = 8;

#[async_trait]
impl MembershipIndex for DynamoStore {
    async fn take_over(&self, memberships: &Memberships, now: Timestamp) -> Result<(), StoreError> {
        match memberships {
            Memberships::Some(found) => self.add_memberships(found).await,
            Memberships::Complete(groups) => self.replace_groups(groups, Moment::of(now)).await,
        }
    }

    async fn learn(&self, membership: &Membership) -> Result<(), StoreError> {
        self.add_memberships(std::slice::from_ref(membership)).await
    }

    async fn membership(&self, id: &MembershipId) -> Result<Option<Membership>, StoreError> {
        const LOOK: &str = "look a membership up";
        let items = self.query(LOOK, Query::index(lookup(id), Sort::Index)).await?;
        let mut members = self.records::<Member>(LOOK, &items)?;
        // What an event told never replaces what was read.
        members.sort_by_key(|member| member.told);
        let first = members.into_iter().next();
        Ok(first.map(|Member { group, id, person, .. }| Membership { id, group, person }))
    }

    async fn group(&self, id: &GroupId) -> Result<Option<FormerGroup>, StoreError> {
        let Some(item) = self.get(LOOK_UP, &group_key(id)).await? else { return Ok(None) };
        let group = self.record::<Group>(LOOK_UP, &item)?;
        let Some(display_name) = group.name else { return Ok(None) };
        let members = self.members(LOOK_UP, id).await?;
        let present = members.iter().filter(|member| member.gone.is_none());
        let present = present.map(|member| member.person.clone()).collect();
        let members = members.into_iter().map(|member| member.person).collect();
        Ok(Some(FormerGroup { display_name, was_read: group.was_read, members, present }))
    }
}

/// When a reading was made, and before when what was gone is forgotten. In microseconds.
#[derive(Debug, Clone, Copy)]
struct Moment {
    now: i64,
    long_ago: i64,
}

impl Moment {
    fn of(now: Timestamp) -> Self {
        let kept = SignedDuration::from_hours(24 * KEPT_DAYS);
        let long_ago = now.checked_sub(kept).unwrap_or(Timestamp::MIN);
        Self { now: floor(now), long_ago: floor(long_ago) }
    }

    fn is_forgotten(self, gone: Option<i64>) -> bool {
        gone.is_some_and(|gone| gone < self.long_ago)
    }
}

impl DynamoStore {
    /// Adds memberships that are not known. Most are, and then nothing is written.
    async fn add_memberships(&self, memberships: &[Membership]) -> Result<(), StoreError> {
        // First the groups, so that the next complete reading looks at them.
        let groups: BTreeMap<Key, &GroupId> =
            memberships.iter().map(|new| (group_key(&new.group), &new.group)).collect();
        let new: BTreeMap<Key, &Membership> =
            memberships.iter().map(|new| (member_key(&new.group, &new.id), new)).collect();
        let (group_keys, member_keys): (BTreeSet<Key>, BTreeSet<Key>) =
            (groups.keys().cloned().collect(), new.keys().cloned().collect());
        let (known_groups, known) = future::try_join(
            self.get_all(REMEMBER, &group_keys),
            self.get_all(REMEMBER, &member_keys),
        )
        .await?;
        let turn = |key: &Key, old: Option<Group>| {
            let change = match (old, groups.get(key)) {
                (Some(group), _) if group.has_members => Change::Keep,
                (Some(group), _) => Change::Put(Group { has_members: true, ..group }),
                (None, Some(id)) => Change::Put(Group::told(id)),
                (None, None) => Change::Keep,
            };
            Turn::alone(change, ())
        };
        self.change_found(REMEMBER, (group_keys, known_groups), Manner::Each, turn).await?;
        let turn = |key: &Key, old: Option<Member>| {
            let change = match (old, new.get(key)) {
                (None, Some(Membership { id, group, person })) => Change::Put(Member {
                    group: group.clone(),
                    id: id.clone(),
                    person: person.clone(),
                    told: true,
                    gone: None,
                }),
                _ => Change::Keep,
            };
            Turn::alone(change, ())
        };
        self.change_found(REMEMBER, (member_keys, known), Manner::Together, turn).await?;
        Ok(())
    }

    /// Takes over a complete reading.
    async fn replace_groups(
        &self,
        found: &BTreeMap<GroupId, GroupReading>,
        moment: Moment,
    ) -> Result<(), StoreError> {
        let items = self.query(TAKE_OVER, Query::all(GROUPS)).await?;
        let known = self.records::<Group>(TAKE_OVER, &items)?;
        let mut known: BTreeMap<GroupId, Group> =
            known.into_iter().map(|group| (group.id.clone(), group)).collect();
        let mut changed: BTreeMap<Key, (&GroupId, Option<&GroupReading>)> = BTreeMap::new();
        let mut work: Vec<(GroupId, Option<&BTreeMap<MembershipId, PersonId>>)> = Vec::new();
        for (id, reading) in found {
            let old = known.remove(id);
            let new = Group::found(old.as_ref(), id, reading);
            if new.has_members {
                work.push((id.clone(), reading.members.as_ref()));
            }
            if old.as_ref() != Some(&new) {
                changed.insert(group_key(id), (id, Some(reading)));
            }
        }
        // What is left was not found.
        work.extend(known.values().filter(|g| g.has_members).map(|group| (group.id.clone(), None)));
        for group in known.values().filter(|group| group.name.is_some() && group.gone.is_none()) {
            changed.insert(group_key(&group.id), (&group.id, None));
        }
        let turn = |key: &Key, old: Option<Group>| {
            let new = match changed.get(key) {
                Some((id, Some(reading))) => Some(Group::found(old.as_ref(), id, reading)),
                _ => old.map(|group| Group { gone: group.gone.or(Some(moment.now)), ..group }),
            };
            Turn::alone(new.map_or(Change::Keep, Change::Put), ())
        };
        self.change(TAKE_OVER, changed.keys().cloned().collect(), Manner::Together, turn).await?;
        let mut empty: BTreeSet<GroupId> = BTreeSet::new();
        for some in work.chunks(GROUPS_AT_ONCE) {
            let replaced =
                some.iter().map(|(id, members)| self.replace_members(id, *members, moment));
            let replaced = future::try_join_all(replaced).await?;
            let gone = some.iter().zip(replaced).filter(|(_, is_empty)| *is_empty);
            empty.extend(gone.map(|((id, _), _)| id.clone()));
        }
        let forgotten = known.values().filter(|group| {
            let is_over = group.name.is_none() || moment.is_forgotten(group.gone);
            is_over && (!group.has_members || empty.contains(&group.id))
        });
        let forgotten = forgotten.map(|group| group_key(&group.id)).collect();
        self.write_all(TAKE_OVER, Vec::new(), forgotten).await
    }

    /// Takes over the memberships of a group; `None`: they were not read. Whether none is left.
    async fn replace_members(
        &self,
        group: &GroupId,
        found: Option<&BTreeMap<MembershipId, PersonId>>,
        moment: Moment,
    ) -> Result<bool, StoreError> {
        let known = self.members(TAKE_OVER, group).await?;
        let (mut puts, mut deletes, mut present) = (Vec::new(), Vec::new(), BTreeSet::new());
        for member in &known {
            match found.and_then(|found| found.get(&member.id)) {
                Some(person) => {
                    let is_same = *person == member.person && member.gone.is_none() && !member.told;
                    if is_same {
                        present.insert(&member.id);
                    }
                }
                None if moment.is_forgotten(member.gone) => {
                    deletes.push(member_key(group, &member.id));
                }
                None if member.gone.is_none() => {
                    puts.push(Member { gone: Some(moment.now), ..member.clone() }.write());
                }
                None => {}
            }
        }
        for (id, person) in found.into_iter().flatten().filter(|(id, _)| !present.contains(id)) {
            let (group, id, person) = (group.clone(), id.clone(), person.clone());
            puts.push(Member { group, id, person, told: false, gone: None }.write());
        }
        let is_empty = deletes.len() == known.len() && found.is_none_or(BTreeMap::is_empty);
        self.write_all(TAKE_OVER, puts, deletes).await?;
        Ok(is_empty)
    }

    async fn members(
        &self,
        operation: &'static str,
        group: &GroupId,
    ) -> Result<Vec<Member>, StoreError> {
        let items = self.query(operation, Query::all(group::partition(group))).await?;
        self.records(operation, &items)
    }

    fn records<R: Record>(
        &self,
        operation: &'static str,
        items: &[Item],
    ) -> Result<Vec<R>, StoreError> {
        items.iter().map(|item| self.record(operation, item)).collect()
    }

    /// What the item holds.
    pub(super) fn record<R: Record>(
        &self,
        operation: &'static str,
        item: &Item,
    ) -> Result<R, StoreError> {
        R::read(item).map_err(|d| damaged(&self.table, operation, Key::of(item).as_ref(), &d))
    }
}

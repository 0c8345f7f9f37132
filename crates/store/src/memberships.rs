//! Who was in which group.
//!
//! A complete reading of a large directory is taken over a few groups at a time, and only what
//! changed is written: nobody waits long for the file.

use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use access::ids::{GroupId, MembershipId, PersonId};
use async_trait::async_trait;
use control::event::Membership;
use control::ports::{
    FormerGroup, GroupReading, KEPT_DAYS, MembershipIndex, Memberships, StoreError,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::collections::{BTreeMap, BTreeSet};

const TAKE_OVER: &str = "remember the groups";
const LOOK_UP: &str = "look a group up";

/// About so many memberships are compared in one transaction: some milliseconds.
const BATCH: usize = 5_000;

type Members = BTreeMap<MembershipId, PersonId>;

#[async_trait]
impl MembershipIndex for SqliteStore {
    async fn take_over(&self, memberships: &Memberships, now: Timestamp) -> Result<(), StoreError> {
        match memberships {
            Memberships::Some(found) => self.add(found).await,
            Memberships::Complete(groups) => {
                let now = microseconds::floor(now);
                self.replace_groups(groups, now).await?;
                let mut batch: Vec<(GroupId, Members)> = Vec::new();
                let mut size = 0;
                for (id, group) in groups {
                    let Some(members) = &group.members else { continue };
                    size += members.len() + 1;
                    batch.push((id.clone(), members.clone()));
                    if size >= BATCH {
                        self.replace_members(std::mem::take(&mut batch), now).await?;
                        size = 0;
                    }
                }
                self.replace_members(batch, now).await
            }
        }
    }

    async fn learn(&self, membership: &Membership) -> Result<(), StoreError> {
        self.add(std::slice::from_ref(membership)).await
    }

    async fn membership(&self, id: &MembershipId) -> Result<Option<Membership>, StoreError> {
        let id = id.clone();
        self.read("look a membership up", move |connection| {
            let row = connection
                .prepare_cached("SELECT group_id, person FROM membership WHERE id = ?1")?
                .query_row(params![id.as_str()], |row| {
                    let (group, person): (String, String) = (row.get(0)?, row.get(1)?);
                    Ok((parsed(0, GroupId::parse(group))?, parsed(1, PersonId::parse(person))?))
                })
                .optional()?;
            Ok(row.map(|(group, person)| Membership { id, group, person }))
        })
        .await
    }

    async fn group(&self, id: &GroupId) -> Result<Option<FormerGroup>, StoreError> {
        let id = id.clone();
        self.read(LOOK_UP, move |connection| {
            let found = connection
                .prepare_cached("SELECT name, was_read FROM directory_group WHERE id = ?1")?
                .query_row(params![id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((display_name, was_read)) = found else { return Ok(None) };
            let mut statement = connection.prepare_cached(
                "SELECT person, gone IS NULL FROM membership WHERE group_id = ?1",
            )?;
            let mut rows = statement.query(params![id.as_str()])?;
            let (mut members, mut present) = (BTreeSet::new(), BTreeSet::new());
            while let Some(row) = rows.next()? {
                let person = parsed(0, PersonId::parse(row.get::<_, String>(0)?))?;
                if row.get(1)? {
                    present.insert(person.clone());
                }
                members.insert(person);
            }
            Ok(Some(FormerGroup { display_name, was_read, members, present }))
        })
        .await
    }
}

impl SqliteStore {
    /// Adds memberships that are not known. Most are, and then nothing is written.
    async fn add(&self, memberships: &[Membership]) -> Result<(), StoreError> {
        if memberships.is_empty() {
            return Ok(());
        }
        let memberships = memberships.to_vec();
        self.write("remember memberships", move |transaction| {
            let mut add = transaction.prepare_cached(
                "INSERT INTO membership (id, group_id, person) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO NOTHING",
            )?;
            for Membership { id, group, person } in &memberships {
                add.execute(params![id.as_str(), group.as_str(), person.as_str()])?;
            }
            Ok(())
        })
        .await
    }

    /// Takes over which groups there are, and forgets what has been gone for long.
    async fn replace_groups(
        &self,
        groups: &BTreeMap<GroupId, GroupReading>,
        now: i64,
    ) -> Result<(), StoreError> {
        let found: BTreeMap<String, (String, bool)> = groups
            .iter()
            .map(|(id, group)| {
                (id.as_str().to_owned(), (group.display_name.clone(), group.members.is_some()))
            })
            .collect();
        let (known, strays) = self
            .read(TAKE_OVER, |connection| Ok((known_groups(connection)?, strays(connection)?)))
            .await?;
        let read: BTreeSet<String> =
            found.iter().filter(|(_, (_, was_read))| *was_read).map(|(id, _)| id.clone()).collect();
        let gone: Vec<String> =
            known.keys().filter(|id| !found.contains_key(*id)).cloned().collect();
        let changed: Vec<(String, (String, bool))> =
            found.into_iter().filter(|(id, group)| known.get(id) != Some(group)).collect();
        let long_ago = now.saturating_sub(kept_microseconds());
        self.write(TAKE_OVER, move |transaction| {
            forget(transaction, long_ago)?;
            let mut put = transaction.prepare_cached(
                "INSERT INTO directory_group (id, name, was_read) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE
                 SET name = excluded.name, was_read = excluded.was_read, gone = NULL",
            )?;
            for (id, (name, was_read)) in &changed {
                put.execute(params![id, name, was_read])?;
            }
            // Events also tell of groups whose members nobody reads, or that are made up.
            let strays = strays.iter().filter(|(group, _)| !read.contains(group));
            for (_, membership) in strays {
                transaction
                    .prepare_cached("UPDATE membership SET gone = ?2 WHERE id = ?1")?
                    .execute(params![membership, now])?;
            }
            for id in &gone {
                transaction
                    .prepare_cached("UPDATE directory_group SET gone = ?2 WHERE id = ?1")?
                    .execute(params![id, now])?;
                transaction
                    .prepare_cached(
                        "UPDATE membership SET gone = ?2 WHERE group_id = ?1 AND gone IS NULL",
                    )?
                    .execute(params![id, now])?;
            }
            Ok(())
        })
        .await
    }

    /// Takes over the memberships of these groups.
    async fn replace_members(
        &self,
        groups: Vec<(GroupId, Members)>,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(TAKE_OVER, move |transaction| {
            for (group, found) in &groups {
                replace(transaction, group, found, now)?;
            }
            Ok(())
        })
        .await
    }
}

/// Takes over the memberships of one group.
fn replace(
    transaction: &Transaction<'_>,
    group: &GroupId,
    found: &Members,
    now: i64,
) -> rusqlite::Result<()> {
    let before = present(transaction, group)?;
    for id in before.keys().filter(|id| !found.contains_key(*id)) {
        transaction
            .prepare_cached("UPDATE membership SET gone = ?2 WHERE id = ?1")?
            .execute(params![id.as_str(), now])?;
    }
    for (id, person) in found.iter().filter(|(id, person)| before.get(id) != Some(person)) {
        transaction
            .prepare_cached(
                "INSERT INTO membership (id, group_id, person) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET group_id = excluded.group_id,
                     person = excluded.person, gone = NULL",
            )?
            .execute(params![id.as_str(), group.as_str(), person.as_str()])?;
    }
    Ok(())
}

/// Name and state of the groups that are there.
fn known_groups(connection: &Connection) -> rusqlite::Result<BTreeMap<String, (String, bool)>> {
    connection
        .prepare_cached("SELECT id, name, was_read FROM directory_group WHERE gone IS NULL")?
        .query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
        .collect()
}

/// Memberships of groups whose members were not read, each with its group.
fn strays(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    connection
        .prepare_cached(
            "SELECT group_id, id FROM membership
             WHERE gone IS NULL AND group_id NOT IN
                (SELECT id FROM directory_group WHERE gone IS NULL AND was_read = 1)",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// The memberships of a group that are there.
fn present(connection: &Connection, group: &GroupId) -> rusqlite::Result<Members> {
    connection
        .prepare_cached("SELECT id, person FROM membership WHERE group_id = ?1 AND gone IS NULL")?
        .query_map(params![group.as_str()], |row| {
            let (id, person): (String, String) = (row.get(0)?, row.get(1)?);
            Ok((parsed(0, MembershipId::parse(id))?, parsed(1, PersonId::parse(person))?))
        })?
        .collect()
}

/// Forgets groups and memberships that were gone before then.
fn forget(transaction: &Transaction<'_>, long_ago: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM directory_group WHERE gone IS NOT NULL AND gone < ?1")?
        .execute(params![long_ago])?;
    transaction
        .prepare_cached("DELETE FROM membership WHERE gone IS NOT NULL AND gone < ?1")?
        .execute(params![long_ago])?;
    Ok(())
}

fn kept_microseconds() -> i64 {
    let kept = SignedDuration::from_hours(24 * KEPT_DAYS).as_micros();
    i64::try_from(kept).unwrap_or(i64::MAX)
}

//! What identity providers pushed by SCIM.
//!
//! A record is a row; what it is found by and who is in it are rows of their own. So a change writes as
//! many rows as it has parts, however large the group is.

use crate::audit::append;
use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use crate::tally;
use async_trait::async_trait;
use control::ports::{
    AuditEntry, FoundRecord, RecordChange, RecordCounts, RecordKey, RecordKind, RecordMember,
    RecordStart, RecordWritten, ScimRecord, ScimRecords, StoreError,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of [`record`].
const RECORD: &str = "r.kind, r.id, r.version, r.created, r.changed, r.keys, r.body";

/// So many rows are read where they are asked for; more by a thread that may block.
const GLANCED: usize = 200;

type Keys = BTreeSet<(RecordKey, String)>;

#[async_trait]
impl ScimRecords for SqliteStore {
    async fn scim_records(
        &self,
        directory: &str,
        kind: RecordKind,
        ids: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, ScimRecord>, StoreError> {
        const OPERATION: &str = "read pushed records";
        if ids.len() <= GLANCED {
            return self.glance(OPERATION, |connection| some(connection, directory, kind, ids));
        }
        let (directory, ids) = (directory.to_owned(), ids.clone());
        self.read(OPERATION, move |connection| some(connection, &directory, kind, &ids)).await
    }

    async fn scim_find(
        &self,
        directory: &str,
        kind: RecordKind,
        key: RecordKey,
        value: &str,
        most: u32,
    ) -> Result<Vec<FoundRecord>, StoreError> {
        // Few have one value of a key, whatever the limit is.
        self.glance("look for pushed records", |connection| {
            let sql = format!(
                "SELECT {RECORD} FROM scim_key k JOIN scim_record r
                    ON r.directory = k.directory AND r.kind = k.kind AND r.id = k.id
                 WHERE k.directory = ?1 AND k.kind = ?2 AND k.key = ?3 AND k.value = ?4
                 ORDER BY k.id LIMIT ?5"
            );
            let mut select = connection.prepare_cached(&sql)?;
            let key = params![directory, kind.as_str(), key.as_str(), value, most];
            select
                .query_map(key, |row| {
                    let record = record(row)?;
                    // The statement is not over yet, so this reads in its transaction: a lock of the file
                    // costs as much as what is read.
                    let groups = match kind {
                        RecordKind::User => Some(groups_of(connection, directory, &record.id)?),
                        RecordKind::Group => None,
                    };
                    Ok(FoundRecord { record, groups })
                })?
                .collect()
        })
    }

    async fn scim_page(
        &self,
        directory: &str,
        kind: RecordKind,
        start: &RecordStart,
        most: u32,
    ) -> Result<Vec<ScimRecord>, StoreError> {
        let directory = directory.to_owned();
        let (after, skip) = match start {
            RecordStart::Skip(count) => (String::new(), tally::stored(*count)),
            RecordStart::After(id) => (id.clone(), 0),
        };
        self.read("read a page of pushed records", move |connection| {
            // Skipped over in the index: no body is read for it.
            let sql = format!(
                "SELECT {RECORD} FROM scim_record r
                 WHERE r.directory = ?1 AND r.kind = ?2 AND r.id IN
                    (SELECT id FROM scim_record
                     WHERE directory = ?1 AND kind = ?2 AND id > ?3
                     ORDER BY id LIMIT ?4 OFFSET ?5)
                 ORDER BY r.id"
            );
            connection
                .prepare_cached(&sql)?
                .query_map(params![directory, kind.as_str(), after, most, skip], record)?
                .collect()
        })
        .await
    }

    async fn scim_members(
        &self,
        directory: &str,
        group: &str,
        most: u32,
    ) -> Result<BTreeSet<RecordMember>, StoreError> {
        let (directory, group) = (directory.to_owned(), group.to_owned());
        self.read("read who is in a pushed group", move |connection| {
            connection
                .prepare_cached(
                    "SELECT member, kind FROM scim_member WHERE directory = ?1 AND group_id = ?2
                     ORDER BY member LIMIT ?3",
                )?
                .query_map(params![directory, group, most], |row| {
                    Ok(RecordMember { id: row.get(0)?, kind: kind_of(row, 1)? })
                })?
                .collect()
        })
        .await
    }

    async fn scim_groups_of(
        &self,
        directory: &str,
        member: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.glance("read in which pushed groups somebody is", |connection| {
            groups_of(connection, directory, member)
        })
    }

    async fn scim_write(
        &self,
        directory: &str,
        change: &RecordChange,
        entry: &AuditEntry,
    ) -> Result<RecordWritten, StoreError> {
        let (directory, change, entry) = (directory.to_owned(), change.clone(), entry.clone());
        let keys = self.keys.clone();
        self.write("write what was pushed", move |transaction| {
            let written = write(transaction, &directory, &change)?;
            if written == RecordWritten::Done {
                // If this fails, all is undone.
                append(transaction, &entry, keys.as_deref())?;
            }
            Ok(written)
        })
        .await
    }

    async fn scim_counts(&self, directory: &str) -> Result<RecordCounts, StoreError> {
        self.glance("count what was pushed", |connection| {
            let counts = connection
                .prepare_cached(
                    "SELECT users, groups, changed FROM scim_count WHERE directory = ?1",
                )?
                .query_row([directory], |row| {
                    Ok(RecordCounts {
                        users: tally::read(row.get(0)?),
                        groups: tally::read(row.get(1)?),
                        changed: Some(microseconds::read(2, row.get(2)?)?),
                    })
                })
                .optional()?;
            Ok(counts.unwrap_or_default())
        })
    }
}

fn write(
    transaction: &Transaction<'_>,
    directory: &str,
    change: &RecordChange,
) -> rusqlite::Result<RecordWritten> {
    match change {
        RecordChange::Create { record, members } => {
            if let Some(key) = taken(transaction, directory, record, &Keys::new())? {
                return Ok(RecordWritten::Taken(key));
            }
            insert(transaction, directory, record)?;
            rekey(transaction, directory, record, &Keys::new())?;
            join(transaction, directory, &record.id, members)?;
            count(transaction, directory, record.kind, 1, record.changed)?;
        }
        RecordChange::Update { record, over, added, removed } => {
            let known = one(transaction, directory, record.kind, &record.id)?;
            let Some(known) = known.filter(|known| known.version == *over) else {
                return Ok(RecordWritten::Stale);
            };
            if let Some(key) = taken(transaction, directory, record, &known.keys)? {
                return Ok(RecordWritten::Taken(key));
            }
            replace(transaction, directory, record)?;
            rekey(transaction, directory, record, &known.keys)?;
            leave(transaction, directory, &record.id, removed)?;
            join(transaction, directory, &record.id, added)?;
            count(transaction, directory, record.kind, 0, record.changed)?;
        }
        RecordChange::Delete { kind, id, over, at } => {
            let known = one(transaction, directory, *kind, id)?;
            let Some(known) = known.filter(|known| known.version == *over) else {
                return Ok(RecordWritten::Stale);
            };
            raise(transaction, directory, id, *at)?;
            delete(transaction, directory, &known)?;
            count(transaction, directory, *kind, -1, *at)?;
        }
    }
    Ok(RecordWritten::Done)
}

fn groups_of(
    connection: &Connection,
    directory: &str,
    member: &str,
) -> rusqlite::Result<BTreeSet<String>> {
    connection
        .prepare_cached("SELECT group_id FROM scim_member WHERE directory = ?1 AND member = ?2")?
        .query_map(params![directory, member], |row| row.get(0))?
        .collect()
}

fn some(
    connection: &Connection,
    directory: &str,
    kind: RecordKind,
    ids: &BTreeSet<String>,
) -> rusqlite::Result<BTreeMap<String, ScimRecord>> {
    let found = ids.iter().map(|id| {
        let record = one(connection, directory, kind, id)?;
        Ok(record.map(|record| (id.clone(), record)))
    });
    found.filter_map(Result::transpose).collect()
}

fn one(
    connection: &Connection,
    directory: &str,
    kind: RecordKind,
    id: &str,
) -> rusqlite::Result<Option<ScimRecord>> {
    let sql = format!(
        "SELECT {RECORD} FROM scim_record r WHERE directory = ?1 AND kind = ?2 AND id = ?3"
    );
    connection
        .prepare_cached(&sql)?
        .query_row(params![directory, kind.as_str(), id], record)
        .optional()
}

/// The unique key of the record that another record has. Those that it has itself are its own.
fn taken(
    transaction: &Transaction<'_>,
    directory: &str,
    record: &ScimRecord,
    known: &Keys,
) -> rusqlite::Result<Option<RecordKey>> {
    let unique = record.keys.difference(known).filter(|(key, _)| key.is_unique(record.kind));
    for (key, value) in unique {
        let other: Option<i64> = transaction
            .prepare_cached(
                "SELECT 1 FROM scim_key
                 WHERE directory = ?1 AND kind = ?2 AND key = ?3 AND value = ?4 AND id <> ?5 LIMIT 1",
            )?
            .query_row(
                params![directory, record.kind.as_str(), key.as_str(), value, record.id],
                |row| row.get(0),
            )
            .optional()?;
        if other.is_some() {
            return Ok(Some(*key));
        }
    }
    Ok(None)
}

fn insert(
    transaction: &Transaction<'_>,
    directory: &str,
    record: &ScimRecord,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO scim_record (directory, kind, id, version, created, changed, keys, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            directory,
            record.kind.as_str(),
            record.id,
            tally::stored(record.version),
            microseconds::floor(record.created),
            microseconds::floor(record.changed),
            keys_text(&record.keys)?,
            record.body,
        ])?;
    Ok(())
}

fn replace(
    transaction: &Transaction<'_>,
    directory: &str,
    record: &ScimRecord,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE scim_record SET version = ?4, changed = ?5, keys = ?6, body = ?7
             WHERE directory = ?1 AND kind = ?2 AND id = ?3",
        )?
        .execute(params![
            directory,
            record.kind.as_str(),
            record.id,
            tally::stored(record.version),
            microseconds::floor(record.changed),
            keys_text(&record.keys)?,
            record.body,
        ])?;
    Ok(())
}

fn keys_text(keys: &Keys) -> rusqlite::Result<String> {
    serde_json::to_string(keys)
        .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))
}

/// Writes the rows of the keys that are new, and removes those that are no more.
fn rekey(
    transaction: &Transaction<'_>,
    directory: &str,
    record: &ScimRecord,
    known: &Keys,
) -> rusqlite::Result<()> {
    let kind = record.kind.as_str();
    for (key, value) in known.difference(&record.keys) {
        transaction
            .prepare_cached(
                "DELETE FROM scim_key
                 WHERE directory = ?1 AND kind = ?2 AND key = ?3 AND value = ?4 AND id = ?5",
            )?
            .execute(params![directory, kind, key.as_str(), value, record.id])?;
    }
    for (key, value) in record.keys.difference(known) {
        transaction
            .prepare_cached(
                "INSERT INTO scim_key (directory, kind, key, value, id) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![directory, kind, key.as_str(), value, record.id])?;
    }
    Ok(())
}

fn join(
    transaction: &Transaction<'_>,
    directory: &str,
    group: &str,
    members: &BTreeSet<RecordMember>,
) -> rusqlite::Result<()> {
    let mut add = transaction.prepare_cached(
        "INSERT INTO scim_member (directory, group_id, member, kind)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS
            (SELECT 1 FROM scim_record WHERE directory = ?1 AND kind = ?4 AND id = ?3)
         ON CONFLICT DO NOTHING",
    )?;
    for member in members {
        add.execute(params![directory, group, member.id, member.kind.as_str()])?;
    }
    Ok(())
}

fn leave(
    transaction: &Transaction<'_>,
    directory: &str,
    group: &str,
    members: &BTreeSet<String>,
) -> rusqlite::Result<()> {
    let mut remove = transaction.prepare_cached(
        "DELETE FROM scim_member WHERE directory = ?1 AND group_id = ?2 AND member = ?3",
    )?;
    for member in members {
        remove.execute(params![directory, group, member])?;
    }
    Ok(())
}

/// Raises the version of each group that this is in.
fn raise(
    transaction: &Transaction<'_>,
    directory: &str,
    member: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE scim_record SET version = version + 1, changed = max(changed, ?3)
             WHERE directory = ?1 AND kind = 'group' AND id IN
                (SELECT group_id FROM scim_member WHERE directory = ?1 AND member = ?2)",
        )?
        .execute(params![directory, member, microseconds::floor(at)])?;
    Ok(())
}

/// Removes a record with its keys and memberships.
fn delete(
    transaction: &Transaction<'_>,
    directory: &str,
    known: &ScimRecord,
) -> rusqlite::Result<()> {
    let nothing = ScimRecord { keys: Keys::new(), ..known.clone() };
    rekey(transaction, directory, &nothing, &known.keys)?;
    for sql in [
        "DELETE FROM scim_member WHERE directory = ?1 AND group_id = ?2",
        "DELETE FROM scim_member WHERE directory = ?1 AND member = ?2",
    ] {
        transaction.prepare_cached(sql)?.execute(params![directory, known.id])?;
    }
    transaction
        .prepare_cached("DELETE FROM scim_record WHERE directory = ?1 AND kind = ?2 AND id = ?3")?
        .execute(params![directory, known.kind.as_str(), known.id])?;
    Ok(())
}

fn count(
    transaction: &Transaction<'_>,
    directory: &str,
    kind: RecordKind,
    by: i64,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let (users, groups) = match kind {
        RecordKind::User => (by, 0),
        RecordKind::Group => (0, by),
    };
    transaction
        .prepare_cached(
            "INSERT INTO scim_count (directory, users, groups, changed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (directory) DO UPDATE SET
                users = users + ?2, groups = groups + ?3, changed = max(changed, ?4)",
        )?
        .execute(params![directory, users, groups, microseconds::floor(at)])?;
    Ok(())
}

fn record(row: &Row<'_>) -> rusqlite::Result<ScimRecord> {
    let keys: String = row.get(5)?;
    Ok(ScimRecord {
        kind: kind_of(row, 0)?,
        id: row.get(1)?,
        version: tally::read(row.get(2)?),
        created: microseconds::read(3, row.get(3)?)?,
        changed: microseconds::read(4, row.get(4)?)?,
        keys: parsed(5, serde_json::from_str(&keys))?,
        body: row.get(6)?,
    })
}

/// A kind that a column holds.
fn kind_of(row: &Row<'_>, column: usize) -> rusqlite::Result<RecordKind> {
    let text: String = row.get(column)?;
    RecordKind::parse(&text).ok_or_else(|| {
        rusqlite::Error::InvalidColumnType(column, text, rusqlite::types::Type::Text)
    })
}

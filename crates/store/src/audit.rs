//! The audit log: one chain, whose numbers are the row ids. Triggers of the schema refuse to change or
//! remove what was written.
//!
//! An entry is sealed in the transaction that appends it, so whoever shares the file shares the chain.

mod chain;

pub(crate) use chain::append;

use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{
    Actor, AuditEntry, AuditFilter, AuditLog, AuditPage, ChainHead, ChainId, ChainRow, NO_CURSOR,
    REFERENCE, Seal, SealedEntry, StoreError,
};
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;

/// The one chain of a file.
const CHAIN: &str = "main";

const COLUMNS: &str = "id, at, event, code, actor, person, team, change, before, after, details, \
                       prev, hash, key, mac";

#[async_trait]
impl AuditLog for SqliteStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let (entry, keys) = (entry.clone(), self.keys.clone());
        self.write("append to the audit log", move |transaction| {
            chain::append(transaction, &entry, keys.as_deref())
        })
        .await
    }

    async fn foreign_key(&self) -> Result<Option<String>, StoreError> {
        let keys = self.keys.clone();
        self.read("see which key the audit log is sealed with", move |connection| {
            chain::foreign_key(connection, keys.as_deref())
        })
        .await
    }

    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.read("read the audit log", move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM audit WHERE id > 0 ORDER BY id DESC LIMIT ?1");
            connection.prepare_cached(&sql)?.query_map([limit], entry)?.collect()
        })
        .await
    }

    async fn of_person(
        &self,
        person: &PersonId,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let person = person.clone();
        self.read("read the audit log of a person", move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM audit WHERE person = ?1 AND id > 0 ORDER BY id DESC LIMIT ?2"
            );
            let mut newest_first: Vec<AuditEntry> = connection
                .prepare_cached(&sql)?
                .query_map(params![person.as_str(), limit], entry)?
                .collect::<rusqlite::Result<_>>()?;
            newest_first.reverse();
            Ok(newest_first)
        })
        .await
    }

    async fn page(
        &self,
        filter: &AuditFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<AuditPage, StoreError> {
        const OPERATION: &str = "read the audit log";
        let before: i64 = match cursor.map(str::parse) {
            None => i64::MAX,
            Some(Ok(before)) => before,
            Some(Err(_)) => {
                let message = NO_CURSOR.to_owned();
                return Err(StoreError { operation: OPERATION, message });
            }
        };
        let filter = filter.clone();
        self.read(OPERATION, move |connection| page(connection, &filter, before, limit)).await
    }

    async fn chains(&self) -> Result<Vec<ChainHead>, StoreError> {
        const OPERATION: &str = "see how far the audit log goes";
        if self.read(OPERATION, chain::is_unsealed).await? {
            let keys = self.keys.clone();
            self.write("seal the audit log", move |transaction| {
                chain::seal_old(transaction, keys.as_deref())
            })
            .await?;
        }
        let last = self.read(OPERATION, chain::last).await?;
        let head = last.map(|last| ChainHead {
            chain: ChainId(CHAIN.to_owned()),
            seq: last.head.seq,
            hash: last.head.hash,
        });
        Ok(head.into_iter().collect())
    }

    async fn chain(
        &self,
        chain: &ChainId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ChainRow>, StoreError> {
        if chain.0 != CHAIN {
            return Ok(Vec::new());
        }
        // From the very beginning: also what stands where no entry of ours is, so that it is found.
        let after = if after == 0 { i64::MIN } else { i64::try_from(after).unwrap_or(i64::MAX) };
        self.read("read the audit log", move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2");
            connection.prepare_cached(&sql)?.query_map([after, i64::from(limit)], row)?.collect()
        })
        .await
    }

    async fn forget(&self, chain: &ChainId, through: u64) -> Result<u64, StoreError> {
        if chain.0 != CHAIN {
            return Ok(0);
        }
        let through = i64::try_from(through).unwrap_or(i64::MAX);
        let mut forgotten = 0;
        loop {
            let gone = self
                .write("shorten the audit log", move |transaction| {
                    chain::forget(transaction, through)
                })
                .await?;
            forgotten += gone;
            if gone == 0 {
                return Ok(forgotten);
            }
        }
    }
}

fn page(
    connection: &Connection,
    filter: &AuditFilter,
    before: i64,
    limit: u32,
) -> rusqlite::Result<AuditPage> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit WHERE id < ?1 AND id > 0
         AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR at < ?3)
         AND (?4 IS NULL OR event = ?4) AND (?5 IS NULL OR code = ?5)
         AND (?6 IS NULL OR person = ?6) AND (?7 IS NULL OR team = ?7)
         AND (?8 IS NULL OR actor = ?8) AND (?9 IS NULL OR change = ?9)
         AND (?10 IS NULL OR CASE WHEN json_valid(details) THEN details ->> ?11 END = ?10)
         ORDER BY id DESC LIMIT ?12"
    );
    let mut items: Vec<SealedEntry> = connection
        .prepare_cached(&sql)?
        .query_map(
            params![
                before,
                filter.from.map(microseconds::ceil),
                filter.until.map(microseconds::ceil),
                filter.event,
                filter.code,
                filter.person,
                filter.team,
                filter.actor.as_ref().map(Actor::to_string),
                filter.change,
                filter.reference,
                REFERENCE,
                i64::from(limit) + 1,
            ],
            sealed,
        )?
        .collect::<rusqlite::Result<_>>()?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next = items.last().filter(|_| more).map(|last| last.seal.seq.to_string());
    Ok(AuditPage { items, next })
}

fn json(texts: &BTreeMap<String, String>) -> rusqlite::Result<String> {
    serde_json::to_string(texts)
        .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))
}

fn texts(row: &Row<'_>, index: usize) -> rusqlite::Result<BTreeMap<String, String>> {
    let text: String = row.get(index)?;
    parsed(index, serde_json::from_str(&text))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let actor: String = row.get(4)?;
    Ok(AuditEntry {
        at: microseconds::read(1, row.get(1)?)?,
        event: row.get(2)?,
        code: row.get(3)?,
        actor: parsed(4, actor.parse())?,
        person: row.get(5)?,
        team: row.get(6)?,
        change: row.get(7)?,
        before: texts(row, 8)?,
        after: texts(row, 9)?,
        details: texts(row, 10)?,
    })
}

/// What is in a place, entry or not.
fn row(row: &Row<'_>) -> rusqlite::Result<ChainRow> {
    let id: i64 = row.get(0)?;
    let mac: Option<Vec<u8>> = row.get(14)?;
    let entry = match mac {
        None => Err("it is not sealed".to_owned()),
        Some(_) => sealed(row).map_err(|error| error.to_string()),
    };
    Ok(ChainRow { seq: u64::try_from(id).unwrap_or(0), entry })
}

fn sealed(row: &Row<'_>) -> rusqlite::Result<SealedEntry> {
    let digest = |index| -> rusqlite::Result<String> {
        let bytes: Option<Vec<u8>> = row.get(index)?;
        Ok(bytes.map(hex::encode).unwrap_or_default())
    };
    let (id, key): (i64, Option<String>) = (row.get(0)?, row.get(13)?);
    let seal = Seal {
        chain: ChainId(CHAIN.to_owned()),
        seq: parsed(0, u64::try_from(id))?,
        prev: digest(11)?,
        place: None,
        hash: digest(12)?,
        key: key.unwrap_or_default(),
        mac: digest(14)?,
    };
    Ok(SealedEntry { entry: entry(row)?, seal })
}

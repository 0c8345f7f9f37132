//! The audit log. Triggers of the schema refuse to change or remove what was written.

use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{
    Actor, AuditEntry, AuditFilter, AuditLog, AuditPage, ChainId, Seal, SealedEntry, StoreError,
};
use rusqlite::{Connection, Row, Transaction, params};
use std::collections::BTreeMap;

/// The one chain of a file.
const CHAIN: &str = "main";

const COLUMNS: &str = "id, at, event, code, actor, person, team, change, before, after, details, \
                       prev, hash, key, mac";

#[async_trait]
impl AuditLog for SqliteStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let entry = entry.clone();
        self.write("append to the audit log", move |transaction| insert(transaction, &entry)).await
    }

    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.read("read the audit log", move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM audit ORDER BY id DESC LIMIT ?1");
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
            let sql =
                format!("SELECT {COLUMNS} FROM audit WHERE person = ?1 ORDER BY id DESC LIMIT ?2");
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
                let message = "the cursor is not one of this log's".to_owned();
                return Err(StoreError { operation: OPERATION, message });
            }
        };
        let filter = filter.clone();
        self.read(OPERATION, move |connection| page(connection, &filter, before, limit)).await
    }
}

fn insert(transaction: &Transaction<'_>, entry: &AuditEntry) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO audit
                 (at, event, code, actor, person, team, change, before, after, details)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            microseconds::floor(entry.at),
            entry.event,
            entry.code,
            entry.actor.to_string(),
            entry.person,
            entry.team,
            entry.change,
            json(&entry.before)?,
            json(&entry.after)?,
            json(&entry.details)?,
        ])?;
    Ok(())
}

fn page(
    connection: &Connection,
    filter: &AuditFilter,
    before: i64,
    limit: u32,
) -> rusqlite::Result<AuditPage> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit WHERE id < ?1
         AND (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR at < ?3)
         AND (?4 IS NULL OR event = ?4) AND (?5 IS NULL OR code = ?5)
         AND (?6 IS NULL OR person = ?6) AND (?7 IS NULL OR team = ?7)
         AND (?8 IS NULL OR actor = ?8) AND (?9 IS NULL OR change = ?9)
         ORDER BY id DESC LIMIT ?10"
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
        hash: digest(12)?,
        key: key.unwrap_or_default(),
        mac: digest(14)?,
    };
    Ok(SealedEntry { entry: entry(row)?, seal })
}

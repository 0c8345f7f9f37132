//! The audit log. Triggers of the schema refuse to change or remove what was written.

use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{AuditEntry, AuditLog, StoreError};
use rusqlite::{Row, params};

#[async_trait]
impl AuditLog for SqliteStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let entry = entry.clone();
        self.write("append to the audit log", move |transaction| {
            let details = serde_json::to_string(&entry.details)
                .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
            transaction
                .prepare_cached(
                    "INSERT INTO audit (at, event, code, person, team, details)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    microseconds::floor(entry.at),
                    entry.event,
                    entry.code,
                    entry.person,
                    entry.team,
                    details,
                ])?;
            Ok(())
        })
        .await
    }

    async fn newest(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.read("read the audit log", move |connection| {
            connection
                .prepare_cached(
                    "SELECT at, event, code, person, team, details FROM audit
                     ORDER BY id DESC LIMIT ?1",
                )?
                .query_map([limit], entry)?
                .collect()
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
            let mut newest_first: Vec<AuditEntry> = connection
                .prepare_cached(
                    "SELECT at, event, code, person, team, details FROM audit
                     WHERE person = ?1 ORDER BY id DESC LIMIT ?2",
                )?
                .query_map(params![person.as_str(), limit], entry)?
                .collect::<rusqlite::Result<_>>()?;
            newest_first.reverse();
            Ok(newest_first)
        })
        .await
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let details: String = row.get(5)?;
    Ok(AuditEntry {
        at: microseconds::read(0, row.get(0)?)?,
        event: row.get(1)?,
        code: row.get(2)?,
        person: row.get(3)?,
        team: row.get(4)?,
        details: parsed(5, serde_json::from_str(&details))?,
    })
}

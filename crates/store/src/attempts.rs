//! The last answers of identity providers.

use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use access::ids::{IdpKey, PersonId};
use async_trait::async_trait;
use control::ports::{ATTEMPTS_KEPT, Attempt, Attempts, StoreError};
use rusqlite::{Row, params};

#[async_trait]
impl Attempts for SqliteStore {
    async fn record(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let attempt = attempt.clone();
        self.write("keep an attempt to sign in", move |transaction| {
            let rows = serde_json::to_string(&attempt.rows)
                .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
            transaction
                .prepare_cached(
                    "INSERT INTO attempt (at, reference, idp, person, accepted, code, rows)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    microseconds::floor(attempt.at),
                    attempt.reference,
                    attempt.idp.as_ref().map(IdpKey::as_str),
                    attempt.person.as_ref().map(PersonId::as_str),
                    attempt.accepted,
                    attempt.code,
                    rows,
                ])?;
            let newest = transaction.last_insert_rowid();
            transaction
                .prepare_cached("DELETE FROM attempt WHERE id <= ?1")?
                .execute([newest - i64::from(ATTEMPTS_KEPT)])?;
            Ok(())
        })
        .await
    }

    async fn newest_attempts(&self, limit: u32) -> Result<Vec<Attempt>, StoreError> {
        self.read("read the attempts to sign in", move |connection| {
            connection
                .prepare_cached(
                    "SELECT at, reference, idp, person, accepted, code, rows FROM attempt
                     ORDER BY id DESC LIMIT ?1",
                )?
                .query_map([limit], attempt)?
                .collect()
        })
        .await
    }
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let (idp, person): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
    let rows: String = row.get(6)?;
    Ok(Attempt {
        at: microseconds::read(0, row.get(0)?)?,
        reference: row.get(1)?,
        idp: idp.map(|key| parsed(2, IdpKey::parse(key))).transpose()?,
        person: person.map(|id| parsed(3, PersonId::parse(id))).transpose()?,
        accepted: row.get(4)?,
        code: row.get(5)?,
        rows: parsed(6, serde_json::from_str(&rows))?,
    })
}

//! Grants to people with an end, and requests for them: a record for each person.

use crate::sqlite::{SqliteStore, parsed};
use access::ids::{PersonId, TemporaryId};
use access::temporary::{AfterNote, Ending, TemporaryGrant};
use async_trait::async_trait;
use control::ports::{
    AccessRequest, AccessRequests, Decision, StoreError, TemporaryGrants, TemporaryRecord,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::BTreeSet;

#[async_trait]
impl TemporaryGrants for SqliteStore {
    async fn give(&self, grant: &TemporaryGrant) -> Result<bool, StoreError> {
        let grant = grant.clone();
        let person = grant.person.clone();
        self.change_temporary("write a temporary grant", person, move |record| record.give(&grant))
            .await
    }

    async fn temporary_grants(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<TemporaryGrant>, StoreError> {
        let records = self.temporary_records("read temporary grants", people).await?;
        Ok(records.into_iter().flat_map(|record| record.grants).collect())
    }

    async fn revoke(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        ending: &Ending,
    ) -> Result<Option<TemporaryGrant>, StoreError> {
        let (id, ending) = (id.clone(), ending.clone());
        self.change_temporary("revoke a temporary grant", person.clone(), move |record| {
            record.revoke(&id, &ending).map(|(grant, _)| grant)
        })
        .await
    }

    async fn note(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        note: &AfterNote,
    ) -> Result<Option<TemporaryGrant>, StoreError> {
        let (id, note) = (id.clone(), note.clone());
        self.change_temporary("write an after-note", person.clone(), move |record| {
            record.note(&id, &note).map(|(grant, _)| grant)
        })
        .await
    }

    async fn forget_temporary(&self, now: Timestamp) -> Result<u64, StoreError> {
        let operation = "forget temporary grants that are over";
        let mut number = 0;
        // Most have nothing that is old, and are not locked for it.
        let records = self.temporary_records(operation, None).await?;
        for person in TemporaryRecord::who_forgets(records, now) {
            self.change_temporary(operation, person, move |record| record.forget(now)).await?;
            number += 1;
        }
        Ok(number)
    }
}

#[async_trait]
impl AccessRequests for SqliteStore {
    async fn ask(&self, request: &AccessRequest) -> Result<bool, StoreError> {
        let request = request.clone();
        let person = request.person.clone();
        self.change_temporary("write a request for access", person, move |record| {
            record.ask(&request)
        })
        .await
    }

    async fn requests(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        let records = self.temporary_records("read requests for access", people).await?;
        Ok(records.into_iter().flat_map(|record| record.requests).collect())
    }

    async fn decide(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        decision: &Decision,
        grant: Option<&TemporaryGrant>,
    ) -> Result<Option<(AccessRequest, bool)>, StoreError> {
        let (id, decision, grant) = (id.clone(), decision.clone(), grant.cloned());
        self.change_temporary("decide on a request for access", person.clone(), move |record| {
            record.decide(&id, &decision, grant.as_ref())
        })
        .await
    }
}

impl SqliteStore {
    /// Changes the record of a person, and says what came of it.
    async fn change_temporary<T: Send + 'static>(
        &self,
        operation: &'static str,
        person: PersonId,
        change: impl Fn(&mut TemporaryRecord) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write(operation, move |transaction| {
            let mut record = get(transaction, &person)?;
            let outcome = change(&mut record);
            put(transaction, &person, &record)?;
            Ok(outcome)
        })
        .await
    }

    async fn temporary_records(
        &self,
        operation: &'static str,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<TemporaryRecord>, StoreError> {
        let people = people.cloned();
        self.read(operation, move |connection| {
            let Some(people) = people else {
                let sql = "SELECT record FROM temporary ORDER BY person";
                return connection.prepare_cached(sql)?.query_map([], row)?.collect();
            };
            people.iter().map(|person| get(connection, person)).collect()
        })
        .await
    }
}

/// The record of a person; an empty one if there is none.
fn get(connection: &Connection, person: &PersonId) -> rusqlite::Result<TemporaryRecord> {
    let sql = "SELECT record FROM temporary WHERE person = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([person.as_str()], row).optional()?.unwrap_or_default())
}

fn put(
    connection: &Connection,
    person: &PersonId,
    record: &TemporaryRecord,
) -> rusqlite::Result<()> {
    if record.is_empty() {
        let sql = "DELETE FROM temporary WHERE person = ?1";
        connection.prepare_cached(sql)?.execute([person.as_str()])?;
        return Ok(());
    }
    let text = serde_json::json!(record).to_string();
    let sql = "INSERT OR REPLACE INTO temporary (person, record) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute([person.as_str(), &text])?;
    Ok(())
}

fn row(row: &Row<'_>) -> rusqlite::Result<TemporaryRecord> {
    parsed(0, serde_json::from_str(&row.get::<_, String>(0)?))
}

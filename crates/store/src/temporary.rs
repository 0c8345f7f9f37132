//! Grants to people with an end, and requests for them: a record for each person.

use crate::sqlite::{SqliteStore, parsed};
use access::ids::{PersonId, TemporaryId};
use access::temporary::{AfterNote, Ending, TemporaryGrant};
use async_trait::async_trait;
use control::ports::{
    AccessRequest, AccessRequests, Decision, StoreError, TemporaryGrants, TemporaryRecord,
};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::BTreeSet;

#[async_trait]
impl TemporaryGrants for SqliteStore {
    async fn give(&self, grant: &TemporaryGrant) -> Result<bool, StoreError> {
        let grant = grant.clone();
        self.write("write a temporary grant", move |transaction| {
            let mut record = get(transaction, &grant.person)?;
            let is_new = record.give(&grant);
            put(transaction, &grant.person, &record)?;
            Ok(is_new)
        })
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
        let (person, id, ending) = (person.clone(), id.clone(), ending.clone());
        self.write("revoke a temporary grant", move |transaction| {
            let mut record = get(transaction, &person)?;
            let revoked = record.revoke(&id, &ending);
            put(transaction, &person, &record)?;
            Ok(revoked.map(|(grant, _)| grant))
        })
        .await
    }

    async fn note(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        note: &AfterNote,
    ) -> Result<Option<TemporaryGrant>, StoreError> {
        let (person, id, note) = (person.clone(), id.clone(), note.clone());
        self.write("write an after-note", move |transaction| {
            let mut record = get(transaction, &person)?;
            let noted = record.note(&id, &note);
            put(transaction, &person, &record)?;
            Ok(noted.map(|(grant, _)| grant))
        })
        .await
    }
}

#[async_trait]
impl AccessRequests for SqliteStore {
    async fn ask(&self, request: &AccessRequest) -> Result<bool, StoreError> {
        let request = request.clone();
        self.write("write a request for access", move |transaction| {
            let mut record = get(transaction, &request.person)?;
            let is_new = record.ask(&request);
            put(transaction, &request.person, &record)?;
            Ok(is_new)
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
    ) -> Result<Option<AccessRequest>, StoreError> {
        let (person, id) = (person.clone(), id.clone());
        let (decision, grant) = (decision.clone(), grant.cloned());
        self.write("decide on a request for access", move |transaction| {
            let mut record = get(transaction, &person)?;
            let decided = record.decide(&id, &decision, grant.as_ref());
            put(transaction, &person, &record)?;
            Ok(decided.map(|(request, _)| request))
        })
        .await
    }
}

impl SqliteStore {
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

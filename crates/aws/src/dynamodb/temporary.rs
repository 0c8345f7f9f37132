//! Grants to people with an end, and requests for them: an item for each person, spread over few
//! partitions, so that everybody's can be read too.

use super::DynamoStore;
use super::change::{Change, Record, Turn};
use super::item::{Damaged, Item};
use super::keys::{Key, shard};
use super::wire::{AT_ONCE, Query};
use access::ids::{PersonId, TemporaryId};
use access::temporary::{AfterNote, Ending, TemporaryGrant};
use async_trait::async_trait;
use control::ports::{
    AccessRequest, AccessRequests, Decision, StoreError, TemporaryGrants, TemporaryRecord,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A partition serves 3,000 strongly consistent reads a second; each sign-in makes one.
const SHARDS: u32 = 8;

fn partition(number: u32) -> String {
    format!("temporary#{number}")
}

fn key(person: &PersonId) -> Key {
    Key::new(partition(shard(person.as_str(), SHARDS)), person.as_str())
}

/// What is kept of one person.
struct Kept {
    person: PersonId,
    record: TemporaryRecord,
}

impl Record for Kept {
    fn read(item: &Item) -> Result<Self, Damaged> {
        let person = item.parsed("person", PersonId::parse)?;
        let record = item.parsed("record", |text| serde_json::from_str(&text))?;
        Ok(Self { person, record })
    }

    fn write(&self) -> Item {
        Item::at(&key(&self.person))
            .with_text("person", self.person.as_str())
            .with_text("record", serde_json::json!(self.record).to_string())
    }
}

#[async_trait]
impl TemporaryGrants for DynamoStore {
    async fn give(&self, grant: &TemporaryGrant) -> Result<bool, StoreError> {
        self.change_temporary("write a temporary grant", &grant.person, |record| {
            let is_new = record.give(grant);
            (is_new, is_new)
        })
        .await
    }

    async fn temporary_grants(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<TemporaryGrant>, StoreError> {
        let records = self.temporary_records("read temporary grants", people).await?;
        Ok(records.flat_map(|record| record.grants).collect())
    }

    async fn revoke(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        ending: &Ending,
    ) -> Result<Option<TemporaryGrant>, StoreError> {
        self.change_temporary("revoke a temporary grant", person, |record| {
            apart(record.revoke(id, ending))
        })
        .await
    }

    async fn note(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        note: &AfterNote,
    ) -> Result<Option<TemporaryGrant>, StoreError> {
        self.change_temporary("write an after-note", person, |record| apart(record.note(id, note)))
            .await
    }

    async fn forget_temporary(&self, now: Timestamp) -> Result<u64, StoreError> {
        let operation = "forget temporary grants that are over";
        let mut number = 0;
        // Most have nothing that is old, and are not written for it.
        let records = self.temporary_records(operation, None).await?;
        for person in TemporaryRecord::who_forgets(records, now) {
            let forget = |record: &mut TemporaryRecord| ((), record.forget(now));
            self.change_temporary(operation, &person, forget).await?;
            number += 1;
        }
        Ok(number)
    }
}

#[async_trait]
impl AccessRequests for DynamoStore {
    async fn ask(&self, request: &AccessRequest) -> Result<bool, StoreError> {
        self.change_temporary("write a request for access", &request.person, |record| {
            let is_new = record.ask(request);
            (is_new, is_new)
        })
        .await
    }

    async fn requests(
        &self,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        let records = self.temporary_records("read requests for access", people).await?;
        Ok(records.flat_map(|record| record.requests).collect())
    }

    async fn decide(
        &self,
        person: &PersonId,
        id: &TemporaryId,
        decision: &Decision,
        grant: Option<&TemporaryGrant>,
    ) -> Result<Option<(AccessRequest, bool)>, StoreError> {
        self.change_temporary("decide on a request for access", person, |record| {
            let decided = record.decide(id, decision, grant);
            let is_new = decided.as_ref().is_some_and(|(_, is_new)| *is_new);
            (decided, is_new)
        })
        .await
    }
}

/// What came of a change, and whether there was one.
fn apart<T>(changed: Option<(T, bool)>) -> (Option<T>, bool) {
    match changed {
        Some((now, is_new)) => (Some(now), is_new),
        None => (None, false),
    }
}

impl DynamoStore {
    /// Changes the record of a person; the change says what came of it and whether it is to be
    /// written.
    async fn change_temporary<T>(
        &self,
        operation: &'static str,
        person: &PersonId,
        change: impl Fn(&mut TemporaryRecord) -> (T, bool),
    ) -> Result<T, StoreError> {
        self.change_one(operation, key(person), |kept: Option<Kept>| {
            let mut record = kept.map(|kept| kept.record).unwrap_or_default();
            let (outcome, is_new) = change(&mut record);
            let change = match (is_new, record.is_empty()) {
                (false, _) => Change::Keep,
                (true, true) => Change::Delete,
                (true, false) => Change::Put(Kept { person: person.clone(), record }),
            };
            Turn::alone(change, outcome)
        })
        .await
    }

    async fn temporary_records(
        &self,
        operation: &'static str,
        people: Option<&BTreeSet<PersonId>>,
    ) -> Result<impl Iterator<Item = TemporaryRecord>, StoreError> {
        let items: Vec<Item> = if let Some(people) = people {
            let keys = people.iter().map(key).collect();
            self.get_all(operation, &keys).await?.into_values().collect()
        } else {
            let read = async |number| self.query(operation, Query::all(partition(number))).await;
            let read: Vec<Vec<Item>> =
                stream::iter(0..SHARDS).map(read).buffer_unordered(AT_ONCE).try_collect().await?;
            read.into_iter().flatten().collect()
        };
        let mut all: BTreeMap<PersonId, TemporaryRecord> = BTreeMap::new();
        for item in &items {
            let kept = self.record::<Kept>(operation, item)?;
            all.insert(kept.person, kept.record);
        }
        Ok(all.into_values())
    }
}

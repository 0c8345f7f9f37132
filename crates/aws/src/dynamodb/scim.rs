//! What identity providers pushed by SCIM: an item for each record, one for each key that it is found
//! by, and two for each membership, by group and by member.

mod write;

use super::DynamoStore;
use super::change::Record;
use super::item::{Damaged, Item, floor};
use super::keys::Key;
use super::wire::{Query, Sort};
use async_trait::async_trait;
use control::ports::{
    ALL_MEMBERS, AuditEntry, FoundRecord, RecordChange, RecordCounts, RecordKey, RecordKind,
    RecordMember, RecordStart, RecordWritten, ScimRecord, ScimRecords, StoreError,
};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The sort key of what a unique key leads to.
const UNIQUE: &str = "unique";

type Keys = BTreeSet<(RecordKey, String)>;

fn partition(directory: &str, kind: RecordKind) -> String {
    format!("scim#{directory}#{}", kind.as_str())
}

fn record_key(directory: &str, kind: RecordKind, id: &str) -> Key {
    Key::new(partition(directory, kind), id)
}

/// Where what has this value of a key is listed. Values may be longer than a key of the table.
fn found_at(directory: &str, kind: RecordKind, key: RecordKey, value: &str) -> String {
    let digest = hex::encode(Sha256::digest(value));
    format!("scim-key#{directory}#{}#{}#{digest}", kind.as_str(), key.as_str())
}

fn index_key(directory: &str, record: &ScimRecord, (key, value): &(RecordKey, String)) -> Key {
    let sort = if key.is_unique(record.kind) { UNIQUE } else { record.id.as_str() };
    Key::new(found_at(directory, record.kind, *key, value), sort)
}

fn group_partition(directory: &str, group: &str) -> String {
    format!("scim-group#{directory}#{group}")
}

fn member_partition(directory: &str, member: &str) -> String {
    format!("scim-member#{directory}#{member}")
}

fn counts_key(directory: &str) -> Key {
    Key::new("scim-counts", directory)
}

fn changed_key(directory: &str) -> Key {
    Key::new("scim-changed", directory)
}

const fn counter(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::User => "users",
        RecordKind::Group => "groups",
    }
}

impl Record for ScimRecord {
    fn read(item: &Item) -> Result<Self, Damaged> {
        Ok(Self {
            kind: item.parsed("kind", |text| RecordKind::parse(&text).ok_or(()))?,
            id: item.text("id")?.to_owned(),
            version: item.number("number")?,
            created: item.time("created")?,
            changed: item.time("changed")?,
            keys: item.parsed("keys", |text| serde_json::from_str(&text))?,
            body: item.text("body")?.to_owned(),
        })
    }

    /// Without its key, which hangs on the directory.
    fn write(&self) -> Item {
        Item::default()
            .with_text("kind", self.kind.as_str())
            .with_text("id", &self.id)
            .with_number("number", self.version)
            .with_number("created", floor(self.created))
            .with_number("changed", floor(self.changed))
            .with_text("keys", serde_json::json!(self.keys).to_string())
            .with_text("body", &self.body)
    }
}

#[async_trait]
impl ScimRecords for DynamoStore {
    async fn scim_records(
        &self,
        directory: &str,
        kind: RecordKind,
        ids: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, ScimRecord>, StoreError> {
        self.scim_by_id("read pushed records", directory, kind, ids).await
    }

    async fn scim_find(
        &self,
        directory: &str,
        kind: RecordKind,
        key: RecordKey,
        value: &str,
        most: u32,
    ) -> Result<Vec<FoundRecord>, StoreError> {
        const OPERATION: &str = "look for pushed records";
        let mut query = Query::all(found_at(directory, kind, key, value));
        query.most = Some(most);
        let items = self.query(OPERATION, query).await?;
        let ids = items.iter().filter_map(|item| item.opt_text("id").map(str::to_owned)).collect();
        let found = self.scim_by_id(OPERATION, directory, kind, &ids).await?.into_values();
        Ok(found.map(FoundRecord::from).collect())
    }

    async fn scim_page(
        &self,
        directory: &str,
        kind: RecordKind,
        start: &RecordStart,
        most: u32,
    ) -> Result<Vec<ScimRecord>, StoreError> {
        const OPERATION: &str = "read a page of pushed records";
        let mut query = Query::all(partition(directory, kind));
        match start {
            RecordStart::Skip(0) => {}
            RecordStart::Skip(count) => {
                let last = self.pass_over(OPERATION, &query, *count).await?;
                let Some(last) = last else { return Ok(Vec::new()) };
                query.sort = Sort::Above(last);
            }
            // No key of the table is empty, not even one to compare with.
            RecordStart::After(id) if id.is_empty() => {}
            RecordStart::After(id) => query.sort = Sort::Above(id.clone()),
        }
        query.most = Some(most);
        let items = self.query(OPERATION, query).await?;
        items.iter().map(|item| self.record(OPERATION, item)).collect()
    }

    async fn scim_members(
        &self,
        directory: &str,
        group: &str,
        most: u32,
    ) -> Result<BTreeSet<RecordMember>, StoreError> {
        const OPERATION: &str = "read who is in a pushed group";
        let query = Query::all(group_partition(directory, group));
        let most = (most != ALL_MEMBERS).then_some(most);
        let items = self.query(OPERATION, Query { most, ..query }).await?;
        items.iter().map(|item| self.record(OPERATION, item)).collect()
    }

    async fn scim_groups_of(
        &self,
        directory: &str,
        member: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        const OPERATION: &str = "read in which pushed groups somebody is";
        let items = self.query(OPERATION, Query::all(member_partition(directory, member))).await?;
        Ok(items.iter().filter_map(|item| item.opt_text("group").map(str::to_owned)).collect())
    }

    async fn scim_write(
        &self,
        directory: &str,
        change: &RecordChange,
        entry: &AuditEntry,
    ) -> Result<RecordWritten, StoreError> {
        self.write_pushed(directory, change, entry).await
    }

    async fn scim_counts(&self, directory: &str) -> Result<RecordCounts, StoreError> {
        const OPERATION: &str = "count what was pushed";
        let keys = [counts_key(directory), changed_key(directory)].into();
        let found = self.get_all(OPERATION, &keys).await?;
        let damaged = |key: Key| {
            move |damage| super::failure::damaged(self.table(), OPERATION, Some(&key), &damage)
        };
        let mut counts = RecordCounts::default();
        if let Some(item) = found.get(&counts_key(directory)) {
            let number = |name| item.opt_number(name).map_err(damaged(counts_key(directory)));
            counts.users = number("users")?.unwrap_or(0);
            counts.groups = number("groups")?.unwrap_or(0);
        }
        if let Some(item) = found.get(&changed_key(directory)) {
            let at = item.time("changed").map_err(damaged(changed_key(directory)))?;
            counts.changed = Some(at);
        }
        Ok(counts)
    }
}

/// Where a membership is kept: by group and by member.
fn member_keys(directory: &str, group: &str, member: &str) -> [Key; 2] {
    [
        Key::new(group_partition(directory, group), member),
        Key::new(member_partition(directory, member), group),
    ]
}

fn member_items(directory: &str, group: &str, member: &RecordMember) -> [Item; 2] {
    member_keys(directory, group, &member.id).map(|key| {
        Item::at(&key)
            .with_text("group", group)
            .with_text("member", &member.id)
            .with_text("kind", member.kind.as_str())
    })
}

impl Record for RecordMember {
    fn read(item: &Item) -> Result<Self, Damaged> {
        Ok(Self {
            id: item.text("member")?.to_owned(),
            kind: item.parsed("kind", |text| RecordKind::parse(&text).ok_or(()))?,
        })
    }

    /// Without its key, which hangs on group and directory.
    fn write(&self) -> Item {
        Item::default().with_text("member", &self.id).with_text("kind", self.kind.as_str())
    }
}

impl DynamoStore {
    async fn scim_by_id(
        &self,
        operation: &'static str,
        directory: &str,
        kind: RecordKind,
        ids: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, ScimRecord>, StoreError> {
        let keys = ids.iter().map(|id| record_key(directory, kind, id)).collect();
        let items = self.get_all(operation, &keys).await?;
        let records = items.values().map(|item| self.record::<ScimRecord>(operation, item));
        records.map(|record| record.map(|record| (record.id.clone(), record))).collect()
    }
}

//! Grants that are kept beside the map's text: one partition, read in full whenever its version
//! changed.

use super::DynamoStore;
use super::change::{Change, Record, Turn};
use super::failure::{contended, damaged};
use super::item::{Damaged, Item};
use super::keys::Key;
use super::wire::{Query, Sort, Step};
use crate::backoff::backoff;
use access::map::{Gives, GroupRef, TableGrant};
use async_trait::async_trait;
use control::ports::{GrantReading, GrantTable, StoreError};
use sha2::{Digest, Sha256};

const PARTITION: &str = "grants";

/// What the sort key of a row begins with.
const PREFIX: &str = "grant#";

/// The item with the version, and its attribute.
const VERSION: &str = "version";
const NUMBER: &str = "number";

/// How often the table is read anew while it is written.
const ROUNDS: u32 = 16;

fn version_key() -> Key {
    Key::new(PARTITION, VERSION)
}

/// A group's name may be longer than a sort key.
fn key(group: &GroupRef, gives: &Gives) -> Key {
    let mut hash = Sha256::new();
    let kinds = match (group, gives) {
        (GroupRef::Name(_), Gives::Team(_)) => "name team",
        (GroupRef::Name(_), Gives::Role(_)) => "name role",
        (GroupRef::Id(_), Gives::Team(_)) => "id team",
        (GroupRef::Id(_), Gives::Role(_)) => "id role",
    };
    for part in [kinds, group.as_str(), gives.as_str()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Key::new(PARTITION, format!("{PREFIX}{}", hex::encode(hash.finalize())))
}

impl Record for TableGrant {
    fn read(item: &Item) -> Result<Self, Damaged> {
        item.parsed("row", |text| serde_json::from_str(&text))
    }

    fn write(&self) -> Item {
        Item::at(&key(&self.group, &self.gives))
            // For people who look at the table.
            .with_text("group", self.group.as_str())
            .with_text("gives", self.gives.as_str())
            .with_text("row", serde_json::json!(self).to_string())
    }
}

#[async_trait]
impl GrantTable for DynamoStore {
    async fn grants_version(&self) -> Result<u64, StoreError> {
        self.version_of("see whether the grant table changed").await
    }

    async fn grants(&self) -> Result<GrantReading, StoreError> {
        const OPERATION: &str = "read the grant table";
        for round in 0..ROUNDS {
            let version = self.version_of(OPERATION).await?;
            let query = Query { sort: Sort::Prefix(PREFIX.to_owned()), ..Query::all(PARTITION) };
            let items = self.query(OPERATION, query).await?;
            // A query reads page by page: rows and version are of one moment only if nobody wrote.
            if self.version_of(OPERATION).await? == version {
                let rows = items.iter().map(|item| self.record(OPERATION, item));
                let mut rows: Vec<TableGrant> = rows.collect::<Result<_, _>>()?;
                rows.sort_by(|a, b| (&a.group, &a.gives).cmp(&(&b.group, &b.gives)));
                return Ok(GrantReading { version, rows });
            }
            backoff(round).await;
        }
        Err(contended(self.table(), OPERATION, "the grant table"))
    }

    async fn put_grant(&self, row: &TableGrant) -> Result<Option<TableGrant>, StoreError> {
        let key = key(&row.group, &row.gives);
        self.change_one("write to the grant table", key, |before: Option<TableGrant>| Turn {
            change: Change::Put(row.clone()),
            along: vec![counted()],
            outcome: before,
        })
        .await
    }

    async fn delete_grant(
        &self,
        group: &GroupRef,
        gives: &Gives,
    ) -> Result<Option<TableGrant>, StoreError> {
        let key = key(group, gives);
        self.change_one("delete from the grant table", key, |before: Option<TableGrant>| {
            let change = if before.is_some() { Change::Delete } else { Change::Keep };
            Turn { change, along: vec![counted()], outcome: before }
        })
        .await
    }
}

fn counted() -> Step {
    Step::Count(version_key(), NUMBER, 1)
}

impl DynamoStore {
    async fn version_of(&self, operation: &'static str) -> Result<u64, StoreError> {
        let Some(item) = self.get(operation, &version_key()).await? else { return Ok(0) };
        let number = item.number(NUMBER);
        number.map_err(|damage| damaged(self.table(), operation, Some(&version_key()), &damage))
    }
}

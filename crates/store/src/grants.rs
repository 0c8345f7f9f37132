//! Grants that are kept beside the map's text.

use crate::microseconds;
use crate::sqlite::{SqliteStore, parsed};
use access::ids::{GroupId, RoleArn, TeamKey};
use access::map::{Gives, GroupRef, TableGrant};
use async_trait::async_trait;
use control::ports::{GrantReading, GrantTable, StoreError};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

const COLUMNS: &str =
    "group_kind, group_text, gives_kind, gives, priority, starts, until, by, at, why";

#[async_trait]
impl GrantTable for SqliteStore {
    async fn grants_version(&self) -> Result<u64, StoreError> {
        self.read("see whether the grant table changed", version).await
    }

    async fn grants(&self) -> Result<GrantReading, StoreError> {
        // One transaction: the rows are those of the version.
        self.write("read the grant table", |transaction| {
            let sql = format!(
                "SELECT {COLUMNS} FROM grant_row
                 ORDER BY group_kind DESC, group_text, gives_kind DESC, gives"
            );
            let mut statement = transaction.prepare_cached(&sql)?;
            let rows = statement.query_map([], row)?.collect::<rusqlite::Result<_>>()?;
            Ok(GrantReading { version: version(transaction)?, rows })
        })
        .await
    }

    async fn put_grant(&self, row: &TableGrant) -> Result<Option<TableGrant>, StoreError> {
        let row = row.clone();
        self.write("write to the grant table", move |transaction| {
            let before = get(transaction, &row.group, &row.gives)?;
            let sql = format!(
                "INSERT OR REPLACE INTO grant_row ({COLUMNS})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
            );
            let ((group_kind, group), (gives_kind, gives)) = key(&row.group, &row.gives);
            transaction.prepare_cached(&sql)?.execute(params![
                group_kind,
                group,
                gives_kind,
                gives,
                row.priority,
                row.from.map(microseconds::floor),
                row.until.map(microseconds::floor),
                row.by,
                microseconds::floor(row.at),
                row.why,
            ])?;
            changed(transaction)?;
            Ok(before)
        })
        .await
    }

    async fn delete_grant(
        &self,
        group: &GroupRef,
        gives: &Gives,
    ) -> Result<Option<TableGrant>, StoreError> {
        let (group, gives) = (group.clone(), gives.clone());
        self.write("delete from the grant table", move |transaction| {
            let before = get(transaction, &group, &gives)?;
            if before.is_some() {
                let ((group_kind, group), (gives_kind, gives)) = key(&group, &gives);
                transaction
                    .prepare_cached(
                        "DELETE FROM grant_row WHERE group_kind = ?1 AND group_text = ?2
                         AND gives_kind = ?3 AND gives = ?4",
                    )?
                    .execute([group_kind, group, gives_kind, gives])?;
                changed(transaction)?;
            }
            Ok(before)
        })
        .await
    }
}

fn version(connection: &Connection) -> rusqlite::Result<u64> {
    let version: i64 = connection
        .prepare_cached("SELECT version FROM grant_version")?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(version).unwrap_or(0))
}

fn changed(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE grant_version SET version = version + 1")?.execute([])?;
    Ok(())
}

fn get(
    connection: &Connection,
    group: &GroupRef,
    gives: &Gives,
) -> rusqlite::Result<Option<TableGrant>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM grant_row WHERE group_kind = ?1 AND group_text = ?2
         AND gives_kind = ?3 AND gives = ?4"
    );
    let ((group_kind, group), (gives_kind, gives)) = key(group, gives);
    connection
        .prepare_cached(&sql)?
        .query_row([group_kind, group, gives_kind, gives], row)
        .optional()
}

/// Kind and text of both parts of the key.
fn key<'a>(group: &'a GroupRef, gives: &'a Gives) -> ((&'a str, &'a str), (&'a str, &'a str)) {
    let group_kind = match group {
        GroupRef::Name(_) => "name",
        GroupRef::Id(_) => "id",
    };
    let gives_kind = match gives {
        Gives::Team(_) => "team",
        Gives::Role(_) => "role",
    };
    ((group_kind, group.as_str()), (gives_kind, gives.as_str()))
}

fn row(row: &Row<'_>) -> rusqlite::Result<TableGrant> {
    let (group_kind, group): (String, String) = (row.get(0)?, row.get(1)?);
    let (gives_kind, gives): (String, String) = (row.get(2)?, row.get(3)?);
    let time = |column| -> rusqlite::Result<Option<Timestamp>> {
        row.get::<_, Option<i64>>(column)?.map(|at| microseconds::read(column, at)).transpose()
    };
    Ok(TableGrant {
        group: match group_kind.as_str() {
            "id" => GroupRef::Id(parsed(1, GroupId::parse(group))?),
            _ => GroupRef::Name(group),
        },
        gives: match gives_kind.as_str() {
            "role" => Gives::Role(parsed(3, RoleArn::parse(gives))?),
            _ => Gives::Team(parsed(3, TeamKey::parse(gives))?),
        },
        priority: row.get(4)?,
        from: time(5)?,
        until: time(6)?,
        by: row.get(7)?,
        at: microseconds::read(8, row.get(8)?)?,
        why: row.get(9)?,
    })
}

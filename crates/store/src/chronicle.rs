//! What the loop saw over the days.

use crate::sqlite::{SqliteStore, parsed};
use access::ids::DomainId;
use async_trait::async_trait;
use control::ports::{COUNTED_DAYS, Chronicle, NOTES_KEPT, Note, ProfileCounts, StoreError};
use jiff::ToSpan;
use jiff::civil::Date;
use rusqlite::params;
use std::collections::BTreeMap;

#[async_trait]
impl Chronicle for SqliteStore {
    async fn remember(&self, notes: &[Note]) -> Result<(), StoreError> {
        let notes = notes.to_vec();
        self.write("note what events told", move |transaction| {
            let mut insert = transaction.prepare_cached("INSERT INTO note (note) VALUES (?1)")?;
            for note in &notes {
                let text = serde_json::to_string(note)
                    .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
                insert.execute([text])?;
            }
            let newest = transaction.last_insert_rowid();
            transaction
                .prepare_cached("DELETE FROM note WHERE id <= ?1")?
                .execute([newest - i64::from(NOTES_KEPT)])?;
            Ok(())
        })
        .await
    }

    async fn notes(&self, limit: u32) -> Result<Vec<Note>, StoreError> {
        self.read("read what events told", move |connection| {
            connection
                .prepare_cached("SELECT note FROM note ORDER BY id DESC LIMIT ?1")?
                .query_map([limit.min(NOTES_KEPT)], |row| {
                    let text: String = row.get(0)?;
                    parsed(0, serde_json::from_str(&text))
                })?
                .collect()
        })
        .await
    }

    async fn count_profiles(
        &self,
        day: Date,
        profiles: &BTreeMap<DomainId, u64>,
    ) -> Result<(), StoreError> {
        let profiles = profiles.clone();
        self.write("count the profiles of a day", move |transaction| {
            let mut upsert = transaction.prepare_cached(
                "INSERT INTO profile_count (day, domain, profiles) VALUES (?1, ?2, ?3)
                 ON CONFLICT (day, domain) DO UPDATE SET profiles = excluded.profiles",
            )?;
            for (domain, profiles) in &profiles {
                let profiles = i64::try_from(*profiles).unwrap_or(i64::MAX);
                upsert.execute(params![day.to_string(), domain.as_str(), profiles])?;
            }
            let first = day.checked_sub(COUNTED_DAYS.days()).unwrap_or(Date::MIN);
            transaction
                .prepare_cached("DELETE FROM profile_count WHERE day < ?1")?
                .execute([first.to_string()])?;
            Ok(())
        })
        .await
    }

    async fn profile_counts(&self, since: Date) -> Result<ProfileCounts, StoreError> {
        self.read("read how many profiles there were", move |connection| {
            let mut counts = ProfileCounts::new();
            let mut statement = connection.prepare_cached(
                "SELECT day, domain, profiles FROM profile_count WHERE day >= ?1",
            )?;
            let mut rows = statement.query([since.to_string()])?;
            while let Some(row) = rows.next()? {
                let (day, domain): (String, String) = (row.get(0)?, row.get(1)?);
                let day: Date = parsed(0, day.parse())?;
                let profiles: i64 = row.get(2)?;
                let of_domain = counts.entry(parsed(1, DomainId::parse(domain))?).or_default();
                of_domain.insert(day, u64::try_from(profiles).unwrap_or(0));
            }
            Ok(counts)
        })
        .await
    }
}

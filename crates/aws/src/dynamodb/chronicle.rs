//! What the loop saw over the days. Notes lapse after a month, counts after their days; what lapsed
//! and is still there is never given.

use super::DynamoStore;
use super::failure::damaged;
use super::item::{Damaged, Item};
use super::keys::{Key, SK, lapse};
use super::wire::Query;
use access::ids::DomainId;
use async_trait::async_trait;
use control::ports::{COUNTED_DAYS, Chronicle, NOTES_KEPT, Note, ProfileCounts, StoreError};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How long a note is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// One partition: a directory that changes a thousand times a second is none.
const NOTES: &str = "notes";

const COUNTS: &str = "profile-counts";

#[async_trait]
impl Chronicle for DynamoStore {
    async fn remember(&self, notes: &[Note]) -> Result<(), StoreError> {
        const OPERATION: &str = "note what events told";
        let kept = |note: &Note| {
            Item::at(&Key::new(NOTES, self.stamps.next(note.at).text))
                .with_text("note", serde_json::json!(note).to_string())
                .with_ttl(lapse(note.at, KEPT))
        };
        self.write_all(OPERATION, notes.iter().map(kept).collect(), Vec::new()).await
    }

    async fn notes(&self, limit: u32) -> Result<Vec<Note>, StoreError> {
        const OPERATION: &str = "read what events told";
        let limit = limit.min(NOTES_KEPT);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let newest = Query { backwards: true, most: Some(limit), ..Query::all(NOTES) };
        let found = self.query(OPERATION, newest).await?;
        let read = |item: &Item| {
            item.parsed("note", |text| serde_json::from_str(&text))
                .map_err(|d| damaged(self.table(), OPERATION, Key::of(item).as_ref(), &d))
        };
        found.iter().map(read).collect()
    }

    async fn count_profiles(
        &self,
        day: Date,
        profiles: &BTreeMap<DomainId, u64>,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "count the profiles of a day";
        let hours = i64::from(COUNTED_DAYS).saturating_mul(24);
        let midnight = day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        let begins = midnight.unwrap_or(Timestamp::MAX);
        let ends = lapse(begins, SignedDuration::from_hours(hours));
        let counted = |(domain, profiles): (&DomainId, &u64)| {
            Item::at(&Key::new(COUNTS, format!("{day}#{domain}")))
                .with_number("profiles", *profiles)
                .with_ttl(ends)
        };
        let items = profiles.iter().map(counted).collect();
        self.write_all(OPERATION, items, Vec::new()).await
    }

    async fn profile_counts(&self, since: Date) -> Result<ProfileCounts, StoreError> {
        const OPERATION: &str = "read how many profiles there were";
        let mut counts = ProfileCounts::new();
        for item in self.query(OPERATION, Query::all(COUNTS)).await? {
            let (day, domain, profiles) = read(&item).map_err(|damage| {
                damaged(self.table(), OPERATION, Key::of(&item).as_ref(), &damage)
            })?;
            if day >= since {
                counts.entry(domain).or_default().insert(day, profiles);
            }
        }
        Ok(counts)
    }
}

fn read(item: &Item) -> Result<(Date, DomainId, u64), Damaged> {
    let damaged = Damaged { attribute: SK };
    let (day, domain) = item.text(SK)?.split_once('#').ok_or(Damaged { attribute: SK })?;
    let day = day.parse().map_err(|_| Damaged { attribute: SK })?;
    let domain = DomainId::parse(domain).map_err(|_| damaged)?;
    Ok((day, domain, item.number("profiles")?))
}

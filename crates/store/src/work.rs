//! What is to be read again.

use crate::sqlite::{SqliteStore, parsed};
use crate::{microseconds, tally};
use access::ids::PersonId;
use async_trait::async_trait;
use control::ports::{
    Lease, MOST_PEOPLE_WAITING, MOST_TAKEN_BY_NAME, QueueStatus, Retry, StoreError, Work, WorkKey,
    WorkQueue,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};
use std::collections::BTreeSet;

/// The key of [`WorkKey::Everything`]; no person has an empty id.
const EVERYTHING: &str = "";

/// Free to be taken at ?1.
const IS_FREE: &str = "due <= ?1 AND (until IS NULL OR until <= ?1)";

/// A clock set back leaves no lease behind that lasts longer than until ?1.
const SHORTEN: &str = "UPDATE work SET until = ?1 WHERE until > ?1";

/// Leases from now on as ?2 by ?3 until ?4. What was pushed while a lease stood that ran out is read
/// now, as everything is.
const LEASED: &str = "lease = ?2, owner = ?3, until = ?4, again = NULL, again_since = NULL";

/// The columns of [`work`].
const WORK: &str = "key, lease, since, tries";

/// A person at whom nobody is.
const WAITS: &str = "key <> '' AND lease IS NULL";

#[async_trait]
impl WorkQueue for SqliteStore {
    async fn push(&self, keys: &BTreeSet<WorkKey>, due: Timestamp) -> Result<(), StoreError> {
        let (keys, due) = (keys.clone(), microseconds::floor(due));
        self.write("queue what is to be read again", move |transaction| {
            // Whoever is at it has read already: it is due once more afterwards.
            let mut push = transaction.prepare_cached(
                "INSERT INTO work (key, since, due) VALUES (?1, ?2, ?2)
                 ON CONFLICT (key) DO UPDATE SET
                    since = iif(lease IS NULL, min(since, ?2), since),
                    due = iif(lease IS NULL, min(due, ?2), due),
                    again = iif(lease IS NULL, NULL, min(coalesce(again, ?2), ?2)),
                    again_since = iif(lease IS NULL, NULL, min(coalesce(again_since, ?2), ?2))",
            )?;
            for key in &keys {
                push.execute(params![text_of(key), due])?;
            }
            // Too many to read one by one: everybody is read at once, when the first was due.
            let (waiting, first): (u32, Option<i64>) = transaction
                .prepare_cached(&format!("SELECT count(*), min(due) FROM work WHERE {WAITS}"))?
                .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if let Some(first) = first.filter(|_| waiting > MOST_PEOPLE_WAITING) {
                push.execute(params![EVERYTHING, first])?;
                transaction
                    .prepare_cached(&format!("DELETE FROM work WHERE {WAITS}"))?
                    .execute([])?;
            }
            Ok(())
        })
        .await
    }

    async fn take(
        &self,
        owner: &str,
        now: Timestamp,
        lease_for: SignedDuration,
        most: u32,
    ) -> Result<Vec<Work>, StoreError> {
        let (owner, until) = (owner.to_owned(), microseconds::floor(later(now, lease_for)));
        let now = microseconds::floor(now);
        // Most looks find nothing; they need not lock the file against others.
        let is_any = self.read("look for work", move |c| any_free(c, now, until, most)).await?;
        if !is_any {
            return Ok(Vec::new());
        }
        self.write("take work", move |transaction| {
            transaction.prepare_cached(SHORTEN)?.execute([until])?;
            let lease = tally::next(transaction)?;
            let take = |which: &str, most: u32| {
                transaction
                    .prepare_cached(&format!(
                        "UPDATE work SET {LEASED}
                         WHERE key IN (SELECT key FROM work WHERE {IS_FREE} AND {which}
                                       ORDER BY due, key LIMIT ?5)
                         RETURNING {WORK}"
                    ))?
                    .query_map(params![now, lease, owner, until, most], work)?
                    .collect::<rusqlite::Result<Vec<Work>>>()
            };
            let everything = take("key = ''", 1)?;
            if everything.is_empty() { take("key <> ''", most) } else { Ok(everything) }
        })
        .await
    }

    async fn take_people(
        &self,
        people: &BTreeSet<PersonId>,
        owner: &str,
        now: Timestamp,
        lease_for: SignedDuration,
    ) -> Result<Vec<Work>, StoreError> {
        let (owner, until) = (owner.to_owned(), microseconds::floor(later(now, lease_for)));
        let now = microseconds::floor(now);
        let people: Vec<PersonId> = people.iter().take(MOST_TAKEN_BY_NAME).cloned().collect();
        self.write("take people", move |transaction| {
            transaction.prepare_cached(SHORTEN)?.execute([until])?;
            let lease = tally::next(transaction)?;
            let mut take = transaction.prepare_cached(&format!(
                "UPDATE work SET {LEASED} WHERE key = ?5 AND {IS_FREE} RETURNING {WORK}"
            ))?;
            let mut taken = Vec::new();
            for person in &people {
                let row = params![now, lease, owner, until, person.as_str()];
                taken.extend(take.query_map(row, work)?.collect::<rusqlite::Result<Vec<Work>>>()?);
            }
            Ok(taken)
        })
        .await
    }

    async fn renew(&self, leases: &[Lease], until: Timestamp) -> Result<(), StoreError> {
        let (leases, until) = (leases.to_vec(), microseconds::floor(until));
        self.write("go on with work", move |transaction| {
            let mut renew = transaction
                .prepare_cached("UPDATE work SET until = ?3 WHERE key = ?1 AND lease = ?2")?;
            for Lease { key, number } in &leases {
                renew.execute(params![text_of(key), tally::stored(*number), until])?;
            }
            Ok(())
        })
        .await
    }

    async fn done(&self, leases: &[Lease]) -> Result<(), StoreError> {
        let leases = leases.to_vec();
        self.write("end work", move |transaction| {
            let mut delete = transaction.prepare_cached(
                "DELETE FROM work WHERE key = ?1 AND lease = ?2 AND again IS NULL",
            )?;
            let mut free = transaction.prepare_cached(
                "UPDATE work SET since = again_since, due = again, tries = 0, again = NULL,
                    again_since = NULL, lease = NULL, owner = NULL, until = NULL
                 WHERE key = ?1 AND lease = ?2",
            )?;
            for Lease { key, number } in &leases {
                let item = params![text_of(key), tally::stored(*number)];
                delete.execute(item)?;
                free.execute(item)?;
            }
            Ok(())
        })
        .await
    }

    async fn again(&self, items: &[(Lease, Retry)]) -> Result<(), StoreError> {
        let items = items.to_vec();
        self.write("put work back", move |transaction| {
            let mut back = transaction.prepare_cached(
                "UPDATE work SET due = min(coalesce(again, ?3), ?3), tries = ?4, again = NULL,
                    again_since = NULL, lease = NULL, owner = NULL, until = NULL
                 WHERE key = ?1 AND lease = ?2",
            )?;
            for (Lease { key, number }, Retry { due, tries }) in &items {
                let due = microseconds::floor(*due);
                back.execute(params![text_of(key), tally::stored(*number), due, tries])?;
            }
            Ok(())
        })
        .await
    }

    async fn passed(&self, at: Timestamp) -> Result<(), StoreError> {
        let at = microseconds::floor(at);
        self.write("remember a full pass", move |transaction| {
            transaction.prepare_cached("UPDATE tally SET last_full = ?1")?.execute([at])?;
            Ok(())
        })
        .await
    }

    async fn status(&self, now: Timestamp) -> Result<QueueStatus, StoreError> {
        let now = microseconds::floor(now);
        self.read("count work", move |connection| {
            connection
                .prepare_cached(
                    "SELECT count(*) FILTER (WHERE due <= ?1 AND (until IS NULL OR until <= ?1)),
                            count(*) FILTER (WHERE due > ?1 AND (until IS NULL OR until <= ?1)),
                            count(*) FILTER (WHERE until > ?1),
                            min(since) FILTER (WHERE since <= ?1),
                            (SELECT last_full FROM tally)
                     FROM work",
                )?
                .query_row([now], |row| {
                    let time = |column| {
                        let stored: Option<i64> = row.get(column)?;
                        stored.map(|stored| microseconds::read(column, stored)).transpose()
                    };
                    Ok(QueueStatus {
                        due: tally::read(row.get(0)?),
                        later: tally::read(row.get(1)?),
                        leased: tally::read(row.get(2)?),
                        oldest: time(3)?,
                        last_full: time(4)?,
                    })
                })
        })
        .await
    }
}

/// Whether there is something to take, or a lease that lasts too long.
fn any_free(connection: &Connection, now: i64, until: i64, most: u32) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM work WHERE {IS_FREE} AND (key = '' OR ?3 > 0))
                 OR EXISTS (SELECT 1 FROM work WHERE until > ?2)"
        ))?
        .query_row(params![now, until, most], |row| row.get(0))
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn text_of(key: &WorkKey) -> &str {
    match key {
        WorkKey::Everything => EVERYTHING,
        WorkKey::Person(person) => person.as_str(),
    }
}

fn work(row: &Row<'_>) -> rusqlite::Result<Work> {
    let key: String = row.get(0)?;
    let key = match key.as_str() {
        EVERYTHING => WorkKey::Everything,
        _ => WorkKey::Person(parsed(0, PersonId::parse(key))?),
    };
    Ok(Work {
        lease: Lease { key, number: tally::read(row.get(1)?) },
        since: microseconds::read(2, row.get(2)?)?,
        tries: row.get(3)?,
    })
}
